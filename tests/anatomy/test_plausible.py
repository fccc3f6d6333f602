"""Findings about the anatomy, at both sides of their thresholds."""

import numpy as np
import pytest

from anatomy.block_heart import BLOCKS_MM
from corcal.anatomy import Anatomy, ModelRecord, Structure
from corcal.anatomy.components import debris_free, largest_part
from corcal.anatomy.plausible import cut_findings, plausibility_findings, volumes_ml
from scoring.small_scans import make_scan

S = Structure
MODEL = ModelRecord(name="hand", version="1", sha256=None, trusted=True)


def anatomy_of(labels):
    """An anatomy of certain labels on cells of 4 mm, the first at the scan's first voxel."""
    structures = (np.asarray(labels) == np.arange(10)[:, None, None, None]).astype(np.float32)
    return Anatomy(
        structures=structures,
        pathways=None,
        origin_mm=(0.0, 0.0, 0.0),
        spacing_mm=(4.0, 4.0, 4.0),
        model=MODEL,
    )


def scan_of(shape):
    """A scan whose voxels are the cells."""
    return make_scan(np.zeros(shape, np.int16), (4.0, 4.0, 4.0))


def block_labels():
    labels = np.zeros((48, 48, 48), np.uint8)
    centres = 4.0 * (np.arange(48) - 23.5)
    for structure, ranges in BLOCKS_MM.items():
        inside = [(centres > lo) & (centres < hi) for lo, hi in ranges]
        labels[np.ix_(*inside)] = structure
    return labels


def test_volumes_are_counts_of_cells():
    labels = np.zeros((4, 4, 4), np.uint8)
    labels[0, 0, :3] = S.LEFT_ATRIUM
    volume = volumes_ml(anatomy_of(labels))
    assert volume[S.LEFT_ATRIUM] == pytest.approx(3 * 0.064)  # a cell of 4 mm has 0.064 mL
    assert volume[S.BACKGROUND] == pytest.approx(61 * 0.064)
    assert volume[S.RIGHT_ATRIUM] == 0.0


@pytest.mark.parametrize(("cells", "is_cut"), [(24, False), (25, True)])
def test_a_heart_is_cut_from_400_mm2_at_the_edge_on(cells, is_cut):
    labels = np.zeros((10, 10, 10), np.uint8)
    labels[0].flat[:cells] = S.LEFT_VENTRICLE  # cells of 16 mm2
    labels[1:9, :5, :] = S.LEFT_VENTRICLE
    found = cut_findings(anatomy_of(labels), scan_of((10, 10, 10)))
    below = [item for item in found if "below" in item.message]
    assert bool(below) is is_cut


def test_what_is_missing_is_the_cap_of_a_ball():
    # Sections of 100, 64 and 36 cells: the largest has the radius sqrt(1600 / pi) = 22.57 mm,
    # the cut one sqrt(576 / pi) = 13.54 mm; 22.57 - sqrt(22.57^2 - 13.54^2) = 4.51 mm.
    labels = np.zeros((5, 20, 20), np.uint8)
    for z, side in enumerate((6, 8, 10, 8, 4)):
        labels[z, 5 : 5 + side, 5 : 5 + side] = S.RIGHT_VENTRICLE
    found = cut_findings(anatomy_of(labels), scan_of((5, 20, 20)))
    assert len(found) == 1
    assert found[0].code == "HEART_CUT"
    assert found[0].message == "the scan cuts the heart below (over 6 cm2, about 5 mm missing)"
    assert found[0].severity == "info"  # less than two cells


def test_a_cut_of_more_than_two_cells_is_a_warning():
    # Of a radius of 22.57 mm as above, a cut section of 64 cells has 18.05 mm:
    # 22.57 - sqrt(22.57^2 - 18.05^2) = 9.02 mm.
    labels = np.zeros((3, 20, 20), np.uint8)
    for z, side in enumerate((8, 10, 4)):
        labels[z, 5 : 5 + side, 5 : 5 + side] = S.RIGHT_VENTRICLE
    (found,) = cut_findings(anatomy_of(labels), scan_of((3, 20, 20)))
    assert "about 9 mm missing" in found.message
    assert found.severity == "warning"


