"""How much the calcium changed: every usual way of saying it, each with its condition.

What a method cannot say is told with the reason, never replaced by a number that looks like it.

References
----------
.. [1] Hokanson JE et al. AJR 2004;182:1327-1332. doi:10.2214/ajr.182.5.1821327
.. [2] Berry JD et al. Circulation 2009;119:382-389. doi:10.1161/CIRCULATIONAHA.108.800235
.. [3] Raggi P et al. Arterioscler Thromb Vasc Biol 2004;24:1272-1277.
   doi:10.1161/01.ATV.0000127024.40516.ef
.. [4] Kronmal RA et al. Circulation 2007;115:2722-2730. doi:10.1161/CIRCULATIONAHA.106.674143
.. [5] Budoff MJ et al. J Am Coll Cardiol 2013;61:1231-1239. doi:10.1016/j.jacc.2012.12.035
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from corcal.followup.types import ExamNumbers, Method
from corcal.risk.sources import source

__all__ = [
    "SQUARE_ROOT_LIMIT",
    "change_methods",
    "root_change",
]

SQUARE_ROOT_LIMIT = 2.5  # square root of mm3, Hokanson 2004 [1]
_RELEVANT_PERCENT = 15.0  # per year, Raggi 2004 [3]
_CARDIA_EDGE = 100.0  # Agatston: below it the rule is absolute, from it on relative; Berry 2009 [2]
_CARDIA_ABSOLUTE = 10.0  # Agatston per year [2]
_CARDIA_PERCENT = 10.0  # per year [2]
_LOG_OFFSET = 25.0  # Agatston [4]
_ROUNDING = 1e-9  # relative: what is equal to a limit up to rounding reaches it

_COMPOUND_MOST = 1e6  # % per year, corcal's decision: above it a rate is only the short time

_ONE_DAY = "both exams are of one day: a rate per year needs time between them"
_FROM_ZERO = "the first score is 0: a percentage of nothing is not defined"
_TOO_SHORT = (
    "the exams are too near in time: compounded over a year the change is beyond "
    f"{_COMPOUND_MOST:,.0f} %"
).replace(",", " ")
_NOT_GATED = "the exams are not ECG-gated, and the rule was made with gated scans"


class _Said(NamedTuple):
    """What a method says of two exams."""

    value: float
    unit: str
    threshold: float | None
    is_progression: bool | None
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """One method: what it is called, whether it applies, and what it says."""

    key: str
    label: str
    formula: str
    condition: str
    source: str | None
    obstacle: Callable[[ExamNumbers, ExamNumbers, float], str | None]
    say: Callable[[ExamNumbers, ExamNumbers, float], _Said]


def change_methods(
    first: ExamNumbers, second: ExamNumbers, years: float, *, obstacle: str | None = None
) -> tuple[Method, ...]:
    """Express the change between two exams in every usual way.

    Parameters
    ----------
    first, second : ExamNumbers
        In order of time.
    years : float
        Between them, 0 or above.
    obstacle : str, optional
        Why no method applies, such as exams that cannot be compared.

    Returns
    -------
    tuple of Method
        Always all methods, in the same order.
    """
    return tuple(_method(rule, first, second, years, obstacle) for rule in _RULES)


def root_change(first: ExamNumbers, second: ExamNumbers) -> tuple[float, str]:
    """Return the change of the square root, and of what: ``"volume"`` or ``"agatston"``.

    The rule was made for the volume; the Agatston score takes its place where a volume is missing,
    as many studies do.
    """
    if first.volume_mm3 is not None and second.volume_mm3 is not None:
        return math.sqrt(second.volume_mm3) - math.sqrt(first.volume_mm3), "volume"
    return math.sqrt(second.agatston) - math.sqrt(first.agatston), "agatston"


def reaches(value: float, limit: float) -> bool:
    """Whether a value is at a limit or above, up to rounding."""
    return value >= limit - _ROUNDING * abs(limit)


def not_gated(first: ExamNumbers, second: ExamNumbers) -> str | None:
    """Say why a rule of gated scans does not apply; ``None`` where gating is not denied."""
    return _NOT_GATED if False in (first.is_gated, second.is_gated) else None


def _method(
    rule: _Rule, first: ExamNumbers, second: ExamNumbers, years: float, obstacle: str | None
) -> Method:
    why_not = obstacle or rule.obstacle(first, second, years)
    said = None if why_not else rule.say(first, second, years)
    return Method(
        key=rule.key,
        label=rule.label,
        formula=rule.formula,
        value=said.value if said else None,
        unit=said.unit if said else "",
        threshold=said.threshold if said else None,
        is_progression=said.is_progression if said else None,
        reading=said.reading if said else "",
        condition=rule.condition,
        does_not_apply=why_not,
        source=rule.source,
        mark=source(rule.source).mark if rule.source else None,
    )


def _never(_first: ExamNumbers, _second: ExamNumbers, _years: float) -> str | None:
    return None


def _needs_time(_first: ExamNumbers, _second: ExamNumbers, years: float) -> str | None:
    return None if years > 0 else _ONE_DAY


def _needs_calcium_and_time(first: ExamNumbers, _second: ExamNumbers, years: float) -> str | None:
    if first.agatston == 0:
        return _FROM_ZERO
    return None if years > 0 else _ONE_DAY


def _needs_moderate_rate(first: ExamNumbers, second: ExamNumbers, years: float) -> str | None:
    if obstacle := _needs_calcium_and_time(first, second, years):
        return obstacle
    if second.agatston <= first.agatston:
        return None
    # compared as logarithms: the rate itself can be beyond any float
    growth = math.log(second.agatston / first.agatston) / years
    return _TOO_SHORT if growth > math.log1p(_COMPOUND_MOST / 100) else None


def _needs_gating(first: ExamNumbers, second: ExamNumbers, _years: float) -> str | None:
    return not_gated(first, second)


def _needs_gating_and_time(first: ExamNumbers, second: ExamNumbers, years: float) -> str | None:
    return not_gated(first, second) or (None if years > 0 else _ONE_DAY)


def _absolute(first: ExamNumbers, second: ExamNumbers, _years: float) -> _Said:
    change = second.agatston - first.agatston
    return _Said(change, "Agatston", None, None, f"the score changed by {change:+.1f}")


def _per_year(first: ExamNumbers, second: ExamNumbers, years: float) -> _Said:
    rate = (second.agatston - first.agatston) / years
    text = f"{rate:+.1f} Agatston units a year"
    return _Said(rate, "Agatston per year", None, None, text)


def _percent_simple(first: ExamNumbers, second: ExamNumbers, years: float) -> _Said:
    return _percent(100 * (second.agatston - first.agatston) / (first.agatston * years))


def _percent_compound(first: ExamNumbers, second: ExamNumbers, years: float) -> _Said:
    return _percent(100 * ((second.agatston / first.agatston) ** (1 / years) - 1))


def _percent(rate: float) -> _Said:
    is_relevant = reaches(rate, _RELEVANT_PERCENT)
    side = "at or above" if is_relevant else "below"
    text = f"{rate:+.1f} % a year: {side} the {_RELEVANT_PERCENT:g} % called relevant"
    return _Said(rate, "% per year", _RELEVANT_PERCENT, is_relevant, text)


def _square_root(first: ExamNumbers, second: ExamNumbers, _years: float) -> _Said:
    change, of = root_change(first, second)
    unit = "mm^1.5" if of == "volume" else "root of Agatston units"
    is_progression = reaches(change, SQUARE_ROOT_LIMIT)
    side = "reaches" if is_progression else "does not reach"
    what = (
        "the volume"
        if of == "volume"
        else "the Agatston score (a volume is missing; the rule was made for the volume)"
    )
    text = f"the square root of {what} changed by {change:+.2f}, which {side} {SQUARE_ROOT_LIMIT:g}"
    return _Said(change, unit, SQUARE_ROOT_LIMIT, is_progression, text)


def _cardia_mesa(first: ExamNumbers, second: ExamNumbers, years: float) -> _Said:
    """Apply the branch of the first score: new calcium, units per year, or percent per year."""
    rate = (second.agatston - first.agatston) / years
    if first.agatston == 0:
        is_new = second.agatston > 0
        text = "calcium where none was: any counts" if is_new else "still no calcium"
        return _Said(rate, "Agatston per year", None, is_new, text)
    if first.agatston < _CARDIA_EDGE:
        value, limit, unit = rate, _CARDIA_ABSOLUTE, "Agatston per year"
        edge = f"below {_CARDIA_EDGE:g}"
    else:
        value, limit, unit = 100 * rate / first.agatston, _CARDIA_PERCENT, "% per year"
        edge = f"of at least {_CARDIA_EDGE:g}"
    is_progression = reaches(value, limit)
    # the number itself stands in the lines on the change per year
    side = "a progression" if is_progression else "no progression"
    text = f"{side}: the limit for a first score {edge} is {limit:g} {unit}"
    return _Said(value, unit, limit, is_progression, text)


def _log(first: ExamNumbers, second: ExamNumbers, years: float) -> _Said:
    ratio = math.log((second.agatston + _LOG_OFFSET) / (first.agatston + _LOG_OFFSET))
    text = f"{ratio / years:+.3f} a year on the scale ln(score + {_LOG_OFFSET:g})"
    return _Said(ratio / years, "per year", None, None, text)


_RULES = (
    _Rule(
        key="absolute",
        label="Change of the score",
        formula="A2 - A1",
        condition="always; says nothing of time or measurement error",
        source=None,
        obstacle=_never,
        say=_absolute,
    ),
    _Rule(
        key="per_year",
        label="Change per year",
        formula="(A2 - A1) / years",
        condition="exams of different days; less than a year is extrapolated",
        source="budoff2013",
        obstacle=_needs_time,
        say=_per_year,
    ),
    _Rule(
        key="percent_per_year_simple",
        label="Percent per year, simple",
        formula="100 (A2 - A1) / (A1 years)",
        condition="first score above 0 and exams of different days; explodes for small first "
        "scores; it is not known to which of the two formulas the limit of 15 % belongs",
        source="raggi",
        obstacle=_needs_calcium_and_time,
        say=_percent_simple,
    ),
    _Rule(
        key="percent_per_year_compound",
        label="Percent per year, compound",
        formula="100 ((A2 / A1)^(1 / years) - 1)",
        condition="as the simple one; over a year and more it is the smaller of the two for a rise",
        source="raggi",
        obstacle=_needs_moderate_rate,
        say=_percent_compound,
    ),
    _Rule(
        key="square_root",
        label="Square-root rule",
        formula="sqrt(V2) - sqrt(V1) >= 2.5",
        condition="ECG-gated scans of one protocol; any time between them; made for the volume "
        "score of electron-beam scans; some papers ask for more than 2.5 instead of 2.5 or more",
        source="hokanson2004",
        obstacle=_needs_gating,
        say=_square_root,
    ),
    _Rule(
        key="cardia_mesa",
        label="CARDIA/MESA rule",
        formula="A1 = 0: A2 > 0; A1 < 100: (A2 - A1) / years >= 10; "
        "A1 >= 100: 100 (A2 - A1) / (A1 years) >= 10",
        condition="ECG-gated scans of different days; counts any new calcium, which can be noise",
        source="berry",
        obstacle=_needs_gating_and_time,
        say=_cardia_mesa,
    ),
    _Rule(
        key="log",
        label="Log method",
        formula="(ln(A2 + 25) - ln(A1 + 25)) / years",
        condition="exams of different days; for comparing groups: it has no limit for one person",
        source="kronmal2007",
        obstacle=_needs_time,
        say=_log,
    ),
)
