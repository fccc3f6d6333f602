"""A decision is drawn on its own voxels, and is doubtful where a mistake would count."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import GeometryError
from corcal.lesions.sites import Site
from corcal.report.pieces import pieces_of
from report.automatic_scan import Dense, make_scan, with_dense


def positions(piece: object) -> set[tuple[int, ...]]:
    return {tuple(row) for row in piece.position.tolist()}


def cube(z: int, y: int, x: int, size: int, depth: int) -> set[tuple[int, ...]]:
    return {(z + k, y + j, x + i) for k in range(depth) for j in range(size) for i in range(size)}


def test_a_lesion_has_the_voxels_connected_with_its_densest() -> None:
    # two lesions of one artery, one of another that touches the first
    scan, detection = with_dense(
        [
            Dense(site=Site.LAD, at=(5, 30, 30), size=2, depth=2),
            Dense(site=Site.LM, at=(5, 30, 32), size=2, depth=1),
            Dense(site=Site.LAD, at=(20, 60, 60), size=3),
        ]
    )
    first, second, third = pieces_of(scan, detection)
    assert positions(first) == cube(5, 30, 30, 2, 2)
    assert positions(second) == cube(5, 30, 32, 2, 1)
    assert positions(third) == cube(20, 60, 60, 3, 1)


def test_noise_is_drawn_as_far_as_the_scan_is_dense_around_it() -> None:
    scan, detection = with_dense([Dense(site=Site.NOISE, at=(5, 30, 30), size=1)])
    hu = scan.hu.copy()
    hu[5, 30, 31] = 130  # dense enough
    hu[5, 30, 32] = 129  # not
    hu[5, 30, 34] = 300  # dense, and not connected
    hu[6, 31, 32] = 200  # touches (5, 30, 31) by a corner
    (piece,) = pieces_of(replace(scan, hu=hu), detection)
    assert positions(piece) == {(5, 30, 30), (5, 30, 31), (6, 31, 32)}


def test_bone_is_drawn_within_reach_alone() -> None:
    # reach is 12 mm: 12 pixels of 1 mm to each side, 4 slices of 3 mm
    scan, detection = with_dense([Dense(site=Site.BONE, at=(15, 60, 60), size=1)])
    hu = np.full(scan.shape, 500, np.int16)
    (piece,) = pieces_of(replace(scan, hu=hu), detection)
    assert len(piece.position) == 9 * 25 * 25


def test_the_order_is_that_of_the_decisions() -> None:
    scan, detection = with_dense(
        [Dense(site=Site.RCA, at=(20, 60, 60)), Dense(site=Site.LCX, at=(5, 30, 30))]
    )
    assert [piece.site for piece in pieces_of(scan, detection)] == [Site.RCA, Site.LCX]


def test_a_detection_of_another_scan_is_refused() -> None:
    _, detection = with_dense([])
    with pytest.raises(GeometryError, match=r"of shape \(30, 120, 120\) cannot be drawn"):
        pieces_of(make_scan((4, 10, 10)), detection)


@pytest.mark.parametrize(
    ("site", "rival", "sure", "probability"),
    [
        (Site.LAD, Site.LM, 0.7, 0.7),  # which artery matters
        (Site.LAD, Site.NOISE, 0.7, 0.7),
        (Site.AORTIC_VALVE, Site.ASCENDING_AORTA, 0.6, 1.0),  # which of these does not
        (Site.AORTIC_VALVE, Site.LM, 0.75, 0.75),
    ],
)
def test_the_probability_is_that_of_what_the_score_depends_on(
    site: Site, rival: Site, sure: float, probability: float
) -> None:
    dense = Dense(site=site, at=(5, 30, 30), rival=rival, sure=sure)
    (piece,) = pieces_of(*with_dense([dense]))
    assert piece.probability == pytest.approx(probability)


@pytest.mark.parametrize(("sure", "is_doubtful"), [(0.9, False), (0.899, True)])
def test_less_than_nine_tenths_is_doubtful(sure: float, is_doubtful: bool) -> None:
    (piece,) = pieces_of(*with_dense([Dense(site=Site.LAD, at=(5, 30, 30), sure=sure)]))
    assert piece.is_doubtful is is_doubtful


@pytest.mark.parametrize(("agatston", "must"), [(9.9, False), (10.0, True)])
def test_a_large_rejection_must_be_seen(agatston: float, must: bool) -> None:
    dense = Dense(site=Site.AORTIC_VALVE, at=(5, 30, 30), agatston=agatston)
    (piece,) = pieces_of(*with_dense([dense]))
    assert piece.must_be_seen is must
    assert not piece.is_open