def test_where_it_still_widens_at_the_cut_half_of_the_heart_is_missing():
    labels = np.zeros((3, 20, 20), np.uint8)
    for z, side in enumerate((10, 8, 4)):
        labels[z, 5 : 5 + side, 5 : 5 + side] = S.RIGHT_VENTRICLE
    found = cut_findings(anatomy_of(labels), scan_of((3, 20, 20)))
    assert "below (over 16 cm2, about 23 mm missing)" in found[0].message


def test_the_edge_of_the_grid_cuts_nothing_where_the_scan_goes_on():
    labels = np.zeros((5, 20, 20), np.uint8)
    labels[:, 5:15, 5:15] = S.RIGHT_VENTRICLE
    anatomy = anatomy_of(labels)
    taller = scan_of((9, 20, 20))  # goes on above
    words = cut_findings(anatomy, taller)[0].message
    assert "below" in words
    assert "above" not in words
    doubt = plausibility_findings(anatomy, taller, is_whole=False)[0].message
    assert "the heart goes on above where it was not looked for" in doubt
    assert "below" not in doubt


def test_vessels_and_fat_at_the_edge_cut_no_heart():
    labels = np.full((5, 20, 20), S.ASCENDING_AORTA, np.uint8)
    labels[:, :, 10:] = S.EPICARDIAL_FAT
    assert cut_findings(anatomy_of(labels), scan_of((5, 20, 20))) == ()


def test_the_heart_of_blocks_is_plausible():
    anatomy = anatomy_of(block_labels())
    assert plausibility_findings(anatomy, scan_of((48, 48, 48)), is_whole=True) == ()


@pytest.mark.parametrize(("cells", "is_wrong"), [(46, True), (47, False)])
def test_an_aortic_root_below_3_ml_is_implausible(cells, is_wrong):
    labels = block_labels()
    root = np.flatnonzero(labels == S.AORTIC_ROOT)
    labels.flat[root[cells:]] = S.BACKGROUND  # 46 cells are 2.94 mL, 47 are 3.01 mL
    found = plausibility_findings(anatomy_of(labels), scan_of((48, 48, 48)), is_whole=True)
    assert ["aortic root of 3 mL" in item.message for item in found] == [True] * is_wrong


def test_in_a_heart_that_is_cut_nothing_is_too_small_but_all_can_be_too_large():
    labels = block_labels()
    labels[labels == S.LEFT_ATRIUM] = S.BACKGROUND
    scan = scan_of((48, 48, 48))
    assert plausibility_findings(anatomy_of(labels), scan, is_whole=False) == ()
    labels[labels == S.BACKGROUND] = S.LEFT_ATRIUM
    words = plausibility_findings(anatomy_of(labels), scan, is_whole=False)[0].message
    assert "left atrium of" in words
    assert "(allowed 20 to 450)" in words


def test_the_largest_part_is_connected_by_faces():
    mask = np.zeros((1, 3, 5), bool)
    mask[0, 0, :2] = True
    mask[0, 1, 2:] = True  # touches the first part by an edge only
    np.testing.assert_array_equal(np.flatnonzero(largest_part(mask)), [7, 8, 9])
    assert not largest_part(np.zeros((2, 2, 2), bool)).any()


def test_debris_on_a_thin_bridge_falls_off():
    mask = np.zeros((7, 7, 20), bool)
    mask[1:6, 1:6, 1:6] = True
    mask[3, 3, 6:12] = True  # a bridge of one cell
    mask[2:5, 2:5, 12:15] = True
    clean = debris_free(mask)
    assert clean[3, 3, 5]
    assert clean[3, 3, 3]
    assert not clean[:, :, 8:].any()


def test_what_the_edge_of_the_scan_cuts_is_not_thin():
    mask = np.zeros((12, 10, 10), bool)
    mask[:2] = True  # two slices of a heart that goes on below the scan: 200 cells
    mask[6:9, 4:7, 4:7] = True  # debris of 27 cells, 3 in each direction
    np.testing.assert_array_equal(np.flatnonzero(debris_free(mask)), np.arange(200))


def test_a_mask_that_is_thin_everywhere_keeps_its_largest_part():
    mask = np.zeros((5, 5, 9), bool)
    mask[2, 2, 1:4] = True
    mask[4, 4, 7] = True
    np.testing.assert_array_equal(np.argwhere(debris_free(mask))[:, 2], [1, 2, 3])
