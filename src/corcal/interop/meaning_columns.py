"""The columns of the table of exams about what the score means for the person.

They are empty for an exam that nobody has interpreted (`corcal.interpreted`).
"""

from collections.abc import Callable

from corcal.interop.columns import Cell, Column, Kind
from corcal.interpreted import other_than_headers
from corcal.result import Result
from corcal.risk.categories import SCHEMES
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import REFERENCE_NAMES
from corcal.risk.types import Percentile

__all__ = ["MEANING_COLUMNS"]

_PERCENTILE_FIELDS = (
    ("value", "Percent of the reference with a lower score; empty for 0 and where not covered"),
    ("at_least", "Lower bound, where the reference has a few percentiles only, or ends"),
    ("at_most", "Upper bound, likewise"),
    ("p_nonzero", "Percent of the reference with a score above 0"),
)
_REFERENCE_SCORES = (25, 50, 75, 90)  # keys of Percentile.scores
_CLASS_NOTES = {
    "cac_drs": " V in place of A: from a scan without ECG gating, derived from the score, not a "
    "visual estimate."
}
_RISKS = (
    ("mesa_chd", "coronary heart disease in 10 years, MESA without the calcium"),
    ("mesa_chd_with_cac", "coronary heart disease in 10 years, MESA with the calcium"),
    ("pce", "atherosclerotic disease in 10 years, Pooled Cohort Equations"),
    ("score2", "cardiovascular disease in 10 years, SCORE2 or SCORE2-OP"),
)
_PREVENT = (
    ("total_cvd", "cardiovascular disease"),
    ("ascvd", "atherosclerotic disease"),
    ("heart_failure", "heart failure"),
    ("chd", "coronary heart disease"),
    ("stroke", "stroke"),
)


def _told(
    name: str, kind: Kind, unit: str, description: str, pick: Callable[[Interpretation], Cell]
) -> Column[Result]:
    """Give a column of the interpretation, empty without one."""

    def value(result: Result) -> Cell:
        return None if result.interpretation is None else pick(result.interpretation)

    return Column(name=name, kind=kind, unit=unit, description=description, value=value)


def _category(scheme: str) -> Column[Result]:
    def pick(meaning: Interpretation) -> Cell:
        found = meaning.categories.get(scheme)
        return None if found is None else found.code

    what = f"Class of the score: {SCHEMES[scheme].title}.{_CLASS_NOTES.get(scheme, '')}"
    return _told(f"category_{scheme}", Kind.TEXT, "", what, pick)


def _percentile(meaning: Interpretation, reference: str) -> Percentile | None:
    return meaning.percentile.get(reference)


def _percentile_column(reference: str, field: str, what: str) -> Column[Result]:
    def pick(meaning: Interpretation) -> Cell:
        found = _percentile(meaning, reference)
        cell: Cell = None if found is None else getattr(found, field)
        return cell

    name = f"percentile_{reference}" + ("" if field == "value" else f"_{field}")
    unit = "percent"
    return _told(name, Kind.INTEGER, unit, f"{what}; {REFERENCE_NAMES[reference]}.", pick)


def _score_column(reference: str, percent: int) -> Column[Result]:
    def pick(meaning: Interpretation) -> Cell:
        found = _percentile(meaning, reference)
        return None if found is None else found.scores.get(percent)

    what = f"Agatston score at percentile {percent} of the reference; {REFERENCE_NAMES[reference]}."
    return _told(f"percentile_{reference}_score_at_{percent}", Kind.NUMBER, "1", what, pick)


def _group_column(reference: str) -> Column[Result]:
    def pick(meaning: Interpretation) -> Cell:
        found = _percentile(meaning, reference)
        return None if found is None else found.group or None

    what = f"Whom the person is compared with; {REFERENCE_NAMES[reference]}."
    return _told(f"percentile_{reference}_group", Kind.TEXT, "", what, pick)


def _percentile_columns(reference: str) -> tuple[Column[Result], ...]:
    return (
        *(_percentile_column(reference, field, what) for field, what in _PERCENTILE_FIELDS),
        *(_score_column(reference, percent) for percent in _REFERENCE_SCORES),
        _group_column(reference),
    )


def _arterial_age(field: str, what: str) -> Column[Result]:
    def pick(meaning: Interpretation) -> Cell:
        cell: Cell = getattr(meaning.arterial_age, field)
        return cell

    name = "arterial_age_years" if field == "years" else f"arterial_age_{field}_years"
    return _told(name, Kind.NUMBER, "years", what, pick)


def _risk(field: str, outcome: str) -> Column[Result]:
    def pick(meaning: Interpretation) -> Cell:
        cell: Cell = getattr(meaning.risk, field)
        return cell

    return _told(
        f"risk_{field}", Kind.NUMBER, "1", f"Risk, 0 to 1: {outcome}; empty if not known.", pick
    )


def _prevent(outcome: str, words: str, years: int) -> Column[Result]:
    key = outcome if years == 10 else f"{outcome}_{years}y"

    def pick(meaning: Interpretation) -> Cell:
        return meaning.risk.prevent.get(key)

    what = f"Risk, 0 to 1: {words} in {years} years, PREVENT; empty if not known."
    return _told(f"risk_prevent_{key}", Kind.NUMBER, "1", what, pick)


def _other_than_headers(result: Result) -> Cell:
    meaning = result.interpretation
    found = other_than_headers(result, meaning.person if meaning is not None else None)
    return ";".join(found) or None


_PERSON: tuple[Column[Result], ...] = (
    _told(
        "person_age_years",
        Kind.NUMBER,
        "years",
        "Age of whom percentile and risk are told; it may have been typed.",
        lambda meaning: None if meaning.person is None else meaning.person.age_years,
    ),
    _told(
        "person_sex",
        Kind.TEXT,
        "",
        "Sex of whom percentile and risk are told: female, male.",
        lambda meaning: None if meaning.person is None else str(meaning.person.sex),
    ),
    Column(
        name="person_other_than_headers",
        kind=Kind.TEXT,
        unit="",
        description="Which of age_years and sex contradict the headers; it may be another person.",
        value=_other_than_headers,
    ),
)

MEANING_COLUMNS: tuple[Column[Result], ...] = (
    *_PERSON,
    *(_category(scheme) for scheme in SCHEMES),
    *(column for reference in REFERENCE_NAMES for column in _percentile_columns(reference)),
    _arterial_age("years", "Age at which the score would be typical for its risk."),
    _arterial_age("low", "Lower end of its 95 % interval."),
    _arterial_age("high", "Upper end of its 95 % interval."),
    *(_risk(field, outcome) for field, outcome in _RISKS),
    *(_prevent(outcome, words, years) for years in (10, 30) for outcome, words in _PREVENT),
    _told(
        "risk_prevent_model",
        Kind.TEXT,
        "",
        "Which PREVENT model the 10-year numbers are of.",
        lambda meaning: meaning.risk.prevent_model,
    ),
)
