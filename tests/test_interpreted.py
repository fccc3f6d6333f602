"""From the record of an exam to what it means."""

from dataclasses import replace

import pytest

from corcal.ct.scan import Patient
from corcal.ct.suitability.verdict import SeriesKind, Verdict
from corcal.interpreted import certainty_of, interpret_result, known_facts, with_interpretation
from corcal.report.interpretation_text import interpretation_text
from corcal.result import SCHEMA_VERSION
from corcal.risk.types import Person, Sex
from corcal.scoring.types import Interval
from result_maker import NOTHING, make_automatic_result, make_result


def scored(agatston, low, high, chances):
    """An automatic score with its interval and the probabilities of the four categories."""
    base = make_automatic_result().score
    total = replace(
        base.total, agatston=agatston, interval=Interval(low=low, high=high, level=0.95)
    )
    names = ("0", "1-100", "101-400", ">400")
    return replace(base, total=total, category_probabilities=dict(zip(names, chances, strict=True)))


@pytest.mark.parametrize(
    ("agatston", "chances", "is_sure"),
    [
        (50.0, (0.2, 0.8, 0.0, 0.0), True),  # 80 % is asked of a category
        (50.0, (0.21, 0.79, 0.0, 0.0), False),
        (0.0, (0.9, 0.1, 0.0, 0.0), True),  # 90 % of a zero
        (0.0, (0.89, 0.11, 0.0, 0.0), False),
    ],
)
def test_a_category_is_sure_by_the_limits_of_the_review_advice(agatston, chances, is_sure):
    sure = certainty_of(scored(agatston, 0.0, 60.0, chances))
    assert sure is not None
    assert sure.is_sure is is_sure
    assert ("uncertain" in sure.reading) is not is_sure


def test_an_interval_over_an_edge_of_the_guideline_is_said_though_the_category_is_sure():
    sure = certainty_of(scored(290.0, 220.0, 360.0, (0.0, 0.0, 1.0, 0.0)))
    assert sure is not None
    assert sure.is_sure
    assert sure.bands == ("100-299", "300-999")
    assert "from 100-299 to 300-999 of the bands of ACC/AHA 2026" in sure.reading


def test_of_a_scan_without_gating_nothing_is_said_of_bands_of_gated_scores():
    score = scored(290.0, 220.0, 360.0, (0.0, 0.0, 1.0, 0.0))
    sure = certainty_of(score, is_gated=False)
    assert sure.reading == "The category 101-400 has a probability of 100 %."


def test_an_interval_within_a_band_says_nothing_of_bands():
    sure = certainty_of(scored(150.0, 110.0, 190.0, (0.0, 0.0, 1.0, 0.0)))
    assert sure is not None
    assert sure.reading == "The category 101-400 has a probability of 100 %."


def test_a_score_that_a_person_marked_has_no_certainty():
    assert certainty_of(make_result().score) is None


@pytest.mark.parametrize(
    ("patient", "facts"),
    [
        (Patient(sex="M", age_years=54.0), {"sex": Sex.MALE, "age_years": 54.0}),
        (Patient(sex="F"), {"sex": Sex.FEMALE}),
        (Patient(sex="O", age_years=54.0), {"age_years": 54.0}),
        (Patient(), {}),
    ],
)
def test_what_the_headers_say_of_a_person_is_known(patient, facts):
    base = make_result()
    assert known_facts(replace(base, scan=replace(base.scan, patient=patient))) == facts


@pytest.mark.parametrize("age", [0.0, 12.0, 999.0])
def test_an_age_that_no_adult_has_is_not_used_and_said(age):
    base = make_result()
    strange = replace(base, scan=replace(base.scan, patient=Patient(sex="M", age_years=age)))
    assert known_facts(strange) == {"sex": Sex.MALE}
    texts = [each.text for each in interpret_result(strange).limits]
    assert any(
        f"an age of {age:g} years, which is outside 18 to 110 years" in text for text in texts
    )
    known = interpret_result(strange, Person(age_years=60, sex=Sex.MALE))
    assert not any("The headers have an age" in each.text for each in known.limits)


