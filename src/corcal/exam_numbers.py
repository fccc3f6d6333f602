"""From the record of an exam to the numbers that a comparison needs."""

from datetime import date

from corcal.ct.suitability.verdict import SeriesKind, Verdict
from corcal.errors import InputError
from corcal.followup.types import ExamNumbers, Range
from corcal.lesions.sites import Site
from corcal.result import Result
from corcal.scoring.types import Interval

__all__ = ["DEVICE_FINDINGS", "exam_numbers", "gating", "has_device", "is_fit", "is_zero_by_limit"]

_HEART_KINDS = (SeriesKind.GATED_CALCIUM, SeriesKind.CHEST_NONCONTRAST, SeriesKind.UNKNOWN)
_THICK = frozenset({"SLICES_THICK", "SLICES_TOO_THICK"})
DEVICE_FINDINGS = frozenset({"DEVICE_PRESENT", "DEVICE_BY_READER"})
"""Codes of the findings that tell of metal at the heart."""


def exam_numbers(
    result: Result,
    *,
    day: date | None = None,
    takes_statin: bool | None = None,
    bmi: float | None = None,
) -> ExamNumbers:
    """Take from a scored exam what a comparison over time needs.

    Parameters
    ----------
    result : Result
        The scored exam.
    day : date, optional
        Of the scan, where the headers have none.
    takes_statin : bool, optional
        At the time of the exam; no scan tells.
    bmi : float, optional
        Body mass index at the time of the exam, kg/m2.

    Returns
    -------
    ExamNumbers
        With the plain volume, as every table of corcal shows it; without a date if none is known.

    Raises
    ------
    InputError
        If the record has another date than `day`, or the body mass index is out of range.
    """
    score, scan = result.score, result.scan
    known = _date(scan.date)
    if day is not None and known is not None and day != known:
        msg = f"the record has the date {known}, and {day} was given: it is for scans without one"
        raise InputError(msg)
    return ExamNumbers(
        date=known or day,
        agatston=score.total.agatston,
        volume_mm3=score.total.volume_mm3,
        mass_mg=score.total.mass_mg,
        vessels={name: part.agatston for name, part in score.vessels.items()},
        interval=_range(score.total.interval),
        vessel_intervals={
            name: one
            for name, part in score.vessels.items()
            if (one := _range(part.interval)) is not None
        },
        kvp=scan.kvp,
        slice_thickness_mm=scan.slice_thickness_mm,
        increment_mm=scan.increment_mm,
        kernel=scan.convolution_kernel,
        manufacturer=scan.manufacturer,
        model_name=scan.model_name,
        rule=score.rule,
        is_gated=gating(result),
        is_automatic=result.provenance.is_automatic,
        is_fit=is_fit(result),
        has_device=has_device(result),
        takes_statin=takes_statin,
        bmi=bmi,
        patient_key=scan.patient.patient_id,
        name=scan.patient.name,
        birth_date=scan.patient.birth_date,
        sex=scan.patient.sex,
        age_years=scan.patient.age_years,
        series_key=scan.series_instance_uid,
    )


def gating(result: Result) -> bool | None:
    """Whether the scan was ECG-gated: what tags prove, else what the series was judged to be."""
    kind, tag = result.suitability.kind, result.scan.is_gated
    if tag is False or kind is SeriesKind.CHEST_NONCONTRAST:
        return False
    return True if tag or kind is SeriesKind.GATED_CALCIUM else None


def is_fit(result: Result) -> bool:
    """Whether a scan was fit for calcium scoring: no error was found, and it is one of the heart.

    A score of any other exists only because somebody insisted on it.
    """
    judged = result.suitability
    return judged.verdict is not Verdict.UNFIT and judged.kind in _HEART_KINDS


def is_zero_by_limit(result: Result) -> bool:
    """Whether a score is 0 on a scan that can hide calcium below the limit of counting.

    Without ECG gating, or on slices above 3 mm, small calcium is averaged away: none counts, which
    is not that there is none.
    """
    codes = {each.code for each in result.suitability.findings}
    is_limited = gating(result) is False or bool(_THICK & codes)
    return result.score.total.agatston == 0 and is_limited


def has_device(result: Result) -> bool:
    """Whether metal was found at the heart: a site of its own, or a finding."""
    codes = {each.code for each in result.suitability.findings}
    return bool(DEVICE_FINDINGS & codes) or Site.DEVICE.label in result.score.other_sites


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _range(interval: Interval | None) -> Range | None:
    if interval is None:
        return None
    return Range(low=interval.low, high=interval.high, level=interval.level)
