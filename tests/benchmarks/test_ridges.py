"""Ridge lines of heights whose course is known."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.ridges import ridge_line

from corcal.anatomy.types import Anatomy, ModelRecord, Pathway, Structure

ORIGIN_MM = (5.0, -7.0, 3.0)


def anatomy_of(course_mm: np.ndarray | None, shape=(8, 20, 20), cell_mm=4.0) -> Anatomy:
    """Heights around a course (z, y, x) in mm for the RCA; nothing for the others."""
    structures = np.zeros((len(Structure), *shape), np.float32)
    structures[Structure.LEFT_VENTRICLE] = 1.0
    pathways = None
    if course_mm is not None:
        pathways = np.zeros((len(Pathway), *shape), np.float32)
        cells = np.stack(np.indices(shape), axis=-1) * cell_mm + ORIGIN_MM
        away = np.linalg.norm(cells[..., None, :] - course_mm, axis=-1).min(axis=-1)
        pathways[Pathway.RCA] = np.exp(-0.5 * (away / 5.0) ** 2)
    return Anatomy(
        structures=structures,
        pathways=pathways,
        origin_mm=ORIGIN_MM,
        spacing_mm=(cell_mm,) * 3,
        model=ModelRecord(name="none", version="1", sha256=None, trusted=True),
    )


def quarter_circle(radius_mm: float = 40.0) -> np.ndarray:
    """A quarter of a circle in the plane z = 18 mm, its middle at y = 5, x = 10 mm."""
    angle = np.linspace(0, np.pi / 2, 200)
    plane = np.stack([np.sin(angle), np.cos(angle)], axis=1) * radius_mm + (5.0, 10.0)
    return np.column_stack([np.full(200, 18.0), plane])


def test_the_line_follows_a_quarter_of_a_circle_from_end_to_end() -> None:
    course = quarter_circle()
    line = ridge_line(anatomy_of(course), Pathway.RCA)
    assert line is not None
    away = np.linalg.norm(line[:, None] - course, axis=-1).min(axis=1)
    # Heights above 0.4 reach 5 mm * sqrt(2 ln 2.5) = 6.8 mm beyond the ends.
    assert away.max() < 7.0
    assert np.median(away) < 1.0
    # 62.8 mm, and up to 6.8 mm at each end
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert 62.0 < length < 62.8 + 2 * 6.8
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).max() < 8.0  # no step of two cells


@pytest.mark.parametrize("course", [None, np.array([[18.0, 20.0, 30.0]])])
def test_there_is_no_line_without_pathways_or_where_only_a_spot_is(course) -> None:
    # Heights of a spot reach 6.8 mm to each side.
    assert ridge_line(anatomy_of(course), Pathway.RCA) is None
    assert ridge_line(anatomy_of(course), Pathway.LAD) is None


def test_courses_far_from_the_heart_and_weak_ones_are_none() -> None:
    anatomy = anatomy_of(quarter_circle())
    far = anatomy.structures.copy()
    far[:, :, :] = 0.0
    far[Structure.BACKGROUND] = 1.0
    far[:, 0, 0, 0] = 0.0
    far[Structure.LEFT_VENTRICLE, 0, 0, 0] = 1.0  # 12 mm reach no cell of the course
    assert ridge_line(replace(anatomy, structures=far), Pathway.RCA) is None
    weak = anatomy.pathways * np.float32(0.29)
    assert ridge_line(replace(anatomy, pathways=weak), Pathway.RCA) is None
    strong = anatomy.pathways * np.float32(0.31)
    assert ridge_line(replace(anatomy, pathways=strong), Pathway.RCA) is not None
