import numpy as np

from corcal.phantom.patient import draw_patient
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import Grid

HEART = Grid(origin_mm=(-60, -70, -70), spacing_mm=(3, 2.5, 2.5), shape=(48, 60, 64))


def test_a_body_on_coarse_fields_is_the_same_body() -> None:
    spec = draw_patient(3)
    fine, coarse = (Thorax(spec, HEART, field_mm=mm) for mm in (2.5, 5.0))
    assert coarse.heart.solid.size < fine.heart.solid.size / 4
    for name, course in fine.courses.items():
        points = coarse.courses[name].points_mm
        away = np.linalg.norm(points[:, None] - course.points_mm[None], axis=2).min(axis=1)
        assert away.mean() < 1.5, name  # mm, less than a voxel of what is painted from 5 mm
    soft = [np.stack([t.plane(k) for k in range(0, 48, 8)]) > -300 for t in (fine, coarse)]
    dice = 2 * np.count_nonzero(soft[0] & soft[1]) / sum(map(np.count_nonzero, soft))
    assert dice > 0.97  # everything but lung and air
