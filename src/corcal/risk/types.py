"""The words of the room: who a person is, what a model says, what a guideline says."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "HIGHEST_PERCENTILE",
    "ArterialAge",
    "Category",
    "Estimate",
    "Mark",
    "Percentile",
    "Person",
    "Race",
    "Region",
    "Sex",
    "Source",
    "Statement",
    "percentile_number",
]

HIGHEST_PERCENTILE = 99
"""Of MESA: a score there may be higher still, so that it is a lower bound."""


class Sex(StrEnum):
    """Sex, as the models were made with it."""

    FEMALE = "female"
    MALE = "male"


class Race(StrEnum):
    """The groups that MESA has, and everybody else; a group of a study, not of biology."""

    WHITE = "white"
    BLACK = "black"
    HISPANIC = "hispanic"
    CHINESE = "chinese"
    OTHER = "other"


class Region(StrEnum):
    """The four risk regions of Europe in SCORE2."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    VERY_HIGH = "very_high"


class Mark(StrEnum):
    """How sure it is that a number or sentence is as its source prints it."""

    VERIFIED = "verified"  # read in the source, or identical in independent implementations
    SECONDARY = "secondary"  # read in a text that reports the source
    RECALLED = "recalled"  # from memory: never shown as the source's own words


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A publication that a number or a sentence comes from.

    Attributes
    ----------
    key : str
        Stable short name, such as ``"mcclelland2006"``.
    citation : str
        Authors, title or journal, year, pages.
    year : int
        Of publication.
    doi : str or None
        Without ``https://doi.org/``.
    mark : Mark
        The weakest mark of what corcal takes from it.
    used_for : str
        One line: what corcal takes from it.
    """

    key: str
    citation: str
    year: int
    doi: str | None
    mark: Mark
    used_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of a person; ``None`` is not known, which is not the same as no.

    Numbers and truths of NumPy, as tables give them, become those of Python here.

    Attributes
    ----------
    age_years : float
        At the exam, 18 to 110.
    sex : Sex
        As the models need it.
    race : Race or None
        As MESA and the Pooled Cohort Equations need it.
    systolic_mmhg : float or None
        Systolic blood pressure, 60 to 260 mmHg.
    total_cholesterol_mg_dl, hdl_mg_dl, ldl_mg_dl : float or None
        In mg/dL; `corcal.risk.units` converts from mmol/L.
    egfr : float or None
        Estimated glomerular filtration rate, mL/min/1.73 m2.
    bmi : float or None
        Body mass index, kg/m2.
    hba1c_percent, uacr_mg_g : float or None
        The optional measurements of PREVENT.
    sdi_decile : int or None
        Social deprivation index, 1 to 10, of PREVENT.
    has_diabetes, smokes, takes_bp_medication, takes_statin : bool or None
        Now. A statin stands for any lipid-lowering drug where a model asks for that.
    family_history : bool or None
        Heart attack of a parent, sibling or child, at any age (MESA).
    premature_family_history : bool or None
        The same before 55 years (men) or 65 (women).
    has_known_ascvd : bool or None
        Heart attack, stroke, stent, bypass, or symptomatic arterial disease.
    has_familial_hypercholesterolaemia : bool or None
        Or LDL cholesterol of 190 mg/dL or more.
    has_high_bleeding_risk : bool or None
        For what is said of aspirin.
    has_symptoms : bool or None
        Chest pain or breathlessness that needs a diagnosis now.
    is_pregnant : bool or None
        Now.
    region : Region or None
        Of Europe, for SCORE2.
    """

    age_years: float
    sex: Sex
    race: Race | None = None
    systolic_mmhg: float | None = None
    total_cholesterol_mg_dl: float | None = None
    hdl_mg_dl: float | None = None
    ldl_mg_dl: float | None = None
    egfr: float | None = None
    bmi: float | None = None
    hba1c_percent: float | None = None
    uacr_mg_g: float | None = None
    sdi_decile: int | None = None
    has_diabetes: bool | None = None
    smokes: bool | None = None
    takes_bp_medication: bool | None = None
    takes_statin: bool | None = None
    family_history: bool | None = None
    premature_family_history: bool | None = None
    has_known_ascvd: bool | None = None
    has_familial_hypercholesterolaemia: bool | None = None
    has_high_bleeding_risk: bool | None = None
    has_symptoms: bool | None = None
    is_pregnant: bool | None = None
    region: Region | None = None

    def __post_init__(self) -> None:
        """Take what NumPy wraps out of its wrapping: conditions and JSON know Python alone."""
        for name in self.__slots__:
            value = getattr(self, name)
            if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
                object.__setattr__(self, name, value.item())


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """The class of a score in one scheme.

    Attributes
    ----------
    scheme : str
        ``"plain"``, ``"rumberger"``, ``"cac_drs"``, ``"cad_rads"``, ``"stage_2024"``,
        ``"guideline_2026"``.
    code : str
        As the scheme writes it: ``"1-100"``, ``"A2/N3"``, ``"P2"``, ``"2"``.
    label : str
        One or two words.
    reading : str
        One plain sentence.
    source : str
        Key of the `Source`.
    """

    scheme: str
    code: str
    label: str
    reading: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """A score compared with people of the same age and sex.

    Attributes
    ----------
    reference : str
        ``"mesa"`` or ``"hoff"``.
    value : int or None
        Percent of the reference with a lower score; ``None`` for a score of 0 and where the
        reference does not cover the person. At `HIGHEST_PERCENTILE` it is a bound (`is_top`).
    at_least, at_most : int or None
        Bounds where the reference has only a few percentiles (Hoff: 25, 50, 75, 90), or ends
        (MESA: `at_least` is 99 where `value` is).
    p_nonzero : int or None
        Percent of the reference with a score above 0, where the reference tells.
    scores : dict of int to float
        Scores at the 25th, 50th, 75th and 90th percentile; empty if not covered.
    group : str
        Whom it is compared with: ``"White men of 55 years"``.
    not_covered : str or None
        Why there is no answer: what was found, what the reference covers.
    source : str
        Key of the `Source`.
    """

    reference: str
    value: int | None
    at_least: int | None
    at_most: int | None
    p_nonzero: int | None
    scores: dict[int, float]
    group: str
    not_covered: str | None
    source: str

    @property
    def is_top(self) -> bool:
        """Whether `value` is the last of its reference, and the place may be higher still."""
        return self.value == HIGHEST_PERCENTILE


