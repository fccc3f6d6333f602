"""Scored exams as CSV: one row a lesion, one row an exam.

RFC 4180 (comma, double quotes, CR LF), UTF-8, one header row, decimal point, units in the column
names. Numbers are written so that reading them back gives the very same number. An empty cell means
"not measured" or "not in the header", never zero. Names and dates of birth are left out: a table
travels further than a record.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar

from corcal.errors import InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.result import Result
from corcal.scoring.types import Lesion, RuleScore, SiteScore

__all__ = [
    "EXAM_COLUMNS",
    "LESION_COLUMNS",
    "RULE_COLUMNS",
    "TABLE_COLUMNS",
    "Column",
    "columns_as_markdown",
    "write_exam_table",
    "write_lesion_table",
]

Cell = str | float | int | bool | Sequence[int] | None
T = TypeVar("T")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for a formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One column of a table: its name, what it holds, and where the value comes from.

    Attributes
    ----------
    name : str
        Header of the column; ends with the unit, if there is one.
    unit : str
        As a person writes it; ``"1"`` for pure numbers and scores, empty for text.
    description : str
        What a cell holds, one sentence.
    value : callable
        Takes the record that the row is about.
    """

    name: str
    unit: str
    description: str
    value: Callable[[T], Cell]


def _field(name: str, unit: str, description: str, path: str | None = None) -> Column[Any]:
    """Give the column of a field of the record; `path` leads to it if it has another name."""
    return Column(name=name, unit=unit, description=description, value=attrgetter(path or name))


def _centroid(axis: int, where: str) -> Column[Lesion]:
    def value(lesion: Lesion) -> Cell:
        return lesion.centroid_mm[axis]

    what = f"Mean of its voxel centres in the patient, towards the {where} (DICOM LPS)."
    return Column(name=f"centroid_{'xyz'[axis]}_mm", unit="mm", description=what, value=value)


def _is_coronary(lesion: Lesion) -> bool:
    return lesion.site in {site.label for site in CORONARY_SITES}


LESION_COLUMNS: tuple[Column[Lesion], ...] = (
    _field("id", "", "Name of the lesion in the exam: L1 has the highest Agatston score."),
    _field("site", "", "Artery (LM, LAD, LCX, RCA) or non-coronary place that it belongs to."),
    Column(
        name="is_coronary",
        unit="",
        description="true if the lesion is part of the total score.",
        value=_is_coronary,
    ),
    _field("agatston", "1", "Its part of the Agatston score."),
    _field("volume_mm3", "mm³", "Voxels that count times voxel volume."),
    _field("mass_mg", "mg", "Calcium mass, hydroxyapatite."),
    _field("area_mm2", "mm²", "Calcified area, summed over its slices."),
    _field("peak_hu", "HU", "Highest value of its voxels."),
    _field("mean_hu", "HU", "Mean of its voxels."),
    *(_centroid(axis, where) for axis, where in enumerate(("left", "back", "head"))),
    _field("slices", "1", "Its slices, counted from 0 at the feet end, joined by semicolons."),
    _field("voxel_count", "1", "Voxels that count."),
    _field("slice_lesion_count", "1", "Lesions as seen slice by slice: one or more a slice."),
)

# field of SiteScore, unit, what it is; the column adds whose it is
_SITE_FIELDS = (
    ("agatston", "1", "Agatston score"),
    ("volume_mm3", "mm³", "Volume: voxels that count times voxel volume"),
    ("volume_interpolated_mm3", "mm³", "Volume after isotropic interpolation between slices"),
    ("mass_mg", "mg", "Calcium mass, hydroxyapatite, threshold method"),
    ("integrated_mass_mg", "mg", "Calcium mass, integrated intensity; empty if not measurable"),
    ("volume_fraction_mass_mg", "mg", "Calcium mass, volume fraction; empty if not measurable"),
    ("spatially_weighted", "1", "Spatially weighted calcium score; empty if not measured"),
    ("area_mm2", "mm²", "Calcified area, summed over slices"),
    ("mean_density_factor", "1", "Mean density factor, 1 to 4; empty without calcium"),
    ("mean_hu", "HU", "Mean of the voxels that count; empty without calcium"),
    ("peak_hu", "HU", "Highest of the voxels that count; empty without calcium"),
    ("lesion_count", "1", "Number of 3-D lesions"),
    ("slice_lesion_count", "1", "Number of lesions as seen slice by slice"),
)
_OTHER_SITE_FIELDS = tuple(
    field for field in _SITE_FIELDS if field[0] in {"agatston", "volume_mm3", "lesion_count"}
)


