"""The models' comparison with a person who lacks a risk factor, and its bounds."""

import pytest

from corcal.errors import InputError
from corcal.risk.mesa_chd import mesa_chd
from corcal.risk.pooled_cohort import pooled_cohort
from corcal.risk.prevent import prevent
from corcal.risk.sources import source
from corcal.risk.types import Region, Sex
from corcal.risk.what_if import CAUTION, Goals, goals_for, what_if
from risk.people import fractions, khan_example, known_man


def pick(found, change, model, outcome, years=10):
    (one,) = [
        each
        for each in found
        if (each.change, each.model, each.outcome, each.years) == (change, model, outcome, years)
    ]
    return one


def test_each_change_is_the_model_of_the_changed_person():
    person, found = known_man(), what_if(known_man(), agatston=50)
    changed = {
        "smoking_stopped": known_man(smokes=False),
        "systolic_at_goal": known_man(systolic_mmhg=130),
        "lipids_at_goal": known_man(total_cholesterol_mg_dl=45 + 130),
        "together": known_man(smokes=False, systolic_mmhg=130, total_cholesterol_mg_dl=175),
    }
    for change, other in changed.items():
        pce = pick(found, change, "pce", "ascvd")
        assert pce.before == pooled_cohort(person).fraction
        assert pce.after == pooled_cohort(other).fraction
        mesa = pick(found, change, "mesa_chd_with_cac", "chd")
        assert mesa.after == mesa_chd(other, agatston=50).fraction
        thirty = pick(found, change, "prevent", "ascvd", 30)
        assert thirty.after == fractions(prevent(other), 30)["ascvd"]


def test_changes_come_one_at_a_time_and_then_together():
    changes = dict.fromkeys(each.change for each in what_if(known_man()))
    assert list(changes) == ["smoking_stopped", "systolic_at_goal", "lipids_at_goal", "together"]


def test_what_is_changed_is_said():
    one = pick(what_if(known_man()), "together", "pce", "ascvd")
    assert one.changed == (
        "smoking now: stopped",
        "systolic blood pressure of 150 to 130 mmHg",
        "total cholesterol of 240 to 175 mg/dL",
    )


# At the goal nothing is to be changed, one above it is; what is not known is not changed.
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"smokes": False, "systolic_mmhg": 130, "total_cholesterol_mg_dl": 175}, set()),
        (
            {"smokes": False, "systolic_mmhg": 131, "total_cholesterol_mg_dl": 175},
            {"systolic_at_goal"},
        ),
        (
            {"smokes": False, "systolic_mmhg": 130, "total_cholesterol_mg_dl": 176},
            {"lipids_at_goal"},
        ),
        (
            {"smokes": True, "systolic_mmhg": 130, "total_cholesterol_mg_dl": 175},
            {"smoking_stopped"},
        ),
        ({"smokes": None, "systolic_mmhg": None, "total_cholesterol_mg_dl": None}, set()),
    ],
)
def test_only_what_is_above_its_goal_is_changed(facts, expected):
    assert {each.change for each in what_if(known_man(**facts))} == expected


@pytest.mark.parametrize(
    ("agatston", "non_hdl"),
    [(None, 130), (0, 130), (99.9, 130), (100, 100), (999.9, 100), (1000, 85)],
)
def test_the_goal_of_lipids_follows_the_score(agatston, non_hdl):
    assert goals_for(agatston) == Goals(systolic_mmhg=130, non_hdl_mg_dl=non_hdl)


def test_other_goals_can_be_given():
    found = what_if(known_man(), goals=Goals(systolic_mmhg=120, non_hdl_mg_dl=110))
    one = pick(found, "systolic_at_goal", "pce", "ascvd")
    assert one.after == pooled_cohort(known_man(systolic_mmhg=120)).fraction


def test_bounds_of_pressure_hold_the_model_and_the_trials():
    # 150 to 130 are two steps of 10 mmHg. Trials: 0.77 to 0.83 for major events, so that the risk
    # before is multiplied by 0.5929 to 0.6889; PCE says 0.793 of it, which is the upper bound.
    one = pick(what_if(known_man()), "systolic_at_goal", "pce", "ascvd")
    assert one.low == pytest.approx(one.before * 0.5929, abs=1e-12)
    assert one.high == one.after
    assert one.bound_sources == ("ettehad2016",)


def test_bounds_of_lipids_hold_the_model_and_the_trials():
    # 240 to 175 mg/dL are 65 x 0.02586 = 1.6809 mmol/L; coronary events 0.74 to 0.80 for each, so
    # 0.603 to 0.687 of the risk; MESA says about exp(-65 x 0.0053) = 0.709 of it.
    one = pick(what_if(known_man()), "lipids_at_goal", "mesa_chd", "chd")
    assert one.low == pytest.approx(one.before * 0.74**1.6809, abs=1e-12)
    assert one.high == one.after
    assert one.bound_sources == ("ctt2005",)


