"""Metal near the heart: stents, leads, clips, wires, valve prostheses.

A trained classifier knows devices from simulation. These rules stand above it where the voxels
leave no doubt: no calcium of a human heart is as dense as metal, and none throws streaks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding, Severity
from corcal.lesions.classifier import SITES
from corcal.lesions.features import Features
from corcal.lesions.pieces import BONE_FROM_MM3, Pieces, most_of
from corcal.lesions.places import slices_named
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.unscoreable import metal_words
from corcal.lesions.voltage import voltage_factor

__all__ = [
    "METAL_RARITY",
    "DeviceRule",
    "device_findings",
    "device_pieces",
    "likelier_beside_metal",
    "with_devices",
]

_Array = NDArray[np.float64]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRule:
    """What makes a piece metal; our own limits, far from what calcium reaches.

    Attributes
    ----------
    metal_hu : float
        Peak that calcium never has at 120 kVp: cortical bone has about 2000 HU. At lower tube
        voltages calcium is denser; this limit and `dense_hu` grow with it.
    dense_hu : float
        Peak from which shape and streaks are looked at.
    streak_hu : float
        Darkest voxel around that fat and blood never have, where there is no lung.
    tube_mm, tube_elongation, tube_mean_hu : float
        Length, shape and mean of a stent or a lead.
    """

    metal_hu: float = 2000.0
    dense_hu: float = 1200.0
    streak_hu: float = -220.0
    tube_mm: float = 8.0
    tube_elongation: float = 3.0
    tube_mean_hu: float = 550.0


_RULE = DeviceRule()
_SURE = 0.97  # of a device that the rule names
_SURE_ELSEWHERE = 0.9
_HOLDS_METAL = 0.5  # a piece that is rather metal than all else: its lesion holds metal
METAL_RARITY = 5.5
"""How much rarer the classifier takes metal to be than it is in its training.

Metal is in 42 % of the scans of the training, and in one of thirteen people who are scored: that is
our own guess. Calcium that is lost to metal costs a patient more than metal that is scored.
"""

_NEAR_HEIGHT = 0.4  # within 7 mm of an artery's line
_MOST_LUNG = 0.05


def device_pieces(pieces: Pieces, features: Features, *, rule: DeviceRule = _RULE) -> _Mask:
    """Say which pieces are metal without doubt, bool of shape (n,).

    Parameters
    ----------
    pieces : Pieces
        Near the heart.
    features : Features
        Of these pieces.
    rule : DeviceRule
        The limits.
    """
    if not pieces.count:
        return np.zeros(0, np.bool_)
    peak = most_of(pieces.hu, pieces.piece, pieces.count) / voltage_factor(features.column("kvp"))
    streaks = (features.column("darkest_around_hu") < rule.streak_hu) & (
        features.column("lung_around") < _MOST_LUNG
    )
    tube = (features.column("length_mm") >= rule.tube_mm) & (
        features.column("elongation") >= rule.tube_elongation
    )
    tube &= features.column("mean_hu") >= rule.tube_mean_hu
    small = pieces.full_volume_mm3 < BONE_FROM_MM3  # the spine is as dense as metal can be
    return np.asarray(
        (peak >= rule.metal_hu) | ((peak >= rule.dense_hu) & (streaks | tube) & small)
    )


def with_devices(probabilities: _Array, is_device: _Mask) -> _Array:
    """Let the rule overrule the classifier: a device with 97 %, the rest as it was."""
    out = probabilities.copy()
    column = SITES.index(Site.DEVICE)
    sure = is_device & (out[:, column] < _SURE)
    rest = np.maximum(1.0 - out[sure, column], 1e-12)
    out[sure] *= ((1.0 - _SURE) / rest)[:, None]
    out[sure, column] = _SURE
    return out


def likelier_beside_metal(probabilities: _Array, lesion: NDArray[np.integer]) -> _Array:
    """Take the other pieces of a lesion that holds metal for metal more readily.

    The classifier takes metal to be rare, because few people who are scored have any. Where a piece
    of the same connected lesion is metal that is no longer so, and its share is what the training
    had: an occluder or a stent is cut into pieces by the territories it lies in.

    Parameters
    ----------
    probabilities : float64 ndarray of shape (n, 14)
        In the order of `corcal.lesions.classifier.SITES`.
    lesion : integer ndarray of shape (n,)
        Connected lesion that each piece is a part of.
    """
    out = probabilities.copy()
    column = SITES.index(Site.DEVICE)
    sure = out[:, column] >= _HOLDS_METAL
    beside = np.isin(lesion, lesion[sure]) & ~sure
    out[beside, column] *= METAL_RARITY
    out[beside] /= out[beside].sum(axis=1, keepdims=True)
    return out


def device_findings(
    scan: CTScan,
    pieces: Pieces,
    features: Features,
    sites: NDArray[np.integer],
    probabilities: _Array,
) -> tuple[Finding, ...]:
    """Say where metal makes an artery unscoreable.

    Parameters
    ----------
    scan : CTScan
        The scan.
    pieces : Pieces
        Near the heart.
    features : Features
        Of these pieces.
    sites : integer ndarray of shape (n,)
        `Site` code decided for each.
    probabilities : float64 ndarray of shape (n, 14)
        In the order of `corcal.lesions.classifier.SITES`.

    Returns
    -------
    tuple of Finding
        One for each artery with metal on it, and one for metal elsewhere near the heart that is
        sure: what is taken for metal off the arteries changes no score, and may be bone.
    """
    metal = np.flatnonzero(sites == Site.DEVICE)
    if not metal.size:
        return ()
    heights = np.stack([features.column(f"most_height_{s.name.lower()}") for s in CORONARY_SITES])[
        :, metal
    ]
    nearest = np.where(heights.max(axis=0) >= _NEAR_HEIGHT, heights.argmax(axis=0), -1)
    found = []
    for k, site in enumerate(CORONARY_SITES):
        mine = nearest == k
        if mine.any():
            found.append(
                finding(
                    "DEVICE_PRESENT",
                    metal_words(_slices_of(metal[mine], pieces, scan), site.label),
                )
            )
    elsewhere = (nearest < 0) & (probabilities[metal, SITES.index(Site.DEVICE)] >= _SURE_ELSEWHERE)
    if elsewhere.any():
        found.append(
            finding(
                "DEVICE_PRESENT",
                f"metal in {_slices_of(metal[elsewhere], pieces, scan)}, off the arteries; "
                "streaks of it can hide calcium or look like it",
                Severity.INFO,
            )
        )
    return tuple(found)


def _slices_of(chosen: NDArray[np.integer], pieces: Pieces, scan: CTScan) -> str:
    """Name the slices that voxels of these pieces lie in."""
    of_these = pieces.index[np.isin(pieces.piece, chosen)]
    return slices_named(np.unique(np.unravel_index(of_these, scan.shape)[0]).tolist())
