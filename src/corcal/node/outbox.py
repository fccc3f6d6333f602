"""The outbox as people see it: what waits, what was given up, and how it is tried again.

A delivery that goes wrong is tried again after 5 s, 10 s, 20 s and so on, at most an hour, for
about a day: long enough for a night without the archive. Then it is a dead letter, which stays
until somebody tries it again or its patient is deleted.
"""

from collections.abc import Mapping

from corcal.store.outgoing import Delivery
from corcal.store.records import JobState
from corcal.store.store import Store

__all__ = ["MOST_ATTEMPTS", "OVERTAKEN", "SUPERSEDED", "pause_s", "revive", "states", "summary"]

MOST_ATTEMPTS = 33  # 10 in the first 85 minutes, then hourly: about a day
SUPERSEDED = "superseded"
"""The step of an exam's history that tells that a version was not sent, since a later one is."""
OVERTAKEN = "overtaken"
"""The state of such a delivery, for people and for Prometheus."""
_WORDS = {
    str(JobState.DONE): "sent",
    str(JobState.RUNNING): "being sent",
    str(JobState.QUEUED): "waiting",
    str(JobState.FAILED): "given up",
    OVERTAKEN: "overtaken by a later version",
}
_FIRST_PAUSE_S = 5.0
_MOST_PAUSE_S = 3600.0
_MOST_SHOWN = 20


def pause_s(attempts: int) -> float:
    """Say how long to wait after so many attempts.

    Examples
    --------
    >>> [pause_s(n) for n in (1, 2, 3, 10, 33)]
    [5.0, 10.0, 20.0, 2560.0, 3600.0]
    """
    return float(min(_FIRST_PAUSE_S * 2 ** min(attempts - 1, 20), _MOST_PAUSE_S))


def revive(store: Store, delivery_id: str | None = None) -> int:
    """Try dead letters again, all of them or one; one that has arrived if it is named; how many."""
    return store.outgoing.revive(delivery_id, max_attempts=MOST_ATTEMPTS)


def states(store: Store) -> dict[tuple[str, str], int]:
    """Count deliveries by rule and state; what was overtaken was not sent, and is no "done"."""
    counts = {(rule, str(state)): n for (rule, state), n in store.outgoing.counts().items()}
    for rule, overtaken in store.outgoing.ended_as(SUPERSEDED).items():
        done = counts.pop((rule, str(JobState.DONE)), 0) - overtaken
        if done > 0:
            counts[rule, str(JobState.DONE)] = done
        counts[rule, OVERTAKEN] = overtaken
    return dict(sorted(counts.items()))


def summary(store: Store) -> tuple[str, ...]:
    """Describe the outbox, a line for each rule, then for each delivery that is in trouble."""
    counts = states(store)
    lines = [
        _rule_line(rule, {state: n for (name, state), n in counts.items() if name == rule})
        for rule in dict.fromkeys(rule for rule, _ in counts)
    ]
    waiting = [one for one in store.outgoing.of(states=(JobState.QUEUED,)) if one.error]
    dead = store.outgoing.of(states=(JobState.FAILED,))
    lines += [_line("waits", one) for one in waiting[:_MOST_SHOWN]]
    lines += [_line("given up", one) for one in dead[:_MOST_SHOWN]]
    arrived = store.outgoing.of(states=(JobState.DONE,))
    lost = [one for one in arrived if one.committed is False]
    lines += [_line("not committed", one) for one in lost[:_MOST_SHOWN]]
    more = sum(max(0, len(some) - _MOST_SHOWN) for some in (waiting, dead, lost))
    if more:
        lines.append(f"and {more} more")
    return tuple(lines)


def _rule_line(rule: str, counts: Mapping[str, int]) -> str:
    said = (f"{counts[state]} {words}" for state, words in _WORDS.items() if counts.get(state))
    return f"{rule}: {', '.join(said)}"


def _line(word: str, one: Delivery) -> str:
    then = f", again at {one.next_at:%Y-%m-%d %H:%M:%S} UTC" if one.next_at else ""
    return (
        f"{word}: {one.rule}, exam {one.exam_id[:8]}, version {one.version}, "
        f"{one.attempts} attempts{then}: {one.commitment or one.error} (delivery {one.id[:8]})"
    )
