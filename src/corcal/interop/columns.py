"""What a column of a table is, and the columns of lesions and of scoring rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, Generic, TypeVar

from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.scoring.types import Lesion, RuleScore

__all__ = ["LESION_COLUMNS", "RULE_COLUMNS", "Cell", "Column", "Kind", "column_of"]

Cell = str | float | int | bool | Sequence[int] | None
T = TypeVar("T")


class Kind(StrEnum):
    """What the cells of a column are, when they are not empty."""

    TEXT = "text"
    NUMBER = "number"  # 64-bit floating point
    INTEGER = "integer"
    BOOLEAN = "boolean"  # in CSV: true or false
    INTEGERS = "integers"  # a list; in CSV joined by semicolons


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One column of a table: its name, what it holds, and where the value comes from.

    Attributes
    ----------
    name : str
        Header of the column; ends with the unit, if there is one.
    kind : Kind
        What its cells are.
    unit : str
        As a person writes it; ``"1"`` for pure numbers and scores, empty for text.
    description : str
        What a cell holds, one sentence.
    value : callable
        Takes the record that the row is about.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    value: Callable[[T], Cell]


def column_of(
    name: str,
    unit: str,
    description: str,
    path: str | None = None,
    *,
    kind: Kind | None = None,
) -> Column[Any]:
    """Give the column of a field of the record.

    Parameters
    ----------
    name, unit, description : str
        As of `Column`.
    path : str, optional
        Leads to the field, with dots, if it has another name.
    kind : Kind, optional
        By default a number if there is a unit, else text.
    """
    return Column(
        name=name,
        kind=kind or (Kind.NUMBER if unit else Kind.TEXT),
        unit=unit,
        description=description,
        value=attrgetter(path or name),
    )


def _centroid(axis: int, where: str) -> Column[Lesion]:
    def value(lesion: Lesion) -> Cell:
        return lesion.centroid_mm[axis]

    what = f"Mean of its voxel centres in the patient, towards the {where} (DICOM LPS)."
    return Column(
        name=f"centroid_{'xyz'[axis]}_mm",
        kind=Kind.NUMBER,
        unit="mm",
        description=what,
        value=value,
    )


def _is_coronary(lesion: Lesion) -> bool:
    return lesion.site in {site.label for site in CORONARY_SITES}


def _probability(site: Site) -> Column[Lesion]:
    def value(lesion: Lesion) -> Cell:
        return None if lesion.probabilities is None else lesion.probabilities.get(site.label)

    where = site.label.replace("_", " ")
    return Column(
        name=f"probability_{site.label}",
        kind=Kind.NUMBER,
        unit="1",
        description=f"Probability that it belongs to: {where}; empty where a person decided.",
        value=value,
    )


def _why(lesion: Lesion) -> str:
    return "; ".join(reason.text for reason in lesion.why)


LESION_COLUMNS: tuple[Column[Lesion], ...] = (
    column_of("id", "", "Name of the lesion in the exam: L1 has the highest Agatston score."),
    column_of("site", "", "Artery (LM, LAD, LCX, RCA) or non-coronary place that it belongs to."),
    Column(
        name="is_coronary",
        kind=Kind.BOOLEAN,
        unit="",
        description="true if the lesion is part of the total score.",
        value=_is_coronary,
    ),
    column_of("agatston", "1", "Its part of the Agatston score."),
    column_of("volume_mm3", "mm³", "Voxels that count times voxel volume."),
    column_of("mass_mg", "mg", "Calcium mass, hydroxyapatite."),
    column_of("area_mm2", "mm²", "Calcified area, summed over its slices."),
    column_of("peak_hu", "HU", "Highest value of its voxels."),
    column_of("mean_hu", "HU", "Mean of its voxels."),
    *(_centroid(axis, where) for axis, where in enumerate(("left", "back", "head"))),
    column_of(
        "slices",
        "1",
        "Its slices, counted from 0 at the feet end, joined by semicolons.",
        kind=Kind.INTEGERS,
    ),
    column_of("voxel_count", "1", "Voxels that count.", kind=Kind.INTEGER),
    column_of(
        "slice_lesion_count",
        "1",
        "Lesions as seen slice by slice: one or more a slice.",
        kind=Kind.INTEGER,
    ),
    *(_probability(site) for site in Site),
    Column(
        name="why",
        kind=Kind.TEXT,
        unit="",
        description="What carried the automatic decision, strongest first.",
        value=_why,
    ),
    column_of(
        "origin",
        "",
        "Of a reviewed exam: reader, automatic or annotation, who said where it belongs.",
    ),
)


def _rule_column(site: Site) -> Column[RuleScore]:
    def value(score: RuleScore) -> Cell:
        return score.vessels.get(site.label)

    return Column(
        name=f"rule_<rule>_{site.label}_agatston",
        kind=Kind.NUMBER,
        unit="1",
        description=f"Agatston score under that rule; {site.label} alone.",
        value=value,
    )


RULE_COLUMNS: tuple[Column[RuleScore], ...] = (
    column_of("rule_<rule>_threshold_hu", "HU", "Calcium threshold of that rule.", "threshold_hu"),
    column_of(
        "rule_<rule>_total_agatston",
        "1",
        "Agatston score under that rule; the four arteries together.",
        "total",
    ),
    *(_rule_column(site) for site in CORONARY_SITES),
)
