"""The branching vessels and airways of the lungs, as many small tubes.

A lung is filled with end points; each in turn, from the hilum outwards, is joined to the node that
gives it the shortest way in. The width of a vessel follows from the number of ends that it feeds,
by Murray's law (PNAS 1926, doi:10.1073/pnas.12.3.207). Airways run beside the arteries.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.shapes import Tube

__all__ = ["LungTree", "grow_lungs"]

FloatPoints = NDArray[np.float64]

# Where arteries and veins enter the lungs, reference mm.
_ARTERY_HILA = (
    ((-46, 30, 58), (-54, 28, 70), (-46, 36, 38), (-51, 50, 14), (-52, 60, -14)),
    ((44, 39, 60), (57, 47, 46), (61, 50, 28), (65, 54, 8), (68, 58, -10)),
)
_VEIN_HILA = (((-48, 33, 32), (-48, 57, 2)), ((55, 30, 46), (54, 62, 2)))
_DETOUR = 0.35  # cost of the way already gone, relative to the new piece
_END_RADIUS_MM = 0.42
_MURRAY = 0.4
_MOST_RADIUS_MM = 4.5
_LEAST_ENDS_WITH_AIRWAY = 14
_VOLUME_OF_AN_END_MM3 = 750.0
_BOX_MM = ((-132.0, -64.0, -120.0), (136.0, 118.0, 120.0))  # of the lungs, reference


@dataclass(frozen=True, slots=True, kw_only=True)
class LungTree:
    """The small tubes of both lungs.

    Attributes
    ----------
    vessels : list of Tube
        Arteries and veins, one tube between two nodes.
    airways : list of Tube
        Outer walls of the segmental airways.
    """

    vessels: list[Tube]
    airways: list[Tube]


def grow_lungs(
    rng: np.random.Generator,
    inside: Callable[[FloatPoints], NDArray[np.bool_]],
    *,
    body_scale: NDArray[np.floating],
    detail: float = 1.0,
) -> LungTree:
    """Grow vessels and airways into the lungs.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every end point. They are drawn in the reference frame and kept where they are
        lung, so that another exam of the patient shows the same vessels.
    inside : callable
        Which of the points (n, 3), patient mm, are lung.
    body_scale : (x, y, z)
        Size of the thorax relative to the reference.
    detail : float
        Part of the end points that are drawn, at most 1; the branches that are left keep their
        width.

    Returns
    -------
    LungTree
        What lies in the lung; the great vessels and main airways are not part of it.
    """
    scale = np.asarray(body_scale, np.float64)
    vessels: list[Tube] = []
    airways: list[Tube] = []
    for hila, has_airways in ((_ARTERY_HILA, True), (_VEIN_HILA, False)):
        low, high = (np.array(corner) for corner in _BOX_MM)
        count = int(0.5 * detail * np.prod(high - low) / _VOLUME_OF_AN_END_MM3)
        ends = rng.uniform(low, high, (count, 3)) * scale
        ends = ends[inside(ends)]
        for side, roots in zip((-1, 1), hila, strict=True):
            tree = _Tree(np.array(roots, np.float64) * scale, ends[side * ends[:, 0] > 0], detail)
            vessels += tree.tubes()
            if has_airways:
                airways += tree.airways(rng)
    return LungTree(vessels=vessels, airways=airways)


class _Tree:
    """Nodes of one vessel tree: the roots first, each later node after its parent."""

    def __init__(self, roots: FloatPoints, ends: FloatPoints, detail: float) -> None:
        hilum = roots.mean(axis=0)
        order = np.argsort(np.linalg.norm(ends - hilum, axis=1), kind="stable")
        self.points = np.concatenate([roots, ends[order]])
        n_roots, n = len(roots), len(self.points)
        self.parent = np.full(n, -1)
        way = np.zeros(n)
        for k in range(n_roots, n):
            apart = np.linalg.norm(self.points[:k] - self.points[k], axis=1)
            best = int(np.argmin(apart + _DETOUR * way[:k]))
            self.parent[k], way[k] = best, way[best] + apart[best]
        fed = np.ones(n)
        for k in range(n - 1, n_roots - 1, -1):
            fed[self.parent[k]] += fed[k]
        self.fed = fed / detail
        self.radius = np.minimum(_END_RADIUS_MM * self.fed**_MURRAY, _MOST_RADIUS_MM)

    def tubes(self) -> list[Tube]:
        """One tube from each node's parent to it."""
        return [
            Tube(
                points_mm=self.points[[parent, k]],
                radius_mm=np.array(
                    [min(self.radius[parent], 1.25 * self.radius[k]), self.radius[k]]
                ),
            )
            for k, parent in enumerate(self.parent)
            if parent >= 0
        ]

    def airways(self, rng: np.random.Generator) -> list[Tube]:
        """Tubes beside the thicker vessels, all on the same side of them."""
        side = rng.normal(size=3)
        side /= np.linalg.norm(side)
        wide = np.flatnonzero((self.parent >= 0) & (self.fed > _LEAST_ENDS_WITH_AIRWAY))
        radius = 0.8 * self.radius
        place = self.points + (self.radius + radius)[:, None] * side
        return [
            Tube(
                points_mm=place[[self.parent[k], k]],
                radius_mm=np.array([min(radius[self.parent[k]], 1.25 * radius[k]), radius[k]]),
            )
            for k in wide
        ]
