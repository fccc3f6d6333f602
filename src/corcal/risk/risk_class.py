"""The name of a risk in the guideline of 2026, which gives it by PREVENT."""

from dataclasses import dataclass

from corcal.errors import InputError

__all__ = ["RISK_CLASSES", "RiskClass", "risk_class"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskClass:
    """A class of risk: its name, and from which risk on.

    Attributes
    ----------
    name : str
        ``"low"``, ``"borderline"``, ``"intermediate"`` or ``"high"``.
    low, high : float
        Fractions; the class holds `low` and ends below `high`.
    """

    name: str
    low: float
    high: float

    @property
    def range(self) -> str:
        """Write its edges: ``"5 to under 10 %"``."""
        low, high = f"{100 * self.low:g}", f"{100 * self.high:g}"
        if self.low == 0:
            return f"below {high} %"
        return f"from {low} %" if self.high >= 1 else f"{low} to under {high} %"


# 2026 ACC/AHA guideline, ASCVD in 10 years by PREVENT, doi:10.1161/CIR.0000000000001423; as
# secondary sources report it
_EDGES = (("low", 0.0), ("borderline", 0.03), ("intermediate", 0.05), ("high", 0.10))
_ENDS = (*(low for _, low in _EDGES[1:]), 1.0)

RISK_CLASSES: tuple[RiskClass, ...] = tuple(
    RiskClass(name=name, low=low, high=high)
    for (name, low), high in zip(_EDGES, _ENDS, strict=True)
)
"""Lowest first."""


def risk_class(fraction: float) -> RiskClass:
    """Return the class of an ASCVD risk of 10 years by PREVENT.

    Parameters
    ----------
    fraction : float
        0 to 1.

    Returns
    -------
    RiskClass
        Of `RISK_CLASSES`.

    Raises
    ------
    InputError
        If it is no fraction.

    Examples
    --------
    >>> [risk_class(risk).name for risk in (0.0299, 0.03, 0.05, 0.0999, 0.1)]
    ['low', 'borderline', 'intermediate', 'intermediate', 'high']
    """
    if not 0 <= fraction <= 1:
        msg = f"a risk is a fraction from 0 to 1, got {fraction}"
        raise InputError(msg)
    return next(each for each in reversed(RISK_CLASSES) if fraction >= each.low)
