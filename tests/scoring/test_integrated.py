"""Integrated calcium mass: sums worked out by hand, and when there is no answer."""

import numpy as np
import pytest

from corcal.errors import GeometryError
from corcal.scoring.integrated import integrated_mass, mass_of_excess
from corcal.scoring.surround import find_surround

SPACING = (3.0, 0.5, 0.5)  # voxel volume 0.75 mm3
FACTOR = 0.8
BACKGROUND = 40
SHAPE = (7, 41, 41)
CENTRE = (3, 20, 20)


def tissue(hu: int = BACKGROUND) -> np.ndarray:
    return np.full(SHAPE, hu, dtype=np.int16)


def mass(hu: np.ndarray, index: list[tuple[int, int, int]], **more: object) -> float | None:
    return integrated_mass(
        hu,
        np.array(index),
        spacing_mm=SPACING,
        calibration_mg_per_cm3_hu=FACTOR,
        **more,  # type: ignore[arg-type]
    )


def test_one_bright_voxel_has_the_mass_of_its_contrast() -> None:
    # 500 HU above background, one voxel: 0.8 * 500 * 0.75 / 1000 = 0.3 mg
    hu = tissue()
    hu[CENTRE] += 500
    assert mass(hu, [CENTRE]) == pytest.approx(0.3)


def test_blur_over_neighbours_below_the_threshold_loses_no_mass() -> None:
    # the same 500 HU: 300 in the voxel, 50 in each of its four neighbours (90 HU, no calcium
    # for a threshold of 130)
    hu = tissue()
    z, y, x = CENTRE
    hu[CENTRE] += 300
    for at in ((z, y - 1, x), (z, y + 1, x), (z, y, x - 1), (z + 1, y, x)):
        hu[at] += 50
    assert mass(hu, [CENTRE]) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("away_px", "is_counted"),
    [(3, True), (4, False)],  # 1.5 mm is the margin, 2.0 mm is beyond it
)
def test_the_region_reaches_one_and_a_half_millimetres(away_px: int, is_counted: bool) -> None:
    hu = tissue()
    z, y, x = CENTRE
    hu[CENTRE] += 500
    hu[z, y, x + away_px] += 50  # 0.8 * 50 * 0.75 / 1000 = 0.03 mg
    assert mass(hu, [CENTRE]) == pytest.approx(0.33 if is_counted else 0.3)


@pytest.mark.parametrize(
    ("spacing_z", "slices_away", "is_counted"),
    [
        (3.0, 1, True),
        (3.0, 2, False),
        (0.75, 2, True),  # 1.5 mm
        (0.75, 3, False),
        (0.5, 3, True),
        (0.7499, 3, False),  # 0.75 mm as positions of rounded decimals give it: 2 slices are 1.5 mm
        (0.7501, 2, True),
    ],
)
def test_the_region_reaches_one_slice_or_one_and_a_half_millimetres(
    spacing_z: float, slices_away: int, is_counted: bool
) -> None:
    hu = np.full((15, 41, 41), BACKGROUND, dtype=np.int16)
    hu[7, 20, 20] += 500
    hu[7 + slices_away, 20, 20] += 50
    surround = find_surround(hu, np.array([(7, 20, 20)]), spacing_mm=(spacing_z, 0.5, 0.5))
    assert surround is not None
    assert surround.excess_hu == (550 if is_counted else 500)


@pytest.mark.parametrize(
    ("pixel_mm", "rows_away", "columns_away", "is_counted"),
    [
        ((0.5, 1.0), 3, 0, True),  # 1.5 mm
        ((0.5, 1.0), 0, 1, True),
        ((0.5, 1.0), 0, 2, False),
        ((1.0, 0.5), 2, 0, False),
        ((1.0, 0.5), 0, 3, True),
        ((0.3, 0.4), 3, 3, True),  # 0.9 mm and 1.2 mm: 1.5 mm
        ((0.3, 0.4), 4, 3, False),
        ((0.3, 0.4), 3, 4, False),
    ],
)
def test_pixels_need_not_be_square(
    pixel_mm: tuple[float, float], rows_away: int, columns_away: int, is_counted: bool
) -> None:
    hu = tissue()
    z, y, x = CENTRE
    hu[CENTRE] += 500
    hu[z, y + rows_away, x + columns_away] += 50
    surround = find_surround(hu, np.array([CENTRE]), spacing_mm=(3.0, *pixel_mm))
    assert surround is not None
    assert surround.excess_hu == (550 if is_counted else 500)


