"""Density and spread, by hand."""

import pytest

from corcal.lesions import Site
from corcal.scoring import measure
from corcal.scoring.density import diffusivity, mean_density_factor
from scoring.small_scans import block_scan, make_scan, voxels_of


def test_the_mean_density_factor_weighs_by_area():
    # Case d: 8 pixels of weight 3 and 8 of weight 4.
    assert mean_density_factor(8 * 3 + 8 * 4, 16) == 3.5


def test_no_calcium_has_no_density():
    assert mean_density_factor(0, 0) is None


@pytest.mark.parametrize("spacing_mm", [(3.0, 0.5, 0.5), (1.5, 0.5, 0.5), (3.0, 0.9, 0.4)])
def test_the_mean_density_factor_does_not_know_the_spacing(spacing_mm):
    scan, voxels = block_scan([[399] * 8, [401] * 8], spacing_mm=spacing_mm)
    assert measure(scan, voxels).score.total.mean_density_factor == 3.5


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.0, 0.0, 0.0, 0.0], None),
        ([0.0, 80.0, 0.0, 0.0], 0.0),
        ([0.0, 60.0, 20.0, 20.0], 0.4),
        ([25.0, 25.0, 25.0, 25.0], 0.75),
    ],
)
def test_diffusivity(scores, expected):
    assert diffusivity(scores) == expected


def test_vessels_with_calcium_are_counted_and_other_sites_are_not():
    hu = [[[150] * 4 + [40] + [450] * 4 + [40] + [450] * 4]]
    site = [[[Site.LM] * 4 + [0] + [Site.RCA] * 4 + [0] + [Site.AORTIC_VALVE] * 4]]
    total = measure(make_scan(hu), voxels_of(site)).score.total
    assert total.vessels_involved == 2
    assert total.diffusivity == pytest.approx(1 - 4 / 5)  # 1 in the LM, 4 in the RCA
