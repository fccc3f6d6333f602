"""Label maps in a simulated chest: what is painted, what is compared, what is counted."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.mask_scene import (
    BONE_VOXELS,
    CORONARY,
    HEART,
    REST,
    Mask,
    candidates,
    dice,
    paint,
    peak_hu,
    read_mask,
    scaled,
    whole_heart,
)
from benchmarks.study_masks import Group, MaskRow, groups_of, heart_found, near, totals

from corcal.anatomy.types import Anatomy, ModelRecord, Structure
from corcal.errors import InputError
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.patient import draw_patient
from corcal.phantom.physics import Scanner
from corcal.phantom.types import scan_from_volume, simulated_acquisition

RECORD = ModelRecord(name="by hand", version="1", sha256=None, trusted=True)


def test_overlap_is_twice_the_common_part_over_the_sum() -> None:
    a, b = np.array([1, 1, 1, 0], bool), np.array([0, 1, 1, 1], bool)
    assert dice(a, b) == pytest.approx(4 / 6)
    assert dice(a & False, b & False) == 0.0


def test_what_was_cut_out_of_the_heart_is_heart_again() -> None:
    labels = np.zeros((2, 5, 5), np.uint8)
    labels[0, 1:4, 1:4] = HEART
    labels[0, 2, 2] = REST  # a spot inside
    labels[0, 1, 1] = CORONARY  # at the corner, where it closes no hole
    labels[1, 2, 2] = REST  # no heart in this slice
    heart = whole_heart(labels)
    assert heart[0, 1:4, 1:4].all()
    assert np.count_nonzero(heart) == 9


def test_a_large_piece_of_the_rest_is_bone_and_a_smaller_one_a_spot() -> None:
    labels = np.zeros((1, 40, BONE_VOXELS), np.uint8)
    labels[0, 0] = REST  # 300 voxels
    labels[0, 10, : BONE_VOXELS - 1] = REST  # 299
    labels[0, 20, 5] = CORONARY
    kinds = candidates(labels)
    assert np.count_nonzero(kinds["bone"]) == BONE_VOXELS
    assert np.count_nonzero(kinds["spots"]) == BONE_VOXELS - 1
    assert np.argwhere(kinds["coronary"]).tolist() == [[0, 20, 5]]


def test_small_spots_are_not_as_bright_as_large_ones() -> None:
    peaks = peak_hu(np.array([1] * 500 + [10] * 500 + [99] * 500), np.random.default_rng(0))
    assert peaks.min() >= 150
    assert peaks[:500].max() <= 225  # 150 + 750 / 10
    assert 850 < peaks[500:1000].max() <= 900
    assert 850 < peaks[1000:].max() <= 900


def test_a_spot_reaches_its_peak_and_fades_at_its_edge() -> None:
    labels = np.zeros((3, 9, 9), np.uint8)
    labels[1, 3:6, 3:6] = CORONARY
    hu = np.full(labels.shape, 50, np.float32)
    paint(hu, labels, rng=np.random.default_rng(1))
    # the bone's texture is drawn first, so the peak is asked for where it must lie: 150 to 825
    assert hu.max() == hu[1, 4, 4]
    assert 150 <= hu[1, 4, 4] <= 825
    assert 50 < hu[1, 3, 3] < hu[1, 3, 4] < hu[1, 4, 4]
    assert hu[1, 4, 8] == pytest.approx(50, abs=0.5)
    assert hu[0, 4, 4] - 50 < 0.01 * (hu[1, 4, 4] - 50)  # a quarter slice of blur


def test_bone_is_cortex_around_marrow() -> None:
    labels = np.zeros((3, 30, 30), np.uint8)
    labels[:, 5:25, 5:25] = REST
    hu = np.full(labels.shape, -100, np.float32)
    paint(hu, labels, rng=np.random.default_rng(1))
    assert 200 <= np.median(hu[1, 10:20, 10:20]) <= 400
    assert np.median(hu[1, 5, 8:22]) > 450  # 800 HU, a good part of it blurred away
    assert hu[1, 0, 0] == -100


def test_a_patient_is_scaled_with_the_heart() -> None:
    spec = draw_patient(5)
    made = scaled(spec, (2.0, 1.0, 1.0))
    assert made.body_scale == (2.0 * spec.body_scale[0], *spec.body_scale[1:])
    # the heart keeps its size relative to the thorax
    assert made.heart_scale / made.reference_mm == pytest.approx(
        spec.heart_scale / spec.reference_mm
    )


def anatomy_of(cells: np.ndarray, origin_mm: tuple[float, float, float]) -> Anatomy:
    structures = np.zeros((len(Structure), *cells.shape), np.float32)
    structures[Structure.BACKGROUND] = ~cells
    structures[Structure.LEFT_VENTRICLE] = cells
    return Anatomy(
        structures=structures,
        pathways=None,
        origin_mm=origin_mm,
        spacing_mm=(4.0, 4.0, 4.0),
        model=RECORD,
    )


def test_the_found_heart_is_compared_in_mm_of_the_scan() -> None:
    # voxels of (2, 1, 1) mm: the heart is z 4 to 10 mm, y and x 0 to 7 mm
    heart = np.zeros((8, 16, 16), bool)
    heart[2:6, :8, :8] = True
    cells = np.zeros((3, 3, 3), bool)
    cells[1:, :2, :2] = True  # z 4 and 8 mm; y and x 0 and 4 mm: the same cells
    same = heart_found(anatomy_of(cells, (0.0, 0.0, 0.0)), heart, (2.0, 1.0, 1.0))
    assert same.dice == 1.0
    assert same.centre_distance_mm == 0.0
    assert same.mask_ml == pytest.approx(8 * 0.064)
    # one cell further to the left: x 4 and 8 mm, of which the mask has 0 and 4 mm
    moved = heart_found(anatomy_of(np.roll(cells, 1, axis=2), (0, 0, 0)), heart, (2.0, 1.0, 1.0))
    assert moved.dice == 0.5
    assert moved.centre_distance_mm == 4.0


def test_cells_outside_the_scan_are_no_heart() -> None:
    heart = np.ones((2, 4, 4), bool)
    found = heart_found(
        anatomy_of(np.ones((2, 1, 1), bool), (0.0, 100.0, 0.0)), heart, (4.0, 4.0, 4.0)
    )
    assert (found.dice, found.mask_ml, found.centre_distance_mm) == (0.0, 0.0, np.inf)


def test_near_is_measured_in_mm() -> None:
    heart = np.zeros((9, 9, 9), bool)
    heart[4, 4, 4] = True
    around = near(heart, (5.0, 2.5, 2.5), within_mm=5.0)
    assert around[3:6, 4, 4].tolist() == [True] * 3
    assert not around[2, 4, 4]
    assert around[4, 4].nonzero()[0].tolist() == [2, 3, 4, 5, 6]


def test_candidates_near_the_heart_are_counted_and_far_ones_only_if_called() -> None:
    labels = np.zeros((2, 40, 40), np.uint8)
    labels[0, 10:20, 10:20] = HEART
    labels[0, 12:15, 12:15] = CORONARY
    labels[0, 17:19, 17:19] = REST  # in the heart
    labels[0, 35:38, 35:38] = REST  # 21 mm away
    hu = np.where(labels > HEART, 250, 40).astype(np.int16)  # 1 mm2 a pixel, factor 2
    scan = scan_from_volume(
        hu,
        spacing_mm=(3.0, 1.0, 1.0),
        origin_mm=(0.0, 0.0, 0.0),
        acquisition=simulated_acquisition(Scanner(), date="2026-01-01"),
        uid_seed="masks",
    )
    called = np.flatnonzero(labels > HEART)
    everything = SiteVoxels(
        shape=scan.shape, index=called, site=np.full(len(called), int(Site.RCA), np.uint8)
    )
    mask = Mask(name="by hand", labels=labels, spacing_mm=(3.0, 1.0, 1.0))
    groups, beside = groups_of(mask, scan, everything)
    by_name = {one.name: one for one in groups}
    assert by_name["coronary"] == Group(
        name="coronary", count=1, called=1, agatston=18.0, called_agatston=18.0
    )
    assert by_name["spots"].called_agatston == 8.0
    assert by_name["bone"].count == 0
    assert beside == 18.0
    right = labels.ravel()[called] == CORONARY
    only = SiteVoxels(
        shape=scan.shape, index=called[right], site=np.full(9, int(Site.RCA), np.uint8)
    )
    groups, beside = groups_of(mask, scan, only)
    assert [one.called for one in groups] == [1, 0, 0]
    assert beside == 0.0


def test_totals_add_up_kind_by_kind() -> None:
    def row(count: int) -> MaskRow:
        group = Group(name="bone", count=count, called=1, agatston=10.0, called_agatston=2.5)
        return MaskRow(name="x", seed=1, scale=(1.0, 1.0, 1.0), sac_dice=0.9, groups=(group,))

    assert totals([row(2), row(3)]) == (
        Group(name="bone", count=5, called=2, agatston=20.0, called_agatston=5.0),
    )


def test_a_label_map_whose_heart_is_in_pieces_is_refused(tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    labels = np.zeros((2, 4, 4), np.uint8)
    labels[0, 0, 0] = labels[1, 3, 3] = HEART
    sitk.WriteImage(sitk.GetImageFromArray(labels), str(tmp_path / "odd.nrrd"))
    with pytest.raises(InputError, match=r"label 1 of odd.nrrd is no heart"):
        read_mask(tmp_path / "odd.nrrd")


@pytest.mark.shared
def test_label_1_of_the_real_masks_is_the_heart(
    shared_dir: Path,
) -> None:
    folder = shared_dir / "data" / "anatomy" / "nlst-heart-cac-masks"
    for file in sorted(folder.glob("*.nrrd")):
        mask = read_mask(file)
        volume_ml = np.count_nonzero(whole_heart(mask.labels)) * np.prod(mask.spacing_mm) / 1000
        assert 500 < volume_ml < 1200
