"""What the headers of the images of one stack must have, and must agree on, to be read as HU."""

from collections.abc import Callable, Sequence
from itertools import groupby

from corcal.ct.dicom.enhanced import MAX_FRAMES
from corcal.ct.dicom.header import Instance, PatientKey
from corcal.ct.findings import finding
from corcal.ct.geometry import label
from corcal.ct.scan import Finding, Severity
from corcal.ct.series import ImageHeader
from corcal.ct.wording import shown_code, shown_text, shown_uid

__all__ = ["ENCAPSULATED_SYNTAXES", "MAX_HU", "NATIVE_SYNTAXES", "check_identity", "check_stack"]

NATIVE_SYNTAXES = frozenset(
    {
        "1.2.840.10008.1.2",  # implicit VR little endian
        "1.2.840.10008.1.2.1",  # explicit VR little endian
        "1.2.840.10008.1.2.1.99",  # deflated explicit VR little endian
        "1.2.840.10008.1.2.2",  # explicit VR big endian
    }
)
ENCAPSULATED_SYNTAXES = frozenset(
    {
        "1.2.840.10008.1.2.5",  # RLE lossless
        "1.2.840.10008.1.2.4.50",  # JPEG baseline, 8 bit
        "1.2.840.10008.1.2.4.51",  # JPEG extended, 12 bit
        "1.2.840.10008.1.2.4.57",  # JPEG lossless
        "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order prediction
        "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
        "1.2.840.10008.1.2.4.81",  # JPEG-LS near-lossless
        "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
        "1.2.840.10008.1.2.4.91",  # JPEG 2000
        "1.2.840.10008.1.2.4.201",  # HTJ2K lossless
        "1.2.840.10008.1.2.4.202",  # HTJ2K lossless RPCL
        "1.2.840.10008.1.2.4.203",  # HTJ2K
    }
)
MAX_SIDE = 8192  # pixels; CT has 512 to 2048
MAX_VOXELS = 2**31  # 4 GB of HU; a CT of 2048 slices of 1024 x 1024
# No scanner comes near: values are -1024 to 3071 HU, with an extended scale 10 times that; those of
# 32 bits are scaled down by 2**16.
MIN_SLOPE, MAX_SLOPE = 1e-7, 1e4
MAX_HU = 1e6
_SPACING_TOLERANCE_MM = 1e-4  # headers round to 4 digits or more
_ORIENTATION_TOLERANCE = 1e-3


