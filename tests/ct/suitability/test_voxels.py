from dataclasses import replace

import numpy as np
import pytest

from corcal.ct.suitability import SeriesKind, Verdict
from corcal.ct.suitability.assess import assess, assess_scan
from corcal.ct.suitability.thorax import ThoraxMeasures, measure_thorax
from corcal.ct.suitability.voxel_checks import heart_findings, shows_heart
from suitability_maker import GATED, chest_hu, codes, make_scan, make_series_header

FIT = ThoraxMeasures(
    body_share=0.5,
    lung_volume_ml=2000.0,
    lung_area_cm2=100.0,
    heart_area_cm2=100.0,
    heart_height_mm=120.0,
    bottom_lung_share=0.0,
    is_cut_laterally=False,
    body_width_mm=350.0,
    blood_hu=42.0,
    enhanced_share=0.0,
    noise_hu=15.0,
    is_extruded=False,
)


def judge(hu, **fields):
    """A chest of the maker under a header that is fit (its own pixels would be too large)."""
    return assess(make_series_header(**fields), make_scan(hu))


def test_a_chest_without_contrast_is_fit_and_its_blood_and_noise_are_told():
    judged = judge(chest_hu())
    assert judged.kind is SeriesKind.GATED_CALCIUM
    assert judged.verdict is Verdict.FIT
    assert [item.message for item in judged.findings] == ["blood pool 40 HU, noise 7 HU"]


@pytest.mark.parametrize("blood", [20, 40, 60, 140, 300, 500])
def test_the_blood_pool_is_measured_within_2_hu(blood):
    assert measure_thorax(make_scan(chest_hu(blood_hu=blood))).blood_hu == pytest.approx(
        blood, abs=2
    )


def test_noise_is_the_standard_deviation_of_homogeneous_blood():
    # patches of 5 x 5 pixels of 2 mm: the lower quartile of their deviations is 10 to 15 % low
    measured = measure_thorax(make_scan(chest_hu(noise_hu=20.0))).noise_hu
    assert 0.8 * 20 < measured < 20
    fine = chest_hu(noise_hu=0.0, width_mm=200).repeat(4, axis=1).repeat(4, axis=2)
    noise = np.random.default_rng(3).normal(0.0, 20.0, fine.shape)
    scan = make_scan(np.asarray(np.round(fine + noise), np.int16), spacing_mm=(3.0, 0.5, 0.5))
    assert measure_thorax(scan).noise_hu == pytest.approx(20.0, rel=0.05)


def test_an_angiogram_is_found_by_its_blood_when_the_tags_are_silent():
    judged = judge(chest_hu(blood_hu=350))
    assert judged.kind is SeriesKind.CONTRAST_CT
    assert codes(judged.findings) == {"CONTRAST_MEASURED"}
    assert "350 HU" in judged.summary


def test_one_filled_chamber_is_contrast_although_most_of_the_heart_has_none():
    judged = judge(chest_hu(chamber_hu=300))
    assert codes(judged.findings) == {"CONTRAST_MEASURED"}


def test_an_agent_in_the_header_is_doubted_when_the_blood_shows_none():
    judged = judge(chest_hu(), contrast_agent="Iopromide", series_description="Heart")
    assert judged.kind is SeriesKind.GATED_CALCIUM
    assert codes(judged.findings) == {"CONTRAST_DOUBTED"}
    assert judged.verdict is Verdict.CAUTION


def test_an_agent_in_the_header_is_believed_when_the_blood_shows_it():
    judged = judge(chest_hu(blood_hu=300), contrast_agent="Iopromide")
    assert codes(judged.findings) == {"CONTRAST_BY_TAG", "CONTRAST_MEASURED"}


def test_another_body_part_in_the_header_is_doubted_when_the_voxels_show_a_chest():
    judged = judge(chest_hu(), body_part="HEAD")
    assert judged.kind is SeriesKind.GATED_CALCIUM
    assert codes(judged.findings, "info") == {"BODY_PART_DOUBTED", "VOXELS_MEASURED"}
    assert judged.verdict is Verdict.FIT


def test_air_alone_is_no_body():
    judged = judge(np.full((50, 200, 200), -1000, np.int16))
    assert judged.kind is SeriesKind.NOT_HEART
    assert codes(judged.findings) == {"NO_BODY"}


