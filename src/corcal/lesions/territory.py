"""Which part of the heart a voxel lies at: what a lesion is split by before it is decided."""

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.sampling import distance_map, sample
from corcal.anatomy.types import PATHWAYS, Anatomy, Pathway, Structure
from corcal.lesions.sites import Site

__all__ = ["HEART_PARTS", "PATHWAY_SITES", "HeartFields", "heart_fields", "territories"]

PATHWAY_SITES = {
    Pathway.LM: Site.LM,
    Pathway.LAD: Site.LAD,
    Pathway.LCX: Site.LCX,
    Pathway.RCA: Site.RCA,
    Pathway.AORTIC_VALVE: Site.AORTIC_VALVE,
    Pathway.MITRAL_ANNULUS: Site.MITRAL_ANNULUS,
}
HEART_PARTS = (
    Structure.LEFT_VENTRICLE,
    Structure.RIGHT_VENTRICLE,
    Structure.LEFT_ATRIUM,
    Structure.RIGHT_ATRIUM,
    Structure.AORTIC_ROOT,
    Structure.EPICARDIAL_FAT,
)
_AORTA = (Structure.AORTIC_ROOT, Structure.ASCENDING_AORTA)
_WALL_MM = 2.5  # half-width of the band in which a voxel may belong to the wall of the aorta
_LEAST_HEIGHT = 0.1  # of a pathway, below which nothing runs there
_FAR_MM = 60.0


class HeartFields:
    """Distances on the grid of an anatomy, in mm, each computed when it is first asked for.

    Parameters
    ----------
    anatomy : Anatomy
        With or without pathways.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        self.anatomy = anatomy
        self._labels = anatomy.labels
        self._kept: dict[str, NDArray[np.float32]] = {}

    def distance(self, *structures: Structure) -> NDArray[np.float32]:
        """Signed distance from the surface of structures together, at most 60 mm."""
        name = "+".join(one.name for one in structures)
        if name not in self._kept:
            mask = np.isin(self._labels, structures)
            away = distance_map(mask, self.anatomy.spacing_mm)
            self._kept[name] = np.clip(away, -_FAR_MM, _FAR_MM)
        return self._kept[name]

    @property
    def heart(self) -> NDArray[np.float32]:
        """Distance from the heart: chambers, root and epicardial fat."""
        return self.distance(*HEART_PARTS)

    @property
    def aorta(self) -> NDArray[np.float32]:
        """Distance from the wall of aortic root and ascending aorta."""
        return self.distance(*_AORTA)

    def at(
        self, field: NDArray[np.float32], points_mm: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Interpolate a distance; outside of the grid it is far."""
        return sample(self.anatomy, field, points_mm, outside=_FAR_MM)


def heart_fields(anatomy: Anatomy) -> HeartFields:
    """Give the distances of an anatomy."""
    return HeartFields(anatomy)


def territories(fields: HeartFields, points_mm: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Name the nearest thing that can calcify, for each point.

    Parameters
    ----------
    fields : HeartFields
        Of the anatomy.
    points_mm : ndarray of shape (n, 3)
        Along (z, y, x), in the frame of `Anatomy`.

    Returns
    -------
    uint8 ndarray of shape (n,)
        `Site` codes: the highest pathway, the wall of the aorta where that is nearer, and
        `Site.OTHER` where nothing is known to run.
    """
    anatomy = fields.anatomy
    heights = np.zeros((len(PATHWAYS) + 2, len(points_mm)), np.float32)
    if anatomy.pathways is not None:
        heights[: len(PATHWAYS)] = sample(anatomy, anatomy.pathways, points_mm)
    heights[len(PATHWAYS)] = _wall_height(fields.at(fields.aorta, points_mm))
    descending = fields.distance(Structure.DESCENDING_AORTA)
    heights[len(PATHWAYS) + 1] = _wall_height(fields.at(descending, points_mm))
    codes = [int(PATHWAY_SITES[one]) for one in PATHWAYS]
    codes += [int(Site.ASCENDING_AORTA), int(Site.DESCENDING_AORTA)]
    best = heights.argmax(axis=0)
    named = np.array(codes, np.uint8)[best]
    named[heights.max(axis=0) < _LEAST_HEIGHT] = int(Site.OTHER)
    return np.asarray(named, np.uint8)


def _wall_height(away_mm: NDArray[np.float32]) -> NDArray[np.float32]:
    """Like a pathway's height, for a wall: highest at it; inside of the aorta as well."""
    outside = np.maximum(away_mm, 0.0)
    return np.asarray(0.6 * np.exp(-0.5 * (outside / _WALL_MM) ** 2), np.float32)
