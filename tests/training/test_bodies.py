"""Bodies that the anatomy networks learn from."""

import numpy as np
import pytest
from training.bodies import FIRST_NEAR_SEED, Body, load_bodies, make_bodies, make_near_body

from corcal.anatomy.types import Pathway, Structure


@pytest.fixture(scope="module")
def near() -> Body:
    return make_near_body(FIRST_NEAR_SEED)


def test_a_near_body_holds_all_courses_of_the_heart_on_fine_cells(near: Body) -> None:
    assert near.cell_mm == 2.0
    assert near.hu.shape == near.labels.shape == near.pathways.shape[1:] == (84, 84, 84)
    assert near.heart_cells == 84
    # a course that leaves the cube would be cut short of what an artery is long
    long_mm = {Pathway.LAD: 90, Pathway.LCX: 40, Pathway.RCA: 90, Pathway.LM: 2}
    for pathway, least in long_mm.items():
        # cells within 3 mm of a line of that length: a tube of 28 mm2
        assert (near.pathways[pathway] > 0.85 * 255).sum() * 8.0 > 0.7 * 28.0 * least, pathway


def test_its_courses_its_structures_and_its_image_are_of_one_heart(near: Body) -> None:
    hu = near.hu.astype(float)
    for pathway in (Pathway.LAD, Pathway.LCX, Pathway.RCA):
        on = near.pathways[pathway] > 0.98 * 255
        assert np.median(hu[on]) > -60.0, pathway  # an artery, and not the fat beside it
    fat = near.labels == Structure.EPICARDIAL_FAT
    assert np.median(hu[fat]) < -40.0
    blood = near.labels == Structure.LEFT_VENTRICLE
    assert 20.0 < np.median(hu[blood]) < 70.0
    valve = near.pathways[Pathway.AORTIC_VALVE] > 0.9 * 255
    assert np.mean(near.labels[valve] == Structure.AORTIC_ROOT) > 0.5


def test_what_is_kept_is_what_was_made(near: Body, tmp_path) -> None:
    make_bodies(1, tmp_path, near=True, workers=1)
    (kept,) = load_bodies(tmp_path)
    for name in ("hu", "labels", "sac", "pathways"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(near, name))
    assert (kept.corner, kept.cell_mm) == (near.corner, near.cell_mm)
