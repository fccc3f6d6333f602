"""The looks that real scans are given: what each does to an image whose answer is known."""

import numpy as np
import pytest
from benchmarks.study_looks import LOOKS, with_look

from corcal.ct.scan import CTScan
from corcal.phantom.physics import Scanner
from corcal.phantom.types import scan_from_volume, simulated_acquisition

SHAPE = (6, 64, 64)


def flat_scan_with_a_square(extremes: tuple[int, int] = (40, 40)) -> CTScan:
    """40 HU, and a square of 300 HU, 16 pixels wide, in every slice; two corners of slice 0."""
    hu = np.full(SHAPE, 40, np.int16)
    hu[:, 24:40, 24:40] = 300
    hu[0, 0, 0], hu[0, 0, 63] = extremes
    scanner = Scanner(matrix=SHAPE[1:], pixel_spacing_mm=0.4)
    acquisition = simulated_acquisition(
        scanner, date="2024-01-01", time="10:00:00", description="square", is_gated=True
    )
    return scan_from_volume(
        hu,
        spacing_mm=(3.0, 0.4, 0.4),
        origin_mm=(0.0, 0.0, 0.0),
        acquisition=acquisition,
        uid_seed="looks",
    )


@pytest.mark.parametrize("sd_hu", [8.0, 15.0, 25.0])
def test_noise_has_the_deviation_it_is_named_for_and_is_the_same_every_time(sd_hu) -> None:
    given = flat_scan_with_a_square()
    name = f"noise of {sd_hu:g} HU added"
    added = with_look(given, name).hu.astype(float) - given.hu
    assert added.std() == pytest.approx(sd_hu, rel=0.01)
    assert added.mean() == pytest.approx(0.0, abs=0.1 * sd_hu)
    assert np.array_equal(with_look(given, name).hu, with_look(given, name).hu)
    beside = np.corrcoef(added[:, :, 1:].ravel(), added[:, :, :-1].ravel())[0, 1]
    across = np.corrcoef(added[1:].ravel(), added[:-1].ravel())[0, 1]
    assert beside > 0.4  # a grain, as a kernel gives
    assert abs(across) < 0.1  # no slice knows of the next


def test_smoothing_and_sharpening_move_the_edge_and_leave_the_middle() -> None:
    given = flat_scan_with_a_square()
    steps = {}
    for name in ("smoothed, 0.6 pixels", "smoothed, 1 pixel", "sharpened by half"):
        hu = with_look(given, name).hu
        assert hu[2, 32, 32] == pytest.approx(300, abs=1)
        assert hu[2, 4, 4] == 40
        steps[name] = int(hu[2, 32, 24]) - int(hu[2, 32, 23])  # over the edge: 260 as it is
    assert steps["smoothed, 1 pixel"] < steps["smoothed, 0.6 pixels"] < 260
    assert steps["sharpened by half"] > 260


@pytest.mark.parametrize(
    ("name", "flat", "square"),
    [
        ("10 HU more", 50, 310),
        ("10 HU less", 30, 290),
        ("contrast 3 % more", 41, 309),
        ("contrast 3 % less", 39, 291),
    ],
)
def test_hounsfield_units_move_or_stretch_about_water(name, flat, square) -> None:
    hu = with_look(flat_scan_with_a_square(), name).hu
    assert np.unique(hu).tolist() == [flat, square]


def test_what_is_stored_stays_within_what_a_scanner_stores() -> None:
    given = flat_scan_with_a_square(extremes=(-1024, 3071))
    for name in LOOKS:
        hu = with_look(given, name).hu
        assert hu.min() >= -1024
        assert hu.max() <= 3071
