"""Outlines around voxels: at a distance, so that what they mark stays visible."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HALO_MM", "outline_pixels"]

HALO_MM = 2.0  # distance of the outline: calcium and its edge stay free, a speck is still found
_OUTLINE_GRID_MM = 0.4


def outline_pixels(
    axes: "Axes",
    pixels: NDArray[np.int64],
    *,
    step_mm: tuple[float, float],
    colour: str,
    halo_mm: float = HALO_MM,
    width: float = 1.6,
    style: str = "solid",
) -> None:
    """Draw a line round pixels.

    Parameters
    ----------
    axes : Axes
        In mm from the centre of the first pixel.
    pixels : int64 ndarray of shape (n, 2)
        Row and column of each pixel, at least one.
    step_mm : (row, column)
        Spacing of the pixels.
    colour : str
        Of the line.
    halo_mm : float
        Distance of the line from the edge of the pixels.
    width : float
        Of the line, in points.
    style : str
        Of the line: ``"solid"``, ``"dashed"``.
    """
    border = np.array([math.ceil(2 * halo_mm / step) + 1 for step in step_mm])
    low = pixels.min(axis=0) - border
    mask = np.zeros(pixels.max(axis=0) + border + 1 - low, dtype=bool)
    mask[tuple((pixels - low).T)] = True
    rows, columns, distance = _distance_mm(mask, low, step_mm)
    axes.contour(
        columns,
        rows,
        distance,
        levels=[halo_mm],
        colors=colour,
        linewidths=width,
        linestyles=style,
    )


def _distance_mm(
    mask: NDArray[np.bool_], low: NDArray[np.int64], step_mm: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Distance to a mask on a grid fine enough for a smooth outline, with its coordinates."""
    from scipy.ndimage import distance_transform_edt

    parts = [max(1, round(step / _OUTLINE_GRID_MM)) for step in step_mm]
    fine_mm = [step / n for step, n in zip(step_mm, parts, strict=True)]
    fine = mask.repeat(parts[0], axis=0).repeat(parts[1], axis=1)
    rows, columns = (
        (low[k] - 0.5) * step_mm[k] + (np.arange(fine.shape[k]) + 0.5) * fine_mm[k] for k in (0, 1)
    )
    return rows, columns, np.asarray(distance_transform_edt(~fine, sampling=fine_mm))
