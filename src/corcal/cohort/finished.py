"""What was scored before, as `corcal evaluate` compares it: batch results and exam folders."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from corcal.cohort.names import written_name
from corcal.cohort.types import BatchOptions, Outcome
from corcal.ct.scan import CTScan
from corcal.errors import InputError
from corcal.evaluate.agreement.automatic import AutomaticScore, automatic_of
from corcal.evaluate.agreement.records import AgatstonScores
from corcal.evaluate.agreement.scored import FinishedScan
from corcal.interop.columns import Cell
from corcal.lesions.sites import Vessel
from corcal.lesions.voxels import SiteVoxels
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.rules import DEFAULT_RULE
from corcal.scoring.types import Interval

if TYPE_CHECKING:
    from corcal.result import Result

__all__ = ["finished_scans", "is_finished"]

_CATEGORY_COLUMNS = dict(zip(CATEGORIES, ("0", "1_100", "101_400", "above_400"), strict=True))


def is_finished(path: Path) -> bool:
    """Whether a path is the output of a run, an exam folder, or a folder of exam folders."""
    return path.is_dir() and (_is_run(path) or next(_exam_folders(path), None) is not None)


def finished_scans(path: Path, *, scans: Path | None = None) -> Iterator[FinishedScan]:
    """Give the scans of a run over many, or of exam folders.

    Parameters
    ----------
    path : Path
        The output of ``corcal batch``, a folder that ``corcal score --out`` wrote, or a folder of
        these.
    scans : Path, optional
        Where the scans of exam folders are, which do not keep it: the scan of each by the name of
        its folder, else all of them together.

    Yields
    ------
    FinishedScan
        An exam folder whose record cannot be read is one that is damaged, with the reason.

    Raises
    ------
    InputError
        If it is neither, or the ledger of the run cannot be read.
    """
    if _is_run(path):
        from corcal.cohort.ledger import read_outcomes

        for outcome in read_outcomes(path):
            yield _of_outcome(outcome, path)
        return
    folders = list(_exam_folders(path))
    if not folders:
        msg = f"{path.name or path} is no output of corcal batch, and no exam folder"
        raise InputError(msg)
    for folder in folders:
        yield _of_exam(folder, path, scans)


def _is_run(path: Path) -> bool:
    from corcal.cohort.ledger import LEDGER_NAME

    return (path / LEDGER_NAME).is_file()


def _exam_folders(
    path: Path, levels: int = 2, seen: frozenset[Path] = frozenset()
) -> Iterator[Path]:
    """Yield the exam folders, none through a link that leads back to where it is."""
    from corcal.exam_folder import RESULT_NAME

    real = path.resolve()
    if real in seen:
        return
    if (path / RESULT_NAME).is_file():
        yield path
    elif levels:
        for folder in sorted(one for one in path.iterdir() if one.is_dir()):
            yield from _exam_folders(folder, levels - 1, seen | {real})


def _of_exam(folder: Path, root: Path, scans: Path | None) -> FinishedScan:
    from corcal.exam_folder import RESULT_NAME
    from corcal.result import read_result

    name = folder.relative_to(root).as_posix() if folder != root else folder.resolve().name
    own = None if scans is None else scans / name
    place = str(own) if own is not None and own.exists() else ""
    try:
        result = read_result(folder / RESULT_NAME)
    except InputError as exc:
        return _damaged(name, place, exc)

    def opened() -> tuple[CTScan, SiteVoxels | None]:
        from corcal.exam_folder import read_exam

        if scans is None:
            msg = "the scan is needed to compare with marks: give --scans"
            raise InputError(msg)
        exam = read_exam(folder, Path(place) if place else scans, result=result)
        return exam.scan, exam.voxels

    return FinishedScan(
        name=name,
        place=place,
        keys=_keys_of(result),
        patient=name,
        automatic=automatic_of(result),
        opened=opened,
    )


def _damaged(name: str, place: str, error: InputError) -> FinishedScan:
    """Keep what is wrong with an exam: it ends no evaluation of the others."""

    def opened() -> tuple[CTScan, SiteVoxels | None]:
        raise error

    return FinishedScan(
        name=name,
        place=place,
        keys=(),
        patient=name,
        automatic=None,
        failure=str(error),
        is_damaged=True,
        opened=opened,
    )


def _keys_of(result: "Result") -> tuple[str, ...]:
    scan = result.scan
    uids = (scan.series_instance_uid, scan.study_instance_uid, scan.accession_number)
    return tuple(one for one in uids if one)


def _of_outcome(outcome: Outcome, root: Path) -> FinishedScan:
    row = outcome.exam_row or {}
    uids = (
        outcome.series_instance_uid,
        outcome.study_instance_uid,
        row.get("accession_number"),
        outcome.key,
    )

    def opened() -> tuple[CTScan, SiteVoxels | None]:
        return _opened(outcome, root)

    return FinishedScan(
        name=written_name(outcome.source),
        place=outcome.source,
        keys=tuple(str(one) for one in uids if one),
        patient=outcome.study_instance_uid or outcome.key,
        automatic=_automatic(row) if outcome.status == "scored" else None,
        failure=outcome.reason,
        opened=opened,
    )


def _opened(outcome: Outcome, root: Path) -> tuple[CTScan, SiteVoxels | None]:
    """Read the scan of an outcome again, and the segmentation that was written of it."""
    from corcal.annotations import read_annotation
    from corcal.cohort.fetch import scan_of

    scan = scan_of(outcome, BatchOptions(out=str(root)))
    if scan.series.series_instance_uid != outcome.series_instance_uid:
        msg = "the series that was scored is no longer where it was"
        raise InputError(msg)
    if outcome.segmentation is None:
        return scan, None
    return scan, read_annotation(root / outcome.segmentation, scan).voxels


def _automatic(row: Mapping[str, Cell]) -> AutomaticScore:
    """Take the score from a row of the table of exams."""
    vessels = {
        str(v): value for v in Vessel if (value := _number(row, f"{v}_agatston")) is not None
    }
    low, high, level = (_number(row, f"total_agatston_{end}") for end in ("low", "high", "level"))
    chances = {
        category: _number(row, f"probability_score_{column}") or 0.0
        for category, column in _CATEGORY_COLUMNS.items()
    }
    advised = row.get("review_advised")
    return AutomaticScore(
        rule=str(row.get("rule") or DEFAULT_RULE),
        scores=AgatstonScores(total=_number(row, "total_agatston"), vessels=vessels),
        kind=_text(row, "series_kind"),
        verdict=_text(row, "suitability_verdict"),
        interval=None
        if low is None or high is None or level is None
        else Interval(low=low, high=high, level=level),
        category_probabilities=chances if any(chances.values()) else None,
        review_advised=advised if isinstance(advised, bool) else None,
    )


def _number(row: Mapping[str, Cell], column: str) -> float | None:
    value = row.get(column)
    return float(value) if isinstance(value, int | float) else None


def _text(row: Mapping[str, Cell], column: str) -> str | None:
    value = row.get(column)
    return None if value is None else str(value)
