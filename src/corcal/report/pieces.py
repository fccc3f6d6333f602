"""The decisions of an automatic detection as pictures show them: which voxels, how certain."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import GeometryError
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.components import label_volume
from corcal.lesions.decision import Decision, Detection
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.calcium import lesion_positions
from corcal.report.decision_order import Turn, in_doubt, place_in_order
from corcal.report.key_lesions import key_slice
from corcal.result import Result
from corcal.scoring.contested import SMALL_NAMED, is_too_small
from corcal.scoring.types import Lesion

__all__ = [
    "CERTAIN",
    "LARGE_AGATSTON",
    "Piece",
    "is_certain",
    "lesion_pieces_of",
    "pieces_of",
    "site_named",
]

CERTAIN = 0.9  # a decision that is less probable than this is drawn as doubtful
LARGE_AGATSTON = 10.0  # a mistake about this much can change a category: always shown
_REACH_MM = 12.0  # how far from its densest voxel a candidate is drawn that is no calcium
_NAMED_LESIONS = 2  # of a piece; more are counted
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
    key_slice : int
        Zero-based slice that pictures show it in: that of its largest lesion, by
        `corcal.report.key_lesions.key_slice`; of its own voxels if it is no lesion, or a part.
    lesions : tuple of Lesion
        Of the result, that it makes or is a part of; empty if nothing of it is measured: it is no
        calcium, or too small to count.
    is_part : bool
        Whether other decisions are about other parts of these lesions.
    second_site : Site or None
        What the second detector takes it for, if that changes whether it counts.
    is_too_small : bool
        Whether the score is 0 and this is coronary, but too small to count: who reads a zero has to
        see it. The few that a review names have it.
    """

    decision: Decision
    site: Site
    position: NDArray[np.int64]
    key_slice: int
    lesions: tuple[Lesion, ...] = ()
    is_part: bool = False
    second_site: Site | None = None
    is_too_small: bool = False

    @property
    def name(self) -> str:
        """Names of its lesions in the result: ``L1``, ``L1 L4 +2``; empty if it has none."""
        names = [lesion.id for lesion in self.lesions]
        more = [f"+{len(names) - _NAMED_LESIONS}"] if len(names) > _NAMED_LESIONS else []
        return " ".join(names[:_NAMED_LESIONS] + more)

    @property
    def agatston(self) -> float:
        """Score of its lesions in the result; by the textbook rule if it is a part, or none."""
        if self.is_part or not self.lesions:
            return self.decision.agatston
        return sum(lesion.agatston for lesion in self.lesions)

    @property
    def is_coronary(self) -> bool:
        """Whether it is part of the score."""
        return self.site.vessel is not None

    @property
    def probability(self) -> float:
        """How probable its site is."""
        return self.decision.probabilities.get(self.decision.site, 0.0)

    @property
    def is_doubtful(self) -> bool:
        """Whether its site is not certain: such a decision is drawn dashed, with a ``?``."""
        return not is_certain(self.probability)

    @property
    def is_coronary_doubtful(self) -> bool:
        """Whether it may or may not be coronary: its counting is in doubt, not its place alone."""
        return in_doubt(self.decision.coronary_probability)

    @property
    def is_counted(self) -> bool:
        """Whether a score depends on it: it is not too small."""
        return self.agatston > 0

    @property
    def is_open(self) -> bool:
        """Whether it is part of the score, or could be."""
        could = self.is_coronary or self.is_coronary_doubtful or self.second_site is not None
        return could and self.is_told

    @property
    def is_told(self) -> bool:
        """Whether the picture may say something of it: it counts, or a zero depends on it."""
        return self.is_counted or self.is_too_small

    @property
    def must_be_seen(self) -> bool:
        """Whether the picture has to show it: coronary, doubtful, or large and no bone."""
        is_large = self.agatston >= LARGE_AGATSTON and self.site is not Site.BONE
        return self.is_open or is_large

    @property
    def is_named(self) -> bool:
        """Whether pictures name it: it counts for something, and is no certain bone."""
        return self.is_told and (self.is_open or self.site is not Site.BONE)

    @property
    def order(self) -> tuple[Turn, float]:
        """Its place in the order of pictures: the smallest comes first."""
        if self.is_too_small:
            return Turn.CORONARY, 0.0
        return place_in_order(
            self.site,
            self.agatston,
            self.decision.coronary_probability,
            is_disputed=self.second_site is not None,
        )

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


def pieces_of(result: Result, scan: CTScan, detection: Detection) -> tuple[Piece, ...]:
    """Find the voxels of each decision, and the lesions of the result that it is about.

    Voxels are the detection's own, as far as it knows what was judged; else calcium is all voxels
    of its site that are connected with its densest, and noise, bone and devices are drawn as far
    as the scan is dense around that voxel.

    Parameters
    ----------
    result : Result
        The scored exam: numbers the lesions.
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
    InputError
        If the lesions are not those of the result, or this release does not know its rule.
    """
    found = _Found(result, scan, detection)
    return tuple(found.piece(number) for number in range(len(detection.decisions)))


