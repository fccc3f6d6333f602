"""The spool: objects that were received, on disk until their study is in the store.

The layout, inside the data folder of the store::

    DATA/node/
    ├── receiving/<random>          objects on their way in; a killed process leaves nothing else
    ├── spool/<study>/              a study that is coming in
    │   ├── study.json              who sent it
    │   └── <object>[.asked]        a DICOM file
    ├── taking/<study>.<random>/    a study that is complete and on its way into the store
    └── set_aside/<study>.<random>/ a study of which the store could keep nothing

No name comes from outside: studies and objects are named by hashes of their UIDs. An object is made
durable (fsync), moved to its place, and its folder made durable, before its sender is told that it
arrived. The folder of a study that is complete is moved away as a whole, so that an object belongs
either to what is taken now, or to what comes later.
"""

import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from uuid import uuid4

from corcal.errors import InputError
from corcal.node.object_header import ObjectHeader, key_of, read_object_header, same_dataset
from corcal.node.receiving import Receiving, Refused, Status
from corcal.node.types import StudySummary
from corcal.whole_file import write_whole

__all__ = ["DESCRIPTION", "Kept", "Sender", "Spool", "Taken"]

_log = logging.getLogger(__name__)
DESCRIPTION = "study.json"
"""The file beside the objects of a study that says who sent it."""
_ASKED = ".asked"  # ends the name of an object that this node asked for
_MOST_TEXTS = 100  # descriptions of a study that are remembered
Known = Callable[[str], Mapping[str, Path]]


class Kept(Enum):
    """What became of an object."""

    NEW = "new"
    DUPLICATE = "duplicate"  # it is there already, with the same content


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent an object.

    Attributes
    ----------
    peer, aet, address : str
        Name of the peer, its AE title, its IP address.
    is_asked : bool
        Whether it sent because this node asked for it (C-MOVE).
    """

    peer: str
    aet: str
    address: str
    is_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A study on its way into the store."""

    folder: Path
    summary: StudySummary


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Study:
    """A study that is coming in. All of it is found again from the disk after a restart."""

    uid: str
    folder: Path
    sender: Sender
    is_reopened: bool
    last: float
    is_announced: bool = False
    is_gone: bool = False
    images: int = 0
    bytes: int = 0
    modalities: set[str] = field(default_factory=set)
    descriptions: dict[str, None] = field(default_factory=dict)
    patient_key: str = ""
    unasked: int = 0
    first_at: datetime = field(default_factory=_now)
    last_at: datetime = field(default_factory=_now)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, header: ObjectHeader, size: int, *, is_asked: bool) -> None:
        self.images += 1
        self.unasked += not is_asked
        self.bytes += size
        self.modalities.add(header.modality)
        if len(self.descriptions) < _MOST_TEXTS:
            self.descriptions |= dict.fromkeys(header.descriptions)
        self.patient_key = self.patient_key or header.patient_key

    def summary(self) -> StudySummary:
        return StudySummary(
            study_instance_uid=self.uid,
            peer=self.sender.peer,
            calling_aet=self.sender.aet,
            address=self.sender.address,
            modalities=tuple(sorted(self.modalities - {""})),
            descriptions=tuple(self.descriptions),
            images=self.images,
            bytes=self.bytes,
            patient_key=self.patient_key,
            is_reopened=self.is_reopened,
            is_fetched=not self.unasked,
            first_image_at=self.first_at,
            last_image_at=self.last_at,
        )


