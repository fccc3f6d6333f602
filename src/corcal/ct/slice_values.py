"""Whether slices can be of the same scan as their neighbours: lost, repeated, of other values."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.findings import finding
from corcal.ct.scan import Finding

__all__ = ["LARGEST_JUMP_HU", "slice_findings"]

# Choices of corcal. From slice to slice the same tissue differed by 9 HU at most in six real scans.
LARGEST_JUMP_HU = 20.0
_STEP = 6  # in rows and columns, where slices are compared
# Fat, muscle and blood; lung: a rescale that is wrong moves both, the end of a bone or of a phantom
# only one.
_BANDS_HU = ((-200.0, 200.0), (-950.0, -500.0))
_NO_TISSUE_HU = 300.0  # beyond it no other tissue explains a step, whatever the lung does
_ALIKE = 0.5  # the lung has moved by this part of what the tissue has, at least
_GOES_ON_HU = 10.0  # a step beside another one in the same direction: together they fade
_FEWEST = 100  # voxels of a band that are compared
_SAME_HU = 40.0  # half of the voxels must have moved by the same, to within this
_MOST_AIR_HU = -500.0  # a slice with nothing above it shows no body
_FEWEST_VALUES = 64  # of an image with noise; drawn slices of a few values may be alike
_NAMED = 3  # slices or jumps in a message


def slice_findings(hu: NDArray[Any]) -> tuple[Finding, ...]:
    """Find slices that are not what the scanner made: empty, repeated, or of other values.

    Parameters
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Padding has been set to air.

    Returns
    -------
    tuple of Finding
        ``EMPTY_SLICES``, an error, for slices of air between slices of a body;
        ``REPEATED_SLICES`` for equal images at different places; ``VALUES_JUMP`` where the same
        tissue has other values from one slice to the next.
    """
    part = hu[:, ::_STEP, ::_STEP].astype(np.float32)
    body = part.max(axis=(1, 2)) > _MOST_AIR_HU
    return (*_empty(body), *_repeated(hu, body), *_jumps(part, body))


def _empty(body: NDArray[np.bool_]) -> Iterator[Finding]:
    shown = np.flatnonzero(body)
    if not shown.size:
        return
    inside = np.arange(shown[0], shown[-1] + 1)
    empty = inside[~body[inside]]
    if empty.size:
        yield finding(
            "EMPTY_SLICES",
            f"{_slices(empty.tolist())} of {len(body)} (from 0 at the feet) between slices of a "
            "body hold nothing but air: the image was lost",
        )


def _repeated(hu: NDArray[Any], body: NDArray[np.bool_]) -> Iterator[Finding]:
    seen: dict[bytes, int] = {}
    pairs = []
    for k in np.flatnonzero(body).tolist():
        first = seen.setdefault(hu[k, ::_STEP, ::_STEP].tobytes(), k)
        if first != k and np.array_equal(hu[first], hu[k]) and _has_noise(hu[k]):
            pairs.append(f"{first} and {k}")
    if pairs:
        yield finding(
            "REPEATED_SLICES",
            f"slices {_listed(pairs)} (from 0 at the feet) are equal to the last voxel: no scanner "
            "makes the same image at two places, and what they show would count twice",
        )


def _has_noise(plane: NDArray[Any]) -> bool:
    return np.unique(plane[::_STEP, ::_STEP]).size >= _FEWEST_VALUES


def _jumps(part: NDArray[np.float32], body: NDArray[np.bool_]) -> Iterator[Finding]:
    """Compare the tissue of each slice with the same places in the next one."""
    steps = [
        (_jump(one, other) or 0.0) if body[k] and body[k + 1] else 0.0
        for k, (one, other) in enumerate(pairwise(part))
    ]
    found = [
        f"{k} to {k + 1} by {step:+.0f} HU"
        for k, step in enumerate(steps)
        if abs(step) > LARGEST_JUMP_HU and not _goes_on(steps, k)
    ]
    if found:
        yield finding(
            "VALUES_JUMP",
            f"the same tissue has other values from slice {_listed(found)} (slices from 0 at the "
            "feet): the slices may not have been rescaled alike",
        )


def _goes_on(steps: list[float], k: int) -> bool:
    """Whether a change goes on in the same direction: a body that fades in, and no rescale."""
    beside = [*steps[max(k - 1, 0) : k], *steps[k + 1 : k + 2]]
    return any(one * steps[k] > _GOES_ON_HU * abs(steps[k]) for one in beside)


def _jump(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """Give by how much tissue of one slice has changed in the next, if lung has changed alike."""
    step = other - one
    shifts: list[float] = []
    for low, high in _BANDS_HU:
        # what is of the band in either: where a body ends, the two differ
        both = [_shift(step[(plane > low) & (plane < high)]) for plane in (one, other)]
        known = [shift for shift in both if shift is not None]
        if not known and not (shifts and min(map(abs, shifts)) > _NO_TISSUE_HU):
            return None  # without lung in view nothing tells a rescale from another tissue
        shifts += known
        if shifts and min(map(abs, shifts)) < _ALIKE * _GOES_ON_HU:
            return None  # whatever the others are, it is no jump, nor does one go on
    most = max(shifts, key=abs)
    return most if all(each * most >= _ALIKE * most * most for each in shifts) else None


def _shift(steps: NDArray[np.float32]) -> float | None:
    """Give the median of the steps, if half of them are near it."""
    if steps.size < _FEWEST:
        return None
    middle = float(np.median(steps))
    return middle if np.median(np.abs(steps - middle)) < _SAME_HU else None


def _slices(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"slice {numbers[0]}"
    return f"slices {_listed([str(one) for one in numbers])}"


def _listed(parts: list[str]) -> str:
    """Name the first three, and count the others."""
    rest = len(parts) - _NAMED
    told = ", ".join(parts[:_NAMED])
    return f"{told} and {rest} more" if rest > 0 else told
