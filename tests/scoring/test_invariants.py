"""What may not change a score, and a second implementation, on random small scans."""

from dataclasses import fields
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from corcal.lesions import CORONARY_SITES, Site
from corcal.scoring import RULES, MassCalibration, measure
from scoring.slow_scoring import WEIGHTS, slow_agatston, slow_lesions, slow_volume_and_hu
from scoring.small_scans import make_scan, voxels_of

# Both sides of every bound of every rule.
BOUNDS = sorted({b for bounds in WEIGHTS.values() for b in bounds})
VALUES = sorted({-1024, 0, 40} | {b + step for b in BOUNDS for step in (-1, 0)})
SITES = [0, Site.LM, Site.LAD, Site.RCA, Site.AORTIC_VALVE]
# As text, so that the slow implementation gets the exact decimal.
SPACINGS = st.tuples(
    st.sampled_from(["3", "1.5", "2.5", "0.75"]),
    st.sampled_from(["0.5", "0.25", "0.7", "0.390625", "1"]),
    st.sampled_from(["0.5", "0.25", "0.7", "0.390625", "1"]),
)
RODS = MassCalibration(calibration_mg_per_cm3_hu=0.8, source="scan", detail="rods")


@st.composite
def cases(draw):
    """Draw HU, sites and spacing of a small scan with plenty of calcium."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7)))
    hu = draw(hnp.arrays(np.int16, shape, elements=st.sampled_from(VALUES)))
    site = draw(hnp.arrays(np.uint8, shape, elements=st.sampled_from(SITES)))
    return hu, site, draw(SPACINGS)


def measured(hu, site, spacing, rule="textbook"):
    scan = make_scan(hu, tuple(float(d) for d in spacing))
    return measure(scan, voxels_of(site), rule=RULES[rule], calibration=RODS)


def numbers(record):
    """Return every number of a record as a list, ``None`` as not-a-number."""
    values = [getattr(record, field.name) for field in fields(record)]
    return [np.nan if value is None else value for value in values]


def assert_alike(found, expected):
    """Check that two measurements agree in every number of every site and rule."""
    for name, vessel in expected.score.vessels.items():
        assert numbers(found.score.vessels[name]) == pytest.approx(numbers(vessel), nan_ok=True)
    assert numbers(found.score.total) == pytest.approx(numbers(expected.score.total), nan_ok=True)
    for name, rule in expected.score.by_rule.items():
        assert found.score.by_rule[name].vessels == pytest.approx(rule.vessels)


@given(case=cases(), rule=st.sampled_from(sorted(RULES)))
@settings(max_examples=300, deadline=None)
def test_a_slow_implementation_finds_the_same_under_every_rule(case, rule):
    hu, site, spacing = case
    exact = tuple(Fraction(d) for d in spacing)
    found = measured(hu, site, spacing, rule)
    expected = slow_agatston(hu.tolist(), site.tolist(), exact, rule)
    volumes = slow_volume_and_hu(hu.tolist(), site.tolist(), exact, rule)
    for code in CORONARY_SITES:
        vessel = found.score.vessels[code.label]
        volume, total_hu, peak = volumes.get(code, (Fraction(0), 0, None))
        mass = Fraction(8, 10) * total_hu * exact[0] * exact[1] * exact[2] / 1000
        assert vessel.agatston == pytest.approx(float(expected.get(code, 0)))
        assert vessel.volume_mm3 == pytest.approx(float(volume))
        assert vessel.mass_mg == pytest.approx(float(mass))
        assert vessel.peak_hu == peak
    lesions = list(slow_lesions(hu.tolist(), site.tolist(), exact, rule))
    assert sum(lesion.slice_lesion_count for lesion in found.lesions) == len(lesions)
    assert sum(lesion.voxel_count for lesion in found.lesions) == sum(
        len(group) for *_, group in lesions
    )


@given(case=cases())
@settings(max_examples=60, deadline=None)
def test_the_vendors_of_one_result_are_those_of_the_slow_implementation(case):
    hu, site, spacing = case
    exact = tuple(Fraction(d) for d in spacing)
    for name, rule in measured(hu, site, spacing).score.by_rule.items():
        expected = slow_agatston(hu.tolist(), site.tolist(), exact, name)
        assert rule.vessels == pytest.approx(
            {code.label: float(expected.get(code, 0)) for code in CORONARY_SITES}
        )


@given(case=cases(), axes=st.sets(st.integers(0, 2)))
@settings(deadline=None)
def test_flips_and_slice_order_do_not_change_a_number(case, axes):
    hu, site, spacing = case
    flipped = np.flip(hu, tuple(axes)), np.flip(site, tuple(axes))
    assert_alike(measured(*flipped, spacing), measured(hu, site, spacing))


@given(case=cases(), turns=st.integers(1, 3))
@settings(deadline=None)
def test_quarter_turns_in_the_plane_do_not_change_a_number(case, turns):
    hu, site, (dz, dy, dx) = case
    turned = np.rot90(hu, turns, axes=(1, 2)), np.rot90(site, turns, axes=(1, 2))
    spacing = (dz, dx, dy) if turns % 2 else (dz, dy, dx)
    assert_alike(measured(*turned, spacing), measured(hu, site, (dz, dy, dx)))


@given(case=cases(), margin=st.tuples(*[st.integers(0, 3)] * 6))
@settings(deadline=None)
def test_tissue_around_the_scan_can_be_cropped_away(case, margin):
    # All but the interpolated volume and the threshold-free masses, which look beyond the voxels.
    hu, site, spacing = case
    pads = [margin[0:2], margin[2:4], margin[4:6]]
    wide = np.pad(hu, pads, constant_values=40), np.pad(site, pads)
    found, expected = measured(*wide, spacing).score, measured(hu, site, spacing).score
    for name in ("agatston", "volume_mm3", "mass_mg", "lesion_count", "slice_lesion_count"):
        assert getattr(found.total, name) == getattr(expected.total, name)
    assert found.by_rule == expected.by_rule


@given(first=cases(), second=cases())
@settings(deadline=None)
def test_lesions_that_are_apart_add_up(first, second):
    (hu, site, spacing), (other_hu, other_site, _) = first, second
    depth = min(len(hu), len(other_hu))
    hu, site, other_hu, other_site = (part[:depth] for part in (hu, site, other_hu, other_site))
    gap = 2
    shape = (len(hu), hu.shape[1] + gap + other_hu.shape[1], max(hu.shape[2], other_hu.shape[2]))
    both, both_sites = np.full(shape, 40, dtype=np.int16), np.zeros(shape, dtype=np.uint8)
    for values, labels, at in ((hu, site, 0), (other_hu, other_site, hu.shape[1] + gap)):
        place = np.s_[:, at : at + values.shape[1], : values.shape[2]]
        both[place], both_sites[place] = values, labels
    parts = [measured(v, s, spacing).score for v, s in ((hu, site), (other_hu, other_site))]
    together = measured(both, both_sites, spacing).score
    for name in ("agatston", "volume_mm3", "volume_interpolated_mm3", "mass_mg", "lesion_count"):
        apart = sum(getattr(part.total, name) for part in parts)
        assert getattr(together.total, name) == pytest.approx(apart)


@given(case=cases(), factor=st.sampled_from([0.5, 2.0]))
@settings(deadline=None)
def test_the_increment_scales_scores_and_volumes(case, factor):
    hu, site, (dz, dy, dx) = case
    found = measured(hu, site, (float(dz) * factor, dy, dx)).score
    expected = measured(hu, site, (dz, dy, dx)).score
    for name in ("agatston", "volume_mm3", "volume_interpolated_mm3", "mass_mg"):
        scaled = getattr(expected.total, name) * factor
        assert getattr(found.total, name) == pytest.approx(scaled)
    assert found.total.area_mm2 == expected.total.area_mm2
    assert found.total.mean_density_factor == expected.total.mean_density_factor


@given(case=cases(), factor=st.sampled_from([2.0, 4.0]))
@settings(deadline=None)
def test_the_pixel_size_scales_what_no_smallest_area_limits(case, factor):
    # Under the siemens rule a single pixel counts, whatever its area.
    hu, site, (dz, dy, dx) = case
    wide = measured(hu, site, (dz, float(dy) * factor, dx), "siemens").score.total
    narrow = measured(hu, site, (dz, dy, dx), "siemens").score.total
    assert wide.agatston == pytest.approx(narrow.agatston * factor)
    assert wide.volume_mm3 == pytest.approx(narrow.volume_mm3 * factor)


@given(case=cases())
@settings(deadline=None)
def test_coronary_lesions_always_add_up_to_the_total(case):
    found = measured(*case)
    coronary = [lesion for lesion in found.lesions if lesion.site in found.score.vessels]
    for name in ("agatston", "volume_mm3", "mass_mg", "area_mm2", "slice_lesion_count"):
        total = getattr(found.score.total, name)
        assert sum(getattr(lesion, name) for lesion in coronary) == pytest.approx(total)
    scores = [lesion.agatston for lesion in found.lesions]
    assert scores == sorted(scores, reverse=True)
    assert [lesion.id for lesion in found.lesions] == [f"L{k + 1}" for k in range(len(scores))]
