"""Automatic detection: from a scan and its anatomy to calcium with a site, a doubt and a reason."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import Anatomy
from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.lesions.aortic_wall import fit_aortic_wall
from corcal.lesions.assign import artery_of_voxels
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.decision import Decision, Detection
from corcal.lesions.features import FEATURES, Features, describe, piece_agatston
from corcal.lesions.noise import HeartNoise, Stencil, heart_noise, smoothing
from corcal.lesions.pieces import Pieces, find_pieces
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.surroundings import look_around
from corcal.lesions.territory import HeartFields
from corcal.lesions.voxels import SiteVoxels
from corcal.lesions.why import reasons

__all__ = ["Classifier", "Described", "decide", "describe_scan", "detect"]

NOISE_GATE = 2.0  # contrast over smoothed noise: below it nobody would call it calcium
_MOST_DECISIONS = 400  # that are kept with reasons: the ones on which the score depends most
_NOT_CALCIUM = (Site.NOISE, Site.BONE, Site.DEVICE)
_DEVICE_NEAR = 0.3  # height of an artery's pathway at which a device hides the artery
_ARTERY_PATHS = {"LM": "path_lm", "LAD": "path_lad", "LCX": "path_lcx", "RCA": "path_rca"}


class Classifier(Protocol):
    """Anything that turns measurements into probabilities of sites."""

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give an array of shape (m, 15) for features of shape (m, f)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The pieces of a scan that could score, and their measurements."""

    pieces: Pieces
    features: Features
    agatston: NDArray[np.float64]
    noise: HeartNoise


def detect(
    scan: CTScan,
    anatomy: Anatomy,
    *,
    classifier: Classifier,
    threshold_hu: float = CALCIUM_THRESHOLD_HU,
    noise_gate: float = NOISE_GATE,
) -> Detection:
    """Find calcium, and say which site each piece belongs to.

    Parameters
    ----------
    scan : CTScan
        Never resampled.
    anatomy : Anatomy
        Where its heart is.
    classifier : Classifier
        Decides from measurements.
    threshold_hu : float
        Lowest value of a candidate.
    noise_gate : float
        Contrast over the smoothed noise that a candidate needs to be looked at.

    Returns
    -------
    Detection
        Empty where no heart was found.
    """
    described = describe_scan(scan, anatomy, threshold_hu=threshold_hu, noise_gate=noise_gate)
    probabilities = classifier.probabilities(described.features.values)
    return decide(scan, anatomy, described, probabilities)


def describe_scan(
    scan: CTScan,
    anatomy: Anatomy,
    *,
    threshold_hu: float = CALCIUM_THRESHOLD_HU,
    noise_gate: float = NOISE_GATE,
) -> Described:
    """Find the pieces near the heart that could score, and measure them."""
    fields = HeartFields(anatomy)
    noise = heart_noise(scan, anatomy, fields)
    stencil = smoothing(scan.spacing_mm)
    found = find_pieces(scan, anatomy, fields, threshold_hu=threshold_hu)
    scoring = found.chosen(piece_agatston(scan, found) > 0)
    pieces = scoring.chosen(_stands_out(scan, scoring, noise, stencil, noise_gate))
    features = describe(
        scan,
        anatomy,
        fields,
        pieces,
        noise=noise,
        stencil=stencil,
        wall=fit_aortic_wall(scan, anatomy),
        around=look_around(scan, pieces, threshold_hu=threshold_hu),
    )
    return Described(
        pieces=pieces, features=features, agatston=piece_agatston(scan, pieces), noise=noise
    )


