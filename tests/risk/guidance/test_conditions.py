"""Yes, no and not known."""

import pytest

from corcal.risk.guidance.conditions import (
    AllOf,
    AnyOf,
    Is,
    Range,
    changes,
    describe,
    holds,
    leaves,
    reasons,
    unknowns,
)
from corcal.risk.guidance.facts import FACTS, QUANTITIES, Facts

YES, NO, UNKNOWN = Is("diabetes"), Is("smokes"), Is("bleeding")


def facts(**quantities):
    known = dict.fromkeys(FACTS) | {"diabetes": True, "smokes": False}
    return Facts(quantities=dict.fromkeys(QUANTITIES) | quantities, known=known, words={})


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (AllOf(), True),
        (AllOf((YES, YES)), True),
        (AllOf((YES, UNKNOWN)), None),
        (AllOf((NO, UNKNOWN)), False),  # whatever the other is
        (AnyOf((NO, NO)), False),
        (AnyOf((NO, UNKNOWN)), None),
        (AnyOf((YES, UNKNOWN)), True),
        (Is("smokes", expected=False), True),
        (Is("diabetes", expected=False), False),
        (Is("bleeding", expected=False), None),  # not known is not the same as no
        (AnyOf((AllOf((YES, UNKNOWN)), NO)), None),
    ],
)
def test_what_is_not_known_is_neither_yes_nor_no(condition, answer):
    assert holds(condition, facts()) is answer


@pytest.mark.parametrize(
    ("condition", "inside", "outside"),
    [
        (Range("agatston", at_least=300, below=1000), (300, 999.9), (299.9, 1000)),
        (Range("agatston", above=0, at_most=100), (0.1, 100), (0, 100.1)),
        (Range("agatston", at_least=0, at_most=0), (0,), (0.1,)),
    ],
)
def test_each_edge_is_in_or_out_as_it_says(condition, inside, outside):
    assert [holds(condition, facts(agatston=value)) for value in inside] == [True] * len(inside)
    assert [holds(condition, facts(agatston=value)) for value in outside] == [False] * len(outside)


def test_a_number_that_is_not_known_is_not_known():
    assert holds(Range("percentile", at_least=75), facts()) is None


def test_reasons_have_their_numbers_and_come_only_from_what_holds():
    condition = AnyOf(
        (
            AllOf((NO, Range("age", at_least=40))),  # does not hold: its age is no reason
            AllOf((YES, Range("agatston", at_least=300, below=1000))),
        )
    )
    assert reasons(condition, facts(age=50.0, agatston=350.0)) == (
        "diabetes",
        "Agatston score 350 (at least 300, below 1000)",
    )


def test_a_number_with_several_edges_is_named_once_with_all_of_them():
    condition = AllOf(
        (
            Range("agatston", below=300),
            AnyOf((Range("agatston", at_least=100), Range("percentile", at_least=75))),
        )
    )
    assert reasons(condition, facts(agatston=150.0, percentile=80)) == (
        "Agatston score 150 (below 300, at least 100)",
        "MESA percentile 80 (at least 75)",
    )


def test_a_risk_is_shown_in_percent_with_the_digits_that_tell_it_from_the_edge():
    condition = Range("prevent_ascvd", at_least=0.05, below=0.10)
    assert reasons(condition, facts(prevent_ascvd=0.0996)) == (
        "10-year ASCVD risk by PREVENT 9.96 % (at least 5 %, below 10 %)",
    )


def test_what_would_change_it_is_the_other_side_of_each_edge():
    condition = AllOf((YES, Range("agatston", at_least=300, below=1000)))
    assert changes(condition, facts(agatston=350.0)) == (
        "no diabetes",
        "Agatston score below 300 or at least 1000",
    )


def test_no_score_is_said_to_be_below_zero():
    low = Range("agatston", above=0, below=100)
    assert changes(low, facts(agatston=5.0)) == ("Agatston score 0 or Agatston score at least 100",)
    zero = Range("agatston", at_least=0, at_most=0)
    assert changes(zero, facts(agatston=0.0)) == ("Agatston score above 0",)


def test_where_one_of_two_is_enough_both_must_change():
    condition = AnyOf((YES, Range("pce", at_least=0.2), NO))
    assert changes(condition, facts(pce=0.25)) == (
        "no diabetes and 10-year ASCVD risk by the Pooled Cohort Equations below 20 %",
    )


def test_what_is_not_known_is_named():
    condition = AnyOf((NO, UNKNOWN, Range("percentile", at_least=75), UNKNOWN))
    assert unknowns(condition, facts()) == ("high risk of bleeding", "MESA percentile at least 75")


def test_a_condition_can_be_read():
    condition = AllOf((AnyOf((YES, NO)), Range("age", at_least=40, below=76)))
    assert describe(condition) == (
        "(diabetes or current smoking) and age at least 40 years, below 76 years"
    )
    assert describe(AllOf()) == "always"
    assert describe(Is("diabetes", expected=False)) == "no diabetes"


def test_leaves_come_from_left_to_right():
    assert list(leaves(AllOf((YES, AnyOf((NO, UNKNOWN)))))) == [YES, NO, UNKNOWN]
