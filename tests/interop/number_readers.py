"""The numbers of a written file by their path in the record, read without corcal's own readers.

Each reader gives every number that its file has: one that it cannot place is an error, so that no
format can tell a number of its own.
"""

import csv
import io
import json
import math
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import hl7
import numpy as np
import pydicom
from pyarrow import parquet
from pydicom.dataset import Dataset

from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Exam
from corcal.scoring.measure import measure
from corcal.scoring.rules import rule_named
from interop.number_promises import numbers_of

__all__ = ["READERS", "sentences_of"]

Numbers = dict[str, float]
VESSELS = [site.label for site in CORONARY_SITES]
_CORONARY = set(VESSELS)
_ELSEWHERE = [site.label for site in Site if site.label not in _CORONARY]


def seg(folder: Path, exam: Exam) -> Numbers:
    """Measure the pixels of the segmentation again: one frame a slice and segment."""
    return _measured_again(pydicom.dcmread(folder / "segmentation.dcm"), exam)


def labelmap(folder: Path, exam: Exam) -> Numbers:
    """Measure the pixels of the label map again: one frame a slice, its pixels are numbers."""
    return _measured_again(pydicom.dcmread(folder / "labelmap.dcm"), exam)


def _measured_again(dataset: Dataset, exam: Exam) -> Numbers:
    names = {int(one.SegmentNumber): str(one.SegmentLabel) for one in dataset.SegmentSequence}
    sites, code = np.zeros(exam.scan.shape, np.uint8), {site.label: site for site in Site}
    slices = {one.sop_instance_uid: k for k, one in enumerate(exam.scan.slices)}
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    for frame, group in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        numbers = frame
        if dataset.SegmentationType == "BINARY":
            segment = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            numbers = frame * int(segment)
        for number in np.unique(numbers[numbers > 0]):
            here = sites[slices[source.ReferencedSOPInstanceUID]]
            here[numbers == number] = code[names[int(number)]]
    index = np.flatnonzero(sites)
    voxels = SiteVoxels(shape=sites.shape, index=index, site=sites.reshape(-1)[index])
    again = measure(exam.scan, voxels, rule=rule_named(exam.result.score.rule))
    masses = ("integrated_mass_mg", "volume_fraction_mass_mg")  # they look beyond the segment
    return {
        f"score.{path}": value
        for path, value in numbers_of(again.score).items()
        if path.startswith(("total", "vessels", "other_sites")) and not path.endswith(masses)
    }


# concept of an SR to a field of the record
_CONCEPTS = {
    "112058": "agatston",
    "122660": "volume_mm3",
    "122661": "mass_mg",
    "112196": "area_mm2",
    "112180": "peak_hu",
    "112181": "mean_hu",
    "246206008": "lesion_count",
    "450360000": "agatston",
}
_THRESHOLD, _CALIBRATION = "122657", "122659"
_INTERVAL = re.compile(r"([\d.]+) % interval of the Agatston score: (\S+) to (\S+)")


def sr(folder: Path, exam: Exam) -> Numbers:
    """Read the measurement groups of the Comprehensive 3D SR."""
    dataset = pydicom.dcmread(folder / "structured_report.dcm")
    (groups,) = (item for item in dataset.ContentSequence if item.ValueType == "CONTAINER")
    found: Numbers = {}
    for group in groups.ContentSequence:
        whose = _whose(group)
        found |= _measured(group, whose)
        for text in _texts(group):
            if text.startswith("calibration_mg_per_cm3_hu="):
                found["score.calibration_mg_per_cm3_hu"] = float(text.split("=")[1])
    centroids = {path: value for path, value in found.items() if "centroid" in path}
    exact = numbers_of(exam.result)
    for path, value in centroids.items():  # single precision is what DICOM has for a place
        assert np.float32(value) == np.float32(exact[path]), path
        found[path] = exact[path]
    return found


def cardiac(folder: Path, exam: Exam) -> Numbers:
    """Read the calcium scoring template: the total, then a section an artery."""
    del exam
    dataset = pydicom.dcmread(folder / "cardiovascular_report.dcm")
    found: Numbers = {}
    sections = [one for one in _containers(dataset) if _code(one) == "59776-5"]
    scorings = [one for one in sections if not list(_containers(one))]
    for whose, one in zip(
        ("total", *(f"vessels.{name}" for name in VESSELS)), scorings, strict=True
    ):
        found |= _measured(one, f"score.{whose}")
    return found


def _containers(item: Dataset) -> Iterator[Dataset]:
    for one in item.get("ContentSequence", []):
        if one.ValueType == "CONTAINER":
            yield one
            yield from _containers(one)


