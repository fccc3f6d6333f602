"""The columns of the table of exams: what was scanned, what was measured, and how."""

from collections.abc import Iterable

from corcal.ct.scan import Severity
from corcal.interop.columns import Cell, Column, Kind, column_of
from corcal.interop.meaning_columns import MEANING_COLUMNS
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.result import Result
from corcal.scoring.types import SiteScore

__all__ = ["EXAM_COLUMNS"]

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
_IN_THE_HEART = (Site.AORTIC_VALVE, Site.MITRAL_ANNULUS)
_HEART_IS_CUT = "HEART_CUT"  # codes of findings begin so: what lies beyond is unseen


# field of Provenance, and how its columns begin: model_name is the scanner's
_MODEL_COLUMNS = {"model": "anatomy_model", "detector": "lesion_model"}


def _site_score(result: Result, site: str) -> SiteScore | None:
    if site == "total":
        return result.score.total
    return result.score.vessels.get(site) or result.score.other_sites.get(site)


def _is_free(result: Result, site: str) -> bool:
    """Whether calcium of a place in the heart was looked for, all over it, and not found.

    The automatic detection decides about everything in the heart that is dense; a person who marks
    arteries need not look at valves.
    """
    is_whole = not any(
        one.code.startswith(_HEART_IS_CUT) and one.severity is not Severity.INFO
        for one in result.suitability.findings
    )
    return (
        site in {place.label for place in _IN_THE_HEART}
        and result.provenance.detector is not None
        and is_whole
    )


def _site_columns(
    site: str, whose: str, fields: Iterable[tuple[str, str, str]]
) -> tuple[Column[Result], ...]:
    """Give the columns of one site; cells of a site that was not looked at are empty."""

    def column(field: str, unit: str, what: str) -> Column[Result]:
        def value(result: Result) -> Cell:
            score = _site_score(result, site)
            if score is None:
                nothing = 0 if field.endswith("_count") else 0.0
                return nothing if _is_free(result, site) else None
            cell: Cell = getattr(score, field)
            return cell

        return Column(
            name=f"{site}_{field}",
            kind=Kind.INTEGER if field.endswith("_count") else Kind.NUMBER,
            unit=unit,
            description=f"{what}; {whose}.",
            value=value,
        )

    return tuple(column(*field) for field in fields)


def _interval_columns(site: str, whose: str) -> tuple[Column[Result], ...]:
    """Give the columns of how sure the score of one site is; empty where a person decided."""

    def column(field: str, what: str) -> Column[Result]:
        def value(result: Result) -> Cell:
            score = _site_score(result, site)
            if score is None or score.interval is None:
                return None
            cell: Cell = getattr(score.interval, field)
            return cell

        return Column(
            name=f"{site}_agatston_{field}",
            kind=Kind.NUMBER,
            unit="1",
            description=f"{what}; empty where a person decided; {whose}.",
            value=value,
        )

    return (
        column("low", "Lower end of the interval of the Agatston score"),
        column("high", "Upper end of that interval"),
        column("level", "Probability that the interval holds the score"),
    )


def _category_probability(category: str, name: str) -> Column[Result]:
    def value(result: Result) -> Cell:
        chances = result.score.category_probabilities
        return None if chances is None else chances.get(category)

    return Column(
        name=f"probability_score_{name}",
        kind=Kind.NUMBER,
        unit="1",
        description=f"Probability that the score is in the category {category}; empty where a "
        "person decided.",
        value=value,
    )


def _all_site_columns() -> tuple[Column[Result], ...]:
    columns = _site_columns("total", "the four arteries together", _SITE_FIELDS)
    columns += _interval_columns("total", "the four arteries together")
    for site in CORONARY_SITES:
        columns += _site_columns(site.label, f"{site.label} alone", _SITE_FIELDS)
        columns += _interval_columns(site.label, f"{site.label} alone")
    for site in Site:
        if site not in CORONARY_SITES:
            name = site.label.replace("_", " ")
            empty = (
                "empty where nobody looked for it, or a part of the heart is out of the scan"
                if site in _IN_THE_HEART
                else "empty where none was told apart"
            )
            whose = f"{name}, never part of the total; {empty}"
            columns += _site_columns(site.label, whose, _OTHER_SITE_FIELDS)
    return columns


def _annotation(field: str, unit: str, description: str) -> Column[Result]:
    """Give a column of the annotation, empty for an exam that was scored without one."""

    def value(result: Result) -> Cell:
        annotation = result.provenance.annotation
        cell: Cell = None if annotation is None else getattr(annotation, field)
        return cell

    return Column(
        name=f"annotation_{field}",
        kind=Kind.INTEGER if field.endswith("_count") else Kind.TEXT,
        unit=unit,
        description=description,
        value=value,
    )


