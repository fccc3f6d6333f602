"""``corcal restore``: a store from a backup."""

from pathlib import Path

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.cli.store_options import data_option

__all__ = ["command"]


@click.command("restore")
@click.argument("source", type=GIVEN_PATH)
@data_option
def command(source: Path, data: Path | None) -> None:
    """Make a store from SOURCE, a backup; the data folder must not exist yet, or be empty.

    Patients that were deleted after the backup was made are in it again: delete them again.
    """
    from corcal.store.store import Store, default_data_folder

    folder = data or default_data_folder()
    with progress_bar() as progress, Store.restore(source, folder, progress=progress) as store:
        total = store.worklist().total
    click.echo(f"restored {total} exams into {plain(folder)}")
