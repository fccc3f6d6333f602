"""The truth of each candidate that the classifier is trained on."""

import numpy as np
from training.lesion_table import label_pieces

from corcal.lesions.pieces import Pieces
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.types import SimulatedScan

SHAPE = (1, 4, 10)


def _pieces(*groups: list[int]) -> Pieces:
    voxels = [(index, number) for number, group in enumerate(groups) for index in group]
    voxels.sort()
    count = len(groups)
    return Pieces(
        shape=SHAPE,
        spacing_mm=(3.0, 0.5, 0.5),
        index=np.array([index for index, _ in voxels], np.int64),
        hu=np.full(len(voxels), 200, np.int16),
        piece=np.array([number for _, number in voxels], np.int32),
        lesion=np.arange(count, dtype=np.int32),
        full_volume_mm3=np.ones(count),
    )


def _known(sites: dict[int, Site]) -> SiteVoxels:
    index = sorted(sites)
    return SiteVoxels(
        shape=SHAPE,
        index=np.array(index, np.int64),
        site=np.array([int(sites[k]) for k in index], np.uint8),
    )


def _simulated(calcium: dict[int, Site], dense: dict[int, Site]) -> SimulatedScan:
    return SimulatedScan(
        scan=None,  # type: ignore[arg-type]  # only the truth is asked for
        lesions=(),
        voxels=_known(calcium),
        seed=0,
        other_dense=_known(dense),
    )


def test_a_piece_without_truth_is_noise():
    assert label_pieces(_pieces([1, 2]), _simulated({}, {})).tolist() == [Site.NOISE]


def test_a_fifth_of_calcium_names_a_piece_and_less_is_noise():
    # 1 of 5 voxels is a fifth; 1 of 6 is less
    pieces = _pieces([0, 1, 2, 3, 4], [10, 11, 12, 13, 14, 15])
    truth = _simulated({0: Site.LAD, 10: Site.LAD}, {})
    assert label_pieces(pieces, truth).tolist() == [Site.LAD, Site.NOISE]


def test_the_larger_part_of_two_arteries_names_a_piece():
    truth = _simulated({0: Site.LM, 1: Site.LAD, 2: Site.LAD}, {})
    assert label_pieces(_pieces([0, 1, 2]), truth).tolist() == [Site.LAD]


def test_calcium_has_the_last_word_over_bone_at_the_same_voxel():
    truth = _simulated({0: Site.RCA}, {0: Site.BONE})
    assert label_pieces(_pieces([0]), truth).tolist() == [Site.RCA]


def test_bone_without_calcium_is_bone():
    truth = _simulated({}, {0: Site.BONE, 1: Site.BONE})
    assert label_pieces(_pieces([0, 1, 2]), truth).tolist() == [Site.BONE]
