"""How sure a score is: intervals for the total and each artery, a probability for each category.

The interval holds, with its stated probability, the *true* score of the patient: the Agatston score
of the coronary calcium, all of it and nothing else, on contiguous gated slices of 3 mm without
noise, averaged over the place of the slices. So it contains everything that keeps a printed score
from that: doubtful lesions and arteries, noise, the place of the slices, partial volume and motion,
and calcium that this scan could not show.

A few thousand patients are drawn that would have given this scan. In each, every candidate is
coronary or not, has an artery and a true score, and there may be calcium that was not seen. Errors
of one scan are not independent: what makes a model wrong about one lesion makes it wrong about its
neighbours, and a shared random effect says so.
"""

import math
import zlib
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import InputError
from corcal.lesions.decision import Decision, Detection
from corcal.lesions.sites import CORONARY_SITES, Vessel
from corcal.lesions.voxels import SiteVoxels
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.measurement_error import (
    MODEL,
    Conditions,
    ErrorModel,
    conditions_of,
    miss_probability,
    true_root,
)
from corcal.scoring.rules import ScoringRule
from corcal.scoring.types import Interval

__all__ = [
    "LEVEL",
    "SHARED_DOUBT",
    "SMALLEST_SCORE",
    "ScoreUncertainty",
    "categories_of",
    "draw_true_scores",
    "interval_of",
    "quantiles",
    "uncertainty",
]

