"""The montage shows the whole heart, and everything that must be seen."""

from itertools import pairwise

import pytest

from corcal.lesions.sites import Site
from corcal.report.pieces import Piece, pieces_of
from corcal.report.slice_choice import choose_slices
from report.automatic_scan import Dense, with_dense


def pieces(*dense: Dense, n_z: int = 60) -> tuple[Piece, ...]:
    return pieces_of(*with_dense(dense, shape=(n_z, 120, 120)))


def test_without_calcium_twelve_slices_are_spread_evenly() -> None:
    # 0 to 55 in eleven steps: 5 slices each
    slices, missing = choose_slices((), heart=(0, 56), n_z=60)
    assert slices == tuple(range(55, -1, -5))
    assert missing == 0


def test_a_heart_of_few_slices_is_shown_whole() -> None:
    slices, _ = choose_slices((), heart=(2, 7), n_z=8)
    assert slices == (6, 5, 4, 3, 2)


def test_a_lesion_is_shown_where_it_is_largest() -> None:
    # 2 x 2 pixels in slices 20 to 25, 5 x 5 in slice 23 alone
    (piece,) = pieces(Dense(site=Site.LAD, at=(20, 30, 30), size=2, depth=6))
    larger = pieces(
        Dense(site=Site.LAD, at=(20, 30, 30), size=2, depth=6),
        Dense(site=Site.LAD, at=(23, 30, 30), size=5),
    )[0]
    assert len(larger.position) == len(piece.position) + 25 - 4
    slices, _ = choose_slices((larger,), heart=(0, 56), n_z=60)
    assert 23 in slices


@pytest.mark.parametrize(
    "dense",
    [
        Dense(site=Site.LAD, at=(57, 30, 30), agatston=0.5),
        Dense(site=Site.NOISE, at=(57, 30, 30), agatston=0.5, sure=0.6, rival=Site.RCA),
    ],
)
def test_what_is_or_could_be_coronary_is_shown_wherever_it_is(dense: Dense) -> None:
    slices, missing = choose_slices(pieces(dense), heart=(10, 40), n_z=60)
    assert 57 in slices
    assert missing == 0


@pytest.mark.parametrize(("z", "is_shown"), [(33, True), (57, False)])
def test_a_certain_large_rejection_is_shown_within_the_heart(z: int, is_shown: bool) -> None:
    valve = pieces(Dense(site=Site.AORTIC_VALVE, at=(z, 30, 30), agatston=300.0))
    slices, _ = choose_slices(valve, heart=(10, 40), n_z=60)
    assert (z in slices) is is_shown


def test_a_certain_bone_needs_no_slice() -> None:
    bone = pieces(Dense(site=Site.BONE, at=(33, 30, 30), agatston=9000.0))
    assert choose_slices(bone, heart=(10, 40), n_z=60) == choose_slices((), heart=(10, 40), n_z=60)


def test_lesions_are_shown_in_their_own_slices_also_where_one_slice_has_both() -> None:
    # 3 x 3 pixels in slices 20 to 22 with 5 x 5 in 20; the other likewise with 5 x 5 in 22
    first, second = (
        [
            Dense(site=site, at=(20, 30, x), size=3, depth=3),
            Dense(site=site, at=(z, 30, x), size=5),
        ]
        for site, x, z in ((Site.LAD, 30, 20), (Site.RCA, 60, 22))
    )
    slices, _ = choose_slices(pieces(*first, *second), heart=(0, 56), n_z=60)
    assert {20, 22} <= set(slices)


@pytest.mark.parametrize(
    ("count", "shown"), [(6, 12), (7, 15), (9, 15), (10, 18), (13, 21), (21, 21)]
)
def test_more_lesions_need_more_slices(count: int, shown: int) -> None:
    # each in a slice of its own; six slices at least are left for the heart, as far as there are
    many = pieces(*(Dense(site=Site.LAD, at=(2 * k, 30, 30)) for k in range(count)))
    slices, missing = choose_slices(many, heart=(0, 60), n_z=60)
    assert len(slices) == len(set(slices)) == shown
    assert {2 * k for k in range(count)} <= set(slices)
    assert missing == 0
    assert all(a > b for a, b in pairwise(slices))


def test_what_has_no_room_is_counted_and_is_the_smallest() -> None:
    many = pieces(
        *(Dense(site=Site.LAD, at=(2 * k, 30, 30), agatston=100.0 - k) for k in range(25))
    )
    slices, missing = choose_slices(many, heart=(0, 60), n_z=60)
    assert missing == 4
    assert set(slices) == {2 * k for k in range(21)}
