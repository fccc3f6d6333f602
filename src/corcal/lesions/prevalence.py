"""How common people without coronary calcium are, and what that means for a lonely candidate."""

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.classifier import SITES
from corcal.lesions.sites import CORONARY_SITES

__all__ = ["ZERO_AMONG_PEOPLE", "ZERO_IN_TRAINING", "with_prevalence"]

ZERO_IN_TRAINING = 0.16
"""Part of the simulated patients of the classifier's training without a coronary plaque."""

ZERO_AMONG_PEOPLE = 1.0 / 3.0
"""Part of the people who are scored that corcal takes to have no coronary calcium.

Our own choice. Of the participants of MESA, 45 to 84 years old, half had none (McClelland 2006,
doi:10.1161/CIRCULATIONAHA.105.580696). Fewer are assumed, because a zero that is wrong costs a
patient more than a small score that is wrong.
"""

_CORONARY = [SITES.index(site) for site in CORONARY_SITES]
_ODDS_RATIO = (
    ZERO_AMONG_PEOPLE / (1.0 - ZERO_AMONG_PEOPLE) * (1.0 - ZERO_IN_TRAINING) / ZERO_IN_TRAINING
)

_Array = NDArray[np.float64]


def with_prevalence(
    probabilities: _Array,
    lesion: NDArray[np.integer],
    agatston: _Array,
    *,
    odds_ratio: float = _ODDS_RATIO,
) -> _Array:
    """Weigh candidates as in people, of whom more have no coronary calcium than in the training.

    The classifier has looked at each candidate alone. That none of them is coronary has the
    probability L, the product of their doubts over the connected lesions; among people its odds are
    higher by `odds_ratio`. By Bayes a candidate of coronary probability p then has p / (1 + (r - 1)
    L). So a doubtful candidate that is the only one becomes more doubtful, and one beside calcium
    that is sure stays as it was.

    Parameters
    ----------
    probabilities : float64 ndarray of shape (n, 14)
        In the order of `corcal.lesions.classifier.SITES`.
    lesion : integer ndarray of shape (n,)
        Connected lesion that each piece is a part of: its pieces share one doubt, the smallest.
    agatston : float64 ndarray of shape (n,)
        What could score; a piece of 0 says nothing about the others, and its own doubt only is
        added to theirs: specks too small to count are too many for their doubts to be one.
    odds_ratio : float
        Odds of a patient without coronary calcium among people, over those in the training.

    Returns
    -------
    float64 ndarray of shape (n, 14)
        Rows sum to 1; the sites keep their proportions among the arteries and among the others.
    """
    coronary = probabilities[:, _CORONARY].sum(axis=1)
    surest = np.zeros(int(lesion.max(initial=-1)) + 1)
    scores = agatston > 0
    np.maximum.at(surest, lesion[scores], coronary[scores])
    none = np.prod(1.0 - np.minimum(surest, 1.0)) * np.where(scores, 1.0, 1.0 - coronary)
    factor = 1.0 / (1.0 + (odds_ratio - 1.0) * none)
    others = np.maximum(1.0 - coronary, 1e-12)
    out = probabilities * ((1.0 - factor * coronary) / others)[:, None]
    out[:, _CORONARY] = probabilities[:, _CORONARY] * factor[:, None]
    return np.asarray(out / out.sum(axis=1, keepdims=True))
