"""Older documents: SCCT 2017 on treatment by score, ACCF/AHA 2010 on tests after a high score.

References
----------
.. [1] Hecht H et al. J Cardiovasc Comput Tomogr 2017;11:157-168. doi:10.1016/j.jcct.2017.02.010
.. [2] Greenland P et al. J Am Coll Cardiol 2010;56:e50-e103. doi:10.1016/j.jacc.2010.09.001
"""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, Is, Range
from corcal.risk.guidance.gates import (
    HIGH_FOR_AGE,
    LOW_SCORE,
    RAISED_BELOW_300,
    WAITING_EXCEPTIONS,
    ZERO,
)
from corcal.risk.guidance.rule import Guideline, Rule, Scope, Stance
from corcal.risk.types import Mark

__all__ = ["ASYMPTOMATIC_2010", "RULES_2010", "RULES_2017", "SCCT_2017"]

SCCT_2017 = Guideline(
    key="scct2017",
    title="2017 SCCT expert consensus",
    year=2017,
    note="From memory throughout: not the words of the consensus.",
)
ASYMPTOMATIC_2010 = Guideline(
    key="accf2010",
    title="2010 ACCF/AHA guideline on risk in asymptomatic adults",
    year=2010,
    superseded_by="the later guidelines on prevention",
    note="As a secondary source quotes it.",
)

_rule_2017 = partial(Rule, guideline="scct2017", source="scct2017", year=2017, mark=Mark.RECALLED)
_lipids_2017 = partial(_rule_2017, topic="lipids", scope=Scope.GATED)
_AGE_40_TO_75 = Range("age", at_least=40, below=76)

RULES_2017: tuple[Rule, ...] = (
    _lipids_2017(
        id="scct2017.cac-zero",
        text="A score of 0 speaks for no statin.",
        stance=Stance.DEFER,
        when=AllOf((ZERO, _AGE_40_TO_75)),
        unless=(*WAITING_EXCEPTIONS, Range("pce", at_least=0.20)),
    ),
    _lipids_2017(
        id="scct2017.cac-1-99",
        text="A score of 1 to 99 below the 75th percentile speaks for a statin of moderate "
        "intensity.",
        stance=Stance.TREAT,
        when=AllOf((LOW_SCORE, _AGE_40_TO_75)),
        unless=(HIGH_FOR_AGE,),
    ),
    _lipids_2017(
        id="scct2017.cac-100-299",
        text="A score of 100 to 299, or lower but at the 75th percentile or above, speaks for a "
        "statin of moderate to high intensity.",
        stance=Stance.TREAT,
        when=AllOf((RAISED_BELOW_300, _AGE_40_TO_75)),
    ),
    _lipids_2017(
        id="scct2017.cac-300",
        text="A score from 300 speaks for a statin of high intensity.",
        stance=Stance.TREAT,
        when=AllOf((Range("agatston", at_least=300), _AGE_40_TO_75)),
    ),
    _rule_2017(
        id="scct2017.aspirin",
        topic="aspirin",
        text="From a score of 100 low-dose aspirin was an option to discuss, with the risk of "
        "bleeding; later guidance is more reluctant.",
        scope=Scope.GATED,
        stance=Stance.DISCUSS,
        when=AllOf((Range("agatston", at_least=100), _AGE_40_TO_75)),
        unless=(Is("bleeding"),),
    ),
)

RULES_2010: tuple[Rule, ...] = (
    Rule(
        id="accf2010.stress-imaging",
        guideline="accf2010",
        topic="further_evaluation",
        text="From a score of 400 stress perfusion imaging might be considered in a person without "
        "symptoms; the evidence is weak, and treatment of the risk comes first.",
        source="greenland2010",
        year=2010,
        mark=Mark.SECONDARY,
        strength="2b",
        evidence="C",
        scope=Scope.GATED,
        when=Range("agatston", at_least=400),
    ),
)
