"""From a review to what goes over the wire, and back."""

import base64
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.exam_numbers import gating
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.amounts import shown_site
from corcal.report.colours import site_colour
from corcal.result import Result
from corcal.review import (
    Assign,
    Candidate,
    Comment,
    Confirm,
    Edit,
    MarkRegion,
    Redo,
    ReviewState,
    SetRule,
    SetThreshold,
    SplitByBrush,
    SplitByLine,
    Undo,
    candidate_summary,
    is_complete,
)
from corcal.review.candidates import values_at
from corcal.review.runs import runs_of
from corcal.risk.categories import categories
from corcal.scoring.categories import category_of
from corcal.scoring.types import Score, SiteScore
from corcal.serve import review_models as wire

__all__ = ["candidate_info", "edit_of", "labels_bytes", "labels_patch", "score_table", "site_infos"]

_KEYS = {
    Site.LM: "1",
    Site.LAD: "2",
    Site.LCX: "3",
    Site.RCA: "4",
    Site.ASCENDING_AORTA: "5",
    Site.AORTIC_VALVE: "6",
    Site.MITRAL_ANNULUS: "7",
    Site.DESCENDING_AORTA: "8",
    Site.PERICARDIUM: "9",
    Site.NOISE: "n",
    Site.DEVICE: "d",
    Site.BONE: "b",
    Site.OTHER: "o",
    Site.LYMPH_NODE: "l",
}
NO_CANDIDATE = 0xFFFFFFFF
"""Label of a voxel that is in no candidate any more."""


def site_infos() -> list[wire.SiteInfo]:
    """List the sites, the arteries first."""
    return [
        wire.SiteInfo(
            code=int(site),
            label=site.label,
            name=shown_site(site.label),
            colour=site_colour(site),
            key=key,
            is_coronary=site in CORONARY_SITES,
        )
        for site, key in _KEYS.items()
    ]


def candidate_info(state: ReviewState, number: int, *, is_blind: bool) -> wire.CandidateInfo:
    """Describe a candidate; a blind reader is not told what was proposed."""
    one, row = candidate_summary(state, number), state.candidate(number).proposal
    parent = -1 if row is None else int(state.proposals.split_from[row])
    chances = one.probabilities
    by_reader = "reader" if one.is_by_reader else str(state.proposals.proposer)
    return wire.CandidateInfo(
        id=one.id,
        site=one.site,
        proposed_site=one.proposed_site,
        probability=None if chances is None else chances.get(one.proposed_site or ""),
        probabilities=chances,
        why=[] if is_blind else [reason.text for reason in one.why],
        origin="reader" if by_reader == "reader" else _ORIGINS[by_reader],
        is_scored=one.is_scored,
        agatston=one.agatston,
        volume_mm3=one.volume_mm3,
        peak_hu=one.peak_hu,
        slices=list(one.slices),
        centroid=one.centroid_index,
        split_from=None if parent < 0 else parent,
    )


_ORIGINS: Mapping[str, wire.CandidateOrigin] = {
    "automatic": "automatic",
    "annotation": "annotation",
}


def score_table(
    state: ReviewState, score: Score, result: Result, *, is_blind: bool
) -> wire.ScoreTable:
    """Make the table of a review.

    Parameters
    ----------
    state : ReviewState
        As it is now.
    score : Score
        As measured of it.
    result : Result
        As it was proposed.
    is_blind : bool
        Whether the reader may not know what was proposed.
    """
    shown = score if state.is_changed or is_blind else result.score
    before = None if is_blind else result.score
    vessels_before = {} if before is None else before.vessels
    others_before = {} if before is None else before.other_sites
    return wire.ScoreTable(
        rule=shown.rule,
        threshold_hu=state.rule.threshold_hu,
        total=_total_row(shown, before, result),
        vessels={name: _row(one, vessels_before.get(name)) for name, one in shown.vessels.items()},
        other_sites={
            name: _row(shown.other_sites.get(name), others_before.get(name))
            for name in dict.fromkeys([*shown.other_sites, *others_before])
        },
        by_rule={
            name: wire.RuleRow(threshold_hu=o.threshold_hu, total=o.total, vessels=o.vessels)
            for name, o in shown.by_rule.items()
        },
        changed_by_reader=sum(one.is_by_reader for one in state.candidates.values()),
        is_changed=state.is_changed,
        is_complete=is_complete(state),
        automatic={} if before is None else {"total_agatston": before.total.agatston},
    )


