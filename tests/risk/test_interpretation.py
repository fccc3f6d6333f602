"""One record of all that a score means."""

from dataclasses import fields, replace

import msgspec
import pytest

from corcal.errors import InputError
from corcal.risk.interpretation import Interpretation, RiskNumbers, interpret
from corcal.risk.prevent import PREVENT_OUTCOMES
from corcal.risk.sources import SOURCES
from corcal.risk.types import Person, Race, Region, Sex

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
        ({"is_gated": False}, "score", "without ECG gating"),
        ({"has_device_excluded": True}, "score", "Metal was left out"),
        ({"person": replace(WOMAN, has_diabetes=True)}, "percentile", "diabetes"),
        ({"person": replace(WOMAN, has_diabetes=True)}, "arterial_age", "diabetes"),
        ({"person": replace(WOMAN, has_known_ascvd=True)}, "percentile", "MESA left out"),
        ({"agatston": 0}, "score", "no calcified plaque was seen"),
    ],
)
def test_a_limit_is_told_where_it_applies_and_only_there(change, about, words):
    plain = {"agatston": 120, "person": WOMAN}
    assert any(words in text for text in texts(interpret(**plain | change), about))
    assert not any(words in text for text in texts(interpret(**plain), about))


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
    years = [SOURCES[key].year for key in cited]
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