def test_an_abdomen_is_not_the_heart():
    hu = chest_hu()
    judged = judge(np.concatenate([hu[:10]] * 5))
    assert judged.kind is SeriesKind.NOT_HEART
    assert codes(judged.findings) == {"NOT_HEART"}


def test_the_foam_of_a_table_under_an_abdomen_is_not_lung():
    hu = chest_hu(table=True)
    judged = judge(np.concatenate([hu[:10]] * 5))
    assert codes(judged.findings) == {"NOT_HEART"}


def test_prone_the_table_is_in_front():
    hu = np.flip(chest_hu(table=True)[:10], axis=1)
    scan = make_scan(
        np.ascontiguousarray(np.concatenate([hu] * 5)),
        acquisition=replace(GATED, patient_position="HFP"),
    )
    assert measure_thorax(scan).lung_volume_ml == 0.0


@pytest.mark.parametrize("width", [200, 240, 400])
def test_the_field_of_view_changes_neither_verdict_nor_blood(width):
    scan = make_scan(chest_hu(width_mm=width))
    assert measure_thorax(scan).blood_hu == pytest.approx(40, abs=2)
    assert assess(make_series_header(), scan).verdict is Verdict.FIT


def test_padding_around_a_round_reconstruction_changes_nothing():
    hu = chest_hu(width_mm=200)
    place = np.arange(100) - 49.5
    hu[:, place[:, None] ** 2 + place**2 > 50**2] = -1024
    judged = judge(hu)
    assert judged.verdict is Verdict.FIT


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_the_type_of_the_voxels_does_not_matter(dtype):
    hu = chest_hu().astype(dtype)
    assert measure_thorax(make_scan(hu)) == measure_thorax(make_scan(chest_hu()))


def test_a_scan_that_ends_in_the_heart_is_unfit():
    hu = chest_hu()  # heart and lungs from slice 10 (30 mm) on
    judged = judge(hu[:28])  # 54 mm of heart at most
    assert "HEART_CUT_ABOVE" in codes(judged.findings, "error")
    assert "HEART_CUT_ABOVE" not in codes(judge(hu).findings)


def test_a_scan_that_begins_in_the_heart_is_doubtful_and_one_that_begins_above_it_unfit():
    hu = chest_hu()
    assert codes(judge(hu[22:]).findings, "warning") == {"HEART_CUT_BELOW"}
    widest_first = np.concatenate([hu[30:][::-1], hu[30:]])  # 120 mm, all between full lungs
    assert codes(judge(widest_first).findings, "error") == {"HEART_CUT_BELOW"}


def test_a_chest_that_never_changes_in_z_is_a_phantom_and_can_be_scored_with_care():
    hu = np.repeat(chest_hu(noise_hu=0.0)[30:31], 50, axis=0)
    noise = np.random.default_rng(5).normal(0.0, 15.0, hu.shape)
    judged = judge(np.asarray(np.round(hu + noise), np.int16), is_gated=False)
    assert judged.kind is SeriesKind.PHANTOM
    assert codes(judged.findings) == {"PHANTOM"}
    assert judged.verdict is Verdict.CAUTION


def test_thin_slices_are_compared_over_the_same_distance_so_that_no_person_is_a_phantom():
    scan = make_scan(np.repeat(chest_hu(), 6, axis=0), spacing_mm=(0.5, 2.0, 2.0))
    assert not measure_thorax(scan).is_extruded


