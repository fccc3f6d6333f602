"""Pieces: their bookkeeping, and the Agatston score of each."""

import numpy as np
import pytest

from corcal.errors import GeometryError
from corcal.lesions.pieces import Pieces, agatston_of, most_of, piece_agatston

SHAPE = (2, 6, 6)


def _pieces(index, hu, piece, *, spacing_mm=(3.0, 0.5, 0.5), lesion=None):
    count = max(piece) + 1
    return Pieces(
        shape=SHAPE,
        spacing_mm=spacing_mm,
        index=np.array(index, np.int64),
        hu=np.array(hu, np.int16),
        piece=np.array(piece, np.int32),
        lesion=np.arange(count, dtype=np.int32) if lesion is None else np.array(lesion, np.int32),
        full_volume_mm3=np.ones(count),
    )


@pytest.mark.parametrize(
    ("peak", "score"), [(199, 1.0), (200, 2.0), (299, 2.0), (300, 3.0), (399, 3.0), (400, 4.0)]
)
def test_four_pixels_of_a_square_millimetre_weigh_what_their_peak_says(peak, score):
    # 4 pixels of 0.25 mm2 = 1 mm2, times 3 mm / 3 mm
    pieces = _pieces([0, 1, 6, 7], [130, 140, 150, peak], [0, 0, 0, 0])
    assert piece_agatston(pieces).tolist() == [score]


def test_three_such_pixels_are_too_small():
    assert piece_agatston(_pieces([0, 1, 6], [500, 500, 500], [0, 0, 0])).tolist() == [0.0]


def test_half_the_increment_is_half_the_score():
    pieces = _pieces([0, 1, 6, 7], [150] * 4, [0] * 4, spacing_mm=(1.5, 0.5, 0.5))
    assert piece_agatston(pieces).tolist() == [0.5]


def test_nine_pixels_of_a_third_of_a_millimetre_are_one_square_millimetre():
    third = 1 / 3
    index = np.array([0, 1, 2, 6, 7, 8, 12, 13, 14])
    given = agatston_of(
        index, np.full(9, 150), np.zeros(9, int), shape=SHAPE, spacing_mm=(3.0, third, third)
    )
    assert given.sum() == pytest.approx(1.0)


def test_touching_pieces_are_scored_apart_and_slices_too():
    # piece 0 holds 4 pixels of peak 450 in slice 0 and 4 of peak 150 in slice 1: 4 + 1;
    # piece 1 touches it in slice 0, 4 pixels of peak 250: 2
    first, second = [0, 1, 6, 7], [2, 3, 8, 9]
    above = [36 + k for k in first]
    index = np.array([*first, *second, *above])
    order = np.argsort(index)
    hu = np.array([450] * 4 + [250] * 4 + [150] * 4)[order]
    piece = np.array([0] * 4 + [1] * 4 + [0] * 4)[order]
    assert piece_agatston(_pieces(index[order], hu, piece)).tolist() == [5.0, 2.0]


def test_pieces_of_one_lesion_are_split_and_others_are_not():
    pieces = _pieces([0, 1, 4], [200] * 3, [0, 1, 2], lesion=[7, 7, 8])
    assert pieces.is_split.tolist() == [True, True, False]


def test_the_maximum_of_an_empty_group_is_the_least_value():
    assert most_of(np.array([3, 5]), np.array([0, 0]), 2, least=-1.0).tolist() == [5.0, -1.0]


def test_pieces_that_do_not_match_their_voxels_are_refused():
    with pytest.raises(GeometryError, match="2 pieces are described, the voxels have 1"):
        Pieces(
            shape=SHAPE,
            spacing_mm=(3.0, 0.5, 0.5),
            index=np.array([0, 1]),
            hu=np.array([200, 200]),
            piece=np.array([0, 0], np.int32),
            lesion=np.array([0, 1], np.int32),
            full_volume_mm3=np.ones(2),
        )