def decide(
    scan: CTScan, anatomy: Anatomy, described: Described, probabilities: NDArray[np.float32]
) -> Detection:
    """Turn probabilities into sites, voxels and reasons."""
    pieces = described.pieces
    arteries = [int(site) for site in CORONARY_SITES]
    coronary = probabilities[:, arteries].sum(axis=1) > 0.5
    others = probabilities.copy()
    others[:, [0, *arteries]] = 0.0
    site = others.argmax(axis=1)
    site[coronary] = np.array(arteries)[probabilities[coronary][:, arteries].argmax(axis=1)]
    voxel_site = artery_of_voxels(scan, anatomy, pieces, probabilities, coronary)
    voxel_site = np.where(voxel_site > 0, voxel_site, site[pieces.piece]).astype(np.uint8)
    decisions = _decisions(scan, described, probabilities, site)
    return Detection(
        voxels=_voxels(scan, pieces, voxel_site),
        decisions=decisions,
        noise_sd_hu=described.noise.sd_hu,
        findings=_device_findings(described, site),
    )


def _stands_out(
    scan: CTScan, pieces: Pieces, noise: HeartNoise, stencil: Stencil, gate: float
) -> NDArray[np.bool_]:
    """Whether the smoothed peak of each piece is well above blood, for the noise of this scan."""
    if len(pieces) == 0:
        return np.zeros(0, bool)
    order = np.lexsort((-pieces.hu.astype(np.float64), pieces.piece))
    peak = pieces.index[order[pieces.start[:-1]]]
    voxels = np.stack(np.unravel_index(peak, scan.shape), axis=1)
    smooth = stencil.at(scan.hu, voxels)
    return np.asarray((smooth - noise.blood_hu) / noise.smoothed_sd_hu >= gate)


def _voxels(scan: CTScan, pieces: Pieces, site: NDArray[np.uint8]) -> SiteVoxels:
    is_calcium = ~np.isin(site, [int(one) for one in _NOT_CALCIUM])
    order = np.argsort(pieces.index[is_calcium], kind="stable")
    return SiteVoxels(
        shape=scan.shape,
        index=pieces.index[is_calcium][order],
        site=site[is_calcium][order],
    )


def _decisions(
    scan: CTScan,
    described: Described,
    probabilities: NDArray[np.float32],
    site: NDArray[np.integer],
) -> tuple[Decision, ...]:
    """Make the records of the decisions that matter most, in descending Agatston score."""
    pieces, features = described.pieces, described.features
    order = np.argsort(-described.agatston, kind="stable")[:_MOST_DECISIONS]
    centres = scan.to_patient_mm(features.points_mm / np.array(scan.spacing_mm)).tolist()
    parts = np.bincount(pieces.connected, minlength=1)
    names = list(FEATURES)
    out = []
    for k in order.tolist():
        code = Site(int(site[k]))
        row = dict(zip(names, features.values[k].tolist(), strict=True))
        connected = int(pieces.connected[k])
        x, y, z = centres[k]
        out.append(
            Decision(
                site=code.label,
                probabilities=_by_label(probabilities[k]),
                agatston=float(described.agatston[k]),
                centroid_mm=(x, y, z),
                voxel=int(features.peak_voxel[k]),
                why=reasons(code, row),
                split_from=connected if parts[connected] > 1 else None,
            )
        )
    return tuple(out)


def _by_label(probabilities: NDArray[np.float32]) -> dict[str, float]:
    values = probabilities[1:].astype(np.float64)
    values /= values.sum()
    return {site.label: round(float(values[int(site) - 1]), 5) for site in Site}


def _device_findings(described: Described, site: NDArray[np.integer]) -> tuple[Finding, ...]:
    """Name the arteries that a device lies on: their calcium cannot be scored there."""
    devices = np.flatnonzero(site == int(Site.DEVICE))
    hidden = sorted(
        {
            name
            for k in devices
            for name, path in _ARTERY_PATHS.items()
            if described.features.column(path)[k] >= _DEVICE_NEAR
        }
    )
    if not len(devices):
        return ()
    where = f"on {', '.join(hidden)}: not scoreable there" if hidden else "off the arteries"
    message = f"{len(devices)} pieces of metal (stent, lead, clip or wire) near the heart, {where}"
    return (finding("DEVICE_PRESENT", message),)
