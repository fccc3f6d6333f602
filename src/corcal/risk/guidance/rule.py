"""What a statement is made of: its text, where it is from, and when it applies."""

from dataclasses import dataclass
from enum import StrEnum

from corcal.risk.guidance.conditions import Condition
from corcal.risk.types import Mark

__all__ = ["Guideline", "Rule", "Scope", "Stance"]


class Scope(StrEnum):
    """For whom a statement is made; the gates are in `corcal.risk.guidance.gates`."""

    EVERYBODY = "everybody"
    SCREENING = "screening"  # no known cardiovascular disease, symptoms, pregnancy
    GATED = "gated"  # the same, and only for the score of an ECG-gated scan
    NOT_GATED = "not_gated"  # the same, and only for a scan without gating
    NOT_PREGNANT = "not_pregnant"


class Stance(StrEnum):
    """Which way a statement points; within one guideline, opposite ones exclude each other."""

    NEUTRAL = "neutral"
    TREAT = "treat"  # speaks for lipid-lowering treatment
    DEFER = "defer"  # speaks for waiting
    KEEP = "keep"  # speaks against waiting in spite of a low score
    DISCUSS = "discuss"  # aspirin may be talked about
    AGAINST = "against"  # aspirin is advised against


@dataclass(frozen=True, slots=True, kw_only=True)
class Guideline:
    """A document whose statements are shown together, or not at all.

    Attributes
    ----------
    key : str
        Stable short name, such as ``"accaha2026"``.
    title : str
        As a clinician calls it.
    year : int
        Of the guideline, not of a reprint.
    superseded_by : str or None
        What replaced it, in words.
    is_guideline : bool
        False for single studies.
    note : str
        One line for the documentation: how well it is known to corcal.
    """

    key: str
    title: str
    year: int
    superseded_by: str | None = None
    is_guideline: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One statement, as data: the engine only evaluates it.

    Attributes
    ----------
    id : str
        Stable; begins with the key of its guideline and a dot.
    guideline : str
        Key of its `Guideline`.
    topic : str
        As in `corcal.risk.types.Statement`.
    text : str
        One or two sentences in corcal's words, never an order.
    source : str
        Key of `corcal.risk.sources.sources`.
    year : int
        Of the guideline or study.
    mark : Mark
        How well text, class and level are known.
    when : Condition
        Must hold; what is not known does not hold.
    unless : tuple of Condition
        None may hold. If it is not known whether one does, the statement is made, and says so.
    scope : Scope
        For whom.
    strength, evidence : str or None
        Class of recommendation and level of evidence.
    stance : Stance
        Which way it points.
    ldl_goal_mg_dl, non_hdl_goal_mg_dl : float or None
        The goals that the text names.
    """

    id: str
    guideline: str
    topic: str
    text: str
    source: str
    year: int
    mark: Mark
    when: Condition
    unless: tuple[Condition, ...] = ()
    scope: Scope = Scope.SCREENING
    strength: str | None = None
    evidence: str | None = None
    stance: Stance = Stance.NEUTRAL
    ldl_goal_mg_dl: float | None = None
    non_hdl_goal_mg_dl: float | None = None
