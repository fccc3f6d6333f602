"""Whether images that came late change what was scored."""

import hashlib
from collections.abc import Iterable

from corcal.ct.find import find_series
from corcal.ct.series import Series
from corcal.ct.suitability import assess, preferred_series
from corcal.errors import InputError
from corcal.store.jobs import SCORE
from corcal.store.records import ExamRecord, JobState
from corcal.store.store import Store

__all__ = ["weigh_late_images"]


def weigh_late_images(store: Store, exam_id: str) -> bool:
    """Open an exam again if its study now has other images to score than its result is of.

    Follows from the store alone, so that a process that is killed in between is not missed: it is
    asked again after the next start, and opens an exam once for the same images.

    Returns
    -------
    bool
        False if the exam is being scored just now: then ask again.
    """
    active = store.jobs.of(exam_id=exam_id, states=(JobState.QUEUED, JobState.RUNNING))
    mine = [job for job in active if job.kind == SCORE]
    if any(job.state is JobState.RUNNING for job in mine):
        return False
    if mine:  # it has not begun: it will see all images
        return True
    exam = store.exam(exam_id)
    now = _to_be_scored(store, exam)
    if now is None:
        return True
    images = frozenset(image.sop_instance_uid for image in now.images)
    scored = frozenset(_scored(store, exam))
    if images == scored:
        return True
    store.take_late_images(
        exam_id,
        content=_content(images),
        reason=_reason(len(images), len(scored), len(images - scored)),
        job_kind=SCORE,
        expected_version=exam.latest_version,
    )
    return True


def _to_be_scored(store: Store, exam: ExamRecord) -> Series | None:
    """Give the series that would be scored now, as far as headers tell."""
    with store.originals_folder(exam.id) as folder:
        try:
            listed = find_series(folder).series
        except InputError:
            return None
    if exam.is_series_fixed:
        return next((one for one in listed if one.key == exam.series), None)
    preferred = preferred_series([(one, assess(one)) for one in listed])
    return None if preferred is None else preferred.series


def _scored(store: Store, exam: ExamRecord) -> tuple[str | None, ...]:
    if not exam.latest_version:
        return ()
    return store.result(exam.id).scan.sop_instance_uids


def _content(images: Iterable[str | None]) -> str:
    return hashlib.sha256("\n".join(sorted(map(str, images))).encode()).hexdigest()[:32]


def _reason(count: int, before: int, new: int) -> str:
    if not before:
        return f"{count} images could be scored now"
    return f"{new} images came after it was scored: {count} would be scored now, {before} were"
