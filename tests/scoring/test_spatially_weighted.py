"""The spatially weighted score by hand-worked cases."""

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.lesions import Site
from corcal.scoring import measure
from corcal.scoring.spatially_weighted import SpatialWeighting, spatially_weighted_score
from scoring.small_scans import make_scan, voxels_of

WEIGHTING = SpatialWeighting(mean_hu=130.0, sd_hu=20.0)
# The normal distribution function at +1 standard deviation (a printed table: 0.8413).
ONE_SD = 0.8413447460685429


def score(hu, *, index):
    return spatially_weighted_score(
        np.array(hu, dtype=np.float32), np.array(index, dtype=np.int64), weighting=WEIGHTING
    )


def test_a_voxel_as_dense_as_the_insert_weighs_a_half():
    assert score(np.full((1, 3, 3), 130.0), index=[4]) == pytest.approx(0.5)


def test_a_voxel_one_standard_deviation_denser():
    assert score(np.full((1, 3, 3), 150.0), index=[4]) == pytest.approx(ONE_SD)


def test_a_lonely_voxel_counts_a_fifth():
    hu = np.full((1, 3, 3), -1000.0)
    hu[0, 1, 1] = 1000.0
    assert score(hu, index=[4]) == pytest.approx(0.2)


def test_corners_and_other_slices_are_no_neighbours():
    hu = np.full((3, 3, 3), 1000.0)
    hu[1] = -1000.0
    hu[1, [0, 0, 2, 2], [0, 2, 0, 2]] = 1000.0
    assert score(hu, index=[13]) == pytest.approx(0.0)


def test_at_the_border_the_mean_is_of_fewer_neighbours():
    # The corner has two neighbours: (1 + 1 + 0) / 3.
    hu = np.full((1, 2, 2), 1000.0)
    hu[0, 0, 1] = -1000.0
    assert score(hu, index=[0]) == pytest.approx(2 / 3)


def test_values_that_are_not_finite_weigh_nothing():
    hu = np.full((1, 3, 3), 1000.0)
    hu[0, 1, 1] = np.nan
    hu[0, 0, 1] = np.inf
    assert score(hu, index=[4]) == pytest.approx(0.6)


def test_an_empty_region_scores_zero():
    assert score(np.full((1, 3, 3), 150.0), index=[]) == 0.0


def test_voxels_below_the_threshold_of_the_rule_have_their_part():
    scan = make_scan(np.full((1, 3, 3), 110))
    voxels = voxels_of(np.full((1, 3, 3), Site.LAD))
    found = measure(scan, voxels, weighting=WEIGHTING).score
    assert found.total.agatston == 0.0
    assert found.vessels["LAD"].spatially_weighted == pytest.approx(9 * (1 - ONE_SD))
    assert found.total.spatially_weighted == pytest.approx(9 * (1 - ONE_SD))
    assert found.vessels["RCA"].spatially_weighted == 0.0


def test_without_an_insert_there_is_no_spatially_weighted_score():
    scan = make_scan(np.full((1, 3, 3), 300))
    found = measure(scan, voxels_of(np.full((1, 3, 3), Site.LAD))).score
    assert found.total.spatially_weighted is None
    assert found.vessels["LAD"].spatially_weighted is None


@pytest.mark.parametrize(("mean", "sd"), [(130.0, 0.0), (np.nan, 20.0), (130.0, np.inf)])
def test_an_insert_needs_a_mean_and_a_scatter(mean, sd):
    with pytest.raises(InputError, match="a finite mean and a standard deviation above 0"):
        SpatialWeighting(mean_hu=mean, sd_hu=sd)
