"""Reference lesions against automatic ones, voxel by voxel, at the resolution of the scan.

Both sides are measured by the same rule. What counts is scoring voxels: those of the slice lesions
that the rule counts. A reference lesion is found if one of its scoring voxels is a scoring voxel of
any coronary artery on the automatic side; an automatic coronary lesion is false if none of its
scoring voxels is one of the reference's. Which artery it was given is a question of its own.

The weight of a voxel is its part of the Agatston score: the score of its slice lesion over the
pixels of it. A reference voxel weighs what it weighs in the reference, so that each row of the
table adds up to the reference score of that artery; a false voxel weighs what it weighs in the
automatic score.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import GeometryError
from corcal.lesions.components import label_volume
from corcal.lesions.sites import CORONARY_SITES
from corcal.lesions.voxels import SiteVoxels
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.rules import DEFAULT_RULE, RULES, ScoringRule

__all__ = [
    "COLUMNS",
    "ROWS",
    "SIZE_CLASSES",
    "Confusion",
    "FalseLesion",
    "LesionMatch",
    "ReferenceLesion",
    "SizeClass",
    "coronary_scores",
    "match_lesions",
    "size_class_of",
]

_ARTERIES = tuple(site.label for site in CORONARY_SITES)
ROWS = (*_ARTERIES, "false")  # the reference's artery; no reference calcium there
COLUMNS = (*_ARTERIES, "elsewhere", "missed")  # the automatic artery; another site; nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeClass:
    """Lesions above `low` up to `high` Agatston; no upper end if `high` is ``None``."""

    label: str
    low: float
    high: float | None


SIZE_CLASSES = (
    SizeClass(label="up to 1", low=0.0, high=1.0),
    SizeClass(label="1 to 2", low=1.0, high=2.0),
    SizeClass(label="2 to 5", low=2.0, high=5.0),
    SizeClass(label="5 to 10", low=5.0, high=10.0),
    SizeClass(label="10 to 30", low=10.0, high=30.0),
    SizeClass(label="above 30", low=30.0, high=None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLesion:
    """A 3-D connected lesion of one artery of the reference.

    Attributes
    ----------
    site : str
        Its artery.
    agatston : float
        Its part of the reference score.
    centroid_mm : (x, y, z)
        Mean of its scoring voxels in the patient, LPS.
    found_fraction : float
        Part of its scoring voxels that the automatic score counts as coronary; 0 if missed.
    automatic_site : str or None
        The artery that most of these were given, by weight; ``None`` if missed.
    """

    site: str
    agatston: float
    centroid_mm: tuple[float, float, float]
    found_fraction: float
    automatic_site: str | None

    @property
    def is_found(self) -> bool:
        """Whether any scoring voxel of it is counted."""
        return self.automatic_site is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseLesion:
    """A 3-D connected automatic lesion where the reference counts nothing."""

    site: str
    agatston: float
    centroid_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Reference artery by automatic artery.

    Attributes
    ----------
    rows, columns : tuple of str
        `ROWS` and `COLUMNS`.
    voxels : tuple of tuple of int
        Scoring voxels.
    agatston : tuple of tuple of float
        Their weight.
    """

    rows: tuple[str, ...] = ROWS
    columns: tuple[str, ...] = COLUMNS
    voxels: tuple[tuple[int, ...], ...]
    agatston: tuple[tuple[float, ...], ...]

    @property
    def reference_agatston(self) -> float:
        """Score of the reference."""
        return sum(sum(row) for row in self.agatston[: len(_ARTERIES)])

    @property
    def found_agatston(self) -> float:
        """Reference score that the automatic score counts as coronary, in whichever artery."""
        return sum(sum(row[: len(_ARTERIES)]) for row in self.agatston[: len(_ARTERIES)])

    @property
    def right_artery_agatston(self) -> float:
        """Reference score that was given its artery."""
        return sum(self.agatston[place][place] for place in range(len(_ARTERIES)))

    @property
    def false_agatston(self) -> float:
        """Automatic score of voxels that the reference does not count."""
        return sum(self.agatston[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionMatch:
    """The lesions of one scan, matched.

    Attributes
    ----------
    reference : tuple of ReferenceLesion
        In descending Agatston score.
    false : tuple of FalseLesion
        Likewise.
    confusion : Confusion
        Of the voxels of all of them.
    """

    reference: tuple[ReferenceLesion, ...]
    false: tuple[FalseLesion, ...]
    confusion: Confusion


def size_class_of(agatston: float) -> SizeClass:
    """Return the class of a lesion of this score, above 0."""
    return next(one for one in SIZE_CLASSES if one.high is None or agatston <= one.high)


def match_lesions(
    scan: CTScan,
    reference: SiteVoxels,
    automatic: SiteVoxels,
    *,
    rule: ScoringRule = RULES[DEFAULT_RULE],
) -> LesionMatch:
    """Match the coronary lesions of two readings of one scan.

    Parameters
    ----------
    scan : CTScan
        The scan, never resampled.
    reference, automatic : SiteVoxels
        Where each says the calcium of each site is, at this scan's voxels.
    rule : ScoringRule
        What counts, on both sides.

    Returns
    -------
    LesionMatch
        With no lesion if neither counts any.

    Raises
    ------
    GeometryError
        If one of them is of a scan of another shape.
    """
    true, found = _counted(scan, reference, rule), _counted(scan, automatic, rule)
    elsewhere = automatic.index[~np.isin(automatic.site, CORONARY_SITES)]
    column = _columns_of(true, found, elsewhere)
    row_of_false = ~np.isin(found.index, true.index)
    return LesionMatch(
        reference=_reference_lesions(scan, true, column),
        false=_false_lesions(scan, found, row_of_false),
        confusion=_confusion(true, column, found, row_of_false),
    )


def coronary_scores(
    scan: CTScan, voxels: SiteVoxels, *, rule: ScoringRule
) -> tuple[float, dict[str, float]]:
    """Agatston score of the four arteries together, and of each by label."""
    _require_same_shape(scan, voxels)
    values = scan.hu[np.unravel_index(voxels.index, scan.shape)]
    lesions = find_slice_lesions(values, voxels, rule=rule, spacing_mm=scan.spacing_mm)
    vessels = {site.label: lesions.agatston((site,)) for site in CORONARY_SITES}
    return lesions.agatston(CORONARY_SITES), vessels


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """The coronary scoring voxels of one reading.

    Attributes
    ----------
    index : int64 ndarray of shape (n,)
        Flat index into the scan, ascending.
    artery : int64 ndarray of shape (n,)
        Position in `CORONARY_SITES`.
    weight : float64 ndarray of shape (n,)
        Part of the Agatston score.
    lesion : int32 ndarray of shape (n,)
        Zero-based 3-D lesion.
    """

    index: NDArray[np.int64]
    artery: NDArray[np.int64]
    weight: NDArray[np.float64]
    lesion: NDArray[np.int32]

    @property
    def lesion_count(self) -> int:
        return int(self.lesion.max(initial=-1)) + 1


def _require_same_shape(scan: CTScan, voxels: SiteVoxels) -> None:
    if voxels.shape != scan.shape:
        msg = f"the voxels are of a scan of shape {voxels.shape}, this one has {scan.shape}"
        raise GeometryError(msg)


def _counted(scan: CTScan, voxels: SiteVoxels, rule: ScoringRule) -> _Counted:
    """Find the coronary voxels that count, and the lesions that they make."""
    _require_same_shape(scan, voxels)
    coronary = np.isin(voxels.site, CORONARY_SITES)
    arteries = SiteVoxels(
        shape=voxels.shape, index=voxels.index[coronary], site=voxels.site[coronary]
    )
    values = scan.hu[np.unravel_index(arteries.index, scan.shape)]
    found = find_slice_lesions(values, arteries, rule=rule, spacing_mm=scan.spacing_mm)
    index, site = arteries.index[found.voxel], arteries.site[found.voxel]
    return _Counted(
        index=index,
        artery=np.searchsorted(np.array(CORONARY_SITES), site),
        weight=np.asarray(
            found.density_factor[found.label] * found.agatston_per_pixel, dtype=np.float64
        ),
        lesion=label_volume(index, scan.shape, connectivity=26, group=site),
    )


def _columns_of(true: _Counted, found: _Counted, elsewhere: NDArray[np.int64]) -> NDArray[np.int64]:
    """Column of `COLUMNS` of each reference voxel."""
    column = np.full(true.index.size, COLUMNS.index("missed"))
    column[np.isin(true.index, elsewhere)] = COLUMNS.index("elsewhere")
    _, at_true, at_found = np.intersect1d(
        true.index, found.index, assume_unique=True, return_indices=True
    )
    column[at_true] = found.artery[at_found]
    return column


def _confusion(
    true: _Counted, column: NDArray[np.int64], found: _Counted, is_false: NDArray[np.bool_]
) -> Confusion:
    """Add up voxels and weights by row and column."""
    voxels = np.zeros((len(ROWS), len(COLUMNS)), dtype=np.int64)
    agatston = np.zeros(voxels.shape)
    false_row = np.full(np.count_nonzero(is_false), ROWS.index("false"))
    for row, col, weight in (
        (true.artery, column, true.weight),
        (false_row, found.artery[is_false], found.weight[is_false]),
    ):
        np.add.at(voxels, (row, col), 1)
        np.add.at(agatston, (row, col), weight)
    return Confusion(
        voxels=tuple(tuple(row) for row in voxels.tolist()),
        agatston=tuple(tuple(row) for row in agatston.tolist()),
    )


def _reference_lesions(
    scan: CTScan, true: _Counted, column: NDArray[np.int64]
) -> tuple[ReferenceLesion, ...]:
    """Make the records of the reference's lesions."""
    lesions = []
    for number in range(true.lesion_count):
        of_it = true.lesion == number
        weight = np.bincount(column[of_it], weights=true.weight[of_it], minlength=len(COLUMNS))
        by_artery = weight[: len(_ARTERIES)]
        found = column[of_it] < len(_ARTERIES)
        lesions.append(
            ReferenceLesion(
                site=_ARTERIES[true.artery[of_it][0]],
                agatston=float(true.weight[of_it].sum()),
                centroid_mm=_centroid_mm(scan, true.index[of_it]),
                found_fraction=float(found.mean()),
                automatic_site=_ARTERIES[int(by_artery.argmax())] if found.any() else None,
            )
        )
    return tuple(sorted(lesions, key=_largest_first))


def _false_lesions(
    scan: CTScan, found: _Counted, is_false: NDArray[np.bool_]
) -> tuple[FalseLesion, ...]:
    """Make the records of the automatic lesions that touch no reference calcium."""
    touching = np.bincount(found.lesion[~is_false], minlength=found.lesion_count)
    lesions = []
    for number in np.flatnonzero(touching == 0):
        of_it = found.lesion == number
        lesions.append(
            FalseLesion(
                site=_ARTERIES[found.artery[of_it][0]],
                agatston=float(found.weight[of_it].sum()),
                centroid_mm=_centroid_mm(scan, found.index[of_it]),
            )
        )
    return tuple(sorted(lesions, key=_largest_first))


def _largest_first(lesion: ReferenceLesion | FalseLesion) -> tuple[float, int]:
    """Order as in a result: by score, then by artery; the sort keeps the order of the voxels."""
    return -lesion.agatston, _ARTERIES.index(lesion.site)


def _centroid_mm(scan: CTScan, index: NDArray[np.int64]) -> tuple[float, float, float]:
    """Mean of voxel centres in the patient, LPS."""
    zyx = np.stack(np.unravel_index(index, scan.shape), axis=1)
    x, y, z = scan.to_patient_mm(zyx.mean(axis=0)[np.newaxis]).tolist()[0]
    return x, y, z
