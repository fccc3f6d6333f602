"""A decision is drawn on its own voxels, and is doubtful where a mistake would count."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import GeometryError
from corcal.lesions.decision import Detection, Judged
from corcal.lesions.features import Features
from corcal.lesions.pieces import Pieces
from corcal.lesions.sites import Site
from corcal.report.decision_order import Turn
from corcal.report.key_lesions import key_lesions
from corcal.report.pieces import Piece, lesion_pieces_of, pieces_of
from report.automatic_scan import Dense, make_scan, with_dense


def positions(piece: object) -> set[tuple[int, ...]]:
    return {tuple(row) for row in piece.position.tolist()}


def cube(z: int, y: int, x: int, size: int, depth: int) -> set[tuple[int, ...]]:
    return {(z + k, y + j, x + i) for k in range(depth) for j in range(size) for i in range(size)}


def test_a_lesion_has_the_voxels_connected_with_its_densest() -> None:
    # two lesions of one artery, one of another that touches the first
    result, scan, detection = with_dense(
        [
            Dense(site=Site.LAD, at=(5, 30, 30), size=2, depth=2),
            Dense(site=Site.LM, at=(5, 30, 32), size=2, depth=1),
            Dense(site=Site.LAD, at=(20, 60, 60), size=3),
        ]
    )
    first, second, third = pieces_of(result, scan, detection)
    assert positions(first) == cube(5, 30, 30, 2, 2)
    assert positions(second) == cube(5, 30, 32, 2, 1)
    assert positions(third) == cube(20, 60, 60, 3, 1)


def test_noise_is_drawn_as_far_as_the_scan_is_dense_around_it() -> None:
    result, scan, detection = with_dense([Dense(site=Site.NOISE, at=(5, 30, 30), size=1)])
    hu = scan.hu.copy()
    hu[5, 30, 31] = 130  # dense enough
    hu[5, 30, 32] = 129  # not
    hu[5, 30, 34] = 300  # dense, and not connected
    hu[6, 31, 32] = 200  # touches (5, 30, 31) by a corner
    (piece,) = pieces_of(result, replace(scan, hu=hu), detection)
    assert positions(piece) == {(5, 30, 30), (5, 30, 31), (6, 31, 32)}


def test_bone_is_drawn_within_reach_alone() -> None:
    # reach is 12 mm: 12 pixels of 1 mm to each side, 4 slices of 3 mm
    result, scan, detection = with_dense([Dense(site=Site.BONE, at=(15, 60, 60), size=1)])
    hu = np.full(scan.shape, 500, np.int16)
    (piece,) = pieces_of(result, replace(scan, hu=hu), detection)
    assert len(piece.position) == 9 * 25 * 25


def test_the_order_is_that_of_the_decisions() -> None:
    result, scan, detection = with_dense(
        [Dense(site=Site.RCA, at=(20, 60, 60)), Dense(site=Site.LCX, at=(5, 30, 30))]
    )
    assert [piece.site for piece in pieces_of(result, scan, detection)] == [Site.RCA, Site.LCX]


def test_a_detection_of_another_scan_is_refused() -> None:
    result, _, detection = with_dense([])
    with pytest.raises(GeometryError, match=r"of shape \(30, 120, 120\) cannot be drawn"):
        pieces_of(result, make_scan((4, 10, 10)), detection)


def only(dense: Dense) -> Piece:
    (piece,) = pieces_of(*with_dense([dense]))
    return piece


@pytest.mark.parametrize(
    ("site", "rival", "sure", "is_doubtful", "is_coronary_doubtful"),
    [
        (Site.LAD, Site.LM, 0.7, True, False),  # the artery is doubtful
        (Site.LAD, Site.NOISE, 0.7, True, True),
        (Site.LAD, Site.NOISE, 0.88, True, False),
        (Site.AORTIC_VALVE, Site.ASCENDING_AORTA, 0.58, True, False),  # the site is doubtful
        (Site.AORTIC_VALVE, Site.LM, 0.75, True, True),
        (Site.AORTIC_VALVE, Site.LM, 0.93, False, False),
    ],
)
def test_doubt_about_the_site_is_another_than_doubt_about_counting(
    site: Site, rival: Site, sure: float, is_doubtful: bool, is_coronary_doubtful: bool
) -> None:
    piece = only(Dense(site=site, at=(5, 30, 30), rival=rival, sure=sure))
    assert piece.probability == pytest.approx(sure)
    assert piece.is_doubtful is is_doubtful
    assert piece.is_coronary_doubtful is is_coronary_doubtful


@pytest.mark.parametrize(("sure", "is_doubtful"), [(0.9, False), (0.899, True)])
def test_less_than_nine_tenths_is_doubtful(sure: float, is_doubtful: bool) -> None:
    (piece,) = pieces_of(*with_dense([Dense(site=Site.LAD, at=(5, 30, 30), sure=sure)]))
    assert piece.is_doubtful is is_doubtful


@pytest.mark.parametrize(("agatston", "must"), [(9.9, False), (10.0, True)])
def test_a_large_rejection_must_be_seen(agatston: float, must: bool) -> None:
    dense = Dense(site=Site.AORTIC_VALVE, at=(5, 30, 30), agatston=agatston)
    (piece,) = pieces_of(*with_dense([dense]))
    assert piece.must_be_seen is must
    assert not piece.is_open


@pytest.mark.parametrize(
    ("site", "second", "expected"),
    [
        (Site.LAD, Site.LM, None),  # both count it
        (Site.LAD, Site.NOISE, Site.NOISE),
        (Site.MITRAL_ANNULUS, Site.LCX, Site.LCX),
        (Site.MITRAL_ANNULUS, Site.BONE, None),
    ],
)
def test_the_second_detector_matters_where_it_counts_otherwise(
    site: Site, second: Site, expected: Site | None
) -> None:
    piece = only(Dense(site=site, at=(5, 30, 30), second=second, agatston=2.0))
    assert piece.second_site is expected
    assert (piece.order[0] is Turn.DISPUTED) is (expected is not None)
    assert piece.is_open is (expected is not None or site is Site.LAD)


def test_without_a_second_detector_nothing_is_decided_otherwise() -> None:
    result, scan, detection = with_dense([Dense(site=Site.LAD, at=(5, 30, 30), second=Site.NOISE)])
    (piece,) = pieces_of(result, scan, replace(detection, second_sites=None))
    assert piece.second_site is None


@pytest.mark.parametrize(("site", "is_named"), [(Site.BONE, False), (Site.DEVICE, True)])
def test_certain_bone_has_no_name_and_need_not_be_seen(site: Site, is_named: bool) -> None:
    piece = only(Dense(site=site, at=(5, 30, 30), agatston=900.0))
    assert piece.is_named is is_named
    assert piece.must_be_seen is is_named
    doubtful = only(Dense(site=site, at=(5, 30, 30), rival=Site.LAD, sure=0.6))
    assert doubtful.is_named
    assert doubtful.must_be_seen


def test_what_is_too_small_is_shown_where_the_score_is_zero_up_to_three() -> None:
    spots = [Dense(site=Site.LAD, at=(k, 30, 30), agatston=0.0) for k in range(5)]
    noise = Dense(site=Site.NOISE, at=(9, 60, 60), agatston=0.0)
    pieces = pieces_of(*with_dense([noise, *spots]))
    assert [piece.is_too_small for piece in pieces] == [False, True, True, True, False, False]
    assert [piece.must_be_seen for piece in pieces] == [piece.is_too_small for piece in pieces]
    assert [piece.is_named for piece in pieces] == [piece.is_too_small for piece in pieces]
    assert not any(piece.is_counted for piece in pieces)


def test_what_is_too_small_stays_hidden_beside_a_score() -> None:
    spot = Dense(site=Site.LAD, at=(5, 30, 30), agatston=0.0)
    counted = Dense(site=Site.RCA, at=(20, 60, 60), agatston=15.0)
    piece = pieces_of(*with_dense([spot, counted]))[0]
    flags = [piece.is_too_small, piece.is_counted, piece.is_named, piece.is_open]
    assert flags == [False] * 4


# a lesion of the LAD that was cut after its first slice, and one of the RCA
CUT = [
    Dense(site=Site.LAD, at=(5, 30, 30), size=4, agatston=30.0, sure=0.8, rival=Site.LM),
    Dense(site=Site.LAD, at=(6, 30, 30), size=2, agatston=10.0, sure=1.0),
    Dense(site=Site.RCA, at=(20, 60, 60), agatston=15.0),
]


def judged(detection: Detection, dense: list[Dense]) -> Detection:
    """Tell which voxels each decision was about."""
    shape = detection.voxels.shape
    number = np.full(shape, -1)
    for k, one in enumerate(dense):
        number[one.window] = k
    index = np.flatnonzero(number >= 0)
    pieces = Pieces(
        shape=shape,
        spacing_mm=(3.0, 1.0, 1.0),
        index=index,
        hu=np.full(index.size, 400, np.int16),
        piece=number.reshape(-1)[index].astype(np.int32),
        lesion=np.arange(len(dense), dtype=np.int32),
        full_volume_mm3=np.ones(len(dense)),
    )
    nothing = np.zeros((len(dense), 0))
    features = Features(names=(), values=nothing.astype(np.float32))
    sites = np.array([one.site for one in dense], np.uint8)
    found = Judged(pieces=pieces, features=features, probabilities=nothing, sites=sites)
    return replace(detection, judged=found)


def test_parts_of_a_lesion_share_its_name_and_have_their_own_voxels_and_score() -> None:
    result, scan, detection = with_dense(CUT)
    first, second, other = pieces_of(result, scan, judged(detection, CUT))
    assert [piece.name for piece in (first, second, other)] == ["L1", "L1", "L2"]
    assert [piece.is_part for piece in (first, second, other)] == [True, True, False]
    assert positions(first) == cube(5, 30, 30, 4, 1)
    assert positions(second) == cube(6, 30, 30, 2, 1)
    assert [piece.agatston for piece in (first, second, other)] == [30.0, 10.0, 15.0]
    assert [piece.key_slice for piece in (first, second, other)] == [5, 6, 20]


def test_a_lesion_is_one_piece_with_its_score_and_probabilities_of_the_result() -> None:
    result, scan, detection = with_dense(CUT)
    whole, other = lesion_pieces_of(result, scan, judged(detection, CUT))
    assert (whole.name, other.name) == ("L1", "L2")
    assert positions(whole) == cube(5, 30, 30, 4, 1) | cube(6, 30, 30, 2, 1)
    assert whole.agatston == 40.0
    # weighted by score: (30 x 0.8 + 10 x 1) / 40
    assert whole.probability == pytest.approx(0.85)
    assert whole.key_slice == 5
    assert not whole.is_part


def test_noise_that_was_cut_stays_two_pieces() -> None:
    # it is no calcium, so nothing of the result joins it
    dense = [replace(one, site=Site.NOISE, rival=Site.OTHER) for one in CUT[:2]]
    result, scan, detection = with_dense(dense)
    assert len(lesion_pieces_of(result, scan, judged(detection, dense))) == 2


def test_a_piece_of_several_lesions_names_two_and_counts_the_rest() -> None:
    piece = only(Dense(site=Site.LAD, at=(5, 30, 30), agatston=7.0))
    lesions = [replace(piece.lesions[0], id=f"L{k}") for k in range(1, 5)]
    assert replace(piece, lesions=tuple(lesions[:2])).name == "L1 L2"
    assert replace(piece, lesions=tuple(lesions)).name == "L1 L2 +2"
    assert replace(piece, lesions=tuple(lesions)).agatston == 28.0
    assert replace(piece, lesions=()).name == ""


def test_the_slice_is_that_of_the_key_image() -> None:
    # 2 x 2 pixels in slices 5 and 6, and 3 x 3 more in slice 6
    result, scan, detection = with_dense(
        [
            Dense(site=Site.LAD, at=(5, 30, 30), size=2, depth=2),
            Dense(site=Site.LAD, at=(6, 30, 32), size=3),
        ]
    )
    (lesion,) = key_lesions(result, scan, detection.voxels)
    (piece,) = lesion_pieces_of(result, scan, detection)
    assert piece.key_slice == lesion.slice_index == 6
