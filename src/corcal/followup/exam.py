"""An exam as the numbers that a comparison needs, checked where they come in."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from numbers import Real

from corcal.errors import InputError
from corcal.risk.person import PERSON_FIELDS

__all__ = ["ExamNumbers", "Range", "check_bmi", "plain_number"]

_set = object.__setattr__  # the records are frozen for everybody else
_NUMBERS = {
    "agatston": "the Agatston score",
    "volume_mm3": "the calcium volume",
    "mass_mg": "the calcium mass",
    "kvp": "the tube voltage",
    "slice_thickness_mm": "the slice thickness",
    "increment_mm": "the distance of slices",
    "bmi": "body mass index",
    "age_years": "the age",
}
_FACTS = ("is_gated", "is_automatic", "is_fit", "has_device", "takes_statin")
_ABOUT_SCAN = ("kernel", "manufacturer", "model_name", "rule")
_WHO = ("patient_key", "name", "birth_date", "sex", "series_key")
_TEXTS = (*_ABOUT_SCAN, *_WHO)


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

    def __post_init__(self) -> None:
        for name in ("low", "high", "level"):
            _set(self, name, plain_number(f"the {name} of an interval", getattr(self, name)))


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
    is_fit : bool or None
        Whether the scan was fit for calcium scoring.
    has_device : bool or None
        Whether metal was found at the heart: a stent, a lead, a valve, a clip.
    takes_statin : bool or None
        At the time of the exam.
    bmi : float or None
        Body mass index at the time of the exam, kg/m2.
    patient_key : str or None
        Identifier of the person; compared, and never printed.
    name, birth_date, sex : str or None
        Likewise; the sex is ``F`` or ``M``.
    age_years : float or None
        Likewise, at the time of the exam: exams of one person lie as far apart as their ages.
    series_key : str or None
        Identifier of the series: the same scan given twice is said.

    Raises
    ------
    InputError
        If an amount is negative or not a number, an interval does not hold its score, the body
        mass index is not one of a person, or a field is not of its kind. Scalars of numpy become
        plain numbers, so that the record can be written.
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
    is_fit: bool | None = None
    has_device: bool | None = None
    takes_statin: bool | None = None
    bmi: float | None = None
    patient_key: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)
    sex: str | None = field(default=None, repr=False)
    age_years: float | None = field(default=None, repr=False)
    series_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _make_plain(self)
        for name, amount in self._amounts():
            if not 0 <= amount < math.inf:
                msg = f"{name} must be a number of 0 or above, got {amount}"
                raise InputError(msg)
        _check_interval("the Agatston score", self.agatston, self.interval)
        for vessel, interval in self.vessel_intervals.items():
            _check_interval(f"the score of {vessel}", self.vessels.get(vessel), interval)
        if self.bmi is not None:
            check_bmi(self.bmi)

    def _amounts(self) -> Iterator[tuple[str, float]]:
        """Give every amount that is known, with its name for a message."""
        yield "the Agatston score", self.agatston
        for name, amount in (("volume", self.volume_mm3), ("mass", self.mass_mg)):
            if amount is not None:
                yield f"the calcium {name}", amount
        for vessel, score in self.vessels.items():
            yield f"the score of {vessel}", score


def check_bmi(bmi: float) -> None:
    """Refuse a body mass index that no person has, by the range of `corcal.risk.person`.

    Raises
    ------
    InputError
        If it is no number or out of range.
    """
    allowed = PERSON_FIELDS["bmi"]
    number = plain_number("body mass index", bmi)
    if not (allowed.low or 0.0) <= number <= (allowed.high or math.inf):
        msg = f"body mass index must be {allowed.allowed}, got {bmi}"
        raise InputError(msg)


def plain_number(name: str, value: object) -> float:
    """Give a number as Python's own, also if it comes from numpy.

    Raises
    ------
    InputError
        If it is none: a text, a yes or no, nothing.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        msg = f"{name} must be a number, got {value!r}"
        raise InputError(msg)
    return float(value)


def _make_plain(exam: ExamNumbers) -> None:
    """Check the kind of every field, and put plain values where numpy's are."""
    for name, label in _NUMBERS.items():
        value = getattr(exam, name)
        if value is not None or name == "agatston":
            _set(exam, name, plain_number(label, value))
    scores = {key: plain_number(f"the score of {key}", one) for key, one in exam.vessels.items()}
    _set(exam, "vessels", scores)
    for name in _FACTS:
        _set(exam, name, _plain_fact(name, getattr(exam, name)))
    for name in _TEXTS:
        if not isinstance(getattr(exam, name), str | None):
            msg = f"{name} must be a text or None"  # without the value: some tell who it is
            raise InputError(msg)
    if isinstance(exam.date, datetime):
        _set(exam, "date", exam.date.date())
    elif not isinstance(exam.date, date | None):
        msg = f"the date of an exam must be a date, got {exam.date!r}"
        raise InputError(msg)


def _plain_fact(name: str, value: object) -> bool | None:
    plain = value.item() if hasattr(value, "item") else value  # a truth value of numpy
    if plain is None or isinstance(plain, bool):
        return plain
    msg = f"{name} must be True, False or None, got {value!r}"
    raise InputError(msg)


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