LIMITS = [  # measures, codes
    ({}, set()),
    ({"blood_hu": 19.9}, {"BLOOD_POOL_DARK"}),
    ({"blood_hu": -15.0}, {"BLOOD_POOL_DARK"}),
    ({"blood_hu": 20.0}, set()),
    ({"blood_hu": 70.0}, set()),
    ({"blood_hu": 70.1}, {"BLOOD_POOL_BRIGHT"}),
    ({"blood_hu": 129.9}, {"BLOOD_POOL_BRIGHT"}),
    ({"blood_hu": 130.0}, {"CONTRAST_MEASURED"}),
    ({"blood_hu": None, "noise_hu": None}, {"BLOOD_POOL_NOT_FOUND"}),
    ({"noise_hu": 20.0}, set()),
    ({"noise_hu": 20.1}, {"NOISE_HIGH"}),
    ({"noise_hu": 23.0, "body_width_mm": 381.0}, set()),
    ({"noise_hu": 23.0, "body_width_mm": 380.0}, {"NOISE_HIGH"}),
    ({"noise_hu": 23.0, "is_cut_laterally": True}, set()),  # its width is not known
    ({"noise_hu": 23.1, "is_cut_laterally": True}, {"NOISE_HIGH"}),
    ({"noise_hu": 30.0}, {"NOISE_HIGH"}),
    ({"noise_hu": 30.1}, {"NOISE_TOO_HIGH"}),
    ({"noise_hu": 90.0, "blood_hu": 300.0}, {"CONTRAST_MEASURED"}),  # chambers, not noise
    ({"heart_height_mm": 80.0}, set()),
    ({"heart_height_mm": 79.0}, {"HEART_CUT_ABOVE"}),
    ({"bottom_lung_share": 0.34}, set()),
    ({"bottom_lung_share": 0.35}, {"HEART_CUT_BELOW"}),
    ({"body_share": 0.019}, {"NO_BODY"}),
    ({"lung_volume_ml": 199.0}, {"NOT_HEART"}),
    ({"lung_area_cm2": 14.9}, {"NOT_HEART"}),
    ({"heart_area_cm2": 19.9}, {"HEART_NOT_CONFIRMED"}),  # 2 l of lung are a chest
    ({"heart_area_cm2": 19.9, "lung_volume_ml": 999.0}, {"NOT_HEART"}),
]


@pytest.mark.parametrize(("changes", "expected"), LIMITS)
def test_each_limit_of_the_voxels_has_two_sides(changes, expected):
    assert codes(heart_findings(replace(FIT, **changes), claims_contrast=False)) == expected


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"heart_height_mm": 60.0}, "warning"),
        ({"heart_height_mm": 59.9}, "error"),
        ({"bottom_lung_share": 0.84}, "warning"),
        ({"bottom_lung_share": 0.85}, "error"),
    ],
)
def test_a_heart_that_is_mostly_missing_is_an_error(changes, severity):
    cut = heart_findings(replace(FIT, **changes), claims_contrast=False)[0]
    assert (cut.code[:9], cut.severity) == ("HEART_CUT", severity)


def test_blood_of_80_to_130_hu_is_contrast_if_the_header_names_an_agent():
    late = heart_findings(replace(FIT, blood_hu=95.0), claims_contrast=True)
    assert codes(late) == {"CONTRAST_MEASURED"}


@pytest.mark.parametrize(("blood", "expected"), [(79.9, {"BLOOD_POOL_BRIGHT"}), (80.0, None)])
def test_a_named_agent_is_believed_from_80_hu(blood, expected):
    found = heart_findings(replace(FIT, blood_hu=blood), claims_contrast=True)
    assert codes(found) == (expected or {"CONTRAST_MEASURED"})


@pytest.mark.parametrize(
    ("blood", "cause"),
    [
        (-15.0, "the rescale or the calibration of the scanner may be wrong"),
        (75.0, "perhaps contrast of an earlier scan, or the rescale or the calibration"),
        (218.0, "metal, and an image that is turned, can look the same"),
    ],
)
def test_blood_that_is_none_says_what_it_may_be(blood, cause):
    (first, *_) = heart_findings(replace(FIT, blood_hu=blood), claims_contrast=False)
    assert f"the blood pool has {blood:.0f} HU" in first.message
    assert cause in first.message


@pytest.mark.parametrize(("shift", "verdict"), [(0, "fit"), (-50, "caution"), (35, "caution")])
def test_a_scan_whose_values_are_shifted_as_a_whole_is_read_with_care(shift, verdict):
    assert judge(chest_hu() + np.int16(shift)).verdict == verdict


def test_a_cut_field_of_view_that_hides_one_lung_leaves_doubt_not_refusal():
    assert shows_heart(
        replace(FIT, heart_area_cm2=0.0, lung_volume_ml=500.0, is_cut_laterally=True)
    )


def test_a_scan_in_memory_is_judged_without_a_catalogue():
    judged = assess_scan(make_scan(chest_hu()))
    assert judged.kind is SeriesKind.GATED_CALCIUM
    assert codes(judged.findings) == {"PIXELS_TOO_LARGE"}  # 2 mm


def test_few_voxels_are_judged_without_failing():
    for shape in [(1, 1, 1), (2, 3, 1), (5, 40, 36)]:
        hu = np.zeros(shape, np.int16)
        assert judge(hu).verdict is Verdict.UNFIT
