"""Whether a change is larger than measurement error.

Three checks, each with its own view of the error:

- the square-root rule on the volume [1]_: what repeated scans of people differed by;
- the repeatability limit of MESA on the Agatston score [2]_: the same, from 3,380 people who were
  scanned twice, and growing with the score;
- the exams' own intervals, where both have one: what these very scans can be wrong by.

They see the same change and share much of its error, so they are not independent evidence and no
probability is made of them. A verdict needs all that apply; if they differ it says so.

References
----------
.. [1] Hokanson JE et al. AJR 2004;182:1327-1332. doi:10.2214/ajr.182.5.1821327
.. [2] Chung H et al. AJR 2008;190:W87-W92. PMID 18212206
.. [3] Zou GY, Donner A. Stat Med 2008;27:1693-1702. doi:10.1002/sim.3095
"""

import math

from corcal.errors import InputError
from corcal.followup.change import SQUARE_ROOT_LIMIT, not_gated, reaches, root_change
from corcal.followup.exam import check_bmi, plain_number
from corcal.followup.types import Certainty, Check, ExamNumbers, Range, Verdict
from corcal.risk.sources import source

__all__ = ["ASSUMED_BMI", "certainty", "difference_interval", "repeatability_limit"]

_PER_SCORE, _PER_ROOT, _PER_BMI, _CONSTANT = 0.17, 4.89, 0.44, -10.84  # Chung 2008 [2]
ASSUMED_BMI = 28.0  # kg/m2, where none is known; corcal's decision, near the mean of MESA


def repeatability_limit(agatston: float, *, bmi: float | None = None) -> float:
    """Give the 95 % repeatability limit of an Agatston score in MESA (Chung 2008).

    0.17 A + 4.89 sqrt(A) + 0.44 BMI - 10.84: two scans of one person within minutes differ by more
    in one of twenty people.

    Parameters
    ----------
    agatston : float
        Score above 0: the limit was fitted to people with calcium.
    bmi : float, optional
        Body mass index, kg/m2; `ASSUMED_BMI` if not known.

    Returns
    -------
    float
        Agatston units.

    Raises
    ------
    InputError
        If the score is 0 or below, the body mass index is not one of a person, or the formula
        gives no positive limit (small scores of thin people).

    Examples
    --------
    >>> round(repeatability_limit(100.0, bmi=25.0), 2)  # 17 + 48.9 + 11 - 10.84
    66.06
    """
    if bmi is not None:
        check_bmi(bmi)
    if not 0 < plain_number("the Agatston score", agatston) < math.inf:
        msg = f"the repeatability limit is for scores above 0, got {agatston:g}"
        raise InputError(msg)
    body = _PER_BMI * (ASSUMED_BMI if bmi is None else bmi)
    limit = _PER_SCORE * agatston + _PER_ROOT * math.sqrt(agatston) + body + _CONSTANT
    if limit <= 0:
        msg = f"the repeatability formula gives {limit:.1f} for a score of {agatston:g}: no limit"
        raise InputError(msg)
    return limit


def difference_interval(first: ExamNumbers, second: ExamNumbers) -> Range | None:
    """Combine two exams' own intervals into one of the change of the Agatston score.

    The method of Zou and Donner [3]_ takes each side's distance from its score, so that skewed
    intervals stay skewed: low = D - sqrt((A2 - low2)^2 + (high1 - A1)^2), and the other way round.
    It takes the errors of the two exams for independent. Exams of one person and one protocol err
    alike in part (the same doubtful lesion, the same slices), and what they share cancels in a
    difference: the interval is rather too wide than too narrow.

    Parameters
    ----------
    first, second : ExamNumbers
        In order of time.

    Returns
    -------
    Range or None
        ``None`` unless both have an interval of the same level.
    """
    one, other = first.interval, second.interval
    if one is None or other is None or one.level != other.level:
        return None
    change = second.agatston - first.agatston
    down = math.hypot(second.agatston - other.low, one.high - first.agatston)
    up = math.hypot(other.high - second.agatston, first.agatston - one.low)
    return Range(low=change - down, high=change + up, level=one.level)


