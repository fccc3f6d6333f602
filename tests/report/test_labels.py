"""Labels stay in their panel and cover nothing that they must not; their lines do not cross."""

from itertools import combinations

import pytest

from corcal.report.canvas import Box
from corcal.report.labels import centred_box, leader_of, meets, overlap_px2, place_labels

PANEL = Box(left=0, top=0, width=300, height=300)
SIZE = (80.0, 20.0)


def place_label(target: Box, size: tuple[float, float] = SIZE, **around: object) -> Box | None:
    (place,) = place_labels([target], [size], within=PANEL, **({"taken": []} | around))
    return place


def test_overlap_is_the_shared_area() -> None:
    a = Box(left=0, top=0, width=10, height=10)
    assert overlap_px2(a, Box(left=6, top=8, width=10, height=10)) == 4 * 2
    assert overlap_px2(a, Box(left=10, top=0, width=10, height=10)) == 0  # they touch


@pytest.mark.parametrize("x", [5, 150, 295])
@pytest.mark.parametrize("y", [5, 150, 295])
def test_a_label_is_near_its_target_within_the_panel_and_beside_it(x: int, y: int) -> None:
    target = centred_box(x, y, 10, 10)
    place = place_label(target)
    assert place is not None
    assert (place.width, place.height) == SIZE
    assert place.left >= 0
    assert place.top >= 0
    assert place.left + 80 <= 300
    assert place.top + 20 <= 300
    assert overlap_px2(place, target) == 0
    assert overlap_px2(place, centred_box(x, y, 10 + 2 * 20, 10 + 2 * 20)) > 0  # within 20 px


def test_labels_of_neighbours_do_not_touch_and_their_lines_do_not_cross() -> None:
    targets = [centred_box(120 + 16 * (k % 3), 140 + 16 * (k // 3), 8, 8) for k in range(6)]
    places = place_labels(targets, [SIZE] * 6, within=PANEL, taken=[], marked=targets)
    assert None not in places
    lines = [leader_of(place, target) for place, target in zip(places, targets, strict=True)]
    assert sum(line is not None for line in lines) >= 2
    for (place, line), (other, other_line) in combinations(zip(places, lines, strict=True), 2):
        assert not overlap_px2(place, other)
        for one, box in ((line, other), (other_line, place)):
            assert one is None or not meets(one, box)
        if line and other_line:
            assert not _cross(line, other_line)


def _cross(a: tuple[tuple[float, float], ...], b: tuple[tuple[float, float], ...]) -> bool:
    """Whether two segments cross, by solving for the place along each."""
    (ax, ay), (bx, by) = a
    (cx, cy), (dx, dy) = b
    area = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
    if area == 0:
        return False
    t = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / area
    u = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / area
    return 0 <= t <= 1 and 0 <= u <= 1


def test_a_label_that_took_the_only_place_of_another_goes_elsewhere() -> None:
    # between the walls is room for two rows: placed first, the lower label takes a part of both
    walls = [
        Box(left=0, top=0, width=300, height=88),
        Box(left=0, top=0, width=195, height=300),
        Box(left=195, top=150, width=105, height=150),
    ]
    targets = [centred_box(200, 135, 8, 8), centred_box(198, 96, 8, 8)]
    assert None not in place_labels(targets, [SIZE, SIZE], within=PANEL, taken=walls)


@pytest.mark.parametrize(
    ("line", "is_met"),
    [
        (((0.0, 5.0), (30.0, 5.0)), True),  # through it
        (((12.0, 5.0), (13.0, 6.0)), True),  # in it
        (((0.0, 11.0), (30.0, 11.0)), False),
        (((0.0, 0.0), (9.0, 9.0)), False),  # ends before it
        (((5.0, 12.0), (15.0, -12.0)), True),
    ],
)
def test_a_line_meets_a_box_it_runs_through(
    line: tuple[tuple[float, float], tuple[float, float]], is_met: bool
) -> None:
    assert meets(line, Box(left=10, top=0, width=10, height=10)) is is_met


def test_a_line_leads_to_what_is_not_next_to_its_label() -> None:
    target = centred_box(150, 150, 10, 10)
    # 12 px are still beside it; the line runs from the nearest point to the nearest point
    assert leader_of(Box(left=167, top=140, width=80, height=20), target) is None
    assert leader_of(Box(left=168, top=140, width=80, height=20), target) == (
        (168, 150),
        (155, 150),
    )


def test_there_may_be_no_room() -> None:
    target = centred_box(150, 150, 10, 10)
    assert place_label(target, taken=[PANEL]) is None
    assert place_label(target, (400.0, 20.0)) is None


def test_what_is_avoided_is_covered_only_if_all_else_is_far() -> None:
    target = centred_box(150, 150, 10, 10)
    first = place_label(target)
    assert first is not None
    second = place_label(target, avoided=[first])
    assert second is not None
    assert overlap_px2(first, second) < overlap_px2(first, first) / 4
    everywhere = place_label(target, avoided=[PANEL])
    assert everywhere is not None
    assert overlap_px2(everywhere, centred_box(150, 150, 10 + 2 * 8, 10 + 2 * 8)) > 0  # within 8 px
