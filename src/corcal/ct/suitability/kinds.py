"""What a series is by its headers: the words of vendors and technologists, in one place each.

Descriptions are typed by people and copied between protocols, so they are hints; only tags of the
standard are claims. What the voxels show overrules both (`corcal.ct.suitability.voxel_checks`).
"""

import re
from dataclasses import dataclass
from typing import Literal

from corcal.ct.scan import Acquisition, Severity
from corcal.ct.series import Series
from corcal.ct.suitability.verdict import SeriesKind

__all__ = [
    "GatingBelief",
    "acquisition_text",
    "believed_gating",
    "claims_contrast",
    "field_of_view_mm",
    "hints_contrast",
    "is_calcium_protocol",
    "is_phantom_by_text",
    "is_virtual",
    "kind_by_headers",
    "names_chest",
    "other_body_part",
    "slice_thickness_mm",
]

_CALCIUM = re.compile(
    r"calcium|calci[ou]|\bca[ _-]?sc|\bcacs?\b|smart ?score|agatston|ca ?score|kalk|calcique", re.I
)
_GATED_TEXT = re.compile(
    r"\becg\b|\bekg\b|\bgated\b|%\s*r-?r|\bdiastol|\bsystol|best ?(diast|syst)|prospective", re.I
)
_NOT_GATED_TEXT = re.compile(r"\bnon[- ]?gated|\bun-?gated|\blow[- ]?dose\b|\bldct\b", re.I)
_HELICAL = re.compile(r"HELI|SPIRAL|\bSPI\b", re.I)

_NO_AGENT = re.compile(
    r"^\W*$|^(none|no|non|not? (given|applied)|without|w/?o|ohne|sans|sin|nil|n/?a|0|false)\b",
    re.I,
)
_WITHOUT = re.compile(
    r"without|non[- ]?(ionic )?(contrast|enhanced)|\bw/?o\b|unenhanced|\bnativ|\bohne\b|\bsans\b"
    r"|\bc-(?!\w)|\bnc\b|\bncct\b|\bpre[- ]?contrast",
    re.I,
)
_WITH = re.compile(
    r"\bcta\b|\bccta\b|angio|contrast|enhanced|\bc\+|\bce\b|\barterial\b|\bvenous\b|\bdelayed\b"
    r"|\bcorona?ry ct|\bpe protocol|\btavi\b|\btavr\b|\bport(al)?[ -]?ven",
    re.I,
)
_PHANTOM = re.compile(r"phantom|\bqrm\b|catphan|water ?cylinder|quality ?(assurance|control)", re.I)
_DOSE = re.compile(
    r"dose (report|info|record|sheet)|patient protocol|dosimetry|exam protocol", re.I
)

_MAPS = frozenset({"PERFUSION", "IODINE", "Z_EFF", "RHO", "SUBTRACTION", "DENSITY_MAP", "RCBF"})
_PROJECTIONS = frozenset(
    {"MIP", "MINIP", "MAX_IP", "MIN_IP", "PROJECTION IMAGE", "VRT", "VR", "SSD", "CPR", "CURVED"}
)
_VIRTUAL = re.compile(r"MONO(E|CHROM)|\bVMI\b|\bVNC\b|VIRTUAL|PURE ?CALCIUM|\d+ ?KEV", re.I)
_SCREEN = frozenset({"SCREEN SAVE", "SECONDARY CAPTURE", "SCREENSAVE", "CAPTURE"})

_CHEST_PARTS = re.compile(
    r"chest|thora|heart|card|coron|lung|pulm|herz|coeur|aort|trunk|whole ?body|cap\b|tap\b|breast",
    re.I,
)
_OTHER_PARTS = re.compile(
    r"head|brain|skull|neck|sinus|orbit|face|jaw|dental|temporal|abdom|pelvi|liver|kidney|colon"
    r"|leg|knee|foot|ankle|hip\b|hand|wrist|elbow|shoulder|arm\b|extremit|l-?spine|c-?spine|sacr",
    re.I,
)

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
DOSE_SR_CLASSES = ("1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.5.1.4.1.1.88.76")

