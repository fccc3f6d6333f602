"""Numbers for people: rounded, and never rounded to a false zero."""

import pytest

from corcal.report.amounts import shown, shown_change, shown_position, shown_site


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-9, "<0.1"),
        (0.0499, "<0.1"),
        (0.0501, "0.1"),
        (0.8, "0.8"),
        (4321.7, "4321.7"),
        (366.4918, "366.5"),
        (None, "\N{EN DASH}"),
    ],
)
def test_only_zero_is_shown_as_zero(value: float | None, text: str) -> None:
    assert shown(value) == text


def test_without_decimals_a_part_of_one_is_less_than_one() -> None:
    assert shown(0.4, 0) == "<1"
    assert shown(934.2, 0) == "934"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (100.0, 112.34, "+12.3"),
        (3.0, 1.0, "\N{MINUS SIGN}2.0"),
        (3.0, 3.0, "0"),
        (0.1 + 0.2, 0.3, "0"),  # they differ by 5.6e-17: a remainder of the sum, no change
        (3.0, 3.01, "+<0.1"),
    ],
)
def test_a_change_has_a_sign(before: float, after: float, text: str) -> None:
    assert shown_change(before, after) == text


def test_a_position_may_be_negative() -> None:
    assert shown_position(-127.84) == "\N{MINUS SIGN}127.8"


def test_a_site_is_written_in_words() -> None:
    assert shown_site("aortic_valve") == "aortic valve"
