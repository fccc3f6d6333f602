"""What ``corcal report --corrects`` reads, and where the reports of a correction may go."""

import filecmp
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from corcal.cli import plain
from corcal.cli.records import RESULT_NAME, exam_in, record_file
from corcal.cli.report_formats import files_of, write_report
from corcal.cli.report_request import Request
from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.result import Result

__all__ = ["Earlier", "check_folder_of_correction", "corrected", "read_earlier", "write_correction"]

_MOST_RECORDS = 100  # JSON files of a folder that are looked into: an exam has three


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The signed record that is corrected, and where it was read."""

    file: Path
    result: "Result"


def read_earlier(corrects: Path) -> Earlier:
    """Read the record that ``--corrects`` means.

    Raises
    ------
    InputError
        If there is none, it cannot be read, or what it says of its signature cannot be told: the
        message says which report is at fault.
    """
    from corcal.amended import check_earlier
    from corcal.result import read_result

    file = corrects
    try:
        file = record_file(corrects)
        result = read_result(file)
        check_earlier(result)
    except InputError as exc:
        msg = f"the earlier report, --corrects {plain(file)}: {exc}"
        raise InputError(msg) from exc
    return Earlier(file=file, result=result)


def corrected(result: "Result", earlier: Earlier, reason: str) -> "Result":
    """Say in the record which signed one it takes the place of, as the server does.

    Raises
    ------
    InputError
        If the reason is none; or as `corcal.amended.amended` does.
    """
    from corcal.amended import amended
    from corcal.amendment import check_reason

    words = " ".join(reason.split())
    check_reason(words, field="--reason")
    return amended(result, earlier.result, reason=words)


def check_folder_of_correction(out: Path, earlier: Earlier) -> None:
    """Refuse the folder of the earlier record, whose signed reports have the same names.

    Parameters
    ----------
    out : Path
        Where the reports of the correction go; it need not exist.
    earlier : Earlier
        The record that is corrected. A link to it is the same record, and so is any other that
        tells of the same scan the same score, signed at the same time.

    Raises
    ------
    click.UsageError
        Before anything is written.
    """
    if not out.is_dir():
        return
    is_its_folder = any(
        folder.is_dir() and folder.samefile(out)
        for folder in (earlier.file.parent, earlier.file.resolve().parent)
    )
    same = exam_in(earlier.result)
    if is_its_folder or any(exam_in(record) == same for record in _records_in(out)):
        msg = (
            f"--out {plain(out)} is the folder of the earlier report (--corrects), whose signed "
            "files stay as they are: give another folder for those of the correction"
        )
        raise click.UsageError(msg)


def _records_in(folder: Path) -> Iterator["Result"]:
    """Read what is a record among the JSON files of a folder; the usual name comes first."""
    from corcal.result import read_result

    files = (path for path in folder.iterdir() if path.suffix.lower() == ".json")
    for path in sorted(islice(files, _MOST_RECORDS), key=lambda path: path.name != RESULT_NAME):
        try:
            yield read_result(path)
        except InputError:
            continue


def write_correction(request: Request) -> tuple[Path, ...]:
    """Write the reports of a correction, which take the place of no file that is another one.

    Who runs a command twice gets the same files twice: those that are there already are compared
    with those of the correction, which are made beside them for that.

    Raises
    ------
    click.UsageError
        If a file is there that is not of this correction. All that was there stays as it is.
    """
    folder = request.folder
    there = [name for name in files_of(request.formats) if os.path.lexists(folder / name)]
    if not there:
        return write_report(request)
    with TemporaryDirectory(prefix=".corcal-", dir=folder) as beside:
        made = [path.name for path in write_report(replace(request, folder=Path(beside)))]
        for name in there:
            if name not in made or not _is_same_file(folder / name, Path(beside) / name):
                msg = (
                    f"--out: {plain(folder / name)} is there already, and is no report of this "
                    "correction (--corrects): reports that were given out are not replaced, give "
                    "another folder"
                )
                raise click.UsageError(msg)
        for name in set(made).difference(there):
            (Path(beside) / name).replace(folder / name)
    return tuple(folder / name for name in made)


def _is_same_file(path: Path, other: Path) -> bool:
    return path.is_file() and filecmp.cmp(path, other, shallow=False)
