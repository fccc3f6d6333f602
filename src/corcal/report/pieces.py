"""The decisions of an automatic detection as pictures show them: which voxels, how certain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import GeometryError
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.components import label_volume
from corcal.lesions.decision import Decision, Detection
from corcal.lesions.sites import Site

__all__ = ["CERTAIN", "LARGE_AGATSTON", "Piece", "is_certain", "pieces_of", "site_named"]

CERTAIN = 0.9  # a decision that is less probable than this is drawn as doubtful
LARGE_AGATSTON = 10.0  # a mistake about this much can change a category: always shown
_REACH_MM = 12.0  # how far from its densest voxel a candidate is drawn that is no calcium
_SITES = {site.label: site for site in Site}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A decision and the voxels that it is about.

    Attributes
    ----------
    decision : Decision
        What was decided.
    site : Site
        Its site.
    position : int64 ndarray of shape (n, 3)
        Zero-based ``(z, y, x)`` of its voxels, at least one, ascending.
    """

    decision: Decision
    site: Site
    position: NDArray[np.int64]

    @property
    def is_coronary(self) -> bool:
        """Whether it is part of the score."""
        return self.site.vessel is not None

    @property
    def probability(self) -> float:
        """How probable the decision is.

        For a coronary lesion that it lies in this artery; for every other candidate that it lies
        in none: whether it is the valve or the aorta changes no score.
        """
        if self.is_coronary:
            return self.decision.probabilities.get(self.decision.site, 0.0)
        return 1.0 - self.decision.coronary_probability

    @property
    def is_doubtful(self) -> bool:
        """Whether a reader should look at it."""
        return not is_certain(self.probability)

    @property
    def is_open(self) -> bool:
        """Whether it is part of the score, or could be."""
        return self.is_coronary or self.is_doubtful

    @property
    def must_be_seen(self) -> bool:
        """Whether the picture has to show it: coronary, doubtful, or large."""
        return self.is_open or self.decision.agatston >= LARGE_AGATSTON

    @property
    def weight(self) -> float:
        """Agatston score that depends on it: orders pieces by what a mistake would cost."""
        doubt = 1.0 if self.is_coronary else max(0.02, self.decision.coronary_probability)
        return self.decision.agatston * doubt

    def area_by_slice(self, n_z: int) -> NDArray[np.int64]:
        """Pixels in each slice; shape (n_z,)."""
        return np.bincount(self.position[:, 0], minlength=n_z)

    def in_slice(self, z: int) -> NDArray[np.int64]:
        """Row and column of its pixels in a slice; shape (n, 2)."""
        return self.position[self.position[:, 0] == z, 1:]


def is_certain(probability: float) -> bool:
    """Whether a probability leaves no doubt that is worth a look."""
    return probability >= CERTAIN


def site_named(label: str) -> Site:
    """Find a site by its label; what has no name of its own is `Site.OTHER`."""
    return _SITES.get(label, Site.OTHER)


def pieces_of(scan: CTScan, detection: Detection) -> tuple[Piece, ...]:
    """Find the voxels of each decision.

    Those of calcium are the detection's own: all voxels of its site that are connected with its
    densest. Noise, bone and devices are not among these; they are drawn as far as the scan is
    dense around that voxel.

    Parameters
    ----------
    scan : CTScan
        The scan.
    detection : Detection
        What was found in it.

    Returns
    -------
    tuple of Piece
        In the order of the decisions.

    Raises
    ------
    GeometryError
        If the detection is not of the scan's shape.
    """
    voxels = detection.voxels
    if voxels.shape != scan.shape:
        msg = f"a detection of shape {voxels.shape} cannot be drawn on a scan of {scan.shape}"
        raise GeometryError(msg)
    label = label_volume(voxels.index, scan.shape, connectivity=26, group=voxels.site)
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(np.bincount(label)) if label.size else np.zeros(0, np.int64)
    pieces = []
    for decision in detection.decisions:
        site = site_named(decision.site)
        at = int(np.searchsorted(voxels.index, decision.voxel))
        if at < label.size and voxels.index[at] == decision.voxel and voxels.site[at] == site:
            last = int(label[at])
            index = voxels.index[order[(ends[last - 1] if last else 0) : ends[last]]]
            position = np.stack(np.unravel_index(index, scan.shape), axis=1).astype(np.int64)
        else:
            position = _dense_around(scan, decision.voxel)
        pieces.append(Piece(decision=decision, site=site, position=position))
    return tuple(pieces)


def _dense_around(scan: CTScan, voxel: int) -> NDArray[np.int64]:
    """Positions of the dense voxels connected with one, within reach of it; at least that one."""
    seed = np.array(np.unravel_index(voxel, scan.shape), np.int64)
    reach = np.ceil(_REACH_MM / np.array(scan.spacing_mm)).astype(np.int64)
    low = np.maximum(seed - reach, 0)
    high = np.minimum(seed + reach + 1, scan.shape)
    window = tuple(slice(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True))
    dense = scan.hu[window] >= CALCIUM_THRESHOLD_HU
    dense[tuple(seed - low)] = True
    index = np.flatnonzero(dense)
    n_z, n_y, n_x = dense.shape
    label = label_volume(index, (n_z, n_y, n_x), connectivity=26)
    here = label[np.searchsorted(index, np.ravel_multi_index(tuple(seed - low), dense.shape))]
    inside = np.unravel_index(index[label == here], dense.shape)
    return np.asarray(np.stack(inside, axis=1) + low, np.int64)
