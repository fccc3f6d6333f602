"""Real scans end in the right scan, or in the right error."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.ct.scan import Severity
from corcal.errors import GeometryError, SeriesError

pytestmark = pytest.mark.shared

# folder, slices, increment and pixel in mm, gated, phase, findings
SCANS = [
    ("coca-gated/0", 57, 3.0, 0.474609375, True, 70, set()),
    ("coca-gated/1", 57, 3.0, 0.3828125, True, 70, set()),
    ("coca-gated/2", 46, 3.0, 0.3203125, True, 70, set()),
    ("coca-nongated/1", 61, 5.0, 0.705078125, None, None, {"MISSING_SERIES_UID"}),
    ("coca-nongated/2", 70, 5.0, 0.8984375, None, None, {"MISSING_SERIES_UID"}),
    ("qrm-phantom-canon", 47, 3.0, 0.488, None, None, set()),
    ("chest-philips-5mm", 64, 5.0, 0.841796875, None, None, set()),
]


@pytest.mark.parametrize(("name", "count", "dz", "pixel", "gated", "phase", "codes"), SCANS)
def test_a_sound_scan_is_read_as_simpleitk_reads_it(
    shared_dir: Path,
    name: str,
    count: int,
    dz: float,
    pixel: float,
    gated: bool | None,
    phase: float | None,
    codes: set[str],
) -> None:
    folder = shared_dir / "data" / name
    scan = read_scan(folder)
    assert scan.shape == (count, 512, 512)
    assert scan.spacing_mm == pytest.approx((dz, pixel, pixel))
    assert scan.acquisition.is_gated is gated
    assert scan.acquisition.cardiac_phase_percent == phase
    assert {item.code for item in scan.findings} == codes
    names = [str(folder / one.source) for one in scan.slices]
    peer = SimpleITK.ReadImage(names)
    np.testing.assert_array_equal(scan.hu, SimpleITK.GetArrayFromImage(peer))
    np.testing.assert_allclose(scan.affine_lps[:3, 3], peer.GetOrigin(), atol=1e-4)
    assert np.all(np.diff([one.position_mm[2] for one in scan.slices]) > 0)


def test_mass_factors_of_a_siemens_chest_scan_are_read(shared_dir: Path) -> None:
    acquisition = find_series(shared_dir / "data/coca-nongated/1").series[0].acquisition
    assert acquisition.mass_factors_device == pytest.approx((0.79, 0.833, 0.872), abs=1e-6)


def test_gantry_tilt_is_kept_sheared_and_reported(shared_dir: Path) -> None:
    scan = read_scan(shared_dir / "data/dicom-odd/gantrytilting/001")
    assert [item.code for item in scan.findings] == ["GANTRY_TILT"]
    assert "14.0 degrees" in scan.findings[0].message
    # 5 mm along the table, 5 mm x cos(14 degrees) along the normal
    assert scan.affine_lps[2, 0] == pytest.approx(5.0)
    assert scan.spacing_mm[0] == pytest.approx(5 * np.cos(np.radians(14)), abs=1e-3)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        (
            "notavolume/001",
            GeometryError,
            "4 different slices share positions, first instance 23",
        ),
        (
            "sliceincrement/001",
            GeometryError,
            "1 slice is missing between instance 9 .* and instance 10 .* 5.000 mm",
        ),
        (
            "sliceincrement/002",
            GeometryError,
            "1 slice is missing between instance 3 .* and instance 5 .* 0.750 mm",
        ),
        (
            "enhanced-multiframe",
            SeriesError,
            r"frame 1 of eCT_Supplemental\.dcm are declared to be unspecified \(US\), not HU",
        ),
    ],
)
def test_an_odd_series_is_refused_with_its_fault(
    shared_dir: Path, name: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_scan(shared_dir / "data/dicom-odd" / name)


def test_a_tilted_series_with_a_missing_slice_names_both(shared_dir: Path) -> None:
    series = find_series(shared_dir / "data/dicom-odd/sliceincrement/002").series[0]
    assert {item.code: item.severity for item in series.findings} == {
        "MISSING_SLICES": Severity.ERROR,
        "GANTRY_TILT": Severity.WARNING,
    }


def test_the_enhanced_object_is_understood_frame_by_frame(shared_dir: Path) -> None:
    series = find_series(shared_dir / "data/dicom-odd/enhanced-multiframe").series[0]
    assert series.slice_count == 2
    assert [image.frame_number for image in series.images] == [1, 2]
    assert series.images[0].position_mm == (99.5, -301.5, -159.0)
    assert series.acquisition.contrast_agent == "Iohexol"


def test_all_odd_folders_at_once_keep_their_series_apart(shared_dir: Path) -> None:
    catalog = find_series(shared_dir / "data/dicom-odd")
    assert sorted(one.slice_count for one in catalog.series) == [2, 4, 4, 4, 4]
