import pytest

from corcal.ct.findings import finding
from corcal.ct.suitability import Verdict
from corcal.ct.suitability.assess import assess
from corcal.ct.suitability.tag_checks import tag_findings
from suitability_maker import codes, make_series_header


def found(**fields):
    return codes(tag_findings(make_series_header(**fields)), "error", "warning", "info")


def test_a_textbook_calcium_scan_has_no_finding_and_is_fit():
    series = make_series_header()  # 50 x 3 mm, 230 mm field of view, 120 kVp, B35f, gated
    assert tag_findings(series) == ()
    judged = assess(series)
    assert judged.verdict is Verdict.FIT
    assert judged.summary == (
        "This is an ECG-gated calcium scan (50 slices, one every 3 mm); it can be scored."
    )


BOTH_SIDES = [  # fields, codes
    ({"kvp": 120.0}, set()),
    ({"kvp": 119.0}, {"KVP_NOT_120"}),
    ({"kvp": 100.0}, {"KVP_NOT_120"}),
    ({"kvp": None}, {"KVP_UNKNOWN"}),
    ({"filter_type": "WEDGE_2"}, set()),
    ({"filter_type": "SN_1"}, {"TIN_FILTER"}),
    ({"filter_type": "Tin"}, {"TIN_FILTER"}),
    ({"filter_type": "TIN_0.4"}, {"TIN_FILTER"}),
    ({"filter_type": "SNAP"}, set()),
    ({"convolution_kernel": None}, {"KERNEL_UNKNOWN"}),
    ({"convolution_kernel": "B60f"}, {"KERNEL_SHARP"}),
    ({"convolution_kernel": "I30f\\3"}, {"RECON_ITERATIVE"}),
    ({"convolution_kernel": "I30f\\5"}, {"RECON_STRONG"}),
    ({"slice_thickness_mm": 2.5}, set()),
    ({"slice_thickness_mm": 2.4, "spacing_mm": (2.4, 0.45, 0.45)}, {"SLICES_THIN"}),
    ({"slice_thickness_mm": 3.04}, set()),  # headers round
    ({"slice_thickness_mm": 3.06}, {"SLICES_THICK"}),
    ({"slice_thickness_mm": 5.0}, {"SLICES_THICK"}),
    ({"slice_thickness_mm": 5.06}, {"SLICES_TOO_THICK"}),
    ({"slice_thickness_mm": None}, {"THICKNESS_UNKNOWN"}),
    (
        {"slice_thickness_mm": None, "spacing_mm": (6.0, 0.45, 0.45)},
        {"THICKNESS_UNKNOWN", "SLICES_TOO_THICK"},
    ),
    ({"spacing_mm": (3.75, 0.45, 0.45)}, set()),  # 1.25 times 3 mm: SLICE_GAPS of reading
    ({"spacing_mm": (3.76, 0.45, 0.45)}, {"SLICES_SPARSE"}),
    ({"spacing_mm": (3.0, 0.45, 0.45), "columns": 444}, {"FIELD_OF_VIEW_UNUSUAL"}),  # 199.8 mm
    ({"spacing_mm": (3.0, 0.45, 0.45), "columns": 445}, set()),  # 200.25 mm
    ({"spacing_mm": (3.0, 0.5, 0.5), "columns": 520}, set()),  # 260 mm
    ({"spacing_mm": (3.0, 0.5, 0.5), "columns": 521}, {"FIELD_OF_VIEW_UNUSUAL"}),
    ({"spacing_mm": (3.0, 0.5, 0.5), "columns": 300}, {"FIELD_OF_VIEW_UNUSUAL"}),  # 150 mm
    ({"spacing_mm": (3.0, 0.5, 0.5), "columns": 299}, {"FIELD_OF_VIEW_SMALL"}),
    ({"spacing_mm": (3.0, 0.6, 0.6), "columns": 400}, set()),
    ({"spacing_mm": (3.0, 0.61, 0.61), "columns": 400}, {"PIXELS_LARGE"}),
    ({"spacing_mm": (3.0, 1.0, 1.0), "columns": 256}, {"PIXELS_LARGE"}),
    ({"spacing_mm": (3.0, 1.01, 1.01), "columns": 256}, {"PIXELS_TOO_LARGE"}),
    ({"spacing_mm": (3.0, 0.4, 0.404)}, set()),
    ({"spacing_mm": (3.0, 0.4, 0.405)}, {"PIXELS_NOT_SQUARE"}),
    ({"slice_count": 34}, set()),  # 102 mm
    ({"slice_count": 33}, {"COVERAGE_SHORT"}),  # 99 mm
    ({"slice_count": 20}, {"COVERAGE_SHORT"}),  # 60 mm
    ({"slice_count": 19}, {"SCAN_TOO_SHORT"}),  # 57 mm
    ({"contrast_agent": "Ultravist"}, {"CONTRAST_BY_TAG"}),
    ({"series_description": "CTA"}, {"CONTRAST_HINT"}),
    ({"is_gated": False}, {"NOT_GATED"}),
    ({"is_gated": None}, {"GATING_INFERRED"}),
    ({"is_gated": None, "series_description": "Thorax"}, {"GATING_UNCERTAIN"}),
    ({"image_type": ("DERIVED", "PRIMARY", "MPR")}, {"DERIVED_IMAGES"}),
    ({"image_type": ("ORIGINAL", "SECONDARY", "AXIAL")}, {"DERIVED_IMAGES"}),
    ({"series_description": "CaSc MonoE 70 keV"}, {"VIRTUAL_IMAGES"}),
    ({"body_part": "HEAD"}, {"BODY_PART_OTHER"}),
    ({"ctdi_vol_mgy": 4.0}, {"DOSE"}),
]


