"""What a change means, in sentences."""

from collections.abc import Sequence
from datetime import date

from corcal.followup.person import has_other_name
from corcal.followup.types import Change, Check, Difference, ExamNumbers, Verdict

__all__ = [
    "STATIN_SOURCE",
    "blocked_words",
    "exam_notes",
    "pair_notes",
    "verdict_text",
]

STATIN_SOURCE = "houslay2006"
_STATIN_MEANS = (
    "statins do not lower the score and may raise it, as plaque becomes denser (a trial in people "
    f"with calcific aortic stenosis, [{STATIN_SOURCE}]); a rise under a statin is no failure of "
    "treatment"
)
_SHORT_YEARS = 1.0
_LASTING = ("is_fit", "has_device")  # settings that no second scan by the same protocol makes good


def blocked_words(found: Sequence[Difference]) -> str:
    """Say which differences forbid a verdict: ``the exams are not comparable: tube ...``."""
    blocking = [
        f"{one.label} {one.first or 'not known'} and {one.second or 'not known'}"
        for one in found
        if one.blocks
    ]
    return f"the exams are not comparable: {'; '.join(blocking)}"


def verdict_text(change: Change, first: ExamNumbers, second: ExamNumbers) -> str:
    """Write the verdict: the numbers, what can be said of them, and on which condition.

    Parameters
    ----------
    change : Change
        With its verdict and certainty.
    first, second : ExamNumbers
        The two exams.

    Returns
    -------
    str
        One to three sentences.
    """
    head = f"Agatston score {_score(first)} on {first.date}, {_score(second)} on {second.date} "
    head += f"({_apart(change.years)})"
    if change.verdict is Verdict.NOT_COMPARABLE:
        reason = blocked_words(change.differences)
        return f"{head}: no verdict, because {reason}. {_remedy(change)}"
    return f"{head}: {_judged(change, first, second)}{_condition(change, first, second)}."


def _remedy(change: Change) -> str:
    """Say what would make the exams comparable, as far as anything would."""
    blocking = {one.setting: one.why for one in change.differences if one.blocks}
    said = [f"{why[0].upper()}{why[1:]}." for name in _LASTING if (why := blocking.get(name))]
    if set(blocking) - set(_LASTING):
        said.append("Scan or score both alike to compare them.")
    return " ".join(said)


def pair_notes(
    change: Change, first: ExamNumbers, second: ExamNumbers, statin_started: date | None
) -> tuple[str, ...]:
    """Say what else has to be known to read the change of two exams.

    Parameters
    ----------
    change : Change
        With its verdict.
    first, second : ExamNumbers
        The two exams.
    statin_started : date or None
        As told.

    Returns
    -------
    tuple of str
        One sentence each.
    """
    notes = [_statin_note(first, second, statin_started)]
    if 0 < change.years < _SHORT_YEARS:
        notes.append(
            f"The exams are only {_apart(change.years)}: rates per year are extrapolated, and "
            "measurement error with them."
        )
    if change.verdict is Verdict.DECREASE:
        notes.append(
            "Coronary calcium hardly ever goes away: look whether the same lesions were counted in "
            "both exams."
        )
    if change.is_comparable and first.agatston == 0 < second.agatston:
        notes.append(
            "Where no calcium was seen before, a little of it can be the error of either scan: in "
            "MESA 4.1 % of pairs of scans of one day disagreed on whether there is any."
        )
    if change.is_comparable and first.is_gated is False:
        notes.append(
            "Both scans are not ECG-gated: no published rule of progression was made with such "
            "scans."
        )
    if change.is_comparable and first.has_device and second.has_device:
        notes.append(
            "Metal was found at the heart in both scans: calcium beside it is left out, and its "
            "streaks can be taken for calcium."
        )
    notes += [f"{_difference_words(one)}: {one.why}." for one in change.differences if _told(one)]
    return tuple(note for note in notes if note)


def exam_notes(
    exams: Sequence[ExamNumbers], statin_started: date | None, *, is_same_patient: bool
) -> tuple[str, ...]:
    """Say what concerns all exams: what is not known of statins, of the patient, of the series."""
    notes = []
    if statin_started is None and any(exam.takes_statin is None for exam in exams):
        notes.append("Whether a statin was started between the exams is not known.")
    unknown = [number for number, exam in enumerate(exams, start=1) if not exam.patient_key]
    if is_same_patient:
        notes.append("That the exams are of one patient was told, not checked.")
    elif unknown:
        which = ", ".join(str(number) for number in unknown)
        notes.append(
            f"No patient identifier in exam {which} of {len(exams)}: whether all are of one "
            "patient could not be checked."
        )
    if has_other_name(exams) and not is_same_patient:
        notes.append(
            "The names differ, the identifier and the date of birth do not: look whether the exams "
            "are of one patient."
        )
    keys = [exam.series_key for exam in exams if exam.series_key]
    if len(set(keys)) < len(keys):
        notes.append("The same series was given more than once.")
    return tuple(notes)


