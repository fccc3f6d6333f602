"""All models at once."""

import dataclasses

import pytest

from corcal.errors import InputError
from corcal.risk.estimates import estimates
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.sources import source
from corcal.risk.types import Person, Race, Region, Sex
from risk.people import known_man


def test_every_model_has_a_number_for_a_man_of_whom_all_is_known():
    found = estimates(known_man(), agatston=100)
    assert [each.model for each in found] == [
        "mesa_chd",
        "mesa_chd_with_cac",
        "pce",
        *["prevent"] * 10,
        "score2",
    ]
    assert all(0 < each.fraction < 1 for each in found)


def test_without_a_score_there_is_no_model_with_calcium():
    assert "mesa_chd_with_cac" not in {each.model for each in estimates(known_man())}


def test_of_somebody_unknown_every_model_names_what_it_lacks():
    for each in estimates(Person(age_years=50, sex=Sex.FEMALE), agatston=0):
        assert each.fraction is None
        assert each.not_valid is None
        assert each.missing
        assert set(each.missing) <= PERSON_FIELDS.keys()


def test_there_is_a_number_exactly_if_nothing_is_missing_or_outside():
    ages = (18, 39, 45, 59, 60, 70, 79, 80, 85, 95, 110)
    for race in (None, *Race):
        for age in ages:
            for each in estimates(known_man(age_years=age, race=race, egfr=None), agatston=5):
                is_usable = not each.missing and each.not_valid is None
                assert (each.fraction is not None) == is_usable


def test_every_estimate_names_a_source_that_exists():
    found = [
        *estimates(known_man(hba1c_percent=6, region=Region.HIGH), agatston=1),
        *estimates(known_man(age_years=75)),
    ]
    assert {source(each.source).doi for each in found} == {
        "10.1016/j.jacc.2015.08.035",
        "10.1161/01.cir.0000437741.48606.98",
        "10.1161/CIRCULATIONAHA.123.067626",
        "10.1093/eurheartj/ehab309",
        "10.1093/eurheartj/ehab312",
    }


def test_people_and_estimates_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign"):
        estimates(known_man())[0].fraction = 0.0


def test_a_person_who_cannot_be_is_refused_by_all():
    with pytest.raises(InputError, match=r"age of 12 years is outside 18 to 110"):
        estimates(known_man(age_years=12))
