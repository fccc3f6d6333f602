"""US Preventive Services Task Force 2022: aspirin to prevent a first event.

Risk is that of the Pooled Cohort Equations, with the cut-point of 10 % of this recommendation.

References
----------
.. [1] US Preventive Services Task Force. JAMA 2022;327:1577-1584. doi:10.1001/jama.2022.4983
"""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, Is, Range
from corcal.risk.guidance.rule import Guideline, Rule, Stance
from corcal.risk.types import Mark

__all__ = ["GUIDELINE", "RULES"]

GUIDELINE = Guideline(
    key="uspstf2022",
    title="2022 US Preventive Services Task Force on aspirin",
    year=2022,
    note="The summary of the Task Force was read. It does not use the calcium score.",
)

_rule = partial(
    Rule,
    guideline="uspstf2022",
    topic="aspirin",
    source="uspstf2022",
    year=2022,
    mark=Mark.VERIFIED,
)

RULES: tuple[Rule, ...] = (
    _rule(
        id="uspstf2022.aspirin-40-59",
        text="From 40 to 59 years at a 10-year risk of 10 % or more, aspirin is an individual "
        "decision to discuss: the net benefit is small, and only without a raised risk of "
        "bleeding.",
        strength="C",
        stance=Stance.DISCUSS,
        when=AllOf((Range("age", at_least=40, below=60), Range("pce", at_least=0.10))),
        unless=(Is("bleeding"),),
    ),
    _rule(
        id="uspstf2022.aspirin-60",
        text="From 60 years the Task Force recommends against starting aspirin to prevent a first "
        "event.",
        strength="D",
        stance=Stance.AGAINST,
        when=Range("age", at_least=60),
    ),
)
