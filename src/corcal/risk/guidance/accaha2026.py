"""2026 ACC/AHA dyslipidaemia guideline: what it says of the calcium score.

The guideline itself was not read: thresholds and goals agree in three secondary sources, class and
level rest on one of them, except the class of 4.2.7-1, which two give. What it says below 10 % by
PREVENT alone, and in diabetes, rests on another one. Risk is PREVENT's, and so are its cut-points
of 3, 5 and 10 %.

References
----------
.. [1] 2026 ACC/AHA multisociety guideline on the management of dyslipidemia. Circulation 2026.
   doi:10.1161/CIR.0000000000001423
"""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, Condition, Is, Range
from corcal.risk.guidance.gates import (
    ALWAYS,
    ANY_CALCIUM,
    HIGH_FOR_AGE,
    IN_AGE_OF_2026,
    LOW_SCORE,
    OLD_ENOUGH_FOR_2026,
    RAISED_BELOW_300,
    WAITING_EXCEPTIONS,
    YOUNGER_THAN_2026,
    ZERO,
    ZERO_EXCEPTIONS,
)
from corcal.risk.guidance.rule import Guideline, Rule, Scope, Stance
from corcal.risk.types import Mark

__all__ = ["GUIDELINE", "RULES"]

GUIDELINE = Guideline(
    key="accaha2026",
    title="2026 ACC/AHA dyslipidaemia guideline",
    year=2026,
    note="Class and level from a single secondary source; the guideline itself was not read.",
)

_rule = partial(Rule, guideline="accaha2026", source="accaha2026", year=2026, mark=Mark.SECONDARY)
_goal = partial(_rule, topic="lipids", scope=Scope.GATED, stance=Stance.TREAT)

_MAY_WAIT = AllOf((ZERO, IN_AGE_OF_2026))
_HIGH_RISK = Range("prevent_ascvd", at_least=0.10)


def _from_its_age(score: Condition) -> AllOf:
    """Hold a score against the guideline only at the ages at which it uses the scan."""
    return AllOf((score, OLD_ENOUGH_FOR_2026))