def lesion_pieces_of(result: Result, scan: CTScan, detection: Detection) -> tuple[Piece, ...]:
    """Give the same, but what makes one lesion of the result as one piece.

    It has the probabilities of the lesion, which are the mean over its parts.
    """
    found = _Found(result, scan, detection)
    groups: dict[int, list[int]] = defaultdict(list)
    for number, part in enumerate(found.parts):
        groups[-1 - number if part is None else part].append(number)
    return tuple(found.whole(numbers) for numbers in groups.values())


class _Found:
    """The voxels of decisions and lesions, and which belong to which.

    They belong together if they lie in one connected piece of a site's calcium: its number is
    in `parts` for each decision, ``None`` for what is no calcium.
    """

    def __init__(self, result: Result, scan: CTScan, detection: Detection) -> None:
        voxels = detection.voxels
        if voxels.shape != scan.shape:
            msg = f"a detection of shape {voxels.shape} cannot be drawn on a scan of {scan.shape}"
            raise GeometryError(msg)
        self._scan, self._detection, self._voxels = scan, detection, voxels
        self._label = label_volume(voxels.index, scan.shape, connectivity=26, group=voxels.site)
        self.parts = [self._part(decision) for decision in detection.decisions]
        small = [k for k, one in enumerate(detection.decisions) if is_too_small(one)]
        self._too_small = () if result.score.total.agatston else tuple(small[:SMALL_NAMED])
        self._lesions: dict[int | None, list[tuple[Lesion, NDArray[np.int64]]]] = defaultdict(list)
        for lesion, position in zip(
            result.lesions, lesion_positions(result, scan, voxels), strict=True
        ):
            first = int(np.ravel_multi_index(tuple(position[0]), scan.shape))
            self._lesions[self._part_at(first)].append((lesion, position))

    def piece(self, number: int) -> Piece:
        """Take one decision with its own voxels."""
        decision, part = self._detection.decisions[number], self.parts[number]
        lesions = [] if part is None else self._lesions.get(part, [])
        is_part = part is not None and self.parts.count(part) > 1
        position = self._position(decision, part)
        return Piece(
            decision=decision,
            site=site_named(decision.site),
            position=position,
            key_slice=key_slice(self._scan, lesions[0][1] if lesions and not is_part else position),
            lesions=tuple(lesion for lesion, _ in lesions),
            is_part=is_part,
            second_site=self._second_site(number),
            is_too_small=number in self._too_small,
        )

    def whole(self, numbers: Sequence[int]) -> Piece:
        """Take the decisions about one connected piece of calcium as one."""
        pieces = [self.piece(number) for number in numbers]
        first = min(pieces, key=lambda piece: piece.order)
        if len(pieces) == 1:
            return first
        lesions = self._lesions.get(self.parts[numbers[0]], [])
        known = [lesion.probabilities for lesion, _ in lesions if lesion.probabilities]
        largest = max((piece.decision for piece in pieces), key=lambda one: one.agatston)
        position = np.unique(np.concatenate([piece.position for piece in pieces]), axis=0)
        return replace(
            first,
            decision=replace(
                largest, probabilities=known[0] if known else largest.probabilities, split_from=None
            ),
            position=position,
            key_slice=key_slice(self._scan, lesions[0][1] if lesions else position),
            is_part=False,
        )

    def _part(self, decision: Decision) -> int | None:
        """Find the connected calcium of its site that holds its densest voxel, if any does."""
        part = self._part_at(decision.voxel)
        at = int(np.searchsorted(self._voxels.index, decision.voxel))
        is_its = part is not None and self._voxels.site[at] == site_named(decision.site)
        return part if is_its else None

    def _second_site(self, number: int) -> Site | None:
        """Say what the second detector takes it for, if that changes whether it counts."""
        if self._detection.second_sites is None:
            return None
        second = site_named(self._detection.second_sites[number])
        is_counted = self._detection.decisions[number].is_coronary
        return second if (second in CORONARY_SITES) != is_counted else None

    def _part_at(self, voxel: int) -> int | None:
        at = int(np.searchsorted(self._voxels.index, voxel))
        if at < self._label.size and self._voxels.index[at] == voxel:
            return int(self._label[at])
        return None

    def _position(self, decision: Decision, part: int | None) -> NDArray[np.int64]:
        """Voxels of a decision: as they were judged, if that is known."""
        judged = self._detection.judged
        if judged is not None:
            pieces = judged.pieces
            at = int(np.searchsorted(pieces.index, decision.voxel))
            if at < pieces.index.size and pieces.index[at] == decision.voxel:
                return _zyx(pieces.index[pieces.piece == pieces.piece[at]], self._scan)
        if part is not None:
            return _zyx(self._voxels.index[self._label == part], self._scan)
        return _dense_around(self._scan, decision.voxel)


def _zyx(index: NDArray[np.int64], scan: CTScan) -> NDArray[np.int64]:
    return np.stack(np.unravel_index(index, scan.shape), axis=1).astype(np.int64)


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
