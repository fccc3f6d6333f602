"""The real scans, with what they are known to be."""

import numpy as np
import pytest

from corcal.ct.find import find_series
from corcal.ct.read import read_series
from corcal.ct.suitability import SeriesKind, Verdict, assess_scan, choose_series
from corcal.ct.suitability.assess import assess
from corcal.errors import CorcalError, GeometryError, SeriesError, UnfitError
from suitability_maker import codes, make_scan

pytestmark = pytest.mark.shared

GATED, CHEST = SeriesKind.GATED_CALCIUM, SeriesKind.CHEST_NONCONTRAST
SCANS = [  # folder, kind, verdict, warnings
    ("coca-gated/0", GATED, Verdict.FIT, set()),
    ("coca-gated/1", GATED, Verdict.FIT, set()),
    ("coca-gated/2", GATED, Verdict.FIT, set()),
    ("coca-nongated/1", CHEST, Verdict.CAUTION, {"NOT_GATED", "SLICES_THICK", "PIXELS_LARGE"}),
    ("coca-nongated/2", CHEST, Verdict.CAUTION, {"NOT_GATED", "SLICES_THICK", "PIXELS_LARGE"}),
    ("chest-philips-5mm", CHEST, Verdict.CAUTION, {"NOT_GATED", "SLICES_THICK", "PIXELS_LARGE"}),
    ("qrm-phantom-canon", SeriesKind.PHANTOM, Verdict.CAUTION, {"PHANTOM", "DERIVED_IMAGES"}),
]
PERSONS = [folder for folder, kind, _, _ in SCANS if kind is not SeriesKind.PHANTOM]
ODD = [  # folder, kind, an error that must be among its findings
    ("gantrytilting/001", SeriesKind.NOT_HEART, "NO_BODY"),
    ("notavolume/001", SeriesKind.UNREADABLE, "REPEATED_POSITIONS"),
    ("sliceincrement/001", SeriesKind.UNREADABLE, "MISSING_SLICES"),
    ("sliceincrement/002", SeriesKind.UNREADABLE, "MISSING_SLICES"),
    ("enhanced-multiframe", SeriesKind.DERIVED, "RESCALE_NOT_HU"),
]


@pytest.fixture(scope="module")
def scan_of(shared_dir):
    """Series and scan of a folder, the last one kept."""
    kept = {}

    def read(folder):
        if folder not in kept:
            kept.clear()
            (series,) = find_series(shared_dir / "data" / folder / "dicom").series
            kept[folder] = (series, read_series(series))
        return kept[folder]

    return read


def with_voxels(series, scan, hu):
    return assess(series, make_scan(hu, spacing_mm=scan.spacing_mm, acquisition=scan.acquisition))


@pytest.mark.parametrize(("folder", "kind", "verdict", "warnings"), SCANS)
def test_a_real_scan_is_what_it_is_known_to_be(scan_of, folder, kind, verdict, warnings):
    series, scan = scan_of(folder)
    judged = assess(series, scan)
    assert (judged.kind, judged.verdict) == (kind, verdict)
    assert warnings <= codes(judged.findings) <= warnings | {"MISSING_SERIES_UID"}
    assert codes(judged.findings, "error") == set()
    alone = assess_scan(scan)
    assert (alone.kind, alone.verdict) == (kind, verdict)


@pytest.mark.parametrize("folder", PERSONS)
def test_contrast_added_to_a_real_heart_is_found(scan_of, folder):
    series, scan = scan_of(folder)
    hu = np.array(scan.hu)
    soft = (hu > 20) & (hu < 80)
    hu[soft] += 250
    judged = with_voxels(series, scan, hu)
    assert judged.kind is SeriesKind.CONTRAST_CT
    assert "CONTRAST_MEASURED" in codes(judged.findings, "error")


