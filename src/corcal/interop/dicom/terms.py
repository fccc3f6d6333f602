"""Every code that corcal writes into a DICOM object; none of them is its own.

What other outputs write too is defined in `corcal.interop.codes`, the rest here. Each is an entry
of the DICOM terminology (PS3.16, as pydicom holds it), or of a row of its templates TID 3900 to
3906, as PixelMed's validator transcribes them.
"""

from dataclasses import dataclass, replace

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from corcal.interop import codes
from corcal.lesions.sites import Site

__all__ = [
    "AGATSTON_THRESHOLD",
    "ANALYSIS_PERFORMED",
    "ARTIFICIAL_INTELLIGENCE",
    "CALCIUM_EXAMINATION",
    "CALCIUM_MEASURES",
    "CALCIUM_SCORING",
    "CALIBRATION",
    "CALIBRATION_UNIT",
    "CARDIAC_CT_FOR_CALCIUM",
    "CARDIOVASCULAR_CT",
    "CARDIOVASCULAR_REPORT",
    "COMMENT",
    "CORONARY_ARTERY",
    "CT_OF_ANY_REGION",
    "EMPTY_SEGMENT_SITES",
    "FINDINGS",
    "FINDING_SITE",
    "HOUNSFIELD_UNIT",
    "MANUAL_PROCESSING",
    "Measure",
    "SITE_TERMS",
    "SUMMARY",
    "SiteTerms",
    "TEMPLATE_3905_MEASURES",
    "VASCULAR_MORPHOLOGY",
    "code_item",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTerms:
    """How DICOM names the calcium of a site.

    Attributes
    ----------
    category, kind : Code
        Segmented property category and type: what the voxels are.
    region : Code or None
        Anatomic region, and finding site of a measurement; ``None`` where the site has no place.
    """

    category: Code
    kind: Code
    region: Code | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A quantity of the result as a numeric content item.

    Attributes
    ----------
    field : str
        Its name in `corcal.scoring.types.SiteScore` and `Lesion`.
    name, unit : Code
        Concept and UCUM unit.
    method : Code or None
        Measurement method.
    coronary_only : bool
        Whether the concept speaks of the coronary arteries and fits no other site.
    """

    field: str
    name: Code
    unit: Code
    method: Code | None = None
    coronary_only: bool = False


_ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
_ANATOMICAL = Code("91723000", "SCT", "Anatomical Structure")
_OBJECT = Code("260787004", "SCT", "Physical object")
_VASCULAR = Code("237897009", "SCT", "Vascular Calcification")
_PATHOLOGIC = Code("18115005", "SCT", "pathologic calcification")


def _code(concept: codes.Concept) -> Code:
    return Code(concept.code, concept.system.name, concept.display)


def code_item(code: Code) -> Dataset:
    """Make the item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code[:3]
    return item


CORONARY_ARTERY = _code(codes.CORONARY_ARTERIES)
_BONE = _code(codes.SITE_CONCEPTS[Site.BONE.label])
CALCIUM_EXAMINATION = _code(codes.EXAMINATION)


def _calcium(kind: Code, site: Site) -> SiteTerms:
    region = codes.SITE_CONCEPTS.get(site.label)
    return SiteTerms(category=_ABNORMAL, kind=kind, region=_code(region) if region else None)


# Image noise has no entry: it is no thing that a segment could be of.
SITE_TERMS: dict[Site, SiteTerms] = {
    Site.LM: _calcium(_VASCULAR, Site.LM),
    Site.LAD: _calcium(_VASCULAR, Site.LAD),
    Site.LCX: _calcium(_VASCULAR, Site.LCX),
    Site.RCA: _calcium(_VASCULAR, Site.RCA),
    Site.ASCENDING_AORTA: _calcium(_VASCULAR, Site.ASCENDING_AORTA),
    Site.DESCENDING_AORTA: _calcium(_VASCULAR, Site.DESCENDING_AORTA),
    Site.AORTIC_VALVE: _calcium(_PATHOLOGIC, Site.AORTIC_VALVE),
    Site.MITRAL_ANNULUS: _calcium(_PATHOLOGIC, Site.MITRAL_ANNULUS),
    Site.PERICARDIUM: _calcium(_PATHOLOGIC, Site.PERICARDIUM),
    Site.BONE: SiteTerms(category=_ANATOMICAL, kind=_BONE, region=_BONE),
    Site.DEVICE: SiteTerms(category=_OBJECT, kind=Code("40388003", "SCT", "Implant"), region=None),
    Site.OTHER: _calcium(_PATHOLOGIC, Site.OTHER),
    Site.LYMPH_NODE: _calcium(_PATHOLOGIC, Site.LYMPH_NODE),
}

EMPTY_SEGMENT_SITES = (Site.LM, Site.LAD, Site.LCX, Site.RCA)
"""Described, with an empty frame each, where no calcium counts: a score of 0 is a finding."""

_NO_UNITS = Code("1", "UCUM", "no units")
_CUBIC_MILLIMETER = Code("mm3", "UCUM", "cubic millimeter")
_SQUARE_MILLIMETER = Code("mm2", "UCUM", "square millimeter")
_MILLIGRAM = Code("mg", "UCUM", "mg")
HOUNSFIELD_UNIT = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
CALIBRATION_UNIT = Code("mg/[hnsf'U].cm3", "UCUM", "mg/[hnsf'U].cm3")  # as TID 3905 row 5 has it

_SCORE = Measure(
    field="agatston",
    name=_code(codes.CALCIUM_SCORE),
    unit=_NO_UNITS,
    method=_code(codes.AGATSTON_METHOD),
    coronary_only=True,
)
_VOLUME = Measure(
    field="volume_mm3",
    name=_code(codes.CALCIUM_VOLUME),
    unit=_CUBIC_MILLIMETER,
    method=_code(codes.VOLUME_METHOD),
)
_MASS = Measure(
    field="mass_mg",
    name=_code(codes.CALCIUM_MASS),
    unit=_MILLIGRAM,
    method=_code(codes.MASS_METHOD),
)
_LESIONS = Measure(
    field="lesion_count",
    name=Code("246206008", "SCT", "Number of lesions"),
    unit=Code("{lesions}", "UCUM", "lesions"),
)

CALCIUM_MEASURES: tuple[Measure, ...] = (
    _SCORE,
    _VOLUME,
    _MASS,
    Measure(
        field="area_mm2",
        name=Code("112196", "DCM", "Area of Vascular Calcification"),
        unit=_SQUARE_MILLIMETER,
        coronary_only=True,
    ),
    Measure(
        field="peak_hu",
        name=Code("112180", "DCM", "Maximum Attenuation Coefficient"),
        unit=HOUNSFIELD_UNIT,
    ),
    Measure(
        field="mean_hu",
        name=Code("112181", "DCM", "Mean Attenuation Coefficient"),
        unit=HOUNSFIELD_UNIT,
    ),
    _LESIONS,
)
"""What is said of the total, of a site, and, as far as it has the field, of a lesion."""

TEMPLATE_3905_MEASURES = (
    _SCORE,
    replace(_VOLUME, method=None),
    replace(_MASS, method=None),
    _LESIONS,
)
"""Rows 6 to 9 of TID 3905, in their order; it has a method for the score alone."""

AGATSTON_THRESHOLD = _code(codes.AGATSTON_THRESHOLD)
CALIBRATION = Code("122659", "DCM", "Calcium Scoring Calibration")
CALCIUM_SCORING = Code("122603", "DCM", "Calcium Scoring Analysis")
ANALYSIS_PERFORMED = Code("111004", "DCM", "Analysis Performed")
VASCULAR_MORPHOLOGY = Code("122605", "DCM", "Vascular Morphological Analysis")
CARDIOVASCULAR_REPORT = Code("122600", "DCM", "Cardiovascular Analysis Report")
FINDINGS = Code("59776-5", "LN", "Findings")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
SUMMARY = Code("55112-7", "LN", "Summary")
COMMENT = Code("121106", "DCM", "Comment")
CARDIAC_CT_FOR_CALCIUM = Code("426005005", "SCT", "Cardiac CT for calcium scoring")
CARDIOVASCULAR_CT = Code("303680000", "SCT", "Cardiovascular CT")
CT_OF_ANY_REGION = Code("25045-6", "LN", "CT unspecified body region")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
MANUAL_PROCESSING = Code("123109", "DCM", "Manual Processing")
