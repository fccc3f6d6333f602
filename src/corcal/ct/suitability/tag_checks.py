"""Checks of fitness for calcium scoring: what the headers say.

Limits follow the SCCT/STR guideline of 2016 [1]_ and the calibration standard of 2007 [2]_ where
these give one; limits between published values are choices of corcal and marked so.

References
----------
.. [1] Hecht HS et al. J Cardiovasc Comput Tomogr 2017;11:74-84. doi:10.1016/j.jcct.2016.11.003
.. [2] McCollough CH et al. Radiology 2007;243:527-538. doi:10.1148/radiol.2432050808
"""

from collections.abc import Iterator

from corcal.ct.findings import finding
from corcal.ct.scan import Acquisition, Finding, Severity
from corcal.ct.series import Series
from corcal.ct.suitability.kinds import (
    believed_gating,
    claims_contrast,
    field_of_view_mm,
    hints_contrast,
    is_calcium_protocol,
    is_phantom_by_text,
    is_virtual,
    other_body_part,
    slice_thickness_mm,
)
from corcal.ct.suitability.reconstruction import denoising_of, is_kernel_sharp

__all__ = ["CLAIMS", "tag_findings"]

STANDARD_KVP = 120.0  # [1], [2]
USUAL_THICKNESS_MM = (2.5, 3.0)  # [1]
MAX_THICKNESS_MM = 5.0  # choice: the thickest slices of the chest CT that ungated scores come from
LENGTH_TOLERANCE_MM = 0.05  # headers round
MAX_GAP_RATIO = 1.25  # choice: increment over thickness; more than a fifth of the body is unseen
USUAL_FIELD_OF_VIEW_MM = (200.0, 260.0)  # [1]
MIN_FIELD_OF_VIEW_MM = 150.0  # choice: a large heart is up to 150 mm wide
USUAL_PIXEL_MM = 0.6  # choice: 1 mm2 is then about three pixels
MAX_PIXEL_MM = 1.0  # choice: the smallest lesion of 1 mm2 is one pixel
SQUARE_TOLERANCE = 0.01  # choice
MAX_PIXEL_RATIO = 1.2  # choice
WHOLE_HEART_MM = 100.0  # choice: pulmonary bifurcation to apex
MIN_EXTENT_MM = 60.0  # choice: less cannot hold the coronary arteries of an adult
DOSE_MSV_PER_MGY_CM = 0.014  # chest, AAPM report 96 (2008)

# Errors that are only claims of a tag: the voxels can overrule them.
CLAIMS = frozenset({"CONTRAST_BY_TAG", "CONTRAST_HINT", "BODY_PART_OTHER"})


def tag_findings(series: Series) -> tuple[Finding, ...]:
    """Judge a series by its headers.

    Parameters
    ----------
    series : Series
        A series of CT images; what reading found is in `Series.findings` and not repeated.

    Returns
    -------
    tuple of Finding
        Codes of the section "fitness by the headers" of the catalogue.
    """
    acquisition = series.acquisition
    return (
        *_about_images(series),
        *_about_contrast(acquisition),
        *_about_gating(series),
        *_about_energy(acquisition),
        *_about_reconstruction(acquisition),
        *_about_thickness(series),
        *_about_pixels(series),
        *_about_extent(series),
    )


def _about_images(series: Series) -> Iterator[Finding]:
    acquisition = series.acquisition
    words = {word.upper() for word in acquisition.image_type[:2]}
    if words & {"DERIVED", "SECONDARY"}:
        kind = "\\".join(acquisition.image_type[:3])
        yield finding(
            "DERIVED_IMAGES",
            f"the image type is {kind}: the slices were computed from other images; "
            "original axial slices are better",
        )
    if is_virtual(acquisition):
        yield finding(
            "VIRTUAL_IMAGES",
            "the images are virtual (mono-energetic or virtual non-contrast): calcium has other "
            "HU in them than at 120 kVp",
        )
    if is_phantom_by_text(series):
        yield finding("PHANTOM", "the headers call it a phantom")
    part = other_body_part(acquisition)
    if part:
        yield finding(
            "BODY_PART_OTHER", f"the headers name the body part {part}; a CT of the chest is needed"
        )


def _about_contrast(acquisition: Acquisition) -> Iterator[Finding]:
    if claims_contrast(acquisition):
        doubtful = is_calcium_protocol(acquisition)  # one tag for a whole exam with a CT angiogram
        yield finding(
            "CONTRAST_BY_TAG",
            "the header names a contrast agent; a scan without contrast is needed",
            Severity.WARNING if doubtful else None,
        )
    elif hints_contrast(acquisition):
        yield finding(
            "CONTRAST_HINT",
            "the name of series or protocol speaks of contrast; a scan without contrast is needed",
        )


def _about_gating(series: Series) -> Iterator[Finding]:
    gating = believed_gating(series)
    if not gating.is_gated:
        yield finding(
            "NOT_GATED",
            f"not ECG-gated ({gating.reason}): motion blurs and can lower or raise the score; "
            "read it as an estimate",
        )
    elif gating.certainty == "inferred":
        yield finding("GATING_INFERRED", f"ECG gating is inferred from {gating.reason}")
    elif gating.certainty == "guessed":
        yield finding(
            "GATING_UNCERTAIN",
            f"ECG gating is only guessed from {gating.reason}; the headers are silent",
        )


