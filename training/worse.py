"""Anatomies as a network in doubt gives them: the classifier must not trust them to the millimetre.

The networks are better on simulated patients than on people: there a groove's fat is taken for the
chamber beside it, and what lies at its bottom seems to be inside the muscle.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import Anatomy, Structure

__all__ = ["worse"]

_AWAY_MM = (2.0, 1.5, 1.5)  # how far it lies from where it is, along (z, y, x)
_BENT_MM = (1.0, 4.0)  # standard deviation of its bends along each axis, drawn between these
_BEND_LENGTH_MM = 18.0
_FAINT = 0.25  # of the pathways are fainter than the network drew them
_SWALLOWED = 0.6  # of the anatomies have less fat than there is, in some places
_LEAST_FAT = 0.1  # of its probability, where most is swallowed


def worse(anatomy: Anatomy, rng: np.random.Generator) -> Anatomy:
    """Give an anatomy that is moved, bent, short of fat, with fainter pathways."""
    from scipy.ndimage import map_coordinates  # heavy import, needed only to train

    size = float(rng.uniform(*_BENT_MM))
    bends = np.stack([size * _smooth(anatomy, rng) for _ in range(3)])
    cells = np.indices(anatomy.shape) + bends / np.reshape(anatomy.spacing_mm, (3, 1, 1, 1))

    def bent(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.stack([map_coordinates(one, cells, order=1, mode="nearest") for one in values])

    structures = bent(anatomy.structures)
    if rng.random() < _SWALLOWED:
        kept = 1.0 - rng.uniform(0.5, 1.5) * np.maximum(_smooth(anatomy, rng), 0.0)
        structures[Structure.EPICARDIAL_FAT] *= np.clip(kept, _LEAST_FAT, 1.0)
        structures /= np.maximum(structures.sum(axis=0), 1e-6)
    pathways = anatomy.pathways
    if pathways is not None:
        faint = rng.random(len(pathways)) < _FAINT
        factor = np.where(faint, rng.random(len(pathways)), 1.0).astype(np.float32)
        pathways = bent(pathways) * factor[:, None, None, None]
    z, y, x = np.add(anatomy.origin_mm, rng.normal(0.0, _AWAY_MM)).tolist()
    return replace(anatomy, structures=structures, pathways=pathways, origin_mm=(z, y, x))


def _smooth(anatomy: Anatomy, rng: np.random.Generator) -> NDArray[np.float32]:
    """Give smooth noise on the grid of an anatomy, of mean 0 and standard deviation 1."""
    from scipy.ndimage import gaussian_filter  # heavy import, needed only to train

    sigma = np.divide(_BEND_LENGTH_MM, anatomy.spacing_mm)
    field = gaussian_filter(rng.standard_normal(anatomy.shape), sigma, mode="wrap")
    return np.asarray((field - field.mean()) / field.std(), np.float32)
