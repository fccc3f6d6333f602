"""``corcal schema``: the JSON schema of the record, and the data dictionary of the tables."""

import sys

import click

__all__ = ["command"]


@click.command("schema")
@click.option("--tables", is_flag=True, help="Print the data dictionary of the tables, as CSV.")
def command(*, tables: bool) -> None:
    """Print the JSON schema of result.json, or what the columns of the tables hold."""
    if tables:
        from corcal.interop.tables import dictionary_csv

        # UTF-8 with CR LF, as of a file, whatever the terminal would make of it
        sys.stdout.buffer.write(dictionary_csv().encode())
        return
    from corcal.result import schema_json

    sys.stdout.write(schema_json())
