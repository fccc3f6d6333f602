"""Find the calcium of a scan by itself: from the scan and its anatomy to decisions."""

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import Anatomy
from corcal.ct.scan import CTScan
from corcal.lesions.assign import split_between_arteries
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.classifier import SITES, Classifier
from corcal.lesions.decision import Decision, Detection, Judged, Reason
from corcal.lesions.devices import (
    device_findings,
    device_pieces,
    likelier_beside_metal,
    with_devices,
)
from corcal.lesions.features import describe, make_context
from corcal.lesions.neighbourhood import lesions_near_heart
from corcal.lesions.pieces import Pieces, piece_agatston
from corcal.lesions.prevalence import with_prevalence
from corcal.lesions.rules import RuleClassifier
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.specks import with_specks
from corcal.lesions.split import split_lesions
from corcal.lesions.voxels import SiteVoxels
from corcal.lesions.whole_slices import keep_slices_whole
from corcal.lesions.why import reasons

__all__ = ["NOT_CALCIUM", "decide", "densest_voxels", "detect", "is_listed", "reasons_of"]

NOT_CALCIUM = (Site.NOISE, Site.BONE, Site.DEVICE)  # dense, but nothing that is ever scored
_CORONARY = np.array([SITES.index(site) for site in CORONARY_SITES])
_CORONARY_FROM = 0.5  # summed over the arteries: more likely coronary than not
_LABELS = tuple(site.label for site in SITES)
_CODES = np.array([int(site) for site in SITES], np.uint8)

_Array = NDArray[np.float64]


def detect(
    scan: CTScan,
    anatomy: Anatomy,
    *,
    classifier: Classifier | None = None,
    threshold_hu: float = CALCIUM_THRESHOLD_HU,
) -> Detection:
    """Find every candidate near the heart and decide what it is.

    Everything is measured at the scan's own resolution; nothing is resampled.

    Parameters
    ----------
    scan : CTScan
        Gated or not, of any slice thickness.
    anatomy : Anatomy
        Of this scan. Without a heart in it there are no candidates.
    classifier : Classifier, optional
        Default: the hand-made rules of `corcal.lesions.rules`, which are else the second detector.
    threshold_hu : float
        Lowest value of a candidate.

    Returns
    -------
    Detection
        The voxels by site, and a decision with its reasons for every candidate that could score.
    """
    rules = RuleClassifier()
    context = make_context(scan, anatomy)
    lesions = lesions_near_heart(scan, context.fields, threshold_hu=threshold_hu)
    pieces = split_lesions(lesions, context.fields, context.walls)
    features = describe(scan, anatomy, pieces, context=context)
    is_metal = device_pieces(pieces, features)
    by_rules = with_devices(rules.probabilities(features), is_metal)
    likely = by_rules
    if classifier:
        likely = with_devices(classifier.probabilities(features), is_metal)
        likely = likelier_beside_metal(likely, pieces.lesion)
        agatston = piece_agatston(pieces)
        likely = with_prevalence(with_specks(likely, agatston), pieces.lesion, agatston)
    cut, probabilities = split_between_arteries(pieces, likely, context.fields)
    sites = decide(probabilities)
    cut, kept = keep_slices_whole(cut, sites)
    probabilities, sites = probabilities[kept], sites[kept]
    if not np.array_equal(cut.piece, pieces.piece):
        features = describe(scan, anatomy, cut, context=context)
    judged = Judged(pieces=cut, features=features, probabilities=probabilities, sites=sites)
    order = _listed(judged)
    return Detection(
        voxels=_voxels(cut, sites),
        decisions=_decisions(scan, judged, order),
        noise_sd_hu=context.noise.sd_hu,
        findings=device_findings(scan, cut, features, sites, probabilities),
        second_sites=_second_sites(pieces, by_rules, cut, order) if classifier else None,
        judged=judged,
    )


