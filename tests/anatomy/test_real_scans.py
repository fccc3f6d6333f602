"""The models that come with corcal find the heart of real scans."""

import numpy as np
import pytest

from corcal.anatomy import Pathway, Structure
from corcal.anatomy.network import NetworkSource
from corcal.anatomy.plausible import CHAMBERS
from corcal.anatomy.prior import RIDGE, agreement, geometric_pathways
from corcal.annotations.reader import read_annotation
from corcal.ct.read import read_scan
from corcal.lesions import CORONARY_SITES
from corcal.models.load import known_models

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not {"locator", "thorax", "arteries"} <= set(known_models()),
        reason="this release comes without models of the anatomy",
    ),
]


@pytest.fixture(scope="module", params=["0", "1", "2"])
def gated(request, shared_dir):
    folder = shared_dir / "data" / "coca-gated" / request.param
    scan = read_scan(folder / "dicom")
    return folder, scan, NetworkSource().locate(scan)


def codes(anatomy):
    return {item.code for item in anatomy.findings}


def test_a_plausible_heart_is_found_in_each_gated_scan(gated):
    _, _, anatomy = gated
    assert not codes(anatomy) & {"HEART_NOT_FOUND", "ANATOMY_IMPLAUSIBLE", "MODEL_UNKNOWN"}


def test_what_an_expert_marked_as_coronary_calcium_lies_in_the_box_near_the_chambers(
    gated,
):
    folder, scan, anatomy = gated
    voxels = read_annotation(folder / "calcium.xml", scan).voxels
    is_coronary = np.isin(voxels.site, CORONARY_SITES)
    places = np.stack(np.unravel_index(voxels.index[is_coronary], scan.shape), axis=1)
    cells = np.rint((places * scan.spacing_mm - anatomy.origin_mm) / anatomy.spacing_mm)
    cells = cells.astype(int)
    assert ((cells >= 0) & (cells < anatomy.shape)).all()
    # The roots of the great vessels lie in the pericardium, too: the fork of scan 1, dense and
    # between atrium and pulmonary trunk, is taken for one or the other on cells of 4 mm.
    roots = (Structure.AORTIC_ROOT, Structure.PULMONARY_ARTERY)
    inside = [*CHAMBERS, *roots, Structure.EPICARDIAL_FAT]
    pericardium = anatomy.structures[inside].sum(axis=0)
    assert np.mean(pericardium[tuple(cells.T)] > 0.5) > 0.9


def test_the_arteries_are_where_the_chambers_say(gated):
    _, _, anatomy = gated
    found = agreement(anatomy, geometric_pathways(anatomy)).distance_mm
    assert max(found[one] for one in (Pathway.LAD, Pathway.LCX, Pathway.RCA)) < 15.0


def test_the_left_main_is_where_the_chambers_say(gated):
    # It is 1 cm long, and the place where the chambers say that it is doubtful by as much.
    _, _, anatomy = gated
    likeliest = np.unravel_index(anatomy.pathways[Pathway.LM].argmax(), anatomy.shape)
    course = np.argwhere(geometric_pathways(anatomy)[Pathway.LM] > RIDGE)
    steps = (course - np.array(likeliest)) * anatomy.spacing_mm
    assert np.linalg.norm(steps, axis=1).min() < 15.0


@pytest.mark.parametrize("folder", ["coca-nongated/1", "coca-nongated/2", "chest-philips-5mm"])
def test_the_heart_is_found_in_a_chest_ct_without_gating(folder, shared_dir):
    place = shared_dir / "data" / folder
    dicom = place / "dicom"
    anatomy = NetworkSource().locate(read_scan(dicom if dicom.is_dir() else place))
    assert "HEART_NOT_FOUND" not in codes(anatomy)