def _whose(group: Dataset) -> str:
    """Name the part of the record that a group is about, as its texts say."""
    site = next((t.removeprefix("Site ") for t in _texts(group) if t.startswith("Site ")), None)
    ids = (re.fullmatch(r"Lesion (\S+) of the exam", text) for text in _texts(group))
    lesion = next((one[1] for one in ids if one), None)
    if lesion is not None:
        return f"lesions.{'coronary' if site in _CORONARY else 'elsewhere'}.{lesion}"
    if site is None:
        return "score.total"
    return f"score.{'vessels' if site in _CORONARY else 'other_sites'}.{site}"


def _measured(group: Dataset, whose: str) -> Numbers:
    """Read every number of a group; one without a place in the record is an error."""
    found: Numbers = {}
    for item in group.ContentSequence:
        if item.ValueType == "NUM":
            value = item.MeasuredValueSequence[0]
            number = float(value.get("FloatingPointValue", value.NumericValue))
            # the decimal string has 16 characters, the number beside it every digit
            assert math.isclose(float(value.NumericValue), number, rel_tol=1e-12)
            found[_place(_code(item), whose)] = number
        elif item.ValueType == "SCOORD3D":
            found |= {f"{whose}.centroid_mm.{k}": float(v) for k, v in enumerate(item.GraphicData)}
    for text in _texts(group):
        if match := _INTERVAL.fullmatch(text):
            level, low, high = map(float, match.groups())
            ends = {"low": low, "high": high, "level": level / 100}
            found |= {f"{whose}.interval.{name}": value for name, value in ends.items()}
    return found


def _place(code: str, whose: str) -> str:
    if code == _THRESHOLD:
        return "provenance.threshold_hu"
    if code == _CALIBRATION:
        return "score.calibration_mg_per_cm3_hu"
    return f"{whose}.{_CONCEPTS[code]}"


def _texts(item: Dataset) -> list[str]:
    return [str(one.TextValue) for one in item.ContentSequence if one.ValueType == "TEXT"]


