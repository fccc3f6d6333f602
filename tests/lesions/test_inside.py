"""What a piece looks like inside: tubes and plaques made by hand."""

import numpy as np
import pytest
from scipy import ndimage

from corcal.lesions.inside import look_inside
from corcal.lesions.pieces import Pieces
from lesions.heart_maker import make_scan

SPACING = (3.0, 0.4, 0.4)
SHAPE = (5, 81, 81)


def _look(hu, *, piece=None, volume_mm3=100.0, length_mm=9.0):
    index = np.flatnonzero(hu >= 130)
    number = np.zeros(index.size, np.int32) if piece is None else piece.ravel()[index]
    count = int(number.max()) + 1
    pieces = Pieces(
        shape=hu.shape,
        spacing_mm=SPACING,
        index=index,
        hu=hu.ravel()[index],
        piece=number.astype(np.int32),
        lesion=np.arange(count, dtype=np.int32),
        full_volume_mm3=np.full(count, volume_mm3),
    )
    return look_inside(make_scan(hu, spacing_mm=SPACING), pieces, np.full(count, length_mm))


def _from_middle_mm(shape=SHAPE[1:], at=(40, 40), step_mm=0.4):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return step_mm * np.hypot(y - at[0], x - at[1])


def _blurred(plane, fwhm_mm=0.8):
    return ndimage.gaussian_filter(plane.astype(float), fwhm_mm / 2.355 / 0.4)


def _slice(plane, *, z=(1, 2, 3)):
    hu = np.full(SHAPE, 40.0)
    hu[list(z)] = plane
    return hu.astype(np.int16)


def _ring():
    away = _from_middle_mm()
    return _blurred(np.where(np.abs(away - 1.5) < 0.3, 1200.0, 40.0))


def _plaque():
    return 40.0 + 800.0 * np.exp(-0.5 * np.square(_from_middle_mm() / 1.2))


def test_a_ring_is_hollow_and_a_plaque_is_not():
    ring, plaque = _look(_slice(_ring())), _look(_slice(_plaque()))
    assert ring.hollow[0] > 0.05
    assert plaque.hollow[0] == pytest.approx(0.0, abs=1e-3)


def test_two_rails_are_as_even_as_a_tube_is_and_a_plaque_is_uneven():
    off = 0.4 * np.abs(np.mgrid[:81, :81][0] - 40)
    along = 0.4 * np.abs(np.mgrid[:81, :81][1] - 40)
    rails = _blurred(np.where((np.abs(off - 1.0) < 0.5) & (along < 8.0), 700.0, 40.0), 1.2)
    tube, plaque = _look(_slice(rails)), _look(_slice(_plaque()))
    assert tube.uneven[0] < 0.2 < plaque.uneven[0]


def test_unevenness_is_deviation_over_mean_without_the_edge():
    # Two halves of 400 and 600 HU, each even: deviation 100 of a mean of 500.
    plane = np.full(SHAPE[1:], 40.0)
    plane[20:60, 20:40], plane[20:60, 40:60] = 400.0, 600.0
    assert _look(_slice(plane)).uneven[0] == pytest.approx(0.2, abs=0.02)


def test_slices_count_by_their_pixels():
    # One slice is even, the other has two halves; both are of the same size, then one is larger.
    even, halves = np.full(SHAPE[1:], 40.0), np.full(SHAPE[1:], 40.0)
    even[20:60, 20:60] = 500.0
    halves[20:60, 20:40], halves[20:60, 40:60] = 400.0, 600.0
    hu = np.full(SHAPE, 40.0)
    hu[1], hu[2] = even, halves
    assert _look(hu.astype(np.int16)).uneven[0] == pytest.approx(0.1, abs=0.02)
    hu[3] = even
    assert _look(hu.astype(np.int16)).uneven[0] == pytest.approx(0.2 / 3, abs=0.02)


def test_every_piece_has_its_own_inside():
    plane = np.maximum(_plaque()[:, :], 40.0)
    plane[:, :30] = 40.0
    plane[5:25, 5:25] = np.maximum(plane[5:25, 5:25], _ring()[30:50, 30:50])
    piece = np.zeros(SHAPE, np.int32)
    piece[:, :28, :28] = 1
    both = _look(_slice(plane), piece=piece)
    assert both.hollow[0] == pytest.approx(0.0, abs=1e-3)
    assert both.hollow[1] == pytest.approx(_look(_slice(_ring())).hollow[0], rel=0.05)


@pytest.mark.parametrize("volume_mm3", [4000.0, 1e5])
def test_bone_has_no_inside_that_is_told(volume_mm3):
    found = _look(_slice(_ring()), volume_mm3=volume_mm3)
    assert np.isnan(found.uneven[0])
    assert np.isnan(found.hollow[0])


def test_specks_have_an_edge_only():
    plane = np.full(SHAPE[1:], 40.0)
    plane[40:44, 40:46] = 300.0  # 24 pixels, 3.8 mm2
    assert np.isnan(_look(_slice(plane)).hollow[0])
    plane[40:44, 40:47] = 300.0  # 28 pixels, 4.5 mm2
    assert np.isfinite(_look(_slice(plane)).hollow[0])


def test_at_the_border_of_the_image_it_is_measured_too():
    plane = np.roll(_plaque(), (-38, -38), axis=(0, 1))
    plane[45:, :], plane[:, 45:] = 40.0, 40.0
    found = _look(_slice(plane))
    assert np.isfinite(found.hollow[0])
    assert np.isfinite(found.uneven[0])


def test_only_what_is_as_long_as_a_stent_is_looked_into():
    assert np.isfinite(_look(_slice(_ring()), length_mm=7.0).hollow[0])
    short = _look(_slice(_ring()), length_mm=6.9)
    assert np.isnan(short.hollow[0])
    assert np.isnan(short.uneven[0])
