"""2018 AHA/ACC cholesterol and 2019 ACC/AHA primary prevention guidelines.

Both say the same of the score; for lipids the guideline of 2026 has replaced them. What 2019 says
of aspirin and lifestyle still stands, as far as is known. Risk is that of the Pooled Cohort
Equations, and so are its cut-points of 5, 7.5 and 20 %.

References
----------
.. [1] Grundy SM et al. Circulation 2019;139:e1082-e1143. doi:10.1161/CIR.0000000000000625
.. [2] Arnett DK et al. Circulation 2019;140:e596-e646. doi:10.1161/CIR.0000000000000678
"""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, Is, Range
from corcal.risk.guidance.gates import (
    ALWAYS,
    HIGH_FOR_AGE,
    LOW_SCORE,
    RAISED,
    WAITING_EXCEPTIONS,
    ZERO,
    ZERO_EXCEPTIONS,
)
from corcal.risk.guidance.rule import Guideline, Rule, Scope, Stance
from corcal.risk.types import Mark

__all__ = ["LIPIDS_2018", "PREVENTION_2019", "RULES_2018", "RULES_2019"]

LIPIDS_2018 = Guideline(
    key="accaha2018",
    title="2018 AHA/ACC cholesterol guideline",
    year=2018,
    superseded_by="the 2026 ACC/AHA guideline",
    note="Table 8 was read, figure 2 in a pocket edition; the rest as secondary sources report it.",
)
PREVENTION_2019 = Guideline(
    key="accaha2019",
    title="2019 ACC/AHA primary prevention guideline",
    year=2019,
    note="Its statements on lipids are those of 2018. Table 3 was read; aspirin and lifestyle as "
    "secondary sources report them.",
)

_rule_2018 = partial(
    Rule, guideline="accaha2018", source="grundy2019", year=2018, mark=Mark.SECONDARY
)
_rule_2019 = partial(
    Rule, guideline="accaha2019", source="arnett2019", year=2019, mark=Mark.SECONDARY
)

_AGE_40_TO_75 = Range("age", at_least=40, below=76)
_MAY_WAIT = AllOf((ZERO, _AGE_40_TO_75))
_LOW_RISK = Range("pce", below=0.05)
_HIGH_RISK = Range("pce", at_least=0.20)
_BORDERLINE_RISK = Range("pce", at_least=0.05, below=0.075)
_INTERMEDIATE_RISK = Range("pce", at_least=0.075, below=0.20)
# Where the decision on a statin is not open, a score does not make it.
_DECIDED = (_LOW_RISK, _HIGH_RISK, Is("diabetes"), Is("severe_cholesterol"))
_SCORE_OF_100 = Range("agatston", at_least=100)

RULES_2018: tuple[Rule, ...] = (
    _rule_2018(
        id="accaha2018.cac-zero",
        topic="lipids",
        text="At 5 to under 20 % risk (PCE) with the decision open, a score of 0 made it "
        "reasonable to withhold a statin, unless there is diabetes, a family history of premature "
        "coronary disease or smoking.",
        strength="2a",
        evidence="B-NR",
        mark=Mark.VERIFIED,
        scope=Scope.GATED,
        stance=Stance.DEFER,
        when=_MAY_WAIT,
        unless=(*WAITING_EXCEPTIONS, _LOW_RISK, _HIGH_RISK),
    ),
    _rule_2018(
        id="accaha2018.zero-exceptions",
        topic="lipids",
        text="A score of 0 did not make it reasonable to withhold a statin in diabetes, smoking, a "
        "family history of premature coronary disease, or an LDL cholesterol from 190 mg/dL.",
        stance=Stance.KEEP,
        when=AllOf((ZERO, ZERO_EXCEPTIONS)),
    ),
    _rule_2018(
        id="accaha2018.cac-1-99",
        topic="lipids",
        text="At 5 to under 20 % risk (PCE) with the decision open, a score of 1 to 99 favoured a "
        "statin, especially from 55 years.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.GATED,
        stance=Stance.TREAT,
        when=AllOf((LOW_SCORE, _AGE_40_TO_75)),
        unless=(HIGH_FOR_AGE, *_DECIDED),
    ),
    _rule_2018(
        id="accaha2018.cac-100",
        topic="lipids",
        text="In adults of 40 to 75 years with the decision open (PCE 5 to under 20 %), a score "
        "from 100 or from the 75th percentile spoke for starting a statin.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.GATED,
        stance=Stance.TREAT,
        when=AllOf((RAISED, _AGE_40_TO_75)),
        unless=_DECIDED,
    ),
    _rule_2018(
        id="accaha2018.diabetes",
        topic="lipids",
        text="In diabetes from 40 to 75 years a statin of moderate intensity was recommended, "
        "whatever the score.",
        strength="1",
        stance=Stance.TREAT,
        when=AllOf((Is("diabetes"), _AGE_40_TO_75)),
    ),
    _rule_2018(
        id="accaha2018.severe-cholesterol",
        topic="lipids",
        text="From an LDL cholesterol of 190 mg/dL a high-intensity statin was recommended without "
        "an estimate of risk.",
        strength="1",
        stance=Stance.TREAT,
        when=Is("severe_cholesterol"),
    ),
    _rule_2018(
        id="accaha2018.pce-high",
        topic="lipids",
        text="At high risk (PCE from 20 %) a statin that lowers LDL cholesterol by at least 50 % "
        "was recommended.",
        strength="1",
        stance=Stance.TREAT,
        when=AllOf((_HIGH_RISK, _AGE_40_TO_75)),
    ),
    _rule_2018(
        id="accaha2018.rescan",
        topic="repeat_scan",
        text="After a score of 0 with a statin withheld, the score was to be reassessed in 5 to "
        "10 years.",
        mark=Mark.VERIFIED,
        scope=Scope.GATED,
        when=_MAY_WAIT,
        unless=(*WAITING_EXCEPTIONS, _LOW_RISK, _HIGH_RISK),
    ),
)