def _told(one: Difference) -> bool:
    """Whether a difference is told as a note: what blocks is in the verdict."""
    return one.is_known and not one.blocks


def _difference_words(one: Difference) -> str:
    return f"{one.label.capitalize()} differs, {one.first} and {one.second}"


def _score(exam: ExamNumbers) -> str:
    return "0" if exam.agatston == 0 else f"{exam.agatston:.1f}"


def _apart(years: float) -> str:
    if years == 0:
        return "on one day"
    if years < _SHORT_YEARS:
        return f"{12 * years:.0f} months apart"
    return f"{years:.1f} years apart"


def _judged(change: Change, first: ExamNumbers, second: ExamNumbers) -> str:
    """Say what the checks say together."""
    checks = change.certainty.checks if change.certainty else ()
    used = [check for check in checks if check.direction is not None]
    if change.verdict is Verdict.NO_CHECK:
        return "no verdict, because no check of measurement error applies to these exams"
    if change.years == 0:
        return _of_one_day(change, used)
    if first.agatston == second.agatston == 0:
        return f"no coronary calcium in either exam ({_all(used)})"
    if change.verdict is Verdict.WITHIN_ERROR:
        return f"the change is within measurement error: neither a rise nor a fall ({_all(used)})"
    if change.verdict is Verdict.UNCLEAR:
        return f"it is not clear whether the change is more than measurement error ({_split(used)})"
    kind = "an increase" if change.verdict is Verdict.INCREASE else "a decrease"
    new = " of calcium where none was seen before" if first.agatston == 0 else ""
    return f"{kind}{new} that is larger than measurement error ({_all(used)})"


def _of_one_day(change: Change, used: Sequence[Check]) -> str:
    if change.verdict is Verdict.WITHIN_ERROR:
        return "two measurements of one day that agree within measurement error"
    if change.certainty is not None and change.certainty.verdict is Verdict.UNCLEAR:
        return (
            "two measurements of one day; it is not clear whether they differ by more than "
            f"measurement error explains ({_split(used)}); calcium does not change within a day"
        )
    return (
        "two measurements of one day that differ by more than measurement error explains; calcium "
        "does not change within a day, so look at both scans"
    )


def _all(used: Sequence[Check]) -> str:
    count = {1: "the one check that applies", 2: "both checks that apply"}.get(
        len(used), f"all {len(used)} checks"
    )
    return f"{count}: {_names(used)}"


def _split(used: Sequence[Check]) -> str:
    words = {1: "more calcium", -1: "less calcium", 0: "within the error"}
    parts = []
    for direction, text in words.items():
        which = [check for check in used if check.direction == direction]
        if which:
            parts.append(f"{text} by the {_names(which)}")
    return "; ".join(parts)


def _names(checks: Sequence[Check]) -> str:
    return ", ".join(check.label for check in checks)


def _condition(change: Change, first: ExamNumbers, second: ExamNumbers) -> str:
    """Make what is not known a condition of the verdict."""
    unknown = []
    for one in change.differences:
        if one.is_known:
            continue
        days = [
            str(exam.date)
            for exam, value in ((first, one.first), (second, one.second))
            if value is None
        ]
        unknown.append(f"{one.label} (not known for {' and '.join(dict.fromkeys(days))})")
    return f", provided that these were the same: {', '.join(unknown)}" if unknown else ""


def _statin_note(first: ExamNumbers, second: ExamNumbers, started: date | None) -> str:
    """Say whether a statin was started between the exams, as far as that is known."""
    begin, end = first.date or date.min, second.date or date.max
    before, after = first.takes_statin, second.takes_statin
    if started is not None and begin < started <= end:
        return f"A statin was started between the exams, on {started}: {_STATIN_MEANS}."
    if before is False and after is True:
        return f"A statin was started between the exams: {_STATIN_MEANS}."
    if before is True and after is False:
        return "A statin was stopped between the exams: part of the change can come from that."
    if before or (started is not None and started <= begin):
        return f"A statin was taken at the time of the first exam: {_STATIN_MEANS}."
    if after:
        return f"A statin is taken; it is not known since when: {_STATIN_MEANS}."
    return ""