def percentile_number(value: int) -> str:
    """Write a percentile that stands without more words: ``"90"``, ``"99 or higher"``."""
    return f"{value} or higher" if value == HIGHEST_PERCENTILE else f"{value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArterialAge:
    """The age at which the score would be typical for its risk.

    Attributes
    ----------
    years, low, high : float or None
        Estimate and its 95 % interval; ``None`` for a person whom it was not made for.
    source : str
        Key of the `Source`.
    not_covered : str or None
        Why there is no answer.
    """

    years: float | None
    low: float | None
    high: float | None
    source: str
    not_covered: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one model says about one outcome.

    Attributes
    ----------
    model : str
        ``"mesa_chd"``, ``"mesa_chd_with_cac"``, ``"pce"``, ``"prevent"``, ``"prevent_hba1c"``,
        ``"prevent_uacr"``, ``"prevent_sdi"``, ``"prevent_full"``, ``"score2"``, ``"score2_op"``.
    outcome : str
        ``"chd"``, ``"ascvd"``, ``"total_cvd"``, ``"heart_failure"``, ``"stroke"``.
    years : int
        10 or 30.
    fraction : float or None
        Risk, 0 to 1; ``None`` if the model cannot be used.
    missing : tuple of str
        Fields of `Person` that it needs and that are not known.
    not_valid : str or None
        Why it does not apply: what was found, what its range is.
    source : str
        Key of the `Source`.
    note : str or None
        What has to be said beside the number: which equation was used and why, what was taken as
        not known.
    """

    model: str
    outcome: str
    years: int
    fraction: float | None
    missing: tuple[str, ...]
    not_valid: str | None
    source: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one guideline says to one person; never an order.

    Attributes
    ----------
    id : str
        Stable: ``"accaha2026.4.2.7-2"``.
    guideline : str
        Key of the set it belongs to: ``"accaha2026"``.
    topic : str
        ``"lipids"``, ``"aspirin"``, ``"blood_pressure"``, ``"lifestyle"``, ``"repeat_scan"``,
        ``"further_evaluation"``, ``"testing"``, ``"caution"``.
    text : str
        The statement in corcal's words.
    source : str
        Key of the `Source`.
    year : int
        Of the guideline.
    strength, evidence : str or None
        Class of recommendation and level of evidence, as far as they are known.
    mark : Mark
        How well text, class and level are known.
    fired_by : tuple of str
        The facts that made it apply, with their numbers.
    would_change : tuple of str
        Facts that would make it not apply, or that are not known and matter.
    """

    id: str
    guideline: str
    topic: str
    text: str
    source: str
    year: int
    strength: str | None
    evidence: str | None
    mark: Mark
    fired_by: tuple[str, ...]
    would_change: tuple[str, ...]