@pytest.mark.parametrize("folder", PERSONS)
def test_a_real_scan_without_the_upper_half_of_the_heart_is_unfit(scan_of, folder):
    series, scan = scan_of(folder)
    keep = {"coca-gated/0": 31, "coca-gated/1": 31, "coca-gated/2": 25, "coca-nongated/1": 19}
    keep |= {"coca-nongated/2": 28, "chest-philips-5mm": 18}  # slices to the middle of the heart
    judged = with_voxels(series, scan, np.array(scan.hu[: keep[folder]]))
    assert codes(judged.findings, "error") & {"HEART_CUT_ABOVE", "NOT_HEART"}


@pytest.mark.parametrize("folder", PERSONS[3:])
def test_the_upper_third_of_a_real_chest_has_no_whole_heart(scan_of, folder):
    series, scan = scan_of(folder)
    judged = with_voxels(series, scan, np.array(scan.hu[len(scan.hu) * 2 // 3 :]))
    assert judged.verdict is Verdict.UNFIT


@pytest.mark.parametrize("folder", PERSONS)
def test_the_abdomen_below_a_real_heart_is_not_the_heart(scan_of, folder):
    series, scan = scan_of(folder)
    judged = with_voxels(series, scan, np.array(scan.hu[:8]))
    assert judged.kind is SeriesKind.NOT_HEART


@pytest.mark.parametrize("folder", PERSONS)
def test_noise_added_to_a_real_scan_is_measured(scan_of, folder):
    series, scan = scan_of(folder)
    noise = np.random.default_rng(7).normal(0.0, 40.0, scan.shape)
    judged = with_voxels(series, scan, np.asarray(np.round(scan.hu + noise), np.int16))
    assert "NOISE_TOO_HIGH" in codes(judged.findings, "warning")


@pytest.mark.parametrize("folder", PERSONS)
def test_a_round_reconstruction_of_a_real_scan_is_judged_the_same(scan_of, folder):
    series, scan = scan_of(folder)
    hu = np.array(scan.hu)
    n_y, n_x = hu.shape[1:]
    y, x = np.ogrid[:n_y, :n_x]
    hu[:, (y - n_y / 2) ** 2 + (x - n_x / 2) ** 2 > (n_x / 2) ** 2] = -1024
    assert with_voxels(series, scan, hu).verdict is assess(series, scan).verdict


@pytest.mark.parametrize(("folder", "kind", "code"), ODD)
def test_an_odd_series_is_unfit_for_the_right_reason(shared_dir, folder, kind, code):
    (series,) = find_series(shared_dir / "data" / "dicom-odd" / folder).series
    judged = assess(series)
    if kind is SeriesKind.NOT_HEART:
        assert codes(judged.findings, "error") == {"SCAN_TOO_SHORT"}
        judged = assess(series, read_series(series))
    assert (judged.kind, judged.verdict) == (kind, Verdict.UNFIT)
    assert code in codes(judged.findings, "error")


@pytest.mark.parametrize(
    ("folder", "error"),
    [
        ("gantrytilting/001", UnfitError),
        ("notavolume/001", GeometryError),
        ("sliceincrement/001", GeometryError),
        ("sliceincrement/002", GeometryError),
        ("enhanced-multiframe", CorcalError),
    ],
)
def test_no_odd_series_is_ever_chosen(shared_dir, folder, error):
    with pytest.raises(error, match="needed"):
        choose_series(find_series(shared_dir / "data" / "dicom-odd" / folder))


def test_the_gated_scan_is_chosen_from_a_mixture_of_everything(shared_dir):
    catalogs = [
        find_series(shared_dir / "data" / folder)
        for folder in ("chest-philips-5mm", "dicom-odd", "coca-gated/2", "qrm-phantom-canon")
    ]
    choice = choose_series([series for catalog in catalogs for series in catalog.series])
    assert choice.series.slice_count == 46
    assert choice.suitability.verdict is Verdict.CAUTION  # for nothing but the other patients
    assert codes(choice.suitability.findings) == {"SEVERAL_PATIENTS"}
    assert "an ECG-gated calcium scan: preferred to series 29" in choice.reason


def test_a_folder_of_only_odd_series_names_each(shared_dir):
    with pytest.raises((UnfitError, SeriesError)) as caught:
        choose_series(find_series(shared_dir / "data" / "dicom-odd"))
    assert "\n" not in str(caught.value)
