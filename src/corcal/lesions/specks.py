"""How many specks of noise a scan has, and what that means for one that looks like calcium."""

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.classifier import SITES
from corcal.lesions.sites import Site

__all__ = ["SPECKS_DRAWN", "SPECKS_LARGEST", "with_specks"]

SPECKS_LARGEST = 30
"""The largest specks of noise of a scan, all of which the classifier's training has seen."""

SPECKS_DRAWN = 30
"""Of the smaller ones of a scan it has seen at most so many, drawn evenly."""

_NOISE = SITES.index(Site.NOISE)

_Array = NDArray[np.float64]


def with_specks(
    probabilities: _Array,
    agatston: _Array,
    *,
    largest: int = SPECKS_LARGEST,
    drawn: int = SPECKS_DRAWN,
) -> _Array:
    """Weigh noise by how many specks the scan has, of which the training was shown only some.

    A noisy scan has thousands of specks, and one in a thousand looks like calcium. The training
    keeps the `largest` of a scan and draws `drawn` of the n others, so each of these has stood for
    n / `drawn`, and the odds of noise of a candidate that is as small are that many times higher
    than the classifier has learnt (importance weights, by Bayes). How many specks there are, and
    how many of them are larger than a candidate, is what the probabilities of noise add up to.

    Parameters
    ----------
    probabilities : float64 ndarray of shape (n, 14)
        In the order of `corcal.lesions.classifier.SITES`, by the classifier.
    agatston : float64 ndarray of shape (n,)
        What could score. A piece of 0, of which the training has seen none, is not counted, and
        weighed like the smallest of those that could.
    largest, drawn : int
        As the training table was made.

    Returns
    -------
    float64 ndarray of shape (n, 14)
        Rows sum to 1; the sites other than noise keep their proportions.
    """
    order = np.argsort(-agatston, kind="stable")
    noise = np.where(agatston > 0, probabilities[:, _NOISE], 0.0)
    larger = np.cumsum(noise[order])  # specks as large as this one, itself included
    others = noise.sum() - largest
    out = probabilities.copy()
    out[order[larger > largest], _NOISE] *= max(1.0, others / drawn)
    return np.asarray(out / out.sum(axis=1, keepdims=True))
