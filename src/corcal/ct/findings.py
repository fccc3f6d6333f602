"""The catalogue of finding codes: one table, from which the documentation is made.

A code never changes its meaning. Codes of the first section come from reading a scan; codes of the
second from judging whether it is fit for calcium scoring.
"""

from dataclasses import dataclass
from typing import Literal

from corcal.ct.scan import Finding, Severity

__all__ = ["FINDINGS", "FindingDefinition", "Topic", "finding"]

Topic = Literal[
    "series",
    "geometry",
    "pixels",
    "acquisition",
    "annotation",
    "measuring",
    "anatomy",
    "detection",
    "review",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDefinition:
    """What a code means, and how much it matters unless the finder says otherwise.

    Attributes
    ----------
    code : str
        Upper-case identifier; stays the same for ever.
    severity : Severity
        Used when `finding` is not told another.
    meaning : str
        One line for the documentation.
    topic : str
        What the finding is about. An error about ``"geometry"`` is raised as `GeometryError`, any
        other as `SeriesError`.
    """

    code: str
    severity: Severity
    meaning: str
    topic: Topic = "series"


def finding(code: str, message: str, severity: Severity | None = None) -> Finding:
    """Make the finding `code` with its sentence.

    Parameters
    ----------
    code : str
        A code of `FINDINGS`.
    message : str
        What was found, where, and what would be accepted. One sentence, no patient data.
    severity : Severity, optional
        If it matters more or less than the code usually does.

    Raises
    ------
    KeyError
        If the code is not in the catalogue: a mistake of the caller.
    """
    definition = FINDINGS[code]
    return Finding(code=code, severity=severity or definition.severity, message=message)


def _table(topic: Topic, *rows: tuple[str, Severity, str]) -> dict[str, FindingDefinition]:
    return {
        code: FindingDefinition(code=code, severity=severity, meaning=meaning, topic=topic)
        for code, severity, meaning in rows
    }


_I, _W, _E = Severity.INFO, Severity.WARNING, Severity.ERROR

_READING: dict[str, FindingDefinition] = {
    **_table(
        "series",
        ("NOT_CT", _E, "The series is not of modality CT, or not of a CT image class."),
        ("SECONDARY_CAPTURE", _E, "The images are pictures of a screen, not measured HU."),
        ("LOCALIZER", _E, "The images are localizers (scouts, topograms), not slices."),
        ("NO_IMAGES", _E, "The objects have no pixels (reports, dose records, annotations)."),
        ("MISSING_SERIES_UID", _W, "The files name no series; folder and number stand for it."),
        ("MIXED_PATIENTS", _E, "Files of several patients share one series UID."),
        ("MIXED_STUDIES", _E, "Files of several studies share one series UID."),
        ("SEVERAL_PATIENTS", _W, "The series that can be scored may be of several patients."),
        ("SEVERAL_STUDIES", _W, "The series that can be scored are of several studies."),
        ("MIXED_ACQUISITION", _E, "Slices of different kVp or kernel are in one series."),
        ("MULTIPLE_ACQUISITIONS", _W, "One series UID holds several stacks; each is listed."),
        ("MISSING_TAG", _E, "An image lacks a tag that reading needs, or the tag is malformed."),
        ("DUPLICATE_SLICES", _W, "Identical copies of slices were dropped."),
        ("DAMAGED_FILES", _W, "Files beside the series could not be read: slices may be lost."),
        ("HEADER_UNKNOWN", _W, "The file format says nothing of acquisition and patient."),
        ("ORIENTATION_ASSUMED", _W, "The file does not say how its axes lie in the patient."),
    ),
    **_table(
        "geometry",
        ("SINGLE_SLICE", _E, "One slice has no measurable increment; two are needed."),
        ("BAD_ORIENTATION", _E, "ImageOrientationPatient is not two orthogonal unit vectors."),
        ("NOT_AXIAL", _E, "The slices are sagittal or coronal; scoring is defined on axial ones."),
        ("OBLIQUE_SLICES", _W, "The slices are tilted against the axial plane, without shear."),
        ("GANTRY_TILT", _W, "The gantry was tilted: the volume is sheared, and handled as such."),
        ("IN_PLANE_SHIFT", _W, "Slices are shifted in their plane in a way tilt does not explain."),
        ("MIXED_ORIENTATIONS", _E, "The slices of the series have several orientations."),
        ("MIXED_SIZES", _E, "The slices of the series have several numbers of rows or columns."),
        ("MIXED_PIXEL_SPACING", _E, "The slices of the series have several pixel spacings."),
        ("MIXED_FRAMES_OF_REFERENCE", _E, "The slices are in several coordinate systems."),
        ("REPEATED_POSITIONS", _E, "Different slices are at the same position."),
        ("MISSING_SLICES", _E, "The stack has gaps of whole slices."),
        ("IRREGULAR_SPACING", _W, "The distances of neighbouring slices differ."),
        ("OVERLAPPING_SLICES", _I, "The increment is smaller than the slice thickness."),
        ("SLICE_GAPS", _W, "The increment is larger than the slice thickness."),
        ("TOO_LARGE", _E, "The series declares more voxels than a CT has."),
    ),
    **_table(
        "pixels",
        ("MISSING_RESCALE", _E, "Rescale slope or intercept is missing: values are not HU."),
        ("RESCALE_NOT_HU", _E, "The rescaled values are declared to be something else than HU."),
        ("RESCALE_VARIES", _I, "Rescale slope or intercept differ between slices; each is used."),
        ("NOT_MONOCHROME", _E, "The images are colour or MONOCHROME1, not HU."),
        ("BAD_PIXEL_FORMAT", _E, "Bit depth or transfer syntax is not one that CT uses."),
        ("PIXEL_LENGTH", _E, "The pixel data are shorter or longer than the header says."),
        ("LOSSY_COMPRESSION", _W, "The images were compressed with loss at some time."),
        ("PIXEL_PADDING", _I, "Voxels without a value were set to air; a warning in tissue."),
        ("NOT_HU_VALUES", _W, "The values of the voxels cannot be Hounsfield units."),
        ("VALUES_CUT_OFF", _W, "Nothing is denser than a value that many voxels have."),
        ("EMPTY_SLICES", _E, "Slices between others show no body: their images were lost."),
        ("REPEATED_SLICES", _W, "Slices at different places are equal to the last voxel."),
        ("VALUES_JUMP", _W, "The same tissue has other values from one slice to the next."),
    ),
}

# Fitness for calcium scoring: codes of corcal.ct.suitability. First by the headers, then by voxels.
_SUITABILITY: dict[str, FindingDefinition] = _table(
    "acquisition",
    ("DERIVED_IMAGES", _W, "The slices were computed from other images (reformats)."),
    ("NOT_SLICES", _E, "Projections, maps or pictures: their values are not HU of slices."),
    ("VIRTUAL_IMAGES", _W, "Virtual images of two energies: calcium has other HU in them."),
    ("PHANTOM", _W, "The scan is of a phantom, by its headers or by its voxels."),
    ("BODY_PART_OTHER", _E, "The headers name another body part; the voxels can overrule it."),
    ("BODY_PART_DOUBTED", _I, "The headers name another body part, the voxels show a chest."),
    ("CONTRAST_BY_TAG", _E, "The header names a contrast agent; the voxels can overrule it."),
    ("CONTRAST_DOUBTED", _W, "The headers speak of contrast, the voxels show none."),
    ("CONTRAST_HINT", _E, "A description speaks of contrast; the voxels can overrule it."),
    ("NOT_GATED", _W, "The scan was not ECG-gated: the score is an estimate."),
    ("GATING_INFERRED", _I, "ECG gating follows from vendor options or the protocol's name."),
    ("GATING_UNCERTAIN", _W, "ECG gating is guessed from field of view and thickness."),
    ("KVP_UNKNOWN", _W, "The tube voltage is not known; 130 HU is for 120 kVp."),
    ("KVP_NOT_120", _W, "Another tube voltage than 120 kVp: scores are not comparable."),
    ("TIN_FILTER", _W, "A tin filter changes the HU of calcium."),
    ("KERNEL_SHARP", _W, "A lung or bone kernel raises the score."),
    ("KERNEL_UNKNOWN", _I, "The reconstruction kernel is not in the header."),
    ("RECON_ITERATIVE", _I, "Iterative reconstruction of low or medium strength."),
    ("RECON_STRONG", _W, "Strong iterative or learned reconstruction lowers the score."),
    ("THICKNESS_UNKNOWN", _W, "The slice thickness is not known from the header."),
    ("SLICES_THIN", _W, "Slices below 2.5 mm: scores are higher."),
    ("SLICES_THICK", _W, "Slices of 3 to 5 mm: small calcifications are averaged away."),
    ("SLICES_TOO_THICK", _E, "Slices above 5 mm."),
    ("SLICES_SPARSE", _E, "The increment is above 1.25 times the thickness: calcium is unseen."),
    ("FIELD_OF_VIEW_SMALL", _W, "Below 150 mm: the heart may be cut at the sides."),
    ("FIELD_OF_VIEW_UNUSUAL", _I, "Not between 200 and 260 mm."),
    ("PIXELS_LARGE", _W, "Pixels above 0.6 mm."),
    ("PIXELS_TOO_LARGE", _E, "Pixels above 1 mm."),
    ("PIXELS_NOT_SQUARE", _W, "Rows and columns differ in spacing; above 20 % it is an error."),
    ("SCAN_TOO_SHORT", _E, "The slices cover less than 60 mm."),
    ("COVERAGE_SHORT", _W, "The slices cover less than 100 mm: the heart may be cut."),
    ("DOSE", _I, "The dose of the scan, estimated from CTDIvol."),
    ("UNREADABLE", _E, "The headers are well, but the voxels could not be read."),
    ("VOXELS_MEASURED", _I, "Blood pool and noise, as measured in the voxels."),
    ("NO_BODY", _E, "The voxels show no body: there is nothing but air."),
    ("NOT_HEART", _E, "The voxels show no heart between lungs."),
    ("HEART_NOT_CONFIRMED", _W, "Lungs are seen, but no heart between them could be made out."),
    ("HEART_CUT_ABOVE", _W, "The scan ends in the heart, at the top; an error if most is missing."),
    ("HEART_CUT_BELOW", _W, "The scan begins above the diaphragm; an error if most is missing."),
    ("CONTRAST_MEASURED", _E, "The blood pool is enhanced: 130 HU or more."),
    ("BLOOD_POOL_BRIGHT", _W, "The blood pool has 70 to 130 HU: residual contrast, or HU are off."),
    ("BLOOD_POOL_DARK", _W, "The blood pool has less than 20 HU: the HU are off."),
    ("BLOOD_POOL_NOT_FOUND", _W, "The blood pool could not be located: contrast is unknown."),
    ("NOISE_HIGH", _W, "Noise above 20 HU (23 HU in large or cut bodies)."),
    ("NOISE_TOO_HIGH", _W, "Noise above 30 HU: false lesions are likely, small scores unsure."),
)

# Reading a person's annotation: codes of corcal.annotations.
_ANNOTATION: dict[str, FindingDefinition] = _table(
    "annotation",
    ("ANNOTATION_EMPTY", _W, "The annotation marks no calcium: true, or an empty export."),
    ("ANNOTATION_EMPTY_REGION", _I, "A region has no points or voxels, as erased ones leave."),
    ("ANNOTATION_REGION_WITHOUT_PIXELS", _W, "A region is too small to hold a pixel centre."),
    ("ANNOTATION_REGION_IGNORED", _W, "A mark that encloses no area (point, line, text)."),
    ("ANNOTATION_OVERLAP", _W, "Regions of two sites share voxels; the first in the file won."),
    ("ANNOTATION_CLIPS_LESION", _W, "Calcium connected to annotated calcium is in no region."),
    ("ANNOTATION_SLICE_BY_INDEX", _W, "Slices were found by number, not by position in mm."),
    ("ANNOTATION_OFF_SLICE", _W, "Regions lie between slices; the nearest slice was taken."),
    ("ANNOTATION_STATISTICS_DIFFER", _W, "Area or HU stored with a region are not the scan's."),
    ("ANNOTATION_FRACTIONAL", _W, "A fractional segmentation was cut at one half."),
    ("ANNOTATION_ORIENTATION_ASSUMED", _W, "Nothing tells which way columns and rows run."),
    ("ANNOTATION_OTHER_SERIES", _W, "It was made on another series of the same geometry."),
)

# Measuring: codes of corcal.scoring.
_MEASURING: dict[str, FindingDefinition] = _table(
    "measuring",
    ("MASS_FACTOR_DEFAULT", _I, "The mass factor is one of the literature, not this scanner's."),
    ("KVP_RULE_OFFERED", _W, "Scored at 130 HU at another kVp than 120; an adapted rule is shown."),
    ("RULE_NOT_FOR_KVP", _W, "A rule for another tube voltage than the scan's was chosen."),
)

# Where the heart is: codes of corcal.anatomy.
_ANATOMY: dict[str, FindingDefinition] = _table(
    "anatomy",
    ("HEART_NOT_FOUND", _E, "No heart was found in the scan: nothing in it can be coronary."),
    ("HEART_CUT", _W, "The scan cuts the heart; calcium there is unseen. Info below 8 mm."),
    ("ANATOMY_IMPLAUSIBLE", _W, "Sizes or places of heart and vessels are not those of people."),
    ("MODEL_UNKNOWN", _W, "A model was used whose hash this release does not know."),
)

# What candidates are: codes of corcal.lesions.
_DETECTION: dict[str, FindingDefinition] = _table(
    "detection",
    ("DEVICE_PRESENT", _W, "Metal near the heart; an artery that it lies on is not scoreable."),
)

# What a reader says against or beside the detection: codes of corcal.review.
_REVIEW: dict[str, FindingDefinition] = _table(
    "review",
    ("DEVICE_BY_READER", _W, "A reader named metal near the heart."),
    ("DEVICE_REFUTED", _I, "A reader says that what was taken for metal is none."),
)

FINDINGS: dict[str, FindingDefinition] = {
    **_READING,
    **_SUITABILITY,
    **_ANNOTATION,
    **_MEASURING,
    **_ANATOMY,
    **_DETECTION,
    **_REVIEW,
}
