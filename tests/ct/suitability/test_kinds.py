import pytest

from corcal.ct.findings import finding
from corcal.ct.scan import Acquisition, Patient
from corcal.ct.suitability import SeriesKind, Verdict
from corcal.ct.suitability.assess import assess
from corcal.ct.suitability.kinds import (
    believed_gating,
    claims_contrast,
    hints_contrast,
    other_body_part,
)
from corcal.ct.suitability.reconstruction import denoising_of, is_kernel_sharp
from suitability_maker import codes, make_series_header

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
DOSE_SR = "1.2.840.10008.5.1.4.1.1.88.67"

KINDS = [  # fields of the header, kind
    ({}, SeriesKind.GATED_CALCIUM),
    ({"is_gated": None}, SeriesKind.GATED_CALCIUM),  # by its name, "CaSc"
    (
        {"is_gated": None, "series_description": "Thorax", "slice_thickness_mm": 5.0},
        SeriesKind.CHEST_NONCONTRAST,
    ),
    ({"is_gated": False}, SeriesKind.CHEST_NONCONTRAST),
    (
        {"contrast_agent": "Iomeron 400", "series_description": "CTA 0.75"},
        SeriesKind.CONTRAST_CT,
    ),
    ({"series_description": "Coronary CTA"}, SeriesKind.CONTRAST_CT),
    ({"body_part": "HEAD", "series_description": "Brain"}, SeriesKind.NOT_HEART),
    ({"series_description": "QRM phantom CaSc"}, SeriesKind.PHANTOM),
    ({"modality": "MR"}, SeriesKind.NOT_CT),
    ({"modality": "PT"}, SeriesKind.NOT_CT),
    ({"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, SeriesKind.LOCALIZER),
    ({"sop_class_uid": DOSE_SR, "modality": "SR", "slice_count": 0}, SeriesKind.DOSE_REPORT),
    (
        {"sop_class_uid": SECONDARY_CAPTURE, "series_description": "Dose Report"},
        SeriesKind.DOSE_REPORT,
    ),
    ({"sop_class_uid": SECONDARY_CAPTURE, "series_description": "3D"}, SeriesKind.DERIVED),
    ({"image_type": ("DERIVED", "SECONDARY", "MIP")}, SeriesKind.DERIVED),
    ({"image_type": ("DERIVED", "PRIMARY", "PERFUSION", "RCBF")}, SeriesKind.DERIVED),
    ({"image_type": ("DERIVED", "PRIMARY", "MPR")}, SeriesKind.GATED_CALCIUM),
    ({"slice_count": 0, "modality": None}, SeriesKind.NOT_CT),
    (
        {"is_gated": None, "series_description": None, "body_part": None, "columns": 1000},
        SeriesKind.UNKNOWN,
    ),
]


@pytest.mark.parametrize(("fields", "kind"), KINDS)
def test_the_headers_tell_what_a_series_is(fields, kind):
    assert assess(make_series_header(**fields)).kind is kind


@pytest.mark.parametrize("fields", [fields for fields, kind in KINDS if kind in {"not_ct"}])
def test_what_is_no_ct_is_unfit_even_if_reading_did_not_say_so(fields):
    judged = assess(make_series_header(**fields))
    assert judged.verdict is Verdict.UNFIT
    assert codes(judged.findings, "error") == {"NOT_CT"}


def test_a_series_that_reading_refuses_is_unreadable_and_says_why():
    refused = finding("MISSING_SLICES", "1 slice is missing")
    judged = assess(make_series_header(spacing_mm=None, findings=(refused,)))
    assert judged.kind is SeriesKind.UNREADABLE
    assert judged.verdict is Verdict.UNFIT
    assert judged.summary.endswith("it cannot be scored: 1 slice is missing.")


def test_a_localizer_stays_a_localizer_although_it_is_no_volume_either():
    refused = finding("LOCALIZER", "the 2 images are localizers")
    judged = assess(make_series_header(spacing_mm=None, findings=(refused,)))
    assert judged.kind is SeriesKind.LOCALIZER


def test_a_patient_called_phantom_makes_a_phantom_and_is_not_quoted():
    judged = assess(make_series_header(patient=Patient(name="PHANTOM^CARDIAC")))
    assert judged.kind is SeriesKind.PHANTOM
    assert judged.verdict is Verdict.CAUTION
    assert not any("CARDIAC" in item.message for item in judged.findings)


@pytest.mark.parametrize(
    ("agent", "claimed"),
    [
        (None, False),
        ("", False),
        ("-", False),
        ("NONE", False),
        ("No contrast", False),
        ("without", False),
        ("w/o", False),
        ("ohne KM", False),
        ("Omnipaque 350", True),
        ("IV", True),
        ("Nonionic", True),
        ("APPLIED", True),
    ],
)
def test_only_the_name_of_an_agent_claims_contrast(agent, claimed):
    assert claims_contrast(Acquisition(contrast_agent=agent)) is claimed


@pytest.mark.parametrize(
    ("description", "hinted"),
    [
        ("CORONARY CTA", True),
        ("Thorax arterial", True),
        ("Chest with contrast", True),
        ("Chest without contrast", False),
        ("2 Chest C-/Thorax", False),
        ("Thorax nativ", False),
        ("CaScore before CTA", False),
        ("Thorax 3.0 B31f", False),
    ],
)
def test_a_description_only_hints_at_contrast(description, hinted):
    assert hints_contrast(Acquisition(series_description=description)) is hinted


@pytest.mark.parametrize(
    ("body_part", "description", "other"),
    [
        ("HEAD", None, "HEAD"),
        ("ABDOMEN", "CaSc", "ABDOMEN"),
        ("CHEST", "Knee", None),
        ("HEART", None, None),
        ("CHEST_ABDOMEN_PELVIS", None, None),  # contains the heart
        (None, "Brain 5.0 H30s", "Brain"),
        (None, "Thorax Abdomen", None),
        (None, None, None),
        ("COW", None, None),  # not known is not "other"
    ],
)
def test_another_body_part_is_told_only_if_it_is_certain(body_part, description, other):
    acquisition = Acquisition(body_part=body_part, series_description=description)
    assert other_body_part(acquisition) == other


GATING = [  # fields, gated, certainty
    ({"is_gated": True, "series_description": "low dose"}, True, "tag"),
    ({"is_gated": False, "series_description": "CaSc"}, False, "tag"),
    ({"is_gated": None, "series_description": "SMART SCORE"}, True, "inferred"),
    ({"is_gated": None, "series_description": "Chest", "protocol_name": "CACS"}, True, "inferred"),
    ({"is_gated": None, "series_description": "CT 70 %RR"}, True, "inferred"),
    ({"is_gated": None, "series_description": "Calcium, non-gated"}, False, "inferred"),
    ({"is_gated": None, "series_description": "LDCT"}, False, "inferred"),
    ({"is_gated": None, "series_description": "system test"}, True, "guessed"),  # 230 mm, 3 mm
    ({"is_gated": None, "series_description": "x", "columns": 622}, True, "guessed"),  # 279.9 mm
    ({"is_gated": None, "series_description": "x", "columns": 623}, False, "guessed"),  # 280.4 mm
    ({"is_gated": None, "series_description": "x", "slice_thickness_mm": 1.9}, False, "guessed"),
    (
        {"is_gated": None, "series_description": "x", "scan_options": ("HELICAL MODE",)},
        False,
        "guessed",
    ),
]


@pytest.mark.parametrize(("fields", "gated", "certainty"), GATING)
def test_gating_is_taken_from_tags_then_words_then_geometry(fields, gated, certainty):
    believed = believed_gating(make_series_header(**fields))
    assert (believed.is_gated, believed.certainty) == (gated, certainty)


@pytest.mark.parametrize(
    ("kernel", "maker", "sharp"),
    [
        ("B35f", "SIEMENS", False),
        ("Qr36", "Siemens Healthineers", False),
        ("Sa36f", "SIEMENS", False),
        ("I30f\\3", "SIEMENS", False),
        ("B46f", "SIEMENS", False),
        ("B50f", "SIEMENS", True),
        ("Br59d\\3", "SIEMENS", True),
        ("B70f", "SIEMENS", True),
        ("STANDARD", "GE MEDICAL SYSTEMS", False),
        ("SOFT", "GE MEDICAL SYSTEMS", False),
        ("LUNG", "GE MEDICAL SYSTEMS", True),
        ("BONEPLUS", "GE MEDICAL SYSTEMS", True),
        ("B", "Philips", False),
        ("XCA", "Philips", False),
        ("L", "Philips", True),
        ("YC", "Philips", True),
        ("FC12", "TOSHIBA", False),
        ("FC43", "TOSHIBA", False),
        ("FC30", "TOSHIBA", True),
        ("FC51", "Canon Medical Systems", True),
        ("nobody knows", None, False),
    ],
)
def test_kernels_for_lung_and_bone_are_sharp(kernel, maker, sharp):
    assert is_kernel_sharp(kernel, maker) is sharp


@pytest.mark.parametrize(
    ("fields", "denoising"),
    [
        ({"convolution_kernel": "B35f"}, "none"),
        ({"convolution_kernel": "I30f\\3"}, "moderate"),
        ({"convolution_kernel": "I30f\\4"}, "strong"),
        ({"reconstruction_method": "FILTER_BACK_PROJ"}, "none"),
        ({"reconstruction_method": "ITERATIVE"}, "moderate"),
        ({"series_description": "CaSc ASiR 50%"}, "moderate"),
        ({"series_description": "CaSc ASiR 60%"}, "strong"),
        ({"series_description": "AIDR 3D STD FC12"}, "moderate"),
        ({"series_description": "AIDR 3D STR FC12"}, "strong"),
        ({"series_description": "TrueFidelity"}, "strong"),
        ({"series_description": "AiCE Cardiac"}, "strong"),
        ({"series_description": "FIRST Cardiac"}, "strong"),
        ({"series_description": "first pass"}, "none"),
    ],
)
def test_denoising_is_read_from_the_vendors_names(fields, denoising):
    assert denoising_of(Acquisition(**fields)) == denoising
