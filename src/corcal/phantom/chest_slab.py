"""The cross-section of the QRM chest phantom: body, lungs, spine, and the insert's material.

Outlines were traced on the scan that `corcal.phantom.qrm` names, in the frame given there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Slab", "paint_slab"]

CELL_MM = 0.25
CENTRE_Y_MM = 18.5  # of body and fat ring, behind the insert's axis
BODY_HALF_MM = (150.0, 100.0)  # left-right, front-back
RING_HALF_MM = (200.0, 150.0)
BODY_POWER = 2.8  # of the superellipse: a flattened front and back
RING_GAP_MM = 0.5  # the ring does not fit closely in front
HOLDER_MM = (0.2, -1.3)  # the rings of cylinders are not centred in it
HOLDER_RADIUS_MM = 54.7
INSERT_RADIUS_MM = 50.0
INSERT_GAP_MM = 0.5
ROTATION_DEG = 1.7  # of body, lungs and spine about z, from x towards y

AIR_HU = -1000.0
LUNG_HU = -803.0
FAT_HU = -75.0
WALL_HU = 72.0
INSERT_HU = 71.0
RING_GAP_HU = -330.0  # gaps are partly filled with air
INSERT_GAP_HU = {"sides": -60.0, "front": -490.0, "back": -325.0}  # contrast to the insert

# Bony parts as hydroxyapatite in soft tissue, so that they follow the tube voltage.
CORTEX_MG_PER_CM3 = 290.0
MARROW_MG_PER_CM3 = 70.0
BONE_TISSUE_HU = 40.0
VERTEBRA_MM = (0.0, 70.5)
VERTEBRA_OUTER_MM = 17.1
MARROW_MM = (0.0, 70.9)
MARROW_RADIUS_MM = 14.9

HOLE_MM = (94.8, 21.0)  # a bore in the left lung
HOLE_RADIUS_MM = 9.4

# The right lung, from its front inner corner outwards and back; the left one mirrors it. The
# holder of the insert is painted over its inner side.
LUNG_OUTLINE_MM = (
    (-24.8, -52.5),
    (-26.4, -57.0),
    (-42.0, -60.6),
    (-59.0, -60.4),
    (-74.0, -57.0),
    (-89.0, -50.6),
    (-101.0, -42.0),
    (-111.0, -31.5),
    (-118.5, -20.0),
    (-125.5, 0.0),
    (-127.5, 20.0),
    (-126.0, 41.6),
    (-119.0, 59.0),
    (-107.0, 75.0),
    (-94.0, 86.0),
    (-78.0, 93.8),
    (-60.0, 97.8),
    (-46.0, 97.2),
    (-34.0, 93.0),
    (-14.6, 85.4),
    (-14.2, 82.0),
    (-17.0, 77.0),
    (-17.6, 70.0),
    (-14.6, 61.4),
    (-9.4, 55.6),
    (-11.0, 53.4),
    (-20.0, 44.0),
    (-20.0, 30.0),
    (-30.0, 0.0),
    (-25.0, -40.0),
)
# Transverse and spinous processes.
PROCESSES_MM = (
    (-35.0, 94.6),
    (-15.0, 86.2),
    (-12.5, 84.0),
    (-14.5, 79.0),
    (14.5, 79.0),
    (12.5, 84.0),
    (15.0, 86.2),
    (33.5, 93.6),
    (32.0, 95.2),
    (9.0, 92.4),
    (5.4, 94.0),
    (4.4, 96.5),
    (4.2, 112.3),
    (2.3, 115.0),
    (-2.3, 115.0),
    (-4.2, 112.3),
    (-4.4, 96.5),
    (-5.4, 94.6),
    (-9.0, 93.4),
    (-33.0, 95.0),
)

NOISE_BLUR_MM = 25.0  # how far around the noise of a place is made
NOISE_FLOOR = 0.45  # of it that does not depend on the place


@dataclass(frozen=True, slots=True, kw_only=True)
class Slab:
    """The phantom's cross-section on a fine grid.

    Attributes
    ----------
    hu : float32 ndarray of shape (n_y, n_x)
        Cross-section without calcium inserts and rods.
    cell_mm : float
        Of the grid.
    origin_mm : (x, y)
        Centre of the first cell in the frame of the phantom.
    """

    hu: NDArray[np.float32]
    cell_mm: float
    origin_mm: tuple[float, float]

    def relative_noise(
        self, rows_mm: NDArray[np.floating], columns_mm: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Give the noise at each pixel relative to the insert's middle.

        It grows with the material around, as the rays through it are weaker: the lungs of the real
        scan have 0.7 of the insert's noise.

        Returns
        -------
        float32 ndarray of shape (n_rows, n_columns)
        """
        from scipy import ndimage  # heavy import, needed only to simulate

        step = 8
        density = self.hu[::step, ::step] / 1000.0 + 1.0
        blurred = ndimage.gaussian_filter(density, NOISE_BLUR_MM / (step * self.cell_mm))
        x, y = self.origin_mm
        pitch = step * self.cell_mm
        at = np.meshgrid((rows_mm - y) / pitch, (columns_mm - x) / pitch, indexing="ij")
        local = ndimage.map_coordinates(blurred, at, order=1, mode="nearest")
        middle = ndimage.map_coordinates(blurred, [[-y / pitch], [-x / pitch]], order=1)[0]
        return np.asarray(NOISE_FLOOR + (1.0 - NOISE_FLOOR) * local / middle, np.float32)


