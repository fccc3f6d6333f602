"""What guidelines say: statements as data, and the engine that evaluates them.

`facts` gathers what is known, `conditions` evaluates yes, no and not known, `rule` says what a
statement is made of, `gates` holds what many share. One module for each family of guidelines has
the statements; `general` has the cautions that cannot be switched off; `wording` adds how sure a
statement is. `engine` puts them together.
"""

from corcal.risk.guidance.engine import GUIDELINES, RULES, guidance
from corcal.risk.guidance.rule import Guideline, Rule, Scope, Stance

__all__ = ["GUIDELINES", "RULES", "Guideline", "Rule", "Scope", "Stance", "guidance"]
