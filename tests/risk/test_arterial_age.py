"""Arterial age and its interval."""

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import corcal.risk.arterial_age
from corcal.errors import InputError
from corcal.risk.arterial_age import arterial_age
from corcal.risk.sources import source


@pytest.mark.parametrize(
    ("agatston", "years"),
    [(0, 39.1), (1, 44.1), (10, 56.5), (100, 72.6), (400, 82.6), (1000, 89.2)],
)
def test_arterial_age_is_as_published(agatston, years):
    assert round(arterial_age(agatston).years, 1) == years


def test_the_interval_of_a_zero_is_32_to_46():
    # The calculator of MESA prints 39 (32 to 46). 1.96 * sqrt(13.7) = 7.25.
    age = arterial_age(0)
    assert (round(age.low), round(age.years), round(age.high)) == (32, 39, 46)


def test_the_interval_follows_the_published_variance():
    # ln(100) = 4.60517 for a score of 99: 13.7 - 6.5 * 4.60517 + 0.8 * 21.20760 = 0.73247;
    # 1.96 * sqrt(0.73247) = 1.67745
    age = arterial_age(99)
    assert age.high - age.years == pytest.approx(1.67745, abs=2e-5)
    assert age.years - age.low == pytest.approx(1.67745, abs=2e-5)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_arterial_age_rises_with_the_score_inside_its_interval(first, second):
    low, high = (arterial_age(score) for score in sorted((first, second)))
    assert low.years <= high.years
    assert low.low < low.years < low.high


def test_arterial_age_names_its_source():
    assert "Am J Cardiol 2009" in source(arterial_age(5).source).citation


@pytest.mark.parametrize("agatston", [-1, math.nan, math.inf])
def test_what_is_no_score_is_refused(agatston):
    with pytest.raises(InputError, match="finite number from 0 up"):
        arterial_age(agatston)


def test_the_examples_of_the_docstrings_run():
    assert doctest.testmod(corcal.risk.arterial_age).failed == 0
