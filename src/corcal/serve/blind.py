"""Blind second reads: which are open, and what their readers must not see meanwhile."""

from corcal.serve.opened import BLIND_DONE, BLIND_READ
from corcal.serve.problems import Problem
from corcal.serve.sessions import Principal
from corcal.store.records import Event
from corcal.store.store import Store

__all__ = ["blind_exams", "open_blind_reads", "require_sighted"]


def open_blind_reads(store: Store) -> list[Event]:
    """List the steps that asked for blind reads which are not closed."""
    steps = store.events_of_kind(BLIND_READ, BLIND_DONE)
    closed = {(one.exam_id, one.after["reader"]) for one in steps if one.kind == BLIND_DONE}
    return [
        one
        for one in steps
        if one.kind == BLIND_READ and (one.exam_id, one.after["reader"]) not in closed
    ]


def blind_exams(store: Store, login: str) -> frozenset[str]:
    """Name the exams that a reader reads blind."""
    asked = open_blind_reads(store)
    return frozenset(one.exam_id for one in asked if one.after["reader"] == login)


def require_sighted(store: Store, exam_id: str, who: Principal) -> None:
    """Refuse what would tell a blind reader the score of others.

    Raises
    ------
    Problem
        403.
    """
    if exam_id in blind_exams(store, who.login):
        raise Problem(403, "blind", "while you read blind, nothing is shown of other reads")
