"""A run: every task that is not finished yet is done by somebody, and its outcome written down."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from corcal.cohort.ledger import Ledger
from corcal.cohort.types import BatchOptions, Executor, Outcome, Task
from corcal.errors import PeerError

__all__ = ["Listener", "Tally", "no_listener", "run"]

MAX_PEER_ERRORS = 20
"""Tasks in a row whose server does not answer: then it is away, and no task is its own fault."""

Listener = Callable[[Outcome], None]


def no_listener(outcome: Outcome) -> None:
    """Listen to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a run has done.

    Attributes
    ----------
    counts : mapping of str to int
        How many tasks ended with each status, in this run.
    skipped : int
        Tasks that earlier runs had finished.
    repeated : int
        Tasks that this run was given once more.
    """

    counts: Counter[str]
    skipped: int
    repeated: int = 0

    @property
    def done(self) -> int:
        """Tasks that this run has finished."""
        return self.counts.total()


def run(
    tasks: Iterable[Task],
    options: BatchOptions,
    ledger: Ledger,
    executor: Executor,
    *,
    again: frozenset[str] = frozenset(),
    listen: Listener = no_listener,
    skip: Callable[[], None] = lambda: None,
) -> Tally:
    """Do all tasks that are not finished.

    Parameters
    ----------
    tasks : iterable of Task
        Taken one by one, as they are needed. A task that comes twice is done once.
    options : BatchOptions
        What is wanted.
    ledger : Ledger
        Says what is finished, and is told.
    executor : Executor
        Who does them.
    again : frozenset of str
        Statuses that are not taken for finished.
    listen : callable
        Told of each outcome after it is in the ledger.
    skip : callable
        Called for each task that was finished before, or given once more.

    Returns
    -------
    Tally
        What was done.

    Raises
    ------
    OutputError
        If the results cannot be written any more.
    PeerError
        If the server that the scans come from is away.
    """
    known = ledger.finished(again=again)
    counts: Counter[str] = Counter()
    begun: set[str] = set()
    skipped = repeated = 0

    def waiting() -> Iterator[Task]:
        nonlocal skipped, repeated
        for task in tasks:
            if task.key in known:
                skipped += 1
                skip()
            elif task.key in begun:
                repeated += 1
                skip()
            else:
                begun.add(task.key)
                yield task

    peer_errors = 0
    for outcome in executor(waiting(), options):
        ledger.add(outcome)
        counts[outcome.status] += 1
        listen(outcome)
        peer_errors = peer_errors + 1 if outcome.error == "PeerError" else 0
        if peer_errors >= MAX_PEER_ERRORS:
            msg = (
                f"{MAX_PEER_ERRORS} studies in a row could not be fetched: {outcome.reason}; "
                "the same command goes on later"
            )
            raise PeerError(msg)
    return Tally(counts=counts, skipped=skipped, repeated=repeated)