GATED_FIELD_OF_VIEW_MM = 280.0  # protocols prescribe 200-260 mm around the heart, with a margin
GATED_THICKNESS_MM = (2.0, 3.2)  # protocols prescribe 2.5 or 3 mm


@dataclass(frozen=True, slots=True, kw_only=True)
class GatingBelief:
    """Whether the scan was ECG-gated, and how this is known.

    Attributes
    ----------
    is_gated : bool
        The answer.
    certainty : str
        ``"tag"`` by `Acquisition.is_gated`, ``"inferred"`` from the name of series or protocol,
        ``"guessed"`` from field of view and thickness alone.
    reason : str
        What it was taken from.
    """

    is_gated: bool
    certainty: Literal["tag", "inferred", "guessed"]
    reason: str


def acquisition_text(acquisition: Acquisition) -> str:
    """Series description and protocol name: what people wrote about this one series."""
    return " | ".join(
        text for text in (acquisition.series_description, acquisition.protocol_name) if text
    )


def is_calcium_protocol(acquisition: Acquisition) -> bool:
    """Whether the series or its protocol is called a calcium scan."""
    return bool(_CALCIUM.search(acquisition_text(acquisition)))


def is_phantom_by_text(series: Series) -> bool:
    """Whether a description, the body part or the name of the patient says phantom."""
    acquisition, patient = series.acquisition, series.patient
    texts = (
        acquisition_text(acquisition),
        acquisition.study_description,
        acquisition.body_part,
        patient.name,
        patient.patient_id,
    )
    return any(text and _PHANTOM.search(text) for text in texts)


def claims_contrast(acquisition: Acquisition) -> bool:
    """Whether ContrastBolusAgent names an agent (an empty value, "none", "without" do not)."""
    agent = acquisition.contrast_agent
    return agent is not None and not _NO_AGENT.search(agent)


def hints_contrast(acquisition: Acquisition) -> bool:
    """Whether the words about the series speak of contrast, and not of a calcium scan."""
    text = acquisition_text(acquisition)
    return bool(_WITH.search(text)) and not (_WITHOUT.search(text) or _CALCIUM.search(text))


def other_body_part(acquisition: Acquisition) -> str | None:
    """Return the body part that the headers name, if it is certainly not the chest."""
    part = acquisition.body_part
    if part and _OTHER_PARTS.search(part) and not _CHEST_PARTS.search(part):
        return part
    text = acquisition_text(acquisition)
    found = _OTHER_PARTS.search(text)
    if not part and found and not (_CHEST_PARTS.search(text) or _CALCIUM.search(text)):
        return found.group()
    return None


def names_chest(acquisition: Acquisition) -> bool:
    """Whether the body part or a description names the chest or what is in it."""
    texts = (acquisition.body_part, acquisition_text(acquisition), acquisition.study_description)
    return any(text and _CHEST_PARTS.search(text) for text in texts)


def field_of_view_mm(series: Series) -> float | None:
    """Width of the reconstructed image, from the pixels if they are known, else from the tag."""
    columns = next((image.columns for image in series.images if image.columns), None)
    if columns and series.spacing_mm:
        return columns * series.spacing_mm[2]
    return series.acquisition.reconstruction_diameter_mm


def slice_thickness_mm(series: Series) -> float | None:
    """Return the nominal thickness, positive or absent."""
    candidates = (
        series.acquisition.slice_thickness_mm,
        *(image.slice_thickness_mm for image in series.images[:1]),
    )
    return next((value for value in candidates if value is not None and value > 0), None)


def believed_gating(series: Series) -> GatingBelief:
    """Tell whether a series was ECG-gated: by tag, else by words, else by geometry."""
    acquisition = series.acquisition
    if acquisition.is_gated is not None:
        return GatingBelief(
            is_gated=acquisition.is_gated, certainty="tag", reason="by a tag of the header"
        )
    text = acquisition_text(acquisition)
    if _NOT_GATED_TEXT.search(text):
        return GatingBelief(is_gated=False, certainty="inferred", reason="by its description")
    if _CALCIUM.search(text) or _GATED_TEXT.search(text):
        return GatingBelief(
            is_gated=True, certainty="inferred", reason="the name of series or protocol"
        )
    return _gating_by_geometry(series)


