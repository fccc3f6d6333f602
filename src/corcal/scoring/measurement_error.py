"""How far the score of one calcification lies from what it is, and what a scan cannot show.

A model measured on simulated patients, whose every calcification is known. What it predicts is the
*true* score of a calcification: its Agatston score on contiguous slices of 3 mm, gated, without
noise, averaged over the place of the slices. Scores behave like counts (their variance grows with
the score), so the model is linear in their square roots. ``benchmarks/study_uncertainty.py`` fits
the numbers and tests them on other patients.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import InputError

__all__ = [
    "MODEL",
    "Conditions",
    "ErrorModel",
    "conditions_of",
    "miss_probability",
    "true_root",
]

# What was simulated, and a little beyond; further out the model would extrapolate.
_THICKNESS_RANGE_MM = (1.0, 5.0)
_NOISE_RANGE_HU = (10.0, 40.0)
_LEAST_OVERLAP = 1 / 3  # increment over thickness


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What decides how well a scan shows calcium.

    Attributes
    ----------
    thickness_mm : float
        Slice thickness.
    increment_mm : float
        Distance of neighbouring slices.
    noise_sd_hu : float
        Standard deviation of the noise in the heart.
    is_gated : bool
        Whether the heart was still; a scan of which nobody knows counts as moving.
    """

    thickness_mm: float
    increment_mm: float
    noise_sd_hu: float
    is_gated: bool

    def __post_init__(self) -> None:
        lengths = (self.thickness_mm, self.increment_mm)
        if not all(0 < length < math.inf for length in lengths):
            msg = f"thickness and increment must be positive lengths in mm, got {lengths}"
            raise InputError(msg)
        if not 0 <= self.noise_sd_hu < math.inf:
            msg = f"noise must be a finite number of HU, 0 or above, got {self.noise_sd_hu}"
            raise InputError(msg)

    @property
    def features(self) -> NDArray[np.float64]:
        """What the model is linear in, ndarray of shape (7,).

        1, thickness, its square, noise, motion, motion times thickness, overlap: logarithms of the
        ratios to 3 mm and 20 HU, and of increment to thickness. Values outside of what was
        simulated are moved to its edge.
        """
        thickness = math.log(_within(self.thickness_mm, _THICKNESS_RANGE_MM) / 3.0)
        noise = math.log(_within(self.noise_sd_hu, _NOISE_RANGE_HU) / 20.0)
        moving = 0.0 if self.is_gated else 1.0
        overlap = math.log(_within(self.increment_mm / self.thickness_mm, (_LEAST_OVERLAP, 1.0)))
        return np.array([1.0, thickness, thickness**2, noise, moving, moving * thickness, overlap])


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorModel:
    """The numbers of the model; each tuple weighs `Conditions.features`.

    Attributes
    ----------
    slope, offset
        Mean root of the true score: ``slope * root(measured) + offset``.
    log_sd
        Logarithm of its standard deviation, which does not depend on the score.
    log_limit
        Logarithm of the true score of which one half is seen.
    log_steepness
        Logarithm of how steeply the chance to be seen rises with the score.
    shared, shared_moving : float
        Part of the error's variance that all calcifications of a scan share, gated and not.
    widen, widen_moving : float
        Factor on every standard deviation: gated, what makes intervals hold what they say; moving,
        more than that, since real hearts move in more ways than simulated ones.
    plaques_shape, plaques_rate : float
        Gamma distribution of how many calcifications a patient has, before the scan is seen.
    size_median, size_log_sd : float
        Lognormal distribution of the true score of a calcification.
    vessel_weight : (LM, LAD, LCX, RCA)
        How often a calcification is in each artery.
    """

    slope: tuple[float, ...]
    offset: tuple[float, ...]
    log_sd: tuple[float, ...]
    log_limit: tuple[float, ...]
    log_steepness: tuple[float, ...]
    shared: float
    shared_moving: float
    widen: float
    widen_moving: float
    plaques_shape: float
    plaques_rate: float
    size_median: float
    size_log_sd: float
    vessel_weight: tuple[float, ...]


MODEL = ErrorModel(
    slope=(0.979, -0.227, -0.038, -0.008, -0.147, 0.084, -0.021),
    offset=(-0.022, 2.027, 0.674, -0.152, 2.223, -0.06, 0.04),
    log_sd=(-0.527, 0.472, 0.176, 0.18, 0.729, 0.003, 0.809),
    log_limit=(0.178, 2.347, 0.177, -0.267, 2.221, -0.633, 1.194),
    log_steepness=(0.386, 0.042, 0.46, -0.215, 0.042, 0.671, -0.668),
    shared=0.0,
    shared_moving=0.19,
    widen=1.05,
    widen_moving=1.6,
    plaques_shape=0.66,
    plaques_rate=0.2472,
    size_median=11.67,
    size_log_sd=1.62,
    vessel_weight=(0.1, 0.34, 0.3, 0.26),
)


def conditions_of(scan: CTScan, *, noise_sd_hu: float, is_gated: bool | None = None) -> Conditions:
    """Give the conditions of a scan.

    Parameters
    ----------
    scan : CTScan
        Its increment, and the thickness of its header; where that is silent, the increment.
    noise_sd_hu : float
        Noise in the heart.
    is_gated : bool, optional
        As judged from more than the tags; else what the tags prove.

    Returns
    -------
    Conditions
        Of unknown gating it says not gated: the wider interval is the honest one.
    """
    known = scan.acquisition.is_gated if is_gated is None else is_gated
    increment = scan.spacing_mm[0]
    return Conditions(
        thickness_mm=scan.acquisition.slice_thickness_mm or increment,
        increment_mm=increment,
        noise_sd_hu=noise_sd_hu,
        is_gated=bool(known),
    )


def true_root(
    measured: NDArray[np.float64], conditions: Conditions, *, model: ErrorModel = MODEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Predict the square root of the true score of calcifications that are seen.

    Parameters
    ----------
    measured : ndarray of shape (n,)
        Agatston score of each, above 0.
    conditions : Conditions
        Of the scan.
    model : ErrorModel
        Its numbers.

    Returns
    -------
    mean, sd : ndarray of shape (n,)
        Of a normal distribution; what is below 0 means a true score of 0.
    """
    features, root = conditions.features, np.sqrt(measured)
    mean = float(features @ model.slope) * root + float(features @ model.offset)
    widen = model.widen if conditions.is_gated else model.widen_moving
    return mean, np.full(root.shape, widen * math.exp(float(features @ model.log_sd)))


def miss_probability(
    true: NDArray[np.float64], conditions: Conditions, *, model: ErrorModel = MODEL
) -> NDArray[np.float64]:
    """Return the probability that a calcification is not seen, by its true score.

    Parameters
    ----------
    true : ndarray of any shape
        True scores, above 0.
    conditions : Conditions
        Of the scan.
    model : ErrorModel
        Its numbers.

    Returns
    -------
    ndarray of the same shape
        Falls with the score; 0.5 at the limit of these conditions.
    """
    features = conditions.features
    limit = math.exp(float(features @ model.log_limit))
    steepness = math.exp(float(features @ model.log_steepness))
    return np.asarray(1.0 / (1.0 + (true / limit) ** steepness))


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
