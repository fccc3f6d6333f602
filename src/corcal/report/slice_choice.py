"""Which slices a montage shows: everything that must be seen, and the whole heart."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corcal.report.pieces import Piece

__all__ = ["SLICE_COUNTS", "choose_slices"]

SLICE_COUNTS = (12, 15, 18, 21)  # full rows of three
_SPREAD = 6  # slices at least that show the heart and not a lesion


def choose_slices(
    pieces: Sequence[Piece], *, heart: tuple[int, int], n_z: int
) -> tuple[tuple[int, ...], int]:
    """Choose axial slices.

    Parameters
    ----------
    pieces : sequence of Piece
        Those that must be seen are on one of the slices, their `Piece.key_slice` if there is room
        for those of all; certain rejections only within the heart.
    heart : (low, high)
        Zero-based, half-open range from below the apex to above the left main.
    n_z : int
        Slices of the scan.

    Returns
    -------
    tuple of int
        Slices in descending order (from the head down): one of `SLICE_COUNTS`, all of the heart's
        if there are fewer.
    int
        Pieces that must be seen for which there was no room.
    """
    low, high = max(0, heart[0]), min(n_z, heart[1])
    needed = [p for p in pieces if p.must_be_seen and (p.is_open or _is_in(p, low, high))]
    chosen, missing = _cover(sorted(needed, key=lambda p: p.order), n_z)
    count = next((n for n in SLICE_COUNTS if n >= len(chosen) + _SPREAD), SLICE_COUNTS[-1])
    _spread(chosen, low, high, count)
    return tuple(sorted(chosen, reverse=True)), missing


def _is_in(piece: Piece, low: int, high: int) -> bool:
    z = piece.position[:, 0]
    return bool(((z >= low) & (z < high)).any())


def _cover(needed: Sequence[Piece], n_z: int) -> tuple[list[int], int]:
    """Choose slices until each piece is on one: its own, or the most telling if these are many."""
    chosen = list(dict.fromkeys(p.key_slice for p in needed))
    if len(chosen) <= SLICE_COUNTS[-1]:
        return chosen, 0
    chosen = []
    areas: NDArray[np.float64] = np.array([p.area_by_slice(n_z) for p in needed], np.float64)
    # A piece speaks for the slices that show it, most for the one where it is largest; what
    # comes first in the order is served first where there is not room for all.
    weight = np.linspace(1.5, 1.0, len(needed))[:, None]
    value = weight * np.where(areas > 0, 1.0 + areas / areas.max(axis=1, keepdims=True), 0.0)
    open_ = np.ones(len(needed), dtype=bool)
    while open_.any() and len(chosen) < SLICE_COUNTS[-1]:
        z = int(value[open_].sum(axis=0).argmax())
        chosen.append(z)
        open_ &= areas[:, z] == 0
    return chosen, int(open_.sum())


def _spread(chosen: list[int], low: int, high: int, count: int) -> None:
    """Add slices of the heart, each as far from the others as there is room, in place."""
    for z in (high - 1, low):
        if len(chosen) < count and all(abs(z - c) > 1 for c in chosen):
            chosen.append(z)
    fixed = sorted(z for z in chosen if low <= z < high)
    gaps = list(pairwise(fixed))
    parts = [1] * len(gaps)
    for _ in range(count - len(chosen)):
        room = [(b - a) / n if b - a > n else 0.0 for (a, b), n in zip(gaps, parts, strict=True)]
        if not room or max(room) == 0.0:
            break
        parts[room.index(max(room))] += 1
    for (a, b), n in zip(gaps, parts, strict=True):
        chosen.extend(round(a + (b - a) * k / n) for k in range(1, n))