def paint_slab(size: Literal["medium", "large"], *, bone_hu: Callable[[float], float]) -> Slab:
    """Paint the cross-section.

    Parameters
    ----------
    size : {"medium", "large"}
        Without or with the fat ring.
    bone_hu : callable
        HU contrast of a hydroxyapatite density in mg/cm3 on the scanner.
    """
    half_x, half_y = RING_HALF_MM if size == "large" else BODY_HALF_MM
    n_x, n_y = (2 * round((half + 2.0) / CELL_MM) for half in (half_x, half_y))
    origin = (-0.5 * (n_x - 1) * CELL_MM, CENTRE_Y_MM - 0.5 * (n_y - 1) * CELL_MM)
    x = (origin[0] + CELL_MM * np.arange(n_x))[None, :]
    y = (origin[1] + CELL_MM * np.arange(n_y))[:, None]
    hu = np.full((n_y, n_x), AIR_HU, np.float32)
    _paint_body(hu, x, y, size)
    _paint_lungs(hu, x, y)
    _paint_spine(hu, x, y, bone_hu)
    _paint_insert(hu, x - HOLDER_MM[0], y - HOLDER_MM[1])
    return Slab(hu=hu, cell_mm=CELL_MM, origin_mm=origin)


def _paint_body(
    hu: NDArray[np.float32],
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    size: Literal["medium", "large"],
) -> None:
    cosine, sine = _rotation()
    across, along = x * cosine + y * sine, y * cosine - x * sine
    if size == "large":
        hu[_superellipse(across, along, RING_HALF_MM)] = FAT_HU
        gap = (BODY_HALF_MM[0] + RING_GAP_MM, BODY_HALF_MM[1] + RING_GAP_MM)
        front = along < CENTRE_Y_MM - 0.5 * BODY_HALF_MM[1]
        hu[_superellipse(across, along, gap) & front] = RING_GAP_HU
    hu[_superellipse(across, along, BODY_HALF_MM)] = WALL_HU


def _paint_lungs(hu: NDArray[np.float32], x: NDArray[np.floating], y: NDArray[np.floating]) -> None:
    right = _smooth_outline(np.array(LUNG_OUTLINE_MM))
    for outline in (right, right * (-1.0, 1.0)):
        hu[_polygon(x, y, _rotated(outline))] = LUNG_HU
    hu[_disc(x, y, HOLE_MM, HOLE_RADIUS_MM)] = AIR_HU