def test_the_background_is_the_median_of_the_ring_and_not_of_the_scan() -> None:
    hu = tissue(-90)
    hu[:, 8:33, 8:33] = 60  # tissue of 6 mm to each side, in fat
    hu[CENTRE] = 560
    surround = find_surround(hu, np.array([CENTRE]), spacing_mm=SPACING)
    assert surround is not None
    assert surround.background_hu == 60
    assert surround.excess_hu == 500


def test_fat_beside_the_lesion_takes_no_mass_away() -> None:
    # a column of fat, 1 mm beside the lesion, is part of the region and counts as background
    hu = tissue()
    hu[CENTRE] += 500
    hu[:, :, CENTRE[2] + 2] = -100
    assert mass(hu, [CENTRE]) == pytest.approx(0.3)


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_voxel_without_a_value_takes_and_gives_no_mass(missing: float) -> None:
    # one beside the lesion, one that is marked as part of it, one in the ring
    hu = tissue().astype(np.float32)
    z, y, x = CENTRE
    hu[CENTRE] += 500
    hu[z, y, x + 1] = hu[z, y + 1, x] = hu[z, y, x + 6] = missing
    assert mass(hu, [CENTRE, (z, y, x + 1)]) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("first_fat_column", "hu_of_fat", "is_measured"),
    # The ring is the pixels 3 to 9 columns away from column 20, 226 of them; 4.5 columns and more
    # to the left lie 50 (22 %), 5.5 columns and more 35 (15 %).
    [(16, -31, True), (15, -31, False), (15, -30, True)],
)
def test_a_ring_that_is_mostly_fat_gives_no_background(
    first_fat_column: int, hu_of_fat: int, is_measured: bool
) -> None:
    hu = tissue()
    hu[:, :, first_fat_column:] = hu_of_fat
    hu[CENTRE] = 540
    assert (mass(hu, [CENTRE]) is not None) is is_measured


@pytest.mark.parametrize("hu_around", [-800, -100, 130, 300])
def test_lung_fat_contrast_and_bone_are_no_background(hu_around: int) -> None:
    hu = tissue(hu_around)
    hu[CENTRE] = 700
    assert mass(hu, [CENTRE]) is None


def test_calcium_of_another_lesion_is_neither_summed_nor_background() -> None:
    hu = tissue()
    z, y, x = CENTRE
    hu[CENTRE] += 500
    neighbours = [(z, y, x + 2), (z, y, x + 3)]  # 1 and 1.5 mm away: within the region
    for at in neighbours:
        hu[at] += 400
    assert mass(hu, [CENTRE], exclude_index=np.array(neighbours)) == pytest.approx(0.3)
    assert mass(hu, [CENTRE]) == pytest.approx(0.3 + 0.48)  # 0.8 * 800 * 0.75 / 1000


def test_the_blur_of_another_lesion_is_no_background() -> None:
    # a long lesion 3 mm away fills half of the ring with blur of 100 HU, which is no tissue value
    # of its own: with it the median would lie between 40 and 100
    hu = tissue()
    hu[CENTRE] += 500
    z, y, x = CENTRE
    wall = [(z, row, x + column) for row in range(41) for column in (6, 7)]
    hu[:, :, x + 4 : x + 10] = 100
    hu[:, :, : x - 3] = 100
    far = [(z, row, x - 6) for row in range(41)]
    for at in (*wall, *far):
        hu[at] = 500
    hu[:, y - 3 : y + 4, x] = 40
    hu[CENTRE] = 540
    found = find_surround(
        hu, np.array([CENTRE]), spacing_mm=SPACING, exclude_index=np.array([*wall, *far])
    )
    assert found is not None
    assert found.background_hu == 40