def test_bounds_together_start_where_smoking_has_stopped():
    found = what_if(known_man())
    one = pick(found, "together", "pce", "ascvd")
    stopped = pick(found, "smoking_stopped", "pce", "ascvd").after
    assert one.low == pytest.approx(stopped * 0.77**2 * 0.76**1.6809, abs=1e-12)
    assert one.high == one.after
    assert one.bound_sources == ("ettehad2016", "ctt2010")


def test_bounds_hold_the_number_and_name_sources_that_exist():
    for each in what_if(known_man(hba1c_percent=6.1), agatston=700):
        if each.low is None:
            assert each.high is None
            assert each.bounds.startswith("none: ")
            assert each.bound_sources == ()
        else:
            assert each.low <= each.after <= each.high <= each.before
            assert {source(key).year for key in each.bound_sources} <= {2005, 2010, 2016}


@pytest.mark.parametrize(
    ("change", "model", "outcome", "years", "words"),
    [
        ("smoking_stopped", "pce", "ascvd", 10, "a non-smoker to the model from the first day"),
        ("systolic_at_goal", "prevent", "ascvd", 30, "no trial says anything of so many years"),
        ("lipids_at_goal", "prevent", "total_cvd", 10, "did not count heart failure"),
    ],
)
def test_where_there_are_no_bounds_it_is_said_why(change, model, outcome, years, words):
    one = pick(what_if(known_man()), change, model, outcome, years)
    assert one.after is not None
    assert (one.low, one.high) == (None, None)
    assert words in one.bounds


# Ages at which the interaction of age with a factor is larger than the factor itself.
@pytest.mark.parametrize(
    ("person", "change", "model", "outcome", "rises"),
    [
        # Pooled Cohort Equations, white man: 7.837 - 1.795 ln(age) is 0 at 78.7 years
        (known_man(age_years=79), "smoking_stopped", "pce", "ascvd", True),
        (known_man(age_years=78), "smoking_stopped", "pce", "ascvd", False),
    ],
)
def test_a_model_that_finds_smoking_healthy_gives_no_number(person, change, model, outcome, rises):
    found = what_if(person)
    for name in (change, "together"):
        one = pick(found, name, model, outcome)
        assert (one.after is None) is rises
        assert rises is (one.not_valid is not None and "artefact" in one.not_valid)
        if rises:
            assert (one.low, one.high, one.bound_sources) == (None, None, ())
    assert pick(found, "systolic_at_goal", model, outcome).after is not None


def test_no_change_for_the_better_is_shown_as_a_higher_risk():
    for age in (40, 60, 79, 89):
        for sex in Sex:
            person = known_man(age_years=age, sex=sex, region=Region.HIGH)
            found = what_if(person, agatston=50)
            assert found
            assert all(each.after is None or each.after < each.before for each in found)


def test_medication_stays_as_it_is():
    # A treated person of 130 mmHg is compared with a treated one of 150, an untreated one with an
    # untreated one.
    for treated in (True, False):
        one = pick(
            what_if(known_man(takes_bp_medication=treated)), "systolic_at_goal", "pce", "ascvd"
        )
        other = known_man(systolic_mmhg=130, takes_bp_medication=treated)
        assert one.after == pooled_cohort(other).fraction


def test_heart_failure_without_a_term_for_lipids_is_left_out():
    outcomes = {each.outcome for each in what_if(known_man()) if each.change == "lipids_at_goal"}
    assert "heart_failure" not in outcomes


def test_of_the_models_of_prevent_the_one_that_knows_most_is_shown():
    models = {each.model for each in what_if(khan_example(hba1c_percent=8, uacr_mg_g=40))}
    assert models == {"prevent_full"}


def test_a_changed_person_outside_the_range_has_no_number_and_the_reason():
    # HDL 40 + 85 = 125 mg/dL, below the 130 of the Pooled Cohort Equations; MESA has no such limit
    found = what_if(known_man(hdl_mg_dl=40), agatston=1000)
    one = pick(found, "lipids_at_goal", "pce", "ascvd")
    assert (one.after, one.low, one.high) == (None, None, None)
    assert "total cholesterol of 125 mg/dL is outside 130 to 320" in one.not_valid
    assert pick(found, "lipids_at_goal", "mesa_chd_with_cac", "chd").after is not None


def test_an_ldl_above_the_new_total_does_not_stand_in_the_way():
    found = what_if(known_man(ldl_mg_dl=180), agatston=1000)
    assert pick(found, "lipids_at_goal", "pce", "ascvd").after is not None


def test_nobody_known_has_nothing_to_change():
    assert what_if(khan_example(Sex.MALE, systolic_mmhg=None, smokes=None)) == ()


def test_the_caution_says_that_it_is_no_effect_of_treatment():
    assert "not a proven effect of treatment" in CAUTION


def test_a_score_that_is_none_is_refused():
    with pytest.raises(InputError, match="a finite number from 0 up"):
        what_if(known_man(), agatston=-1)
