"""Several contours of one structure on a slice: united, with holes where one is inside another."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corcal.annotations.polygon import polygon_pixels

__all__ = ["united_pixels"]

Points = NDArray[np.float64]
Index = NDArray[np.int64]

_PAIRS_AT_ONCE = 2**20  # of a point and an edge: bounds memory


def united_pixels(
    contours: Sequence[Points], shape: tuple[int, int], *, tolerance_px: float
) -> Index:
    """Find the pixels of contours that are drawn one by one, and not as an exclusive or.

    Contours that overlap, or hold the same pixels, are united. A contour that lies wholly inside
    of another one is a hole in it, and one inside of that hole is an island again. Both may meet
    in points, but not along a line: a part that is drawn again up to the rim is no hole. Within
    one contour the even-odd rule holds, as in `polygon_pixels`.

    Parameters
    ----------
    contours : sequence of ndarray of shape (n, 2)
        As in `polygon_pixels`, as are the other parameters and what is returned.
    """
    pixels = [polygon_pixels([c], shape, tolerance_px=tolerance_px) for c in contours]
    # From the largest to the smallest, so a contour comes after all that it lies in.
    order = sorted(range(len(contours)), key=lambda i: -pixels[i].size)
    around: dict[int, list[int]] = {}
    depth: dict[int, int] = {}
    for i in order:
        around[i] = [
            j
            for j in depth
            if _is_part(pixels[i], pixels[j]) and _is_inside(contours[i], contours[j], tolerance_px)
        ]
        depth[i] = 1 + max((depth[j] for j in around[i]), default=-1)
    united = [np.zeros(0, dtype=np.int64)]
    for i in order:
        if depth[i] % 2:
            continue
        filled = pixels[i]
        for hole in (j for j in order if depth[j] == depth[i] + 1 and i in around[j]):
            pair = (contours[i], contours[hole])
            filled = np.intersect1d(
                filled, polygon_pixels(pair, shape, tolerance_px=tolerance_px), assume_unique=True
            )
        united.append(filled)
    return np.unique(np.concatenate(united))


def _is_part(inner: Index, outer: Index) -> bool:
    """Whether all pixels of one are in the other, which has more of them."""
    if not 0 < inner.size < outer.size or inner[0] < outer[0] or inner[-1] > outer[-1]:
        return False
    return bool(np.isin(inner, outer, assume_unique=True).all())


def _is_inside(inner: Points, outer: Points, tolerance_px: float) -> bool:
    """Whether corners lie inside of or on a contour, and the middles of edges inside of it."""
    low, high = outer.min(axis=0) - tolerance_px, outer.max(axis=0) + tolerance_px
    if (inner < low).any() or (inner > high).any():
        return False
    middles = (inner + np.roll(inner, -1, axis=0)) / 2
    for points, on_is_inside in ((inner, True), (middles, False)):
        block = max(_PAIRS_AT_ONCE // len(outer), 1)
        for first, last in pairwise([*range(0, len(points), block), len(points)]):
            inside, on = _side(points[first:last], outer, tolerance_px)
            if not (inside | on if on_is_inside else inside & ~on).all():
                return False
    return True


def _side(
    points: Points, outline: Points, tolerance_px: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which points are inside of an outline by the even-odd rule, and which are on it."""
    start, end = outline, np.roll(outline, -1, axis=0)
    run = end - start
    length2 = (run**2).sum(axis=1)
    away = points[:, None, :] - start
    along = np.clip((away * run).sum(axis=2) / np.where(length2 > 0, length2, 1), 0, 1)
    distance = np.linalg.norm(away - along[..., None] * run, axis=2)
    crosses = (start[:, 1] > points[:, 1:]) != (end[:, 1] > points[:, 1:])
    rise = np.where(run[:, 1] == 0, 1, run[:, 1])
    right = away[..., 0] < away[..., 1] / rise * run[:, 0]
    inside = np.count_nonzero(crosses & right, axis=1) % 2 == 1
    return inside, (distance <= tolerance_px).any(axis=1)
