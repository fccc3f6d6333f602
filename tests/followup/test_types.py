"""An exam's numbers are checked where they come in."""

import pytest

from corcal.errors import InputError
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


@pytest.mark.parametrize("bmi", [9.9, 80.1, float("nan")])
def test_a_body_mass_index_is_one_of_a_person(bmi):
    with pytest.raises(InputError, match="10 to 80"):
        exam(1.0, bmi=bmi)


@pytest.mark.parametrize("bmi", [10.0, 80.0])
def test_the_ends_of_the_range_are_inside(bmi):
    assert exam(1.0, bmi=bmi).bmi == bmi


def test_identifiers_are_not_shown():
    assert "SIM-1" not in repr(exam(1.0, birth_date="1950-01-01"))
    assert "1950" not in repr(exam(1.0, birth_date="1950-01-01"))
