"""The record of what a score means for one person, as it is kept and passed on."""

from dataclasses import dataclass, field

from corcal.risk.mesa_chd import CalciumDifference
from corcal.risk.types import ArterialAge, Category, Estimate, Percentile, Person, Source, Statement
from corcal.risk.what_if import WhatIf

__all__ = ["Interpretation", "Limit", "RiskNumbers", "ScoreCertainty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCertainty:
    """How sure the score itself is, where it was found without a person.

    Attributes
    ----------
    low, high : float
        Interval of the Agatston score.
    level : float
        Probability that the interval holds the score.
    category_probabilities : dict
        Of the four plain categories.
    is_sure : bool
        Whether the plain category of the score can be relied on.
    bands : (str, str)
        Bands of the 2026 guideline at `low` and at `high`; where they differ, what is said of the
        score may be said of a neighbouring band.
    reading : str
        The same in one or two sentences.
    """

    low: float
    high: float
    level: float
    category_probabilities: dict[str, float]
    is_sure: bool
    bands: tuple[str, str]
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskNumbers:
    """The risks as plain fractions, ``None`` where a model cannot be used.

    Attributes
    ----------
    mesa_chd, mesa_chd_with_cac, pce, score2
        10 years; `score2` is SCORE2-OP from 70 years on.
    prevent : dict
        ``total_cvd``, ``ascvd``, ``heart_failure``, ``chd``, ``stroke`` in 10 years, and with
        ``_30y`` in 30: always all ten.
    prevent_model : str or None
        Which of the PREVENT models the numbers of 10 years are of.
    prevent_class : str or None
        ``"low"``, ``"borderline"``, ``"intermediate"`` or ``"high"`` by the ASCVD of PREVENT in 10
        years (`corcal.risk.risk_class`).
    """

    mesa_chd: float | None
    mesa_chd_with_cac: float | None
    pce: float | None
    prevent: dict[str, float | None]
    prevent_model: str | None
    score2: float | None
    prevent_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Something that is not said, or that must be kept in mind, and why.

    Attributes
    ----------
    about : str
        ``"suitability"``, ``"scan"``, ``"score"``, ``"person"``, ``"percentile"``,
        ``"arterial_age"``, or the model of an `Estimate`.
    text : str
        One sentence.
    missing : tuple of str
        Fields of `Person` that would lift it.
    """

    about: str
    text: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """What a score means for one person: how much, compared with whom, risk, guidance.

    Attributes
    ----------
    agatston : float
        The score.
    vessels : dict or None
        The score of each artery, if known.
    is_gated : bool or None
        Whether the scan was made with ECG gating, ``None`` if that is not known.
    has_device_excluded : bool
        Whether metal was left out of the score.
    person : Person or None
        Who it was made for; ``None`` if not even age and sex are known. Never shown by ``repr``.
    categories : dict
        By `Category.scheme`.
    percentile : dict
        ``"mesa"`` and ``"hoff"``: always both; ``"javaid"`` where it covers the person.
    arterial_age : ArterialAge
        Of the score; without years, and with the reason, for a person whom it was not made for.
    risk : RiskNumbers
        The risks as plain fractions.
    difference : CalciumDifference or None
        Risk of coronary heart disease without and with the calcium; ``None`` without a person.
    estimates : tuple of Estimate
        What each model says, or why it says nothing.
    what_if : tuple of WhatIf
        Risk with changed modifiable factors.
    guidance : tuple of Statement
        What guidelines say, newest first.
    certainty : ScoreCertainty or None
        ``None`` where a person decided what is coronary, or where the score was typed.
    limits : tuple of Limit
        What is not covered, and why.
    sources : tuple of Source
        All that the rest came from, newest first.
    """

    agatston: float
    vessels: dict[str, float] | None
    is_gated: bool | None
    has_device_excluded: bool
    person: Person | None = field(repr=False)
    categories: dict[str, Category]
    percentile: dict[str, Percentile]
    arterial_age: ArterialAge
    risk: RiskNumbers
    difference: CalciumDifference | None = None
    estimates: tuple[Estimate, ...] = ()
    what_if: tuple[WhatIf, ...] = ()
    guidance: tuple[Statement, ...] = ()
    certainty: ScoreCertainty | None = None
    limits: tuple[Limit, ...] = ()
    sources: tuple[Source, ...] = ()
