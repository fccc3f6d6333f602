"""The cases pin every number, edge and exception: a statement changed a little fails one."""

from dataclasses import replace

import pytest

from corcal.risk.guidance import RULES, Scope, engine
from corcal.risk.guidance.conditions import AllOf, AnyOf, Range
from corcal.risk.types import Sex
from guidance_cases import CASES
from guidance_maker import said

# How far an edge is moved; less than the distance of a case from it would not be seen.
STEPS = {"agatston": 0.1, "percentile": 1, "age": 0.1, "ldl": 1, "systolic": 0.1}
STEP_OF_RISK = 0.002
OTHER_SIDE = {"at_least": "above", "above": "at_least", "below": "at_most", "at_most": "below"}


def changed(condition):
    """Yield the condition with one edge moved, one edge let in or out, or one part left out."""
    if isinstance(condition, AllOf | AnyOf):
        parts = condition.parts
        for index, part in enumerate(parts):
            before, after = parts[:index], parts[index + 1 :]
            yield from (type(condition)((*before, other, *after)) for other in changed(part))
            if before or after:
                yield type(condition)((*before, *after))
    if isinstance(condition, Range):
        step = STEPS.get(condition.quantity, STEP_OF_RISK)
        for name, other in OTHER_SIDE.items():
            edge = getattr(condition, name)
            if edge is None:
                continue
            yield replace(condition, **{name: None, other: edge})
            yield replace(condition, **{name: edge + step})
            if edge > 0:  # no score is below 0
                yield replace(condition, **{name: edge - step})


def changed_rules(rule):
    """Yield the rule with one thing changed or one exception left out."""
    for condition in changed(rule.when):
        yield replace(rule, when=condition)
    for index, exception in enumerate(rule.unless):
        before, after = rule.unless[:index], rule.unless[index + 1 :]
        yield replace(rule, unless=(*before, *after))
        for other in changed(exception):
            yield replace(rule, unless=(*before, other, *after))


def passes(rule, monkeypatch):
    monkeypatch.setattr(engine, "RULES", (rule,))
    made, not_made = CASES[rule.id]
    return all(rule.id in said(**case) for case in made) and not any(
        rule.id in said(**case) for case in not_made
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_statement_that_is_changed_a_little_fails_a_case(rule, monkeypatch):
    assert passes(rule, monkeypatch)
    for other in changed_rules(rule):
        assert not passes(other, monkeypatch), (other.when, other.unless)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.scope is not Scope.EVERYBODY], ids=lambda rule: rule.id
)
def test_a_statement_is_made_for_nobody_outside_its_scope(rule):
    case = CASES[rule.id][0][0]
    can_be_pregnant = case.get("age_years", 55) < 75
    outside = [{"is_pregnant": True, "sex": Sex.FEMALE}] if can_be_pregnant else []
    if rule.scope is not Scope.NOT_PREGNANT:
        outside += [{"has_known_ascvd": True}, {"has_symptoms": True}]
    if rule.scope is Scope.NOT_GATED:
        outside.append({"is_gated": None})
    if rule.scope in (Scope.GATED, Scope.NOT_GATED):
        outside.append({"is_gated": rule.scope is Scope.NOT_GATED})
    for other in outside:
        assert rule.id not in said(**{**case, **other})
