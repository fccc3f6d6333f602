"""Slice lesions that two arteries share: cut only where that changes no score."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from corcal.lesions import Site
from corcal.lesions.components import label_volume
from corcal.lesions.pieces import Pieces, piece_agatston
from corcal.lesions.sites import CORONARY_SITES
from corcal.lesions.voxels import SiteVoxels
from corcal.lesions.whole_slices import keep_slices_whole
from corcal.scoring import measure
from scoring.small_scans import make_scan

SPACING = (3.0, 0.5, 0.5)
LM, LAD, AORTA = Site.LM, Site.LAD, Site.ASCENDING_AORTA


def cut_into(hu, piece):
    """Make pieces of an image and an image of their numbers; -1 is none."""
    hu, piece = np.asarray(hu, np.int16), np.asarray(piece)
    index = np.flatnonzero(piece >= 0)
    count = int(piece.max(initial=-1)) + 1
    lesion_of_voxel = label_volume(index, hu.shape, connectivity=26)
    lesion = np.zeros(count, np.int32)
    lesion[piece.ravel()[index]] = lesion_of_voxel
    return Pieces(
        shape=hu.shape,
        spacing_mm=SPACING,
        index=index,
        hu=hu.ravel()[index],
        piece=piece.ravel()[index].astype(np.int32),
        lesion=lesion,
        full_volume_mm3=np.arange(count) + 1.0,
    )


def of_two(*slices):
    """Make pieces of rows of eight pixels, five of piece 0 and three of piece 1."""
    hu = np.array(slices)[:, np.newaxis, :]
    return cut_into(hu, np.tile([0] * 5 + [1] * 3, (len(slices), 1, 1)))


def total(pieces, sites):
    """Score the four arteries together, as the product does."""
    volume = np.zeros(pieces.shape, np.int16)
    volume.ravel()[pieces.index] = pieces.hu
    voxels = SiteVoxels(shape=pieces.shape, index=pieces.index, site=sites[pieces.piece])
    return measure(make_scan(volume, SPACING), voxels).score.total.agatston


def codes(*sites):
    return np.array(sites, np.uint8)


def test_a_slice_that_a_cut_would_make_lighter_goes_to_the_artery_of_most_of_it():
    # 8 pixels of 0.25 mm2, one of them 450 HU: 8; cut: 5 pixels of weight 1 and three below 1 mm2
    pieces = of_two([150] * 7 + [450])
    assert total(pieces, codes(LM, LAD)) == 1.25
    whole, kept = keep_slices_whole(pieces, codes(LM, LAD))
    assert whole.piece.tolist() == [0] * 8
    assert kept.tolist() == [0]
    assert whole.full_volume_mm3.tolist() == [1.0]
    assert piece_agatston(whole).tolist() == [8.0]


def test_only_the_slices_that_change_are_kept_whole():
    # of the second slice both parts weigh 4 and have their square millimetre
    pieces = cut_into(
        [[[150] * 7 + [450]], [[450] * 8]], [[[0] * 5 + [1] * 3], [[0] * 4 + [1] * 4]]
    )
    whole, kept = keep_slices_whole(pieces, codes(LM, LAD))
    assert whole.piece.tolist() == [0] * 8 + [0] * 4 + [1] * 4
    assert kept.tolist() == [0, 1]


def test_the_part_of_an_artery_that_is_larger_in_the_slice_takes_what_it_is_given():
    # the LAD has two parts, 3 and 4 pixels, the LM one of 4
    hu, piece = [[[150] * 10 + [450]]], [[[1] * 3 + [0] * 4 + [2] * 4]]
    whole, kept = keep_slices_whole(cut_into(hu, piece), codes(LM, LAD, LAD))
    assert kept[whole.piece].tolist() == [2] * 11


@pytest.mark.parametrize("sites", [codes(LAD, LAD), codes(LM, AORTA), codes(AORTA, LAD)])
def test_one_artery_and_other_sites_stay_as_they_were_cut(sites):
    pieces = of_two([150] * 7 + [450])
    same, kept = keep_slices_whole(pieces, sites)
    assert same is pieces
    assert kept.tolist() == [0, 1]


def test_a_cut_that_changes_no_weight_stays():
    pieces = cut_into([[[250] * 8]], [[[0] * 4 + [1] * 4]])
    same, _ = keep_slices_whole(pieces, codes(LM, LAD))
    assert same is pieces


def test_nothing_is_kept_whole_where_there_is_nothing():
    empty = cut_into(np.zeros((1, 1, 2)), [[[-1, -1]]])
    same, kept = keep_slices_whole(empty, codes())
    assert (same.count, kept.size) == (0, 0)


@given(
    hu=hnp.arrays(np.int16, (2, 5, 5), elements=st.sampled_from([130, 199, 200, 299, 300, 400])),
    piece=hnp.arrays(np.int8, (2, 5, 5), elements=st.integers(-1, 5)),
    sites=st.lists(st.sampled_from([*CORONARY_SITES, AORTA]), min_size=6, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_the_arteries_together_score_as_if_they_were_one(hu, piece, sites):
    numbers, rank = np.unique(piece[piece >= 0], return_inverse=True)
    piece[piece >= 0] = rank  # every number up to the count occurs
    pieces, site = cut_into(hu, piece), codes(*sites)[: numbers.size]
    whole, kept = keep_slices_whole(pieces, site)
    as_one = np.where(site == AORTA, site, np.uint8(LAD))
    assert total(whole, site[kept]) == pytest.approx(total(pieces, as_one))
    np.testing.assert_array_equal(whole.index, pieces.index)
    # what is aorta stays, and what is of an artery stays of one
    before, after = site[pieces.piece], site[kept][whole.piece]
    np.testing.assert_array_equal(before == AORTA, after == AORTA)
    np.testing.assert_array_equal(pieces.lesion[kept], whole.lesion)
    again, _ = keep_slices_whole(replace(whole), site[kept])
    np.testing.assert_array_equal(again.piece, whole.piece)
