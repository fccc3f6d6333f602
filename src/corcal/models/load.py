"""Loading a model: only a file whose hash this release knows, unless told otherwise.

An ONNX file is a program. What is hashed is what is run: the bytes are read once, compared with
``known.json``, and handed to onnxruntime from memory.
"""

import hashlib
import importlib
import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.models.record import ModelRecord

__all__ = ["KnownModel", "LoadedModel", "known_models", "load_model"]

MAX_THREADS = 2  # small networks: on more cores the threads wait for one another
_MORE_MEMORY = "end other programs, raise the limit, or take a machine with more"

_cache: dict[tuple[str, str, bool], "LoadedModel"] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model that is ready to run; it can be shared by threads.

    Attributes
    ----------
    record : ModelRecord
        Goes into the provenance of what it gives.
    inputs, outputs : tuple of str
        Names of its tensors.
    metadata : mapping of str to str
        What was written into the file when it was made: ``spacing_mm``, ``box`` ...
    """

    record: ModelRecord
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    metadata: Mapping[str, str]
    _session: Any = field(repr=False)

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run the model.

        Parameters
        ----------
        feeds : mapping of str to ndarray
            One array for each input, in the type and shape that the model wants.

        Returns
        -------
        dict of str to ndarray
            One array for each output.

        Raises
        ------
        InputError
            If names, types or shapes are not the model's.
        """
        if set(feeds) != set(self.inputs):
            msg = (
                f"model {self.record.name} has the inputs {', '.join(self.inputs)}, "
                f"got {', '.join(feeds)}"
            )
            raise InputError(msg)
        try:
            values = self._session.run(list(self.outputs), dict(feeds))
        except _runtime_errors() as exc:
            msg = f"model {self.record.name} cannot be run on these arrays: {_first_line(exc)}"
            if _is_out_of_memory(exc):
                msg = f"memory did not suffice to run model {self.record.name}: {_MORE_MEMORY}"
            raise InputError(msg) from exc
        return {name: np.asarray(value) for name, value in zip(self.outputs, values, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """One line of ``known.json``."""

    sha256: str
    version: str
    file: str


def known_models() -> dict[str, KnownModel]:
    """Read which models this release comes with, by name.

    Raises
    ------
    InputError
        If the list is missing or damaged: the installation is not whole.
    """
    source = files("corcal.models") / "known.json"
    try:
        entries = json.loads(source.read_text(encoding="utf-8"))
        return {
            name: KnownModel(
                sha256=str(entry["sha256"]).lower(),
                version=str(entry["version"]),
                file=str(entry["file"]),
            )
            for name, entry in entries.items()
        }
    except FileNotFoundError as exc:
        msg = "the list of known models (known.json) is missing: install corcal again"
        raise InputError(msg) from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        msg = "the list of known models (known.json) is damaged: install corcal again"
        raise InputError(msg) from exc


def load_model(
    name: str, *, path: Path | str | None = None, trust_unknown: bool = False
) -> LoadedModel:
    """Load a model, from this installation or from a file.

    Parameters
    ----------
    name : str
        A name of ``known.json``: ``"locator"``, ``"thorax"``, ``"lesions"``.
    path : Path, optional
        Another file than the one that comes with corcal.
    trust_unknown : bool
        Run a file whose hash this release does not know; its record then says so.

    Returns
    -------
    LoadedModel
        The same object for the same bytes, as long as the process lives.

    Raises
    ------
    InputError
        If the file is missing, its hash is not known, or it is not a model.
    """
    known = known_models()
    if path is None and name not in known:
        there = ", ".join(known) or "none: install corcal again"
        msg = f"there is no model {name!r} in this release, there are {there}"
        raise InputError(msg)
    data, source = _read(name, known, path)
    digest = hashlib.sha256(data).hexdigest()
    entry = known.get(name)
    is_known = entry is not None and entry.sha256 == digest
    if not is_known and not trust_unknown:
        wanted = f"this release knows {entry.sha256}" if entry else "this release knows none"
        msg = (
            f"the file {source} of model {name!r} has SHA-256 {digest}, {wanted}; "
            "no command runs it: install corcal again, or, from Python, pass trust_unknown=True if "
            "you trust its maker"
        )
        raise InputError(msg)
    key = (name, digest, is_known)
    with _lock:
        if key not in _cache:
            version = entry.version if entry and is_known else None
            _cache[key] = _open(name, data, source, digest, version)
        return _cache[key]


def _read(name: str, known: Mapping[str, KnownModel], path: Path | str | None) -> tuple[bytes, str]:
    """Return the bytes of a model's file, and the file's name for messages."""
    try:
        if path is not None:
            return Path(path).read_bytes(), Path(path).name
        file = known[name].file
        return (files("corcal.models") / file).read_bytes(), file
    except OSError as exc:
        where = Path(path).name if path is not None else known[name].file
        msg = f"the file {where} of model {name!r} cannot be read: {exc.strerror or exc}"
        msg += "" if path is not None else "; install corcal again"
        raise InputError(msg) from exc


def _open(name: str, data: bytes, source: str, digest: str, version: str | None) -> LoadedModel:
    """Make a session of the bytes; `version` is ``None`` for a file that is not known."""
    ort: Any = importlib.import_module("onnxruntime")  # slow to import, not needed for marks
    options = ort.SessionOptions()
    options.intra_op_num_threads = _thread_count()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # fatal: errors are raised, and told once, in our words
    try:
        session = ort.InferenceSession(  # its fallback, to the same provider, would print
            data, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except _runtime_errors() as exc:
        msg = f"the file {source} is not a model that can be run: {_first_line(exc)}"
        if _is_out_of_memory(exc):
            msg = f"memory did not suffice to load model {name}: {_MORE_MEMORY}"
        raise InputError(msg) from exc
    metadata = dict(session.get_modelmeta().custom_metadata_map)
    record = ModelRecord(
        name=metadata.get("name", name),
        version=version or metadata.get("version", "unknown"),
        sha256=digest,
        trusted=version is not None,
    )
    return LoadedModel(
        record=record,
        inputs=tuple(one.name for one in session.get_inputs()),
        outputs=tuple(one.name for one in session.get_outputs()),
        metadata=metadata,
        _session=session,
    )


def _thread_count() -> int:
    """Threads that a model may use: fewer where OMP_NUM_THREADS says so, as on a cluster."""
    asked = os.environ.get("OMP_NUM_THREADS", "").strip()
    most = int(asked) if asked.isdecimal() and int(asked) else MAX_THREADS
    return min(MAX_THREADS, most, os.cpu_count() or 1)


def _runtime_errors() -> tuple[type[Exception], ...]:
    """List what onnxruntime raises; its classes have no common base but `Exception`."""
    state: Any = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    names = (
        "EPFail", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel",
        "NoSuchFile", "NotImplemented", "RuntimeException",
    )  # fmt: skip
    return (*(getattr(state, name) for name in names), RuntimeError, ValueError)


def _is_out_of_memory(exc: Exception) -> bool:
    """Tell by the words: onnxruntime has no class for it."""
    return re.search(r"allocate memory|bad[ _]alloc", str(exc)) is not None


def _first_line(exc: Exception) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0][:200]
