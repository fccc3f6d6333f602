"""Lesions that run through several territories are cut before they are decided."""

import numpy as np
import pytest

from corcal.anatomy.types import Pathway
from corcal.lesions.assign import split_between_arteries
from corcal.lesions.classifier import SITES
from corcal.lesions.fields import make_fields
from corcal.lesions.neighbourhood import lesions_near_heart
from corcal.lesions.sites import Site
from corcal.lesions.split import join_small_parts, split_lesions
from lesions.heart_maker import make_anatomy, make_hu, make_scan, put

# Two lines along z, 20 mm apart in x, in the fat in front of the ventricle.
LINES = ((Pathway.LAD, (50.0, 32.0, 60.0)), (Pathway.LCX, (50.0, 32.0, 80.0)))
FIELDS = make_fields(make_anatomy(lines=LINES))


def _lesion(x, *, z=slice(18, 20), y=slice(31, 33)):
    hu = put(make_hu(), z, y, x)
    return lesions_near_heart(make_scan(hu), FIELDS)


def _probabilities(count, **values):
    out = np.full((count, len(SITES)), 1e-4)
    for name, value in values.items():
        out[:, SITES.index(Site[name])] = value
    return out / out.sum(axis=1, keepdims=True)


def test_a_lesion_from_one_artery_to_the_other_is_cut_between_them():
    pieces = split_lesions(_lesion(slice(60, 81)), FIELDS)
    assert pieces.count == 2
    assert pieces.lesion[0] == pieces.lesion[1]
    x = pieces.zyx()[2]
    left, right = (x[pieces.piece == k] for k in range(2))
    assert left.min() == 60
    assert left.max() <= 70  # half way
    assert right.min() >= 70


def test_a_lesion_along_one_artery_stays_whole():
    pieces = split_lesions(_lesion(slice(58, 63), z=slice(10, 25)), FIELDS)
    assert pieces.count == 1
    assert not pieces.is_split.any()


def test_no_voxel_is_lost_or_added():
    whole = _lesion(slice(60, 81))
    pieces = split_lesions(whole, FIELDS)
    assert pieces.index.tolist() == whole.index.tolist()
    assert pieces.full_volume_mm3.tolist() == whole.full_volume_mm3.tolist() * 2


def test_a_small_lesion_is_not_cut():
    # 2 x 2 x 2 voxels of 3 mm3 = 24 mm3, on the border between the arteries
    assert split_lesions(_lesion(slice(69, 71)), FIELDS).count == 1


@pytest.mark.parametrize(("slices", "count"), [(1, 2), (13, 1)])
def test_a_tip_in_another_territory_joins_a_lesion_that_is_ten_times_as_large(slices, count):
    # Columns 60 to 65, two rows, 3 mm3 a voxel: 36 mm3 in one slice, 468 in 13. An arm of columns
    # 66 to 73 reaches 3 columns (18 mm3) beyond the middle: 18 of 84 mm3, or of 516.
    hu = put(make_hu(), slice(18 - slices // 2, 19 + slices // 2), slice(31, 33), slice(60, 66))
    hu = put(hu, slice(18, 19), slice(31, 33), slice(66, 74))
    assert split_lesions(lesions_near_heart(make_scan(hu), FIELDS), FIELDS).count == count


def test_parts_that_are_not_kept_go_to_the_nearest_of_their_own_lesion():
    # lesion 0: parts 0 (kept) and 1 (small); lesion 1: part 2, right beside the small one
    part = np.array([0, 0, 1, 2])
    places = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 5], [0, 0, 5.1]])
    keep, owner = np.array([True, False, True]), np.array([0, 0, 1])
    assert join_small_parts(part, keep, owner, places).tolist() == [0, 0, 0, 2]


def test_a_lesion_of_small_parts_alone_stays_one():
    part, owner = np.array([0, 1, 2]), np.array([0, 0, 0])
    places = np.zeros((3, 3))
    joined = join_small_parts(part, np.zeros(3, bool), owner, places)
    assert len(set(joined.tolist())) == 1


def test_a_coronary_piece_is_shared_between_two_arteries():
    whole = _lesion(slice(60, 81))
    likely = _probabilities(1, LAD=0.5, LCX=0.45)
    pieces, probabilities = split_between_arteries(whole, likely, FIELDS)
    assert pieces.count == 2
    sites = [SITES[k] for k in probabilities.argmax(axis=1)]
    assert sites == [Site.LAD, Site.LCX]  # in the order of x
    assert probabilities.sum(axis=1) == pytest.approx([1.0, 1.0])
    arteries = [SITES.index(s) for s in (Site.LM, Site.LAD, Site.LCX, Site.RCA)]
    assert probabilities[:, arteries].sum(axis=1) == pytest.approx(
        np.repeat(likely[:, arteries].sum(), 2)
    )


def test_a_fifth_of_the_voxels_is_needed_for_a_part_of_its_own():
    # 25 columns from 47 to 71 leave about 1 on the far side; from 56 to 80 about 10
    likely = _probabilities(1, LAD=0.5, LCX=0.45)
    assert split_between_arteries(_lesion(slice(49, 73)), likely, FIELDS)[0].count == 1
    assert split_between_arteries(_lesion(slice(56, 81)), likely, FIELDS)[0].count == 2


def test_a_piece_that_is_not_coronary_is_not_shared():
    likely = _probabilities(1, MITRAL_ANNULUS=0.6, LAD=0.2, LCX=0.2)
    assert split_between_arteries(_lesion(slice(60, 81)), likely, FIELDS)[0].count == 1


def test_an_artery_that_the_classifier_excludes_takes_nothing():
    likely = _probabilities(1, LAD=1.0)
    likely[0, SITES.index(Site.LCX)] = 0.0
    assert split_between_arteries(_lesion(slice(60, 81)), likely, FIELDS)[0].count == 1


def test_without_pieces_nothing_is_cut():
    empty = lesions_near_heart(make_scan(make_hu()), FIELDS)
    assert split_lesions(empty, FIELDS).count == 0
    assert split_between_arteries(empty, _probabilities(0), FIELDS)[0].count == 0
