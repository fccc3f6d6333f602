"""Lesions matched voxel by voxel; scores worked out by hand.

Pixels of 0.25 mm2 and slices of 3 mm: a pixel of weight w is 0.25 w Agatston, four are the smallest
lesion.
"""

import numpy as np
import pytest
from scipy import ndimage

from corcal.errors import GeometryError
from corcal.evaluate.agreement.lesion_match import (
    COLUMNS,
    ROWS,
    coronary_scores,
    match_lesions,
    size_class_of,
)
from corcal.lesions import Site
from corcal.scoring.measure import measure
from corcal.scoring.rules import RULES
from evaluate.agreement.study_maker import blocks
from scoring.small_scans import make_scan, voxels_of

LAD, LCX, RCA, AORTA = Site.LAD, Site.LCX, Site.RCA, Site.ASCENDING_AORTA


def cell(match, row, column):
    return match.confusion.agatston[ROWS.index(row)][COLUMNS.index(column)]


def voxel_cell(match, row, column):
    return match.confusion.voxels[ROWS.index(row)][COLUMNS.index(column)]


def two_readings(reference, automatic):
    """Put both readings on the scan that has the calcium of either."""
    true_scan, true = blocks(*reference)
    found_scan, found = blocks(*automatic)
    scan = make_scan(np.maximum(true_scan.hu, found_scan.hu), true_scan.spacing_mm)
    return match_lesions(scan, true, found)


def test_one_is_found_one_missed_and_one_false():
    # LAD: 4 pixels of weight 1 = 1.0. RCA: 8 of weight 4 = 8.0. False: 4 of weight 2 = 2.0.
    match = two_readings(
        [(0, slice(1, 5), 150, LAD), (0, slice(7, 15), 450, RCA)],
        [(0, slice(1, 5), 150, LAD), (0, slice(17, 21), 250, LCX)],
    )
    missed, found = match.reference
    assert (missed.site, missed.agatston, missed.is_found) == ("RCA", 8.0, False)
    assert (missed.found_fraction, missed.automatic_site) == (0, None)
    assert (found.site, found.agatston, found.is_found) == ("LAD", 1.0, True)
    assert (found.found_fraction, found.automatic_site) == (1, "LAD")
    (false,) = match.false
    assert (false.site, false.agatston) == ("LCX", 2.0)
    # columns 17 to 20, row 5, slice 0, half a millimetre each
    assert false.centroid_mm == pytest.approx((9.25, 2.5, 0))
    assert cell(match, "LAD", "LAD") == 1.0
    assert cell(match, "RCA", "missed") == 8.0
    assert cell(match, "false", "LCX") == 2.0
    assert np.sum(match.confusion.agatston) == 11.0
    assert np.sum(match.confusion.voxels) == 16


def test_a_lesion_given_another_artery_is_found_and_in_the_wrong_artery():
    match = two_readings([(0, slice(1, 9), 150, RCA)], [(0, slice(1, 9), 150, LCX)])
    (lesion,) = match.reference
    assert (lesion.is_found, lesion.automatic_site) == (True, "LCX")
    assert match.false == ()
    assert cell(match, "RCA", "LCX") == match.confusion.found_agatston == 2.0
    assert match.confusion.right_artery_agatston == 0


def test_a_lesion_that_is_split_is_partly_right():
    # Nine pixels of weight 1: five stay RCA, four become LCX.
    match = two_readings(
        [(0, slice(1, 10), 150, RCA)], [(0, slice(1, 6), 150, RCA), (0, slice(6, 10), 150, LCX)]
    )
    (lesion,) = match.reference
    assert (lesion.found_fraction, lesion.automatic_site) == (1, "RCA")
    assert match.confusion.right_artery_agatston == 1.25
    assert match.confusion.reference_agatston == match.confusion.found_agatston == 2.25


def test_calcium_put_elsewhere_is_not_found_and_told_apart_from_missed():
    match = two_readings(
        [(0, slice(1, 9), 150, LAD), (0, slice(11, 15), 150, LAD)], [(0, slice(1, 9), 150, AORTA)]
    )
    assert [lesion.is_found for lesion in match.reference] == [False, False]
    assert cell(match, "LAD", "elsewhere") == 2.0
    assert cell(match, "LAD", "missed") == 1.0


def test_reference_calcium_of_the_aorta_is_no_lesion_and_scoring_it_is_false():
    match = two_readings([(0, slice(1, 9), 150, AORTA)], [(0, slice(1, 9), 150, LAD)])
    assert match.reference == ()
    assert [one.agatston for one in match.false] == [2.0]


@pytest.mark.parametrize(("pixels", "is_found"), [(3, False), (4, True)])
def test_only_voxels_that_score_find_a_lesion(pixels, is_found):
    """Three pixels are 0.75 mm2, below the smallest lesion: the automatic score has nothing."""
    match = two_readings([(0, slice(1, 9), 150, LAD)], [(0, slice(1, 1 + pixels), 150, LAD)])
    assert match.reference[0].is_found is is_found
    assert voxel_cell(match, "LAD", "missed") == (8 if not is_found else 4)


def test_voxels_below_the_threshold_are_in_nobodys_table():
    match = two_readings([(0, slice(1, 9), 129, LAD)], [(0, slice(1, 9), 129, LAD)])
    assert match.reference == match.false == ()
    assert np.sum(match.confusion.voxels) == 0


def test_a_lesion_that_grows_has_false_voxels_and_is_no_false_lesion():
    match = two_readings([(0, slice(1, 9), 150, LAD)], [(0, slice(1, 15), 150, LAD)])
    assert match.false == ()
    assert (voxel_cell(match, "false", "LAD"), cell(match, "false", "LAD")) == (6, 1.5)
    assert match.confusion.false_agatston == 1.5


