"""How the figures of a study are written: for a terminal and for a page."""

import math

from corcal.evaluate.agreement.statistics import BlandAltman, Estimate, Proportion

__all__ = [
    "artery_words",
    "estimate_words",
    "number_words",
    "of_words",
    "proportion_words",
    "range_words",
    "ratio_words",
    "score_words",
    "short_name",
]


def artery_words(name: str, *, left_main_in_lad: bool) -> str:
    """Name the total or an artery; the LAD may have the left main with it."""
    return "LM+LAD" if left_main_in_lad and name == "LAD" else name


def short_name(name: str, width: int) -> str:
    """Cut a long name at its beginning: scans of a study differ at the end."""
    line = " ".join(name.split())
    return line if len(line) < width else "…" + line[-(width - 2) :]


def score_words(value: float | None) -> str:
    """Write a score."""
    return "-" if value is None else f"{value:.1f}"


def number_words(estimate: Estimate, form: str = ".3f") -> str:
    """Write a value without its interval."""
    return "-" if estimate.value is None else format(estimate.value, form)


def range_words(low: Estimate, high: Estimate | None = None, form: str = ".3f") -> str:
    """Write an interval, or the range from one estimate to another."""
    ends = (low.low, low.high) if high is None else (low.value, high.value)
    if ends[0] is None or ends[1] is None:
        return "-"
    return f"{ends[0]:{form}} to {ends[1]:{form}}"


def estimate_words(estimate: Estimate, form: str = ".3f") -> str:
    """Write a value with its interval; one without a width says nothing and is left out."""
    if estimate.low is None or estimate.low == estimate.high:
        return number_words(estimate, form)
    return f"{number_words(estimate, form)} ({range_words(estimate, form=form)})"


def ratio_words(of_log: BlandAltman) -> str:
    """Write bias and limits of ln(score + 1) as ratios."""
    bias, low, high = (
        None if one.value is None else math.exp(one.value)
        for one in (of_log.bias, of_log.lower_limit, of_log.upper_limit)
    )
    if bias is None:
        return "-"
    return f"{bias:.2f}" if low is None else f"{bias:.2f}, {low:.2f} to {high:.2f}"


def of_words(found: Proportion) -> str:
    """Write a count of a total."""
    return f"{found.count} of {found.total}"


def proportion_words(found: Proportion) -> str:
    """Write a count with its fraction and interval."""
    if not found.total:
        return "none"
    return f"{of_words(found)} ({range_words(found.fraction, form='.2f')})"