def certainty(first: ExamNumbers, second: ExamNumbers) -> Certainty:
    """Judge whether the change between two comparable exams is larger than measurement error.

    Parameters
    ----------
    first, second : ExamNumbers
        In order of time, made alike.

    Returns
    -------
    Certainty
        All three checks and what they say together.
    """
    difference = difference_interval(first, second)
    checks = (
        _by_square_root(first, second),
        _by_repeatability(first, second),
        _by_own_intervals(first, second, difference),
    )
    return Certainty(checks=checks, difference=difference, verdict=_together(checks))


def _together(checks: tuple[Check, ...]) -> Verdict:
    directions = {check.direction for check in checks if check.direction is not None}
    if not directions:
        return Verdict.NO_CHECK
    if len(directions) > 1:
        return Verdict.UNCLEAR
    words = {1: Verdict.INCREASE, -1: Verdict.DECREASE, 0: Verdict.WITHIN_ERROR}
    return words[directions.pop()]


def _check(
    key: str,
    label: str,
    unit: str,
    source_key: str,
    *,
    value: float | None = None,
    limit: float | None = None,
    direction: int | None = None,
    reading: str = "",
    does_not_apply: str | None = None,
) -> Check:
    return Check(
        key=key,
        label=label,
        unit=unit,
        value=value,
        limit=limit,
        direction=direction,
        reading=reading,
        does_not_apply=does_not_apply,
        source=source_key,
        mark=source(source_key).mark,
    )


def _by_square_root(first: ExamNumbers, second: ExamNumbers) -> Check:
    change, of = root_change(first, second)
    what = "volume" if of == "volume" else "Agatston score"
    name = (
        "square_root",
        f"square-root rule ({what})",
        "mm^1.5" if of == "volume" else "root of Agatston units",
        "hokanson2004",
    )
    if obstacle := not_gated(first, second):
        return _check(*name, does_not_apply=obstacle)
    is_larger = reaches(abs(change), SQUARE_ROOT_LIMIT)
    side = "reaches" if is_larger else "stays below"
    return _check(
        *name,
        value=change,
        limit=SQUARE_ROOT_LIMIT,
        direction=_sign(change) if is_larger else 0,
        reading=f"the root of the {what} changed by {change:+.2f}, which {side} "
        f"{SQUARE_ROOT_LIMIT:g}",
    )


def _by_repeatability(first: ExamNumbers, second: ExamNumbers) -> Check:
    name = ("repeatability", "repeatability in MESA (Agatston score)", "Agatston", "chung2008")
    if obstacle := not_gated(first, second):
        return _check(*name, does_not_apply=obstacle)
    if first.agatston == 0:
        text = "the first score is 0: the limit was made from people with calcium"
        return _check(*name, does_not_apply=text)
    try:
        limit = repeatability_limit(first.agatston, bmi=first.bmi)
    except InputError as exc:
        return _check(*name, does_not_apply=str(exc))
    change = second.agatston - first.agatston
    is_larger = abs(change) > limit
    side = "exceeds" if is_larger else "does not exceed"
    body = f"{ASSUMED_BMI:g}, assumed" if first.bmi is None else f"{first.bmi:g}"
    return _check(
        *name,
        value=change,
        limit=limit,
        direction=_sign(change) if is_larger else 0,
        reading=f"the score changed by {change:+.1f}, which {side} {limit:.1f}: within that lie 95 "
        f"of 100 pairs of scans of one day (body mass index {body})",
    )


def _by_own_intervals(first: ExamNumbers, second: ExamNumbers, difference: Range | None) -> Check:
    name = ("own_intervals", "own intervals (Agatston score)", "Agatston", "zou2008")
    if difference is None:
        missing = first.interval is None or second.interval is None
        why = "not both exams have an interval" if missing else "their intervals differ in level"
        return _check(*name, does_not_apply=why)
    change = second.agatston - first.agatston
    direction = 1 if difference.low > 0 else -1 if difference.high < 0 else 0
    side = "does not hold" if direction else "holds"
    return _check(
        *name,
        value=change,
        direction=direction,
        reading=f"{100 * difference.level:g} % interval of the change {difference.low:+.1f} to "
        f"{difference.high:+.1f}, which {side} 0",
    )


def _sign(change: float) -> int:
    return (change > 0) - (change < 0)
