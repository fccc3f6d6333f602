"""What ``corcal report --corrects`` reads, and where the reports of a correction may go."""

import filecmp
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli import plain
from corcal.cli.records import RESULT_NAME, record_file
from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.result import Result

__all__ = ["check_folder_of_correction", "corrected", "earlier_file"]


def earlier_file(corrects: Path) -> Path:
    """Give the record that ``--corrects`` means.

    Raises
    ------
    InputError
        If the folder has none.
    """
    try:
        return record_file(corrects)
    except InputError as exc:
        raise _of_earlier(corrects, exc) from exc


def corrected(result: "Result", earlier: Path, reason: str) -> "Result":
    """Say in the record which signed one it takes the place of, as the server does.

    Raises
    ------
    InputError
        If the earlier record cannot be read, which the message says is at fault; or as
        `corcal.amended.amended` does.
    """
    from corcal.amended import amended
    from corcal.result import read_result

    try:
        before = read_result(earlier)
    except InputError as exc:
        raise _of_earlier(earlier, exc) from exc
    return amended(result, before, reason=reason)


def check_folder_of_correction(out: Path, earlier: Path) -> None:
    """Refuse the folder of the earlier record, whose signed reports have the same names.

    Parameters
    ----------
    out : Path
        Where the reports of the correction go; it need not exist.
    earlier : Path
        The record that is corrected. A link to it, and a copy of it, are the same record.

    Raises
    ------
    click.UsageError
        Before anything is written.
    """
    if not out.is_dir():
        return
    inside = out / RESULT_NAME
    is_its_folder = any(
        folder.is_dir() and folder.samefile(out)
        for folder in (earlier.parent, earlier.resolve().parent)
    )
    if is_its_folder or (
        _are_files(inside, earlier) and filecmp.cmp(inside, earlier, shallow=False)
    ):
        msg = (
            f"--out {plain(out)} is the folder of the earlier report (--corrects), whose signed "
            "files stay as they are: give another folder for those of the correction"
        )
        raise click.UsageError(msg)


def _are_files(*paths: Path) -> bool:
    return all(path.is_file() for path in paths)


def _of_earlier(corrects: Path, exc: InputError) -> InputError:
    return InputError(f"the earlier report, --corrects {plain(corrects)}: {exc}")