RULES_2019: tuple[Rule, ...] = (
    _rule_2019(
        id="accaha2019.aspirin-discuss",
        topic="aspirin",
        text="Low-dose aspirin might be discussed from 40 to 70 years at higher cardiovascular "
        "risk (read here as a score from 100), only without a high risk of bleeding.",
        strength="2b",
        evidence="A",
        scope=Scope.GATED,
        stance=Stance.DISCUSS,
        when=AllOf((_SCORE_OF_100, Range("age", at_least=40, below=71))),
        unless=(Is("bleeding"),),
    ),
    _rule_2019(
        id="accaha2019.aspirin-age",
        topic="aspirin",
        text="Above 70 years aspirin should not be given routinely to prevent a first event: harm "
        "by bleeding.",
        strength="3: harm",
        evidence="B-R",
        stance=Stance.AGAINST,
        when=Range("age", at_least=71),
    ),
    _rule_2019(
        id="accaha2019.aspirin-bleeding",
        topic="aspirin",
        text="With a high risk of bleeding aspirin should not be given to prevent a first event, "
        "at any age and whatever the score.",
        strength="3: harm",
        stance=Stance.AGAINST,
        when=Is("bleeding"),
    ),
    _rule_2019(
        id="accaha2019.diet",
        topic="lifestyle",
        text="A diet of vegetables, fruit, legumes, nuts, whole grains and fish, low in trans fat, "
        "processed meat, refined carbohydrates and sweet drinks, is recommended.",
        scope=Scope.EVERYBODY,
        when=ALWAYS,
    ),
    _rule_2019(
        id="accaha2019.exercise",
        topic="lifestyle",
        text="At least 150 minutes a week of moderate or 75 minutes of vigorous physical activity "
        "are recommended, as far as health allows.",
        scope=Scope.EVERYBODY,
        when=ALWAYS,
    ),
    _rule_2019(
        id="accaha2019.tobacco",
        topic="lifestyle",
        text="Help and firm advice to stop smoking are recommended at every visit.",
        scope=Scope.EVERYBODY,
        when=Is("smokes"),
    ),
    _rule_2019(
        id="accaha2019.testing-intermediate",
        topic="testing",
        text="At intermediate risk (PCE 7.5 to under 20 %) with the decision open, it is "
        "reasonable to measure the score.",
        strength="2a",
        evidence="B-NR",
        mark=Mark.VERIFIED,
        when=AllOf((_INTERMEDIATE_RISK, _AGE_40_TO_75)),
        unless=(Is("severe_cholesterol"),),
    ),
    _rule_2019(
        id="accaha2019.testing-borderline",
        topic="testing",
        text="At borderline risk (PCE 5 to under 7.5 %) with the decision open, it is reasonable "
        "to measure the score in selected adults.",
        strength="2a",
        evidence="B-NR",
        mark=Mark.VERIFIED,
        when=AllOf((_BORDERLINE_RISK, _AGE_40_TO_75)),
        unless=(Is("severe_cholesterol"),),
    ),
)