def check_identity(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    """Check that all images of a series UID are of one patient and one study."""
    studies = {instance.study_uid for instance in instances}
    for value in _patient_values(instances):
        named = [i for i in instances if value(i.patient)]
        count = len({value(i.patient) for i in named})
        if count > 1:
            other = next(i for i in named if value(i.patient) != value(named[0].patient))
            message = (
                f"{count} patients share this series UID, first {label(named[0].header)} and "
                f"{label(other.header)}: the files of one patient are needed"
            )
            return (finding("MIXED_PATIENTS", message),)
    if len(studies) > 1:
        message = f"{len(studies)} studies share this series UID: the files of one are needed"
        return (finding("MIXED_STUDIES", message),)
    return ()


def _patient_values(instances: Sequence[Instance]) -> tuple[Callable[[PatientKey], str], ...]:
    """Return by what patients are told apart: the ID; where an image lacks it, the name as well.

    A value that an image merely lacks is no difference.
    """
    by_id: tuple[Callable[[PatientKey], str], ...] = (
        lambda patient: patient.patient_id,
        lambda patient: patient.issuer,
    )
    if all(instance.patient.patient_id for instance in instances):
        return by_id
    return (
        *by_id,
        lambda patient: patient.name,
        lambda patient: patient.birth_date,
        lambda patient: patient.sex,
    )


def check_stack(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    """Check the images of one stack.

    If a finding of severity ERROR is among the result, the stack cannot be read; otherwise all
    images have one size, orientation and pixel spacing, and their pixels are described.
    """
    refused = _too_large(instances) or _missing_tags(instances)
    if refused:
        return refused
    checks: tuple[Callable[[Sequence[Instance]], tuple[Finding, ...]], ...] = (
        _frame_count,
        _pixel_format,
        _pixel_length,
        _rescale,
        _lossy,
        _agreement,
    )
    return tuple(item for check in checks for item in check(instances))


def _missing_tags(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    """One finding for each tag that some image lacks, naming the first such image."""
    first: dict[str, Instance] = {}
    count: dict[str, int] = {}
    for instance in instances:
        for name in instance.missing:
            first.setdefault(name, instance)
            count[name] = count.get(name, 0) + 1
    findings = [
        finding(
            "MISSING_TAG",
            f"{name} is missing or malformed in {_some(label(instance.header), count[name])}: "
            "every image needs it",
        )
        for name, instance in first.items()
    ]
    without = [i for i in instances if i.header.layout is None and not i.missing]
    if without:
        findings.append(
            finding(
                "PIXEL_LENGTH",
                f"{_some(label(without[0].header), len(without))} ends before its pixel data: "
                "complete files are needed",
            )
        )
    return tuple(findings)


def _some(first: str, count: int) -> str:
    return first if count == 1 else f"{first} and {count - 1} more"


def _pixel_format(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    for instance in instances:
        image, layout = instance.header, instance.header.layout
        if layout is None:
            continue
        if layout.samples_per_pixel != 1 or layout.photometric != "MONOCHROME2":
            message = (
                f"{label(image)} is {shown_code(layout.photometric)} with "
                f"{layout.samples_per_pixel} samples a pixel: CT values are MONOCHROME2 with 1"
            )
            return (finding("NOT_MONOCHROME", message),)
        syntax = image.transfer_syntax_uid
        if syntax not in NATIVE_SYNTAXES and syntax not in ENCAPSULATED_SYNTAXES:
            message = (
                f"{label(image)} has transfer syntax {shown_uid(syntax)}, which no CT codec "
                "here reads"
            )
            return (finding("BAD_PIXEL_FORMAT", message),)
        if (
            layout.bits_allocated not in (8, 16, 32)
            or not 1 <= layout.bits_stored <= layout.bits_allocated
            or not layout.bits_stored - 1 <= layout.high_bit < layout.bits_allocated
        ):
            message = (
                f"{label(image)} has {layout.bits_stored} bits stored in {layout.bits_allocated} "
                f"with high bit {layout.high_bit}: 8, 16 or 32 bits that hold them are needed"
            )
            return (finding("BAD_PIXEL_FORMAT", message),)
        if layout.bits_allocated == 8 and not layout.is_little_endian:
            message = (
                f"{label(image)} has pixels of 8 bits in big-endian words (OW), whose order "
                "writers do not agree on: 16 bits are needed"
            )
            return (finding("BAD_PIXEL_FORMAT", message),)
    return ()


def _frame_count(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    """Refuse frames without a position, and positions without a frame.

    Only enhanced objects place each of their frames.
    """
    for instance in instances:
        image, layout = instance.header, instance.header.layout
        placed = instance.placed_count
        if layout is not None and placed is not None and layout.frame_count != placed:
            message = (
                f"{image.source} has {layout.frame_count} frames and {placed} items that place "
                "them: as many are needed"
            )
            return (finding("BAD_PIXEL_FORMAT", message),)
        if layout is not None and layout.frame_count > 1 and image.frame_number is None:
            message = (
                f"{label(image)} has {layout.frame_count} frames: a CT Image has one, several are "
                "read of an Enhanced CT Image"
            )
            return (finding("BAD_PIXEL_FORMAT", message),)
    return ()


def _too_large(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    image = instances[0].header
    rows, columns = image.rows or 0, image.columns or 0
    layout = image.layout
    too_many_frames = layout is not None and layout.frame_count > MAX_FRAMES
    if (
        max(rows, columns) > MAX_SIDE
        or rows * columns * len(instances) > MAX_VOXELS
        or too_many_frames
    ):
        frames = len(instances) if layout is None else max(len(instances), layout.frame_count)
        message = (
            f"the series declares {frames} slices of {rows} x {columns}: at most {MAX_SIDE} a "
            f"side, {MAX_FRAMES} frames and {MAX_VOXELS} voxels in all are read"
        )
        return (finding("TOO_LARGE", message),)
    return ()


def _pixel_length(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    """Compare the length of uncompressed pixels with the header and with the file."""
    for instance in instances:
        image = instance.header
        problem = _length_problem(image)
        if problem:
            return (finding("PIXEL_LENGTH", f"{label(image)}: {problem}"),)
    return ()


def _length_problem(image: ImageHeader) -> str | None:
    layout = image.layout
    if layout is None:
        return None
    if image.transfer_syntax_uid not in NATIVE_SYNTAXES:
        if layout.length is not None:
            return f"compressed pixel data of defined length ({layout.length} bytes)"
        return None
    pixels = (image.rows or 0) * (image.columns or 0) * layout.frame_count
    needed = pixels * layout.bits_allocated // 8
    if layout.length is None:
        return f"uncompressed pixel data of undefined length, {needed} bytes are needed"
    if layout.length not in (needed, needed + needed % 2):
        return (
            f"the pixel data have {layout.length} bytes, {needed} are needed for "
            f"{layout.frame_count} x {image.rows} x {image.columns} pixels of "
            f"{layout.bits_allocated} bits"
        )
    if layout.available < needed:
        return (
            f"the file is truncated: the pixel data should have {needed} bytes, "
            f"{layout.available} are there"
        )
    return None


def _rescale(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    """Check that stored values become HU; slopes may differ from slice to slice."""
    for instance in instances:
        image = instance.header
        if image.rescale_slope is None or image.rescale_intercept is None:
            tag = (
                "RescaleSlope (0028,1053)"
                if image.rescale_slope is None
                else "RescaleIntercept (0028,1052)"
            )
            message = (
                f"{tag} is missing, malformed or zero in {label(image)}: without it the values "
                "are not HU"
            )
            return (finding("MISSING_RESCALE", message),)
        for name, value, low, high in (
            ("RescaleSlope (0028,1053)", image.rescale_slope, MIN_SLOPE, MAX_SLOPE),
            ("RescaleIntercept (0028,1052)", image.rescale_intercept, 0.0, MAX_HU),
        ):
            if not low <= abs(value) <= high:
                message = (
                    f"{name} of {label(image)} is {value:g}: {low:g} to {high:g} HU, of either "
                    "sign, are allowed"
                )
                return (finding("RESCALE_NOT_HU", message),)
    findings = _rescale_type(instances)
    pairs = {(i.header.rescale_slope, i.header.rescale_intercept) for i in instances}
    if len(pairs) > 1:
        message = f"{len(pairs)} different rescale slopes and intercepts: each slice has its own"
        findings += (finding("RESCALE_VARIES", message),)
    return findings


def _rescale_type(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    """Check RescaleType (0028,1054): absent means HU in a CT image; US means unspecified.

    Enhanced CT must state HU where it means HU (a perfusion map states US); classic CT need not.
    """
    for instance in instances:
        kind = (instance.rescale_type or "HU").upper()
        if kind == "HU":
            continue
        is_classic = instance.header.frame_number is None
        severity = Severity.WARNING if kind == "US" and is_classic else Severity.ERROR
        what = "unspecified (US)" if kind == "US" else shown_code(kind)
        message = f"the values of {label(instance.header)} are declared to be {what}, not HU"
        return (finding("RESCALE_NOT_HU", message, severity),)
    return ()


def _lossy(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    count = sum(instance.is_lossy for instance in instances)
    if not count:
        return ()
    message = f"{count} of {len(instances)} images were compressed with loss: HU may be altered"
    return (finding("LOSSY_COMPRESSION", message),)


def _agreement(instances: Sequence[Instance]) -> tuple[Finding, ...]:
    """Check what must be the same in all images of a stack."""
    first = instances[0].header

    def spacing(instance: Instance) -> object:
        value = instance.header.pixel_spacing_mm
        return _snap(value, first.pixel_spacing_mm, _SPACING_TOLERANCE_MM)

    def orientation(instance: Instance) -> object:
        return _snap(instance.header.orientation, first.orientation, _ORIENTATION_TOLERANCE)

    rules: tuple[tuple[str, str, Callable[[Instance], object]], ...] = (
        ("MIXED_SIZES", "sizes (rows, columns)", lambda i: (i.header.rows, i.header.columns)),
        ("MIXED_PIXEL_SPACING", "pixel spacings in mm", spacing),
        ("MIXED_ORIENTATIONS", "orientations", orientation),
        ("MIXED_FRAMES_OF_REFERENCE", "frames of reference", lambda i: i.frame_of_reference),
        ("MIXED_ACQUISITION", "tube voltages in kV", lambda i: i.kvp),
        ("MIXED_ACQUISITION", "kernels", lambda i: i.kernel),
    )
    return tuple(
        found for code, what, value in rules for found in _differing(instances, code, what, value)
    )


def _snap(
    values: tuple[float, ...] | None, reference: tuple[float, ...] | None, tolerance: float
) -> tuple[float, ...] | None:
    """Return the reference where the values agree with it, so that rounding is no difference."""
    if values is None or reference is None:
        return values
    same = all(abs(a - b) <= tolerance for a, b in zip(values, reference, strict=True))
    return reference if same else values


def _differing(
    instances: Sequence[Instance], code: str, what: str, value: Callable[[Instance], object]
) -> tuple[Finding, ...]:
    values = [value(instance) for instance in instances]
    distinct = [key for key, _ in groupby(sorted(values, key=repr))]
    if len(distinct) == 1:
        return ()
    other = next(k for k, v in enumerate(values) if v != values[0])
    shown = (
        ""
        if code == "MIXED_FRAMES_OF_REFERENCE"
        else f" ({_shown(values[0])} and {_shown(values[other])})"
    )
    message = (
        f"the images have {len(distinct)} {what}{shown}, first {label(instances[0].header)} and "
        f"{label(instances[other].header)}: one is needed"
    )
    return (finding(code, message),)


def _shown(value: object) -> str:
    return "none" if value is None else shown_text(str(value))
