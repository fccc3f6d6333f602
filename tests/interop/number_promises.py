"""Every number of a record by its path, and the table of the formats that promise it.

A path is that of the fields, with a lesion, an estimate or a change called by its name:
``"score.vessels.LAD.agatston"``. In the table ``*`` stands for one part of a path, and a row above
goes before a row below.
"""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from corcal.lesions.sites import CORONARY_SITES
from corcal.result import Result

__all__ = ["PEOPLE", "PROMISES", "numbers_of", "promised", "unlisted"]

PEOPLE = ("report", "letter")
EVERYBODY = "report letter sr cardiac seg fhir hl7 exam"
ALL_BUT_LETTER = "report sr cardiac seg fhir hl7 exam"
MACHINES = "fhir hl7 exam"
NOBODY = ""

# report: the clinician's, PDF and HTML, and the PDF in DICOM. letter: in both languages, PDF and
# HTML. sr: TID 1500. cardiac: TID 3900. seg: what is measured again of its pixels. exam, lesions:
# CSV and Parquet.
PROMISES: tuple[tuple[str, str], ...] = (
    ("scan.patient.age_years", "report exam"),
    ("scan.series_number", "report fhir exam"),
    ("scan.kvp", "report fhir hl7 exam"),
    ("scan.slice_thickness_mm", "report fhir hl7 exam"),
    ("scan.increment_mm", "report fhir hl7 exam"),
    ("scan.pixel_spacing_mm.*", "exam"),
    ("scan.shape.0", "report exam"),
    ("scan.shape.*", NOBODY),
    ("score.total.agatston", EVERYBODY),
    ("score.total.interval.level", "report sr cardiac fhir hl7 exam"),
    ("score.total.interval.*", "report letter sr cardiac fhir hl7 exam"),
    ("score.total.vessels_involved", "report seg fhir hl7 exam"),
    ("score.total.diffusivity", "seg fhir hl7 exam"),
    ("score.vessels.*.agatston", ALL_BUT_LETTER),
    ("score.vessels.*.interval.level", "sr cardiac fhir hl7 exam"),
    ("score.vessels.*.interval.*", "report sr cardiac fhir hl7 exam"),
    *(
        (f"score.{whose}.{field}", formats)
        for whose in ("total", "vessels.*")
        for field, formats in (
            ("volume_mm3", ALL_BUT_LETTER),
            ("mass_mg", ALL_BUT_LETTER),
            ("lesion_count", ALL_BUT_LETTER),
            ("area_mm2", "sr seg fhir hl7 exam"),
            ("mean_hu", "sr seg fhir hl7 exam"),
            ("peak_hu", "sr seg fhir hl7 exam"),
            ("volume_interpolated_mm3", "seg fhir hl7 exam"),
            ("integrated_mass_mg", MACHINES),
            ("volume_fraction_mass_mg", MACHINES),
            ("mean_density_factor", "seg fhir hl7 exam"),
            ("slice_lesion_count", "seg fhir hl7 exam"),
        )
    ),
    # FHIR and HL7 tell of the places that a clinician knows
    ("score.other_sites.other.agatston", "report seg exam"),
    ("score.other_sites.other.volume_mm3", "report sr seg exam"),
    ("score.other_sites.other.lesion_count", "report sr seg exam"),
    ("score.other_sites.other.mass_mg", "report sr seg"),
    ("score.other_sites.other.mean_hu", "sr seg"),
    ("score.other_sites.other.peak_hu", "sr seg"),
    ("score.other_sites.other.integrated_mass_mg", NOBODY),
    ("score.other_sites.other.volume_fraction_mass_mg", NOBODY),
    ("score.other_sites.other.*", "seg"),
    ("score.other_sites.*.agatston", "report seg fhir hl7 exam"),
    ("score.other_sites.*.volume_mm3", "report sr seg fhir hl7 exam"),
    ("score.other_sites.*.lesion_count", "report sr seg fhir hl7 exam"),
    ("score.other_sites.*.mass_mg", "report sr seg fhir hl7"),
    ("score.other_sites.*.mean_hu", "sr seg fhir hl7"),
    ("score.other_sites.*.peak_hu", "sr seg fhir hl7"),
    ("score.other_sites.*.integrated_mass_mg", "fhir hl7"),
    ("score.other_sites.*.volume_fraction_mass_mg", "fhir hl7"),
    ("score.other_sites.*.*", "seg fhir hl7"),
    ("score.by_rule.*.threshold_hu", "exam"),
    ("score.by_rule.*.total", "exam"),
    ("score.by_rule.*.vessels.*", "exam"),
    ("score.calibration_mg_per_cm3_hu", "report sr cardiac fhir hl7 exam"),
    ("score.category_probabilities.*", MACHINES),
    ("lesions.elsewhere.*.agatston", "lesions"),  # DICOM has a score of the arteries alone
    ("lesions.elsewhere.*.area_mm2", "lesions"),
    *(
        (f"lesions.*.*.{field}", "sr lesions")
        for field in ("agatston", "volume_mm3", "mass_mg", "area_mm2", "peak_hu", "mean_hu")
    ),
    ("lesions.*.*.centroid_mm.*", "sr lesions"),
    ("lesions.*.*.slices.*", "lesions"),
    ("lesions.*.*.voxel_count", "lesions"),
    ("lesions.*.*.slice_lesion_count", "lesions"),
    ("lesions.*.*.probabilities.*", "lesions"),
    ("provenance.threshold_hu", "report sr cardiac fhir hl7 exam"),
    ("provenance.slices_with_calcium.*", NOBODY),
    ("provenance.annotation.region_count", "report exam"),
    ("provenance.reviewed.proposed_agatston", "report exam"),
    ("provenance.reviewed.*", "exam"),
    # SR has it in a sentence: tests/interop/dicom/test_amended.py
    ("provenance.amendment.agatston_before", "report letter fhir hl7 exam"),
    ("interpretation.agatston", NOBODY),  # the score again
    ("interpretation.vessels.*", NOBODY),
    ("interpretation.person.systolic_mmhg", "report letter"),
    ("interpretation.person.total_cholesterol_mg_dl", "report letter"),
    ("interpretation.person.age_years", "report exam"),
    ("interpretation.person.*", "report"),
    ("interpretation.percentile.mesa.value", "report letter fhir hl7 exam"),
    ("interpretation.percentile.mesa.p_nonzero", "report fhir hl7 exam"),
    ("interpretation.percentile.*.*", MACHINES),
    ("interpretation.percentile.*.scores.*", MACHINES),
    ("interpretation.arterial_age.*", "report fhir hl7 exam"),
    ("interpretation.risk.mesa_chd", "report letter exam"),
    ("interpretation.risk.mesa_chd_with_cac", "report letter exam"),
    ("interpretation.risk.*", "report exam"),
    ("interpretation.risk.prevent.*", "report exam"),
    ("interpretation.difference.*.*", NOBODY),  # estimates again
    ("interpretation.estimates.*.fraction", "fhir hl7"),
    ("interpretation.estimates.*.years", NOBODY),  # part of the name of the estimate
    ("interpretation.certainty.*", NOBODY),  # the interval again
    ("interpretation.certainty.category_probabilities.*", NOBODY),
    ("interpretation.what_if.mesa_chd_with_cac-chd-10.*.years", NOBODY),
    # where a trial gives bounds, the letter has them in place of the model's number
    ("interpretation.what_if.mesa_chd_with_cac-chd-10.smoking_stopped.after", "letter"),
    ("interpretation.what_if.mesa_chd_with_cac-chd-10.*.after", NOBODY),
    ("interpretation.what_if.mesa_chd_with_cac-chd-10.*.*", "letter"),
    ("interpretation.what_if.*.*.*", NOBODY),  # the letter has one model
    ("interpretation.guidance.*.year", NOBODY),
    ("interpretation.sources.*.year", NOBODY),
    ("followup.exams.*.agatston", "report letter"),
    ("followup.exams.*.volume_mm3", "report"),
    ("followup.exams.*.mass_mg", "report"),
    ("followup.exams.*.interval.level", NOBODY),
    ("followup.exams.*.interval.*", "report"),
    ("followup.exams.*.*", NOBODY),  # settings of the scan
    ("followup.exams.*.vessels.*", NOBODY),
    ("followup.exams.*.vessel_intervals.*.*", NOBODY),
    ("followup.changes.whole.years", "report"),
    ("followup.changes.whole.vessels.*", "report"),
    ("followup.changes.whole.methods.per_year.value", "report"),
    ("followup.changes.*.*", NOBODY),
    ("followup.changes.*.vessels.*", NOBODY),
    ("followup.changes.*.methods.*.*", NOBODY),
    ("followup.changes.*.certainty.checks.*.*", NOBODY),
    ("followup.changes.*.certainty.difference.*", NOBODY),
    ("followup.sources.*.year", NOBODY),
)

