"""Where plaques go in a real scan, and how their truth joins the expert's."""

import numpy as np
from benchmarks.study_insertion import together

from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels


def voxels(index: list[int], site: Site) -> SiteVoxels:
    return SiteVoxels(
        shape=(1, 4, 4), index=np.array(index), site=np.full(len(index), int(site), np.uint8)
    )


def test_two_readings_join_in_order_and_the_second_wins() -> None:
    joined = together(voxels([1, 5, 9], Site.RCA), voxels([0, 5], Site.LAD))
    assert joined.index.tolist() == [0, 1, 5, 9]
    assert joined.site.tolist() == [Site.LAD, Site.RCA, Site.LAD, Site.RCA]


def test_without_a_first_reading_the_second_is_all() -> None:
    second = voxels([3], Site.LM)
    assert together(None, second) is second
