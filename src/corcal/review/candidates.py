"""What a review starts from: every candidate near the heart, and what was proposed for it."""

import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import InputError
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.classifier import SITES
from corcal.lesions.components import label_slices, label_volume
from corcal.lesions.decision import Decision, Judged, Reason
from corcal.lesions.detect import densest_voxels, is_listed, reasons_of
from corcal.lesions.neighbourhood import LEAST_AREA_MM2
from corcal.lesions.pieces import agatston_of, most_of, piece_agatston
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Exam
from corcal.scoring.rules import DEFAULT_RULE, rule_named

__all__ = [
    "Candidates",
    "Proposer",
    "candidates_of",
    "judged_candidates",
    "marked_candidates",
    "values_at",
]

_Index = NDArray[np.int64]


class Proposer(StrEnum):
    """Who proposed the sites."""

    AUTOMATIC = "automatic"  # corcal found the calcium by itself
    ANNOTATION = "annotation"  # a person's marks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Every connected candidate near the heart at the scan's own resolution, calcium or not.

    Together with the scan it is all that a review needs: no network runs again. It has no patient
    data.

    Attributes
    ----------
    shape : (n_z, n_y, n_x)
        Shape of the scan.
    index : int64 ndarray of shape (n,)
        Flat C-order index into the scan, strictly ascending.
    candidate : int32 ndarray of shape (n,)
        Candidate of each voxel: 0, 1, 2 ... in the order of their first voxels.
    site : uint8 ndarray of shape (count,)
        Proposed `Site` code; 0 where nothing was marked.
    agatston : float64 ndarray of shape (count,)
        Textbook Agatston score of each, whatever its site.
    voxel : int64 ndarray of shape (count,)
        Flat index of the densest voxel of each.
    split_from : int32 ndarray of shape (count,)
        Pieces of one connected candidate share this number; -1 where it was not split.
    why : tuple of tuple of Reason
        What carried each proposal; empty where a person proposed.
    probabilities : float64 ndarray of shape (count, 14) or None
        In the order of `Site`; ``None`` where a person proposed.
    threshold_hu : float
        What was looked for: below it a candidate may have no voxels.
    rule : str
        That the exam was scored by.
    proposer : Proposer
        Who proposed.
    values_check : int
        CRC-32 of the Hounsfield units of the voxels, in their order: tells another scan.
    """

    shape: tuple[int, int, int]
    index: _Index
    candidate: NDArray[np.int32]
    site: NDArray[np.uint8]
    agatston: NDArray[np.float64]
    voxel: _Index
    split_from: NDArray[np.int32]
    why: tuple[tuple[Reason, ...], ...]
    probabilities: NDArray[np.float64] | None
    threshold_hu: float
    rule: str
    proposer: Proposer
    values_check: int

    @property
    def count(self) -> int:
        """Number of candidates."""
        return self.site.size

    def voxels(self) -> tuple[_Index, ...]:
        """Flat indices of each candidate, ascending."""
        order = np.argsort(self.candidate, kind="stable")
        ends = np.cumsum(np.bincount(self.candidate, minlength=self.count))
        return tuple(np.split(self.index[order], ends[:-1])) if self.count else ()

    def site_of(self, candidate: int) -> Site | None:
        """Proposed site; ``None`` where nothing was marked."""
        return _site(int(self.site[candidate]))

    def probabilities_of(self, candidate: int) -> dict[str, float] | None:
        """Probabilities by `Site.label`; ``None`` where a person proposed."""
        if self.probabilities is None:
            return None
        row = self.probabilities[candidate].tolist()
        return {site.label: p for site, p in zip(SITES, row, strict=True)}

    def decisions(self, scan: CTScan) -> tuple[Decision, ...]:
        """Give the automatic decisions as the detection gave them; none where a person proposed."""
        if self.probabilities is None:
            return ()
        listed = np.flatnonzero(is_listed(self.agatston, self.site))
        order = listed[np.argsort(-self.agatston[listed], kind="stable")]
        voxels = self.voxels()
        return tuple(self._decision(int(k), voxels[k], scan) for k in order)

    def _decision(self, k: int, index: _Index, scan: CTScan) -> Decision:
        site = Site(int(self.site[k]))
        centre = np.stack(np.unravel_index(index, self.shape), axis=1).mean(axis=0, keepdims=True)
        x, y, z = scan.to_patient_mm(centre)[0].tolist()
        return Decision(
            site=site.label,
            probabilities=self.probabilities_of(k) or {},
            agatston=float(self.agatston[k]),
            centroid_mm=(x, y, z),
            voxel=int(self.voxel[k]),
            why=self.why[k],
            split_from=None if self.split_from[k] < 0 else int(self.split_from[k]),
            slices=tuple(np.unique(index // (self.shape[1] * self.shape[2])).tolist()),
        )

    def check_scan(self, scan: CTScan) -> None:
        """Refuse a scan that the candidates are not of.

        Raises
        ------
        InputError
            If the shape or the Hounsfield units of the voxels are others.
        """
        if scan.shape != self.shape:
            msg = f"the candidates are of a scan of shape {self.shape}, this one has {scan.shape}"
            raise InputError(msg)
        if _values_check(values_at(scan, self.index)) != self.values_check:
            msg = "the candidates are of another scan: its Hounsfield units differ at their voxels"
            raise InputError(msg)


def candidates_of(exam: Exam) -> Candidates:
    """Collect the candidates of an exam that was just scored.

    Parameters
    ----------
    exam : Exam
        As `corcal.pipeline.score_scan` returns it.

    Returns
    -------
    Candidates
        Of an automatic exam every piece near the heart that was decided about; of an annotated one
        the marks, and what else is dense near them and in the box around the heart.

    Raises
    ------
    InputError
        If the detection did not keep what it decided about.
    """
    rule = exam.result.score.rule
    if exam.detection is None:
        return marked_candidates(exam.scan, exam.voxels, rule=rule)
    if exam.detection.judged is None:
        msg = "the detection kept no candidates; a review needs an exam as corcal scores it"
        raise InputError(msg)
    return judged_candidates(exam.scan, exam.detection.judged, rule=rule)


def judged_candidates(scan: CTScan, judged: Judged, *, rule: str = DEFAULT_RULE) -> Candidates:
    """Take every piece of an automatic detection for a candidate.

    Parameters
    ----------
    scan : CTScan
        The scan.
    judged : Judged
        `Detection.judged` of this scan.
    rule : str
        That the exam was scored by.
    """
    pieces = judged.pieces
    _, first = np.unique(pieces.piece, return_index=True)
    order = np.argsort(first)
    rank = np.empty(order.size, np.int32)
    rank[order] = np.arange(order.size, dtype=np.int32)
    return Candidates(
        shape=pieces.shape,
        index=pieces.index,
        candidate=rank[pieces.piece],
        site=judged.sites[order].astype(np.uint8),
        agatston=piece_agatston(pieces)[order],
        voxel=densest_voxels(pieces)[order],
        split_from=np.where(pieces.is_split, pieces.lesion, -1)[order].astype(np.int32),
        why=tuple(reasons_of(judged, int(k)) for k in order),
        probabilities=judged.probabilities[order],
        threshold_hu=pieces.threshold_hu,
        rule=rule,
        proposer=Proposer.AUTOMATIC,
        values_check=_values_check(values_at(scan, pieces.index)),
    )


def marked_candidates(scan: CTScan, marks: SiteVoxels, *, rule: str = DEFAULT_RULE) -> Candidates:
    """Take a person's marks, and what is dense around them, for candidates.

    Parameters
    ----------
    scan : CTScan
        The scan.
    marks : SiteVoxels
        Voxels of the annotation; those below 130 HU are kept, too.
    rule : str
        That the exam was scored by.

    Returns
    -------
    Candidates
        The connected parts of each site's marks, and, without a site, connected groups of other
        voxels at or above 130 HU (or the rule's threshold, where that is lower) in the box around
        the heart. Those that nowhere have 0.5 mm2 in one slice are left out, as in a detection.
    """
    threshold_hu = min(CALCIUM_THRESHOLD_HU, rule_named(rule).threshold_hu)
    around = _dense_around(scan, marks, threshold_hu)
    index = np.union1d(marks.index, around)
    site = np.zeros(index.size, np.uint8)
    site[np.searchsorted(index, marks.index)] = marks.site
    label = label_volume(index, scan.shape, connectivity=26, group=site)
    kept = (site > 0) | _has_area(index, label, scan)
    index, site = index[kept], site[kept]
    _, first, candidate = np.unique(label[kept], return_index=True, return_inverse=True)
    return Candidates(
        shape=scan.shape,
        index=index,
        candidate=candidate.astype(np.int32),
        site=site[first],
        **_measured(scan, index, candidate.astype(np.int32), first.size),
        split_from=np.full(first.size, -1, np.int32),
        why=((),) * first.size,
        probabilities=None,
        threshold_hu=threshold_hu,
        rule=rule,
        proposer=Proposer.ANNOTATION,
    )


def values_at(scan: CTScan, index: _Index) -> NDArray[Any]:
    """Hounsfield units of voxels given by flat indices, in the type of the scan."""
    return scan.hu[np.unravel_index(index, scan.shape)]


def _measured(
    scan: CTScan, index: _Index, candidate: NDArray[np.int32], count: int
) -> dict[str, Any]:
    """Measure what a detection would have told of each candidate."""
    hu = values_at(scan, index)
    dense = hu >= CALCIUM_THRESHOLD_HU
    scores = agatston_of(
        index[dense], hu[dense], candidate[dense], shape=scan.shape, spacing_mm=scan.spacing_mm
    )
    order = np.lexsort((-hu.astype(np.float64), candidate))
    _, first = np.unique(candidate[order], return_index=True)
    return {
        "agatston": np.bincount(candidate[dense], weights=scores, minlength=count).astype(float),
        "voxel": index[order[first]],
        "values_check": _values_check(hu),
    }


def _dense_around(scan: CTScan, marks: SiteVoxels, threshold_hu: float) -> _Index:
    """Flat indices of what is dense in the box around heart and marks, ascending."""
    # the box is that of the pictures: what a reader sees first is what can be assigned
    from corcal.report.calcium import CountedCalcium
    from corcal.report.framing import heart_frame

    place = np.stack(np.unravel_index(marks.index, scan.shape), axis=1)
    # all marks are to be inside, not those of the arteries alone
    inside = np.full(marks.index.size, Site.LAD, np.uint8)
    calcium = CountedCalcium(position=place, site=inside, agatston_by_slice=np.zeros(scan.shape[0]))
    box = heart_frame(scan, calcium).slices
    values = scan.hu[box]
    local = np.nonzero((values >= threshold_hu) & np.isfinite(values))
    zyx = tuple(axis + part.start for axis, part in zip(local, box, strict=True))
    return np.asarray(np.ravel_multi_index(zyx, scan.shape), np.int64)


def _has_area(index: _Index, label: NDArray[np.int32], scan: CTScan) -> NDArray[np.bool_]:
    """Whether the group of each voxel has enough area in one of its slices."""
    if not index.size:
        return np.zeros(0, np.bool_)
    in_slice = label_slices(index, scan.shape, connectivity=8, group=label)
    area = np.bincount(in_slice)[in_slice] * scan.pixel_area_mm2
    return np.asarray((most_of(area, label, int(label.max()) + 1) >= LEAST_AREA_MM2)[label])


def _values_check(values: NDArray[Any]) -> int:
    return zlib.crc32(np.ascontiguousarray(values, dtype="<f4").tobytes())


def _site(code: int) -> Site | None:
    return Site(code) if code else None
