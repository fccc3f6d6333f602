"""One simulated scan as rows of the classifier's training table."""

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.network import NetworkSource
from corcal.anatomy.types import Anatomy, AnatomySource
from corcal.ct.scan import CTScan
from corcal.lesions.features import FEATURE_NAMES, describe, make_context
from corcal.lesions.neighbourhood import lesions_near_heart
from corcal.lesions.pieces import Pieces, piece_agatston
from corcal.lesions.sites import Site
from corcal.lesions.specks import SPECKS_DRAWN, SPECKS_LARGEST
from corcal.lesions.split import split_lesions
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.types import SimulatedScan
from training.cases import Case
from training.worse import worse

__all__ = ["label_pieces", "table_of"]

_LEAST_PART = 0.2  # of a piece's voxels: less calcium than that is noise beside calcium


def label_pieces(pieces: Pieces, simulated: SimulatedScan) -> NDArray[np.uint8]:
    """Give the true site of each piece: what most of its voxels show, or noise.

    Calcium that touches a fifth of a piece makes it calcium, because the truth of a small plaque is
    a few voxels and noise adds some.
    """
    codes = np.zeros(pieces.index.size, np.uint8)
    for known in (simulated.other_dense, simulated.voxels):  # calcium has the last word
        if known is not None and known.index.size:
            found, sites = _look_up(known, pieces.index)
            codes[found] = sites
    votes = np.zeros((pieces.count, max(Site) + 1))
    np.add.at(votes, (pieces.piece, codes), 1.0)
    share = votes[:, 1:] / np.maximum(pieces.voxel_count, 1)[:, None]
    site = 1 + share.argmax(axis=1)
    site[share.max(axis=1, initial=0.0) < _LEAST_PART] = int(Site.NOISE)
    return np.asarray(site, np.uint8)


def table_of(case: Case, *, source: AnatomySource | None = None) -> dict[str, NDArray[np.generic]]:
    """Give features, true sites and Agatston scores of the pieces of a scan that could score.

    They are measured twice: with the anatomy as the source gives it, and with a worse one, because
    the networks are better on simulated patients than on people; ``is_worse`` tells which rows are
    of the worse one, for studies of the tables.
    """
    scan = case.simulated.scan
    anatomy = (source or NetworkSource()).locate(scan)
    rng = np.random.default_rng([case.spec.seed, 41])
    parts = [_rows(case, scan, one) for one in (anatomy, worse(anatomy, rng))]
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return table | {
        "is_worse": np.repeat([False, True], [len(part["sites"]) for part in parts]),
        "names": np.array(FEATURE_NAMES),
        "gated": np.array(case.protocol.kind == "gated"),
    }


def _rows(case: Case, scan: CTScan, anatomy: Anatomy) -> dict[str, NDArray[np.generic]]:
    context = make_context(scan, anatomy)
    lesions = lesions_near_heart(scan, context.fields)
    pieces = split_lesions(lesions, context.fields, context.walls)
    features = describe(scan, anatomy, pieces, context=context)
    agatston, sites = piece_agatston(pieces), label_pieces(pieces, case.simulated)
    kept = _kept(agatston, sites, case.spec.seed)
    return {
        "features": features.values[kept],
        "sites": sites[kept],
        "agatston": agatston[kept].astype(np.float32),
    }


def _look_up(
    known: SiteVoxels, index: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    at = np.clip(np.searchsorted(known.index, index), 0, known.index.size - 1)
    found = known.index[at] == index
    return found, known.site[at[found]]


def _kept(agatston: NDArray[np.float64], sites: NDArray[np.uint8], seed: int) -> NDArray[np.intp]:
    """Pieces that could score, with a limited number of specks of noise.

    So noise is rarer here than in a noisy scan: `corcal.lesions.specks` makes up for it.
    """
    noise = np.flatnonzero((agatston > 0) & (sites == int(Site.NOISE)))
    rest = np.flatnonzero((agatston > 0) & (sites != int(Site.NOISE)))
    largest = noise[np.argsort(-agatston[noise], kind="stable")]
    others = np.random.default_rng(seed).permutation(largest[SPECKS_LARGEST:])[:SPECKS_DRAWN]
    return np.sort(np.concatenate([rest, largest[:SPECKS_LARGEST], others]))
