"""``corcal backup``: everything in the store, as it is at this moment."""

from pathlib import Path

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.cli.store_options import data_option, opened

__all__ = ["command"]


@click.command("backup")
@click.argument("target", type=GIVEN_PATH)
@data_option
def command(target: Path, data: Path | None) -> None:
    """Write a backup of the store into TARGET, a folder that does not exist yet.

    The store may be in use meanwhile. Everything in it is checked on the way: a backup that would
    not be whole is not made.
    """
    with opened(data) as store, progress_bar() as progress:
        written = store.backup(target, progress=progress)
    click.echo(f"wrote {plain(written)}")
