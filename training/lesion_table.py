"""One simulated scan as rows of the classifier's training table."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.network import NetworkSource
from corcal.anatomy.types import AnatomySource
from corcal.lesions.detect import describe_scan
from corcal.lesions.features import FEATURES
from corcal.lesions.pieces import Pieces
from corcal.lesions.sites import Site
from corcal.phantom.confounders import draw_confounders
from corcal.phantom.patient import BURDENS, Burden, PatientSpec, draw_patient
from corcal.phantom.protocol import Protocol, draw_protocol
from corcal.phantom.thorax import simulate_exam
from corcal.phantom.types import SimulatedScan

__all__ = ["Case", "draw_case", "label_pieces", "simulate_case", "table_of"]

_LEAST_PART = 0.2  # of a piece's voxels that calcium must touch, or it is noise beside calcium
_MATRIX = 384  # pixels of 0.5 to 0.7 mm: half the work of 512
_CHEST = 0.25  # of the scans are chest CT without gating


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A simulated scan, with whom and how it was made."""

    spec: PatientSpec
    protocol: Protocol
    simulated: SimulatedScan


def draw_case(seed: int, *, matrix: int = _MATRIX) -> tuple[PatientSpec, Protocol]:
    """Draw a patient with confounders, and how the exam is made."""
    rng = np.random.default_rng([seed, 31])
    burdens: tuple[Burden, ...] = tuple(BURDENS)
    spec = draw_patient(
        seed, burden=burdens[int(rng.integers(4))], variety=float(rng.uniform(0.2, 1.0))
    )
    spec = replace(spec, confounders=draw_confounders(spec, seed, chance=1.2))
    kind = "chest" if rng.random() < _CHEST else "gated"
    return spec, draw_protocol(seed, kind=kind, spec=spec, matrix=matrix)


def label_pieces(pieces: Pieces, simulated: SimulatedScan) -> NDArray[np.uint8]:
    """Give the true site of each piece: what most of its voxels show, or noise.

    Calcium that touches a fifth of a piece makes it calcium, because the truth of a small plaque is
    a few voxels and noise adds some.
    """
    codes = np.zeros(len(pieces.index), np.uint8)
    for known in (simulated.other_dense, simulated.voxels):  # calcium has the last word
        if known is None or not len(known.index):
            continue
        at = np.clip(np.searchsorted(known.index, pieces.index), 0, len(known.index) - 1)
        found = known.index[at] == pieces.index
        codes[found] = known.site[at[found]]
    votes = np.zeros((len(pieces), max(Site) + 1))
    np.add.at(votes, (pieces.piece, codes), 1.0)
    share = votes[:, 1:] / np.maximum(pieces.size, 1)[:, None]
    site = 1 + share.argmax(axis=1)
    site[share.max(axis=1, initial=0.0) < _LEAST_PART] = int(Site.NOISE)
    return np.asarray(site, np.uint8)


def simulate_case(seed: int) -> Case:
    """Draw and simulate a scan, with the truth of everything dense in it."""
    spec, protocol = draw_case(seed)
    simulated = simulate_exam(spec, protocol, dense_truth=True)
    return Case(spec=spec, protocol=protocol, simulated=simulated)


def table_of(case: Case, *, source: AnatomySource | None = None) -> dict[str, NDArray[np.generic]]:
    """Give features, true sites and Agatston scores of the pieces of a scan."""
    scan = case.simulated.scan
    described = describe_scan(scan, (source or NetworkSource()).locate(scan))
    return {
        "features": described.features.values,
        "sites": label_pieces(described.pieces, case.simulated),
        "agatston": described.agatston.astype(np.float32),
        "names": np.array(list(FEATURES)),
        "gated": np.array(case.protocol.kind == "gated"),
    }
