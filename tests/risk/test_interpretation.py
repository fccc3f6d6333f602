"""One record of all that a score means."""

from dataclasses import fields, replace

import msgspec
import numpy as np
import pytest

from corcal.errors import InputError
from corcal.risk.guidance import guidance
from corcal.risk.interpretation import Interpretation, RiskNumbers, interpret
from corcal.risk.mesa_chd import mesa_chd
from corcal.risk.prevent import PREVENT_OUTCOMES
from corcal.risk.risk_class import risk_class
from corcal.risk.sources import sources
from corcal.risk.types import Person, Race, Region, Sex
from risk.people import khan_example, known_man

WOMAN = Person(
    age_years=55,
    sex=Sex.FEMALE,
    race=Race.WHITE,
    systolic_mmhg=140,
    total_cholesterol_mg_dl=220,
    hdl_mg_dl=50,
    egfr=90,
    bmi=27,
    has_diabetes=False,
    smokes=False,
    takes_bp_medication=False,
    takes_statin=False,
    family_history=False,
    region=Region.LOW,
)


def texts(meaning, about):
    return [each.text for each in meaning.limits if each.about == about]


def test_a_person_of_whom_all_is_known_gets_a_number_from_each_model():
    risk = interpret(120, WOMAN).risk
    for each in (risk.mesa_chd, risk.mesa_chd_with_cac, risk.pce, risk.score2):
        assert each is not None
        assert 0 < each < 1
    assert len(risk.prevent) == 10
    assert all(value is not None and 0 < value < 1 for value in risk.prevent.values())
    assert risk.prevent_model == "prevent"


def test_the_difference_is_between_the_two_models_of_mesa():
    meaning = interpret(120, WOMAN)
    assert meaning.difference is not None
    assert meaning.difference.without_cac.fraction == meaning.risk.mesa_chd
    assert meaning.difference.with_cac.fraction == meaning.risk.mesa_chd_with_cac
    assert meaning.risk.mesa_chd_with_cac > meaning.risk.mesa_chd


@pytest.mark.parametrize(
    ("more", "model"),
    [
        ({"hba1c_percent": 5.8}, "prevent_hba1c"),
        ({"uacr_mg_g": 20.0}, "prevent_uacr"),
        ({"hba1c_percent": 5.8, "uacr_mg_g": 20.0}, "prevent_full"),
    ],
)
def test_of_the_prevent_models_the_one_is_taken_that_uses_what_is_known(more, model):
    meaning = interpret(0, replace(WOMAN, **more))
    assert meaning.risk.prevent_model == model
    (wanted,) = (
        each.fraction
        for each in meaning.estimates
        if (each.model, each.outcome, each.years) == (model, "ascvd", 10)
    )
    assert meaning.risk.prevent["ascvd"] == wanted


def test_thirty_years_are_told_up_to_59_years_of_age():
    names = [f"{outcome}_30y" for outcome in PREVENT_OUTCOMES]
    young = interpret(0, replace(WOMAN, age_years=59)).risk.prevent
    old = interpret(0, replace(WOMAN, age_years=60)).risk.prevent
    assert all(young[name] is not None for name in names)
    assert all(old[name] is None for name in names)
    assert old["ascvd"] is not None


def test_of_nobody_the_categories_are_told_and_what_is_missing():
    meaning = interpret(120)
    assert meaning.person is None
    assert meaning.categories["plain"].code == "101-400"
    assert meaning.arterial_age.years == pytest.approx(73.87, abs=0.005)
    assert meaning.guidance == meaning.estimates == meaning.what_if == ()
    assert meaning.difference is None
    assert meaning.risk == RiskNumbers(
        mesa_chd=None,
        mesa_chd_with_cac=None,
        pce=None,
        prevent=meaning.risk.prevent,
        prevent_model=None,
        score2=None,
    )
    assert set(meaning.risk.prevent.values()) == {None}
    (person,) = (each for each in meaning.limits if each.about == "person")
    assert person.missing == ("age_years", "sex")
    assert all(each.not_covered for each in meaning.percentile.values())


def test_what_a_model_needs_is_named_once_however_many_outcomes_it_has():
    meaning = interpret(120, replace(WOMAN, egfr=None, takes_statin=None))
    (limit,) = (each for each in meaning.limits if each.about == "prevent" and each.missing)
    assert set(limit.missing) == {"egfr", "takes_statin"}
    assert limit.text == "PREVENT: needs eGFR, statin or other lipid-lowering drug."


