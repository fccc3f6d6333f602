"""Exams as numbers, all made alike unless a test says otherwise."""

from datetime import date
from typing import Any

from corcal.followup.types import ExamNumbers, Range

FIRST_DAY = date(2020, 1, 2)
LATER_DAY = date(2023, 1, 2)  # three calendar years


def exam(agatston: float, day: date | None = FIRST_DAY, **changed: Any) -> ExamNumbers:
    """An exam of one patient on one scanner; the volume equals the score unless given."""
    fields: dict[str, Any] = {
        "volume_mm3": agatston,
        "kvp": 120.0,
        "slice_thickness_mm": 3.0,
        "increment_mm": 3.0,
        "kernel": "B35f",
        "manufacturer": "SIEMENS",
        "model_name": "SOMATOM Force",
        "rule": "textbook",
        "is_gated": True,
        "is_automatic": True,
        "is_fit": True,
        "has_device": False,
        "patient_key": "SIM-1",
    }
    return ExamNumbers(date=day, agatston=agatston, **(fields | changed))


def later(agatston: float, **changed: Any) -> ExamNumbers:
    """The same three years later."""
    return exam(agatston, LATER_DAY, **changed)


def between(low: float, high: float, level: float = 0.95) -> Range:
    """An interval."""
    return Range(low=low, high=high, level=level)