def test_its_own_voxels_among_the_excluded_ones_still_count() -> None:
    hu = tissue()
    hu[CENTRE] += 500
    assert mass(hu, [CENTRE], exclude_index=np.array([CENTRE])) == pytest.approx(0.3)


def test_two_lesions_far_apart_have_the_sum_of_their_masses() -> None:
    hu = tissue()
    left, right = (3, 10, 10), (3, 30, 30)
    hu[left] += 500
    hu[right] += 250
    both = mass(hu, [left, right])
    assert both == pytest.approx(0.45)
    assert both == pytest.approx((mass(hu, [left]) or 0) + (mass(hu, [right]) or 0))


def test_the_order_and_the_corner_of_the_scan_do_not_matter() -> None:
    # in the corner a quarter of the ring is left: enough for a background
    hu = tissue()
    hu[0, 0, 0] += 500
    hu[0, 0, 1] += 100
    index = [(0, 0, 0), (0, 0, 1)]
    assert mass(hu, index) == pytest.approx(0.36)
    assert mass(hu, index[::-1]) == mass(hu, index)


def test_noise_alone_has_no_mass_on_average() -> None:
    # 200 places, 13 slice pixels of the 1.5 mm disc would be 29 * 3 voxels of 20 HU: the sum has
    # sd 20 * sqrt(87) * about 1.1 for the median background = 205 HU; the mean of 200: 15 HU
    rng = np.random.default_rng(3)
    excess = []
    for _ in range(200):
        hu = np.rint(40 + 20 * rng.standard_normal(SHAPE)).astype(np.int16)
        surround = find_surround(hu, np.array([CENTRE]), spacing_mm=SPACING)
        assert surround is not None
        excess.append(surround.excess_hu)
    assert abs(np.mean(excess)) < 4 * 15


@pytest.mark.parametrize(
    "index", [np.zeros((0, 3), np.int64), np.array([3, 20, 20]), np.array([[3, 20]])]
)
def test_a_lesion_without_voxels_is_refused(index: np.ndarray) -> None:
    with pytest.raises(GeometryError, match=r"\(n, 3\) voxel indices"):
        find_surround(tissue(), index, spacing_mm=SPACING)


@pytest.mark.parametrize("voxel", [(7, 0, 0), (0, -1, 0), (0, 0, 41)])
def test_a_lesion_outside_the_scan_is_refused(voxel: tuple[int, int, int]) -> None:
    with pytest.raises(GeometryError, match=r"leave a scan of \(7, 41, 41\)"):
        find_surround(tissue(), np.array([voxel]), spacing_mm=SPACING)


def test_mass_of_excess_is_linear_in_each_factor() -> None:
    one = mass_of_excess(1000, voxel_volume_mm3=0.75, calibration_mg_per_cm3_hu=0.8)
    assert one == pytest.approx(0.6)
    assert mass_of_excess(
        -2000, voxel_volume_mm3=0.75, calibration_mg_per_cm3_hu=0.8
    ) == pytest.approx(-1.2)


def test_noise_that_reaches_the_threshold_does_not_pull_the_background_down() -> None:
    # 50 HU of noise on 70 HU: the median of what is below 130 HU alone lies 8 HU too low. The
    # median of the 530 ring voxels here has a standard deviation of 2.7 HU, the mean of 100
    # medians 0.3 HU
    rng = np.random.default_rng(5)
    found = []
    for _ in range(100):
        hu = 70 + 50 * rng.standard_normal((5, 41, 41))
        surround = find_surround(hu, np.array([(2, 20, 20)]), spacing_mm=SPACING)
        assert surround is not None
        found.append(surround.background_hu)
    assert abs(np.mean(found) - 70) < 4 * 0.3