def test_of_a_model_that_does_not_apply_it_is_not_said_what_it_needs():
    meaning = interpret(120, replace(WOMAN, age_years=25, egfr=None))
    assert len(texts(meaning, "prevent")) == 2  # its ages over 10 years, and over 30
    assert all("ages of PREVENT" in text for text in texts(meaning, "prevent"))
    assert not any(each.missing for each in meaning.limits if each.about == "prevent")


def test_what_only_one_outcome_needs_is_said_of_that_outcome():
    meaning = interpret(120, replace(WOMAN, bmi=None))
    assert texts(meaning, "prevent") == ["PREVENT, heart failure: needs body mass index."]
    assert meaning.risk.prevent["heart_failure"] is None
    assert meaning.risk.prevent["ascvd"] is not None


def test_a_race_that_is_not_known_gives_hoff_and_says_why_there_is_no_mesa():
    meaning = interpret(120, replace(WOMAN, race=None))
    assert meaning.percentile["mesa"].value is None
    assert meaning.percentile["hoff"].not_covered is None
    assert any("race" in text for text in texts(meaning, "percentile"))


def test_an_age_that_a_reference_does_not_cover_is_said():
    meaning = interpret(5, replace(WOMAN, age_years=40))
    assert meaning.percentile["javaid"].at_least == 90  # any calcium of a White woman of 30 to 45
    assert "javaid" not in interpret(5, WOMAN).percentile
    assert meaning.percentile["mesa"].value is None
    assert any("45" in text for text in texts(meaning, "percentile"))
    assert meaning.percentile["hoff"].not_covered is None


@pytest.mark.parametrize(
    ("change", "about", "words"),
    [
        ({"is_gated": False}, "scan", "without ECG gating"),
        ({"has_device_excluded": True}, "scan", "Metal was left out"),
        ({"person": replace(WOMAN, has_diabetes=True)}, "percentile", "diabetes"),
        ({"person": replace(WOMAN, has_diabetes=True)}, "arterial_age", "diabetes"),
        ({"person": replace(WOMAN, has_diabetes=True)}, "percentile", "MESA left out"),
        (
            {"person": replace(WOMAN, has_known_ascvd=True)},
            "percentile",
            "No percentile of MESA and Hoff 2001: known cardiovascular disease",
        ),
        ({"has_device_excluded": True}, "person", "taken for a stent"),
        ({"agatston": 0}, "score", "no calcified plaque was seen that counts"),
    ],
)
def test_a_limit_is_told_where_it_applies_and_only_there(change, about, words):
    plain = {"agatston": 120, "person": WOMAN}
    assert any(words in text for text in texts(interpret(**plain | change), about))
    assert not any(words in text for text in texts(interpret(**plain), about))


def test_the_groups_of_mesa_are_told_as_those_of_a_study_elsewhere():
    assert any("United States" in text for text in texts(interpret(120, WOMAN), "percentile"))
    nobody_of_it = interpret(120, replace(WOMAN, race=None))
    assert not any("United States" in text for text in texts(nobody_of_it, "percentile"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"person": replace(WOMAN, age_years=44.9)}, "age is 44.9 years; it was made for 45 to 84"),
        ({"person": replace(WOMAN, age_years=85)}, "age is 85 years"),
        ({"person": replace(WOMAN, has_diabetes=True)}, "diabetes"),
        ({"person": replace(WOMAN, has_known_ascvd=True)}, "known cardiovascular disease"),
        ({"person": replace(WOMAN, has_symptoms=True)}, "symptoms"),
        ({"is_gated": False}, "without ECG gating"),
        ({"has_device_excluded": True}, "metal was left out"),
        ({"person": None, "is_gated": False}, "without ECG gating"),
        ({"agatston": 0, "person": replace(WOMAN, smokes=True)}, "does not reassure"),
    ],
)
def test_an_arterial_age_is_not_given_to_those_whom_it_was_not_made_for(change, why):
    meaning = interpret(**{"agatston": 120, "person": WOMAN} | change)
    age = meaning.arterial_age
    assert (age.years, age.low, age.high) == (None, None, None)
    assert why in (age.not_covered or "")
    assert any(why in text for text in texts(meaning, "arterial_age"))
    assert age.source not in {each.key for each in meaning.sources}


