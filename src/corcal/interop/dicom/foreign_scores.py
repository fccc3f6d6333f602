"""What DICOM objects of other makers say about calcium: of which scan they are, and the scores.

A structured report is searched for numeric items that are coded as a calcium score; the finding
site of the item, or of what it is in, tells the artery. Reports that corcal wrote are read by
`corcal.interop.dicom.read_back`.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from corcal.annotations.names import GENERAL_SNOMED_SITES, SNOMED_SITES
from corcal.errors import InputError
from corcal.interop.dicom.identity import MANUFACTURER
from corcal.interop.dicom.read_back import COMPREHENSIVE_3D_SR, read_structured_report
from corcal.lesions.sites import CORONARY_SITES

__all__ = ["DicomReference", "read_dicom_reference"]

_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_REPORTS = "1.2.840.10008.5.1.4.1.1.88."

# DICOM CID 6142, and DICOM's own code before there was one of SNOMED CT (PS3.16, annex D).
_SCORES = {("SCT", "450360000"), ("DCM", "112058")}
_FINDING_SITES = {("SCT", "363698007"), ("SRT", "G-C0E3")}
_METHODS = {("SCT", "370129005"), ("SRT", "G-C036")}
_AGATSTON = ("DCM", "112055")
_CORONARY = "41801008"  # coronary artery, any: the total
_MOST_LEVELS = 40  # no report is as deep; a hostile one ends there

_MALFORMED = (InvalidDicomError, BytesLengthException, AttributeError, LookupError, TypeError,
              ValueError, StopIteration, NotImplementedError, EOFError, OSError,
              MemoryError, RecursionError, struct.error, zlib.error)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomReference:
    """A DICOM object about the calcium of a scan.

    Attributes
    ----------
    kind : ``"marks"`` or ``"report"``
        A segmentation or structure set, which `corcal.annotations` reads; or scores.
    series : tuple of str
        SeriesInstanceUIDs of what it is about.
    study : str or None
        StudyInstanceUID of the object.
    scores : dict
        Agatston scores by ``"total"`` and artery; empty for marks.
    """

    kind: Literal["marks", "report"]
    series: tuple[str, ...]
    study: str | None
    scores: dict[str, float]


def read_dicom_reference(path: Path) -> DicomReference | None:
    """Read of which scan a DICOM object is, and the scores if it is a report.

    Returns
    -------
    DicomReference or None
        ``None`` if the file is no DICOM, or an object of another kind, such as an image.

    Raises
    ------
    InputError
        If it is damaged, a report without a calcium score, or one with two scores of one artery.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd values in what is not used
            return _read(path)
    except InvalidDicomError:
        return None
    except _MALFORMED as exc:
        msg = f"{path.name} is a damaged DICOM object ({type(exc).__name__})"
        raise InputError(msg) from exc


def _read(path: Path) -> DicomReference | None:
    kind = str(dcmread(path, specific_tags=["SOPClassUID"]).get("SOPClassUID", ""))
    if kind in _SEGMENTATIONS:
        dataset = dcmread(path, stop_before_pixels=True)
        series = [str(one.SeriesInstanceUID) for one in dataset.get("ReferencedSeriesSequence", [])]
        return _reference("marks", series, dataset)
    if kind == _STRUCTURE_SET:
        dataset = dcmread(path)
        return _reference("marks", list(_of_structures(dataset)), dataset)
    if kind.startswith(_REPORTS):
        dataset = dcmread(path)
        scores = _scores(dataset, path)
        if not scores:
            msg = f"{path.name} is a report without a coded calcium score"
            raise InputError(msg)
        return _reference("report", list(_of_evidence(dataset)), dataset, scores)
    return None


def _reference(
    kind: Literal["marks", "report"],
    series: list[str],
    dataset: Dataset,
    scores: dict[str, float] | None = None,
) -> DicomReference:
    study = dataset.get("StudyInstanceUID")
    return DicomReference(
        kind=kind,
        series=tuple(dict.fromkeys(series)),
        study=str(study) if study else None,
        scores=scores or {},
    )


def _of_structures(dataset: Dataset) -> Iterator[str]:
    for frame in dataset.get("ReferencedFrameOfReferenceSequence", []):
        for study in frame.get("RTReferencedStudySequence", []):
            for one in study.get("RTReferencedSeriesSequence", []):
                yield str(one.SeriesInstanceUID)


def _of_evidence(dataset: Dataset) -> Iterator[str]:
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in dataset.get(keyword, []):
            for one in study.get("ReferencedSeriesSequence", []):
                yield str(one.SeriesInstanceUID)


def _scores(dataset: Dataset, path: Path) -> dict[str, float]:
    """Scores of a report by artery; corcal's own has those of lesions too."""
    if dataset.SOPClassUID == COMPREHENSIVE_3D_SR and dataset.get("Manufacturer") == MANUFACTURER:
        said = read_structured_report(path)
        groups = {"total": said.total, **{one.site: one for one in said.sites if one.site}}
        arteries = {"total", *(site.label for site in CORONARY_SITES)}
        return {name: one.values["agatston"] for name, one in groups.items() if name in arteries}
    found: dict[str, float] = {}
    for name, value in _walk(dataset, "total", 0):
        if found.setdefault(name, value) != value:
            msg = f"{path.name} says two scores of {name}: {found[name]:g} and {value:g}"
            raise InputError(msg)
    return found


def _walk(item: Dataset, inherited: str | None, level: int) -> Iterator[tuple[str, float]]:
    """Give every score in an item with its artery; ``None`` inherits a place that is no artery."""
    children = list(item.get("ContentSequence", []))
    sites = [_site(one) for one in children if _code(one) in _FINDING_SITES]
    site = sites[0] if sites else inherited
    if item.get("ValueType") == "NUM" and _code(item) in _SCORES:
        methods = [_value(one) for one in children if _code(one) in _METHODS]
        measured = item.get("MeasuredValueSequence")
        if site is not None and measured and (not methods or _AGATSTON in methods):
            value = measured[0]
            yield site, float(value.get("FloatingPointValue", value.NumericValue))
    if level < _MOST_LEVELS:
        for child in children:
            yield from _walk(child, site, level + 1)


def _site(item: Dataset) -> str | None:
    from pydicom.sr._snomed_dict import mapping

    scheme, value = _value(item)
    code = mapping["SRT"].get(value, "") if scheme == "SRT" else value
    if code == _CORONARY:
        return "total"
    site = SNOMED_SITES.get(code) or GENERAL_SNOMED_SITES.get(code)
    return site.label if site in CORONARY_SITES else None


def _code(item: Dataset) -> tuple[str, str]:
    return _coded(item, "ConceptNameCodeSequence")


def _value(item: Dataset) -> tuple[str, str]:
    return _coded(item, "ConceptCodeSequence")


def _coded(item: Dataset, keyword: str) -> tuple[str, str]:
    codes = item.get(keyword)
    if not codes:
        return "", ""
    return str(codes[0].get("CodingSchemeDesignator", "")), str(codes[0].get("CodeValue", ""))
