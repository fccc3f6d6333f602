"""The threshold-free masses of the lesions of a scan, and what they must leave out.

A lesion's neighbourhood may hold calcium that is not its own: another lesion, the wall of the
aorta, bone. That is neither summed nor taken for background. Calcium is another's if it counts for
another lesion, or if it reaches the threshold without being connected to this one; what is
connected, but too small or outside of the marked region, is the lesion's own blur.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.components import label_volume
from corcal.scoring.integrated import mass_of_excess
from corcal.scoring.lesion_table import LesionTable
from corcal.scoring.surround import Surround, find_surround, neighbourhood_box
from corcal.scoring.volume_fraction import (
    REFERENCE_DENSITY_MG_PER_CM3,
    fraction_mass_of_excess,
)

__all__ = ["KnownSurrounds", "ThresholdFreeMass", "measure_without_threshold"]

KnownSurrounds = dict[bytes, Surround | None]
"""Surroundings of lesions that were measured before, by what they depend on within one scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdFreeMass:
    """The two masses of one lesion, in mg of hydroxyapatite.

    Attributes
    ----------
    integrated_mg : float
        By integrated intensity (`corcal.scoring.integrated`).
    volume_fraction_mg : float or None
        By volume fraction (`corcal.scoring.volume_fraction`); ``None`` where the tissue around the
        lesion is as dense as the insert that calibrates the mass.
    """

    integrated_mg: float
    volume_fraction_mg: float | None


def measure_without_threshold(
    hu: NDArray[Any],
    table: LesionTable,
    *,
    threshold_hu: float,
    spacing_mm: tuple[float, float, float],
    calibration_mg_per_cm3_hu: float,
    known: KnownSurrounds | None = None,
) -> list[ThresholdFreeMass | None]:
    """Measure every lesion of a table.

    Parameters
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Scan in Hounsfield units.
    table : LesionTable
        Its lesions.
    threshold_hu : float
        From which on other calcium is seen as such.
    spacing_mm : (dz, dy, dx)
        ``dz`` is the increment.
    calibration_mg_per_cm3_hu : float
        Mass calibration factor.
    known : KnownSurrounds, optional
        Of the same scan; what is measured is added. Looking around lesions takes most of the time
        of a measurement, and one edit of a review leaves all but a few of them as they were.

    Returns
    -------
    list of ThresholdFreeMass or None
        One a lesion; ``None`` where no clean background could be measured around it.
    """
    masses: list[ThresholdFreeMass | None] = []
    for row, zyx in enumerate(table.voxels_zyx):
        others = _other_calcium(hu, table, row, threshold_hu, spacing_mm)
        key = _key(zyx, others)
        if known is None or key not in known:
            surround = find_surround(hu, zyx, spacing_mm=spacing_mm, exclude_index=others)
            if known is not None:
                known[key] = surround
        else:
            surround = known[key]
        masses.append(
            None if surround is None else _masses(surround, spacing_mm, calibration_mg_per_cm3_hu)
        )
    return masses


def _key(zyx: NDArray[np.int64], others: NDArray[np.int64]) -> bytes:
    """Name a lesion and the other calcium around it."""
    name = hashlib.blake2b(len(zyx).to_bytes(8, "little"), digest_size=16)
    name.update(zyx.tobytes())
    name.update(others.tobytes())
    return name.digest()


def _masses(
    surround: Surround, spacing_mm: tuple[float, float, float], calibration_mg_per_cm3_hu: float
) -> ThresholdFreeMass:
    """Turn the excess of a neighbourhood into mass, in both ways."""
    voxel_volume_mm3 = spacing_mm[0] * spacing_mm[1] * spacing_mm[2]
    calcium_hu = REFERENCE_DENSITY_MG_PER_CM3 / calibration_mg_per_cm3_hu
    fraction = None
    if calcium_hu > surround.background_hu:
        fraction = fraction_mass_of_excess(
            surround.excess_hu,
            background_hu=surround.background_hu,
            calcium_hu=calcium_hu,
            calcium_density_mg_per_cm3=REFERENCE_DENSITY_MG_PER_CM3,
            voxel_volume_mm3=voxel_volume_mm3,
        )
    return ThresholdFreeMass(
        integrated_mg=mass_of_excess(
            surround.excess_hu,
            voxel_volume_mm3=voxel_volume_mm3,
            calibration_mg_per_cm3_hu=calibration_mg_per_cm3_hu,
        ),
        volume_fraction_mg=fraction,
    )


def _other_calcium(
    hu: NDArray[Any],
    table: LesionTable,
    row: int,
    threshold_hu: float,
    spacing_mm: tuple[float, float, float],
) -> NDArray[np.int64]:
    """Return the indices (n, 3) of the calcium around a lesion that is not its own."""
    box, corner = neighbourhood_box(table.voxels_zyx[row], hu.shape, spacing_mm=spacing_mm)
    values = hu[box]
    local = np.flatnonzero((values >= threshold_hu) & np.isfinite(values))
    shape = (values.shape[0], values.shape[1], values.shape[2])
    zyx = np.stack(np.unravel_index(local, shape), axis=1) + corner
    owner = _owners(table, np.ravel_multi_index(tuple(zyx.T), hu.shape))
    if np.all(owner == row):  # most lesions lie alone
        return np.empty((0, 3), dtype=np.int64)
    label = label_volume(local, shape, connectivity=26)
    is_connected = np.isin(label, label[owner == row])
    is_own = (owner == row) | ((owner < 0) & is_connected)
    others: NDArray[np.int64] = zyx[~is_own]
    return others


def _owners(table: LesionTable, index: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the row of the lesion that each voxel counts for, or -1."""
    at = np.minimum(np.searchsorted(table.index, index), table.index.size - 1)
    return np.where(table.index[at] == index, table.row[at], -1)
