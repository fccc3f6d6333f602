"""Every code that corcal writes into a DICOM object, in one table; none of them is its own.

Each is an entry of the DICOM terminology (PS3.16, as pydicom holds it), or of a row of its
templates TID 3900 to 3906, as PixelMed's validator transcribes them.
"""

from dataclasses import dataclass, replace

from pydicom.sr.coding import Code

from corcal.lesions.sites import Site

__all__ = [
    "AGATSTON_THRESHOLD",
    "ANALYSIS_PERFORMED",
    "ARTIFICIAL_INTELLIGENCE",
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
_BONE = Code("272673000", "SCT", "Bone")

CORONARY_ARTERY = Code("41801008", "SCT", "Coronary artery")


def _calcium(kind: Code, region: Code | None) -> SiteTerms:
    return SiteTerms(category=_ABNORMAL, kind=kind, region=region)


# Image noise has no entry: it is no thing that a segment could be of.
SITE_TERMS: dict[Site, SiteTerms] = {
    Site.LM: _calcium(_VASCULAR, Code("3227004", "SCT", "Left Main Coronary Artery")),
    Site.LAD: _calcium(
        _VASCULAR, Code("59438005", "SCT", "Left Anterior Descending Coronary Artery")
    ),
    Site.LCX: _calcium(_VASCULAR, Code("57396003", "SCT", "Circumflex Coronary Artery")),
    Site.RCA: _calcium(_VASCULAR, Code("13647002", "SCT", "Right Coronary Artery")),
    Site.ASCENDING_AORTA: _calcium(_VASCULAR, Code("54247002", "SCT", "Ascending aorta")),
    Site.DESCENDING_AORTA: _calcium(_VASCULAR, Code("281130003", "SCT", "Descending aorta")),
    Site.AORTIC_VALVE: _calcium(_PATHOLOGIC, Code("34202007", "SCT", "Aortic Valve")),
    Site.MITRAL_ANNULUS: _calcium(_PATHOLOGIC, Code("65197004", "SCT", "Mitral Annulus")),
    Site.PERICARDIUM: _calcium(_PATHOLOGIC, Code("76848001", "SCT", "Pericardium")),
    Site.BONE: SiteTerms(category=_ANATOMICAL, kind=_BONE, region=_BONE),
    Site.DEVICE: SiteTerms(category=_OBJECT, kind=Code("40388003", "SCT", "Implant"), region=None),
    Site.OTHER: _calcium(_PATHOLOGIC, None),
    Site.LYMPH_NODE: _calcium(_PATHOLOGIC, Code("59441001", "SCT", "Lymph Node")),
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
    name=Code("450360000", "SCT", "Coronary artery calcium score"),
    unit=_NO_UNITS,
    method=Code("112055", "DCM", "Agatston scoring method"),
    coronary_only=True,
)
_VOLUME = Measure(
    field="volume_mm3",
    name=Code("122660", "DCM", "Calcium Volume"),
    unit=_CUBIC_MILLIMETER,
    method=Code("112056", "DCM", "Volume scoring method"),
)
_MASS = Measure(
    field="mass_mg",
    name=Code("122661", "DCM", "Calcium Mass"),
    unit=_MILLIGRAM,
    method=Code("112057", "DCM", "Mass scoring method"),
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

AGATSTON_THRESHOLD = Code("122657", "DCM", "Agatston Score Threshold")
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