def _gating_by_geometry(series: Series) -> GatingBelief:
    acquisition = series.acquisition
    helical = any(
        _HELICAL.search(word) for word in (*acquisition.image_type, *acquisition.scan_options)
    )
    width, thickness = field_of_view_mm(series), slice_thickness_mm(series)
    if thickness is None and series.spacing_mm:
        thickness = series.spacing_mm[0]
    narrow = width is not None and width <= GATED_FIELD_OF_VIEW_MM
    usual = thickness is not None and GATED_THICKNESS_MM[0] <= thickness <= GATED_THICKNESS_MM[1]
    if narrow and usual and not helical:
        return GatingBelief(
            is_gated=True, certainty="guessed", reason="field of view and slice thickness"
        )
    return GatingBelief(
        is_gated=False, certainty="guessed", reason="no sign of gating in the headers"
    )


def kind_by_headers(series: Series) -> SeriesKind:
    """Tell what a series is without its voxels.

    Parameters
    ----------
    series : Series
        Headers only.

    Returns
    -------
    SeriesKind
        The best that headers allow; `SeriesKind.UNREADABLE` if reading will be refused for another
        reason than the kind of the images.
    """
    kind = _kind_that_is_no_volume(series)
    if kind is not None:
        return kind
    if any(found.severity is Severity.ERROR for found in series.findings):
        return SeriesKind.UNREADABLE
    acquisition = series.acquisition
    if is_phantom_by_text(series):
        return SeriesKind.PHANTOM
    if other_body_part(acquisition):
        return SeriesKind.NOT_HEART
    if (claims_contrast(acquisition) and not is_calcium_protocol(acquisition)) or hints_contrast(
        acquisition
    ):
        return SeriesKind.CONTRAST_CT
    gating = believed_gating(series)
    if gating.is_gated:
        return SeriesKind.GATED_CALCIUM
    is_chest = gating.certainty != "guessed" or names_chest(acquisition)
    return SeriesKind.CHEST_NONCONTRAST if is_chest else SeriesKind.UNKNOWN


def _kind_that_is_no_volume(series: Series) -> SeriesKind | None:
    """Tell the kinds that no reading could make a CT volume of."""
    acquisition = series.acquisition
    words = {word.upper().strip() for word in acquisition.image_type}
    codes = {found.code for found in series.findings}
    sop_class = series.identity.sop_class_uid or ""
    text = f"{acquisition_text(acquisition)} {' '.join(acquisition.image_type)}"
    if sop_class.startswith(DOSE_SR_CLASSES) or (
        _DOSE.search(text) and (sop_class.startswith(SECONDARY_CAPTURE) or "NO_IMAGES" in codes)
    ):
        return SeriesKind.DOSE_REPORT
    if series.format == "dicom" and acquisition.modality not in (None, "CT"):
        return SeriesKind.NOT_CT
    if "LOCALIZER" in words or "LOCALIZER" in codes:
        return SeriesKind.LOCALIZER
    if "NO_IMAGES" in codes or not series.images:
        return SeriesKind.NOT_CT
    if sop_class.startswith(SECONDARY_CAPTURE) or "SECONDARY_CAPTURE" in codes or words & _SCREEN:
        return SeriesKind.DOSE_REPORT if _DOSE.search(text) else SeriesKind.DERIVED
    if words & (_PROJECTIONS | _MAPS) or "NOT_AXIAL" in codes:
        return SeriesKind.DERIVED
    return SeriesKind.NOT_CT if "NOT_CT" in codes else None


def is_virtual(acquisition: Acquisition) -> bool:
    """Whether the image was computed from two energies (mono-energetic, virtual non-contrast)."""
    words = " ".join((acquisition_text(acquisition), *acquisition.image_type))
    return bool(_VIRTUAL.search(words))
