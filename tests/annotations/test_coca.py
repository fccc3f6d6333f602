"""The expert's ROIs of the COCA scans: the viewer's own statistics say which pixels they are."""

import dataclasses

import numpy as np
import pytest

from corcal.annotations import read_annotation
from corcal.ct.read import read_scan
from corcal.ct.scan import CTScan
from corcal.lesions.sites import Site

pytestmark = pytest.mark.shared

# Voxels and Agatston score of each artery: >= 130 HU, 8-connected in the slice, >= 1 mm2, weight
# by the maximum of the slice lesion. All three scans have slices every 3 mm.
EXPECTED = {
    "0": {Site.RCA: (13, 5.8566)},
    "1": {
        Site.LM: (41, 18.0251),
        Site.LAD: (534, 268.6177),
        Site.LCX: (21, 6.1549),
        Site.RCA: (153, 74.5916),
    },
    "2": {Site.LAD: (277, 78.6943), Site.LCX: (125, 32.9346)},
}
REGIONS = {"0": (1, 1), "1": (16, 4), "2": (13, 5)}  # with pixels, and erased ones


def slow_agatston(scan: CTScan, index: np.ndarray) -> float:
    """Flood fill and add up, pixel by pixel."""
    score, left = 0.0, {i for i in index.tolist() if scan.hu.flat[i] >= 130}
    n_x = scan.shape[2]
    while left:
        lesion, edge = set(), [left.pop()]
        while edge:
            i = edge.pop()
            lesion.add(i)
            around = {i + dy * n_x + dx for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= around
            edge.extend(around)
        area_mm2 = len(lesion) * scan.pixel_area_mm2
        peak_hu = max(int(scan.hu.flat[i]) for i in lesion)
        if area_mm2 >= 1:
            score += area_mm2 * min(peak_hu // 100, 4) * scan.spacing_mm[0] / 3
    return score


@pytest.fixture(scope="module", params=EXPECTED)
def case(request, shared_dir):
    folder = shared_dir / "data" / "coca-gated" / request.param
    scan = read_scan(folder / "dicom")
    return request.param, scan, folder / "calcium.xml"


def test_every_roi_has_the_area_and_hu_that_the_viewer_measured(case):
    """Area, mean, minimum and maximum of all ROIs agree, or there were another finding."""
    name, scan, path = case
    annotation = read_annotation(path, scan)
    assert [f.code for f in annotation.findings] == ["ANNOTATION_EMPTY_REGION"]
    filled, erased = REGIONS[name]
    assert annotation.region_count == filled
    assert annotation.findings[0].message.startswith(f"{erased} of {filled + erased} ROIs")


def test_each_artery_has_its_voxels_and_its_score(case):
    name, scan, path = case
    voxels = read_annotation(path, scan).voxels
    measured = {}
    for site in np.unique(voxels.site):
        index = voxels.index[voxels.site == site]
        measured[Site(site)] = (index.size, pytest.approx(slow_agatston(scan, index), abs=5e-5))
    assert measured == EXPECTED[name]


def test_the_rois_of_a_scan_do_not_fit_another_reconstruction_unseen(case):
    """One HU more in every voxel: same geometry, other statistics."""
    _, scan, path = case
    other = dataclasses.replace(scan, hu=scan.hu + np.int16(1))
    found = [f.code for f in read_annotation(path, other).findings]
    assert "ANNOTATION_STATISTICS_DIFFER" in found
