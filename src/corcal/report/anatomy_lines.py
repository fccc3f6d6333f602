"""The anatomy of a scan as lines over a CT: quiet outlines, and a soft line for each artery."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import Anatomy, Pathway, Structure
from corcal.lesions.sites import Site
from corcal.report.colours import SITE_COLOURS, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "AORTA_COLOUR",
    "ARTERY_PATHWAYS",
    "HEART",
    "LEFT_HEART_COLOUR",
    "PERICARDIUM_COLOUR",
    "PULMONARY_COLOUR",
    "RIGHT_HEART_COLOUR",
    "StructureName",
    "draw_outlines",
    "draw_pathways",
    "structure_names",
]

# Less saturated than any artery's colour: they frame the picture, they do not make it.
LEFT_HEART_COLOUR, RIGHT_HEART_COLOUR = "#C98F8F", "#8497C4"
AORTA_COLOUR, PULMONARY_COLOUR, PERICARDIUM_COLOUR = "#BFA58A", "#7FA99B", "#A3ACB9"
HEART = (
    Structure.LEFT_VENTRICLE,
    Structure.RIGHT_VENTRICLE,
    Structure.LEFT_ATRIUM,
    Structure.RIGHT_ATRIUM,
    Structure.AORTIC_ROOT,
    Structure.EPICARDIAL_FAT,
)
ARTERY_PATHWAYS = MappingProxyType(
    {
        Pathway.LM: Site.LM,
        Pathway.LAD: Site.LAD,
        Pathway.LCX: Site.LCX,
        Pathway.RCA: Site.RCA,
    }
)
_OUTLINES: tuple[tuple[tuple[Structure, ...], str, str], ...] = (
    (HEART, PERICARDIUM_COLOUR, "dotted"),  # what lies in the sac: its edge is the pericardium
    ((Structure.LEFT_VENTRICLE,), LEFT_HEART_COLOUR, "solid"),
    ((Structure.LEFT_ATRIUM,), LEFT_HEART_COLOUR, "solid"),
    ((Structure.RIGHT_VENTRICLE,), RIGHT_HEART_COLOUR, "solid"),
    ((Structure.RIGHT_ATRIUM,), RIGHT_HEART_COLOUR, "solid"),
    ((Structure.PULMONARY_ARTERY,), PULMONARY_COLOUR, "solid"),
    ((Structure.AORTIC_ROOT, Structure.ASCENDING_AORTA), AORTA_COLOUR, "solid"),
    ((Structure.DESCENDING_AORTA,), AORTA_COLOUR, "solid"),
)
_NAMES: tuple[tuple[str, tuple[Structure, ...], str], ...] = (
    ("LV", (Structure.LEFT_VENTRICLE,), LEFT_HEART_COLOUR),
    ("LA", (Structure.LEFT_ATRIUM,), LEFT_HEART_COLOUR),
    ("RV", (Structure.RIGHT_VENTRICLE,), RIGHT_HEART_COLOUR),
    ("RA", (Structure.RIGHT_ATRIUM,), RIGHT_HEART_COLOUR),
    ("PA", (Structure.PULMONARY_ARTERY,), PULMONARY_COLOUR),
    ("Ao", (Structure.AORTIC_ROOT, Structure.ASCENDING_AORTA), AORTA_COLOUR),
    ("Ao", (Structure.DESCENDING_AORTA,), AORTA_COLOUR),
)
_FINE_MM = 1.0
_NAMED_MM2 = 250.0  # a smaller cut through a structure bears no name
_NAME_DEPTH_MM = 8.0  # from the edge of the structure to its name, where the middle is taken
_NAME_GRID_MM = 8.0  # between the places that are tried
_GLOW = 0.45  # opacity of an artery's line where its source is certain
_FAINTEST = 0.08
_LINE = 1.5


def draw_outlines(axes: "Axes", anatomy: Anatomy, *, axis: int, at_mm: float) -> None:
    """Outline the chambers, vessels and the pericardium in a plane.

    Parameters
    ----------
    axes : Axes
        In mm from the centre of the scan's first voxel, like the anatomy.
    anatomy : Anatomy
        What to draw.
    axis : 0, 1 or 2
        Which axis the plane is normal to: axial, coronal, sagittal.
    at_mm : float
        Where on that axis.
    """
    for structures, colour, style in _OUTLINES:
        values = _plane(_sum(anatomy, structures), anatomy, axis, at_mm)
        if not values.max() > 0.5 > values.min():
            continue
        rows, columns, fine = _refined(values, anatomy, axis, smooth=0.6)
        if fine.max() > 0.5 > fine.min():
            axes.contour(
                columns,
                rows,
                fine,
                levels=[0.5],
                colors=colour,
                linewidths=_LINE,
                linestyles=style,
            )


def draw_pathways(axes: "Axes", anatomy: Anatomy, *, axis: int, at_mm: float | None) -> None:
    """Draw where each artery runs: a soft line, the fainter the less certain the source is.

    Parameters
    ----------
    axes : Axes
        In mm from the centre of the scan's first voxel, like the anatomy.
    anatomy : Anatomy
        What to draw; nothing if it does not know the arteries.
    axis : 0, 1 or 2
        Which axis the plane is normal to.
    at_mm : float or None
        Where on that axis; ``None`` for the whole course, seen through.
    """
    if anatomy.pathways is None:
        return
    for pathway, site in ARTERY_PATHWAYS.items():
        height = anatomy.pathways[pathway]
        values = height.max(axis=axis) if at_mm is None else _plane(height, anatomy, axis, at_mm)
        if values.max(initial=0.0) < _FAINTEST:
            continue
        rows, columns, fine = _refined(values, anatomy, axis)
        glow = np.empty((*fine.shape, 4))
        glow[..., :3] = [c / 255 for c in rgb(SITE_COLOURS[site])]
        # the square of the height is a line two thirds as wide
        glow[..., 3] = _GLOW * np.clip(fine, 0.0, 1.0) ** 2
        half = _FINE_MM / 2
        axes.imshow(
            glow,
            extent=(columns[0] - half, columns[-1] + half, rows[-1] + half, rows[0] - half),
            interpolation="bilinear",
            aspect="auto",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureName:
    """The name of a structure in an axial plane.

    Attributes
    ----------
    text, colour : str
        What is written, and in which colour.
    places : tuple of (x, y)
        Where in mm it lies within the structure, the best place first.
    """

    text: str
    colour: str
    places: tuple[tuple[float, float], ...]


def structure_names(anatomy: Anatomy, *, at_mm: float) -> list[StructureName]:
    """List what an axial plane cuts; what is cut to less than 2.5 cm² is left out."""
    # scipy.ndimage takes a quarter of a second to import: only for those who draw
    from scipy.ndimage import distance_transform_edt

    _, dy, dx = anatomy.spacing_mm
    names = []
    for text, structures, colour in _NAMES:
        inside = _plane(_sum(anatomy, structures), anatomy, 0, at_mm) > 0.5
        if inside.sum() * dy * dx < _NAMED_MM2:
            continue
        depth = distance_transform_edt(np.pad(inside, 1), sampling=(dy, dx))[1:-1, 1:-1]
        cells = [np.argwhere(depth > 0.8 * depth.max()).mean(axis=0)]
        inner = np.argwhere(depth >= min(_NAME_DEPTH_MM, depth.max()))
        order = np.argsort(-depth[tuple(inner.T)], kind="stable")
        cells += [
            cell for cell in inner[order] if (cell * (dy, dx) % _NAME_GRID_MM < (dy, dx)).all()
        ]
        places = (
            (float(anatomy.origin_mm[2] + x * dx), float(anatomy.origin_mm[1] + y * dy))
            for y, x in cells
        )
        names.append(StructureName(text=text, colour=colour, places=tuple(places)))
    return names


def _sum(anatomy: Anatomy, structures: tuple[Structure, ...]) -> NDArray[np.float32]:
    return np.asarray(anatomy.structures[list(structures)].sum(axis=0))


def _plane(
    values: NDArray[np.float32], anatomy: Anatomy, axis: int, at_mm: float
) -> NDArray[np.float32]:
    """Interpolate a plane of the grid; zero outside."""
    at = (at_mm - anatomy.origin_mm[axis]) / anatomy.spacing_mm[axis]
    n = values.shape[axis]
    if not -0.5 <= at <= n - 0.5:
        return np.zeros_like(values.take(0, axis=axis))
    at = min(max(at, 0.0), n - 1.0)
    low = min(int(at), max(n - 2, 0))
    part = np.float32(at - low)
    first, second = values.take(low, axis=axis), values.take(min(low + 1, n - 1), axis=axis)
    return np.asarray((1 - part) * first + part * second)


def _refined(
    values: NDArray[np.float32], anatomy: Anatomy, axis: int, *, smooth: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Sample a plane finely enough for smooth lines: rows and columns in mm, and the values.

    `smooth` is the standard deviation, in cells, of a blur that takes the corners off labels.
    """
    from scipy.ndimage import gaussian_filter, map_coordinates

    first, second = (k for k in range(3) if k != axis)
    soft = gaussian_filter(np.asarray(values, np.float64), smooth, mode="nearest")
    axes_mm = []
    for n, k in zip(values.shape, (first, second), strict=True):
        length = (n - 1) * anatomy.spacing_mm[k]
        axes_mm.append(np.linspace(0.0, length, max(2, round(length / _FINE_MM) + 1)))
    index = np.meshgrid(
        axes_mm[0] / anatomy.spacing_mm[first],
        axes_mm[1] / anatomy.spacing_mm[second],
        indexing="ij",
    )
    fine = map_coordinates(soft, index, order=3, mode="nearest")
    rows, columns = axes_mm[0] + anatomy.origin_mm[first], axes_mm[1] + anatomy.origin_mm[second]
    return rows, columns, np.asarray(fine)
