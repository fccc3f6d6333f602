"""National Lipid Association 2020: scientific statement on coronary calcium scoring.

Risk is that of the Pooled Cohort Equations. The intervals of repeat scans, aspirin, and treatment
from a score of 100 are from memory and marked so.

References
----------
.. [1] Orringer CE et al. J Clin Lipidol 2021;15:33-60. doi:10.1016/j.jacl.2020.12.005
"""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, AnyOf, Is, Range
from corcal.risk.guidance.gates import (
    ANY_CALCIUM,
    HIGH_FOR_AGE,
    LOW_SCORE,
    RAISED,
    WAITING_EXCEPTIONS,
    ZERO,
    ZERO_EXCEPTIONS,
)
from corcal.risk.guidance.rule import Guideline, Rule, Scope, Stance
from corcal.risk.types import Mark

__all__ = ["GUIDELINE", "RULES"]

GUIDELINE = Guideline(
    key="nla2020",
    title="2020 National Lipid Association statement on calcium scoring",
    year=2020,
    note="Recommendations, class and level as a public digest prints them; repeat-scan intervals "
    "from memory.",
)

_rule = partial(Rule, guideline="nla2020", source="nla2020", year=2020, mark=Mark.SECONDARY)
_rescan = partial(_rule, topic="repeat_scan", mark=Mark.RECALLED, scope=Scope.GATED)

_AGE_40_TO_75 = Range("age", at_least=40, below=76)
_AGE_76_TO_80 = Range("age", at_least=76, below=81)
_LOW_RISK = Range("pce", below=0.05)
_MIDDLE_RISK = Range("pce", at_least=0.05, below=0.20)
_HIGH_RISK = Range("pce", at_least=0.20)
_LOW_LDL = Range("ldl", below=70)
_NO_RESCAN = (Is("device"), Is("statin"))