@pytest.mark.parametrize(("fields", "expected"), BOTH_SIDES)
def test_each_limit_of_the_headers_has_two_sides(fields, expected):
    assert found(**fields) == expected


def test_the_dose_is_ctdi_times_length_times_the_chest_factor():
    # 4 mGy x 15 cm x 0.014 mSv/(mGy cm) = 0.84 mSv
    message = tag_findings(make_series_header(ctdi_vol_mgy=4.0))[0].message
    assert "about 0.8 mSv" in message


@pytest.mark.parametrize(
    ("spacing", "verdict"),
    [((3.0, 0.5, 0.6), Verdict.CAUTION), ((3.0, 0.5, 0.601), Verdict.UNFIT)],
)
def test_pixels_far_from_square_are_an_error(spacing, verdict):
    assert assess(make_series_header(spacing_mm=spacing, columns=400)).verdict is verdict


def test_an_agent_on_a_calcium_protocol_is_a_warning_as_one_exam_may_hold_an_angiogram():
    judged = assess(make_series_header(contrast_agent="Iopamidol"))
    assert judged.verdict is Verdict.CAUTION
    judged = assess(make_series_header(contrast_agent="Iopamidol", series_description="Heart"))
    assert judged.verdict is Verdict.UNFIT


def test_findings_of_reading_count_and_errors_come_first():
    slow = finding("IRREGULAR_SPACING", "the increment varies")
    judged = assess(make_series_header(findings=(slow,), slice_count=10, ctdi_vol_mgy=1.0))
    assert [item.code for item in judged.findings] == [
        "SCAN_TOO_SHORT",
        "IRREGULAR_SPACING",
        "DOSE",
    ]
    assert judged.verdict is Verdict.UNFIT


def test_a_volume_file_without_header_can_be_scored_with_care():
    series = make_series_header(
        format="nifti",
        modality=None,
        manufacturer=None,
        series_description=None,
        body_part=None,
        image_type=(),
        kvp=None,
        convolution_kernel=None,
        slice_thickness_mm=None,
        is_gated=None,
        sop_class_uid=None,
    )
    judged = assess(series)
    assert judged.verdict is Verdict.CAUTION
    assert codes(judged.findings) == {"KVP_UNKNOWN", "THICKNESS_UNKNOWN", "GATING_UNCERTAIN"}
