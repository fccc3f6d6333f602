"""What was refused and why, written down: for the log, and for ``corcal node status``.

Whoever can reach the port can be refused as often as they like, so equal refusals of a minute
become one line with a count, and the file has a limit.
"""

import json
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Refusal", "Refusals", "read_refusals"]

_log = logging.getLogger(__name__)
_FILE, _OLDER = "refusals.jsonl", "refusals.1.jsonl"
_MOST_BYTES = 2**20  # of a file; the one before it is kept, too
_SAME_S = 60.0
_MOST_OPEN = 1000  # refusals that are counted at once
_MOST_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something that was refused.

    Attributes
    ----------
    at : str
        When, ISO 8601 with zone; of several, the first.
    kind : str
        ``"connection"``, ``"association"``, ``"message"``, ``"object"``, ``"study"``.
    why : str
        One line without patient data.
    aet : str
        AE title that the caller called itself by; empty before it has.
    address : str
        Where it called from.
    count : int
        How often within a minute.
    """

    at: str
    kind: str
    why: str
    aet: str = ""
    address: str = ""
    count: int = 1


@dataclass(slots=True)
class _Counted:
    began: float
    at: str
    more: int = 0


_Key = tuple[str, str, str, str]


class Refusals:
    """Writes refusals down.

    Parameters
    ----------
    folder : Path
        Of the node.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._open: OrderedDict[_Key, _Counted] = OrderedDict()
        self.counts: Counter[str] = Counter()

    def add(self, kind: str, why: str, *, aet: str = "", address: str = "") -> None:
        """Write a refusal down: the first of its kind at once, more of the same counted.

        Parameters
        ----------
        kind, why, aet, address
            As of `Refusal`. Texts of callers may be anything: what is not printable is replaced.
        """
        key = (kind, _plain(why), _plain(aet), _plain(address))
        with self._lock:
            self.counts[kind] += 1
            known = self._open.get(key)
            if known is not None:
                known.more += 1
                return
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._open[key] = _Counted(began=time.monotonic(), at=now)
            self._write(Refusal(at=now, kind=kind, why=key[1], aet=key[2], address=key[3]))
            if len(self._open) > _MOST_OPEN:
                self._end(*self._open.popitem(last=False))
        _log.warning("refused %s from %s at %s: %s", kind, key[2] or "?", key[3] or "?", key[1])

    def tick(self, *, everything: bool = False) -> None:
        """Write down how often the same was refused again, once its minute is over."""
        with self._lock:
            until = time.monotonic() - (0 if everything else _SAME_S)
            for key in [key for key, known in self._open.items() if known.began <= until]:
                self._end(key, self._open.pop(key))

    def _end(self, key: _Key, known: _Counted) -> None:
        if known.more:
            kind, why, aet, address = key
            self._write(
                Refusal(at=known.at, kind=kind, why=why, aet=aet, address=address, count=known.more)
            )

    def _write(self, refusal: Refusal) -> None:
        path = self._folder / _FILE
        line = json.dumps(asdict(refusal)) + "\n"
        try:
            if path.exists() and path.stat().st_size > _MOST_BYTES:
                path.replace(self._folder / _OLDER)
            with path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as exc:  # a full disk: the log has it
            _log.warning("a refusal could not be written down: %s", exc.strerror)


def read_refusals(folder: Path) -> Iterator[Refusal]:
    """Read what was refused, the oldest first; what a kill has cut off is passed over."""
    for name in (_OLDER, _FILE):
        path = folder / name
        if not path.exists():
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield Refusal(**json.loads(line))
            except (ValueError, TypeError):
                continue


def _plain(text: str) -> str:
    """Make one line of printable characters."""
    line = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return line[:_MOST_TEXT]