def test_one_voxel_in_common_is_a_lesion_found_and_none_false():
    match = two_readings([(0, slice(1, 9), 150, LAD)], [(0, slice(8, 15), 150, LAD)])
    (lesion,) = match.reference
    assert (lesion.is_found, lesion.found_fraction) == (True, 1 / 8)
    assert match.false == ()
    # side by side is nothing in common
    apart = two_readings([(0, slice(1, 9), 150, LAD)], [(0, slice(9, 15), 150, LAD)])
    assert not apart.reference[0].is_found
    assert [one.agatston for one in apart.false] == [1.5]


def test_the_weight_of_a_voxel_is_that_of_its_own_reading():
    """The automatic lesion reaches a peak of 400 HU, which weighs its false voxels alone."""
    match = two_readings(
        [(0, slice(1, 9), 150, LAD)], [(0, slice(1, 9), 150, LAD), (0, slice(9, 13), 400, LAD)]
    )
    assert cell(match, "LAD", "LAD") == 2.0  # 8 of weight 1, as the reference has them
    assert cell(match, "false", "LAD") == 4.0  # 4 of weight 4


def test_lesions_are_connected_over_slices_and_never_over_arteries():
    parts = [
        (0, slice(1, 5), 150, LAD),
        (1, slice(5, 9), 150, LAD),  # touches by a corner: the same lesion
        (1, slice(9, 13), 150, LCX),  # beside it, of another artery
        (3, slice(1, 5), 150, LAD),  # a slice between
    ]
    scan, voxels = blocks(*parts, slices=4)
    match = match_lesions(scan, voxels, voxels)
    assert [(one.site, one.agatston) for one in match.reference] == [
        ("LAD", 2.0),
        ("LAD", 1.0),
        ("LCX", 1.0),
    ]
    assert all(one.is_found for one in match.reference)


@pytest.mark.parametrize(
    ("agatston", "label"),
    [
        (0.3, "up to 1"),
        (1, "up to 1"),
        (1.01, "1 to 2"),
        (2, "1 to 2"),
        (5, "2 to 5"),
        (10, "5 to 10"),
        (30, "10 to 30"),
        (30.01, "above 30"),
    ],
)
def test_the_upper_edge_belongs_to_a_size_class(agatston, label):
    assert size_class_of(agatston).label == label


def test_voxels_of_another_scan_are_refused():
    scan, voxels = blocks((0, slice(1, 5), 150, LAD))
    _, other = blocks((0, slice(1, 5), 150, LAD), slices=2)
    with pytest.raises(GeometryError, match=r"shape \(2, 12, 24\), this one has \(1, 12, 24\)"):
        match_lesions(scan, voxels, other)
    with pytest.raises(GeometryError, match="shape"):
        coronary_scores(scan, other, rule=RULES["textbook"])


def random_reading(seed):
    """Two readings of random blobs: the second one with voxels and arteries changed."""
    rng = np.random.default_rng(seed)
    shape = (5, 20, 20)
    hu = ndimage.gaussian_filter(rng.normal(size=shape), 1.0)
    hu = (40 + 600 * hu / hu.max()).astype(np.int16)
    true = rng.integers(0, 6, size=(5, 4, 4)).repeat(5, axis=1).repeat(5, axis=2)
    found = np.where(rng.random(shape) < 0.1, rng.integers(0, 6, size=shape), true)
    return make_scan(hu, (2.5, 0.6, 0.6)), true.astype(np.uint8), found.astype(np.uint8)


def slow_weights(scan, labels):
    """Agatston weight of each voxel: scipy's labels, slice by slice and site by site."""
    weight = np.zeros(labels.shape)
    for z in range(labels.shape[0]):
        for site in (1, 2, 3, 4):
            dense = (labels[z] == site) & (scan.hu[z] >= 130)
            groups, count = ndimage.label(dense, structure=np.ones((3, 3)))
            for number in range(1, count + 1):
                of_it = groups == number
                if of_it.sum() * 0.36 >= 1:
                    factor = min(int(scan.hu[z][of_it].max()) // 100, 4)
                    weight[z][of_it] = factor * 0.36 * 2.5 / 3
    return weight


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_count_gives_the_same_table(seed):
    scan, true, found = random_reading(seed)
    match = match_lesions(scan, voxels_of(true), voxels_of(found))
    of_true, of_found = slow_weights(scan, true), slow_weights(scan, found)
    table = np.zeros((len(ROWS), len(COLUMNS)))
    for at in np.ndindex(true.shape):
        if of_true[at]:
            where = found[at] - 1 if of_found[at] else 4 if found[at] > 4 else 5
            table[true[at] - 1, where] += of_true[at]
        elif of_found[at]:
            table[4, found[at] - 1] += of_found[at]
    assert table.sum() > 0
    np.testing.assert_allclose(match.confusion.agatston, table, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_lesions_are_those_of_the_reference_score(seed):
    scan, true, found = random_reading(seed)
    match = match_lesions(scan, voxels_of(true), voxels_of(found))
    measured = measure(scan, voxels_of(true))
    rows = dict(zip(ROWS, map(sum, match.confusion.agatston), strict=True))
    for name, vessel in measured.score.vessels.items():
        assert rows[name] == pytest.approx(vessel.agatston)
    coronary = [one.agatston for one in measured.lesions if one.site in measured.score.vessels]
    assert [one.agatston for one in match.reference] == pytest.approx(coronary)
    total, vessels = coronary_scores(scan, voxels_of(true), rule=RULES["textbook"])
    assert total == measured.score.total.agatston
    assert vessels == {name: one.agatston for name, one in measured.score.vessels.items()}
