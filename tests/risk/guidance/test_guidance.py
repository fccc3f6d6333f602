"""The exceptions, where software errs; what is not known; and no contradictions."""

from itertools import product

import pytest

from corcal.errors import InputError
from corcal.risk.guidance import GUIDELINES, RULES, Stance
from corcal.risk.guidance.engine import guidance
from corcal.risk.types import Person, Race, Sex
from guidance_maker import HEALTHY, said, statement, statements

BY_ID = {rule.id: rule for rule in RULES}
LDL_GOALS = [rule.id for rule in RULES if rule.ldl_goal_mg_dl is not None]
NOTHING_KNOWN = dict.fromkeys(set(HEALTHY) - {"age_years", "sex"})
EXCEPTIONS = {
    "diabetes": {"has_diabetes": True},
    "current smoking": {"smokes": True},
    "familial hypercholesterolaemia": {"has_familial_hypercholesterolaemia": True},
    "LDL cholesterol from 190": {"ldl_mg_dl": 190.0},
    "premature cardiovascular disease": {"family_history": True, "premature_family_history": True},
}


def of(ids, *stances):
    """The ids whose statements point this way."""
    return [name for name in ids if BY_ID[name].stance in stances]


@pytest.mark.parametrize(("words", "case"), EXCEPTIONS.items(), ids=EXCEPTIONS)
def test_a_score_of_zero_does_not_reassure(words, case):
    found = said(**case)
    assert of(said(), Stance.DEFER)
    assert not of(found, Stance.DEFER)
    assert {"general.zero-exceptions", "accaha2026.zero-exceptions"} <= set(found)
    reasons = " ".join(statement("accaha2026.zero-exceptions", **case).fired_by)
    assert words in reasons


def test_a_score_of_zero_is_never_said_to_be_no_risk():
    assert "general.zero" in said()
    assert "general.zero" in said(guidelines=())


def test_exceptions_that_are_not_known_are_named_in_the_statement_for_waiting():
    shown = statement("accaha2026.4.2.3.6-2", prevent=0.04, has_diabetes=None, smokes=None)
    assert "It does not hold with any of these, not known here: diabetes; current smoking." in (
        shown.text
    )
    assert shown.would_change[:2] == ("diabetes (not known)", "current smoking (not known)")
    assert "not known here" not in statement("accaha2026.4.2.3.6-2", prevent=0.04).text


def test_what_is_known_to_be_absent_is_also_a_thing_that_would_change_it():
    shown = statement("accaha2026.4.2.3.6-2", prevent=0.04)
    assert shown.would_change[0] == "Agatston score above 0"
    assert {"diabetes", "10-year ASCVD risk by PREVENT at least 10 %"} <= set(shown.would_change)


def test_a_percentile_that_is_not_known_is_named():
    shown = statement("accaha2026.4.2.7-4", agatston=50, percentile=None)
    assert "not known here: MESA percentile at least 75;" in shown.text
    assert "MESA percentile at least 75 (not known)" in shown.would_change


def test_a_high_percentile_raises_a_low_score():
    lower = said(agatston=20, percentile=74)
    higher = said(agatston=20, percentile=75)
    assert "accaha2026.4.2.7-4" in lower
    assert "accaha2026.4.2.7-3" not in lower
    assert "accaha2026.4.2.7-3" in higher
    assert "accaha2026.4.2.7-4" not in higher


SCREENING_TOPICS = {"lipids", "aspirin", "repeat_scan", "further_evaluation"}


@pytest.mark.parametrize("agatston", [0, 50, 350, 1500])
@pytest.mark.parametrize(
    "case",
    [{"has_known_ascvd": True}, {"has_known_ascvd": None, "has_device_excluded": True}],
    ids=["stated", "a device that may be a stent"],
)
def test_known_disease_is_no_case_for_screening(case, agatston):
    shown = statements(agatston=agatston, pce=0.3, prevent=0.3, score2=0.3, **case)
    assert not {each.topic for each in shown} & SCREENING_TOPICS
    ids = [each.id for each in shown]
    assert "general.known-disease" in ids
    assert [name for name in ids if BY_ID[name].topic == "testing"] == [
        "nla2020.testing-known-disease"
    ]


def test_symptoms_come_first_and_end_all_waiting():
    found = said(has_symptoms=True)
    assert found[0] == "general.symptoms"
    assert not of(found, Stance.DEFER)
    assert not [name for name in found if BY_ID[name].topic in ("repeat_scan", "testing")]


def test_cautions_come_before_everything_else():
    topics = [each.topic for each in statements(takes_statin=True, smokes=True, is_gated=False)]
    count = topics.count("caution")
    assert count >= 4
    assert topics[:count] == ["caution"] * count