RULES: tuple[Rule, ...] = (
    _rule(
        id="nla2020.cac-zero",
        topic="lipids",
        text="From 40 to 75 years with LDL cholesterol of 70 to 189 mg/dL, and without diabetes, "
        "smoking or a family history of premature disease, it is reasonable to defer a statin at a "
        "score of 0.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.GATED,
        stance=Stance.DEFER,
        when=AllOf((ZERO, _AGE_40_TO_75)),
        unless=(*WAITING_EXCEPTIONS, _LOW_LDL, _HIGH_RISK),
    ),
    _rule(
        id="nla2020.cac-zero-76-80",
        topic="lipids",
        text="From 76 to 80 years with an uncertain decision, a score of 0 is a reason that speaks "
        "for no statin.",
        strength="2b",
        evidence="B-NR",
        scope=Scope.GATED,
        stance=Stance.DEFER,
        when=AllOf((ZERO, _AGE_76_TO_80)),
        unless=WAITING_EXCEPTIONS,
    ),
    _rule(
        id="nla2020.zero-exceptions",
        topic="lipids",
        text="A score of 0 does not support deferring a statin in diabetes, current smoking, a "
        "family history of premature disease, or an LDL cholesterol from 190 mg/dL.",
        stance=Stance.KEEP,
        when=AllOf((ZERO, ZERO_EXCEPTIONS)),
    ),
    _rule(
        id="nla2020.cac-100",
        topic="lipids",
        text="A score from 100 or from the 75th percentile speaks for a statin, from 40 to 75 "
        "years.",
        mark=Mark.RECALLED,
        scope=Scope.GATED,
        stance=Stance.TREAT,
        when=AllOf((RAISED, _AGE_40_TO_75)),
    ),
    _rule(
        id="nla2020.under-40",
        topic="lipids",
        text="Below 40 years with several major risk factors (read here as two) or a family "
        "history of premature disease, any calcium speaks for more lifestyle treatment and, if "
        "needed, a statin.",
        strength="2a",
        evidence="B-NR",
        scope=Scope.GATED,
        stance=Stance.TREAT,
        when=AllOf(
            (
                ANY_CALCIUM,
                Range("age", below=40),
                AnyOf((Is("premature_family"), Is("several_factors"))),
            )
        ),
    ),
    _rule(
        id="nla2020.percentile",
        topic="lipids",
        text="A low score at a high percentile: the score predicts the next 5 to 10 years, the "
        "percentile the course over a lifetime. Both should be reported.",
        strength="1",
        evidence="B-NR",
        scope=Scope.GATED,
        when=AllOf((LOW_SCORE, HIGH_FOR_AGE)),
    ),
    _rule(
        id="nla2020.aspirin",
        topic="aspirin",
        text="From a score of 100 and up to 70 years aspirin can be discussed, only with a low "
        "risk of bleeding.",
        mark=Mark.RECALLED,
        scope=Scope.GATED,
        stance=Stance.DISCUSS,
        when=AllOf((Range("agatston", at_least=100), Range("age", at_least=40, below=71))),
        unless=(Is("bleeding"),),
    ),
    _rescan(
        id="nla2020.rescan-low",
        text="After a score of 0 at a 10-year risk below 5 % (PCE), a repeat scan in 5 to 7 years.",
        when=AllOf((ZERO, _LOW_RISK)),
        unless=(*_NO_RESCAN, Is("diabetes")),
    ),
    _rescan(
        id="nla2020.rescan-middle",
        text="After a score of 0 at a 10-year risk of 5 to under 20 % (PCE), a repeat scan in 3 to "
        "5 years.",
        when=AllOf((ZERO, _MIDDLE_RISK)),
        unless=(*_NO_RESCAN, Is("diabetes")),
    ),
    _rescan(
        id="nla2020.rescan-high",
        text="After a score of 0 with diabetes or at a 10-year risk from 20 % (PCE), a repeat scan "
        "in 3 years.",
        when=AllOf((ZERO, AnyOf((Is("diabetes"), _HIGH_RISK)))),
        unless=_NO_RESCAN,
    ),
    _rescan(
        id="nla2020.rescan-1-99",
        text="After a score of 1 to 99, a repeat scan in 3 to 5 years if it could change the "
        "treatment.",
        when=LOW_SCORE,
        unless=_NO_RESCAN,
    ),
    _rescan(
        id="nla2020.rescan-100",
        text="After a score from 100, a repeat scan in 3 years only if it could change the "
        "treatment.",
        when=Range("agatston", at_least=100),
        unless=_NO_RESCAN,
    ),
    _rule(
        id="nla2020.testing",
        topic="testing",
        text="From 40 to 75 years with LDL cholesterol of 70 to 189 mg/dL and a 10-year risk of 5 "
        "to under 20 % (PCE), the score can help to decide on treatment and its intensity.",
        strength="2a",
        evidence="B-NR",
        when=AllOf((_AGE_40_TO_75, _MIDDLE_RISK)),
        unless=(_LOW_LDL, Is("severe_cholesterol")),
    ),
    _rule(
        id="nla2020.testing-family",
        topic="testing",
        text="From 40 years at a 10-year risk below 5 % (PCE) with LDL cholesterol of 70 to 189 "
        "mg/dL, the score is reasonable if there is a strong family history of premature disease.",
        strength="2a",
        evidence="B-NR",
        when=AllOf((Range("age", at_least=40), _LOW_RISK, Is("premature_family"))),
        unless=(_LOW_LDL, Is("severe_cholesterol")),
    ),
    _rule(
        id="nla2020.testing-high-risk",
        topic="testing",
        text="At a 10-year risk from 20 % (PCE) with treatment agreed, the score seldom changes "
        "the decision.",
        mark=Mark.RECALLED,
        when=_HIGH_RISK,
    ),
    _rule(
        id="nla2020.testing-known-disease",
        topic="testing",
        text="In known cardiovascular disease the score is not recommended: it has no benefit.",
        strength="3: no benefit",
        scope=Scope.EVERYBODY,
        when=Is("known_ascvd"),
    ),
    _rule(
        id="nla2020.testing-treated",
        topic="testing",
        text="In a person who takes a statin and will go on with it, another scan seldom changes "
        "anything.",
        mark=Mark.RECALLED,
        when=Is("statin"),
    ),
)
