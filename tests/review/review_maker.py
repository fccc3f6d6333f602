"""A small scan with calcium, candidates with proposals, and logs in a few words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from corcal.ct.scan import CTScan
from corcal.lesions.classifier import SITES
from corcal.lesions.decision import Reason
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result
from corcal.review.candidates import Candidates, Proposer, marked_candidates
from corcal.review.events import Edit, Event
from corcal.review.replay import apply
from corcal.review.state import ReviewState
from corcal.scoring.measure import measure
from result_maker import make_automatic_result, make_result
from scoring.small_scans import make_scan

__all__ = ["Block", "automatic", "by", "marked", "record_of", "when"]

SHAPE = (10, 40, 40)
SPACING_MM = (3.0, 0.5, 0.5)  # a pixel of 0.25 mm2: four are the smallest lesion
SURE = 0.9


@dataclass(frozen=True, kw_only=True)
class Block:
    """Dense voxels from a corner on, and what was proposed for them."""

    site: Site
    at: tuple[int, int, int]
    size: tuple[int, int, int] = (1, 4, 4)
    hu: int = 300

    @property
    def window(self) -> tuple[slice, ...]:
        return tuple(slice(a, a + n) for a, n in zip(self.at, self.size, strict=True))


# One of each kind: two arteries that touch, one alone, the aorta, and noise of which one voxel is
# an artery's width away from anything.
USUAL = (
    Block(site=Site.LM, at=(4, 10, 10), size=(2, 4, 4)),
    Block(site=Site.LAD, at=(4, 10, 14), size=(2, 4, 8), hu=450),
    Block(site=Site.RCA, at=(6, 30, 5), size=(1, 3, 3), hu=180),
    Block(site=Site.ASCENDING_AORTA, at=(2, 20, 20), size=(3, 2, 12), hu=250),
    Block(site=Site.NOISE, at=(8, 30, 30), size=(1, 2, 2), hu=140),
)


def marked(blocks: Sequence[Block] = USUAL) -> tuple[CTScan, SiteVoxels]:
    """The scan and its blocks, as a person would mark them."""
    hu = np.full(SHAPE, 40, np.int16)
    label = np.zeros(SHAPE, np.uint8)
    for block in blocks:
        hu[block.window] = block.hu
        label[block.window] = block.site
    index = np.flatnonzero(label)
    return make_scan(hu, SPACING_MM), SiteVoxels(
        shape=SHAPE, index=index, site=label.reshape(-1)[index]
    )


def automatic(blocks: Sequence[Block] = USUAL) -> tuple[CTScan, Candidates]:
    """The scan and its blocks, as corcal would propose them with 90 % each, the rest noise."""
    scan, marks = marked(blocks)
    found = marked_candidates(scan, marks)
    chances = np.zeros((found.count, len(SITES)))
    chances[:, SITES.index(Site.NOISE)] = 1.0 - SURE
    chances[np.arange(found.count), found.site.astype(int) - 1] += SURE
    why = tuple(
        (Reason(text=f"candidate {k} was put there", feature="truth", value=float(k)),)
        for k in range(found.count)
    )
    return scan, replace(found, proposer=Proposer.AUTOMATIC, probabilities=chances, why=why)


def record_of(scan: CTScan, candidates: Candidates, voxels: SiteVoxels) -> Result:
    """The record of the exam as it was scored: the scan's numbers, with intervals and advice."""
    is_automatic = candidates.proposer is Proposer.AUTOMATIC
    base = make_automatic_result() if is_automatic else make_result()
    measured = measure(scan, voxels)
    score = measured.score
    if is_automatic:
        total = base.score.total.interval
        score = replace(
            score,
            total=replace(score.total, interval=replace(total, low=0.0, high=1e4)),
            category_probabilities=base.score.category_probabilities,
        )
    return replace(
        base,
        scan=replace(base.scan, shape=scan.shape),
        score=score,
        lesions=measured.lesions,
        suitability=replace(base.suitability, findings=measured.findings),
    )


def when(sequence: int) -> str:
    """A time for each event."""
    return f"2026-01-02T11:{sequence // 60 % 60:02d}:{sequence % 60:02d}Z"


def by(state: ReviewState, *edits: Edit, reader: str = "reader-7") -> tuple[ReviewState, list]:
    """Apply edits one after the other: the state, and the events."""
    events = []
    for edit in edits:
        number = state.sequence + 1
        events.append(Event(sequence=number, reader=reader, when=when(number), edit=edit))
        state = apply(state, events[-1])
    return state, events
