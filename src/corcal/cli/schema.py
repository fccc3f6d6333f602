"""``corcal schema``: the JSON schema of the record."""

import sys

import click

__all__ = ["command"]


@click.command("schema")
def command() -> None:
    """Print the JSON schema of result.json."""
    from corcal.result import schema_json

    sys.stdout.write(schema_json())