def _site_score(result: Result, site: str) -> SiteScore | None:
    if site == "total":
        return result.score.total
    return result.score.vessels.get(site) or result.score.other_sites.get(site)


def _site_columns(
    site: str, whose: str, fields: Iterable[tuple[str, str, str]]
) -> tuple[Column[Result], ...]:
    """Give the columns of one site; a site that a result does not have leaves empty cells."""

    def column(field: str, unit: str, what: str) -> Column[Result]:
        def value(result: Result) -> Cell:
            score = _site_score(result, site)
            cell: Cell = None if score is None else getattr(score, field)
            return cell

        return Column(
            name=f"{site}_{field}", unit=unit, description=f"{what}; {whose}.", value=value
        )

    return tuple(column(*field) for field in fields)


def _all_site_columns() -> tuple[Column[Result], ...]:
    columns = _site_columns("total", "the four arteries together", _SITE_FIELDS)
    for site in CORONARY_SITES:
        columns += _site_columns(site.label, f"{site.label} alone", _SITE_FIELDS)
    for site in Site:
        if site not in CORONARY_SITES:
            whose = f"{site.label.replace('_', ' ')}, never part of the total"
            columns += _site_columns(site.label, whose, _OTHER_SITE_FIELDS)
    return columns


def _annotation(field: str, unit: str, description: str) -> Column[Result]:
    """Give a column of the annotation, empty for an exam that was scored without one."""

    def value(result: Result) -> Cell:
        annotation = result.provenance.annotation
        cell: Cell = None if annotation is None else getattr(annotation, field)
        return cell

    return Column(name=f"annotation_{field}", unit=unit, description=description, value=value)


def _finding_codes(result: Result) -> str:
    return ";".join(finding.code for finding in result.suitability.findings)


EXAM_COLUMNS: tuple[Column[Result], ...] = (
    _field("patient_id", "", "Patient identifier of the header.", "scan.patient.patient_id"),
    _field("sex", "", "M, F or O, as the header says.", "scan.patient.sex"),
    _field("age_years", "years", "Age at acquisition.", "scan.patient.age_years"),
    _field("date", "", "Date of the exam, YYYY-MM-DD.", "scan.date"),
    _field("time", "", "Time of the exam, HH:MM:SS.", "scan.time"),
    _field("study_instance_uid", "", "StudyInstanceUID.", "scan.study_instance_uid"),
    _field(
        "series_instance_uid",
        "",
        "SeriesInstanceUID of the series that was scored.",
        "scan.series_instance_uid",
    ),
    _field("series_number", "1", "SeriesNumber.", "scan.series_number"),
    _field("series_description", "", "SeriesDescription.", "scan.series_description"),
    _field("manufacturer", "", "Manufacturer of the scanner.", "scan.manufacturer"),
    _field("model_name", "", "Model of the scanner.", "scan.model_name"),
    _field("kvp", "kV", "Tube voltage.", "scan.kvp"),
    _field("convolution_kernel", "", "Reconstruction kernel.", "scan.convolution_kernel"),
    _field(
        "slice_thickness_mm",
        "mm",
        "Nominal slice thickness of the header.",
        "scan.slice_thickness_mm",
    ),
    _field("increment_mm", "mm", "Measured distance of neighbouring slices.", "scan.increment_mm"),
    Column(
        name="row_spacing_mm",
        unit="mm",
        description="Distance of neighbouring rows.",
        value=lambda result: result.scan.pixel_spacing_mm[0],
    ),
    Column(
        name="column_spacing_mm",
        unit="mm",
        description="Distance of neighbouring columns.",
        value=lambda result: result.scan.pixel_spacing_mm[1],
    ),
    Column(
        name="slice_count",
        unit="1",
        description="Slices of the scan.",
        value=lambda result: result.scan.shape[0],
    ),
    _field(
        "is_gated", "", "true or false if a tag says so; empty if tags are silent.", "scan.is_gated"
    ),
    _field("series_kind", "", "What kind of series it is.", "suitability.kind"),
    _field(
        "suitability_verdict",
        "",
        "Whether the scan is fit for calcium scoring.",
        "suitability.verdict",
    ),
    Column(
        name="suitability_codes",
        unit="",
        description="Codes of the findings about the scan, joined by semicolons.",
        value=_finding_codes,
    ),
    *_all_site_columns(),
    _field(
        "vessels_involved",
        "1",
        "Arteries with a score above zero, 0 to 4.",
        "score.total.vessels_involved",
    ),
    _field(
        "diffusivity",
        "1",
        "1 minus the share of the most affected artery; empty without calcium.",
        "score.total.diffusivity",
    ),
    _field("mass_calibration", "", "Where the mass factor came from.", "score.mass_calibration"),
    _field(
        "calibration_mg_per_cm3_hu",
        "mg/cm³/HU",
        "The mass factor.",
        "score.calibration_mg_per_cm3_hu",
    ),
    _field("rule", "", "Scoring rule of all columns outside rule_*.", "provenance.rule"),
    _field("rule_reason", "", "Why this rule.", "provenance.rule_reason"),
    _field("threshold_hu", "HU", "Calcium threshold of the rule.", "provenance.threshold_hu"),
    _field("series_reason", "", "Why this series.", "provenance.series_reason"),
    _field("method", "", "How coronary calcium was told from other calcium.", "provenance.method"),
    _annotation("format", "", "Format of the annotation."),
    _annotation("source", "", "File name of the annotation."),
    _annotation("sha256", "", "SHA-256 of the annotation."),
    _annotation("region_count", "1", "Regions in the annotation."),
    _field("reader", "", "Person who marked or checked the calcium.", "provenance.reader"),
    _field("software", "", "Program that made the score.", "provenance.software"),
    _field("software_version", "", "Its version.", "provenance.software_version"),
    _field("created", "", "When the score was made, ISO 8601.", "provenance.created"),
    _field("schema_version", "", "Version of the record that the row was made from."),
    _field("statement", "", "What the score may be used for.", "provenance.statement"),
)


