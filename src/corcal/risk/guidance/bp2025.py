"""2025 AHA/ACC high blood pressure guideline: what it says at the pressure of the person.

Only the systolic pressure is known here. The risk is PREVENT's of total cardiovascular disease,
with its cut-point of 7.5 %.

References
----------
.. [1] Jones DW et al. Hypertension 2025;82:e212-e316. doi:10.1161/HYP.0000000000000249
"""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, AnyOf, Is, Range
from corcal.risk.guidance.gates import ALWAYS, ANY_CALCIUM
from corcal.risk.guidance.rule import Guideline, Rule, Scope
from corcal.risk.types import Mark

__all__ = ["GUIDELINE", "RULES"]

GUIDELINE = Guideline(
    key="ahaacc2025_bp",
    title="2025 AHA/ACC high blood pressure guideline",
    year=2025,
    note="As summaries of the two societies report it; the guideline itself was not read.",
)

_rule = partial(
    Rule, guideline="ahaacc2025_bp", source="ahaacc2025_bp", year=2025, mark=Mark.SECONDARY
)
_pressure = partial(_rule, topic="blood_pressure", scope=Scope.NOT_PREGNANT)

_STAGE_1 = Range("systolic", at_least=130, below=140)
_CVD_RISK = 0.075
_NEEDS_DRUG_AT_STAGE_1 = (
    Is("told_ascvd"),  # a device alone recommends no drug
    Is("diabetes"),
    Is("kidney_disease"),
    Range("prevent_cvd", at_least=_CVD_RISK),
)

RULES: tuple[Rule, ...] = (
    _pressure(
        id="ahaacc2025_bp.stage-2",
        text="A systolic pressure from 140 mmHg, if confirmed: drug treatment is recommended "
        "together with lifestyle; goal below 130/80 mmHg.",
        when=Range("systolic", at_least=140),
        unless=(Is("bp_drug"),),
    ),
    _pressure(
        id="ahaacc2025_bp.stage-1-drug",
        text="A systolic pressure of 130 to 139 mmHg, if confirmed, with cardiovascular disease, "
        "diabetes, kidney disease or a total CVD risk by PREVENT from 7.5 %: drug treatment is "
        "recommended; goal below 130/80 mmHg.",
        when=AllOf((_STAGE_1, AnyOf(_NEEDS_DRUG_AT_STAGE_1))),
        unless=(Is("bp_drug"),),
    ),
    _pressure(
        id="ahaacc2025_bp.stage-1-lifestyle",
        text="A systolic pressure of 130 to 139 mmHg, if confirmed, at lower risk: lifestyle "
        "first, and a drug if it is still there after 3 to 6 months.",
        when=_STAGE_1,
        unless=(Is("bp_drug"), *_NEEDS_DRUG_AT_STAGE_1),
    ),
    _pressure(
        id="ahaacc2025_bp.above-goal",
        text="The systolic pressure is at 130 mmHg or more under treatment: the goal is below "
        "130/80 mmHg.",
        when=AllOf((Range("systolic", at_least=130), Is("bp_drug"))),
    ),
    _pressure(
        id="ahaacc2025_bp.elevated",
        text="A systolic pressure of 120 to 129 mmHg is elevated: lifestyle, and a new measurement "
        "in time.",
        when=Range("systolic", at_least=120, below=130),
        unless=(Is("bp_drug"),),
    ),
    _rule(
        id="ahaacc2025_bp.calcium",
        topic="blood_pressure",
        text="Where it is uncertain whether stage 1 hypertension at lower risk needs a drug, "
        "calcium in the coronary arteries speaks for one.",
        mark=Mark.RECALLED,
        scope=Scope.GATED,
        when=AllOf((_STAGE_1, Range("prevent_cvd", below=_CVD_RISK), ANY_CALCIUM)),
        unless=(Is("bp_drug"), Is("diabetes"), Is("kidney_disease")),
    ),
    _rule(
        id="ahaacc2025_bp.salt-and-weight",
        topic="lifestyle",
        text="Sodium below 2300 mg a day, ideally below 1500 mg, little or no alcohol, and a "
        "weight loss of at least 5 % if overweight lower the blood pressure.",
        scope=Scope.NOT_PREGNANT,
        when=ALWAYS,
    ),
    _rule(
        id="ahaacc2025_bp.stress",
        topic="lifestyle",
        text="Ways to manage stress, such as breathing exercises, meditation or yoga, belong to a "
        "healthy lifestyle.",
        scope=Scope.EVERYBODY,
        when=ALWAYS,
    ),
)
