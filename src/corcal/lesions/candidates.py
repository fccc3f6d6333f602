"""Candidate calcifications: everything in a scan that is dense enough to be calcium."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError, InputError
from corcal.lesions.components import Runs, find_runs, label_runs

__all__ = ["CALCIUM_THRESHOLD_HU", "Candidates", "find_candidates"]

CALCIUM_THRESHOLD_HU = 130.0  # Agatston 1990, doi:10.1016/0735-1097(90)90282-T
_Values = NDArray[Any]  # in the type of the scan: int16 or float32
_SLAB_SLICES = 4  # a slab's mask stays in the cache between comparison and collection
_THREADS = 2  # comparison and collection are bound by memory: more threads bring nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The voxels of a scan at or above a threshold, joined to lesions.

    Attributes
    ----------
    shape : (n_z, n_y, n_x)
        Shape of the scan.
    threshold_hu : float
        Voxels at or above it are candidates.
    index : int64 ndarray of shape (n,)
        Flat C-order index into the scan, strictly ascending.
    hu : ndarray of shape (n,)
        Hounsfield units of each voxel, in the type of the scan.
    slice_lesion : int32 ndarray of shape (n,)
        Zero-based label of the 2-D, 8-connected lesion of each voxel, ascending with the slices.
    lesion : int32 ndarray of shape (n,)
        Zero-based label of the 3-D lesion of each voxel, in the order of their first voxels.
    pixel_count : int64 ndarray of shape (n_slice_lesions,)
        Pixels of each slice lesion.
    peak_hu : ndarray of shape (n_slice_lesions,)
        Maximum of each slice lesion.
    lesion_count : int
        Number of 3-D lesions.
    """

    shape: tuple[int, int, int]
    threshold_hu: float
    index: NDArray[np.int64]
    hu: _Values
    slice_lesion: NDArray[np.int32]
    lesion: NDArray[np.int32]
    pixel_count: NDArray[np.int64]
    peak_hu: _Values
    lesion_count: int


def find_candidates(
    hu: _Values,
    *,
    threshold_hu: float = CALCIUM_THRESHOLD_HU,
    connectivity: Literal[6, 18, 26] = 26,
) -> Candidates:
    """Find all voxels at or above a threshold and join them to lesions.

    Parameters
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Scan in Hounsfield units. Voxels that are not finite are never candidates.
    threshold_hu : float
        Lowest value of a candidate.
    connectivity : 6, 18 or 26
        Which neighbours make a 3-D lesion: by faces, also by edges, also by corners. Slice lesions
        are 8-connected in any case.

    Returns
    -------
    Candidates
        Empty if nothing reaches the threshold. The same scan gives the same labels, always.

    Raises
    ------
    GeometryError
        If `hu` is not three-dimensional.
    InputError
        If the threshold is not a finite number.
    """
    if hu.ndim != 3:
        msg = f"candidates need a (z, y, x) array, got shape {hu.shape}"
        raise GeometryError(msg)
    if not np.isfinite(threshold_hu):
        msg = f"threshold_hu must be a finite number, got {threshold_hu}"
        raise InputError(msg)
    shape = (hu.shape[0], hu.shape[1], hu.shape[2])
    index, values = _dense_voxels(hu, threshold_hu)
    runs = find_runs(index, shape)
    in_slice = label_runs(runs, 8)
    in_volume = _label_volume(runs, connectivity, in_slice)
    length = runs.length
    slice_lesions = int(in_slice.max(initial=-1)) + 1
    return Candidates(
        shape=shape,
        threshold_hu=float(threshold_hu),
        index=index,
        hu=values,
        slice_lesion=np.repeat(in_slice, length),
        lesion=np.repeat(in_volume, length),
        pixel_count=np.bincount(in_slice, weights=length, minlength=slice_lesions).astype(np.int64),
        peak_hu=_peaks(values, length, in_slice, slice_lesions),
        lesion_count=int(in_volume.max(initial=-1)) + 1,
    )


def _label_volume(runs: Runs, connectivity: int, in_slice: NDArray[np.int32]) -> NDArray[np.int32]:
    """Label 3-D lesions, building on the slice lesions where the connectivity contains them."""
    return label_runs(runs, connectivity, known=None if connectivity == 6 else in_slice)


def _dense_voxels(hu: _Values, threshold_hu: float) -> tuple[NDArray[np.int64], _Values]:
    """Return flat index and value of the finite voxels at or above a threshold, ascending."""
    from concurrent.futures import ThreadPoolExecutor  # not needed to score marked calcium

    n_z, n_y, n_x = hu.shape
    # An integer scan is compared with an integer: a float comparison would convert every voxel.
    is_integer = hu.dtype.kind == "i"
    limit = int(np.ceil(threshold_hu)) if is_integer else threshold_hu

    def collect(z: int) -> tuple[NDArray[np.int64], _Values]:
        slab = np.ascontiguousarray(hu[z : z + _SLAB_SLICES])
        dense = slab >= limit
        if not is_integer:
            dense &= slab < np.inf
        index: NDArray[np.int64] = np.flatnonzero(dense)
        values = slab.reshape(-1)[index]
        index += z * n_y * n_x
        return index, values

    with ThreadPoolExecutor(_THREADS) as pool:
        slabs = list(pool.map(collect, range(0, n_z, _SLAB_SLICES)))
    return np.concatenate([slab[0] for slab in slabs]), np.concatenate([slab[1] for slab in slabs])


def _peaks(
    values: _Values,
    length: NDArray[np.int64],
    label: NDArray[np.int32],
    count: int,
) -> _Values:
    """Return the maximum of each label, given the voxels and the labels of their runs."""
    if not count:
        return values[:0]
    run_peak = np.maximum.reduceat(values, np.cumsum(length) - length)
    lowest = values.min()
    peak = np.full(count, lowest, dtype=values.dtype)
    np.maximum.at(peak, label, run_peak)
    return peak
