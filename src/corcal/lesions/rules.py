"""A transparent scorer by hand: what a person would weigh, in numbers that can be read.

For each site, evidence is added up in natural logarithms of odds against "it is noise"; a softmax
makes probabilities of it. It is the fall-back without a trained model, and what that is compared
with. The weights were chosen by hand, by what the anatomy says and on a few development scans, and
were not fitted.
"""

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.classifier import SITES
from corcal.lesions.features import Features
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.models import ModelRecord

__all__ = ["RuleClassifier"]

# Noise: a speck is the largest of many thousand places, so it stands 5 to 9 deviations out.
_NOISE_GATE, _NOISE_SLOPE, _MOST_CONTRAST = 9.5, 0.6, 18.0
_LEAST_HEIGHT, _USUAL_HEIGHT = 0.02, 0.15
_METAL_HU = 1750.0  # dense calcium of a valve reaches 1600 in simulated scans
_BONE_LOG_VOLUME = float(np.log(4000.0))  # a connected lesion of 4 mL is bone, or holds on to it

_Array = NDArray[np.float64]


class RuleClassifier:
    """Probabilities of sites by hand-made rules."""

    @property
    def record(self) -> ModelRecord:
        """Rules have no file, and are trusted as code is."""
        return ModelRecord(name="corcal-rules", version="1", sha256=None, trusted=True)

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """Give the probability of each of `SITES` for each piece, shape (n, 14)."""
        logits = np.zeros((len(features.values), len(SITES)))
        if not len(logits):
            return logits
        signal = _signal(features)
        for site, evidence in _evidence(features).items():
            logits[:, SITES.index(site)] = signal + evidence
        logits[:, SITES.index(Site.NOISE)] = 0.0
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _evidence(features: Features) -> dict[Site, _Array]:
    """Evidence for each site that is no noise."""
    return {
        **_coronary(features),
        Site.ASCENDING_AORTA: _aorta(features, "ascending"),
        Site.DESCENDING_AORTA: _aorta(features, "descending"),
        Site.AORTIC_VALVE: _line(features, "aortic_valve")
        - _positive(features, "from_aortic_root_mm"),
        Site.MITRAL_ANNULUS: _line(features, "mitral_annulus") - 2.0 * _of(features, "fat_around"),
        Site.PERICARDIUM: _pericardium(features),
        Site.BONE: _bone(features),
        Site.DEVICE: np.clip((_of(features, "peak_hu") - _METAL_HU) / 40.0, -8.0, 8.0),
        Site.OTHER: -3.0 + 4.0 * _of(features, "lung_around"),
        Site.LYMPH_NODE: _node(features),
    }


def _of(features: Features, name: str) -> _Array:
    return features.column(name).astype(np.float64)


def _positive(features: Features, name: str, start: float = 0.0) -> _Array:
    """By how much a feature is above a start."""
    return np.maximum(_of(features, name) - start, 0.0)


def _signal(features: Features) -> _Array:
    """Evidence that a piece is more than noise."""
    contrast = np.clip(_of(features, "contrast_to_noise"), 0.0, _MOST_CONTRAST)
    return np.asarray(_NOISE_SLOPE * (contrast - _NOISE_GATE))


def _coronary(features: Features) -> dict[Site, _Array]:
    """Evidence for each artery: near its line, in fat, on the heart, off the aortic wall."""
    heights = {
        site: np.clip(_of(features, f"most_height_{site.name.lower()}"), _LEAST_HEIGHT, 1.0)
        for site in CORONARY_SITES
    }
    highest = np.max(list(heights.values()), axis=0)
    total = sum(np.square(one) for one in heights.values())
    near = 1.2 * np.log(np.minimum(highest, 0.6) / _USUAL_HEIGHT)
    near += 7.0 * (np.minimum(_of(features, "fat_around"), 0.45) - 0.10)
    against = 0.8 * _positive(features, "from_pericardium_mm")
    against += 0.6 * _positive(features, "from_heart_mm", 8.0)
    against += 0.35 * np.clip(-_of(features, "from_heart_mm") - 6.0, 0.0, 10.0)
    against += 6.0 * _positive(features, "lung_around", 0.35)
    against += 8.0 * _positive(features, "bright_around", 0.2)
    against += 6.0 * (_of(features, "log_lesion_volume") > _BONE_LOG_VOLUME)
    against += 2.5 * _at_wall(features, "ascending")
    against += 2.0 * np.clip(-_of(features, "from_ascending_wall_mm"), 0.0, 3.0)
    against += 1.5 * np.clip(2.0 - _of(features, "from_descending_aorta_mm"), 0.0, 4.0)
    return {site: near - against + np.log(np.square(one) / total) for site, one in heights.items()}


def _at_wall(features: Features, side: str) -> _Array:
    """1 in a wall that was fitted well, 0 a few millimetres from it, or where it was not fitted."""
    distance = _of(features, f"from_{side}_wall_mm")
    sure = np.minimum(2.0 * _of(features, f"{side}_wall_quality"), 1.0)
    return np.asarray(sure * np.exp(-0.5 * np.square(distance / 1.5)))


def _aorta(features: Features, side: str) -> _Array:
    inside = [f"from_{side}_aorta_mm"]
    if side == "ascending":
        inside.append("from_aortic_root_mm")
    coarse = np.min([_of(features, name) for name in inside], axis=0)
    return np.asarray(3.0 * _at_wall(features, side) - 0.7 * np.maximum(coarse - 1.0, 0.0))


def _line(features: Features, name: str) -> _Array:
    """Evidence of being on the line of a valve."""
    height = np.clip(_of(features, f"height_{name}"), _LEAST_HEIGHT, 1.0)
    return np.asarray(0.5 + 2.0 * np.log(height / 0.5))


def _pericardium(features: Features) -> _Array:
    """Evidence of a sheet in the surface of the sac."""
    off = np.abs(_of(features, "from_pericardium_mm"))
    return np.asarray(-2.0 - 0.5 * off + 0.3 * (_of(features, "plane_elongation") - 2.0))


def _bone(features: Features) -> _Array:
    outside = np.clip(_of(features, "from_pericardium_mm"), -8.0, 10.0)
    large = _of(features, "log_lesion_volume") - _BONE_LOG_VOLUME
    return np.asarray(
        -1.0
        + 0.4 * outside
        + 4.0 * _of(features, "bright_around")
        + np.clip(2.0 * large, -2.0, 8.0)
    )


def _node(features: Features) -> _Array:
    """Evidence of a node: outside of the heart, beside the great vessels, behind or above."""
    vessels = np.min(
        [_of(features, f"from_{name}_mm") for name in ("pulmonary_artery", "left_atrium")], axis=0
    )
    return np.asarray(
        -2.0
        + 0.4 * np.clip(_of(features, "from_heart_mm") - 4.0, -8.0, 6.0)
        - 0.3 * np.maximum(vessels - 8.0, 0.0)
        - 2.0 * _of(features, "bright_around")
    )