class Spool:
    """The studies that are coming in.

    Parameters
    ----------
    root : Path
        Folder of the node; made if needed.
    known : callable
        Gives the objects of a study that the store has: file by SOPInstanceUID.
    study_images : int
        Objects of one study that are taken at most.
    """

    def __init__(self, root: Path, *, known: Known, study_images: int) -> None:
        self.root = root
        self._receiving, self._spool = root / "receiving", root / "spool"
        self._taking, self._aside = root / "taking", root / "set_aside"
        self._known, self._most = known, study_images
        self._lock = threading.Lock()
        self._studies: dict[str, _Study] = {}
        self._stored: dict[str, Mapping[str, Path]] = {}
        self._open()

    def begin(self, *, most_bytes: int, free_bytes: int) -> Receiving:
        """Begin to receive an object; see `corcal.node.receiving.Receiving`."""
        path = self._receiving / uuid4().hex
        return Receiving(path, most_bytes=most_bytes, free_bytes=free_bytes)

    def keep(self, received: Receiving, sender: Sender) -> Kept:
        """Keep an object that is on disk, durably.

        Returns
        -------
        Kept
            A duplicate has no effect.

        Raises
        ------
        Refused
            If it is damaged, another object with its UID is there, or its study is too large.
        OSError
            If the disk does not take it.
        """
        header = _header(received.path)
        while True:
            study = self._study(header, sender)
            with study.lock:
                if study.is_gone:  # complete, and moved away since
                    continue
                return self._keep(study, header, received, is_asked=sender.is_asked)

    def summaries(self) -> tuple[StudySummary, ...]:
        """Tell what is coming in."""
        with self._lock:
            return tuple(study.summary() for study in self._studies.values() if study.images)

    def announce(self, study_instance_uid: str) -> bool:
        """Note that somebody says that a study is complete; whether anything of it is here."""
        with self._lock:
            study = self._studies.get(key_of(study_instance_uid))
        if study is None:
            return False
        study.is_announced = True
        return True

    def has(self, study_instance_uid: str, sop_instance_uid: str) -> bool:
        """Whether an object has come in and is not in the store yet."""
        folder = self._spool / key_of(study_instance_uid)
        return _found_in(folder, key_of(sop_instance_uid)) is not None

    def complete(self, quiet_s: float) -> tuple[str, ...]:
        """Name the studies that are complete: announced as such, or quiet for so long."""
        until = time.monotonic() - quiet_s
        with self._lock:
            return tuple(
                key
                for key, study in self._studies.items()
                if study.images and (study.is_announced or study.last <= until)
            )

    def take(self, key: str) -> Taken:
        """Move a study away as a whole: what comes from now on comes late."""
        with self._lock:
            study = self._studies[key]
        with study.lock:
            folder = self._taking / f"{key}.{uuid4().hex[:8]}"
            study.folder.rename(folder)
            self._forget(key, study)
            _sync(self._taking)
            _sync(self._spool)
            return Taken(folder=folder, summary=study.summary())

    def clear(self, quiet_s: float) -> None:
        """Forget studies of which nothing new has come: what is here already, or was refused."""
        until = time.monotonic() - quiet_s
        with self._lock:
            empty = [(key, one) for key, one in self._studies.items() if not one.images]
        for key, study in empty:
            with study.lock:
                if study.images or study.last > until:
                    continue
                gone = self._receiving / uuid4().hex
                study.folder.rename(gone)
                self._forget(key, study)
                self._stored.pop(key, None)
            shutil.rmtree(gone)

    def _forget(self, key: str, study: _Study) -> None:
        """Forget a study whose folder was moved away; whoever waits for it begins it anew."""
        study.is_gone = True
        with self._lock:
            del self._studies[key]

    def taken(self) -> tuple[Taken, ...]:
        """Give what was taken and not ended, as a killed process leaves it."""
        return tuple(
            Taken(folder=folder, summary=_read_study(folder).summary())
            for folder in sorted(self._taking.iterdir())
        )

    def end(self, taken: Taken) -> None:
        """Remove what was taken: it is in the store, or is not wanted."""
        key = taken.folder.name.partition(".")[0]
        with self._lock:
            study = self._studies.get(key)
            lock = threading.Lock() if study is None else study.lock
        gone = self._receiving / uuid4().hex  # what is left there is cleared away at the next start
        with lock:
            taken.folder.rename(gone)
            _sync(self._taking)
            self._stored.pop(key, None)
        shutil.rmtree(gone)

    def set_aside(self, taken: Taken) -> None:
        """Keep what was taken and cannot be used, for a person to look at."""
        taken.folder.rename(self._aside / taken.folder.name)
        _sync(self._aside)
        _sync(self._taking)

    def _open(self) -> None:
        for folder in (self.root, self._receiving, self._spool, self._taking, self._aside):
            folder.mkdir(exist_ok=True, mode=0o700)
        for part in self._receiving.iterdir():
            shutil.rmtree(part) if part.is_dir() else part.unlink()
        for folder in sorted(self._spool.iterdir()):
            if not (folder / DESCRIPTION).exists():  # killed before its first object came
                shutil.rmtree(folder)
                continue
            study = _read_study(folder)
            if study.images:
                self._studies[folder.name] = study
            else:
                shutil.rmtree(folder)
        _sync(self.root)
        _sync(self.root.parent)

    def _study(self, header: ObjectHeader, sender: Sender) -> _Study:
        """Give the study of an object, or begin it."""
        uid = header.study_instance_uid
        key = key_of(uid)
        with self._lock:
            study = self._studies.get(key)
        if study is not None:
            return study
        is_reopened = any(self._taking.glob(f"{key}.*")) or bool(self._known(uid))
        with self._lock:
            if key not in self._studies:
                self._studies[key] = self._begin(key, uid, sender, is_reopened=is_reopened)
            return self._studies[key]

    def _begin(self, key: str, uid: str, sender: Sender, *, is_reopened: bool) -> _Study:
        folder = self._spool / key
        folder.mkdir(exist_ok=True, mode=0o700)
        described = {
            "study_instance_uid": uid,
            "peer": sender.peer,
            "aet": sender.aet,
            "address": sender.address,
            "is_reopened": is_reopened,
        }
        write_whole(folder / DESCRIPTION, json.dumps(described))
        _sync(self._spool)
        return _Study(
            uid=uid,
            folder=folder,
            sender=sender,
            is_reopened=is_reopened,
            last=time.monotonic(),
        )

    def _keep(
        self, study: _Study, header: ObjectHeader, received: Receiving, *, is_asked: bool
    ) -> Kept:
        name = key_of(header.sop_instance_uid)
        there = self._there(study, header, name)
        study.last, study.last_at = time.monotonic(), _now()
        if there is not None:
            if same_dataset(there, received.path):
                received.discard()
                return Kept.DUPLICATE
            raise Refused(Status.DUPLICATE, "another object of the same SOPInstanceUID is here")
        if study.images >= self._most:
            raise Refused(Status.NO_ROOM, f"a study may have {self._most} objects here")
        received.path.rename(study.folder / (name + (_ASKED if is_asked else "")))
        _sync(study.folder)
        study.count(header, received.size, is_asked=is_asked)
        study.is_announced = False
        return Kept.NEW

    def _there(self, study: _Study, header: ObjectHeader, name: str) -> Path | None:
        """Find an object of the same UID: coming in, being taken, or in the store."""
        key = study.folder.name
        for folder in (study.folder, *self._taking.glob(f"{key}.*")):
            found = _found_in(folder, name)
            if found is not None:
                return found
        if key not in self._stored:  # a part of the study was taken in since
            self._stored[key] = self._known(study.uid)
        stored = self._stored[key].get(header.sop_instance_uid)
        return stored if stored is not None and stored.exists() else None  # deleted meanwhile


def _found_in(folder: Path, name: str) -> Path | None:
    places = (folder / name, folder / (name + _ASKED))
    return next((place for place in places if place.exists()), None)


def _header(path: Path) -> ObjectHeader:
    try:
        return read_object_header(path)
    except InputError as exc:
        raise Refused(Status.NOT_UNDERSTOOD, str(exc)) from exc


def _read_study(folder: Path) -> _Study:
    """Find a study again from the disk."""
    described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    study = _Study(
        uid=described["study_instance_uid"],
        folder=folder,
        sender=Sender(peer=described["peer"], aet=described["aet"], address=described["address"]),
        is_reopened=bool(described["is_reopened"]),
        last=time.monotonic(),
    )
    for path in sorted(folder.iterdir()):
        if path.name == DESCRIPTION or path.name.startswith("."):
            continue
        try:
            header, size = read_object_header(path), path.stat().st_size
            study.count(header, size, is_asked=path.name.endswith(_ASKED))
        except InputError as exc:  # it was whole when it came: the disk is failing
            _log.error("a received object cannot be read any more: %s", exc)
            study.images += 1
    return study


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
