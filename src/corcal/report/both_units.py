"""Cholesterol in both units, for those who gave it in mmol/L."""

import re
from dataclasses import replace

from corcal.risk.interpretation_types import Interpretation
from corcal.risk.units import cholesterol_to_mmol_l

__all__ = ["in_both_units", "with_mmol"]

_NUMBER = r"\d+(?:\.\d+)?"
# "130 mg/dL", "216 to 150 mg/dL", "LDL-C < 70 and non-HDL-C < 100 mg/dL"; what already has the
# other unit behind it stays. All mg/dL of an interpretation are of cholesterol.
_AMOUNT = re.compile(
    rf"(?:({_NUMBER})( to | and non-HDL-C < ))?({_NUMBER}) mg/dL(?! \({_NUMBER} mmol/L\))"
)


def with_mmol(text: str) -> str:
    """Write mmol/L behind each amount of cholesterol in mg/dL.

    Examples
    --------
    >>> with_mmol("goals LDL-C < 70 and non-HDL-C < 100 mg/dL")
    'goals LDL-C < 70 and non-HDL-C < 100 mg/dL (1.8 and 2.6 mmol/L)'
    """
    return _AMOUNT.sub(_both, text)


def in_both_units(meaning: Interpretation) -> Interpretation:
    """Give the same interpretation with mmol/L in every sentence that names cholesterol."""
    return replace(
        meaning,
        guidance=tuple(
            replace(
                each,
                text=with_mmol(each.text),
                fired_by=tuple(map(with_mmol, each.fired_by)),
                would_change=tuple(map(with_mmol, each.would_change)),
            )
            for each in meaning.guidance
        ),
        what_if=tuple(
            replace(each, changed=tuple(map(with_mmol, each.changed))) for each in meaning.what_if
        ),
        limits=tuple(replace(each, text=with_mmol(each.text)) for each in meaning.limits),
    )


def _both(found: re.Match[str]) -> str:
    first, joiner, last = found.groups()
    amounts = f"{cholesterol_to_mmol_l(float(last)):.1f}"
    if first is not None:
        word = "to" if joiner == " to " else "and"
        amounts = f"{cholesterol_to_mmol_l(float(first)):.1f} {word} {amounts}"
    return f"{found[0]} ({amounts} mmol/L)"
