"""The table that all quantities are made of."""

import numpy as np

from corcal.lesions import Site
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.lesion_table import tabulate_lesions
from corcal.scoring.rules import rule_named
from scoring.small_scans import make_scan, voxels_of


def table_of(*peaks):
    """Tabulate lesions of four pixels and these peaks, in this order in the scan."""
    hu = np.full((len(peaks), 2, 6), 40)
    site = np.zeros(hu.shape, dtype=np.uint8)
    for z, peak in enumerate(peaks):
        hu[z, z % 2, 1:5], site[z, z % 2, 1:5] = peak, 1 + z % 4
    scan, voxels = make_scan(hu), voxels_of(site)
    values = scan.hu.reshape(-1)[voxels.index]
    found = find_slice_lesions(
        values, voxels, rule=rule_named("textbook"), spacing_mm=scan.spacing_mm
    )
    return tabulate_lesions(scan, voxels, values, found)


def test_rows_descend_in_score():
    # Weights 2, 4, 1, 3 for LM, LAD, LCX, RCA.
    table = table_of(250, 450, 150, 350)
    assert table.peak_hu.tolist() == [450, 350, 250, 150]
    assert table.weighted_pixels.tolist() == [16, 12, 8, 4]
    assert table.site.tolist() == [Site.LAD, Site.RCA, Site.LM, Site.LCX]
    assert table.centroid_zyx.tolist() == [
        [1.0, 1.0, 2.5],
        [3.0, 1.0, 2.5],
        [0.0, 0.0, 2.5],
        [2.0, 0.0, 2.5],
    ]


def test_every_voxel_knows_its_row():
    table = table_of(250, 450, 150, 350)
    for row, zyx in enumerate(table.voxels_zyx):
        index = np.ravel_multi_index(tuple(zyx.T), (4, 2, 6))
        assert table.index[table.row == row].tolist() == index.tolist()


def test_lesions_of_equal_score_are_ordered_by_site():
    assert table_of(250, 250, 250).site.tolist() == [Site.LM, Site.LAD, Site.LCX]


def test_nothing_has_no_row():
    table = table_of(100)
    assert table.site.size == table.index.size == 0
    assert table.centroid_zyx.shape == (0, 3)
    assert table.voxels_zyx == ()