def _about_energy(acquisition: Acquisition) -> Iterator[Finding]:
    kvp = acquisition.kvp
    if kvp is None:  # missing, or a value that no tube has
        yield finding(
            "KVP_UNKNOWN",
            "the tube voltage is not known from the header; 130 HU is calcium's threshold at 120 "
            "kVp only",
        )
    elif kvp != STANDARD_KVP:
        yield finding(
            "KVP_NOT_120",
            f"the tube voltage is {kvp:g} kVp: the score is not comparable with one at 120 kVp",
        )
    if acquisition.has_tin_filter:
        yield finding(
            "TIN_FILTER", "a tin filter hardened the beam: calcium has lower HU than at 120 kVp"
        )


def _about_reconstruction(acquisition: Acquisition) -> Iterator[Finding]:
    kernel = acquisition.convolution_kernel
    if not kernel:
        yield finding("KERNEL_UNKNOWN", "the reconstruction kernel is not in the header")
    elif is_kernel_sharp(kernel, acquisition.manufacturer):
        yield finding(
            "KERNEL_SHARP",
            f"the kernel {kernel} is a sharp one (lung, bone): it raises the score; "
            "a medium smooth one is needed (B35f, Qr36, STANDARD, FC12)",
        )
    denoising = denoising_of(acquisition)
    if denoising == "strong":
        yield finding(
            "RECON_STRONG",
            "strong iterative or learned reconstruction: reported to lower the score by 10 to 50 %",
        )
    elif denoising == "moderate":
        yield finding("RECON_ITERATIVE", "iterative reconstruction of low or medium strength")


def _about_thickness(series: Series) -> Iterator[Finding]:
    thickness = slice_thickness_mm(series)
    increment = series.spacing_mm[0] if series.spacing_mm else None
    if thickness is None:
        yield finding("THICKNESS_UNKNOWN", "the slice thickness is not known from the header")
    depth = thickness or increment
    if depth is not None:
        verb = "thick" if thickness else "apart"
        yield from _about_depth(depth, f"the slices are {depth:.3g} mm {verb}")
    if thickness and increment and increment > thickness * MAX_GAP_RATIO:
        yield finding(
            "SLICES_SPARSE",
            f"slices of {thickness:.3g} mm every {increment:.3g} mm leave gaps in which calcium is "
            "not seen; contiguous slices are needed",
        )


def _about_depth(depth_mm: float, statement: str) -> Iterator[Finding]:
    low, high = USUAL_THICKNESS_MM
    if depth_mm > MAX_THICKNESS_MM + LENGTH_TOLERANCE_MM:
        yield finding(
            "SLICES_TOO_THICK",
            f"{statement}; at most {MAX_THICKNESS_MM:g} mm is accepted",
        )
    elif depth_mm > high + LENGTH_TOLERANCE_MM:
        yield finding(
            "SLICES_THICK",
            f"{statement}, not {low:g} to {high:g} mm: small calcifications are averaged away",
        )
    elif depth_mm < low - LENGTH_TOLERANCE_MM:
        yield finding(
            "SLICES_THIN",
            f"{statement}, not {low:g} to {high:g} mm: scores of thin slices are higher",
        )


def _about_pixels(series: Series) -> Iterator[Finding]:
    width = field_of_view_mm(series)
    low, high = USUAL_FIELD_OF_VIEW_MM
    if width is not None and width < MIN_FIELD_OF_VIEW_MM:
        yield finding(
            "FIELD_OF_VIEW_SMALL",
            f"the field of view is {width:.0f} mm: it may cut the heart at the sides; "
            f"{low:g} to {high:g} mm is usual",
        )
    elif width is not None and not low <= width <= high:
        yield finding(
            "FIELD_OF_VIEW_UNUSUAL",
            f"the field of view is {width:.0f} mm; {low:g} to {high:g} mm is usual",
        )
    if series.spacing_mm:
        yield from _about_pixel_size(series.spacing_mm[1], series.spacing_mm[2])


def _about_pixel_size(dy: float, dx: float) -> Iterator[Finding]:
    larger, smaller = max(dy, dx), min(dy, dx)
    if larger > MAX_PIXEL_MM:
        yield finding(
            "PIXELS_TOO_LARGE",
            f"the pixels are {larger:.2f} mm; at most {MAX_PIXEL_MM:g} mm is accepted",
        )
    elif larger > USUAL_PIXEL_MM:
        yield finding(
            "PIXELS_LARGE",
            f"the pixels are {larger:.2f} mm, above {USUAL_PIXEL_MM:g} mm: small calcifications "
            "are averaged away",
        )
    if larger > smaller * (1 + SQUARE_TOLERANCE):
        severe = larger > smaller * MAX_PIXEL_RATIO
        yield finding(
            "PIXELS_NOT_SQUARE",
            f"the pixels are {dy:.3f} by {dx:.3f} mm; square ones are expected",
            Severity.ERROR if severe else None,
        )


def _about_extent(series: Series) -> Iterator[Finding]:
    if series.spacing_mm is None:
        return
    extent = series.slice_count * series.spacing_mm[0]
    if extent < MIN_EXTENT_MM:
        yield finding(
            "SCAN_TOO_SHORT",
            f"{series.slice_count} slices cover {extent:.0f} mm from top to bottom; the coronary "
            f"arteries need about {WHOLE_HEART_MM:g} mm",
        )
    elif extent < WHOLE_HEART_MM:
        yield finding(
            "COVERAGE_SHORT",
            f"the scan covers {extent:.0f} mm from top to bottom; a whole heart needs about "
            f"{WHOLE_HEART_MM:g} mm",
        )
    ctdi = series.acquisition.ctdi_vol_mgy
    if ctdi:
        dose = ctdi * extent / 10.0 * DOSE_MSV_PER_MGY_CM
        yield finding(
            "DOSE",
            f"CTDIvol {ctdi:.1f} mGy over {extent:.0f} mm is about {dose:.1f} mSv; "
            "calcium scans take about 1 mSv",
        )