@pytest.mark.parametrize("age", [45, 84.9])
def test_an_arterial_age_is_given_from_45_to_84_completed_years(age):
    assert interpret(120, replace(WOMAN, age_years=age)).arterial_age.not_covered is None
    assert interpret(0, WOMAN).arterial_age.years == pytest.approx(39.1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"person": replace(WOMAN, has_known_ascvd=True)}, "known cardiovascular disease"),
        ({"has_device_excluded": True}, "which may be a stent"),
    ],
)
def test_known_disease_is_not_screened(change, words):
    meaning = interpret(**{"agatston": 300, "person": WOMAN} | change)
    for each in meaning.percentile.values():
        assert (each.value, each.p_nonzero, each.at_least, each.scores) == (None, None, None, {})
        assert words in (each.not_covered or "")
    assert set(meaning.risk.prevent.values()) == {None}
    assert meaning.risk.mesa_chd_with_cac is meaning.risk.pce is meaning.risk.score2 is None
    assert meaning.what_if == ()
    assert words in meaning.categories["plain"].reading
    assert "risk is intermediate" not in meaning.categories["plain"].reading


@pytest.mark.parametrize("person", [WOMAN, None])
def test_a_score_without_gating_has_no_percentile_and_says_why(person):
    meaning = interpret(300, person, is_gated=False)
    for each in meaning.percentile.values():
        assert (each.value, each.at_least, each.at_most, each.p_nonzero) == (None,) * 4
        assert each.scores == {}
        assert each.not_covered == (
            "the scan was made without ECG gating; the reference is of gated scans"
        )
    assert "percentile" not in meaning.categories["plain"].reading
    assert not any(each.key in {"mesa_calculator", "hoff2001"} for each in meaning.sources)


def test_a_score_without_gating_has_the_risk_without_it_alone_and_says_why():
    meaning, gated = interpret(300, WOMAN, is_gated=False), interpret(300, WOMAN)
    assert meaning.risk == replace(gated.risk, mesa_chd_with_cac=None)
    why = "the scan was made without ECG gating; the model with the calcium is of gated scans"
    with_cac = next(each for each in meaning.estimates if each.model == "mesa_chd_with_cac")
    assert (with_cac.fraction, with_cac.not_valid) == (None, why)
    assert meaning.difference.with_cac == with_cac
    assert meaning.difference.text == f"{100 * gated.risk.mesa_chd:.1f} % without the scan"
    assert {each.model for each in meaning.what_if if "mesa" in each.model} == {"mesa_chd"}
    assert f"MESA risk score: {why}." in texts(meaning, "mesa_chd")


def test_a_score_of_which_gating_is_not_known_keeps_percentile_and_risk():
    meaning = interpret(300, WOMAN, is_gated=None)
    assert meaning.percentile == interpret(300, WOMAN).percentile
    assert meaning.risk.mesa_chd_with_cac is not None


def test_what_a_percentile_would_change_is_not_asked_of_a_scan_without_gating():
    asked = {
        words
        for each in interpret(50, replace(WOMAN, race=None), is_gated=False).guidance
        for words in each.would_change
    }
    assert "percentile" not in " ".join(asked)


def test_a_device_of_a_person_who_is_said_to_have_no_disease_is_no_stent():
    person = replace(WOMAN, has_known_ascvd=False)
    meaning = interpret(300, person, has_device_excluded=True)
    assert meaning.percentile["mesa"].value is not None
    assert meaning.risk.pce is not None
    assert "may be a stent" not in meaning.categories["plain"].reading


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"smokes": True}, "current smoking"),
        ({"has_symptoms": True}, "symptoms"),
        ({"has_diabetes": True}, "diabetes"),
        ({"has_familial_hypercholesterolaemia": True}, "familial hypercholesterolaemia"),
        ({"ldl_mg_dl": 190.0}, "LDL cholesterol from 190 mg/dL"),
        ({"premature_family_history": True, "family_history": True}, "in the family"),
    ],
)
def test_a_zero_is_called_a_low_risk_only_of_those_whom_it_reassures(facts, words):
    reading = interpret(0, replace(WOMAN, **facts)).categories["plain"].reading
    assert "low risk of a heart attack" not in reading
    assert words in reading
    assert "low risk of a heart attack" in interpret(0, WOMAN).categories["plain"].reading
    assert "low risk of a heart" not in interpret(0, is_gated=False).categories["plain"].reading


def test_a_score_that_is_high_for_a_young_age_is_not_called_minimal():
    # Hoff 2001, men of 30 to 39 years: 75th percentile 3, 90th 14
    man = Person(age_years=38, sex=Sex.MALE, race=Race.WHITE)
    reading = interpret(12, man).categories["plain"].reading
    assert "percentile 75 up among men of 30 to 39 years" in reading
    assert "minimal" not in reading
    assert "minimal" in interpret(2, man).categories["plain"].reading


