"""Candidates that a review is about: which they are, and how a reader finds them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from corcal.lesions.decision import Decision, Detection
from corcal.lesions.places import slices_named
from corcal.lesions.sites import CORONARY_SITES
from corcal.scoring.types import Contested, Lesion

__all__ = [
    "SMALL_NAMED",
    "Candidate",
    "as_contested",
    "candidates_of",
    "difference_words",
    "is_too_small",
    "named",
    "small_named",
]

SMALL_NAMED = 3  # candidates that are too small to count; the others are counted

_ARTERIES = frozenset(site.label for site in CORONARY_SITES)
_NAMED = 3  # candidates of a difference; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A decision, with what is needed to name it.

    Attributes
    ----------
    decision : Decision
        What it was taken for.
    second_site : str or None
        What the second detector takes it for; ``None`` without one.
    lesion : Lesion or None
        The measured lesion that its densest voxel counts in; ``None`` if it counts in none.
    slices : tuple of int
        Where it lies.
    row, column : int
        Of its densest voxel in the slice, from 0.
    """

    decision: Decision
    second_site: str | None
    lesion: Lesion | None
    slices: tuple[int, ...]
    row: int
    column: int

    @property
    def is_moved(self) -> bool:
        """Whether one of both detectors counts it as coronary, and the other does not."""
        if self.second_site is None:
            return False
        return (self.second_site in _ARTERIES) is not self.decision.is_coronary

    @property
    def is_too_small(self) -> bool:
        """Whether it is taken for coronary calcium, and nothing of it counts."""
        return is_too_small(self.decision)


def is_too_small(decision: Decision) -> bool:
    """Whether something is taken for coronary calcium, and nothing of it counts."""
    return decision.is_coronary and not decision.agatston


def candidates_of(detection: Detection, lesions: Mapping[int, Lesion]) -> tuple[Candidate, ...]:
    """Give all candidates of a detection, in its order: descending Agatston score.

    Parameters
    ----------
    detection : Detection
        With its decisions.
    lesions : mapping of int to Lesion
        By `Decision.voxel`, the measured lesion that it counts in.
    """
    decisions = detection.decisions
    second = detection.second_sites or (None,) * len(decisions)
    _, n_y, n_x = detection.voxels.shape
    return tuple(
        Candidate(
            decision=one,
            second_site=site,
            lesion=lesions.get(one.voxel),
            slices=one.slices or (one.voxel // (n_y * n_x),),
            row=one.voxel // n_x % n_y,
            column=one.voxel % n_x,
        )
        for one, site in zip(decisions, second, strict=True)
    )


def named(candidate: Candidate, *, is_counted_from_told: bool = True) -> str:
    """Say how much was decided about, where it lies, and in which lesion as they were found.

    A review that has begun keeps the reason, and may number the lesions otherwise. What is no
    lesion of the record (noise, bone, metal) is found by the pixel of its densest voxel.

    Parameters
    ----------
    candidate : Candidate
        Which.
    is_counted_from_told : bool
        Whether it is said where slices are counted from: once is enough in a sentence.
    """
    amount = f"{candidate.decision.agatston:.1f}"
    place = slices_named(candidate.slices, is_counted_from_told=is_counted_from_told)
    lesion = candidate.lesion
    if lesion is None:
        return f"a candidate of {amount} Agatston units in {place}, {_pixel(candidate)}"
    whole, where = f"{lesion.agatston:.1f}", f"of {amount} Agatston units in {place}"
    if amount == whole:
        return f"a lesion {where}, found as {lesion.id}"
    if candidate.decision.agatston > lesion.agatston:  # the rule of the score counts less of it
        return f"a candidate {where}, {whole} of it found as {lesion.id}"
    return f"a piece {where}, of the {whole} found as {lesion.id}"


def small_named(candidate: Candidate, *, is_first: bool) -> str:
    """Say where something lies that is too small to count, and how likely it is calcium."""
    decision = candidate.decision
    place = slices_named(candidate.slices, is_counted_from_told=is_first)
    chance = f"{100 * decision.coronary_probability:.0f} %"
    return f"{place}, {_pixel(candidate)} ({decision.site}; coronary with {chance})"


def difference_words(moved: Iterable[Candidate]) -> str:
    """Say which candidates make two detectors differ: the largest three, and how many more.

    Parameters
    ----------
    moved : iterable of Candidate
        Those of which `Candidate.is_moved` holds, in descending score.
    """
    listed = _together(moved)
    parts: list[str] = []
    before = None
    for one in listed[:_NAMED]:
        is_left_out = one.decision.is_coronary
        verb = "it leaves out " if is_left_out else "it also counts "
        words = _moved_words(one, is_first=before is None)
        parts.append(words if is_left_out is before else f"{verb}{words}")
        before = is_left_out
    rest = listed[_NAMED:]
    if rest:
        together = sum(one.decision.agatston for one in rest)
        parts.append(f"and {len(rest)} more ({together:.1f} together)")
    return "; ".join(parts)


def _together(moved: Iterable[Candidate]) -> list[Candidate]:
    """Take pieces of one candidate that is no lesion as one, where both detectors agree on them.

    A streak that was cut is named once, by its largest piece.
    """
    found: dict[object, Candidate] = {}
    for number, one in enumerate(moved):
        decision = one.decision
        is_piece = one.lesion is None and decision.split_from is not None
        key = (decision.split_from, decision.site, one.second_site) if is_piece else number
        first = found.get(key)
        found[key] = one if first is None else _joined(first, one)
    return sorted(found.values(), key=lambda one: -one.decision.agatston)


def _joined(first: Candidate, other: Candidate) -> Candidate:
    slices = tuple(sorted({*first.slices, *other.slices}))
    whole = first.decision.agatston + other.decision.agatston
    return replace(
        first, decision=replace(first.decision, agatston=whole, slices=slices), slices=slices
    )


def _moved_words(one: Candidate, *, is_first: bool) -> str:
    """Say where a candidate lies, and what each detector takes it for."""
    decision = one.decision
    where = named(one, is_counted_from_told=is_first)
    chance = f"{100 * decision.probabilities.get(decision.site, 0.0):.0f} %"
    return f"{where}, here {_site(decision.site)} ({chance}), there {_site(one.second_site)}"


def as_contested(candidate: Candidate) -> Contested:
    """Describe a candidate for the record."""
    decision = candidate.decision
    return Contested(
        lesion=None if candidate.lesion is None else candidate.lesion.id,
        site=decision.site,
        second_site=candidate.second_site,
        agatston=decision.agatston,
        slices=candidate.slices,
        centroid_mm=decision.centroid_mm,
        probabilities=decision.probabilities,
        why=decision.why,
    )


def _pixel(candidate: Candidate) -> str:
    return f"at column {candidate.column}, row {candidate.row}"


def _site(label: str | None) -> str:
    return (label or "").replace("_", " ")