LEVEL = 0.95
_UPPER_BOUNDS = (100.0, 400.0)
SMALLEST_SCORE = 1.0  # 1 mm2 of weight 1 in one slice of 3 mm: a true score below it is a zero
_DRAWS = 2000
# Part of the doubt about a candidate that all candidates of a scan share. It cannot be known before
# a detector is tested on many scans; a third lies between none, which would make the doubts of many
# lesions cancel, and all, which would make them one.
SHARED_DOUBT = 0.33
_LEAST_PROBABILITY = 0.005  # candidates below it are not drawn: they cannot move a 95 % interval
_SIZES = np.geomspace(0.1, 400.0, 28)  # true scores that unseen calcifications can have
_VESSELS = tuple(Vessel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreUncertainty:
    """What is known about the true score of a patient.

    Attributes
    ----------
    total : Interval
        Of all four arteries together.
    vessels : dict
        ``LM``, ``LAD``, ``LCX``, ``RCA``: always all four.
    categories : dict
        By `CATEGORIES`: probability that the true score is in it; they sum to 1.
    """

    total: Interval
    vessels: dict[str, Interval]
    categories: dict[str, float]


def uncertainty(
    scan: CTScan,
    voxels: SiteVoxels,
    detection: Detection,
    rule: ScoringRule,
    noise_sd_hu: float,
    *,
    is_gated: bool | None = None,
) -> ScoreUncertainty:
    """Say how sure the score of an automatic detection is.

    Parameters
    ----------
    scan : CTScan
        The scan.
    voxels : SiteVoxels
        The calcium that was scored, by site.
    detection : Detection
        Its decisions: what each candidate scores, and how probable each site is.
    rule : ScoringRule
        By which it was scored.
    noise_sd_hu : float
        Standard deviation of the noise in the heart.
    is_gated : bool, optional
        As judged from more than the tags (`corcal.ct.suitability`); else what the tags prove. A
        scan of unknown gating is treated as not gated.

    Returns
    -------
    ScoreUncertainty
        Intervals of level `LEVEL`. Each holds the printed score too. The same scan and decisions
        always give the same numbers.

    Raises
    ------
    InputError
        If a probability is outside 0 to 1, or the noise is not a number of HU.
    """
    printed = _printed(scan, voxels, rule)
    conditions = conditions_of(scan, noise_sd_hu=noise_sd_hu, is_gated=is_gated)
    draws = draw_true_scores(detection.decisions, conditions, scale=_scale(printed, detection))
    total = draws.sum(axis=1)
    return ScoreUncertainty(
        total=interval_of(total, sum(printed.values())),
        vessels={
            vessel.value: interval_of(draws[:, k], printed[vessel.value])
            for k, vessel in enumerate(_VESSELS)
        },
        categories=categories_of(total),
    )


def draw_true_scores(
    decisions: tuple[Decision, ...],
    conditions: Conditions,
    *,
    scale: float = 1.0,
    model: ErrorModel = MODEL,
    shared_doubt: float = SHARED_DOUBT,
) -> NDArray[np.float64]:
    """Draw the true scores of patients who would have given these decisions.

    Parameters
    ----------
    decisions : tuple of Decision
        Every candidate that could be coronary.
    conditions : Conditions
        Of the scan.
    scale : float
        From the textbook score of the decisions to that of the rule in use.
    model : ErrorModel
        How measured scores lie about true ones.
    shared_doubt : float
        Part of the doubt that all candidates share, 0 to 1.

    Returns
    -------
    ndarray of shape (2000, 4)
        True score of LM, LAD, LCX and RCA in each draw.

    Raises
    ------
    InputError
        If a probability is outside 0 to 1.
    """
    doubtful = [_checked(each) for each in decisions if each.agatston > 0]
    pieces = [each for each in doubtful if each.coronary_probability >= _LEAST_PROBABILITY]
    measured = scale * np.array([piece.agatston for piece in pieces], dtype=np.float64)
    rng = np.random.default_rng(_seed(pieces, measured, conditions))
    artery = _draw_arteries(pieces, rng, shared_doubt)
    true = _draw_sizes(measured, conditions, model, rng)
    unseen = _draw_unseen((artery >= 0).sum(axis=1), conditions, model, rng)
    seen = [np.where(artery == k, true, 0.0).sum(axis=1) for k in range(len(_VESSELS))]
    return np.stack(seen, axis=1) + unseen


def interval_of(draws: NDArray[np.float64], printed: float) -> Interval:
    """Make the interval of level `LEVEL` from drawn true scores.

    Parameters
    ----------
    draws : ndarray of shape (n,)
        True scores.
    printed : float
        The score that is shown; the interval is widened to hold it.

    Returns
    -------
    Interval
        From 0 where the lower end would be below `SMALLEST_SCORE`.
    """
    tail = 0.5 * (1.0 - LEVEL)
    low, high = np.quantile(draws, (tail, 1.0 - tail)).tolist()
    low = 0.0 if low < SMALLEST_SCORE else low
    return Interval(low=min(low, printed), high=max(high, printed), level=LEVEL)


def categories_of(draws: NDArray[np.float64]) -> dict[str, float]:
    """Return the part of drawn true scores in each of `CATEGORIES`: zero is below one."""
    index = (draws >= SMALLEST_SCORE).astype(np.intp)
    for bound in _UPPER_BOUNDS:
        index += draws > bound
    counts = np.bincount(index, minlength=len(CATEGORIES))
    return {name: int(n) / draws.size for name, n in zip(CATEGORIES, counts, strict=True)}


def quantiles(probabilities: list[float]) -> NDArray[np.float64]:
    """Return standard normal quantiles; infinite at 0 and 1."""
    normal = NormalDist()
    out = np.empty(len(probabilities))
    for k, p in enumerate(probabilities):
        inside = 1e-12 < p < 1.0 - 1e-12
        out[k] = normal.inv_cdf(p) if inside else (-np.inf if p < 0.5 else np.inf)
    return out


def _checked(decision: Decision) -> Decision:
    for name, probability in decision.probabilities.items():
        if not 0.0 <= probability <= 1.0 + 1e-6:
            msg = f"the probability of {name} is {probability}, allowed 0 to 1"
            raise InputError(msg)
    return decision


def _printed(scan: CTScan, voxels: SiteVoxels, rule: ScoringRule) -> dict[str, float]:
    """Agatston score of each artery, as measured."""
    values = scan.hu[np.unravel_index(voxels.index, scan.shape)]
    found = find_slice_lesions(values, voxels, rule=rule, spacing_mm=scan.spacing_mm)
    return {site.label: found.agatston((site,)) for site in CORONARY_SITES}


def _scale(printed: dict[str, float], detection: Detection) -> float:
    """From the textbook score of the decisions to the rule in use, all arteries together."""
    textbook = sum(each.agatston for each in detection.decisions if each.site in printed)
    return sum(printed.values()) / textbook if textbook > 0 else 1.0


def _seed(
    pieces: list[Decision], measured: NDArray[np.float64], conditions: Conditions
) -> list[int]:
    """Derive the seed of the draws from what they are about."""
    place = np.array([piece.voxel for piece in pieces], dtype=np.int64)
    return [
        zlib.crc32(place.tobytes()),
        zlib.crc32(measured.tobytes()),
        zlib.crc32(conditions.features.tobytes()),
    ]


def _normal(rng: np.random.Generator, count: int, *, shared: float) -> NDArray[np.float32]:
    """Draw standard normal numbers for each piece, of which a part is the same for all."""
    common = rng.standard_normal((_DRAWS, 1), dtype=np.float32)
    own = rng.standard_normal((_DRAWS, count), dtype=np.float32)
    own *= np.float32(math.sqrt(1.0 - shared))
    own += np.float32(math.sqrt(shared)) * common
    return own


def _draw_arteries(
    pieces: list[Decision], rng: np.random.Generator, shared: float
) -> NDArray[np.int8]:
    """Draw what each piece is: index of its artery, or -1; shape (draws, pieces).

    Two latent normal numbers: one says whether the piece is coronary, the other in which artery.
    Each crosses its threshold with exactly the probability of the decision, and pieces of one scan
    cross together.
    """
    coronary = [piece.coronary_probability for piece in pieces]
    inside = _normal(rng, len(pieces), shared=shared) < quantiles(coronary)
    latent = _normal(rng, len(pieces), shared=shared)
    artery = np.zeros((_DRAWS, len(pieces)), dtype=np.int8)
    below = np.zeros(len(pieces))
    for vessel in _VESSELS[:-1]:
        part = [piece.probabilities.get(vessel.value, 0.0) for piece in pieces]
        below = below + np.array(part) / np.array(coronary)
        artery += latent > quantiles(below.tolist())
    artery[~inside] = -1
    return artery


def _draw_sizes(
    measured: NDArray[np.float64],
    conditions: Conditions,
    model: ErrorModel,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw the true score of each piece, if it is calcium; shape (draws, pieces)."""
    mean, sd = true_root(measured, conditions, model=model)
    shared = model.shared if conditions.is_gated else model.shared_moving
    root = mean + sd * _normal(rng, measured.size, shared=shared)
    return np.asarray(np.maximum(root, 0.0) ** 2)


def _draw_unseen(
    seen_count: NDArray[np.integer],
    conditions: Conditions,
    model: ErrorModel,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw the score of calcium that was not seen; shape (draws, vessels).

    A patient's number of calcifications is Poisson, with a mean that is gamma distributed over
    patients. Having seen so many of the part that can be seen, the mean is gamma distributed again;
    the unseen are Poisson with that mean, times the part that cannot be seen.
    """
    log_size = np.log(_SIZES / model.size_median) / model.size_log_sd
    weight = np.exp(-0.5 * log_size**2)
    weight /= weight.sum()
    missed = weight * miss_probability(_SIZES, conditions, model=model)
    part_missed = float(missed.sum())
    rate = model.plaques_rate + (1.0 - part_missed)
    mean = rng.gamma(model.plaques_shape + seen_count) * part_missed / rate
    count = rng.poisson(mean[:, None] * np.array(model.vessel_weight))
    # Sizes are drawn one a calcification: there are few of them, and many sizes.
    drawn = rng.random(int(count.sum())) * part_missed
    size = _SIZES[np.minimum(np.searchsorted(np.cumsum(missed), drawn), _SIZES.size - 1)]
    owner = np.repeat(np.arange(count.size), count.ravel())
    score = np.bincount(owner, weights=size, minlength=count.size)
    return np.asarray(score.reshape(count.shape))
