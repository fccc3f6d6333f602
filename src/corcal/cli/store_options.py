"""What the commands of the store share: where it is, and how it is opened."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli.parameters import GIVEN_PATH

if TYPE_CHECKING:
    from corcal.store.store import Store

__all__ = ["data_option", "opened"]


def data_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--data`` to a command."""
    return click.option(
        "--data",
        type=GIVEN_PATH,
        metavar="DIR",
        help="Data folder; by default CORCAL_DATA, or this system's place for data of programs.",
    )(command)


def opened(data: Path | None, *, must_exist: bool = True) -> "Store":
    """Open the store that a person means.

    Parameters
    ----------
    data : Path or None
        What ``--data`` says.
    must_exist : bool
        Whether a folder that is not there is a mistake, or a new store.

    Raises
    ------
    InputError
        If there is no store.
    """
    # The database's library takes a while to import: only for those who need it
    from corcal.errors import InputError
    from corcal.store.store import Store, default_data_folder

    folder = data or default_data_folder()
    if must_exist and not folder.is_dir():
        msg = f"there is no store in {folder.name}: corcal import makes one; --data names another"
        raise InputError(msg)
    return Store(folder)
