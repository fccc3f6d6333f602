"""The images of a study, for whoever scores or shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from corcal.errors import NotFoundError
from corcal.store.folder import DataFolder
from corcal.store.reading import exam_row
from corcal.store.records import ExamState
from corcal.store.review import append
from corcal.store.tables import ExamRow, OriginalRow

__all__ = ["Link", "add_exam", "linked_folder", "links_of", "series_uid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A kept file under a neutral name: the number of its series, and its own."""

    target: Path
    sha256: str
    name: str


def links_of(session: Session, folder: DataFolder, exam_id: str) -> tuple[Link, ...]:
    """Name the images of an exam's study; of its series alone if a person has chosen it."""
    exam = exam_row(session, exam_id)
    rows = list(
        session.scalars(
            select(OriginalRow)
            .where(OriginalRow.study_id == exam.study_id)
            .order_by(OriginalRow.position)
        )
    )
    if exam.is_series_fixed and exam.series is not None:
        rows = [row for row in rows if row.series == series_uid(exam.series)]
    numbers = {name: n for n, name in enumerate(dict.fromkeys(row.series for row in rows), start=1)}
    return tuple(
        Link(
            target=folder.path_of(row.sha256),
            sha256=row.sha256,
            name=f"series{numbers[row.series]:03d}/{row.position:06d}{row.suffix}",
        )
        for row in rows
    )


def linked_folder(parent: Path, links: Sequence[Link]) -> Path:
    """Make a folder of links inside `parent`."""
    root = parent / "images"
    root.mkdir()
    for link in links:
        place = root / link.name
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(link.target.absolute())
    return root


def add_exam(session: Session, exam_id: str, series: str, *, by: str) -> str:
    """Add an exam of a series that a person has chosen. See `Store.add_exam`."""
    other = exam_row(session, exam_id)
    found = session.scalar(
        select(OriginalRow.id)
        .where(OriginalRow.study_id == other.study_id, OriginalRow.series == series_uid(series))
        .limit(1)
    )
    if found is None:
        msg = "the study has no such series"
        raise NotFoundError(msg)
    exam = ExamRow(
        study_id=other.study_id,
        series=series,
        is_series_fixed=True,
        scan_date=other.scan_date,
        state=ExamState.WAITING,
        event_count=0,
    )
    session.add(exam)
    session.flush()
    append(session, exam, "state", by=by, after={"state": exam.state, "series": series})
    return exam.id


def series_uid(series: str) -> str:
    """Take the number of a stack off a series' key."""
    return series.split("#")[0]
