"""ESC/EAS 2025 and ESC 2021: calcium as a modifier of risk in Europe.

Risk is that of SCORE2 and SCORE2-OP, which are not for people with diabetes. SCORE2-Diabetes
and the goals at low and moderate risk are not here.

References
----------
.. [1] Mach F et al. Eur Heart J 2025. doi:10.1093/eurheartj/ehaf190
.. [2] Visseren FLJ et al. Eur Heart J 2021;42:3227-3337. doi:10.1093/eurheartj/ehab484
"""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, AnyOf, Is, Range
from corcal.risk.guidance.gates import ALWAYS, ANY_CALCIUM, RAISED, WAITING_EXCEPTIONS, ZERO
from corcal.risk.guidance.rule import Guideline, Rule, Scope, Stance
from corcal.risk.types import Mark

__all__ = ["LIPIDS_2025", "PREVENTION_2021", "RULES_2021", "RULES_2025"]

LIPIDS_2025 = Guideline(
    key="escc2025",
    title="2025 ESC/EAS dyslipidaemia update",
    year=2025,
    note="Risk classes and the class of imaging as secondary sources report them.",
)
PREVENTION_2021 = Guideline(
    key="esc2021",
    title="2021 ESC prevention guideline",
    year=2021,
    note="Class and level as a secondary source reports them.",
)

_rule_2025 = partial(Rule, guideline="escc2025", source="escc2025", year=2025, mark=Mark.SECONDARY)
_rule_2021 = partial(Rule, guideline="esc2021", source="esc2021", year=2021, mark=Mark.SECONDARY)

_MODERATE_2025 = Range("score2", at_least=0.02, below=0.10)
# The middle class of SCORE2 by age, in which the decision is open.
_MIDDLE_2021 = AnyOf(
    (
        AllOf((Range("age", below=50), Range("score2", at_least=0.025, below=0.075))),
        AllOf((Range("age", at_least=50, below=70), Range("score2", at_least=0.05, below=0.10))),
        AllOf((Range("age", at_least=70), Range("score2", at_least=0.075, below=0.15))),
    )
)

RULES_2025: tuple[Rule, ...] = (
    _rule_2025(
        id="escc2025.calcium",
        topic="lipids",
        text="At moderate risk (SCORE2 2 to under 10 %) calcium in the coronary arteries raises "
        "the risk above the estimate, and with it the need to treat.",
        scope=Scope.GATED,
        stance=Stance.TREAT,
        when=AllOf((_MODERATE_2025, ANY_CALCIUM)),
    ),
    _rule_2025(
        id="escc2025.diabetes",
        topic="lipids",
        text="In diabetes Europe does not use SCORE2: the risk is classed by SCORE2-Diabetes, the "
        "years of diabetes and damage to organs, which are not calculated here.",
        mark=Mark.RECALLED,
        when=Is("diabetes"),
    ),
    _rule_2025(
        id="escc2025.high-risk",
        topic="lipids",
        text="High risk (SCORE2 10 to under 20 %): a lowering of LDL cholesterol by at least 50 % "
        "and a goal below 70 mg/dL (1.8 mmol/L).",
        mark=Mark.RECALLED,
        stance=Stance.TREAT,
        when=Range("score2", at_least=0.10, below=0.20),
        ldl_goal_mg_dl=70,
    ),
    _rule_2025(
        id="escc2025.very-high-risk",
        topic="lipids",
        text="Very high risk (SCORE2 from 20 %): a lowering of LDL cholesterol by at least 50 % "
        "and a goal below 55 mg/dL (1.4 mmol/L).",
        mark=Mark.RECALLED,
        stance=Stance.TREAT,
        when=Range("score2", at_least=0.20),
        ldl_goal_mg_dl=55,
    ),
    _rule_2025(
        id="escc2025.testing",
        topic="testing",
        text="At moderate risk (SCORE2 2 to under 10 %) or near a threshold of treatment, imaging "
        "of plaque or the calcium score should be considered to refine the risk.",
        strength="IIa",
        when=_MODERATE_2025,
        unless=(Is("severe_cholesterol"),),
    ),
)

RULES_2021: tuple[Rule, ...] = (
    _rule_2021(
        id="esc2021.more-than-expected",
        topic="lipids",
        text="A score higher than expected for age and sex (read here as from 100 or from the 75th "
        "percentile) raises the risk above the estimate.",
        scope=Scope.GATED,
        stance=Stance.TREAT,
        when=AllOf((_MIDDLE_2021, RAISED)),
    ),
    _rule_2021(
        id="esc2021.no-calcium",
        topic="lipids",
        text="No calcium lowers the risk below the estimate.",
        scope=Scope.GATED,
        stance=Stance.DEFER,
        when=AllOf((_MIDDLE_2021, ZERO)),
        unless=WAITING_EXCEPTIONS,
    ),
    _rule_2021(
        id="esc2021.lifestyle",
        topic="lifestyle",
        text="150 to 300 minutes a week of moderate activity or 75 to 150 of vigorous activity, "
        "less sitting, and a Mediterranean or similar diet are recommended.",
        scope=Scope.EVERYBODY,
        when=ALWAYS,
    ),
    _rule_2021(
        id="esc2021.smoking",
        topic="lifestyle",
        text="To stop all smoking is recommended, even if weight is gained: few measures prevent "
        "as much.",
        scope=Scope.EVERYBODY,
        when=Is("smokes"),
    ),
    _rule_2021(
        id="esc2021.testing",
        topic="testing",
        text="The score may be considered to improve the estimate of risk around thresholds of "
        "decision (the middle class of SCORE2 for the age).",
        strength="IIb",
        evidence="B",
        when=_MIDDLE_2021,
        unless=(Is("severe_cholesterol"),),
    ),
)
