"""Volume fraction mass: partly filled voxels worked out by hand."""

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.scoring.integrated import integrated_mass
from corcal.scoring.surround import find_surround
from corcal.scoring.volume_fraction import (
    REFERENCE_DENSITY_MG_PER_CM3,
    fraction_mass_of_excess,
)

SPACING = (3.0, 0.5, 0.5)  # voxel volume 0.75 mm3
CENTRE = (3, 20, 20)


def scan_with(excess: dict[tuple[int, int, int], int], background: int = 40) -> np.ndarray:
    hu = np.full((7, 41, 41), background, dtype=np.int16)
    for at, more in excess.items():
        hu[at] += more
    return hu


def mass_of(hu: np.ndarray, *, calcium_hu: float, exclude_index: np.ndarray | None = None) -> float:
    """Mass of the lesion that is the voxel CENTRE, filled with 200 mg/cm3."""
    surround = find_surround(
        hu, np.array([CENTRE]), spacing_mm=SPACING, exclude_index=exclude_index
    )
    assert surround is not None
    return fraction_mass_of_excess(
        surround.excess_hu,
        background_hu=surround.background_hu,
        calcium_hu=calcium_hu,
        calcium_density_mg_per_cm3=200.0,
        voxel_volume_mm3=0.75,
    )


def test_half_filled_voxels_count_by_half() -> None:
    # material of 200 mg/cm3 shows 280 HU, tissue 40: 160 HU is a voxel half filled.
    # 1 + 0.5 + 0.5 voxels of 0.75 mm3 of 200 mg/cm3 = 0.3 mg
    z, y, x = CENTRE
    hu = scan_with({CENTRE: 240, (z, y, x + 1): 120, (z + 1, y, x): 120})
    assert mass_of(hu, calcium_hu=280.0) == pytest.approx(0.3)


def test_a_voxel_denser_than_the_material_counts_more_than_once() -> None:
    # 480 HU above tissue where the material has 240: as much calcium as two full voxels
    hu = scan_with({CENTRE: 480})
    assert mass_of(hu, calcium_hu=280.0) == pytest.approx(2 * 0.75 * 0.2)


def test_the_insert_of_200_above_water_gives_more_than_integrated_mass() -> None:
    # c = 0.8: 200 mg/cm3 show 250 HU above water; tissue of 50 HU leaves 200 of contrast.
    # 400 HU of excess are two voxels: 2 * 0.75 * 0.2 = 0.3 mg; integrated: 0.8 * 400 * 0.75 = 0.24
    hu = scan_with({CENTRE: 400}, background=50)
    by_integral = integrated_mass(
        hu, np.array([CENTRE]), spacing_mm=SPACING, calibration_mg_per_cm3_hu=0.8
    )
    assert mass_of(hu, calcium_hu=REFERENCE_DENSITY_MG_PER_CM3 / 0.8) == pytest.approx(0.3)
    assert by_integral == pytest.approx(0.24)


def test_other_lesions_are_left_out() -> None:
    z, y, x = CENTRE
    other = (z, y, x + 2)
    hu = scan_with({CENTRE: 240, other: 240})
    found = mass_of(hu, calcium_hu=280.0, exclude_index=np.array([other]))
    assert found == pytest.approx(0.15)


@pytest.mark.parametrize("calcium_hu", [40.0, 39.0])
def test_a_material_no_denser_than_tissue_is_refused(calcium_hu: float) -> None:
    with pytest.raises(InputError, match="not denser than its background, 40"):
        fraction_mass_of_excess(
            100.0,
            background_hu=40.0,
            calcium_hu=calcium_hu,
            calcium_density_mg_per_cm3=200.0,
            voxel_volume_mm3=1.0,
        )
