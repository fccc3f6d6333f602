"""The chambers alone say roughly where the arteries are."""

from dataclasses import replace

import numpy as np
import pytest

from anatomy.block_heart import BLOCKS_MM
from corcal.anatomy import Anatomy, ModelRecord, Pathway, Structure
from corcal.anatomy.prior import (
    ARTERIES,
    DISAGREEMENT_MM,
    agreement,
    geometric_pathways,
    pathway_findings,
    with_pathways,
)
from corcal.phantom.anatomy_truth import true_anatomy
from corcal.phantom.patient import draw_patient
from scoring.small_scans import make_scan

S, P = Structure, Pathway
MODEL = ModelRecord(name="hand", version="1", sha256=None, trusted=True)


def anatomy_of(blocks):
    """Blocks (mm from the middle) on 48 cells of 4 mm; without pathways."""
    labels = np.zeros((48, 48, 48), np.uint8)
    centres = 4.0 * (np.arange(48) - 23.5)
    for structure, ranges in blocks.items():
        inside = [(centres > lo) & (centres < hi) for lo, hi in ranges]
        labels[np.ix_(*inside)] = structure
    structures = (labels == np.arange(10)[:, None, None, None]).astype(np.float32)
    origin = (-94.0, -94.0, -94.0)
    return Anatomy(
        structures=structures, pathways=None, origin_mm=origin, spacing_mm=(4.0,) * 3, model=MODEL
    )


@pytest.fixture(scope="module")
def simulated():
    """The true anatomy of a simulated patient, on the grid of a scan of the heart."""
    patient = draw_patient(3)
    scan = make_scan(np.zeros((60, 100, 100), np.int16), (3.0, 2.0, 2.0))
    affine = scan.affine_lps.copy()
    affine[:3, 3] = np.array(patient.table_mm) - np.array([100.0, 100.0, 90.0])
    return true_anatomy(patient, replace(scan, affine_lps=affine))


def course_mm(heights, pathway):
    """Places (z, y, x) of the cells on a pathway's course, mm from the middle."""
    return 4.0 * (np.argwhere(heights[pathway] > 0.99) - 23.5)


def test_arteries_of_the_heart_of_blocks_lie_in_its_grooves():
    heights = geometric_pathways(anatomy_of(BLOCKS_MM))
    lad, lcx, rca, lm = (course_mm(heights, p) for p in (P.LAD, P.LCX, P.RCA, P.LM))
    # The ventricles meet at y = -20 from x = 0 to 40; the groove runs over the top at z = 20, down
    # the left side at x = 40, and along the bottom at z = -40. The plane that holds the long axis
    # (from the atrium above down to the left) splits it: the top is LAD, the bottom RCA (PDA).
    assert (np.abs(lad[:, 1] + 20) < 10).all()
    assert (lad[:, 0] > 15).any()
    is_between = np.abs(rca[:, 1] + 20) < 10
    assert (is_between & (rca[:, 0] < -40)).any()
    assert not (is_between & (rca[:, 0] > 15) & (rca[:, 2] > 10)).any()
    # Ventricle and atrium meet at z = 20 on the left, from the root's wall (x = 10) on.
    assert (np.abs(lcx[:, 0] - 20) < 10).all()
    assert (lcx[:, 2] > 9.9).all()
    # The root is 20 to 40, -20 to 10, -20 to 10: its middle is 30, -5, -5. The left main starts
    # 8 mm higher and 5 mm further back at its left wall, and is 5 cells long.
    assert lm.shape == (5, 3)
    np.testing.assert_allclose(lm[:, 0], 38.0, atol=2.1)
    np.testing.assert_allclose(lm[:, 1], 0.0, atol=2.1)
    np.testing.assert_allclose(lm[:, 2], [10, 14, 18, 22, 26], atol=0.1)


