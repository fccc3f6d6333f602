"""``corcal export``: one exam of the store with all that belongs to it."""

from pathlib import Path

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.store_options import data_option, opened

__all__ = ["command"]


@click.command("export")
@click.argument("exam")
@click.option(
    "--out",
    type=GIVEN_PATH,
    required=True,
    metavar="PATH",
    help="A folder that does not exist yet, or a file whose name ends in .zip.",
)
@data_option
def command(exam: str, out: Path, data: Path | None) -> None:
    """Write an exam of the store: original images, every version of its result, its history.

    EXAM is its identifier or the beginning of it, as corcal list prints it. What is written tells
    who the patient is.
    """
    with opened(data) as store:
        written = store.export(store.find_exam(exam), out)
    click.echo(f"wrote {plain(written)}")
