"""Every score has one category, and the edges are where the names put them."""

import math

import pytest

from corcal.errors import InputError
from corcal.scoring.categories import category_of


@pytest.mark.parametrize(
    ("agatston", "category"),
    [
        (0, "0"),
        (math.nextafter(0, 1), "1-100"),
        (0.3, "1-100"),
        (100, "1-100"),
        (math.nextafter(100, 101), "101-400"),
        (100.4, "101-400"),
        (400, "101-400"),
        (math.nextafter(400, 401), ">400"),
        (1e6, ">400"),
    ],
)
def test_an_edge_belongs_to_the_category_below_it(agatston, category):
    assert category_of(agatston) == category


@pytest.mark.parametrize("wrong", [-0.1, math.nan, math.inf])
def test_what_is_no_score_has_no_category(wrong):
    with pytest.raises(InputError, match="finite number from 0 up"):
        category_of(wrong)
