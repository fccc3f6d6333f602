"""Why a piece was decided as it was: each sentence speaks for its site, and says on which side."""

import pytest

from corcal.lesions.feature_table import FEATURES
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.why import DOUBTFUL_FROM, reasons

NOTHING = {row.name: row.missing for row in FEATURES}
PLAQUE = NOTHING | {
    "most_height_lad": 0.7,
    "fat_around": 0.4,
    "contrast_to_noise": 23.04,
    "from_heart_mm": 1.3,
    "from_pericardium_mm": -3.0,
}
BLOB = NOTHING | {  # far above the noise, in one slice, off the arteries, in no fat
    "contrast_to_noise": 43.0,
    "slices": 1.0,
    "above_hu": 74.0,
    "below_hu": -64.0,
    "fat_around": 0.09,
    "most_height_rca": 0.12,
    "log_area": 3.7,
    "from_pericardium_mm": -3.0,
}


def texts(site, probabilities=None, /, **changed):
    base = BLOB if site is Site.NOISE else PLAQUE
    return [one.text for one in reasons(site, base | changed, probabilities)]


def test_a_plaque_has_four_reasons_strongest_first():
    assert texts(Site.LAD) == [
        "lies on the course of the LAD, as it was found",
        "40 % of what surrounds it is fat",
        "its smoothed peak stands 23.0 times the noise above the tissue around it",
        "lies 1.3 mm outside of the surface of the heart",
    ]


def test_every_reason_has_its_feature_value_and_unit():
    found = reasons(Site.LAD, PLAQUE)
    assert [(one.feature, one.value, one.unit) for one in found] == [
        ("most_height_lad", 0.7, "height, 0 to 1"),
        ("fat_around", 40.0, "%"),
        ("contrast_to_noise", 23.04, "SD of the noise"),
        ("from_heart_mm", 1.3, "mm"),
    ]


@pytest.mark.parametrize(
    ("height", "words"), [(0.5, "lies on the course"), (0.499, "lies close to the course")]
)
def test_a_height_is_told_in_words(height, words):
    assert texts(Site.LAD, most_height_lad=height)[0].startswith(words)


def test_a_course_that_is_far_away_is_no_reason():
    assert any("course" in text for text in texts(Site.LAD, most_height_lad=0.1))
    assert not any("course" in text for text in texts(Site.LAD, most_height_lad=0.099))


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (1.3, "lies 1.3 mm outside of the surface of the heart"),
        (-1.3, "lies 1.3 mm inside of the surface of the heart"),
        (-0.04, "lies at the surface of the heart"),
        (0.06, "lies 0.1 mm outside of the surface of the heart"),
    ],
)
def test_a_distance_says_on_which_side(distance, words):
    assert words in texts(Site.LAD, from_heart_mm=distance)


def test_outside_of_the_pericardium_is_told_from_half_a_millimetre_on():
    bone = {"bright_around": 0.3}
    assert "lies 1 mm outside of the pericardium" in texts(
        Site.BONE, from_pericardium_mm=0.6, **bone
    )
    assert not any("pericardium" in x for x in texts(Site.BONE, from_pericardium_mm=0.4, **bone))
    far = texts(Site.BONE, from_pericardium_mm=24.0, **bone)
    assert "lies more than 24 mm outside of the pericardium" in far


@pytest.mark.parametrize(("contrast", "times"), [(59.9, "59.9"), (60.0, "more than 60")])
def test_the_ceiling_of_the_table_is_told_as_one(contrast, times):
    words = f"its smoothed peak stands {times} times the noise above the tissue around it"
    assert words in texts(Site.LAD, contrast_to_noise=contrast)


@pytest.mark.parametrize("site", [site for site in Site if site is not Site.NOISE])
def test_a_contrast_that_noise_reaches_speaks_for_nothing_else(site):
    assert not any("times the noise" in text for text in texts(site, contrast_to_noise=9.4))


def test_what_stands_far_above_the_noise_is_called_so_for_other_reasons():
    assert texts(Site.NOISE) == [
        "is seen in one slice alone, with nothing dense above or below it",
        "only 9 % of what surrounds it is fat, in which arteries run",
        "lies on the course of no artery (the nearest is the RCA)",
    ]


