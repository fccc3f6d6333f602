"""Candidates as one small file without patient data, so that a review runs no network again."""

import io
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from corcal.described import described
from corcal.errors import InputError
from corcal.lesions.classifier import SITES
from corcal.lesions.decision import Reason
from corcal.review.candidates import Candidates, Proposer
from corcal.scoring.rules import rule_named
from corcal.whole_file import read_whole, write_whole

__all__ = ["FILE_VERSION", "candidates_from_bytes", "candidates_to_bytes", "load_candidates"]
__all__ += ["save_candidates"]

FILE_VERSION = 1
_MOST_UNPACKED_BYTES = 2**29  # 8 a voxel: sixty million voxels, more than a thorax has bright ones
_ARRAYS = {
    "gap": np.uint32,  # from one voxel to the next: packs five times as small as the indices
    "candidate": np.int32,
    "site": np.uint8,
    "agatston": np.float64,
    "voxel": np.int64,
    "split_from": np.int32,
    "probabilities": np.float64,
    "head": np.uint8,
}


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is no array, as JSON."""

    version: int
    shape: tuple[int, int, int]
    why: tuple[tuple[Reason, ...], ...]
    threshold_hu: float
    rule: str
    proposer: Proposer
    values_check: int


def save_candidates(candidates: Candidates, path: Path) -> None:
    """Write candidates as a compressed ``.npz``; the file is whole or absent."""
    write_whole(path, candidates_to_bytes(candidates))


def load_candidates(path: Path) -> Candidates:
    """Read what `save_candidates` wrote.

    Raises
    ------
    InputError
        If it cannot be read, has more than `corcal.whole_file.MOST_MB`, or is none.
    """
    try:
        data = read_whole(path)
    except OSError as exc:
        msg = f"cannot read {path.name}: {exc.strerror}"
        raise InputError(msg) from exc
    return candidates_from_bytes(data, name=path.name)


def candidates_to_bytes(candidates: Candidates) -> bytes:
    """Give the bytes of the file; the same candidates give the same bytes."""
    head = _Head(
        version=FILE_VERSION,
        shape=candidates.shape,
        why=candidates.why,
        threshold_hu=candidates.threshold_hu,
        rule=candidates.rule,
        proposer=candidates.proposer,
        values_check=candidates.values_check,
    )
    known = candidates.probabilities
    arrays: dict[str, Any] = {
        "gap": np.diff(candidates.index, prepend=-1),
        "candidate": candidates.candidate,
        "site": candidates.site,
        "agatston": candidates.agatston,
        "voxel": candidates.voxel,
        "split_from": candidates.split_from,
        "probabilities": np.zeros((0, len(SITES))) if known is None else known,
        "head": np.frombuffer(msgspec.json.encode(head), np.uint8),
    }
    file = io.BytesIO()
    np.savez_compressed(file, **{k: v.astype(_ARRAYS[k]) for k, v in arrays.items()})
    return file.getvalue()


def candidates_from_bytes(data: bytes, *, name: str = "the file") -> Candidates:
    """Make candidates of the bytes of a file.

    Raises
    ------
    InputError
        If they are none of this version, or contradict themselves.
    """
    try:
        arrays, head = _parts(data)
        return _candidates(arrays, head)
    except InputError as exc:
        msg = f"{name} has no candidates of a review: {exc}"
        raise InputError(msg) from exc


def _parts(data: bytes) -> tuple[dict[str, Any], _Head]:
    try:
        _check_unpacked(data)
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {key: file[key] for key in _ARRAYS}
        head = msgspec.json.decode(arrays["head"].tobytes(), type=described(_Head))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, msgspec.MsgspecError) as e:
        msg = "it is damaged, or of another kind"
        raise InputError(msg) from e
    if head.version != FILE_VERSION:
        msg = f"it has version {head.version}; this release reads {FILE_VERSION}"
        raise InputError(msg)
    return arrays, head


def _check_unpacked(data: bytes) -> None:
    """Refuse an archive that would fill the memory."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        size = sum(one.file_size for one in file.infolist())
    if size > _MOST_UNPACKED_BYTES:
        msg = f"it unpacks to {size} bytes, allowed are {_MOST_UNPACKED_BYTES}"
        raise InputError(msg)


def _candidates(arrays: dict[str, Any], head: _Head) -> Candidates:
    _check(arrays, head)
    known = arrays["probabilities"]
    is_automatic = head.proposer is Proposer.AUTOMATIC
    return Candidates(
        shape=head.shape,
        index=np.cumsum(arrays["gap"], dtype=np.int64) - 1,
        candidate=arrays["candidate"],
        site=arrays["site"],
        agatston=arrays["agatston"],
        voxel=arrays["voxel"],
        split_from=arrays["split_from"],
        why=head.why,
        probabilities=known if is_automatic else None,
        threshold_hu=head.threshold_hu,
        rule=rule_named(head.rule).name,
        proposer=head.proposer,
        values_check=head.values_check,
    )


def _check(arrays: dict[str, Any], head: _Head) -> None:
    """Refuse arrays that do not belong together."""
    count = len(head.why)
    rows = count if head.proposer is Proposer.AUTOMATIC else 0
    candidate, gap = arrays["candidate"], arrays["gap"]
    is_alike = all(arrays[key].dtype == kind for key, kind in _ARRAYS.items())
    is_alike &= candidate.shape == gap.shape and candidate.ndim == 1
    is_alike &= all(arrays[k].shape == (count,) for k in ("site", "agatston", "voxel"))
    is_alike &= arrays["split_from"].shape == (count,)
    is_alike &= arrays["probabilities"].shape == (rows, len(SITES))
    if not is_alike:
        msg = "its arrays do not belong together"
        raise InputError(msg)
    size = int(np.prod(head.shape))
    is_sound = bool((gap > 0).all()) and int(gap.sum(dtype=np.int64)) <= size
    is_sound &= np.array_equal(np.unique(candidate), np.arange(count))
    is_sound &= int(arrays["site"].max(initial=0)) <= len(SITES)
    if not is_sound:
        msg = "its voxels are none of a scan"
        raise InputError(msg)
