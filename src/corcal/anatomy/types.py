"""Where the heart, the great vessels and the coronary arteries of a scan are: the types."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan, Finding
from corcal.errors import GeometryError
from corcal.models.record import ModelRecord

__all__ = [
    "PATHWAYS",
    "PATHWAY_SIGMA_MM",
    "Anatomy",
    "AnatomySource",
    "ModelRecord",
    "Pathway",
    "Structure",
]


class Structure(IntEnum):
    """A labelled structure; the number is its code in `Anatomy.labels`.

    Chambers include their walls: without contrast agent muscle and blood look alike.
    """

    BACKGROUND = 0
    LEFT_VENTRICLE = 1
    RIGHT_VENTRICLE = 2
    LEFT_ATRIUM = 3
    RIGHT_ATRIUM = 4
    AORTIC_ROOT = 5  # from the annulus to the sinotubular junction
    ASCENDING_AORTA = 6  # with the front half of the arch
    DESCENDING_AORTA = 7  # with the back half of the arch
    PULMONARY_ARTERY = 8  # trunk and main branches
    EPICARDIAL_FAT = 9  # what else lies inside the pericardium


class Pathway(IntEnum):
    """What runs along a line; the number is its index in `Anatomy.pathways`."""

    LM = 0
    LAD = 1  # with its diagonals
    LCX = 2  # with its marginals
    RCA = 3  # with the posterior descending artery, where it comes from it
    AORTIC_VALVE = 4
    MITRAL_ANNULUS = 5


PATHWAYS = tuple(Pathway)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """The heart and great vessels of one scan, on a grid of their own.

    The grid is aligned with the scan's axes. Its positions are mm along ``(z, y, x)`` from the
    centre of the scan's voxel ``[0, 0, 0]``: a voxel ``(k, j, i)`` of the scan lies at
    ``(k, j, i) * scan.spacing_mm``, whatever the patient's position was.

    Attributes
    ----------
    structures : float32 ndarray of shape (10, n_z, n_y, n_x)
        Probability of each `Structure`, summing to 1.
    pathways : float32 ndarray of shape (6, n_z, n_y, n_x) or None
        For each `Pathway` a height of 0 to 1 that falls with the distance from its line:
        ``exp(-d^2 / (2 s^2))`` with s = `PATHWAY_SIGMA_MM` where the source is certain. ``None``
        if the source does not know the arteries.
    origin_mm : (z, y, x)
        Centre of the grid's first cell.
    spacing_mm : (dz, dy, dx)
        Of the grid.
    model : ModelRecord
        Who says so.
    findings : tuple of Finding
        What is unusual: no heart found, heart cut by the field of view, implausible sizes.
    """

    structures: NDArray[np.float32]
    pathways: NDArray[np.float32] | None
    origin_mm: tuple[float, float, float]
    spacing_mm: tuple[float, float, float]
    model: ModelRecord
    findings: tuple[Finding, ...] = ()
    _labels: NDArray[np.uint8] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.structures.ndim != 4 or self.structures.shape[0] != len(Structure):
            msg = f"structures need shape ({len(Structure)}, z, y, x), got {self.structures.shape}"
            raise GeometryError(msg)
        wanted = (len(PATHWAYS), *self.structures.shape[1:])
        if self.pathways is not None and self.pathways.shape != wanted:
            msg = f"pathways need shape {wanted}, got {self.pathways.shape}"
            raise GeometryError(msg)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Cells of the grid along (z, y, x)."""
        _, n_z, n_y, n_x = self.structures.shape
        return n_z, n_y, n_x

    @property
    def labels(self) -> NDArray[np.uint8]:
        """Most probable `Structure` of each cell, uint8 of shape (n_z, n_y, n_x), read-only."""
        if self._labels is None:  # asked for by everything that looks at the heart
            labels = np.asarray(self.structures.argmax(axis=0), np.uint8)
            labels.setflags(write=False)
            object.__setattr__(self, "_labels", labels)
            return labels
        return self._labels


class AnatomySource(Protocol):
    """Anything that can say where the heart is."""

    def locate(self, scan: CTScan) -> Anatomy:
        """Find the anatomy of a scan.

        Raises
        ------
        corcal.errors.InputError
            If the source cannot work: model missing, hash unknown, software not installed.
        """
        ...


PATHWAY_SIGMA_MM = 5.0