def _paint_spine(
    hu: NDArray[np.float32],
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    bone_hu: Callable[[float], float],
) -> None:
    cortex = BONE_TISSUE_HU + bone_hu(CORTEX_MG_PER_CM3)
    marrow = BONE_TISSUE_HU + bone_hu(MARROW_MG_PER_CM3)
    centre_x, centre_y = _rotated(np.array([VERTEBRA_MM]))[0].tolist()
    hu[_polygon(x, y, _rotated(np.array(PROCESSES_MM)))] = cortex
    hu[_disc(x, y, (centre_x, centre_y), VERTEBRA_OUTER_MM)] = cortex
    centre_x, centre_y = _rotated(np.array([MARROW_MM]))[0].tolist()
    hu[_disc(x, y, (centre_x, centre_y), MARROW_RADIUS_MM)] = marrow


def _paint_insert(
    hu: NDArray[np.float32], x: NDArray[np.floating], y: NDArray[np.floating]
) -> None:
    """Paint the holder, and the insert in its bore: it fits at the sides, less in front."""
    radius = np.hypot(x, y)
    hu[radius <= HOLDER_RADIUS_MM] = WALL_HU - 5.0
    ring = (radius > INSERT_RADIUS_MM) & (radius <= INSERT_RADIUS_MM + INSERT_GAP_MM)
    height = np.broadcast_to(y, radius.shape)[ring] / INSERT_RADIUS_MM
    gap = np.where(height < 0, INSERT_GAP_HU["front"], INSERT_GAP_HU["back"])
    hu[ring] += INSERT_GAP_HU["sides"] + (gap - INSERT_GAP_HU["sides"]) * height**4
    hu[radius <= INSERT_RADIUS_MM] = INSERT_HU


def _rotation() -> tuple[float, float]:
    angle = math.radians(ROTATION_DEG)
    return math.cos(angle), math.sin(angle)


def _rotated(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points (n, 2) of the upright phantom, as it lay."""
    cosine, sine = _rotation()
    return np.asarray(points @ np.array([[cosine, sine], [-sine, cosine]]))


def _superellipse(
    x: NDArray[np.floating], y: NDArray[np.floating], half_mm: tuple[float, float]
) -> NDArray[np.bool_]:
    across = np.abs(x / half_mm[0]) ** BODY_POWER
    along = np.abs((y - CENTRE_Y_MM) / half_mm[1]) ** BODY_POWER
    return np.asarray(across + along <= 1.0)


def _disc(
    x: NDArray[np.floating], y: NDArray[np.floating], centre: tuple[float, float], radius: float
) -> NDArray[np.bool_]:
    return np.asarray((x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2)


def _smooth_outline(points: NDArray[np.floating], steps: int = 6) -> NDArray[np.floating]:
    """Draw a closed Catmull-Rom curve through `points` (n, 2), as a polygon (n * steps, 2)."""
    t = (np.arange(steps) / steps)[None, :, None]
    before, start, end, after = (
        np.roll(points, shift, axis=0)[:, None] for shift in (1, 0, -1, -2)
    )
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    return np.asarray(curve.reshape(-1, 2))


def _polygon(
    x: NDArray[np.floating], y: NDArray[np.floating], corners: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Cells inside a polygon, by counting the edges to the right of each row's cells."""
    inside = np.zeros((y.size, x.size), np.bool_)
    columns, heights = x.ravel(), y.ravel()
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = np.flatnonzero((heights >= min(y0, y1)) & (heights < max(y0, y1)))
        if rows.size:
            crossing = x0 + (heights[rows] - y0) * (x1 - x0) / (y1 - y0)
            inside[rows] ^= columns[None, :] < crossing[:, None]
    return inside