def _rule_column(site: Site) -> Column[RuleScore]:
    def value(score: RuleScore) -> Cell:
        return score.vessels.get(site.label)

    return Column(
        name=f"rule_<rule>_{site.label}_agatston",
        unit="1",
        description=f"Agatston score under that rule; {site.label} alone.",
        value=value,
    )


RULE_COLUMNS: tuple[Column[RuleScore], ...] = (
    _field("rule_<rule>_threshold_hu", "HU", "Calcium threshold of that rule.", "threshold_hu"),
    _field(
        "rule_<rule>_total_agatston",
        "1",
        "Agatston score under that rule; the four arteries together.",
        "total",
    ),
    *(_rule_column(site) for site in CORONARY_SITES),
)

TABLE_COLUMNS = {
    "lesions": LESION_COLUMNS,
    "exams": EXAM_COLUMNS,
    "exams, once for each scoring rule": RULE_COLUMNS,
}


def write_lesion_table(result: Result, path: Path | str) -> None:
    """Write the lesions of an exam as CSV, one row each, in the order of the result.

    Parameters
    ----------
    result : Result
        The scored exam. Without lesions the file holds the header alone.
    path : path
        File to write; an existing one is replaced.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    _write(path, LESION_COLUMNS, result.lesions)


def write_exam_table(results: Sequence[Result], path: Path | str) -> None:
    """Write scored exams as CSV, one row each, in the order given.

    The columns of `RULE_COLUMNS` come last, once for every rule that any of the results has; a
    result without that rule leaves them empty.

    Parameters
    ----------
    results : sequence of Result
        The exams. Without any the file holds the header alone.
    path : path
        File to write; an existing one is replaced.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rules = dict.fromkeys(rule for result in results for rule in result.score.by_rule)
    by_rule = tuple(_of_rule(column, rule) for rule in rules for column in RULE_COLUMNS)
    _write(path, EXAM_COLUMNS + by_rule, results)


def columns_as_markdown(columns: Iterable[Column[T]]) -> str:
    """Give the data dictionary of a table as a Markdown table."""
    rows = (f"| `{c.name}` | {c.unit} | {c.description} |" for c in columns)
    return "\n".join(("| column | unit | what it holds |", "|---|---|---|", *rows))


def _of_rule(column: Column[RuleScore], rule: str) -> Column[Result]:
    def value(result: Result) -> Cell:
        score = result.score.by_rule.get(rule)
        return None if score is None else column.value(score)

    return Column(
        name=column.name.replace("<rule>", rule),
        unit=column.unit,
        description=column.description,
        value=value,
    )


def _write(path: Path | str, columns: Sequence[Column[T]], records: Iterable[T]) -> None:
    try:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, dialect="excel")
            writer.writerow(_as_text(column.name) for column in columns)
            for record in records:
                writer.writerow(_as_text(column.value(record)) for column in columns)
    except OSError as exc:
        msg = f"cannot write the table {Path(path).name}: {exc.strerror}"
        raise InputError(msg) from exc


def _as_text(cell: Cell) -> str:
    """Write a cell: numbers exactly, text such that no spreadsheet takes it for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return "'" + cell if cell.startswith(FORMULA_STARTS) else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return repr(float(cell))  # numpy's own repr would write its type
    return ";".join(str(int(number)) for number in cell)