def test_the_risk_by_prevent_has_its_class():
    meaning = interpret(120, WOMAN)
    assert meaning.risk.prevent_class == risk_class(meaning.risk.prevent["ascvd"]).name
    assert interpret(120).risk.prevent_class is None


def test_every_source_that_is_named_is_cited_newest_first():
    meaning = interpret(350, WOMAN)
    cited = [each.key for each in meaning.sources]
    named = {each.source for each in meaning.categories.values()}
    named |= {each.source for each in meaning.guidance}
    named |= {each.source for each in meaning.estimates if each.fraction is not None}
    named |= {meaning.arterial_age.source, meaning.difference.with_cac.source}
    named |= {key for each in meaning.what_if for key in each.bound_sources}
    assert {"ettehad2016", "ctt2005"} <= named  # her pressure and cholesterol are above the goals
    assert named <= set(cited)
    assert len(cited) == len(set(cited))
    years = [sources()[key].year for key in cited]
    assert years == sorted(years, reverse=True)


def test_the_vessels_are_counted_for_cac_drs():
    vessels = {"LM": 0.0, "LAD": 100.0, "LCX": 0.0, "RCA": 20.0}
    assert interpret(120, vessels=vessels).categories["cac_drs"].code == "A2/N2"
    assert interpret(120).categories["cac_drs"].code == "A2"


@pytest.mark.parametrize(
    ("vessels", "message"),
    [
        ({"LAD": 117.4}, "add up to 117.4, the total is 120"),
        ({"LAD": 122.6}, "add up to 122.6"),
        ({"RAD": 120.0}, "LM, LAD, LCX, RCA, got 'RAD'"),
        ({"LAD": -1.0, "RCA": 121.0}, "LAD is a finite number from 0 up, got -1"),
        ({"LAD": float("nan")}, "got nan"),
    ],
)
def test_arteries_that_cannot_be_are_refused(vessels, message):
    with pytest.raises(InputError, match=message):
        interpret(120, vessels=vessels)


def test_arteries_may_miss_the_total_by_their_rounding():
    for score in (117.5, 122.5):  # four arteries and a total, each rounded by up to 0.5
        assert interpret(120, vessels={"LAD": score}).vessels == {"LAD": score}


@pytest.mark.parametrize("score", [-1, float("nan"), float("inf")])
@pytest.mark.parametrize("person", [WOMAN, None])
def test_a_score_that_is_none_is_refused(score, person):
    with pytest.raises(InputError, match="from 0 up"):
        interpret(score, person)


def test_a_fact_outside_its_range_is_refused_before_anything_is_computed():
    with pytest.raises(InputError, match="60 to 260 mmHg"):
        interpret(120, replace(WOMAN, systolic_mmhg=1200))


def test_the_record_survives_the_way_to_json_and_back():
    meaning = interpret(120, WOMAN)
    assert msgspec.json.decode(msgspec.json.encode(meaning), type=Interpretation) == meaning


def test_who_it_is_about_is_not_shown_by_repr():
    assert {each.name for each in fields(Interpretation) if not each.repr} == {"person"}


@pytest.mark.parametrize("score", ["12", True, float("nan"), -1.0])
def test_what_is_no_score_is_refused_wherever_it_is_given(score):
    person = known_man()
    for ask in (
        lambda: mesa_chd(person, agatston=score),
        lambda: guidance(person, agatston=score, percentile=None, estimates=()),
        lambda: interpret(score),
        lambda: interpret(12.0, vessels={"LAD": score}),
    ):
        with pytest.raises(InputError, match="is a finite number from 0 up, got"):
            ask()


def test_an_unknown_guideline_is_refused_without_a_person_too():
    with pytest.raises(InputError, match="no guideline has the key 'acc1900'"):
        interpret(12.0, guidelines=("acc1900",))


def test_a_score_of_numpy_becomes_plain_and_can_be_written():
    made = interpret(np.float32(12.0), vessels={"LAD": np.float64(12.0)})
    assert msgspec.json.encode(made) == msgspec.json.encode(interpret(12.0, vessels={"LAD": 12.0}))


def test_in_pregnancy_nothing_is_said_of_other_pressure_or_cholesterol():
    person = khan_example(age_years=45, total_cholesterol_mg_dl=260)
    assert interpret(120.0, person).what_if
    pregnant = interpret(120.0, replace(person, is_pregnant=True))
    assert pregnant.what_if == ()
    assert any("No what if in pregnancy" in each.text for each in pregnant.limits)
