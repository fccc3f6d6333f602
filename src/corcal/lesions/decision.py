"""What was decided about each candidate, how sure it is, and why."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import Finding
from corcal.lesions.sites import CORONARY_SITES
from corcal.lesions.voxels import SiteVoxels

if TYPE_CHECKING:  # a record of a score is made of decisions, not of what was measured for them
    from corcal.lesions.features import Features
    from corcal.lesions.pieces import Pieces

__all__ = ["Decision", "Detection", "Judged", "Reason"]

_ARTERIES = tuple(site.label for site in CORONARY_SITES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason for a decision, in words and in a number.

    Attributes
    ----------
    text : str
        For a person: ``"lies 1.2 mm from the wall of the ascending aorta"``.
    feature : str
        Name of the measurement.
    value : float
        What was measured.
    unit : str
        ``"mm"``, ``"HU"``, ``"%"`` ...; a pure number says what it counts: ``"SD of the noise"``.
    """

    text: str
    feature: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A candidate, or a piece of one that was split, and what it is taken for.

    Attributes
    ----------
    site : str
        `Site.label` of the decision.
    probabilities : dict
        By `Site.label`, every site, summing to 1.
    agatston : float
        Textbook Agatston score of the piece, whatever its site: how much depends on the decision.
    centroid_mm : (x, y, z)
        Mean of its voxel centres in the patient, LPS.
    voxel : int
        Flat index into the scan of its densest voxel: finds the measured lesion that holds it.
    why : tuple of Reason
        The measurements that carried the decision, strongest first.
    slices : tuple of int
        Zero-based slices that it lies in, ascending; empty where only `voxel` tells.
    split_from : int or None
        Pieces of one connected candidate share this number; ``None`` if it was not split.
    """

    site: str
    probabilities: dict[str, float]
    agatston: float
    centroid_mm: tuple[float, float, float]
    voxel: int
    why: tuple[Reason, ...]
    split_from: int | None = None
    slices: tuple[int, ...] = ()

    @property
    def coronary_probability(self) -> float:
        """Sum over the four arteries."""
        return sum(self.probabilities.get(name, 0.0) for name in _ARTERIES)

    @property
    def is_coronary(self) -> bool:
        """Whether it counts."""
        return self.site in _ARTERIES


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """All pieces near the heart with what they were taken for: also those that are no calcium.

    Attributes
    ----------
    pieces : Pieces
        The voxels of each.
    features : Features
        What was measured of each: reasons are made from it when they are asked for.
    probabilities : float64 ndarray of shape (count, 14)
        In the order of `corcal.lesions.classifier.SITES`.
    sites : uint8 ndarray of shape (count,)
        `Site` code decided for each.
    """

    pieces: "Pieces"
    features: "Features"
    probabilities: NDArray[np.float64]
    sites: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Everything that automatic detection found in a scan.

    Attributes
    ----------
    voxels : SiteVoxels
        Voxels of every candidate that was decided to be calcium (noise, bone and device are left
        out), ready for scoring.
    decisions : tuple of Decision
        Of every candidate near the heart that could score, coronary or not, in descending
        Agatston score.
    noise_sd_hu : float
        Standard deviation of the image noise inside the heart.
    findings : tuple of Finding
        What a reader should know: a stent at this place is not scoreable, and the like.
    second_sites : tuple of str or None
        `Site.label` of each of `decisions` by another detector; ``None`` without one.
    judged : Judged or None
        Every piece that was decided about, for those who look at the decisions again; ``None``
        where a detection was made in another way.
    """

    voxels: SiteVoxels
    decisions: tuple[Decision, ...]
    noise_sd_hu: float
    findings: tuple[Finding, ...] = ()
    second_sites: tuple[str, ...] | None = None
    judged: Judged | None = field(default=None, compare=False, repr=False)

    @property
    def agatston(self) -> float:
        """Sum over the candidates that are counted as coronary."""
        return sum(one.agatston for one in self.decisions if one.is_coronary)

    @property
    def second_agatston(self) -> float | None:
        """Sum over the candidates that the other detector counts; ``None`` without one."""
        if self.second_sites is None:
            return None
        both = zip(self.decisions, self.second_sites, strict=True)
        return sum(one.agatston for one, site in both if site in _ARTERIES)
