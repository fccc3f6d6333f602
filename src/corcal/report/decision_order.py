"""In which order pictures show decisions: first what a reader's word would change the score by.

One definition, for close looks, for slices and for names alike. How much depends on a candidate is
its score times the smaller probability, of being coronary or of not being it.
"""

from enum import IntEnum

from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.scoring.advice import REVIEW_LIMITS

__all__ = ["HEART_CALCIUM", "ORDER_WORDS", "Turn", "in_doubt", "place_in_order"]

ORDER_WORDS = (
    "First what could change the score most: what the second detector decides otherwise, then "
    "what may or may not be coronary; then coronary lesions, then calcium of the heart and the "
    "aorta, each by score."
)
"""The order, for the heading of a picture."""

HEART_CALCIUM = (
    Site.ASCENDING_AORTA,
    Site.DESCENDING_AORTA,
    Site.AORTIC_VALVE,
    Site.MITRAL_ANNULUS,
    Site.PERICARDIUM,
)
"""Calcium of the heart and the aorta that no artery holds."""

_BONE_OR_METAL = (Site.BONE, Site.DEVICE)


class Turn(IntEnum):
    """When a decision's turn comes; within a turn the one that more depends on comes first."""

    DISPUTED = 0  # the second detector counts it and the first does not, or the other way round
    DOUBTFUL = 1  # it may or may not be coronary
    CORONARY = 2
    HEART = 3
    ELSEWHERE = 4
    BONE_OR_METAL = 5
    NOTHING = 6  # no score depends on it: too small to count


def in_doubt(coronary_probability: float) -> bool:
    """Whether a candidate may or may not be coronary, by the limits of the advice on reviews."""
    low, high = REVIEW_LIMITS["doubtful_from"].value, REVIEW_LIMITS["doubtful_to"].value
    return low <= coronary_probability <= high


def place_in_order(
    site: Site, agatston: float, coronary_probability: float, *, is_disputed: bool = False
) -> tuple[Turn, float]:
    """Place a decision in the order: the smallest comes first.

    Parameters
    ----------
    site : Site
        What the candidate is taken for.
    agatston : float
        Its score, whatever it is taken for.
    coronary_probability : float
        Sum over the four arteries; 0 or 1 where a person decided.
    is_disputed : bool
        Whether a second detector decides otherwise about counting it.

    Returns
    -------
    (Turn, float)
        For sorting in ascending order.
    """
    if agatston <= 0:
        return Turn.NOTHING, 0.0
    if is_disputed:
        return Turn.DISPUTED, -agatston
    if in_doubt(coronary_probability):
        return Turn.DOUBTFUL, -agatston * min(coronary_probability, 1.0 - coronary_probability)
    return _settled(site), -agatston


def _settled(site: Site) -> Turn:
    """Give the turn of a decision that nothing speaks against."""
    if site in CORONARY_SITES:
        return Turn.CORONARY
    if site in HEART_CALCIUM:
        return Turn.HEART
    return Turn.BONE_OR_METAL if site in _BONE_OR_METAL else Turn.ELSEWHERE
