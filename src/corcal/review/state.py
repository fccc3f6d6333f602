"""The state of a review: what each candidate is now, and what can be undone and redone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import InputError
from corcal.lesions.detect import NOT_CALCIUM
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.review.candidates import Candidates, Proposer
from corcal.scoring.rules import ScoringRule, rule_named, rule_with_threshold
from corcal.scoring.threshold_free import KnownSurrounds

__all__ = ["Candidate", "Change", "ReviewState", "begin"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One candidate as it is now.

    Attributes
    ----------
    id : int
        Never given twice in a review, also not after an undo.
    index : int64 ndarray of shape (n,)
        Flat indices of its voxels, ascending. No voxel is in two candidates.
    site : Site or None
        What it is taken for; ``None`` if it is no calcium.
    is_by_reader : bool
        Whether a reader decided that; else it is as proposed.
    proposal : int or None
        Row of `Candidates` that it is or was cut from; ``None`` if nothing was proposed there.
    """

    id: int
    index: NDArray[np.int64]
    site: Site | None
    is_by_reader: bool = False
    proposal: int | None = None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Candidate)
            and self._key() == other._key()
            and np.array_equal(self.index, other.index)
        )

    def _key(self) -> tuple[Any, ...]:
        return self.id, self.site, self.is_by_reader, self.proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one edit changed, in a form that goes both ways.

    Attributes
    ----------
    before, after : dict
        Candidates by id that were there before and are no longer as they were; and those in their
        place.
    settings_before, settings_after : (str, float or None, bool)
        Rule, threshold, and whether everything was confirmed.
    """

    before: dict[int, Candidate]
    after: dict[int, Candidate]
    settings_before: tuple[str, float | None, bool]
    settings_after: tuple[str, float | None, bool]

    def reversed(self) -> "Change":
        """Give the change that takes this one back."""
        return Change(
            before=self.after,
            after=self.before,
            settings_before=self.settings_after,
            settings_after=self.settings_before,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewState:
    """A review after some of its events.

    States are never changed; `corcal.review.apply` makes the next one. Two states are equal if
    they are of the same log and the same candidates.

    Attributes
    ----------
    proposals : Candidates
        What the review started from.
    scan : CTScan
        The scan.
    candidates : mapping of int to Candidate
        By id, as they are now.
    rule_name : str
        Rule in use, a key of `corcal.scoring.rules.RULES`.
    threshold_hu : float or None
        The reader's threshold; ``None`` for that of the rule.
    is_confirmed : bool
        Whether a reader stands for everything, also for what was not touched.
    sequence : int
        Number of the last event; 0 before the first.
    next_id : int
        Id of the next candidate that an edit makes.
    done, undone : tuple of Change
        Edits in force, and edits that can be redone; the last is the next to undo or redo.
    """

    proposals: Candidates = field(compare=False, repr=False)
    scan: CTScan = field(compare=False, repr=False)
    candidates: Mapping[int, Candidate] = field(repr=False)
    rule_name: str
    threshold_hu: float | None = None
    is_confirmed: bool = False
    sequence: int = 0
    next_id: int
    done: tuple[Change, ...] = field(default=(), repr=False)
    undone: tuple[Change, ...] = field(default=(), repr=False)
    memo: dict[tuple[int, str], Any] = field(default_factory=dict, compare=False, repr=False)
    """What was measured of each candidate by itself, by id and rule: shared by all states."""
    surrounds: KnownSurrounds = field(default_factory=dict, compare=False, repr=False)
    """Surroundings of lesions that were measured in this review: shared by all states."""

    @property
    def settings(self) -> tuple[str, float | None, bool]:
        """Rule, threshold, and whether everything was confirmed."""
        return self.rule_name, self.threshold_hu, self.is_confirmed

    @property
    def rule(self) -> ScoringRule:
        """The rule that scores: the one in use, with the reader's threshold."""
        rule = rule_named(self.rule_name)
        return rule if self.threshold_hu is None else rule_with_threshold(rule, self.threshold_hu)

    @property
    def can_undo(self) -> bool:
        """Whether an edit is in force."""
        return bool(self.done)

    @property
    def can_redo(self) -> bool:
        """Whether an edit was undone, and nothing else was done since."""
        return bool(self.undone)

    @property
    def is_changed(self) -> bool:
        """Whether anything that a reader decided is in force."""
        return bool(self.done)

    def is_scored(self, candidate: Candidate) -> bool:
        """Whether the voxels of a candidate are measured, in the arteries or elsewhere.

        Noise, bone and metal never are, unless a person marked them: what is marked is told.
        """
        if candidate.site is None:
            return False
        by_marks = self.proposals.proposer is Proposer.ANNOTATION
        return by_marks or candidate.site not in NOT_CALCIUM

    def voxels(self) -> SiteVoxels:
        """Voxels that are measured, each with its site: what `measure` takes."""
        scored = [one for one in self.candidates.values() if self.is_scored(one)]
        empty = np.zeros(0, np.int64)
        index = np.concatenate([empty, *(one.index for one in scored)])
        code = [0 if one.site is None else int(one.site) for one in scored]
        site = np.repeat(np.array(code, np.uint8), [one.index.size for one in scored])
        order = np.argsort(index, kind="stable")
        return SiteVoxels(shape=self.scan.shape, index=index[order], site=site[order])

    def candidate(self, number: int) -> Candidate:
        """Return the candidate of an id.

        Raises
        ------
        InputError
            If there is none, or no longer.
        """
        found = self.candidates.get(number)
        if found is None:
            gone = "was cut or undone" if 0 <= number < self.next_id else "never was"
            msg = f"no candidate {number} in this review: it {gone}"
            raise InputError(msg)
        return found

    def owners(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the id of the candidate of each voxel, -1 where there is none.

        Parameters
        ----------
        index : int64 ndarray of shape (n,)
            Flat indices into the scan.
        """
        base = self.proposals
        owner = np.full(index.size, -1, np.int64)
        if base.index.size:
            at = np.minimum(np.searchsorted(base.index, index), base.index.size - 1)
            known = base.index[at] == index
            owner[known] = base.candidate[at[known]]
        still = np.zeros(base.count + 1, np.bool_)  # the last for "none"
        still[[number for number in self.candidates if number < base.count]] = True
        owner[~still[owner]] = -1
        for number, one in self.candidates.items():
            if number >= base.count:
                at = np.minimum(np.searchsorted(one.index, index), one.index.size - 1)
                owner[one.index[at] == index] = number
        return owner


def begin(candidates: Candidates, scan: CTScan) -> ReviewState:
    """Give the state of a review before its first event: everything as proposed.

    Raises
    ------
    InputError
        If the candidates are of another scan.
    """
    candidates.check_scan(scan)
    made = {
        number: Candidate(id=number, index=index, site=candidates.site_of(number), proposal=number)
        for number, index in enumerate(candidates.voxels())
    }
    return ReviewState(
        proposals=candidates,
        scan=scan,
        candidates=MappingProxyType(made),
        rule_name=candidates.rule,
        next_id=candidates.count,
    )