def _review(field: str, description: str, kind: Kind) -> Column[Result]:
    """Give a column of the advice to look again, empty for an exam that has none."""

    def value(result: Result) -> Cell:
        if result.review is None:
            return None
        found = getattr(result.review, field)
        return found if isinstance(found, bool) else "; ".join(found)

    return Column(name=f"review_{field}", kind=kind, unit="", description=description, value=value)


def _reviewed(field: str, unit: str, description: str, kind: Kind) -> Column[Result]:
    """Give a column of a review, empty for an exam that was not reviewed."""

    def value(result: Result) -> Cell:
        record = result.provenance.reviewed
        if record is None:
            return None
        found = getattr(record, field)
        return "; ".join(found) if isinstance(found, tuple) else found

    return Column(
        name=f"reviewed_{field}", kind=kind, unit=unit, description=description, value=value
    )


_REVIEWED_COLUMNS: tuple[Column[Result], ...] = (
    _reviewed("readers", "", "Who reviewed the score, joined by semicolons.", Kind.TEXT),
    _reviewed("started", "", "When the review began, ISO 8601, UTC.", Kind.TEXT),
    _reviewed("finished", "", "When its last entry was made, ISO 8601, UTC.", Kind.TEXT),
    _reviewed("event_count", "1", "Entries of its log, undone ones included.", Kind.INTEGER),
    _reviewed("change_count", "1", "Changes in force.", Kind.INTEGER),
    _reviewed("candidates_by_reader", "1", "Candidates that a reader assigned.", Kind.INTEGER),
    _reviewed(
        "is_complete",
        "",
        "Whether a reader decided about all that the score could depend on.",
        Kind.BOOLEAN,
    ),
    _reviewed("proposed_by", "", "automatic or annotation: what was reviewed.", Kind.TEXT),
    _reviewed("proposed_rule", "", "Scoring rule before the review.", Kind.TEXT),
    _reviewed("proposed_agatston", "1", "Total Agatston score before the review.", Kind.NUMBER),
)


def _amendment(field: str, unit: str, description: str, kind: Kind = Kind.TEXT) -> Column[Result]:
    """Give a column of what a report corrects, empty for a first report."""

    def value(result: Result) -> Cell:
        amendment = result.provenance.amendment
        cell: Cell = None if amendment is None else getattr(amendment, field)
        return cell

    return Column(
        name=f"amendment_{field}", kind=kind, unit=unit, description=description, value=value
    )


_AMENDMENT_COLUMNS: tuple[Column[Result], ...] = (
    _amendment("reason", "", "Why a signed report is corrected; empty for a first report."),
    _amendment("signed_before", "", "When the report that is corrected was signed, ISO 8601."),
    _amendment("reader_before", "", "Who signed it."),
    _amendment("agatston_before", "1", "Its total Agatston score.", Kind.NUMBER),
    _amendment("category_before", "", "Its category, if it gave one."),
    _amendment(
        "fit_before",
        "",
        "Whether it called the scan fit for calcium scoring; empty where that is not known.",
        Kind.BOOLEAN,
    ),
)


def _model(role: str, field: str, description: str) -> Column[Result]:
    """Give a column of a model, empty for an exam that was scored without it."""

    def value(result: Result) -> Cell:
        model = getattr(result.provenance, role)
        cell: Cell = None if model is None else getattr(model, field)
        return cell

    return Column(
        name=f"{_MODEL_COLUMNS[role]}_{field}",
        kind=Kind.TEXT,
        unit="",
        description=description,
        value=value,
    )


def _finding_codes(result: Result) -> str:
    return ";".join(finding.code for finding in result.suitability.findings)


