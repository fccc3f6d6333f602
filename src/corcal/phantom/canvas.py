"""A plane in the making, and the coarse fields that it is painted from."""

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.shapes import FloatArray, Grid, coverage

__all__ = ["Canvas", "FieldPlane", "Sampler", "tiled"]


class Canvas:
    """One plane in the making."""

    def __init__(self, shape: tuple[int, int], cell_mm: float) -> None:
        self.hu = np.full(shape, -1000.0, np.float32)
        self.cell_mm = cell_mm

    def over(self, distance: FloatArray, value: FloatArray | float) -> None:
        """Fill the inside of a surface with a value."""
        part = coverage(distance, self.cell_mm)
        self.hu += part * (np.asarray(value, np.float32) - self.hu)

    def cover(self, part_255: NDArray[np.generic], value: float) -> None:
        """Fill cells by their covered part, of 255."""
        part = part_255.astype(np.float32) * np.float32(1 / 255.0)
        self.hu += part * (np.float32(value) - self.hu)


class FieldPlane(dict[str, FloatArray]):
    """Fields of one plane, interpolated when first asked for."""

    def __init__(self, sampler: "Sampler", index: int) -> None:
        super().__init__()
        self._sampler, self._index = sampler, index

    def __missing__(self, name: str) -> FloatArray:
        self[name] = self._sampler.field(name, self._index)
        return self[name]


class Sampler:
    """Linear interpolation of coarse fields at the cells of a fine grid, a plane at a time."""

    def __init__(self, coarse: Grid, fine: Grid, fields: dict[str, FloatArray]) -> None:
        self.coarse = coarse
        self.x, self.y, self.z = (fine.axis(name) for name in "xyz")
        self._fields = fields
        step = np.float32(coarse.spacing_mm[0])
        self._z, self._y, self._x = (
            (fine.axis(name) - coarse.origin_mm["xyz".index(name)]) / step for name in "zyx"
        )

    def at(self, index: int) -> FieldPlane:
        """Give the fields of one plane of the fine grid."""
        return FieldPlane(self, index)

    def field(self, name: str, index: int) -> FloatArray:
        """Interpolate one field at one plane: (n_y, n_x)."""
        field = self._fields[name]
        k = int(self._z[index])
        t = np.float32(self._z[index] - k)
        plane = field[k] + t * (field[k + 1] - field[k])
        return _along(_along(plane, self._y, 0), self._x, 1)


def _along(plane: FloatArray, at: FloatArray, axis: int) -> FloatArray:
    low = at.astype(np.intp)
    t = (at - low).astype(np.float32)
    t = t[:, None] if axis == 0 else t[None, :]
    first = np.take(plane, low, axis=axis)
    return np.asarray(first + t * (np.take(plane, low + 1, axis=axis) - first))


def tiled(tile: FloatArray, index: int, shape: tuple[int, ...]) -> FloatArray:
    """Plane `index` of an endless texture."""
    plane = tile[index % tile.shape[0]]
    repeats = [-(-n // m) for n, m in zip(shape, plane.shape, strict=True)]
    return np.tile(plane, repeats)[: shape[0], : shape[1]]