def _code(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


# corcal's own codes to a field of the record
_MEASURES = {
    "volume": "volume_mm3",
    "volume-interpolated": "volume_interpolated_mm3",
    "mass": "mass_mg",
    "mass-integrated": "integrated_mass_mg",
    "mass-volume-fraction": "volume_fraction_mass_mg",
    "area": "area_mm2",
    "mean-density-factor": "mean_density_factor",
    "mean-hu": "mean_hu",
    "peak-hu": "peak_hu",
    "lesion-count": "lesion_count",
    "slice-lesion-count": "slice_lesion_count",
    "vessels-involved": "vessels_involved",
    "diffusivity": "diffusivity",
    "agatston-interval": "interval",
    "agatston-interval-level": "interval.level",
}
_SCAN = {
    "kvp": "scan.kvp",
    "slice-thickness": "scan.slice_thickness_mm",
    "increment": "scan.increment_mm",
    "threshold": "provenance.threshold_hu",
    "mass-calibration": "score.calibration_mg_per_cm3_hu",
    "amendment-agatston-before": "provenance.amendment.agatston_before",
}
_CHANCES = {
    "probability-score-0": "0",
    "probability-score-1-100": "1-100",
    "probability-score-101-400": "101-400",
    "probability-score-above-400": ">400",
}


def _path(key: str, code: str, part: str = "") -> str:
    """Place what corcal's own code of an observable's detail tells; `part` is of a range."""
    end = f".{part}" if part else ""
    if code in _SCAN:
        return _SCAN[code]
    if code in _CHANCES:
        return f"score.category_probabilities.{_CHANCES[code]}"
    if key == "arterial-age":
        return f"interpretation.arterial_age.{part or 'years'}"
    if risk := re.fullmatch(r"risk-(\w+)-(\w+)-(\d+)y", key):
        return f"interpretation.estimates.{risk[1]}-{risk[2]}-{risk[3]}.fraction"
    if key.startswith("percentile-"):
        return _percentile_path(key.removeprefix("percentile-"), code, part)
    kind = "total" if key == "total" else "vessels" if key in _CORONARY else "other_sites"
    whose = "score.total" if kind == "total" else f"score.{kind}.{key}"
    return f"{whose}.{'agatston' if code == f'agatston-{key}' else _MEASURES[code]}{end}"


def _percentile_path(reference: str, code: str, part: str) -> str:
    base = f"interpretation.percentile.{reference}"
    if code == f"percentile-{reference}":
        return f"{base}.{ {'': 'value', 'low': 'at_least', 'high': 'at_most'}[part] }"
    if code == "reference-nonzero":
        return f"{base}.p_nonzero"
    return f"{base}.scores.{code.removeprefix('reference-score-')}"


def fhir(folder: Path, exam: Exam) -> Numbers:
    """Read values and components of all observations; every number of the bundle is one."""
    del exam
    bundle = json.loads((folder / "fhir.json").read_text(encoding="utf-8"))
    found: Numbers = {}
    count = 0
    for resource in (entry["resource"] for entry in bundle["entry"]):
        for form in resource.pop("presentedForm", ()):  # the report, whose numbers are read apart
            assert b64decode(form["data"]) == (folder / "report.pdf").read_bytes()
        count += _count(resource)
        if resource["resourceType"] == "ImagingStudy":
            found["scan.series_number"] = resource["series"][0]["number"]
            continue
        own = _own(resource) if resource["resourceType"] == "Observation" else ""
        key = own.removeprefix("agatston-")
        for each in (resource, *resource.get("component", ())) if own else ():
            if "valueQuantity" in each:
                found[_path(key, _own(each))] = each["valueQuantity"]["value"]
            for end, value in each.get("valueRange", {}).items():
                found[_path(key, _own(each), end)] = value["value"]
    assert count == len(found)
    return found


def _own(resource: Mapping[str, Any]) -> str:
    """Give corcal's own code of an observation or of a component: the last one."""
    return str(resource["code"]["coding"][-1]["code"])


def _count(value: Any) -> int:
    """Count the numbers of a JSON value."""
    if isinstance(value, dict | list):
        return sum(map(_count, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def hl7_numbers(folder: Path, exam: Exam) -> Numbers:
    """Read the OBX segments; a number shortened to the 16 characters of HL7 is the record's."""
    found: Numbers = {}
    for segment in hl7.parse((folder / "report.hl7").read_bytes().decode()).segments("OBX"):
        kind, code, key, value = (str(segment[k]) for k in (2, 3, 4, 5))
        own = _unescaped(code.split("^")[-2 - 1])
        if kind == "NM":
            found[_path(key, own)] = float(value)
        elif kind == "SN":
            comparator, low, sign, high = (*value.split("^"), "", "", "")[:4]
            ends = ("high",) if comparator == "<" else ("low", "high")
            for end, number in zip(ends, (low, high), strict=False):
                if number:
                    found[_path(key, own, end)] = float(number)
            assert sign in ("", "-")
    exact = numbers_of(exam.result)
    return {path: exact[path] if _fits(exact[path], v) else v for path, v in found.items()}


def _fits(exact: float, told: float) -> bool:
    """Whether a number is the exact one with the digits that 16 characters have room for."""
    decimals = 15 - len(str(int(exact)))
    return told in (exact, float(Decimal(repr(exact)).quantize(Decimal(10) ** -decimals)))


def _unescaped(text: str) -> str:
    return text.replace("\\T\\", "&").replace("\\S\\", "^")


def exam_table(folder: Path, exam: Exam) -> Numbers:
    """Read the row of the exam, of CSV and of Parquet alike; a free valve has zeros there alone."""
    found = _of_tables(folder, "exam", _exam_path)
    told_apart = exam.result.score.other_sites
    free = tuple(f"score.other_sites.{name}." for name in _VALVES if name not in told_apart)
    return {path: value for path, value in found.items() if value or not path.startswith(free)}


def lesion_table(folder: Path, exam: Exam) -> Numbers:
    """Read the rows of the lesions, of CSV and of Parquet alike."""
    del exam
    return _of_tables(folder, "lesions", _lesion_path)


def _of_tables(folder: Path, name: str, path_of: Callable[..., str]) -> Numbers:
    text = (folder / f"{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    cells = parquet.read_table(folder / f"{name}.parquet").to_pylist()
    kinds = {
        row["column"]: row["kind"]
        for row in csv.DictReader(
            io.StringIO((folder / "data_dictionary.csv").read_text(encoding="utf-8"), newline="")
        )
        if row["table"] == {"exam": "exams", "lesions": "lesions"}[name]
    }
    found: Numbers = {}
    for row, typed in zip(rows, cells, strict=True):
        assert row.keys() == typed.keys()
        for column, text in row.items():
            described = re.sub(r"^rule_[^_]+_", "rule_<rule>_", column)
            if kinds[described] not in ("number", "integer", "integers") or not text:
                assert kinds[described] in ("text", "boolean") or typed[column] is None
                continue
            numbers = [float(part) for part in text.split(";")]
            again = typed[column] if isinstance(typed[column], list) else [typed[column]]
            assert again == numbers, column
            for k, number in enumerate(numbers):
                found[path_of(column, row, k)] = number
    return found


_VALVES = ("aortic_valve", "mitral_annulus")
_EXAM_COLUMNS = {
    "age_years": "scan.patient.age_years",
    "person_age_years": "interpretation.person.age_years",
    "series_number": "scan.series_number",
    "kvp": "scan.kvp",
    "slice_thickness_mm": "scan.slice_thickness_mm",
    "increment_mm": "scan.increment_mm",
    "row_spacing_mm": "scan.pixel_spacing_mm.0",
    "column_spacing_mm": "scan.pixel_spacing_mm.1",
    "slice_count": "scan.shape.0",
    "vessels_involved": "score.total.vessels_involved",
    "diffusivity": "score.total.diffusivity",
    "calibration_mg_per_cm3_hu": "score.calibration_mg_per_cm3_hu",
    "threshold_hu": "provenance.threshold_hu",
    "annotation_region_count": "provenance.annotation.region_count",
    "arterial_age_years": "interpretation.arterial_age.years",
    "arterial_age_low_years": "interpretation.arterial_age.low",
    "arterial_age_high_years": "interpretation.arterial_age.high",
    "probability_score_0": "score.category_probabilities.0",
    "probability_score_1_100": "score.category_probabilities.1-100",
    "probability_score_101_400": "score.category_probabilities.101-400",
    "probability_score_above_400": "score.category_probabilities.>400",
}


def _exam_path(column: str, row: Mapping[str, str], position: int) -> str:
    del row, position
    if column in _EXAM_COLUMNS:
        return _EXAM_COLUMNS[column]
    if column.startswith(("reviewed_", "amendment_")):
        return f"provenance.{column.replace('_', '.', 1)}"
    if match := re.fullmatch(r"rule_([a-z]+)_(\w+)", column):
        field = match[2].removesuffix("_agatston")
        return f"score.by_rule.{match[1]}.{'vessels.' if field in _CORONARY else ''}{field}"
    if match := re.fullmatch(r"percentile_([a-z]+)(?:_(\w+))?", column):
        field = (match[2] or "value").replace("score_at_", "scores.")
        return f"interpretation.percentile.{match[1]}.{field}"
    if column.startswith("risk_"):
        return f"interpretation.risk.{column[5:].replace('prevent_', 'prevent.', 1)}"
    return _site_path(column)


def _site_path(column: str) -> str:
    sites = ("total", *VESSELS, *_ELSEWHERE)
    site = next(name for name in sites if column.startswith(f"{name}_"))
    field = column.removeprefix(f"{site}_")
    field = re.sub(r"^agatston_(low|high|level)$", r"interval.\1", field)
    kind = "" if site == "total" else "vessels." if site in _CORONARY else "other_sites."
    return f"score.{kind}{site}.{field}"


def _lesion_path(column: str, row: Mapping[str, str], position: int) -> str:
    place = "coronary" if row["site"] in _CORONARY else "elsewhere"
    if match := re.fullmatch(r"centroid_([xyz])_mm", column):
        column = f"centroid_mm.{'xyz'.index(match[1])}"
    elif column.startswith("probability_"):
        column = column.replace("probability_", "probabilities.", 1)
    elif column == "slices":
        column = f"slices.{position}"
    return f"lesions.{place}.{row['id']}.{column}"


READERS = {
    "seg": seg,
    "labelmap": labelmap,
    "sr": sr,
    "cardiac": cardiac,
    "fhir": fhir,
    "hl7": hl7_numbers,
    "exam": exam_table,
    "lesions": lesion_table,
}


def sentences_of(folder: Path) -> dict[str, str]:
    """Give what formats for programs say in words, by file."""
    bundle = json.loads((folder / "fhir.json").read_text(encoding="utf-8"))
    resources = [entry["resource"] for entry in bundle["entry"]]
    notes = [note["text"] for one in resources for note in one.get("note", ())]
    message = hl7.parse((folder / "report.hl7").read_bytes().decode())
    reports = ("structured_report", "cardiovascular_report")
    return {
        **{name: _words(pydicom.dcmread(folder / f"{name}.dcm")) for name in reports},
        "fhir": " | ".join([*(one["conclusion"] for one in resources[:1]), *notes]),
        "hl7": " | ".join(str(segment[3]) for segment in message.segments("NTE")),
    }


def _words(item: Dataset) -> str:
    """Join the texts of a report, each once."""
    found: dict[str, None] = {}
    for one in item.get("ContentSequence", []):
        if one.ValueType == "TEXT":
            found[str(one.TextValue)] = None
        found |= dict.fromkeys(_words(one).split(" | "))
    return " | ".join(found)
