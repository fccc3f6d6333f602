"""The codes that corcal writes: of the standards where they have one, else corcal's own.

SNOMED CT, DICOM and LOINC codes are those that were read in the standards or in two independent
copies of them. LOINC 2.83 has a code for the examination and none for a number of calcium, so no
number carries one. What has no code of a standard has one of corcal's own code system.
"""

from dataclasses import dataclass
from types import MappingProxyType

from corcal.lesions.sites import Site

__all__ = [
    "AGATSTON_METHOD",
    "AGATSTON_THRESHOLD",
    "CALCIUM_MASS",
    "CALCIUM_SCORE",
    "CALCIUM_VOLUME",
    "CODES",
    "CORCAL",
    "CORONARY_ARTERIES",
    "CT",
    "DCM",
    "EXAMINATION",
    "LN",
    "MASS_METHOD",
    "SCT",
    "SITE_CONCEPTS",
    "UCUM",
    "VOLUME_METHOD",
    "CodeSystem",
    "Concept",
    "Unit",
    "codes_as_markdown",
    "corcal_code",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSystem:
    """Who gives a code its meaning.

    Attributes
    ----------
    uri : str
        As FHIR names it.
    name : str
        As HL7 v2 (table 0396) and DICOM name it.
    """

    uri: str
    name: str


SCT = CodeSystem(uri="http://snomed.info/sct", name="SCT")
DCM = CodeSystem(uri="http://dicom.nema.org/resources/ontology/DCM", name="DCM")
LN = CodeSystem(uri="http://loinc.org", name="LN")
UCUM = CodeSystem(uri="http://unitsofmeasure.org", name="UCUM")
# An OID made from a random UUID (ITU-T X.667), which needs neither a registry nor a host
CORCAL = CodeSystem(uri="urn:oid:2.25.324763851416922370528795943697585461595", name="99CORCAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One coded meaning.

    Attributes
    ----------
    code : str
        In its system.
    system : CodeSystem
        Whose code it is.
    display : str
        In words.
    same_as : tuple of Concept
        Codes of other systems for the same.
    """

    code: str
    system: CodeSystem
    display: str
    same_as: "tuple[Concept, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of measurement: its UCUM code, and how a person writes it."""

    ucum: str
    shown: str


def _sct(code: str, display: str) -> Concept:
    return Concept(code=code, system=SCT, display=display)


def _dcm(code: str, display: str) -> Concept:
    return Concept(code=code, system=DCM, display=display)


EXAMINATION = Concept(code="36934-8", system=LN, display="CT Heart for calcium scoring")
AGATSTON_METHOD = _dcm("112055", "Agatston scoring method")
VOLUME_METHOD = _dcm("112056", "Volume scoring method")
MASS_METHOD = _dcm("112057", "Mass scoring method")
CALCIUM_VOLUME = _dcm("122660", "Calcium Volume")
CALCIUM_MASS = _dcm("122661", "Calcium Mass")
AGATSTON_THRESHOLD = _dcm("122657", "Agatston Score Threshold")
CT = _dcm("CT", "Computed Tomography")
CORONARY_ARTERIES = _sct("41801008", "Coronary artery")
CALCIUM_SCORE = _sct("450360000", "Coronary artery calcium score")  # DICOM's (CID 6142)

# Every place that has a code. Noise, devices and what is nowhere in particular have none.
SITE_CONCEPTS = MappingProxyType(
    {
        Site.LM.label: _sct("3227004", "Left main coronary artery"),
        Site.LAD.label: _sct("59438005", "Left anterior descending coronary artery"),
        Site.LCX.label: _sct("57396003", "Circumflex coronary artery"),
        Site.RCA.label: _sct("13647002", "Right coronary artery"),
        Site.ASCENDING_AORTA.label: _sct("54247002", "Ascending aorta"),
        Site.DESCENDING_AORTA.label: _sct("281130003", "Descending aorta"),
        Site.AORTIC_VALVE.label: _sct("34202007", "Aortic valve"),
        Site.MITRAL_ANNULUS.label: _sct("65197004", "Mitral annulus"),
        Site.PERICARDIUM.label: _sct("76848001", "Pericardium"),
        Site.BONE.label: _sct("272673000", "Bone"),
        Site.LYMPH_NODE.label: _sct("59441001", "Lymph node"),
    }
)

# The total alone has the codes of the score: who asks for one must not be given that of an artery.
# DICOM uses the first (CID 6142), the HL7 guide of Lithuania the second.
_SCORE = (
    CALCIUM_SCORE,
    _sct("450734004", "Coronary artery calcium score"),
)

# code, display, and the codes of standards for the same
_TABLE: tuple[tuple[str, str, tuple[Concept, ...]], ...] = (
    ("agatston-total", "Agatston score, the four coronary arteries together", _SCORE),
    ("agatston-LM", "Agatston score of the left main coronary artery", ()),
    ("agatston-LAD", "Agatston score of the left anterior descending coronary artery", ()),
    ("agatston-LCX", "Agatston score of the circumflex coronary artery", ()),
    ("agatston-RCA", "Agatston score of the right coronary artery", ()),
    ("agatston-ascending_aorta", "Agatston score of the ascending aorta, not in the total", ()),
    ("agatston-descending_aorta", "Agatston score of the descending aorta, not in the total", ()),
    ("agatston-aortic_valve", "Agatston score of the aortic valve, not in the total", ()),
    ("agatston-mitral_annulus", "Agatston score of the mitral annulus, not in the total", ()),
    ("agatston-pericardium", "Agatston score of the pericardium, not in the total", ()),
    ("agatston-interval", "Interval of the Agatston score", ()),
    ("agatston-interval-level", "Probability that the interval holds the score", ()),
    ("probability-score-0", "Probability that the score is 0", ()),
    ("probability-score-1-100", "Probability that the score is above 0, up to 100", ()),
    ("probability-score-101-400", "Probability that the score is above 100, up to 400", ()),
    ("probability-score-above-400", "Probability that the score is above 400", ()),
    ("volume", "Calcium volume, voxels that count", (CALCIUM_VOLUME,)),
    ("volume-interpolated", "Calcium volume after isotropic interpolation", ()),
    ("mass", "Calcium mass, threshold method", (CALCIUM_MASS,)),
    ("mass-integrated", "Calcium mass, integrated intensity", ()),
    ("mass-volume-fraction", "Calcium mass, volume fraction", ()),
    ("spatially-weighted", "Spatially weighted calcium score", ()),
    ("area", "Calcified area, summed over slices", ()),
    ("mean-density-factor", "Mean density factor", ()),
    ("mean-hu", "Mean of the voxels that count", ()),
    ("peak-hu", "Highest of the voxels that count", ()),
    ("lesion-count", "Number of lesions in 3-D", ()),
    ("slice-lesion-count", "Number of lesions slice by slice", ()),
    ("vessels-involved", "Number of coronary arteries with calcium", ()),
    ("diffusivity", "1 minus the share of the most affected artery", ()),
    ("rule", "Scoring rule", ()),
    ("threshold", "Calcium threshold", (AGATSTON_THRESHOLD,)),
    ("mass-calibration", "Mass calibration factor", ()),
    ("method", "How coronary calcium was told from other calcium", ()),
    ("suitability", "Whether the scan is fit for calcium scoring", ()),
    ("series-kind", "What kind of series was scored", ()),
    ("ecg-gated", "Whether the scan was ECG-gated", ()),
    ("kvp", "Tube voltage", ()),
    ("slice-thickness", "Nominal slice thickness", ()),
    ("increment", "Distance of neighbouring slices", ()),
    ("kernel", "Reconstruction kernel", ()),
    ("review-advised", "Whether a person should look at the score before it is used", ()),
    ("amendment", "Why a signed report is corrected", ()),
    ("amendment-signed-before", "When the report that is corrected was signed", ()),
    ("amendment-agatston-before", "Agatston score of the report that is corrected", ()),
    ("amendment-category-before", "Category of the report that is corrected", ()),
    ("amendment-fit-before", "Whether the report that is corrected called the scan fit", ()),
    ("category-plain", "Category: plain guide", ()),
    ("category-rumberger", "Category: Rumberger 1999", ()),
    ("category-cac_drs", "Category: CAC-DRS", ()),
    ("category-cad_rads", "Category: plaque burden of CAD-RADS 2.0", ()),
    ("category-stage_2024", "Category: stage of Maron 2024", ()),
    ("category-guideline_2026", "Category: bands of the 2026 ACC/AHA guideline", ()),
    ("percentile-mesa", "Percentile of the score in MESA", ()),
    ("percentile-hoff", "Percentile of the score in Hoff 2001", ()),
    ("percentile-javaid", "Percentile of the score in Javaid 2022", ()),
    ("reference-nonzero", "Percent of the reference with a score above 0", ()),
    ("reference-score-25", "Score at percentile 25 of the reference", ()),
    ("reference-score-50", "Score at percentile 50 of the reference", ()),
    ("reference-score-75", "Score at percentile 75 of the reference", ()),
    ("reference-score-90", "Score at percentile 90 of the reference", ()),
    ("reference-group", "Group of the reference", ()),
    ("arterial-age", "Arterial age", ()),
    ("arterial-age-interval", "95 % interval of the arterial age", ()),
    ("study-instance-uid", "StudyInstanceUID", ()),
    ("series-instance-uid", "SeriesInstanceUID", ()),
    ("software", "Software that scored the scan", ()),
    ("model", "Model that the software used", ()),
    ("report-pdf", "Report for a clinician as PDF", (EXAMINATION,)),
    ("research-use-only", "For research use only", ()),
)

# Open sets: a code is made of names that the record has
_PATTERNS = (
    (
        "risk-<model>-<outcome>-<years>y",
        "Risk, 0 to 1, by the names of `interpretation.estimates`: `risk-pce-ascvd-10y`",
    ),
    ("<scheme>:<class>", "Class of the score, as value of `category-<scheme>`: `cac_drs:A2/N3`"),
    ("suitability:<verdict>", "`fit`, `caution` or `unfit`, as value of `suitability`"),
)

CODES = MappingProxyType(
    {
        code: Concept(code=code, system=CORCAL, display=display, same_as=same_as)
        for code, display, same_as in _TABLE
    }
)


def corcal_code(code: str, display: str | None = None) -> Concept:
    """Look up a code of corcal's own system, or make one of an open set.

    Parameters
    ----------
    code : str
        A key of `CODES`, or with `display` a value such as ``"cac_drs:A2"``.
    display : str, optional
        In words, for a code of an open set.
    """
    if display is None:
        return CODES[code]
    return Concept(code=code, system=CORCAL, display=display)


def codes_as_markdown() -> str:
    """Give the table of codes for the documentation, open sets as patterns at its end."""
    rows = [
        f"| `{each.code}` | {each.display} | "
        f"{', '.join(f'{same.system.name} {same.code}' for same in each.same_as)} |"
        for each in CODES.values()
    ]
    rows += [f"| `{pattern}` | {meaning} |  |" for pattern, meaning in _PATTERNS]
    return "\n".join(("| code | meaning | the same in |", "|---|---|---|", *rows))
