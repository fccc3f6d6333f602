"""One study of many: scored, its files written, and what became of it told. Never an exception."""

import contextlib
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from corcal.cohort.fetch import catalog_of
from corcal.cohort.memory import PeakMemory, TooLargeError, require_room
from corcal.cohort.types import (
    FULL_DISK,
    BatchOptions,
    Outcome,
    OutputError,
    Task,
    ended,
    unwritable,
    utc_now,
)
from corcal.ct.read import read_series
from corcal.ct.scan import CTScan
from corcal.ct.series import Catalog, Series
from corcal.ct.suitability import Choice, Verdict, choose_series
from corcal.error_place import place_of
from corcal.errors import CorcalError, InputError, PeerError, UnfitError
from corcal.interop.columns import LESION_COLUMNS, Cell, Column
from corcal.interop.tables import columns_of_exams
from corcal.interpreted import interpret_result, known_facts, with_interpretation
from corcal.pipeline import Exam, Options, score_scan
from corcal.result import Result
from corcal.risk.types import Person
from corcal.whole_file import write_whole

__all__ = ["PICTURES_FOLDER", "SEGMENTATIONS_FOLDER", "load_all", "score_task"]

PICTURES_FOLDER, SEGMENTATIONS_FOLDER = "pictures", "segmentations"
_NO_CT = "no CT: the study has {} only"
_T = TypeVar("_T")
_log = logging.getLogger(__name__)


def load_all(options: BatchOptions) -> None:
    """Import the libraries and open the networks that the first task would wait for.

    Parameters
    ----------
    options : BatchOptions
        What is wanted: libraries that draw or write segmentations are loaded only for that.
    """
    # SciPy is imported where it is used, in the middle of a scan
    import scipy.ndimage
    import scipy.sparse.csgraph
    import scipy.spatial  # noqa: F401

    from corcal.anatomy.network import NetworkSource  # noqa: F401
    from corcal.lesions import detect  # noqa: F401
    from corcal.lesions.classifier import load_classifier
    from corcal.models import load_model
    from corcal.scoring import advice, uncertainty  # noqa: F401

    if options.pictures:
        from corcal.report import projection  # noqa: F401
    if options.segmentations:
        from corcal.interop.dicom import segmentation  # noqa: F401
    with contextlib.suppress(CorcalError):  # every scan tells of a model that is missing
        load_classifier()
        for name in ("locator", "thorax", "arteries"):
            load_model(name)


def score_task(task: Task, options: BatchOptions) -> Outcome:
    """Score the right series of a study, and write what is wanted of it.

    The networks are loaded by the first task of a process and stay.

    Parameters
    ----------
    task : Task
        The study.
    options : BatchOptions
        What is wanted.

    Returns
    -------
    Outcome
        Of any study, also of one that cannot be read: the reason is in it.

    Raises
    ------
    OutputError
        If the results, or a scan that is fetched, cannot be written: the disk is full. Nothing is
        wrong with the scan then, and it is not finished.
    """
    start, memory = time.monotonic(), PeakMemory()
    try:
        outcome = _scored(task, options)
    except OutputError:
        raise
    except TooLargeError as exc:
        outcome = ended(task, "failed", str(exc), error=type(exc).__name__)
    except UnfitError as exc:
        outcome = ended(task, "unfit", str(exc), error=type(exc).__name__)
    except InputError as exc:
        outcome = ended(task, "unreadable", str(exc), error=type(exc).__name__)
    except PeerError as exc:
        outcome = ended(task, "failed", str(exc), error=type(exc).__name__)
    except MemoryError as exc:
        reason = f"more memory was needed than a worker may use ({options.memory_mb} MB)"
        outcome = ended(task, "failed", reason, error=type(exc).__name__)
    except OSError as exc:
        _require_writable(exc)
        outcome = ended(task, "failed", _os_words(exc), error=type(exc).__name__)
    except Exception as exc:  # noqa: BLE001  (the outermost loop: one scan never ends a run)
        place = place_of(exc)
        _log.warning("task %s failed: %s at %s", task.key, type(exc).__name__, place)
        reason = f"a defect of corcal ({type(exc).__name__} at {place})"
        outcome = ended(task, "failed", reason, error=type(exc).__name__)
    return replace(outcome, seconds=round(time.monotonic() - start, 3), peak_mb=memory.mb())


