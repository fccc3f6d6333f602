"""Whether an anatomy can be that of a person, and whether the scan holds all of the heart.

The limits are our own and wide: they are meant to catch a network that failed, not a patient who
is ill. Chambers include their walls, so the left ventricle's volume is that of its cavity and its
muscle. For scale: on cardiac MRI, muscle (about 95 mL) and cavity (about 145 mL) of a normal left
ventricle are 240 mL together, and its cavity alone can reach 400 mL in dilated hearts (reference
ranges: Kawel-Boehm et al. 2020, doi:10.1186/s12968-020-00683-3).
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.resample import Grid, covered_cells
from corcal.anatomy.types import Anatomy, Structure
from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding, Severity

__all__ = [
    "ALL_CHAMBERS_ML",
    "CHAMBERS",
    "LIMITS_ML",
    "cut_findings",
    "plausibility_findings",
    "volumes_ml",
]

CHAMBERS = (
    Structure.LEFT_VENTRICLE,
    Structure.RIGHT_VENTRICLE,
    Structure.LEFT_ATRIUM,
    Structure.RIGHT_ATRIUM,
)
LIMITS_ML: dict[Structure, tuple[float, float]] = {
    Structure.LEFT_VENTRICLE: (70.0, 700.0),
    Structure.RIGHT_VENTRICLE: (50.0, 500.0),
    Structure.LEFT_ATRIUM: (20.0, 450.0),
    Structure.RIGHT_ATRIUM: (20.0, 450.0),
    Structure.AORTIC_ROOT: (3.0, 150.0),
}
ALL_CHAMBERS_ML = (250.0, 1800.0)
LEAST_CUT_MM2 = 400.0  # of chambers at the edge of the scan: a heart that only touches it is whole
SMALL_CUT_MM = 8.0  # two cells of the anatomy: no more than the surface of a heart is uncertain by

# Sides of the scan: axis, whether its upper end, and in words.
_SIDES = (
    (0, False, "below"),
    (0, True, "above"),
    (1, False, "in front"),
    (1, True, "behind"),
    (2, False, "at the patient's right"),
    (2, True, "at the patient's left"),
)
# What lies further along an axis (z up, y back, x left) than what, by their centres of mass.
_LV, _RV, _LA, _RA = CHAMBERS
_ORDER = (
    (2, _RA, _LV, "the left ventricle is not left of the right atrium"),
    (1, _RV, _LA, "the right ventricle is not in front of the left atrium"),
    (1, Structure.AORTIC_ROOT, Structure.DESCENDING_AORTA, "the aorta does not descend behind"),
    (0, _LV, Structure.ASCENDING_AORTA, "the aorta does not ascend above the left ventricle"),
)


def volumes_ml(anatomy: Anatomy) -> dict[Structure, float]:
    """Volume of each structure in mL, by the most probable structure of each cell."""
    cell_ml = float(np.prod(anatomy.spacing_mm)) / 1000.0
    counts = np.bincount(anatomy.labels.ravel(), minlength=len(Structure))
    return {structure: float(counts[structure]) * cell_ml for structure in Structure}


def cut_findings(anatomy: Anatomy, scan: CTScan) -> tuple[Finding, ...]:
    """Find the sides at which the scan cuts the heart.

    Parameters
    ----------
    anatomy : Anatomy
        Its chambers, on isotropic cells.
    scan : CTScan
        Where it ends.

    Returns
    -------
    tuple of Finding
        None, or one ``HEART_CUT`` that names each side with the area of the cut and about how
        many millimetres are missing: those of the cap that such a cut takes off a ball of the
        heart's width. Caps of less than `SMALL_CUT_MM` are told for information only.
    """
    parts, most_mm = [], 0.0
    for words, areas_mm2, goes_on in _faces(anatomy, scan):
        if areas_mm2[0] >= LEAST_CUT_MM2 and not goes_on:
            missing_mm = _missing_mm(areas_mm2)
            size = f"over {areas_mm2[0] / 100:.0f} cm2, about {missing_mm:.0f} mm missing"
            parts.append(f"{words} ({size})")
            most_mm = max(most_mm, missing_mm)
    if not parts:
        return ()
    severity = Severity.INFO if most_mm < SMALL_CUT_MM else None
    return (finding("HEART_CUT", f"the scan cuts the heart {', '.join(parts)}", severity),)


def plausibility_findings(anatomy: Anatomy, scan: CTScan, *, is_whole: bool) -> tuple[Finding, ...]:
    """Find what cannot be right about sizes and places.

    Parameters
    ----------
    anatomy : Anatomy
        Its structures, on isotropic cells.
    scan : CTScan
        Whether it goes on where the anatomy's grid ends.
    is_whole : bool
        Whether the scan holds the whole heart; if not, nothing can be too small.

    Returns
    -------
    tuple of Finding
        None, or one ``ANATOMY_IMPLAUSIBLE`` with all that was found.
    """
    wrong = [*_sizes(volumes_ml(anatomy), is_whole), *_places(anatomy)]
    wrong += [
        f"the heart goes on {words} where it was not looked for"
        for words, areas_mm2, goes_on in _faces(anatomy, scan)
        if areas_mm2[0] >= LEAST_CUT_MM2 and goes_on
    ]
    if not wrong:
        return ()
    return (finding("ANATOMY_IMPLAUSIBLE", f"the anatomy is implausible: {'; '.join(wrong)}"),)


def _faces(anatomy: Anatomy, scan: CTScan) -> Iterator[tuple[str, NDArray[np.float64], bool]]:
    """Yield each side in words, areas of sections from there on, whether the scan goes on."""
    cell_mm = anatomy.spacing_mm[0]
    grid = Grid(origin_mm=anatomy.origin_mm, cell_mm=cell_mm, shape=anatomy.shape)
    inside = covered_cells(scan, grid)
    n_z, n_y, n_x = (size + 2 for size in anatomy.shape)
    beyond = covered_cells(scan, grid.box((-1, -1, -1), (n_z, n_y, n_x)))
    cells = np.isin(anatomy.labels, CHAMBERS)[inside]
    if 0 in cells.shape:
        return
    for axis, is_upper, words in _SIDES:
        others = tuple(a for a in range(3) if a != axis)
        areas = cells.sum(axis=others) * cell_mm**2
        ends = beyond[axis]
        goes_on = ends.stop == anatomy.shape[axis] + 2 if is_upper else ends.start == 0
        yield words, areas[::-1] if is_upper else areas, goes_on


def _missing_mm(areas_mm2: NDArray[np.floating]) -> float:
    """Height of the cap that was cut off, from the areas of sections, the cut one first."""
    radius = float(np.sqrt(areas_mm2.max() / np.pi))
    if areas_mm2.argmax() == 0:
        return radius  # it is still widening at the cut: half of it or more is missing
    return radius - float(np.sqrt(max(0.0, radius**2 - areas_mm2[0] / np.pi)))


def _sizes(volume_ml: Mapping[Structure, float], is_whole: bool) -> list[str]:
    rows = [(_name(one), volume_ml[one], limits) for one, limits in LIMITS_ML.items()]
    rows.append(("heart", sum(volume_ml[one] for one in CHAMBERS), ALL_CHAMBERS_ML))
    return [
        f"{name} of {volume:.0f} mL (allowed {low:g} to {high:g})"
        for name, volume, (low, high) in rows
        if volume > high or (is_whole and volume < low)
    ]


def _places(anatomy: Anatomy) -> list[str]:
    labels = anatomy.labels
    wrong = []
    for axis, first, second, words in _ORDER:
        before, after = (_centre(labels == one, axis) for one in (first, second))
        if before is not None and after is not None and before >= after:
            wrong.append(words)
    return wrong


def _centre(mask: NDArray[np.bool_], axis: int) -> float | None:
    """Centre of mass along an axis in cells; ``None`` of nothing."""
    profile = mask.sum(axis=tuple(a for a in range(3) if a != axis))
    total = int(profile.sum())
    return float(profile @ np.arange(profile.size)) / total if total else None


def _name(structure: Structure) -> str:
    return structure.name.lower().replace("_", " ")
