"""The words of the room: an exam as numbers, what differs, what changed, and how sure that is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from corcal.errors import InputError
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

_BMI_RANGE = (10.0, 80.0)  # kg/m2: what a person can have


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
class Range:
    """An interval of a score or of a change.

    Attributes
    ----------
    low, high : float
        Agatston units.
    level : float
        Probability with which it holds the true value, such as 0.95.
    """

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamNumbers:
    """An exam as far as it matters for a comparison; ``None`` is not known.

    Attributes
    ----------
    date : date or None
        Of the scan. `corcal.followup.compare` refuses an exam without it.
    agatston : float
        Total score of the coronary arteries, unrounded.
    volume_mm3 : float or None
        Calcium volume.
    mass_mg : float or None
        Calcium mass.
    vessels : dict
        Agatston score of each artery, ``LM``, ``LAD``, ``LCX``, ``RCA``.
    interval : Range or None
        Of `agatston`: what the exam itself says of its error.
    vessel_intervals : dict
        The same for each artery.
    kvp, slice_thickness_mm, increment_mm : float or None
        Tube voltage; nominal slice thickness; distance of neighbouring slices.
    kernel, manufacturer, model_name : str or None
        As the headers say.
    rule : str or None
        Name of the scoring rule.
    is_gated : bool or None
        Whether the scan was ECG-gated.
    is_automatic : bool or None
        Whether nobody marked the calcium.
    takes_statin : bool or None
        At the time of the exam.
    bmi : float or None
        Body mass index at the time of the exam, kg/m2.
    patient_key : str or None
        Identifier of the person; compared, and never printed.
    birth_date : str or None
        Likewise.
    series_key : str or None
        Identifier of the series: the same scan given twice is said.

    Raises
    ------
    InputError
        If an amount is negative or not a number, an interval does not hold its score, or the body
        mass index is not one of a person.
    """

    date: date | None
    agatston: float
    volume_mm3: float | None = None
    mass_mg: float | None = None
    vessels: dict[str, float] = field(default_factory=dict)
    interval: Range | None = None
    vessel_intervals: dict[str, Range] = field(default_factory=dict)
    kvp: float | None = None
    slice_thickness_mm: float | None = None
    increment_mm: float | None = None
    kernel: str | None = None
    manufacturer: str | None = None
    model_name: str | None = None
    rule: str | None = None
    is_gated: bool | None = None
    is_automatic: bool | None = None
    takes_statin: bool | None = None
    bmi: float | None = None
    patient_key: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)
    series_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, amount in self._amounts():
            if not 0 <= amount < math.inf:
                msg = f"{name} must be a number of 0 or above, got {amount}"
                raise InputError(msg)
        _check_interval("the Agatston score", self.agatston, self.interval)
        for vessel, interval in self.vessel_intervals.items():
            _check_interval(f"the score of {vessel}", self.vessels.get(vessel), interval)
        low, high = _BMI_RANGE
        if self.bmi is not None and not low <= self.bmi <= high:
            msg = f"body mass index must be {low:g} to {high:g} kg/m2, got {self.bmi}"
            raise InputError(msg)

    def _amounts(self) -> Iterator[tuple[str, float]]:
        """Give every amount that is known, with its name for a message."""
        yield "the Agatston score", self.agatston
        for name, amount in (("volume", self.volume_mm3), ("mass", self.mass_mg)):
            if amount is not None:
                yield f"the calcium {name}", amount
        for vessel, score in self.vessels.items():
            yield f"the score of {vessel}", score


def _check_interval(name: str, score: float | None, interval: Range | None) -> None:
    if interval is None:
        return
    if score is None:
        msg = f"an interval of {name} was given without the score itself"
        raise InputError(msg)
    if not (0 <= interval.low <= score <= interval.high < math.inf and 0 < interval.level < 1):
        msg = (
            f"the interval of {name} must hold it: got {interval.low:g} to {interval.high:g} "
            f"(level {interval.level:g}) for {score:g}"
        )
        raise InputError(msg)


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
        Whether it forbids a verdict. What is not known never blocks: it becomes a condition.
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
        Oldest first; identifiers of the person and the series are taken out.
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
