"""The catalogue of finding codes: one table, from which the documentation is made.

A code never changes its meaning. Codes of the first section come from reading a scan; codes of the
second from judging whether it is fit for calcium scoring.
"""

from dataclasses import dataclass
from typing import Literal

from corcal.ct.scan import Finding, Severity

__all__ = ["FINDINGS", "FindingDefinition", "Topic", "finding"]

Topic = Literal["series", "geometry", "pixels", "acquisition", "annotation"]


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
        ("MIXED_PATIENTS", _E, "Files of several patients share one series UID."),
        ("MIXED_STUDIES", _E, "Files of several studies share one series UID."),
        ("MIXED_ACQUISITION", _E, "Slices of different kVp or kernel are in one series."),
        ("MULTIPLE_ACQUISITIONS", _W, "One series UID holds several stacks; each is listed."),
        ("MISSING_TAG", _E, "An image lacks a tag that reading needs, or the tag is malformed."),
        ("DUPLICATE_SLICES", _W, "Identical copies of slices were dropped."),
        ("HEADER_UNKNOWN", _W, "The file format says nothing of acquisition and patient."),
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
        ("PIXEL_PADDING", _I, "Voxels outside of the reconstruction were set to air."),
        ("NOT_HU_VALUES", _W, "The values of the voxels cannot be Hounsfield units."),
    ),
}

# Fitness for calcium scoring: codes of corcal.ct.suitability.
_SUITABILITY: dict[str, FindingDefinition] = {}

# Reading a person's annotation: codes of corcal.annotations.
_ANNOTATION: dict[str, FindingDefinition] = _table(
    "annotation",
    ("ANNOTATION_EMPTY", _I, "The annotation marks no voxel: the reader found no calcium."),
    ("ANNOTATION_EMPTY_REGION", _I, "A region has no points or voxels, as erased ones leave."),
    ("ANNOTATION_REGION_WITHOUT_PIXELS", _W, "A region is too small to hold a pixel centre."),
    ("ANNOTATION_REGION_IGNORED", _W, "A mark that encloses no area (point, line, text)."),
    ("ANNOTATION_OVERLAP", _W, "Regions of two sites share voxels; the first in the file won."),
    ("ANNOTATION_CLIPS_LESION", _W, "Calcium connected to annotated calcium is in no region."),
    ("ANNOTATION_SLICE_BY_INDEX", _W, "Slices were found by number, not by position in mm."),
    ("ANNOTATION_OFF_SLICE", _W, "Regions lie between slices; the nearest slice was taken."),
    ("ANNOTATION_STATISTICS_DIFFER", _W, "Area or HU stored with a region are not the scan's."),
    ("ANNOTATION_FRACTIONAL", _W, "A fractional segmentation was cut at one half."),
    ("ANNOTATION_OTHER_SERIES", _W, "It was made on another series of the same geometry."),
)

FINDINGS: dict[str, FindingDefinition] = {**_READING, **_SUITABILITY, **_ANNOTATION}
