"""The true anatomy of a simulated patient, in the form in which an anatomy source gives it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import (
    PATHWAY_SIGMA_MM,
    PATHWAYS,
    Anatomy,
    ModelRecord,
    Structure,
)
from corcal.ct.scan import CTScan
from corcal.phantom.course import Course
from corcal.phantom.heart import Heart
from corcal.phantom.patient import PatientSpec
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import FloatArray, Grid

__all__ = ["pathway_heights", "structure_labels", "true_anatomy"]

_CELL_MM, _CELLS = 4.0, 48
_CHAMBERS = {
    "lv": Structure.LEFT_VENTRICLE,
    "rv": Structure.RIGHT_VENTRICLE,
    "la": Structure.LEFT_ATRIUM,
    "ra": Structure.RIGHT_ATRIUM,
}
# Vessels that are none of the structures are background, also where they touch the heart.
_VESSELS = {
    "aortic_root": Structure.AORTIC_ROOT,
    "ascending_aorta": Structure.ASCENDING_AORTA,
    "descending_aorta": Structure.DESCENDING_AORTA,
    "pulmonary_trunk": Structure.PULMONARY_ARTERY,
    "right_pulmonary_artery": Structure.PULMONARY_ARTERY,
    "left_pulmonary_artery": Structure.PULMONARY_ARTERY,
    "right_anterior_trunk": Structure.PULMONARY_ARTERY,
}
_PULMONARY_REACH_MM = 15.0  # outside the pericardium; further out the arteries are the lung's
_GAP_MM = np.float32(2.0)  # what a vessel has ahead of a chamber that it touches


def structure_labels(heart: Heart) -> NDArray[np.uint8]:
    """Label each cell of the heart's grid by the structure that it lies deepest in.

    Parameters
    ----------
    heart : Heart
        Signed distances on its grid.

    Returns
    -------
    uint8 ndarray of shape (n_z, n_y, n_x)
        `Structure` codes. The front half of the aortic arch is ascending, the back half
        descending aorta; cardiac tissue between the chambers belongs to the nearest of them.
    """
    best = np.full(heart.grid.shape, np.inf, np.float32)
    labels = np.zeros(heart.grid.shape, np.uint8)
    fields = [(heart.chambers[name], code) for name, code in _CHAMBERS.items()]
    fields += [(d - _GAP_MM, _VESSELS.get(n, Structure.BACKGROUND)) for n, d in _named(heart)]
    fields += _arch_halves(heart)
    for distance, code in fields:
        nearer = distance < best
        best[nearer] = distance[nearer]
        labels[nearer] = code
    labels[(labels == Structure.PULMONARY_ARTERY) & (heart.sac > _PULMONARY_REACH_MM)] = 0
    outside = heart.solid > 0
    for distance, code in fields[len(_CHAMBERS) :]:
        if code is Structure.BACKGROUND:
            continue
        outside &= distance + _GAP_MM > 0
    labels[outside] = Structure.BACKGROUND
    labels[outside & (heart.sac < 0)] = Structure.EPICARDIAL_FAT
    return labels


def pathway_heights(
    courses: Mapping[str, Course], cells_mm: FloatArray, *, sigma_mm: float = PATHWAY_SIGMA_MM
) -> NDArray[np.float32]:
    """Give the height of each pathway at points: ``exp(-d^2 / (2 sigma^2))`` of its distance.

    Parameters
    ----------
    courses : dict of Course
        ``Thorax.courses``.
    cells_mm : float32 ndarray of shape (..., 3)
        Points ``(x, y, z)`` in the patient's own frame.
    sigma_mm : float
        Width.

    Returns
    -------
    float32 ndarray of shape (6, ...)
        In the order of `Pathway`; below ``exp(-8)`` it is 0.
    """
    from scipy.spatial import cKDTree  # heavy import, needed only to simulate

    flat = cells_mm.reshape(-1, 3)
    out = np.zeros((len(PATHWAYS), len(flat)), np.float32)
    for pathway in PATHWAYS:
        curves = [c.points_mm for c in courses.values() if c.site.name == pathway.name]
        if not curves:
            continue
        points = np.concatenate(curves)
        low, high = points.min(axis=0) - 4 * sigma_mm, points.max(axis=0) + 4 * sigma_mm
        near = np.flatnonzero(((flat > low) & (flat < high)).all(axis=1))
        away, _ = cKDTree(points).query(flat[near], distance_upper_bound=4 * sigma_mm)
        out[pathway, near] = np.exp(-0.5 * (np.asarray(away) / sigma_mm) ** 2)
    return out.reshape(len(PATHWAYS), *cells_mm.shape[:-1])


def true_anatomy(spec: PatientSpec, scan: CTScan) -> Anatomy:
    """Give the exact anatomy of a simulated scan.

    Parameters
    ----------
    spec : PatientSpec
        Whom `corcal.phantom.thorax.simulate_patient` simulated.
    scan : CTScan
        The scan that came out.

    Returns
    -------
    Anatomy
        On 48 x 48 x 48 cells of 4 mm around the heart; each cell has one certain structure.
    """
    first = np.asarray(scan.affine_lps[:3, 3] - np.array(spec.table_mm), np.float64)
    probe = Thorax(spec, _box(np.array([18.0, 5.0, 0.0]) * spec.body_scale), only_courses=True)
    thorax = Thorax(spec, _box(_middle(probe.heart)), only_courses=True)
    grid = _box(_middle(probe.heart))
    labels = _nearest(structure_labels(thorax.heart), thorax.heart.grid, grid)
    structures = (labels == np.arange(len(Structure))[:, None, None, None]).astype(np.float32)
    x, y, z = np.array(grid.origin_mm) - first
    return Anatomy(
        structures=structures,
        pathways=pathway_heights(thorax.courses, grid.points()),
        origin_mm=(float(z), float(y), float(x)),
        spacing_mm=grid.spacing_mm,
        model=ModelRecord(name="truth", version="1", sha256=None, trusted=True),
    )


def _named(heart: Heart) -> list[tuple[str, FloatArray]]:
    return [(name, d) for name, d in heart.vessels.items() if name != "aortic_arch"]


def _arch_halves(heart: Heart) -> list[tuple[FloatArray, Structure]]:
    """Split the arch where it is as far from the ascending as from the descending aorta."""
    arch = heart.vessels["aortic_arch"]
    front = heart.vessels["ascending_aorta"] <= heart.vessels["descending_aorta"]
    far = np.float32(np.inf)
    return [
        (np.where(front, arch, far) - _GAP_MM, Structure.ASCENDING_AORTA),
        (np.where(front, far, arch) - _GAP_MM, Structure.DESCENDING_AORTA),
    ]


def _middle(heart: Heart) -> NDArray[np.float64]:
    """Middle of the pericardium's extent, (x, y, z)."""
    inside = heart.sac < 0
    middle = []
    for axis, name in ((2, "x"), (1, "y"), (0, "z")):
        others = tuple(a for a in range(3) if a != axis)
        where = heart.grid.axis(name)[inside.any(axis=others)]
        middle.append(0.5 * float(where[0] + where[-1]))
    return np.array(middle)


def _box(centre_mm: NDArray[np.float64]) -> Grid:
    x, y, z = centre_mm - 0.5 * _CELL_MM * (_CELLS - 1)
    return Grid(
        origin_mm=(float(x), float(y), float(z)),
        spacing_mm=(_CELL_MM,) * 3,
        shape=(_CELLS,) * 3,
    )


def _nearest(values: NDArray[np.uint8], source: Grid, target: Grid) -> NDArray[np.uint8]:
    index = []
    for axis, name in enumerate("zyx"):
        start = source.origin_mm["xyz".index(name)]
        at = np.rint((target.axis(name) - start) / source.spacing_mm[axis]).astype(np.intp)
        index.append(np.clip(at, 0, values.shape[axis] - 1))
    return np.asarray(values[np.ix_(*index)])
