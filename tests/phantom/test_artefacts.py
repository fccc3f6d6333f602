from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from corcal.phantom.artefacts import (
    CLEAN,
    Artefacts,
    add_lateral_noise,
    add_metal_streaks,
    add_shading,
)
from corcal.phantom.patient import draw_patient
from corcal.phantom.physics import ImageGrid, Scanner
from corcal.phantom.protocol import draw_protocol

SCANNER = Scanner(matrix=(128, 128), pixel_spacing_mm=2.0, noise_sd_hu=20.0)
GRID = ImageGrid(scanner=SCANNER, origin_mm=(-127.0, -127.0, -60.0), slice_count=61)


def _water(hu: float = 0.0) -> NDArray[np.float32]:
    return np.full(GRID.shape, hu, np.float32)


def test_a_clean_scan_stays_as_it_is() -> None:
    hu = _water(40.0)
    add_shading(hu, GRID, CLEAN)
    add_lateral_noise(hu, GRID, CLEAN, heart_z_mm=0.0)
    add_metal_streaks(hu, _water(0.0), GRID, CLEAN)
    assert (hu == 40.0).all()


def test_shading_is_smooth_of_the_size_asked_for_and_spares_air() -> None:
    hu = _water()
    hu[:, :, :32] = -1000.0
    add_shading(hu, GRID, Artefacts(shading_hu=4.0, seed=2))
    assert (hu[:, :, :32] == -1000.0).all()
    tissue = hu[:, :, 32:]
    assert 2.0 < tissue.std() < 5.0
    # Over 90 mm from light to dark: neighbouring voxels (2 mm) differ by little.
    assert max(np.abs(np.diff(tissue, axis=axis)).max() for axis in range(3)) < 1.5


def test_cupping_darkens_the_middle_by_what_was_asked_for() -> None:
    hu = _water()
    add_shading(hu, GRID, Artefacts(cupping_hu=6.0))
    assert hu[30, 64, 64] == pytest.approx(-6.0, abs=0.1)
    assert hu[30, 0, 0] == pytest.approx(0.0, abs=0.1)  # the corner is beyond the rim


def test_noise_of_the_shoulders_runs_across_and_fades_to_the_heart() -> None:
    hu = _water()
    add_lateral_noise(hu, GRID, Artefacts(lateral_noise=1.0, seed=1), heart_z_mm=0.0)
    # Slices of 3 mm from -60 mm: slice 20 at the heart, slice 60 at +120 mm, whole.
    assert hu[60].std() == pytest.approx(20.0, rel=0.15)
    assert hu[20].std() == pytest.approx(20.0 / 3.0, rel=0.15)
    along = [np.corrcoef(hu[60][:, :-5].ravel(), hu[60][:, 5:].ravel())[0, 1]]
    down = [np.corrcoef(hu[60][:-5].ravel(), hu[60][5:].ravel())[0, 1]]
    assert along[0] > 0.6
    assert abs(down[0]) < 0.3


def _two_rods() -> NDArray[np.float32]:
    metal = _water()
    metal[30, 62:66, 40:44] = 6000.0
    metal[30, 62:66, 84:88] = 6000.0
    return metal


def test_between_two_pieces_of_metal_the_image_is_dark() -> None:
    changes = []
    for seed in range(6):
        hu = _water()
        add_metal_streaks(hu, _two_rods(), GRID, Artefacts(seed=seed))
        changes.append(hu[30])
        assert (hu[29] == 0).all()
        assert (hu[31] == 0).all()
    mean = np.mean(changes, axis=0)
    between = mean[62:66, 55:73].mean()
    above = mean[40:44, 55:73].mean()
    assert between < -20
    assert between < above - 20
    # It spreads over the slice, and fades away from the metal.
    one = np.abs(changes[0])
    assert one[50:80, 30:98].mean() > 3 * one[:20].mean()


def test_streaks_grow_with_their_strength_and_plastic_makes_none() -> None:
    sizes = []
    for strength in (0.0, 1.0, 2.0):
        hu = _water()
        add_metal_streaks(hu, _two_rods(), GRID, Artefacts(metal=strength, seed=1))
        sizes.append(float(hu.std()))
    assert sizes[0] == 0
    assert sizes[2] == pytest.approx(2 * sizes[1], rel=1e-4)
    hu = _water()
    add_metal_streaks(hu, np.minimum(_two_rods(), 900.0), GRID, CLEAN)
    assert (hu == 0).all()


def test_large_patients_are_drawn_more_streaks() -> None:
    lean, large = (
        np.mean([draw_protocol(s, spec=spec).artefacts.lateral_noise for s in range(60)])
        for spec in (
            replace(draw_patient(1), subcutaneous_fat_mm=5.0),
            replace(draw_patient(1), subcutaneous_fat_mm=40.0),
        )
    )
    assert large > 1.5 * lean
