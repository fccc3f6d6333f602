"""Noise weighs by how many specks a scan has: the training was shown only some of them."""

import numpy as np
import pytest

from corcal.lesions.classifier import SITES
from corcal.lesions.sites import Site
from corcal.lesions.specks import with_specks

LAD, AORTA, NOISE = (SITES.index(site) for site in (Site.LAD, Site.ASCENDING_AORTA, Site.NOISE))


def _scan(specks: int, candidate: dict[int, float], *, agatston: float) -> tuple:
    """Give a candidate in row 0, and specks of 1 Agatston that are noise for certain."""
    rows = np.zeros((1 + specks, len(SITES)))
    rows[1:, NOISE] = 1.0
    for site, value in candidate.items():
        rows[0, site] = value
    return rows, np.concatenate([[agatston], np.ones(specks)])


def test_a_speck_among_a_thousand_needs_more_to_be_calcium_by_how_many_each_one_shown_stood_for():
    rows, agatston = _scan(1030, {LAD: 0.6, AORTA: 0.2, NOISE: 0.2}, agatston=0.5)
    weighed = with_specks(rows, agatston, largest=30, drawn=30)
    # The candidate is the smallest: of 1030.2 specks 1000.2 are not among the 30 largest.
    odds = 0.2 * 1000.2 / 30
    assert weighed[0, [LAD, AORTA, NOISE]] == pytest.approx(
        np.array([0.6, 0.2, odds]) / (0.8 + odds)
    )
    assert weighed[1:] == pytest.approx(rows[1:])


def test_what_is_larger_than_the_specks_that_were_all_shown_stays():
    rows, agatston = _scan(1030, {LAD: 0.6, NOISE: 0.4}, agatston=5.0)
    assert with_specks(rows, agatston) == pytest.approx(rows)


@pytest.mark.parametrize("specks", [0, 59])
def test_a_scan_of_so_few_specks_that_all_were_shown_stays(specks):
    rows, agatston = _scan(specks, {LAD: 0.6, NOISE: 0.4}, agatston=0.5)
    assert with_specks(rows, agatston, largest=30, drawn=30) == pytest.approx(rows)


def test_what_cannot_score_is_not_counted_and_weighed_like_the_smallest_that_can():
    rows, agatston = _scan(1030, {LAD: 0.6, NOISE: 0.4}, agatston=0.0)
    odds = 0.4 * 1000 / 30
    assert with_specks(rows, agatston, largest=30, drawn=30)[0, NOISE] == pytest.approx(
        odds / (0.6 + odds)
    )
    agatston[1:1000] = 0.0  # 31 specks are left
    assert with_specks(rows, agatston, largest=30, drawn=30) == pytest.approx(rows)


def test_no_candidate_is_no_error():
    assert with_specks(np.zeros((0, len(SITES))), np.zeros(0)).shape == (0, len(SITES))
