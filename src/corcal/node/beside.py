"""The node in a thread beside a server, which has the workers for both."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from corcal.node.rules import read_rules
from corcal.node.run import run_node

__all__ = ["node_beside"]

_START_S = 60.0
_STOP_S = 15.0


@contextmanager
def node_beside(
    data: Path, rules_path: Path, *, database: str | None, say: Callable[[str], None]
) -> Iterator[None]:
    """Run the node while something else runs.

    Parameters
    ----------
    data : Path
        The data folder.
    rules_path : Path
        The rules file.
    database : str or None
        As of `Store`.
    say : callable
        Takes the line for the person who started it.

    Raises
    ------
    InputError
        If the rules cannot be used, another node works at the folder, or nothing can listen.
    """
    rules = read_rules(rules_path)
    stop, listens = threading.Event(), threading.Event()
    failed: list[Exception] = []

    def told(text: str) -> None:
        say(text)
        listens.set()

    def run() -> None:
        try:
            run_node(
                data,
                rules,
                rules_path=rules_path,
                database=database,
                say=told,
                stop=stop,
                with_workers=False,
            )
        except Exception as exc:  # noqa: BLE001  (raised again below, in the thread that waits)
            failed.append(exc)
        finally:
            listens.set()

    thread = threading.Thread(target=run, daemon=True, name="node")
    thread.start()
    listens.wait(_START_S)
    if failed:
        raise failed[0]
    # The web server ends on SIGTERM and raises it again when it has ended: the node ends then, too
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        stop.set()
        thread.join(_STOP_S)
