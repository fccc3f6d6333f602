"""Voxels of a result as a file: small, the same bytes for the same voxels, and no program in it."""

import io
import zipfile
from typing import BinaryIO

import numpy as np

from corcal.errors import GeometryError, StoreError
from corcal.lesions.voxels import SiteVoxels

__all__ = ["read_voxel_file", "voxel_file"]


def voxel_file(voxels: SiteVoxels) -> BinaryIO:
    """Write voxels as NumPy's ``npz``: shape, gaps between indices, sites; little-endian.

    Neighbouring indices differ by 1, so their gaps compress to almost nothing.
    """
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        shape=np.asarray(voxels.shape, dtype="<i8"),
        gaps=np.diff(voxels.index, prepend=0).astype("<i8"),
        site=voxels.site.astype("u1"),
    )
    stream.seek(0)
    return stream


def read_voxel_file(content: bytes) -> SiteVoxels:
    """Read voxels back.

    Raises
    ------
    StoreError
        If the file is none of ours.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            z, y, x = (int(n) for n in arrays["shape"])
            return SiteVoxels(
                shape=(z, y, x),
                index=np.cumsum(arrays["gaps"], dtype=np.int64),
                site=arrays["site"].astype(np.uint8),
            )
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, GeometryError) as exc:
        msg = "the voxels of the result cannot be read: the file is none of corcal's"
        raise StoreError(msg) from exc