def test_in_a_mirrored_heart_the_anterior_artery_is_still_the_upper_one():
    mirrored = {one: (z, y, (-x[1], -x[0])) for one, (z, y, x) in BLOCKS_MM.items()}
    heights = geometric_pathways(anatomy_of(mirrored))
    lad, rca = (course_mm(heights, pathway) for pathway in (P.LAD, P.RCA))
    assert (lad[:, 0] > 15).any()
    assert (rca[:, 0] < -40).any()


def test_heights_fall_with_the_distance_from_the_course():
    heights = geometric_pathways(anatomy_of(BLOCKS_MM))
    # The left main ends at x = 26 mm; 4 and 8 mm further left: exp(-16/50), exp(-64/50).
    z, y = (np.argwhere(heights[P.LM] > 0.99)[0])[:2]
    end = int(np.flatnonzero(heights[P.LM][z, y] > 0.99)[-1])
    np.testing.assert_allclose(
        heights[P.LM][z, y, end : end + 3], np.exp([0, -16 / 50, -64 / 50]), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("missing", "unknown"),
    [
        (S.LEFT_ATRIUM, [P.LCX, P.MITRAL_ANNULUS]),
        (S.AORTIC_ROOT, [P.LM, P.AORTIC_VALVE]),
        (S.RIGHT_VENTRICLE, [P.LAD, P.RCA]),
    ],
)
def test_what_lacks_its_chambers_is_not_estimated(missing, unknown):
    blocks = {one: place for one, place in BLOCKS_MM.items() if one is not missing}
    heights = geometric_pathways(anatomy_of(blocks))
    for pathway in unknown:
        assert heights[pathway].max() == 0.0


def test_without_a_heart_there_is_no_artery():
    assert geometric_pathways(anatomy_of({})).max() == 0.0


def test_true_arteries_of_a_simulated_heart_agree(simulated):
    found = agreement(simulated, geometric_pathways(simulated))
    assert set(found.distance_mm) == set(ARTERIES)
    assert found.worst_mm < DISAGREEMENT_MM


@pytest.mark.parametrize("artery", ARTERIES)
def test_an_artery_that_is_elsewhere_disagrees(simulated, artery):
    moved = simulated.pathways.copy()
    moved[artery] = np.roll(moved[artery], (10, 10), axis=(0, 1))  # 40 mm up and back
    found = agreement(replace(simulated, pathways=moved), geometric_pathways(simulated))
    assert found.distance_mm[artery] > DISAGREEMENT_MM


def test_an_artery_that_was_not_found_is_infinitely_far(simulated):
    none = simulated.pathways.copy()
    none[P.LCX] = 0.0
    found = agreement(replace(simulated, pathways=none), geometric_pathways(simulated))
    assert found.distance_mm[P.LCX] == np.inf
    assert found.worst_mm == np.inf


def test_without_pathways_nothing_is_compared_but_they_can_be_filled_in():
    bare = anatomy_of(BLOCKS_MM)
    assert agreement(bare, geometric_pathways(bare)).worst_mm == 0.0
    filled = with_pathways(bare)
    np.testing.assert_array_equal(filled.pathways, geometric_pathways(bare))
    assert with_pathways(filled) is filled


def test_arteries_in_their_grooves_are_no_finding(simulated):
    assert pathway_findings(simulated) == ()


def test_an_artery_far_from_its_groove_and_one_that_is_missing_are_named(simulated):
    pathways = simulated.pathways.copy()
    pathways[Pathway.RCA] = np.roll(pathways[Pathway.RCA], (0, 0, 12), axis=(0, 1, 2))
    pathways[Pathway.LCX] = 0.0
    [found] = pathway_findings(replace(simulated, pathways=pathways))
    assert found.code == "ANATOMY_IMPLAUSIBLE"
    assert "the RCA is" in found.message
    assert "mm from the groove that it must run in (allowed 20)" in found.message
    assert "the LCX is not found" in found.message
    assert "LAD" not in found.message


def test_without_pathways_no_course_is_implausible(simulated):
    assert pathway_findings(replace(simulated, pathways=None)) == ()
