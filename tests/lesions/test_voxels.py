"""Voxels with a site: only codes that exist."""

import numpy as np
import pytest

from corcal.errors import GeometryError
from corcal.lesions import Site, SiteVoxels


@pytest.mark.parametrize("site", [258, 99, -1, 2.5, 0])
def test_a_site_that_is_none_is_refused(site):
    with pytest.raises(GeometryError, match="site"):
        SiteVoxels(shape=(2, 2, 2), index=np.arange(3), site=np.full(3, site))


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_the_codes_of_sites_are_taken_in_any_type_of_whole_numbers(kind):
    found = SiteVoxels(shape=(2, 2, 2), index=np.arange(3), site=np.full(3, Site.LAD, kind))
    assert found.site.tolist() == [Site.LAD] * 3