def test_a_device_ends_waiting_even_where_disease_is_denied():
    found = said(has_device_excluded=True)
    assert "general.device" in found
    assert "general.known-disease" not in found
    assert not of(found, Stance.DEFER)
    assert "accaha2026.4.2.7-2" in said(has_device_excluded=True, agatston=350)


@pytest.mark.parametrize("agatston", [0, 50, 100, 350, 1500])
def test_a_scan_without_gating_gets_no_exact_band(agatston):
    found = said(agatston=agatston, percentile=80 if agatston else None, is_gated=False)
    assert "general.not-gated" in found
    bands = {f"accaha2026.4.2.7-{number}" for number in range(1, 6)}
    assert not bands & set(found)
    assert not of(found, Stance.DEFER)
    assert bool([name for name in found if "4.2.7-6" in name]) is (agatston > 0)


def test_in_pregnancy_no_drug_is_spoken_for():
    found = said(sex=Sex.FEMALE, age_years=38.0, is_pregnant=True, agatston=200, pce=0.2)
    assert "general.pregnancy" in found
    assert not of(found, Stance.TREAT, Stance.DISCUSS, Stance.DEFER)
    assert not [name for name in found if BY_ID[name].topic == "blood_pressure"]


def test_a_statin_is_never_stopped_for_a_score_of_zero():
    found = said(takes_statin=True)
    assert "general.statin" in found
    assert not of(found, Stance.DEFER)


def test_one_risk_is_never_judged_by_the_cut_points_of_another():
    def apart(found, *guidelines):
        return [name for name in found if BY_ID[name].guideline not in guidelines]

    plain = said(agatston=50, percentile=50)
    by_pce = said(agatston=50, percentile=50, pce=0.12)
    american = ("nla2020", "accaha2018", "accaha2019", "uspstf2022", "scct2017")
    assert apart(by_pce, *american) == apart(plain, *american)
    by_prevent = said(agatston=50, percentile=50, prevent=0.12, prevent_cvd=0.12)
    newest = ("accaha2026", "ahaacc2025_bp")
    assert apart(by_prevent, *newest) == apart(plain, *newest)
    by_score2 = said(agatston=50, percentile=50, score2=0.12)
    europe = ("escc2025", "esc2021")
    assert apart(by_score2, *europe) == apart(plain, *europe)


def test_bleeding_that_is_not_known_is_named_beside_aspirin():
    shown = statement("accaha2019.aspirin-discuss", agatston=100, has_high_bleeding_risk=None)
    assert "not known here: high risk of bleeding." in shown.text
    found = said(agatston=900, has_high_bleeding_risk=True, pce=0.2)
    assert not of(found, Stance.DISCUSS)


def test_nothing_known_but_age_and_sex_is_said_and_waits_for_nothing_unsaid():
    shown = {each.id: each for each in statements(**NOTHING_KNOWN)}
    assert shown["general.not-known"].fired_by == (
        "not known: known cardiovascular disease, symptoms now",
    )
    for name in of(shown, Stance.DEFER):
        for words in ("diabetes", "current smoking", "premature cardiovascular disease"):
            assert words in shown[name].text
        assert "known cardiovascular disease (not known)" in shown[name].would_change


def test_guidelines_stand_side_by_side_from_the_newest_to_the_oldest():
    order = ["general", *GUIDELINES]
    found = [order.index(each.guideline) for each in statements(agatston=450, percentile=80)]
    assert found == sorted(found)
    assert len(set(found)) >= 8


def test_guidelines_can_be_switched_and_cautions_stay():
    shown = statements(smokes=True, guidelines=("nla2020", "accaha2026"))
    assert {each.guideline for each in shown} == {"general", "accaha2026", "nla2020"}
    assert shown[0].guideline == "general"
    assert "general.zero-exceptions" in said(smokes=True, guidelines=())


def test_reasons_carry_the_numbers():
    shown = statement("accaha2026.4.2.7-2", agatston=350.0)
    assert shown.fired_by == (
        "Agatston score 350 (at least 300, below 1000)",
        "age 55 years (at least 40 years, at least 45 years)",
        "man",
    )
    # a man of 45 or more stays in: what cannot change is not named
    assert shown.would_change == (
        "Agatston score below 300 or at least 1000",
        "age below 40 years",
    )


@pytest.mark.parametrize("case", [{"age_years": 38.0}, {"age_years": 44.0, "sex": Sex.FEMALE}])
@pytest.mark.parametrize("agatston", [12.0, 150.0, 1200.0])
def test_below_its_age_the_guideline_of_2026_says_nothing_of_lipids_by_score(case, agatston):
    found = statements(agatston=agatston, **case)
    of_2026 = [each for each in found if each.guideline == "accaha2026"]
    assert [each.id for each in of_2026 if each.topic == "lipids"] == []
    assert "accaha2026.testing-young" in {each.id for each in of_2026}