@pytest.mark.parametrize(
    ("kind", "verdict", "start"),
    [
        (SeriesKind.GATED_CALCIUM, Verdict.UNFIT, "The scan was not fit for a calcium score: "),
        (SeriesKind.CONTRAST_CT, Verdict.FIT, "The scan was not fit for a calcium score: it is a"),
        (SeriesKind.PHANTOM, Verdict.CAUTION, "The scan was not fit for a calcium score: it is a"),
        (SeriesKind.GATED_CALCIUM, Verdict.CAUTION, "Read with care: it is an ECG-gated calcium"),
    ],
)
def test_what_was_found_against_a_scan_is_the_first_limit(kind, verdict, start):
    base = make_result()
    judged = replace(base.suitability, kind=kind, verdict=verdict)
    meaning = interpret_result(replace(base, suitability=judged))
    assert meaning.limits[0].about == "suitability"
    assert meaning.limits[0].text.startswith(start)
    text = interpretation_text(meaning)
    assert "Caution: " + start[:20] in text


def test_of_a_fit_scan_no_limit_speaks_of_the_scan():
    base = make_result()
    judged = replace(base.suitability, kind=SeriesKind.GATED_CALCIUM, verdict=Verdict.FIT)
    abouts = {each.about for each in interpret_result(replace(base, suitability=judged)).limits}
    assert "suitability" not in abouts


def test_gating_that_is_not_known_is_said_and_not_taken_for_gating():
    base = make_result()
    unknown = replace(
        base,
        scan=replace(base.scan, is_gated=None),
        suitability=replace(base.suitability, kind=SeriesKind.UNKNOWN),
    )
    meaning = interpret_result(unknown, Person(age_years=60, sex=Sex.MALE))
    assert meaning.is_gated is None
    assert any("not known whether the scan was made with ECG" in one.text for one in meaning.limits)
    ids = [each.id for each in meaning.guidance]
    assert "general.gating-not-known" in ids
    assert not [name for name in ids if name.startswith("accaha2026.4.2.7-6")]  # without gating
    assert meaning.categories["cac_drs"].code.startswith("A")
    assert "ECG gating that may be missing" in meaning.categories["plain"].reading


def test_what_was_told_the_last_time_is_still_known():
    base = make_result()
    person = Person(age_years=58, sex=Sex.MALE, smokes=False)
    explained = with_interpretation(base, interpret_result(base, person))
    assert known_facts(explained) == {"age_years": 58, "sex": Sex.MALE, "smokes": False}
    assert explained.schema_version == SCHEMA_VERSION


def test_metal_as_a_site_of_its_own_is_told():
    base = make_result()
    piece = replace(base.score.vessels["LM"], **NOTHING)
    metal = replace(base, score=replace(base.score, other_sites={"device": piece}))
    assert interpret_result(metal).has_device_excluded
    assert not interpret_result(base).has_device_excluded


@pytest.mark.parametrize(("tag", "is_gated"), [(True, True), (False, False), (None, True)])
def test_gating_is_what_the_tags_say_or_what_the_series_is(tag, is_gated):
    base = make_result()  # a series judged to be a gated calcium scan
    tagged = replace(base, scan=replace(base.scan, is_gated=tag))
    assert interpret_result(tagged).is_gated is is_gated


def test_a_sex_of_plain_text_that_contradicts_the_headers_is_said():
    # as a server is told it: the enumeration's value, not its member
    result = make_result()
    patient = Patient(sex="F", age_years=60.0)
    result = replace(result, scan=replace(result.scan, patient=patient))
    person = Person(age_years=60.0, sex="male")
    texts = [one.text for one in interpret_result(result, person).limits]
    assert "The sex typed (male) is not that of the scan's header (female)." in texts


@pytest.mark.parametrize(
    ("header", "said"),
    [(56.01, ["The age typed (61) is not that of the scan's header (56)."]), (60.0, [])],
)
def test_an_age_that_contradicts_the_headers_is_said_in_completed_years(header, said):
    result = make_result()
    patient = Patient(sex="F", age_years=header)
    result = replace(result, scan=replace(result.scan, patient=patient))
    limits = interpret_result(result, Person(age_years=61.0, sex=Sex.FEMALE)).limits
    assert [each.text for each in limits if "header" in each.text] == said