def decide(probabilities: _Array) -> NDArray[np.uint8]:
    """Choose a site for each piece.

    Parameters
    ----------
    probabilities : float64 ndarray of shape (n, 14)
        In the order of `corcal.lesions.classifier.SITES`.

    Returns
    -------
    uint8 ndarray of shape (n,)
        `Site` codes. If the four arteries together have more than 0.5, the likeliest of them; else
        the likeliest of the others.
    """
    is_artery = np.isin(np.arange(len(SITES)), _CORONARY)
    coronary = probabilities[:, _CORONARY].sum(axis=1) > _CORONARY_FROM
    allowed = np.where(coronary[:, None] == is_artery, probabilities, -1.0)
    return np.asarray(_CODES[allowed.argmax(axis=1)])


def _second_sites(
    pieces: Pieces, probabilities: _Array, cut: Pieces, order: NDArray[np.intp]
) -> tuple[str, ...]:
    """Name what another detector takes pieces for that were cut afterwards, in an order.

    A piece of several parts is what the part with its densest voxel is.
    """
    whole = pieces.piece[np.searchsorted(cut.index, densest_voxels(cut))]
    sites = decide(probabilities)[whole[order]]
    return tuple(Site(int(site)).label for site in sites)


def _voxels(pieces: Pieces, sites: NDArray[np.uint8]) -> SiteVoxels:
    """Keep what was decided to be calcium."""
    site = sites[pieces.piece]
    kept = ~np.isin(site, NOT_CALCIUM)
    return SiteVoxels(shape=pieces.shape, index=pieces.index[kept], site=site[kept])


def is_listed(agatston: _Array, sites: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether there is a decision about each piece: it could score, or is calcium anyhow."""
    return np.asarray((agatston > 0) | ~np.isin(sites, NOT_CALCIUM))


def reasons_of(judged: Judged, piece: int) -> tuple[Reason, ...]:
    """Say why a piece was taken for what it was taken for."""
    features = judged.features
    values = dict(zip(features.names, features.values[piece].tolist(), strict=True))
    return reasons(Site(int(judged.sites[piece])), values, _chances(judged, piece))


def _chances(judged: Judged, piece: int) -> dict[str, float]:
    return dict(zip(_LABELS, judged.probabilities[piece].tolist(), strict=True))


def _listed(judged: Judged) -> NDArray[np.intp]:
    """Give the pieces that could score or are calcium, in descending Agatston score."""
    agatston = piece_agatston(judged.pieces)
    listed = np.flatnonzero(is_listed(agatston, judged.sites))
    return listed[np.argsort(-agatston[listed], kind="stable")]


def _decisions(scan: CTScan, judged: Judged, order: NDArray[np.intp]) -> tuple[Decision, ...]:
    """Describe pieces in an order."""
    pieces, sites = judged.pieces, judged.sites
    agatston = piece_agatston(pieces)
    zyx = np.stack([pieces.mean(axis) for axis in pieces.zyx()], axis=1)
    centres = scan.to_patient_mm(zyx)
    densest = densest_voxels(pieces)
    shared, slices = pieces.is_split, _slices(pieces)
    return tuple(
        Decision(
            site=Site(int(sites[k])).label,
            probabilities=_chances(judged, int(k)),
            agatston=float(agatston[k]),
            centroid_mm=(float(centres[k, 0]), float(centres[k, 1]), float(centres[k, 2])),
            voxel=int(densest[k]),
            why=reasons_of(judged, int(k)),
            split_from=int(pieces.lesion[k]) if shared[k] else None,
            slices=slices[k],
        )
        for k in order
    )


def _slices(pieces: Pieces) -> tuple[tuple[int, ...], ...]:
    """Slices that each piece lies in, ascending."""
    depth = pieces.shape[0]
    slots = np.unique(pieces.piece.astype(np.int64) * depth + pieces.zyx()[0])
    ends = np.cumsum(np.bincount(slots // depth, minlength=pieces.count))
    return tuple(tuple(part.tolist()) for part in np.split(slots % depth, ends[:-1]))


def densest_voxels(pieces: Pieces) -> NDArray[np.int64]:
    """Flat index of the densest voxel of each piece; of equal ones, the first."""
    order = np.lexsort((-pieces.hu.astype(np.float64), pieces.piece))
    _, first = np.unique(pieces.piece[order], return_index=True)
    return pieces.index[order[first]]
