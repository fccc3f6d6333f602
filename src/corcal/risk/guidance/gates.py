"""Conditions that many statements share: the bands of the score, the exceptions, the scopes."""

from corcal.risk.guidance.conditions import AllOf, AnyOf, Condition, Is, Range
from corcal.risk.guidance.rule import Scope

__all__ = [
    "ALWAYS",
    "ANY_CALCIUM",
    "HIGH_FOR_AGE",
    "IN_AGE_OF_2026",
    "LOW_SCORE",
    "OLD_ENOUGH_FOR_2026",
    "RAISED",
    "RAISED_BELOW_300",
    "SCOPE_GATES",
    "WAITING_EXCEPTIONS",
    "YOUNGER_THAN_2026",
    "ZERO",
    "ZERO_EXCEPTIONS",
]

ALWAYS = AllOf()

# Scores are not rounded: 0 is exactly zero, "1 to 99" is above 0 and below 100.
ZERO = Range("agatston", at_least=0, at_most=0)
ANY_CALCIUM = Range("agatston", above=0)
LOW_SCORE = Range("agatston", above=0, below=100)
HIGH_FOR_AGE = Range("percentile", at_least=75)  # 2018 AHA/ACC and 2026 ACC/AHA
# The percentile raises a low score to where a score of 100 is.
RAISED = AllOf((ANY_CALCIUM, AnyOf((Range("agatston", at_least=100), HIGH_FOR_AGE))))
RAISED_BELOW_300 = AllOf((Range("agatston", below=300), RAISED))

# Those whom a score of 0 does not reassure: accaha2026, grundy2019, nla2020. The guideline of 2026
# names diabetes above 40 years; corcal takes it at any age.
_EXCEPTIONS = ("diabetes", "smokes", "severe_cholesterol", "premature_family")
ZERO_EXCEPTIONS = AnyOf(tuple(Is(name) for name in _EXCEPTIONS))
# A statement for waiting also needs a score that is complete, and
# nothing to stop: a score of 0 is no reason to end a treatment.
WAITING_EXCEPTIONS: tuple[Condition, ...] = (
    *(Is(name) for name in _EXCEPTIONS),
    Is("statin"),
    Is("device"),
)

# Age from which summaries of the guideline of 2026 use the scan; the upper end is that of PREVENT.
_FROM_40_OR_45 = AnyOf((Is("male"), Range("age", at_least=45)))
OLD_ENOUGH_FOR_2026 = AllOf((Range("age", at_least=40), _FROM_40_OR_45))
IN_AGE_OF_2026 = AllOf((Range("age", at_least=40, below=80), _FROM_40_OR_45))
YOUNGER_THAN_2026 = AnyOf((Range("age", below=40), AllOf((Is("female"), Range("age", below=45)))))

_SCREENING: tuple[Condition, ...] = (Is("known_ascvd"), Is("symptoms"), Is("pregnant"))

# What excludes a statement of each scope. Not known does not exclude, and is said.
SCOPE_GATES: dict[Scope, tuple[Condition, ...]] = {
    Scope.EVERYBODY: (),
    Scope.SCREENING: _SCREENING,
    Scope.GATED: (*_SCREENING, Is("gated", expected=False)),
    Scope.NOT_GATED: (*_SCREENING, Is("maybe_gated")),
    Scope.NOT_PREGNANT: (Is("pregnant"),),
}
