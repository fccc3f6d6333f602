"""Labels stay in their panel and cover nothing that they must not."""

import pytest

from corcal.report.canvas import Box
from corcal.report.labels import centred_box, overlap_px2, place_label

PANEL = Box(left=0, top=0, width=300, height=300)
SIZE = (80.0, 20.0)


def test_overlap_is_the_shared_area() -> None:
    a = Box(left=0, top=0, width=10, height=10)
    assert overlap_px2(a, Box(left=6, top=8, width=10, height=10)) == 4 * 2
    assert overlap_px2(a, Box(left=10, top=0, width=10, height=10)) == 0  # they touch


@pytest.mark.parametrize("x", [5, 150, 295])
@pytest.mark.parametrize("y", [5, 150, 295])
def test_a_label_is_near_its_target_within_the_panel_and_beside_it(x: int, y: int) -> None:
    target = centred_box(x, y, 10, 10)
    place = place_label(target, SIZE, within=PANEL, forbidden=[])
    assert place is not None
    assert (place.width, place.height) == SIZE
    assert place.left >= 0
    assert place.top >= 0
    assert place.left + 80 <= 300
    assert place.top + 20 <= 300
    assert overlap_px2(place, target) == 0
    assert overlap_px2(place, centred_box(x, y, 10 + 2 * 20, 10 + 2 * 20)) > 0  # within 20 px


def test_many_labels_of_one_place_do_not_touch() -> None:
    target, taken = centred_box(150, 150, 10, 10), []
    for _ in range(12):
        place = place_label(target, SIZE, within=PANEL, forbidden=taken)
        assert place is not None
        assert not any(overlap_px2(place, other) for other in taken)
        taken.append(place)


def test_there_may_be_no_room() -> None:
    target = centred_box(150, 150, 10, 10)
    assert place_label(target, SIZE, within=PANEL, forbidden=[PANEL]) is None
    assert place_label(target, (400.0, 20.0), within=PANEL, forbidden=[]) is None


def test_what_is_avoided_is_covered_only_if_all_else_is_far() -> None:
    target = centred_box(150, 150, 10, 10)
    first = place_label(target, SIZE, within=PANEL, forbidden=[])
    assert first is not None
    second = place_label(target, SIZE, within=PANEL, forbidden=[], avoided=[first])
    assert second is not None
    assert overlap_px2(first, second) < overlap_px2(first, first) / 4
    everywhere = place_label(target, SIZE, within=PANEL, forbidden=[], avoided=[PANEL])
    assert everywhere == first
