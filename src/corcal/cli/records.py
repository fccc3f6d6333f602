"""What several commands read: the record of an exam, and the exam itself with its scan."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from corcal.cli.progress import progress_bar
from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.ct.scan import CTScan
    from corcal.pipeline import Exam
    from corcal.result import Provenance, Result, ScanRecord
    from corcal.scoring.types import Score

__all__ = [
    "RESULT_NAME",
    "check_own_record",
    "chosen_names",
    "exam_in",
    "exam_of",
    "files_of_exam",
    "files_of_scan",
    "record_file",
    "record_place",
]

RESULT_NAME = "result.json"


def record_file(path: Path) -> Path:
    """Give the record inside a folder, or the file itself.

    Raises
    ------
    InputError
        If the folder has no record.
    """
    if not path.is_dir():
        return path
    inside = path / RESULT_NAME
    if not inside.is_file():
        msg = f"no {RESULT_NAME} in {path.name}: give a result, or the folder of corcal score --out"
        raise InputError(msg)
    return inside


def record_place(into: Path) -> Path:
    """Give the file that ``--into`` means: a folder has a record already, that of the exam.

    Raises
    ------
    InputError
        If the folder has no record: what is in it is of no exam, or of an unknown one.
    """
    if not into.is_dir() or (into / RESULT_NAME).is_file():
        return into / RESULT_NAME if into.is_dir() else into
    msg = f"--into {into.name} has no {RESULT_NAME}: give the folder of the exam, or a file"
    raise InputError(msg)


def check_own_record(into: Path, result: "Result") -> None:
    """Refuse to replace what is not a record of this exam, so that no folder mixes two.

    An interpretation or a comparison makes no other exam of it; another score does.

    Raises
    ------
    InputError
        If there is a file that is no record, or that of another exam.
    """
    from corcal.result import read_result

    if into.exists() and exam_in(read_result(into)) != exam_in(result):
        msg = f"--into {into.name} is the record of another exam: give the one of this exam"
        raise InputError(msg)


def exam_in(result: "Result") -> tuple["ScanRecord", "Score", "Provenance"]:
    """Give what makes two records those of one exam, scored and signed once."""
    return result.scan, result.score, result.provenance


def exam_of(file: Path, result: "Result", scan_path: Path) -> "Exam":
    """Give the exam of a record whose folder knows where its calcium is, and of its scan."""
    # numpy and the reading of scans: only where a scan is given
    from corcal.exam_folder import read_exam

    with progress_bar() as progress:
        return read_exam(file.parent, scan_path, result=result, progress=progress)


def files_of_exam(file: Path, scan_path: Path | None, exam: "Exam | None") -> list[Path]:
    """Name the files that a command has read: they must not be replaced."""
    if exam is None or scan_path is None:
        return [file]
    from corcal.exam_folder import CALCIUM_NAME

    return [file, file.parent / CALCIUM_NAME, *files_of_scan(scan_path, exam.scan)]


def files_of_scan(path: Path, scan: "CTScan") -> list[Path]:
    """Name the files that a scan was read from."""
    if not path.is_dir():
        return [path]
    return [path / one.source for one in scan.slices]


def chosen_names(text: str, allowed: Collection[str], what: str) -> tuple[str, ...]:
    """Read a list such as ``"fhir,csv"``, each once.

    Raises
    ------
    InputError
        If a name is not one that is allowed.
    """
    wanted = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in wanted:
        if name not in allowed:
            msg = f"{name!r} is not a {what}; allowed are {', '.join(allowed)}"
            raise InputError(msg)
    return wanted
