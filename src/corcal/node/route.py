"""Where results go, and what is held until somebody has signed it.

The safe default: nothing leaves before a signature. A rule that says ``when = "automatic"`` sends
at once, but not what asks for a look, unless it says that too. What was in the store before the
node was first started is never sent.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from corcal.node.orders import answer_in, is_awaited
from corcal.node.outbox import MOST_ATTEMPTS
from corcal.node.rules import NodeRules, SendRule, When
from corcal.node.take import RECEIVED, says, take_rule_of
from corcal.node.types import OrderAnswer
from corcal.store.outgoing import Stage, Unrouted
from corcal.store.records import ExamRecord, ResultKind, ResultVersion
from corcal.store.store import Store

__all__ = ["RouteDecision", "begin", "decide", "tick"]

_AT_ONCE = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDecision:
    """Which rules send a version.

    Attributes
    ----------
    send : tuple of str
        Their names.
    why : str
        Of each rule, what it decided and why; no patient data.
    """

    send: tuple[str, ...]
    why: str


def begin(store: Store) -> None:
    """Begin to route, before anything is taken: what the store has already is left alone."""
    if store.outgoing.begin():
        _log.info("the node starts to route; what the store has already is not sent")


def tick(store: Store, rules: NodeRules) -> int:
    """Ask the rules about versions that are new, or newly signed, and fill the outbox.

    Parameters
    ----------
    store : Store
        Of the node.
    rules : NodeRules
        As they are now.

    Returns
    -------
    int
        Deliveries that were put into the outbox.
    """
    count = 0
    for one in store.outgoing.unrouted(_AT_ONCE):
        if is_awaited(store, one.exam_id, rules):
            continue  # for its order, a stated time
        decision = _decision(store, rules, one)
        made = store.outgoing.route(
            one, decision.send, why=decision.why, max_attempts=MOST_ATTEMPTS
        )
        _log.info("exam %s, version %d, %s: %s", one.exam_id, one.version, one.stage, decision.why)
        count += made
    return count


def decide(
    rules: NodeRules,
    exam: ExamRecord,
    version: ResultVersion,
    *,
    stage: Stage,
    peer: str | None,
    answer: OrderAnswer | None = None,
) -> RouteDecision:
    """Ask every [[send]] rule about a version.

    Parameters
    ----------
    exam : ExamRecord
        Whose version it is.
    version : ResultVersion
        What may leave.
    stage : Stage
        Whether it was just made or just signed.
    peer : str or None
        Name of the peer from which the study came; ``None`` if it was uploaded.
    answer : OrderAnswer or None
        What the worklist says of it, as far as it was asked.
    """
    if version.version < exam.latest_version and stage is Stage.MADE:
        return RouteDecision(send=(), why="a later version is there")
    if not rules.send:
        return RouteDecision(send=(), why="no [[send]] rules")
    taken = take_rule_of(rules, peer=peer, texts=_texts(exam), answer=answer)
    if version.verdict not in taken.suitable:
        why = f"its verdict is {version.verdict}, which its [[take]] rule does not let leave"
        return RouteDecision(send=(), why=why)
    judged = [(rule, _why_not(rule, exam, version, stage, peer)) for rule in rules.send]
    return RouteDecision(
        send=tuple(rule.name for rule, why in judged if why is None),
        why="; ".join(f"{rule.name}: {why or 'to be sent'}" for rule, why in judged),
    )


def _decision(store: Store, rules: NodeRules, one: Unrouted) -> RouteDecision:
    exam = store.exam(one.exam_id)
    version = next(each for each in store.versions(exam.id) if each.version == one.version)
    events = store.events(exam.id)
    received = [each.after or {} for each in events if each.kind == RECEIVED]
    if received and all(each.get("fetched") for each in received):
        return RouteDecision(send=(), why="it was fetched to compare with")
    peer = received[0].get("peer") if received else None
    return decide(rules, exam, version, stage=one.stage, peer=peer, answer=answer_in(events))


def _why_not(
    rule: SendRule, exam: ExamRecord, version: ResultVersion, stage: Stage, peer: str | None
) -> str | None:
    """Say why a rule does not send a version; ``None`` if it does."""
    if rule.senders and peer not in rule.senders:
        return "not from one of its peers"
    if not says(rule.description, filter(None, _texts(exam))):
        return "its description is another one"
    if version.verdict not in rule.verdict:
        return f"its verdict is {version.verdict}"
    if rule.max_agatston is not None and version.total_agatston > rule.max_agatston:
        return f"its score is above {rule.max_agatston:g}"
    if stage is Stage.SIGNED:
        return None
    return _why_held(rule, version)


def _why_held(rule: SendRule, version: ResultVersion) -> str | None:
    """Say why a version waits for its signature; a reader's is not sent before it is signed."""
    if rule.when is When.SIGNED or version.kind is not ResultKind.AUTOMATIC:
        return "held until it is signed"
    if version.is_review_advised is not False and not rule.despite_review_advice:
        return "held: a review is advised"
    return None


def _texts(exam: ExamRecord) -> Iterable[str | None]:
    return (exam.study.description, exam.series_description)
