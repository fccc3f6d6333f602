"""Exams that are open: read once for those who ask at once, and let go when memory is short."""

import threading
from pathlib import Path

import pytest

from corcal.errors import NotFoundError
from corcal.serve import opened as opened_module
from corcal.serve.opened import OpenedExams
from corcal.serve.problems import Problem
from corcal.serve.scans import pixels_int16, scan_of_version
from corcal.store.store import Store
from serve.serve_maker import SHAPE, hu, scored_exam

ONE = 24 * 32 * 32 * 2  # bytes of an exam


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which exams were read from the store, in their order."""
    found: list[str] = []
    real = opened_module.scan_of_candidates

    def counted(store, exam_id, *rest):
        found.append(exam_id)
        return real(store, exam_id, *rest)

    monkeypatch.setattr(opened_module, "scan_of_candidates", counted)
    return found


def test_who_asks_at_once_waits_for_one_reading(store: Store, exam: str, reads: list[str]) -> None:
    exams = OpenedExams(store, most_bytes=10 * ONE)
    threads = [threading.Thread(target=exams.get, args=(exam,)) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert reads == [exam]


def test_the_exam_that_was_not_used_for_longest_is_let_go(
    store: Store, tmp_path: Path, reads: list[str]
) -> None:
    first, second, third = (
        scored_exam(store, tmp_path / str(n), n, patient=f"M{n}") for n in (401, 402, 403)
    )
    exams = OpenedExams(store, most_bytes=2 * ONE)
    for one in (first, second, first, third, first, second):
        exams.get(one)
    assert reads == [first, second, third, second]
    small = OpenedExams(store, most_bytes=0)
    assert small.get(first) is small.get(first)


def test_a_version_goes_back_to_the_scan_that_was_scored(store: Store, exam: str) -> None:
    scan = scan_of_version(store, exam, 1)
    assert scan.shape == SHAPE
    assert (scan.hu == hu(1)).all()
    with pytest.raises(NotFoundError, match="goes back to no automatic result"):
        scan_of_version(store, exam, 0)


def test_images_that_are_gone_are_said(store: Store, tmp_path: Path) -> None:
    exam = scored_exam(store, tmp_path / "a", 411, patient="W1")
    with store.originals_folder(exam) as folder:
        files = sorted(path.resolve() for path in folder.rglob("*") if path.is_file())
    for gone in (files[:5], files[5:]):  # a shorter series, then none
        for path in gone:
            path.unlink()
        with pytest.raises(NotFoundError, match="cannot be read any more"):
            OpenedExams(store, most_bytes=ONE).get(exam)


def test_an_exam_without_candidates_is_to_be_scored_again(store: Store, tmp_path: Path) -> None:
    exam = scored_exam(store, tmp_path / "a", 413, patient="W3")
    store.add_result(exam, store.result(exam))
    with pytest.raises(Problem, match="score it again"):
        OpenedExams(store, most_bytes=ONE).get(exam)


def test_pixels_are_rounded_for_the_eye() -> None:
    values = hu().astype("f4") + 0.6
    assert (pixels_int16(values) == hu() + 1).all()
    assert pixels_int16(values).dtype == "<i2"
