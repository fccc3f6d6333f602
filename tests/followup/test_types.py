"""An exam's numbers are checked where they come in."""

from datetime import datetime

import msgspec
import numpy as np
import pytest

from corcal.errors import InputError
from corcal.followup.types import Range
from corcal.risk.person import PERSON_FIELDS
from followup.exam_maker import between, exam


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("field", "said"),
    [("agatston", "the Agatston score"), ("volume_mm3", "volume"), ("mass_mg", "mass")],
)
def test_an_amount_is_zero_or_above(field, value, said):
    numbers = {"agatston": 1.0, field: value}
    with pytest.raises(InputError, match=f"{said}.* must be a number of 0 or above, got"):
        exam(numbers.pop("agatston"), **numbers)


def test_a_vessel_is_checked_too():
    with pytest.raises(InputError, match="score of LAD must be"):
        exam(1.0, vessels={"LAD": -0.1})


@pytest.mark.parametrize(
    ("low", "high", "level"),
    [(11, 20, 0.95), (1, 9, 0.95), (-1, 20, 0.95), (1, float("inf"), 0.95), (1, 20, 1.0)],
)
def test_an_interval_holds_its_score(low, high, level):
    with pytest.raises(InputError, match="interval of the Agatston score must hold it"):
        exam(10.0, interval=between(low, high, level))


def test_an_interval_may_end_at_its_score():
    assert exam(10.0, interval=between(10, 10)).interval == between(10, 10)


def test_an_interval_without_its_score_is_refused():
    with pytest.raises(InputError, match="RCA was given without the score"):
        exam(1.0, vessel_intervals={"RCA": between(0, 1)})


@pytest.mark.parametrize("bmi", [9.9, 100.1, float("nan"), "28"])
def test_a_body_mass_index_is_one_of_a_person(bmi):
    with pytest.raises(InputError, match=r"10 to 100|body mass index must be a number"):
        exam(1.0, bmi=bmi)


@pytest.mark.parametrize("bmi", [10.0, 80.0])
def test_the_ends_of_the_range_are_inside(bmi):
    assert exam(1.0, bmi=bmi).bmi == bmi


def test_identifiers_are_not_shown():
    assert "SIM-1" not in repr(exam(1.0, birth_date="1950-01-01"))
    assert "1950" not in repr(exam(1.0, birth_date="1950-01-01"))


def test_the_range_of_a_body_mass_index_is_the_one_of_a_person():
    allowed = PERSON_FIELDS["bmi"]
    assert exam(1.0, bmi=allowed.low).bmi == allowed.low
    assert exam(1.0, bmi=allowed.high).bmi == allowed.high


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"agatston": "12"}, "the Agatston score must be a number, got '12'"),
        ({"agatston": None}, "the Agatston score must be a number, got None"),
        ({"agatston": True}, "the Agatston score must be a number, got True"),
        ({"volume_mm3": "12"}, "the calcium volume must be a number"),
        ({"vessels": {"LAD": "12"}}, "the score of LAD must be a number"),
        ({"kvp": "120"}, "the tube voltage must be a number"),
        ({"is_gated": 1}, "is_gated must be True, False or None, got 1"),
        ({"is_fit": "yes"}, "is_fit must be True, False or None, got 'yes'"),
        ({"kernel": 36}, "kernel must be a text or None"),
        ({"day": "2020-01-02"}, "the date of an exam must be a date, got '2020-01-02'"),
    ],
)
def test_a_field_of_another_kind_is_refused(facts, said):
    with pytest.raises(InputError, match=said):
        exam(**{"agatston": 1.0} | facts)


def test_what_tells_who_it_is_stays_out_of_a_refusal():
    with pytest.raises(InputError, match="patient_key must be a text or None") as caught:
        exam(1.0, patient_key=4711)
    assert "4711" not in str(caught.value)


def test_scalars_of_numpy_become_plain_and_can_be_written():
    made = exam(
        np.float32(12.0),
        datetime(2020, 1, 2, 10, 0),
        vessels={"LAD": np.float64(12.0)},
        kvp=np.int64(120),
        is_gated=np.bool_(True),
        interval=Range(low=np.float64(8.0), high=np.float64(20.0)),
    )
    plain = exam(12.0, vessels={"LAD": 12.0}, interval=between(8.0, 20.0))
    assert made == plain
    assert msgspec.json.encode(made) == msgspec.json.encode(plain)


def test_an_interval_is_made_of_numbers():
    with pytest.raises(InputError, match="the low of an interval must be a number, got '1'"):
        between("1", 2.0)