def _scored(task: Task, options: BatchOptions) -> Outcome:
    scoring = Options(rule=options.rule)
    with catalog_of(task, options) as catalog:
        choice = _choice(task, catalog, options)
        try:
            exam = score_scan(
                choice.scan,
                scoring,
                suitability=choice.suitability,
                series_reason=choice.reason,
            )
        except UnfitError as exc:  # of a scan that is fit: nothing to look for calcium in
            return ended(task, "no_heart", str(exc), error=type(exc).__name__)
        exam = replace(exam, result=_interpreted(exam.result))
        return _written(task, exam, options)


def _choice(task: Task, catalog: Catalog, options: BatchOptions) -> Choice:
    """Choose the series; one that is too large is passed over if another can be scored."""
    modalities = sorted({one.acquisition.modality or "CT" for one in catalog.series})
    if "CT" not in modalities:
        raise UnfitError(_NO_CT.format(", ".join(modalities)))

    def read(series: Series) -> CTScan:
        require_room(series, options)
        return read_series(series)

    choice = choose_series(catalog, series=task.series_instance_uid, read=read)
    if choice.suitability.verdict is Verdict.UNFIT:  # named in a list
        reasons = (one.message for one in choice.suitability.findings if one.severity == "error")
        msg = f"not fit for calcium scoring: {'; '.join(reasons)}"
        raise UnfitError(msg)
    return choice


def _interpreted(result: Result) -> Result:
    """Say what the score means for age and sex of the headers; without them, its categories."""
    facts = known_facts(result)
    person = Person(**facts) if {"age_years", "sex"} <= facts.keys() else None
    try:
        return with_interpretation(result, interpret_result(result, person))
    except InputError:  # a header with an age that nobody has
        return with_interpretation(result, interpret_result(result))


def _written(task: Task, exam: Exam, options: BatchOptions) -> Outcome:
    result = exam.result
    chances = result.score.category_probabilities
    out = Path(options.out)
    return Outcome(
        key=task.key,
        source=task.source,
        status="scored",
        study_instance_uid=result.scan.study_instance_uid,
        series_instance_uid=result.scan.series_instance_uid,
        finished=utc_now(),
        places=task.places,
        exam_row=_row(columns_of_exams([result]), result),
        lesion_rows=tuple(_row(LESION_COLUMNS, lesion) for lesion in result.lesions),
        certainty=None if chances is None else max(chances.values()),
        picture=_drawn(exam, out, task.key) if options.pictures else None,
        segmentation=_segmented(exam, out, task.key) if options.segmentations else None,
    )


def _row(columns: Sequence[Column[_T]], record: _T) -> Mapping[str, Cell]:
    cells = ((column.name, _plain(column.value(record))) for column in columns)
    return {name: cell for name, cell in cells if cell is not None}


def _plain(cell: Any) -> Cell:
    """Give a cell as JSON has it: NumPy and enumerations have types of their own."""
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, str):
        return str(cell).encode("utf-8", "replace").decode()
    if isinstance(cell, int | float):
        return int(cell) if isinstance(cell, int) else float(cell)
    return [int(number) for number in cell]


def _drawn(exam: Exam, out: Path, key: str) -> str | None:
    # matplotlib takes most of a second to import: once a process, and only if wanted
    from corcal.report.projection import projection_sheet

    name = f"{PICTURES_FOLDER}/{key}.png"
    try:
        sheet = projection_sheet(exam.result, exam.scan, exam.voxels)
        write_whole(_place(out, name), sheet.png())
    except OSError as exc:
        raise unwritable(exc) from exc
    except CorcalError as exc:  # the score is worth more than its picture
        _log.warning("no picture of %s: %s", key, exc)
        return None
    return name


def _segmented(exam: Exam, out: Path, key: str) -> str | None:
    # highdicom takes a second to import: once a process, and only if wanted
    from corcal.interop.dicom.segmentation import write_segmentation

    name = f"{SEGMENTATIONS_FOLDER}/{key}.dcm"
    try:
        with write_segmentation(exam, _place(out, name)).open("rb") as stream:
            os.fsync(stream.fileno())
    except OSError as exc:
        raise unwritable(exc) from exc
    except CorcalError as exc:  # a NIfTI file has no images that it could refer to
        _log.warning("no segmentation of %s: %s", key, exc)
        return None
    return name


def _place(out: Path, name: str) -> Path:
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _require_writable(exc: OSError) -> None:
    """Tell a full disk, which is no fault of the scan that was being fetched."""
    if exc.errno in FULL_DISK:
        raise unwritable(exc) from exc


def _os_words(exc: OSError) -> str:
    """Say what the system said, without the name of the file."""
    what = os.strerror(exc.errno).lower() if exc.errno else type(exc).__name__
    return f"its files cannot be read: {what}"
