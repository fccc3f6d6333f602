"""The words of the room: what differs, what changed, and how sure that is."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from corcal.followup.exam import ExamNumbers, Range
from corcal.risk.types import Mark, Source

__all__ = [
    "Certainty",
    "Change",
    "Check",
    "Difference",
    "ExamNumbers",
    "Followup",
    "Method",
    "Range",
    "Span",
    "Verdict",
]


class Span(StrEnum):
    """Which two exams a change is between."""

    CONSECUTIVE = "consecutive"  # an exam and the next one
    WHOLE = "whole"  # the first exam and the last


class Verdict(StrEnum):
    """What can be said about a change."""

    INCREASE = "increase"  # larger than measurement error
    DECREASE = "decrease"  # larger than measurement error
    WITHIN_ERROR = "within_error"  # not larger than measurement error
    UNCLEAR = "unclear"  # the checks do not agree
    NOT_COMPARABLE = "not_comparable"  # the exams were not made alike: numbers, and no verdict
    NO_CHECK = "no_check"  # no published check applies, and the exams have no intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A setting that two exams do not share, or of which that is not known.

    Attributes
    ----------
    setting : str
        ``"kvp"``, ``"slice_thickness_mm"`` ... the field of `ExamNumbers`.
    label : str
        The setting in words.
    first, second : str or None
        Its two values with unit; ``None`` is not known.
    blocks : bool
        Whether it forbids a verdict. What is not known does not block: it becomes a condition. One
        exam that is known to be unfit blocks all the same.
    is_known : bool
        Whether both values are known.
    why : str
        What it does to the score.
    """

    setting: str
    label: str
    first: str | None
    second: str | None
    blocks: bool
    is_known: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What one way of expressing a change gives.

    Attributes
    ----------
    key : str
        ``"absolute"``, ``"per_year"``, ``"percent_per_year_simple"``,
        ``"percent_per_year_compound"``, ``"square_root"``, ``"cardia_mesa"``, ``"log"``.
    label : str
        In words.
    formula : str
        As computed.
    value : float or None
        ``None`` if it does not apply.
    unit : str
        Of `value` and `threshold`.
    threshold : float or None
        From which on the method speaks of progression; ``None`` if it has none, or if any
        calcium counts because the first score is 0.
    is_progression : bool or None
        Whether it does so here; ``None`` if it does not judge or does not apply.
    reading : str
        One sentence; empty if it does not apply.
    condition : str
        When it may be used, and what is uncertain about it.
    does_not_apply : str or None
        Why not; ``None`` if it does.
    source : str or None
        Key of the `Source`; ``None`` for plain arithmetic.
    mark : Mark or None
        How well its formula and threshold are known; ``None`` for plain arithmetic.
    """

    key: str
    label: str
    formula: str
    value: float | None
    unit: str
    threshold: float | None
    is_progression: bool | None
    reading: str
    condition: str
    does_not_apply: str | None
    source: str | None
    mark: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of whether a change is larger than measurement error.

    Attributes
    ----------
    key : str
        ``"square_root"``, ``"repeatability"``, ``"own_intervals"``.
    label : str
        In words.
    value, limit : float or None
        The change, and what it has to reach or exceed, in the unit of the check; ``None`` if it
        does not apply.
    unit : str
        Of both.
    direction : int or None
        1 if there is more calcium beyond the error, -1 if less, 0 if the change is within it;
        ``None`` if it does not apply.
    reading : str
        One sentence; empty if it does not apply.
    does_not_apply : str or None
        Why not; ``None`` if it does.
    source : str
        Key of the `Source`.
    mark : Mark
        How well the limit is known.
    """

    key: str
    label: str
    value: float | None
    limit: float | None
    unit: str
    direction: int | None
    reading: str
    does_not_apply: str | None
    source: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """Whether a change is larger than measurement error.

    Attributes
    ----------
    checks : tuple of Check
        All of them, also those that do not apply.
    difference : Range or None
        Interval of the change of the Agatston score, from the exams' own intervals; ``None`` if
        an exam has none.
    verdict : Verdict
        ``INCREASE`` or ``DECREASE`` if every check that applies says so, ``WITHIN_ERROR`` if none
        does, ``UNCLEAR`` if they differ, ``NO_CHECK`` if none applies.
    """

    checks: tuple[Check, ...]
    difference: Range | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Two exams of one person, compared.

    Attributes
    ----------
    span : Span
        Consecutive exams, or the first and the last; two exams alone are ``WHOLE``.
    first, second : int
        Zero-based positions in `Followup.exams`.
    years : float
        Between them; 0 on one day.
    differences : tuple of Difference
        Everything that is not the same, or not known to be.
    is_comparable : bool
        Whether no difference blocks a verdict.
    methods : tuple of Method
        All of them; where the exams are not comparable none applies.
    certainty : Certainty or None
        ``None`` where the exams are not comparable.
    vessels : dict
        Change of the Agatston score of each artery, which no published rule judges; empty where
        the exams are not comparable.
    verdict : Verdict
        In a word.
    text : str
        In words.
    notes : tuple of str
        What else has to be known to read it, a sentence each.
    """

    span: Span
    first: int
    second: int
    years: float
    differences: tuple[Difference, ...]
    is_comparable: bool
    methods: tuple[Method, ...]
    certainty: Certainty | None
    vessels: dict[str, float]
    verdict: Verdict
    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """All exams of one person, and what changed.

    Attributes
    ----------
    exams : tuple of ExamNumbers
        Oldest first; what tells who the person is, and the series, is taken out.
    changes : tuple of Change
        First to last, and where there are more than two exams each exam to the next before it.
    statin_started : date or None
        As told.
    notes : tuple of str
        What concerns all exams, a sentence each.
    sources : tuple of Source
        Every source that the changes name, alphabetical by key.
    """

    exams: tuple[ExamNumbers, ...]
    changes: tuple[Change, ...]
    statin_started: date | None
    notes: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def whole(self) -> Change:
        """The change from the first exam to the last."""
        return next(change for change in self.changes if change.span is Span.WHOLE)