EXAM_COLUMNS: tuple[Column[Result], ...] = (
    column_of("patient_id", "", "Patient identifier of the header.", "scan.patient.patient_id"),
    column_of(
        "patient_id_issuer",
        "",
        "Who gave that identifier: IssuerOfPatientID.",
        "scan.patient_id_issuer",
    ),
    column_of("accession_number", "", "AccessionNumber of the order.", "scan.accession_number"),
    column_of("sex", "", "M, F or O, as the header says.", "scan.patient.sex"),
    column_of("age_years", "years", "Age at acquisition.", "scan.patient.age_years"),
    column_of("date", "", "Date of the exam, YYYY-MM-DD.", "scan.date"),
    column_of("time", "", "Time of the exam, HH:MM:SS.", "scan.time"),
    column_of("study_instance_uid", "", "StudyInstanceUID.", "scan.study_instance_uid"),
    column_of(
        "series_instance_uid",
        "",
        "SeriesInstanceUID of the series that was scored.",
        "scan.series_instance_uid",
    ),
    column_of("series_number", "1", "SeriesNumber.", "scan.series_number", kind=Kind.INTEGER),
    column_of("series_description", "", "SeriesDescription.", "scan.series_description"),
    column_of("manufacturer", "", "Manufacturer of the scanner.", "scan.manufacturer"),
    column_of("model_name", "", "Model of the scanner.", "scan.model_name"),
    column_of("kvp", "kV", "Tube voltage.", "scan.kvp"),
    column_of("convolution_kernel", "", "Reconstruction kernel.", "scan.convolution_kernel"),
    column_of(
        "slice_thickness_mm",
        "mm",
        "Nominal slice thickness of the header.",
        "scan.slice_thickness_mm",
    ),
    column_of(
        "increment_mm", "mm", "Measured distance of neighbouring slices.", "scan.increment_mm"
    ),
    Column(
        name="row_spacing_mm",
        kind=Kind.NUMBER,
        unit="mm",
        description="Distance of neighbouring rows.",
        value=lambda result: result.scan.pixel_spacing_mm[0],
    ),
    Column(
        name="column_spacing_mm",
        kind=Kind.NUMBER,
        unit="mm",
        description="Distance of neighbouring columns.",
        value=lambda result: result.scan.pixel_spacing_mm[1],
    ),
    Column(
        name="slice_count",
        kind=Kind.INTEGER,
        unit="1",
        description="Slices of the scan.",
        value=lambda result: result.scan.shape[0],
    ),
    column_of(
        "is_gated",
        "",
        "true or false if a tag says so; empty if tags are silent.",
        "scan.is_gated",
        kind=Kind.BOOLEAN,
    ),
    column_of("series_kind", "", "What kind of series it is.", "suitability.kind"),
    column_of(
        "suitability_verdict",
        "",
        "Whether the scan is fit for calcium scoring.",
        "suitability.verdict",
    ),
    Column(
        name="suitability_codes",
        kind=Kind.TEXT,
        unit="",
        description="Codes of the findings about the scan, joined by semicolons.",
        value=_finding_codes,
    ),
    *_all_site_columns(),
    _category_probability("0", "0"),
    _category_probability("1-100", "1_100"),
    _category_probability("101-400", "101_400"),
    _category_probability(">400", "above_400"),
    column_of(
        "vessels_involved",
        "1",
        "Arteries with a score above zero, 0 to 4.",
        "score.total.vessels_involved",
        kind=Kind.INTEGER,
    ),
    column_of(
        "diffusivity",
        "1",
        "1 minus the share of the most affected artery; empty without calcium.",
        "score.total.diffusivity",
    ),
    *MEANING_COLUMNS,
    column_of("mass_calibration", "", "Where the mass factor came from.", "score.mass_calibration"),
    column_of(
        "calibration_mg_per_cm3_hu",
        "mg/cm³/HU",
        "The mass factor.",
        "score.calibration_mg_per_cm3_hu",
    ),
    column_of("rule", "", "Scoring rule of all columns outside rule_*.", "provenance.rule"),
    column_of("rule_reason", "", "Why this rule.", "provenance.rule_reason"),
    column_of("threshold_hu", "HU", "Calcium threshold of the rule.", "provenance.threshold_hu"),
    column_of("series_reason", "", "Why this series.", "provenance.series_reason"),
    column_of(
        "method", "", "How coronary calcium was told from other calcium.", "provenance.method"
    ),
    _annotation("format", "", "Format of the annotation."),
    _annotation("source", "", "File name of the annotation."),
    _annotation("sha256", "", "SHA-256 of the annotation."),
    _annotation("region_count", "1", "Regions in the annotation."),
    _model("model", "name", "Model that found the anatomy; empty where a person marked."),
    _model("model", "version", "Its version."),
    _model("detector", "name", "Model that told coronary calcium from the rest; else empty."),
    _model("detector", "version", "Its version."),
    _review("advised", "Whether a person should look at an automatic score first.", Kind.BOOLEAN),
    _review("reasons", "Why, joined by semicolons.", Kind.TEXT),
    *_REVIEWED_COLUMNS,
    *_AMENDMENT_COLUMNS,
    column_of("reader", "", "Person who marked or checked the calcium.", "provenance.reader"),
    column_of("software", "", "Program that made the score.", "provenance.software"),
    column_of("software_version", "", "Its version.", "provenance.software_version"),
    column_of("created", "", "When the score was made, ISO 8601.", "provenance.created"),
    column_of("schema_version", "", "Version of the record that the row was made from."),
    column_of("statement", "", "What the score may be used for.", "provenance.statement"),
)
