"""What a condition sees of a person."""

import pytest

from corcal.risk.guidance.facts import FACTS, QUANTITIES, facts_of
from corcal.risk.types import Person, Race, Sex
from guidance_maker import estimate


def facts(*, estimates=(), device=False, **person):
    return facts_of(
        Person(**({"age_years": 55.0, "sex": Sex.MALE} | person)),
        agatston=10.0,
        percentile=None,
        estimates=tuple(estimates),
        is_gated=True,
        has_device_excluded=device,
    )


def test_every_name_is_there_known_or_not():
    seen = facts()
    assert set(seen.known) == set(FACTS)
    assert set(seen.quantities) == set(QUANTITIES)


@pytest.mark.parametrize(
    ("person", "answer"),
    [
        ({}, None),
        ({"has_familial_hypercholesterolaemia": True}, True),
        ({"ldl_mg_dl": 190.0}, True),
        ({"ldl_mg_dl": 190.0, "has_familial_hypercholesterolaemia": False}, True),
        ({"ldl_mg_dl": 189.0, "takes_statin": False}, False),
        ({"ldl_mg_dl": 100.0, "takes_statin": True}, None),  # lowered by the drug
        ({"ldl_mg_dl": 100.0}, None),  # perhaps lowered by a drug
        ({"has_familial_hypercholesterolaemia": False}, False),
    ],
)
def test_severe_cholesterol_is_known_from_a_diagnosis_or_from_untreated_ldl(person, answer):
    assert facts(**person).known["severe_cholesterol"] is answer


@pytest.mark.parametrize(
    ("person", "answer"),
    [
        ({}, None),
        ({"family_history": False}, False),  # nobody at any age is nobody early
        ({"family_history": True}, None),
        ({"premature_family_history": True, "family_history": True}, True),
        ({"premature_family_history": False, "family_history": True}, False),
    ],
)
def test_premature_disease_in_the_family(person, answer):
    assert facts(**person).known["premature_family"] is answer


@pytest.mark.parametrize(
    ("person", "answer"),
    [
        ({}, False),  # a man
        ({"sex": Sex.FEMALE, "age_years": 54.9}, None),
        ({"sex": Sex.FEMALE, "age_years": 55.0}, False),
        ({"sex": Sex.FEMALE, "age_years": 30.0, "is_pregnant": True}, True),
        ({"sex": Sex.FEMALE, "age_years": 30.0, "is_pregnant": False}, False),
    ],
)
def test_pregnancy_is_a_question_only_where_it_can_be(person, answer):
    assert facts(**person).known["pregnant"] is answer


@pytest.mark.parametrize(
    ("stated", "device", "answer"),
    [
        (None, False, None),
        (None, True, True),  # it may be a stent
        (False, True, False),
        (True, True, True),
        (True, False, True),
    ],
)
def test_a_device_is_taken_for_a_stent_unless_disease_is_denied(stated, device, answer):
    assert facts(has_known_ascvd=stated, device=device).known["known_ascvd"] is answer


@pytest.mark.parametrize(("egfr", "answer"), [(None, None), (59.9, True), (60.0, False)])
def test_kidney_disease_is_an_egfr_below_60(egfr, answer):
    assert facts(egfr=egfr).known["kidney_disease"] is answer


@pytest.mark.parametrize(
    ("race", "answer"), [(None, None), (Race.BLACK, True), (Race.CHINESE, False)]
)
def test_groups_of_the_study_of_young_adults(race, answer):
    assert facts(race=race).known["white_or_black"] is answer


def test_each_risk_comes_only_from_its_own_model_outcome_and_term():
    seen = facts(
        estimates=[
            estimate("prevent", "ascvd", 0.03),
            estimate("prevent", "total_cvd", 0.05),
            estimate("prevent", "ascvd", 0.30, years=30),
            estimate("pce", "ascvd", 0.08),
            estimate("score2_op", "total_cvd", 0.12),
            estimate("mesa_chd_with_cac", "chd", 0.99),
        ]
    ).quantities
    assert (seen["prevent_ascvd"], seen["prevent_cvd"]) == (0.03, 0.05)
    assert (seen["pce"], seen["score2"]) == (0.08, 0.12)


def test_a_model_that_could_not_be_used_gives_no_risk():
    assert facts(estimates=[estimate("pce", "ascvd", None)]).quantities["pce"] is None


def test_of_several_prevent_models_the_one_that_uses_most_is_taken():
    several = [estimate("prevent", "ascvd", 0.03), estimate("prevent_uacr", "ascvd", 0.04)]
    assert facts(estimates=several).quantities["prevent_ascvd"] == 0.04
    assert facts(estimates=several[:1]).quantities["prevent_ascvd"] == 0.03