def _total_row(shown: Score, before: Score | None, result: Result) -> wire.TotalRow:
    total = shown.total
    found = categories(total.agatston, vessel_count=total.vessels_involved, is_gated=gating(result))
    return wire.TotalRow(
        **dict(_row(total, None if before is None else before.total)),
        category=category_of(total.agatston),
        cac_drs=found["cac_drs"].code,
    )


def _row(one: SiteScore | None, before: SiteScore | None) -> wire.VesselRow:
    interval = None if one is None else one.interval
    return wire.VesselRow(
        agatston=0.0 if one is None else one.agatston,
        volume_mm3=0.0 if one is None else one.volume_mm3,
        mass_mg=0.0 if one is None else one.mass_mg,
        lesion_count=0 if one is None else one.lesion_count,
        interval=None
        if interval is None
        else wire.IntervalInfo(low=interval.low, high=interval.high, level=interval.level),
        automatic_agatston=0.0 if before is None else before.agatston,
    )


def labels_bytes(state: ReviewState) -> bytes:
    """Give the candidate of each voxel that is drawn: a count, flat indices, candidates."""
    shown = [(one, _drawn(state, one)) for one in state.candidates.values()]
    index = np.concatenate([np.zeros(0, np.int64), *(found for _, found in shown)])
    owner = np.repeat(
        np.array([one.id for one, _ in shown], np.int64), [found.size for _, found in shown]
    )
    order = np.argsort(index, kind="stable")
    return _packed(index[order], owner[order])


def labels_patch(before: ReviewState, after: ReviewState) -> str | None:
    """Give the voxels that changed their candidate, packed likewise; ``None`` for "load anew".

    Voxels that are in no candidate any more have the label 4294967295.
    """
    if before.rule.threshold_hu != after.rule.threshold_hu:
        return None
    gone = [one for n, one in before.candidates.items() if not _is_same(after, n, one)]
    came = [one for n, one in after.candidates.items() if not _is_same(before, n, one)]
    old = [_drawn(before, one) for one in gone]
    new = [_drawn(after, one) for one in came]
    empty = np.zeros(0, np.int64)
    left = np.setdiff1d(np.concatenate([empty, *old]), np.concatenate([empty, *new]))
    index = np.concatenate([left, *new])
    owner = np.concatenate(
        [
            np.full(left.size, NO_CANDIDATE, np.int64),
            *(np.full(found.size, one.id) for one, found in zip(came, new, strict=True)),
        ]
    )
    return base64.b64encode(_packed(index, owner)).decode()


def _is_same(state: ReviewState, number: int, one: Candidate) -> bool:
    """Whether a candidate is in a state with the same voxels, whatever its site."""
    other = state.candidates.get(number)
    return other is not None and (
        other.index is one.index or np.array_equal(other.index, one.index)
    )


def _drawn(state: ReviewState, one: Candidate) -> NDArray[np.int64]:
    return one.index[values_at(state.scan, one.index) >= state.rule.threshold_hu]


def _packed(index: NDArray[np.int64], owner: NDArray[np.int64]) -> bytes:
    count = np.array([index.size], "<u4")
    return count.tobytes() + index.astype("<u4").tobytes() + owner.astype("<u4").tobytes()


def edit_of(given: wire.AnyEdit, state: ReviewState) -> Edit:
    """Make the edit of a request.

    Raises
    ------
    InputError
        If its values cannot be.
    """
    match given:
        case wire.AssignEdit():
            return Assign(candidates=tuple(given.candidates), site=given.site)
        case wire.SplitLineEdit():
            return SplitByLine(
                candidate=given.candidate, slice=given.z, start=given.start, end=given.end
            )
        case wire.SplitBrushEdit():
            return _brush(given, state)
        case wire.RegionEdit():
            return MarkRegion(
                points=tuple(given.polygon),
                first_slice=given.z0,
                last_slice=given.z1,
                site=given.site,
            )
        case wire.ThresholdEdit():
            return SetThreshold(threshold_hu=given.hu)
        case wire.RuleEdit():
            return SetRule(rule=given.rule)
        case wire.ConfirmEdit():
            return Confirm()
        case wire.UndoEdit():
            return Undo()
        case wire.RedoEdit():
            return Redo()
    return Comment(text=given.text, candidate=given.candidate)


def _brush(given: wire.SplitBrushEdit, state: ReviewState) -> SplitByBrush:
    index = np.unique(np.array(given.voxels, np.int64))
    size = int(np.prod(state.scan.shape))
    if index[-1] >= size:
        msg = f"voxel {index[-1]} is none of the scan; allowed 0 to {size - 1}"
        raise InputError(msg)
    return SplitByBrush(candidate=given.candidate, voxels=runs_of(index, state.scan.shape))
