"""One order for all pictures: first what counting or not counting would change the score by."""

import pytest

from corcal.lesions.sites import Site
from corcal.report.decision_order import HEART_CALCIUM, Turn, in_doubt, place_in_order
from corcal.scoring.advice import REVIEW_LIMITS


@pytest.mark.parametrize(
    ("probability", "is_doubtful"), [(0.149, False), (0.15, True), (0.85, True), (0.851, False)]
)
def test_doubt_has_the_limits_of_the_advice_on_reviews(
    probability: float, is_doubtful: bool
) -> None:
    assert in_doubt(probability) is is_doubtful
    assert REVIEW_LIMITS["doubtful_from"].value == 0.15
    assert REVIEW_LIMITS["doubtful_to"].value == 0.85


def test_of_doubtful_ones_the_first_is_that_on_which_most_depends() -> None:
    # 100 x 0.2 = 20, 50 x 0.5 = 25, 30 x 0.4 = 12: whatever each is taken for
    parts = [
        place_in_order(Site.LAD, 100.0, 0.8),
        place_in_order(Site.AORTIC_VALVE, 50.0, 0.5),
        place_in_order(Site.NOISE, 30.0, 0.4),
    ]
    assert [turn for turn, _ in parts] == [Turn.DOUBTFUL] * 3
    assert [-value for _, value in parts] == pytest.approx([20.0, 25.0, 12.0])
    assert sorted(range(3), key=lambda k: parts[k]) == [1, 0, 2]


def test_the_turns_follow_one_another_whatever_the_scores() -> None:
    order = [
        place_in_order(Site.MITRAL_ANNULUS, 1.0, 0.06, is_disputed=True),
        place_in_order(Site.LCX, 5.0, 0.8),
        place_in_order(Site.LAD, 10.0, 1.0),
        place_in_order(Site.LM, 9.0, 1.0),
        place_in_order(Site.AORTIC_VALVE, 500.0, 0.0),
        place_in_order(Site.OTHER, 600.0, 0.0),
        place_in_order(Site.BONE, 9000.0, 0.0),
        place_in_order(Site.LAD, 0.0, 0.5),
    ]
    assert order == sorted(order)


def test_what_the_second_detector_decides_otherwise_is_ordered_by_score() -> None:
    # also in doubt: the whole score is at stake
    small, large = (
        place_in_order(Site.LCX, score, 0.5, is_disputed=True) for score in (20.0, 30.0)
    )
    assert large < small
    assert large == (Turn.DISPUTED, -30.0)


@pytest.mark.parametrize("site", Site)
def test_each_site_has_its_turn(site: Site) -> None:
    probability = 1.0 if site.vessel else 0.0
    expected = Turn.CORONARY if site.vessel else Turn.ELSEWHERE
    if site in HEART_CALCIUM:
        expected = Turn.HEART
    if site in (Site.BONE, Site.DEVICE):
        expected = Turn.BONE_OR_METAL
    assert place_in_order(site, 10.0, probability) == (expected, -10.0)


def test_what_is_too_small_to_count_comes_last() -> None:
    nothing = place_in_order(Site.LAD, 0.0, 0.5, is_disputed=True)
    assert nothing > place_in_order(Site.BONE, 0.1, 0.0)