def test_a_speck_of_noise_is_told_by_contrast_and_size():
    found = texts(Site.NOISE, contrast_to_noise=7.5, log_area=0.5)  # e ** 0.5 = 1.65 mm2
    assert found[0] == (
        "its smoothed peak stands only 7.5 times the noise above the tissue around it, as specks "
        "of noise do"
    )
    only = reasons(Site.NOISE, BLOB | {"log_area": 0.5, "fat_around": 0.5, "slices": 2.0})
    assert [(x.text, x.value, x.unit) for x in only if x.feature == "log_area"] == [
        ("is a speck of 1.6 mm²", 1.649, "mm2")
    ]


@pytest.mark.parametrize("beside", ["above_hu", "below_hu"])
def test_what_goes_on_in_the_next_slice_is_not_told_as_noise(beside):
    assert any("one slice alone" in text for text in texts(Site.NOISE, **{beside: 99.0}))
    assert not any("one slice alone" in text for text in texts(Site.NOISE, **{beside: 101.0}))


def test_on_the_course_of_an_artery_noise_is_not_said_to_be_off_it():
    assert not any("no artery" in text for text in texts(Site.NOISE, most_height_lad=0.5))
    assert "lies near the course of no artery" in texts(Site.NOISE, most_height_rca=0.0)


@pytest.mark.parametrize(("p", "is_told"), [(DOUBTFUL_FROM, True), (DOUBTFUL_FROM - 0.01, False)])
def test_a_doubtful_decision_says_what_speaks_for_the_other_site(p, is_told):
    chances = {"LAD": 1 - p, "ascending_aorta": p}
    found = texts(Site.LAD, chances, from_ascending_aorta_mm=2.1)
    words = "may be the ascending aorta (15 %): lies 2.1 mm outside of the surface of the"
    assert found[2].startswith(words) is is_told
    assert len(found) == 4


def test_a_plaque_at_the_aortic_root_may_be_of_its_wall():
    found = texts(Site.LM, {"LM": 0.67, "ascending_aorta": 0.31}, from_aortic_root_mm=2.03)
    root = "lies 2.0 mm outside of the surface of the aortic root"
    assert f"may be the ascending aorta (31 %): {root}" in found


def test_what_speaks_for_both_sites_alike_is_not_told_for_the_other_one():
    chances = {"LAD": 0.7, "LCX": 0.3}
    alike = "may be the LCX (30 %), though no measurement by itself says so"  # fat, heart, noise
    assert alike in texts(Site.LAD, chances)
    own = texts(Site.LAD, chances, most_height_lcx=0.3)
    assert "may be the LCX (30 %): lies close to the course of the LCX, as it was found" in own


def test_a_site_that_nothing_speaks_for_is_named_all_the_same():
    found = reasons(Site.LAD, PLAQUE | {"contrast_to_noise": 5.0}, {"LAD": 0.7, "lymph_node": 0.3})
    (doubt,) = [one for one in found if one.text.startswith("may be")]
    assert doubt.text == "may be a lymph node (30 %), though no measurement by itself says so"
    assert (doubt.feature, doubt.value, doubt.unit) == ("probability", 30.0, "%")


@pytest.mark.parametrize("site", list(Site))
def test_every_site_can_be_explained_by_features_of_the_table(site):
    known = {row.name for row in FEATURES}
    loud = {row.name: row.high for row in FEATURES}
    for features in (NOTHING, PLAQUE, BLOB, loud):
        found = reasons(site, features)
        assert len(found) <= 4
        assert len({one.feature for one in found}) == len(found)
        assert all(one.feature in known and one.unit for one in found)


def test_the_arteries_are_explained_alike():
    for site in CORONARY_SITES:
        first = texts(site, **{f"most_height_{site.name.lower()}": 0.9})[0]
        assert first == f"lies on the course of the {site.label}, as it was found"


def test_a_stent_is_hollow_and_even():
    stent = {"peak_hu": 600.0, "hollow": 0.06, "uneven": 0.12}
    told = texts(Site.DEVICE, **stent)
    assert "is 6 % darker inside than around it, as a tube is" in told
    assert "its density differs by only 12 % inside, as mesh does" in told


def test_what_is_dense_in_its_middle_is_not_told_as_mesh():
    told = texts(Site.DEVICE, peak_hu=600.0, hollow=0.02, uneven=0.16)
    assert not any("tube" in text or "mesh" in text for text in told)