RULES: tuple[Rule, ...] = (
    _rule(
        id="accaha2026.4.2.3.6-2",
        topic="lipids",
        text="With a score of 0, no high-risk condition and a person who prefers no drug, it is "
        "reasonable to defer lipid-lowering therapy and to repeat the scan in 3 to 7 years.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.GATED,
        stance=Stance.DEFER,
        when=_MAY_WAIT,
        unless=(*WAITING_EXCEPTIONS, _HIGH_RISK),
    ),
    _rule(
        id="accaha2026.zero-exceptions",
        topic="lipids",
        text="A score of 0 is not enough to defer lipid-lowering therapy in diabetes, current "
        "smoking, severe hypercholesterolaemia or familial hypercholesterolaemia, or a strong "
        "family history of premature cardiovascular disease.",
        stance=Stance.KEEP,
        when=AllOf((ZERO, ZERO_EXCEPTIONS)),
    ),
    _rule(
        id="accaha2026.4.2.3.6-3",
        topic="lipids",
        text="Lipid-lowering therapy is recommended at a score above 0, especially from 100 or "
        "from the 75th percentile. Another summary reports it from these two on, and where the "
        "decision is open.",
        strength="1",
        evidence="B-NR",
        scope=Scope.GATED,
        stance=Stance.TREAT,
        when=_from_its_age(ANY_CALCIUM),
    ),
    _goal(
        id="accaha2026.4.2.7-1",
        text="Score of 1000 or more: lowering of LDL cholesterol with a statin first, by at least "
        "50 %; goals LDL-C < 55 and non-HDL-C < 85 mg/dL.",
        strength="1",
        evidence="B-NR",
        when=_from_its_age(Range("agatston", at_least=1000)),
        ldl_goal_mg_dl=55,
        non_hdl_goal_mg_dl=85,
    ),
    _goal(
        id="accaha2026.4.2.7-2",
        text="Score of 300 to 999: lowering of LDL cholesterol with a statin first, by at least "
        "50 %; goals LDL-C < 70 and non-HDL-C < 100 mg/dL.",
        strength="1",
        evidence="B-R",
        when=_from_its_age(Range("agatston", at_least=300, below=1000)),
        ldl_goal_mg_dl=70,
        non_hdl_goal_mg_dl=100,
    ),
    _goal(
        id="accaha2026.4.2.7-5",
        text="Score of 300 to 999: it is reasonable to intensify (ezetimibe, PCSK9 antibody, "
        "bempedoic acid) towards LDL-C < 55 and non-HDL-C < 85 mg/dL.",
        strength="2a",
        evidence="B-NR",
        when=_from_its_age(Range("agatston", at_least=300, below=1000)),
    ),
    _goal(
        id="accaha2026.4.2.7-3",
        text="Score of 100 to 299, or lower but at the 75th percentile or above: lowering of LDL "
        "cholesterol with a statin first, by at least 50 %; goals LDL-C < 70 and non-HDL-C < 100 "
        "mg/dL.",
        strength="1",
        evidence="B-R",
        when=_from_its_age(RAISED_BELOW_300),
        ldl_goal_mg_dl=70,
        non_hdl_goal_mg_dl=100,
    ),
    _goal(
        id="accaha2026.4.2.7-4",
        text="Score of 1 to 99 below the 75th percentile: a statin of moderate intensity is "
        "reasonable, lowering LDL cholesterol by 30 to 49 %; goals LDL-C < 100 and non-HDL-C < 130 "
        "mg/dL.",
        strength="2a",
        evidence="B-R",
        when=_from_its_age(LOW_SCORE),
        unless=(HIGH_FOR_AGE, _HIGH_RISK, Is("severe_cholesterol")),
        ldl_goal_mg_dl=100,
        non_hdl_goal_mg_dl=130,
    ),
    _rule(
        id="accaha2026.4.2.3.6-4",
        topic="lipids",
        text="At intermediate or high risk (PREVENT-ASCVD from 5 %), where the intensity is not "
        "clear, the score is reasonable to set goal and intensity.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.GATED,
        when=_from_its_age(Range("prevent_ascvd", at_least=0.05)),
    ),
    _rule(
        id="accaha2026.prevent-high",
        topic="lipids",
        text="At high risk (PREVENT-ASCVD from 10 %): a high-intensity statin, lowering LDL "
        "cholesterol by at least 50 %; goals LDL-C < 70 and non-HDL-C < 100 mg/dL.",
        stance=Stance.TREAT,
        when=_HIGH_RISK,
        unless=(Range("agatston", at_least=1000),),
        ldl_goal_mg_dl=70,
        non_hdl_goal_mg_dl=100,
    ),
    _rule(
        id="accaha2026.prevent-intermediate",
        topic="lipids",
        text="At intermediate risk (PREVENT-ASCVD 5 to under 10 %), before the score is counted: a "
        "statin of at least moderate intensity, lowering LDL cholesterol by 30 to 49 %; goals "
        "LDL-C < 100 and non-HDL-C < 130 mg/dL.",
        when=Range("prevent_ascvd", at_least=0.05, below=0.10),
    ),
    _rule(
        id="accaha2026.prevent-borderline",
        topic="lipids",
        text="At borderline risk (PREVENT-ASCVD 3 to under 5 %), before the score is counted: "
        "lipid-lowering therapy is considered; goals LDL-C < 100 and non-HDL-C < 130 mg/dL.",
        when=Range("prevent_ascvd", at_least=0.03, below=0.05),
    ),
    _rule(
        id="accaha2026.prevent-low",
        topic="lipids",
        text="At low risk (PREVENT-ASCVD below 3 %), before the score is counted: lipid-lowering "
        "therapy is considered where the risk of 30 years is 10 % or more.",
        when=Range("prevent_ascvd", below=0.03),
    ),
    _rule(
        id="accaha2026.diabetes",
        topic="lipids",
        text="In diabetes from 40 to 75 years: a statin of at least moderate intensity (goals "
        "LDL-C < 100 and non-HDL-C < 130 mg/dL), with several risk factors of high intensity "
        "(LDL-C < 70 and non-HDL-C < 100 mg/dL). Where the score asks for a lower goal, that one "
        "counts.",
        stance=Stance.TREAT,
        when=AllOf((Is("diabetes"), Range("age", at_least=40, below=76))),
    ),
    _rule(
        id="accaha2026.4.2.3.6-5",
        topic="lipids",
        text="Coronary calcium seen by the way on a CT of another purpose should count in the "
        "decision on lipid-lowering therapy.",
        strength="1",
        evidence="B-NR",
        scope=Scope.NOT_GATED,
        stance=Stance.TREAT,
        when=_from_its_age(ANY_CALCIUM),
    ),
    _rule(
        id="accaha2026.4.2.7-6-mild",
        topic="lipids",
        text="Mild calcium on a scan without gating (read here as a score of 1 to 99): a statin of "
        "moderate intensity is reasonable; goals LDL-C < 100 and non-HDL-C < 130 mg/dL.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.NOT_GATED,
        stance=Stance.TREAT,
        when=_from_its_age(LOW_SCORE),
        unless=(_HIGH_RISK, Is("severe_cholesterol")),
        ldl_goal_mg_dl=100,
        non_hdl_goal_mg_dl=130,
    ),
    _rule(
        id="accaha2026.4.2.7-6-severe",
        topic="lipids",
        text="Moderate or severe calcium on a scan without gating (read here as a score from 100): "
        "a high-intensity statin is reasonable; goals LDL-C < 70 and non-HDL-C < 100 mg/dL.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.NOT_GATED,
        stance=Stance.TREAT,
        when=_from_its_age(Range("agatston", at_least=100)),
        ldl_goal_mg_dl=70,
        non_hdl_goal_mg_dl=100,
    ),
    _rule(
        id="accaha2026.lifestyle",
        topic="lifestyle",
        text="Diet, physical activity, weight, no smoking and a controlled blood pressure are the "
        "foundation, with a drug or without.",
        scope=Scope.EVERYBODY,
        when=ALWAYS,
    ),
    _rule(
        id="accaha2026.4.2.3.6-2-rescan",
        topic="repeat_scan",
        text="After a score of 0 with treatment deferred, a repeat scan in 3 to 7 years is "
        "reasonable.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.GATED,
        when=_MAY_WAIT,
        unless=(*WAITING_EXCEPTIONS, _HIGH_RISK),
    ),
    _rule(
        id="accaha2026.4.2.3.6-1",
        topic="testing",
        text="At borderline or intermediate risk (PREVENT-ASCVD 3 to under 10 %) with the decision "
        "on lipid-lowering therapy open, the score is recommended to withhold, defer or start it.",
        strength="1",
        evidence="B-R",
        when=AllOf((Range("prevent_ascvd", at_least=0.03, below=0.10), IN_AGE_OF_2026)),
        unless=(Is("severe_cholesterol"),),
    ),
    _rule(
        id="accaha2026.testing-severe-cholesterol",
        topic="testing",
        text="In severe hypercholesterolaemia or familial hypercholesterolaemia treatment does not "
        "wait for a score, and a low score does not change it.",
        when=Is("severe_cholesterol"),
    ),
    _rule(
        id="accaha2026.testing-young",
        topic="testing",
        text="The guideline uses the score from 40 years in men and 45 in women, and its goals by "
        "score are left out below that. A score of 0 is usual there and says little; any calcium "
        "is early, and a reason to treat the risk factors.",
        when=YOUNGER_THAN_2026,
    ),
)
