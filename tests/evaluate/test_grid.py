"""Discs on a pixel grid."""

import numpy as np
import pytest

from corcal.evaluate.grid import bin_pixels, disc_mean, disc_weights, slab_mean

PIXEL = (0.5, 0.5)
SHAPE = (41, 41)


@pytest.mark.parametrize("radius_mm", [1.5, 4.0, 6.9])
@pytest.mark.parametrize("centre", [(20.0, 20.0), (20.3, 19.6), (20.5, 20.5)])
def test_the_area_of_a_disc_is_right_wherever_it_lies(
    radius_mm: float, centre: tuple[float, float]
) -> None:
    # within 1 % of pi r^2: the rim's pixels share linearly
    weights, _ = disc_weights(np.array(centre), radius_mm, PIXEL, SHAPE)
    assert weights.sum() * 0.25 == pytest.approx(np.pi * radius_mm**2, rel=0.01)


@pytest.mark.parametrize(
    ("distance_px", "share"),
    [(3, 1.0), (4, 0.5), (5, 0.0)],  # radius 2 mm is 4 pixels: 1 mm inside, on the rim, outside
)
def test_the_rim_shares_a_pixel(distance_px: int, share: float) -> None:
    weights, (rows, columns) = disc_weights(np.array([20.0, 20.0]), 2.0, PIXEL, SHAPE)
    assert weights[20 - rows.start, 20 + distance_px - columns.start] == pytest.approx(share)


def test_a_disc_at_the_edge_is_cut_and_one_outside_is_empty() -> None:
    whole, _ = disc_weights(np.array([20.0, 20.0]), 4.0, PIXEL, SHAPE)
    cut, (rows, _) = disc_weights(np.array([-0.5, 20.0]), 4.0, PIXEL, SHAPE)
    assert rows.start == 0
    assert cut.sum() == pytest.approx(whole.sum() / 2, rel=0.02)
    outside, _ = disc_weights(np.array([-40.0, 20.0]), 4.0, PIXEL, SHAPE)
    assert outside.size == 0


def test_unequal_pixels_make_an_ellipse_in_pixels() -> None:
    weights, (rows, columns) = disc_weights(np.array([20.0, 20.0]), 4.0, (1.0, 0.5), SHAPE)
    inside = weights > 0.5
    assert inside.any(axis=1).sum() == 7  # rows: |dy| < 4 mm at 1 mm, the rim itself has half
    assert inside.any(axis=0).sum() == 15  # columns: |dx| < 4 mm at 0.5 mm
    assert rows.start >= 0
    assert columns.start >= 0


def test_a_mean_over_a_disc_knows_nothing_beyond_it() -> None:
    image = np.full(SHAPE, 100.0)
    image[:, 30:] = 1e6
    assert disc_mean(image, np.array([20.0, 20.0]), 4.0, PIXEL) == pytest.approx(100.0)


def test_a_slab_is_the_mean_of_its_slices() -> None:
    hu = np.arange(4, dtype=np.int16)[:, None, None] * np.ones((4, 2, 2), np.int16)
    assert slab_mean(hu, 1, 2).tolist() == [[1.5, 1.5], [1.5, 1.5]]


def test_binned_pixels_are_means_of_blocks_and_a_rest_is_dropped() -> None:
    image = np.array([[1, 3, 9], [5, 7, 9], [9, 9, 9]], dtype=np.float32)
    assert bin_pixels(image, 2).tolist() == [[4.0]]
    assert bin_pixels(image, 1).tolist() == image.tolist()
