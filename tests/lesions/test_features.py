"""The table of features, on a heart of spheres."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.anatomy.types import Pathway
from corcal.ct.scan import Acquisition
from corcal.lesions.feature_table import FEATURES
from corcal.lesions.features import FEATURE_NAMES, describe, make_context
from corcal.lesions.neighbourhood import lesions_near_heart
from lesions.heart_maker import FAT_HU as FAT
from lesions.heart_maker import make_anatomy, make_hu, make_scan, put

# On the course of the LAD, in the fat in front of the left ventricle; 3 slices of 4 x 4 pixels.
PLAQUE = (slice(16, 19), slice(30, 34), slice(73, 77))
# In the middle of the left ventricle.
SPECK = (slice(20, 21), slice(60, 62), slice(75, 77))


def _described(hu, *, anatomy=None, acquisition=None):
    scan = make_scan(hu, acquisition=acquisition)
    known = anatomy or make_anatomy()
    context = make_context(scan, known)
    return describe(scan, known, lesions_near_heart(scan, context.fields), context=context)


def test_every_feature_is_named_once_and_its_constant_lies_in_its_range():
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    for row in FEATURES:
        assert row.low <= row.missing <= row.high, row.name
        assert row.meaning, row.name


def test_a_plaque_on_the_lad_is_described():
    hu = put(make_hu(noise_hu=10.0), *PLAQUE, 400)
    found = _described(hu)
    of = {name: float(found.column(name)[0]) for name in found.names}
    assert len(found.values) == 1
    assert of["log_volume"] == pytest.approx(np.log(3 * 16 * 3.0))
    assert of["log_area"] == pytest.approx(np.log(16.0))
    assert of["slices"] == 3
    assert (of["extent_z_mm"], of["extent_y_mm"], of["extent_x_mm"]) == (9.0, 4.0, 4.0)
    assert of["filling"] == pytest.approx(1.0)
    assert of["log_agatston"] == pytest.approx(np.log1p(3 * 16 * 4.0))  # weight 4 from 400 HU
    assert of["peak_hu"] == 400
    assert of["most_height_lad"] == pytest.approx(1.0, abs=0.1)
    assert of["most_height_lcx"] == 0.0
    assert of["fat_around"] > 0.5
    assert of["noise_hu"] == pytest.approx(10.0, rel=0.1)
    assert of["from_heart_mm"] == pytest.approx(0.0, abs=6.0)
    assert of["from_pericardium_mm"] < -5
    assert of["heart_long"] < 0.4


def test_contrast_is_that_of_the_smoothed_peak_over_the_smoothed_noise():
    # Two plates of 9 x 9 pixels in the ventricle, 250 and 200 HU in blood of 40: smoothing leaves
    # their middles as they are.
    hu = make_hu()
    hu = put(hu, slice(16, 17), slice(56, 65), slice(70, 79), 250)
    hu = put(hu, slice(20, 21), slice(56, 65), slice(70, 79), 200)
    noisy = hu + np.random.default_rng(2).normal(0, 12, hu.shape).astype(np.int16)
    found = _described(noisy)
    large = found.column("log_area") > 4
    noise = found.column("smoothed_noise_hu")[0]
    # the highest of about 20 independent values of noise is 2 to 3 deviations above the middle
    assert found.column("contrast_to_noise")[large] == pytest.approx(
        [210 / noise + 2.5, 160 / noise + 2.5], abs=1.5
    )


def test_a_speck_inside_the_ventricle_is_deep_in_it():
    found = _described(put(make_hu(), *SPECK, 200))
    # the aortic root begins 13 mm away: 25 mm to its centre, less its radius of 12
    assert found.column("from_left_ventricle_mm")[0] == pytest.approx(-13.0, abs=2.0)
    assert found.column("share_left_ventricle")[0] == pytest.approx(1.0)
    assert found.column("fat_around")[0] == 0.0


def test_values_are_finite_and_in_their_ranges_whatever_the_scan():
    hu = put(make_hu(noise_hu=35.0), *PLAQUE, 3000)
    hu = put(hu, slice(20, 21), slice(60, 70), slice(100, 128), 1500)
    found = _described(hu, acquisition=Acquisition())
    assert found.names == FEATURE_NAMES
    assert np.isfinite(found.values).all()
    low = np.array([row.low for row in FEATURES], np.float32)
    high = np.array([row.high for row in FEATURES], np.float32)
    assert (found.values >= low).all()
    assert (found.values <= high).all()
    assert found.column("peak_hu").max() == 2000  # clipped


def test_what_the_headers_do_not_say_has_its_constant():
    found = _described(put(make_hu(), *PLAQUE), acquisition=Acquisition())
    assert found.column("kvp")[0] == 120
    assert found.column("is_gated")[0] == 0.5
    assert found.column("thickness_mm")[0] == 3.0  # the increment


@pytest.mark.parametrize(("gated", "value"), [(True, 1.0), (False, 0.0)])
def test_gating_is_a_feature(gated, value):
    found = _described(put(make_hu(), *PLAQUE), acquisition=Acquisition(is_gated=gated))
    assert found.column("is_gated")[0] == value


def test_an_aorta_that_was_not_fitted_is_far_and_of_no_quality():
    found = _described(put(make_hu(), *PLAQUE))  # the heart of spheres has no tube
    assert found.column("from_descending_wall_mm")[0] == 15.0
    assert found.column("descending_wall_quality")[0] == 0.0


def test_a_source_without_pathways_gets_those_of_the_chambers():
    found = _described(put(make_hu(), *PLAQUE), anatomy=make_anatomy(pathways=False))
    assert np.isfinite(found.values).all()


def test_without_candidates_there_are_no_rows():
    assert _described(make_hu()).values.shape == (0, len(FEATURE_NAMES))


def test_features_do_not_depend_on_where_the_grid_of_the_anatomy_begins():
    hu = put(make_hu(noise_hu=10.0), *PLAQUE, 400)
    whole = make_anatomy(lines=((Pathway.LAD, (50.0, 32.0, 75.0)),))
    # the same grid, with four more empty cells in front along every axis
    pad = ((0, 0), (4, 0), (4, 0), (4, 0))
    structures = np.pad(whole.structures, pad)
    structures[0][structures.sum(axis=0) == 0] = 1.0
    moved = replace(
        whole,
        structures=structures,
        pathways=np.pad(whole.pathways, pad),
        origin_mm=(-16.0, -16.0, -16.0),
    )
    first, second = _described(hu, anatomy=whole), _described(hu, anatomy=moved)
    assert second.values == pytest.approx(first.values, abs=1e-3)


def test_a_ring_is_described_as_hollow_and_a_plate_as_even():
    ring, plate = make_hu(), make_hu()
    y, x = np.mgrid[:17, :17] - 8
    ring[16:19, 24:41, 67:84] = np.where(np.hypot(y, x) < 3, 900, FAT)
    ring[16:19, 31:34, 74:77] = 300  # blurred struts fill the lumen in part
    plate[16:19, 24:41, 67:84] = np.where(np.hypot(y, x) < 4, 600, FAT)
    hollow, even = _described(ring), _described(plate)
    assert hollow.column("hollow")[0] > 0.05
    assert even.column("hollow")[0] < 0.01
    assert even.column("uneven")[0] < 0.2


def test_what_is_too_small_to_have_an_inside_has_the_constants():
    found = _described(put(make_hu(), *SPECK, 200))
    assert found.column("uneven")[0] == 0.5
    assert found.column("hollow")[0] == 0.0


@pytest.mark.parametrize(("kvp", "value", "counted"), [
    (120.0, 1500, True), (120.0, 1499, False), (100.0, 1700, False), (100.0, 1800, True),
    (None, 1500, True),
])  # fmt: skip
def test_metal_is_told_to_the_other_lesions_only(kvp, value, counted):
    hu = put(put(make_hu(), *PLAQUE, 400), *SPECK, value)
    found = _described(hu, acquisition=Acquisition(kvp=kvp))
    metal = dict(zip(found.column("peak_hu").tolist(), found.column("log_metal"), strict=True))
    # the speck has 1 x 2 x 2 voxels of 3 mm3
    assert metal[400.0] == pytest.approx(np.log1p(12.0) if counted else 0.0)
    assert metal[float(value)] == 0.0
