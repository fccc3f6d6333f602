"""What single studies add; none of them is a guideline.

References
----------
.. [1] Cainzos-Achirica M et al. Circulation 2020;141:1541-1553.
   doi:10.1161/CIRCULATIONAHA.119.045010
.. [2] Dzaye O et al. JACC Cardiovasc Imaging 2021;14:990-1002. doi:10.1016/j.jcmg.2020.06.048
.. [3] Javaid A et al. J Am Coll Cardiol 2022;79:1873-1886. doi:10.1016/j.jacc.2022.02.051
.. [4] Peng AW et al. Circulation 2021;143:1571-1583. doi:10.1161/CIRCULATIONAHA.120.050545
"""

from functools import partial

from corcal.risk.guidance.conditions import AllOf, Is, Range
from corcal.risk.guidance.gates import ANY_CALCIUM, WAITING_EXCEPTIONS, ZERO
from corcal.risk.guidance.rule import Guideline, Rule, Scope, Stance
from corcal.risk.types import Mark

__all__ = ["GUIDELINE", "RULES"]

GUIDELINE = Guideline(
    key="studies",
    title="Single studies",
    year=2022,
    is_guideline=False,
    note="Not a guideline: findings that help to read the others.",
)

_rule = partial(Rule, guideline="studies", scope=Scope.GATED)

RULES: tuple[Rule, ...] = (
    _rule(
        id="studies.aspirin-zero",
        topic="aspirin",
        text="In MESA, at a score of 0, the estimated harm of aspirin by bleeding was larger than "
        "its benefit.",
        source="cainzos2020",
        year=2020,
        mark=Mark.RECALLED,
        stance=Stance.AGAINST,
        when=ZERO,
        unless=(Is("device"),),
    ),
    _rule(
        id="studies.aspirin-100",
        topic="aspirin",
        text="In MESA, from a score of 100 and more so from 400, the estimated benefit of aspirin "
        "was larger than its harm, in people without a raised risk of bleeding: a point to "
        "discuss.",
        source="cainzos2020",
        year=2020,
        mark=Mark.RECALLED,
        stance=Stance.DISCUSS,
        when=AllOf((Range("agatston", at_least=100), Range("age", at_least=40, below=71))),
        unless=(Is("bleeding"),),
    ),
    _rule(
        id="studies.zero-lasts",
        topic="repeat_scan",
        text="In MESA a score of 0 lasted 3 to 7 years, by sex and group, until one of four people "
        "had calcium.",
        source="dzaye2021",
        year=2021,
        mark=Mark.VERIFIED,
        when=ZERO,
        unless=WAITING_EXCEPTIONS,
    ),
    _rule(
        id="studies.calcium-1000",
        topic="further_evaluation",
        text="In MESA people with a score from 1000 had between four and five times the "
        "cardiovascular events of people with a score of 0, other risk factors accounted for.",
        source="peng2021",
        year=2021,
        mark=Mark.VERIFIED,
        when=Range("agatston", at_least=1000),
    ),
    _rule(
        id="studies.young-women",
        topic="testing",
        text="In White and Black women of 30 to 45 years any calcium was above the 90th "
        "percentile.",
        source="javaid2022",
        year=2022,
        mark=Mark.SECONDARY,
        when=AllOf(
            (
                ANY_CALCIUM,
                Is("female"),
                Is("white_or_black"),
                Range("age", at_least=30, below=46),
            )
        ),
    ),
    _rule(
        id="studies.young-men",
        topic="testing",
        text="In White and Black men up to 34 years any calcium was at the 90th percentile or "
        "above.",
        source="javaid2022",
        year=2022,
        mark=Mark.SECONDARY,
        when=AllOf(
            (ANY_CALCIUM, Is("male"), Is("white_or_black"), Range("age", at_least=30, below=35))
        ),
    ),
)
