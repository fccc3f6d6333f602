"""Which studies are taken in: the first [[take]] rule that fits decides."""

import re
from collections.abc import Iterable

from corcal.node.rules import NodeRules, TakeRule
from corcal.node.types import OrderAnswer, StudySummary, TakeDecision

__all__ = ["RECEIVED", "decide", "says", "take_rule_of"]

RECEIVED = "received"
"""The step of an exam's history that tells from where its images came to the node."""

_USUAL = (TakeRule(),)
"""Without any rule: every study with CT images."""


def decide(
    study: StudySummary, rules: NodeRules, *, answer: OrderAnswer | None = None
) -> TakeDecision:
    """Say whether a study is taken in.

    Parameters
    ----------
    study : StudySummary
        What came.
    rules : NodeRules
        Of the node.
    answer : OrderAnswer or None
        What the worklist says; ``None`` if it was not asked, or did not answer. Then a rule for a
        procedure fits if it takes studies, and does not if it passes them over: a study that is
        scored needlessly does less harm than one that is lost.

    Returns
    -------
    TakeDecision
        With the number of the rule, counted from 1 as a person reads the file. Where no rule fits,
        the study is not taken: who writes rules says what is wanted.
    """
    if study.is_fetched:
        return TakeDecision(taken=True, why="it was fetched to compare with")
    for number, rule in enumerate(rules.take or _USUAL, start=1):
        if _fits(rule, study) and _is_for(rule, answer):
            which = f"[[take]] rule {number}" if rules.take else "no [[take]] rules: every CT study"
            return TakeDecision(taken=rule.score, why=which)
    why = "no [[take]] rule fits" if rules.take else "it holds no CT images"
    return TakeDecision(taken=False, why=why)


def take_rule_of(
    rules: NodeRules,
    *,
    peer: str | None,
    texts: Iterable[str | None],
    answer: OrderAnswer | None = None,
) -> TakeRule:
    """Find again the rule by which an exam of the store was taken, as far as can be told."""
    found = [*filter(None, texts)]
    for rule in rules.take:
        is_like = _is_from(rule, peer) and says(rule.description, found)
        if rule.score and is_like and _is_for(rule, answer):
            return rule
    return _USUAL[0]


def says(pattern: re.Pattern[str] | None, texts: Iterable[str]) -> bool:
    """Whether one of the texts has what is looked for; no pattern fits everything."""
    return pattern is None or any(pattern.search(text) for text in texts)


def _fits(rule: TakeRule, study: StudySummary) -> bool:
    is_of_kind = any(modality in rule.modality for modality in study.modalities)
    return is_of_kind and _is_from(rule, study.peer) and says(rule.description, study.descriptions)


def _is_from(rule: TakeRule, peer: str | None) -> bool:
    return not rule.senders or peer in rule.senders


def _is_for(rule: TakeRule, answer: OrderAnswer | None) -> bool:
    """Whether a rule is for the procedure that was ordered."""
    if rule.procedure is None:
        return True
    if answer is None:
        return rule.score
    order = answer.order
    if order is None:
        return False
    code = order.procedure_code
    texts = (order.procedure_id, order.procedure_description)
    coded = () if code is None else (code.value, code.meaning)
    return says(rule.procedure, filter(None, (*texts, *coded)))
