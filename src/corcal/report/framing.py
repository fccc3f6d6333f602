"""Which part of a scan a picture shows: a box around the heart.

A picture needs a sensible frame, not an anatomy: nothing here enters a score.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.report.calcium import CountedCalcium

__all__ = ["HEART_WIDTH_MM", "Frame", "detail_frame", "heart_frame"]

HEART_WIDTH_MM = 160.0  # an adult heart with its fat fits in; a large one is 150 mm across
_BELOW_CENTRE_MM = 45.0  # from the widest part of the heart down to the apex
_ABOVE_CENTRE_MM = 75.0  # and up to above the left main
_TOWARDS_RIGHT_MM = 16.0  # the widest part is the left ventricle; the right coronary lies beside it
_MARGIN_MM = 15.0  # between calcium and the edge of a picture
_DETAIL_MM = 40.0  # an enlarged view is at least this wide
_GRID_MM = 4.0  # coarse enough to be quick, fine enough for a heart
_SOFT_HU = (-30.0, 200.0)
_LUNG_HU = (-950.0, -500.0)
_BONE_HU = 250.0
_RIGHT_OF_SPINE_MM, _LEFT_OF_SPINE_MM = 30.0, 80.0  # where the middle of a heart can be


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A box in a scan: zero-based, half-open index ranges along each axis.

    `heart_mm` is the middle of the heart from the corner of the box, along ``(z, y, x)``.
    """

    z: tuple[int, int]
    y: tuple[int, int]
    x: tuple[int, int]
    heart_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The box as an index into the scan."""
        return slice(*self.z), slice(*self.y), slice(*self.x)


def heart_frame(scan: CTScan, calcium: CountedCalcium) -> Frame:
    """Frame the heart, and all coronary calcium with a margin.

    Parameters
    ----------
    scan : CTScan
        The scan.
    calcium : CountedCalcium
        Coronary calcium is always inside the frame; other calcium need not be.

    Returns
    -------
    Frame
        Within the scan; `HEART_WIDTH_MM` wide and deep where the scan is large enough.
    """
    centre = _heart_centre(scan)
    half, right = HEART_WIDTH_MM / 2, _TOWARDS_RIGHT_MM
    reach = ((_BELOW_CENTRE_MM, _ABOVE_CENTRE_MM), (half, half), (half + right, half - right))
    inside = calcium.position[calcium.is_coronary]
    ranges = [
        _range(centre[axis], reach[axis], inside[:, axis], scan.spacing_mm[axis], scan.shape[axis])
        for axis in range(3)
    ]
    z, y, x = ((centre[axis] - ranges[axis][0]) * scan.spacing_mm[axis] for axis in range(3))
    return Frame(z=ranges[0], y=ranges[1], x=ranges[2], heart_mm=(z, y, x))


def detail_frame(scan: CTScan, pixels: NDArray[np.int64], z: int) -> Frame:
    """Frame the calcium of one slice closely: a square with a margin, within the scan.

    Parameters
    ----------
    scan : CTScan
        The scan.
    pixels : int64 ndarray of shape (n, 2)
        Row and column of the calcium, at least one.
    z : int
        The slice.
    """
    step = scan.spacing_mm[1:]
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    reach = max(_DETAIL_MM, *((high - low) * step + 2 * _MARGIN_MM)) / 2
    y, x = (
        _range((low[k] + high[k]) / 2, (reach, reach), pixels[:0, 0], step[k], scan.shape[k + 1])
        for k in (0, 1)
    )
    return Frame(z=(z, z + 1), y=y, x=x)


def _range(
    centre: float, reach_mm: tuple[float, float], inside: NDArray[np.int64], step: float, size: int
) -> tuple[int, int]:
    """Place a range of the wanted length in the scan, and widen it to hold what must be inside."""
    length = min(size, round(sum(reach_mm) / step))
    start = min(max(0, round(centre - reach_mm[0] / step)), size - length)
    stop = start + length
    if inside.size:
        margin = round(_MARGIN_MM / step)
        start = min(start, max(0, int(inside.min()) - margin))
        stop = max(stop, min(size, int(inside.max()) + 1 + margin))
    return start, stop


def _heart_centre(scan: CTScan) -> tuple[float, float, float]:
    """Index of the middle of the largest ball of soft tissue between the lungs.

    The middle of the scan if there is no such thing: a phantom, a part of a chest.
    """
    # scipy.ndimage takes a quarter of a second to import: only for those who draw
    from scipy.ndimage import distance_transform_edt

    step = tuple(max(1, round(_GRID_MM / spacing)) for spacing in scan.spacing_mm)
    grid_mm = tuple(n * spacing for n, spacing in zip(step, scan.spacing_mm, strict=True))
    hu = _block_means(scan.hu, step)
    soft = (hu > _SOFT_HU[0]) & (hu < _SOFT_HU[1])
    lung_area = ((hu > _LUNG_HU[0]) & (hu < _LUNG_HU[1])).sum(axis=(1, 2))
    soft[lung_area < 0.55 * lung_area.max()] = False  # the abdomen has larger balls: the liver
    _keep_near_spine(soft, hu, grid_mm[2])
    # The edge of the scan is an edge of the ball: without the padding a chest wall would win.
    depth = distance_transform_edt(np.pad(soft, 1), sampling=grid_mm)[1:-1, 1:-1, 1:-1]
    if not depth.any():
        z, y, x = ((size - 1) / 2 for size in scan.shape)
        return z, y, x
    middle = np.argwhere(depth > 0.85 * depth.max()).mean(axis=0)
    z, y, x = (float((i + 0.5) * n - 0.5) for i, n in zip(middle, step, strict=True))
    return z, y, x


def _block_means(hu: NDArray[np.number], step: tuple[int, ...]) -> NDArray[np.float32]:
    """Average over blocks, leaving out what does not fill one; shape (n_z//s, n_y//s, n_x//s)."""
    n_z, n_y, n_x = (size // n for size, n in zip(hu.shape, step, strict=True))
    cut = hu[: n_z * step[0], : n_y * step[1], : n_x * step[2]]
    blocks = cut.reshape(n_z, step[0], n_y, step[1], n_x, step[2])
    return np.asarray(blocks.mean(axis=(1, 3, 5), dtype=np.float32))


def _keep_near_spine(soft: NDArray[np.bool_], hu: NDArray[np.float32], dx_mm: float) -> None:
    """Clear soft tissue that is too far to the side to be the middle of a heart, in place."""
    bone = (hu > _BONE_HU).sum(axis=(0, 1)).astype(np.float64)
    if not bone.any():
        return
    width = max(1, round(30.0 / dx_mm))  # a vertebral body
    spine = int(np.convolve(bone, np.ones(width), mode="same").argmax())
    x_mm = (np.arange(hu.shape[2]) - spine) * dx_mm
    soft[..., (x_mm < -_RIGHT_OF_SPINE_MM) | (x_mm > _LEFT_OF_SPINE_MM)] = False