_CORONARY = {site.label for site in CORONARY_SITES}


def promised(result: Result, form: str) -> dict[str, float]:
    """Give the numbers of a record that a format promises, by path."""
    rows = [(_pattern(path), formats.split()) for path, formats in PROMISES]
    found = {}
    for path, value in numbers_of(result).items():
        formats = next(formats for pattern, formats in rows if pattern.fullmatch(path))
        if form in formats:
            found[path] = value
    return found


def unlisted(result: Result) -> list[str]:
    """Name the numbers of a record that the table knows nothing of."""
    patterns = [_pattern(path) for path, _ in PROMISES]
    return [p for p in numbers_of(result) if not any(one.fullmatch(p) for one in patterns)]


def numbers_of(result: Result) -> dict[str, float]:
    """Give every number of a record by its path; what is absent is not there."""
    found: dict[str, float] = {}
    for path, value in _leaves(result, ""):
        assert path not in found, path
        found[path] = value
    return found


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\*", "[^.]+"))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, bool | str) or value is None:
        return
    if isinstance(value, int | float):
        yield path, value
        return
    for name, each in _parts(value):
        yield from _leaves(each, f"{path}.{name}" if path else name)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if is_dataclass(value):
        yield from ((each.name, getattr(value, each.name)) for each in fields(value))
    elif isinstance(value, dict):
        yield from ((str(name), each) for name, each in value.items())
    elif isinstance(value, tuple):
        yield from ((_name(each, k), each) for k, each in enumerate(value))


def _name(each: Any, position: int) -> str:
    """Call an item of a list by what it is, else by its place."""
    kind = type(each).__name__
    if kind == "Lesion":
        return f"{'coronary' if each.site in _CORONARY else 'elsewhere'}.{each.id}"
    if kind == "Estimate":
        return f"{each.model}-{each.outcome}-{each.years}"
    if kind == "WhatIf":
        return f"{each.model}-{each.outcome}-{each.years}.{each.change}"
    if kind == "Change":
        return "whole" if each.span == "whole" else f"{each.first}-{each.second}"
    if kind in ("Method", "Check"):
        return str(each.key)
    return str(position)
