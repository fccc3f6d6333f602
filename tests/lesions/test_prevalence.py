"""A lonely doubtful candidate is weighed by how many people have no coronary calcium."""

import numpy as np
import pytest

from corcal.lesions.classifier import SITES
from corcal.lesions.prevalence import with_prevalence
from corcal.lesions.sites import Site

LAD, LCX, AORTA, NOISE = (
    SITES.index(site) for site in (Site.LAD, Site.LCX, Site.ASCENDING_AORTA, Site.NOISE)
)


def _rows(*rows: dict[int, float]) -> np.ndarray:
    out = np.zeros((len(rows), len(SITES)))
    for row, parts in zip(out, rows, strict=True):
        for site, value in parts.items():
            row[site] = value
    return out


def _weighed(rows, lesion=None, agatston=None, odds_ratio=3.0):
    lesion = np.arange(len(rows)) if lesion is None else np.array(lesion)
    agatston = np.full(len(rows), 5.0) if agatston is None else np.array(agatston)
    return with_prevalence(rows, lesion, agatston, odds_ratio=odds_ratio)


def test_the_only_candidate_becomes_more_doubtful_by_the_odds_of_a_patient_without_any():
    # Odds 0.6 / 0.4 = 1.5; a third of it is 0.5, so 1/3. LAD and LCX keep 2 to 1.
    (row,) = _weighed(_rows({LAD: 0.4, LCX: 0.2, AORTA: 0.3, NOISE: 0.1}))
    assert row[[LAD, LCX]] == pytest.approx([2 / 9, 1 / 9])
    assert row[[AORTA, NOISE]] == pytest.approx([0.5, 1 / 6])  # 2/3, shared 3 to 1


def test_beside_calcium_that_is_sure_nothing_changes():
    rows = _rows({LAD: 1.0}, {LCX: 0.6, AORTA: 0.4})
    assert _weighed(rows) == pytest.approx(rows)


def test_two_doubtful_lesions_speak_for_each_other_and_two_pieces_of_one_do_not():
    rows = _rows({LAD: 0.5, AORTA: 0.5}, {LCX: 0.5, AORTA: 0.5})
    # Two lesions: none of both 0.25, so 0.5 / (1 + 2 * 0.25) = 1/3; one lesion: 0.5 / 2.
    assert _weighed(rows)[[0, 1], [LAD, LCX]] == pytest.approx([1 / 3, 1 / 3])
    assert _weighed(rows, lesion=[7, 7])[[0, 1], [LAD, LCX]] == pytest.approx([0.25, 0.25])


def test_what_cannot_score_says_nothing_about_the_others_and_is_weighed_with_its_own_doubt():
    # The second has 0 Agatston: the first is alone, 0.6 / (1 + 2 * 0.4) = 1/3.
    rows = _rows({LAD: 0.6, AORTA: 0.4}, {LCX: 0.9, NOISE: 0.1})
    weighed = _weighed(rows, agatston=[5.0, 0.0])
    assert weighed[0, LAD] == pytest.approx(1 / 3)
    assert weighed[1, LCX] == pytest.approx(0.9 / (1 + 2 * 0.4 * 0.1))


def test_calcium_that_is_sure_but_too_small_to_count_stays_sure_where_nothing_else_is():
    (row,) = _weighed(_rows({LAD: 0.98, NOISE: 0.02}), agatston=[0.0])
    assert row[LAD] == pytest.approx(0.98 / (1 + 2 * 0.02))


def test_as_many_as_in_the_training_change_nothing_and_no_candidate_is_no_error():
    rows = _rows({LAD: 0.3, NOISE: 0.7}, {AORTA: 1.0})
    assert _weighed(rows, odds_ratio=1.0) == pytest.approx(rows)
    assert _weighed(np.zeros((0, len(SITES)))).shape == (0, len(SITES))
