"""The images of exams that cannot be scored are looked at all the same."""

from pathlib import Path

import numpy as np
import pytest

from corcal.errors import SeriesError
from corcal.serve import sight
from corcal.serve.sight import Sights
from corcal.store.records import ExamState
from corcal.store.store import Store
from serve.serve_maker import SHAPE, Person, hu, write_scan


def unscored(store: Store, folder: Path, number: int, *, without: int | None = None) -> str:
    """Import a study, perhaps without one of its slices, and say that it cannot be scored."""
    write_scan(folder, number)
    if without is not None:
        sorted(path for path in folder.rglob("*") if path.is_file())[without].unlink()
    (exam,) = store.import_study(folder).exams
    if store.exam(exam).state is not ExamState.UNFIT:
        store.set_state(exam, ExamState.UNFIT, reason="contrast medium")
    return exam


def voxels_of(who: Person, exam: str, shape: list[int]) -> np.ndarray:
    answer = who.get(f"/exams/{exam}/scan/voxels")
    assert answer.status_code == 200
    return np.frombuffer(answer.content, "<i2").reshape(shape)


def test_an_unfit_volume_is_shown(viewer: Person, store: Store, tmp_path: Path) -> None:
    exam = unscored(store, tmp_path, 901)
    found = viewer.get(f"/exams/{exam}/scan").json()
    assert (found["shape"], found["is_volume"], found["note"]) == (list(SHAPE), True, None)
    np.testing.assert_array_equal(voxels_of(viewer, exam, found["shape"]), hu(901))
    picture = viewer.get(f"/exams/{exam}/thumbnail.png")
    assert picture.content.startswith(b"\x89PNG")
    assert viewer.get(f"/exams/{exam}/review").json()["code"] == "no_result"


def test_slices_that_are_no_volume_are_shown_one_by_one(
    viewer: Person, admin: Person, store: Store, tmp_path: Path
) -> None:
    exam = unscored(store, tmp_path, 902, without=12)
    found = viewer.get(f"/exams/{exam}/scan").json()
    assert found["shape"] == [SHAPE[0] - 1, *SHAPE[1:]]
    assert found["is_volume"] is False
    assert found["note"].startswith("23 of 23 slices, as they can be read: ")
    assert found["spacing_mm"][1:] == [0.5, 0.5]
    whole = {plane.tobytes() for plane in hu(902)}
    shown = voxels_of(viewer, exam, found["shape"])
    assert all(plane.tobytes() in whole for plane in shown)
    assert admin.send("DELETE", f"/exams/{exam}").status_code == 204
    assert viewer.get(f"/exams/{exam}/scan").status_code == 404


def test_few_exams_are_kept(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sights = Sights(store)
    first, second = (
        store.exam(unscored(store, tmp_path / str(n), 910 + n, without=3)) for n in range(2)
    )
    seen = sights.get(first)
    assert sights.get(first) is seen
    sights.get(second)
    assert sights.get(first) is seen
    monkeypatch.setattr(sight, "_MOST_BYTES", seen.hu.nbytes)
    sights.get(second)
    assert sights.get(first) is not seen


def test_images_that_are_gone_are_not_found(
    viewer: Person, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = unscored(store, tmp_path, 920)
    monkeypatch.setattr("corcal.store.originals.links_of", lambda *_: ())
    assert viewer.get(f"/exams/{exam}/scan").status_code == 404


def test_where_no_image_can_be_read_it_is_said(
    viewer: Person, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        message = "the pixels are damaged"
        raise SeriesError(message)

    exam = unscored(store, tmp_path, 921, without=12)
    monkeypatch.setattr("corcal.ct.pixels.read_voxels", refuse)
    answer = viewer.get(f"/exams/{exam}/scan")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_images")