def test_a_percentile_that_cannot_exist_is_not_asked_for():
    def open_points(**case):
        return " ".join(statement("accaha2026.4.2.7-4", agatston=50.0, **case).would_change)

    assert "MESA percentile at least 75 (not known)" in open_points(race=None)
    words = "a score that is high for the age (MESA has percentiles from 45 to 84 years)"
    assert words in open_points(age_years=44.9)
    assert words in open_points(age_years=85.0)
    assert "MESA has no percentiles of this group" in open_points(race=Race.OTHER)
    assert "MESA percentile at least 75 (not known)" in open_points(age_years=45.0)
    assert "MESA percentile at least 75 (not known)" in open_points(age_years=84.9)
    assert "MESA percentile at least 75 (not known)" not in open_points(percentile=50)


def test_a_person_with_diabetes_hears_of_it_from_the_newest_guidelines():
    found = statements(age_years=71.0, has_diabetes=True, agatston=820.0, percentile=80)
    ids = {each.id for each in found}
    assert {"accaha2026.diabetes", "accaha2026.4.2.7-2", "escc2025.diabetes"} <= ids
    assert "accaha2018.cac-100" not in ids  # its decision is not open in diabetes


@pytest.mark.parametrize(
    ("prevent", "name"),
    [(0.029, "low"), (0.03, "borderline"), (0.078, "intermediate"), (0.10, "high")],
)
def test_every_risk_by_prevent_has_one_class_and_one_statement(prevent, name):
    shown = [each for each in statements(prevent=prevent) if ".prevent-" in each.id]
    assert [each.id for each in shown] == [f"accaha2026.prevent-{name}"]
    assert f"{name} risk" in shown[0].text


@pytest.mark.parametrize(
    ("scan", "message"),
    [
        ({"agatston": -1.0}, "finite number from 0 up, got -1.0"),
        ({"agatston": float("nan")}, "finite number from 0 up, got nan"),
        ({"percentile": 101}, "a percentile is 0 to 100, got 101"),
        ({"percentile": -1}, "a percentile is 0 to 100, got -1"),
        ({"guidelines": ("aha1999",)}, "no guideline has the key 'aha1999'; known are accaha2026"),
        ({"age_years": 12.0}, "age"),
    ],
)
def test_bad_input_is_refused_with_what_is_allowed(scan, message):
    with pytest.raises(InputError, match=message):
        statements(**scan)


def test_an_empty_set_of_estimates_is_fine():
    person = Person(age_years=60, sex=Sex.FEMALE)
    assert guidance(person, agatston=10.0, percentile=None, estimates=())


AGES = [33.0, 42.0, 55.0, 70.5, 78.0, 85.0]
SCORES = [(0, None), (0.5, 10), (60, 74), (60, 75), (99.9, None), (100, 50), (300, 90), (1000, 99)]
RISKS = [
    {},
    {"pce": 0.03, "prevent": 0.02, "score2": 0.01},
    {"pce": 0.08, "prevent": 0.04, "prevent_cvd": 0.06, "score2": 0.06},
    {"pce": 0.30, "prevent": 0.20, "prevent_cvd": 0.25, "score2": 0.25},
]
STATES = [
    {},
    NOTHING_KNOWN,
    *EXCEPTIONS.values(),
    {"has_symptoms": True},
    {"has_known_ascvd": True},
    {"has_high_bleeding_risk": True},
    {"takes_statin": True, "takes_bp_medication": True, "systolic_mmhg": 150.0},
    {"has_diabetes": True, "systolic_mmhg": 132.0},
    {"takes_bp_medication": None, "egfr": None, "systolic_mmhg": 135.0},
    {"is_gated": False},
    {"has_device_excluded": True},
]
OPPOSITES = [
    (Stance.DEFER, Stance.TREAT),
    (Stance.DEFER, Stance.KEEP),
    (Stance.DISCUSS, Stance.AGAINST),
]


@pytest.mark.parametrize("sex", list(Sex))
@pytest.mark.parametrize("age_years", AGES)
def test_no_guideline_contradicts_itself_for_anybody(sex, age_years):
    for (agatston, percentile), risks, state in product(SCORES, RISKS, STATES):
        case = {"agatston": agatston, "percentile": percentile, **risks, **state}
        found = said(sex=sex, age_years=age_years, **case)
        assert len(found) == len(set(found)), case
        if agatston > 0:
            assert not of(found, Stance.DEFER, Stance.KEEP), case
        for key in GUIDELINES:
            own = [name for name in found if BY_ID[name].guideline == key]
            for one, other in OPPOSITES:
                assert not (of(own, one) and of(own, other)), (key, case)
            goals = {BY_ID[name].ldl_goal_mg_dl for name in own if name in LDL_GOALS}
            assert len(goals) <= 1, (key, case)
        stages = [name for name in found if name.startswith("ahaacc2025_bp.stage-")]
        assert len(stages) <= 1, case
