"""Where labels go in a panel: near what they name, over nothing that matters, never over another.

Plain geometry in pixels; it knows nothing of pictures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from corcal.report.canvas import Box

__all__ = [
    "Segment",
    "centred_box",
    "contains",
    "leader_of",
    "meets",
    "overlap_px2",
    "place_labels",
]

Segment = tuple[tuple[float, float], tuple[float, float]]
"""A straight line between two points."""

_DIRECTIONS = 24
_STEPS_PX = (6.0, 16.0, 30.0, 48.0, 70.0, 96.0, 126.0, 160.0)
_LEADER_PX = 12.0  # from this distance a line leads from the label to what it names
_FAR_COST = 2.5  # of a pixel of distance, in square pixels of something covered
_CROSSED_COST = 400.0  # of a line over something that is marked
_NO_ROOM_COST = 1e5


def centred_box(x: float, y: float, width: float, height: float) -> Box:
    """Make a box from its centre."""
    return Box(left=x - width / 2, top=y - height / 2, width=width, height=height)


def overlap_px2(a: Box, b: Box) -> float:
    """Area that two boxes share."""
    across = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    down = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    return max(0.0, across) * max(0.0, down)


def place_labels(
    targets: Sequence[Box],
    sizes: Sequence[tuple[float, float]],
    *,
    within: Box,
    taken: Sequence[Box],
    marked: Sequence[Box] = (),
    avoided: Sequence[Box] = (),
) -> list[Box | None]:
    """Find places for the labels of a panel, so that most have one, and near what they name.

    They are placed one after the other, which may leave no room for the last: so several orders
    are tried. From a label that is not next to its target a line leads to it (`leader_of`); lines
    cross neither labels nor each other.

    Parameters
    ----------
    targets : sequence of Box
        What the labels name; they never cover it.
    sizes : sequence of (width, height)
        Of the labels.
    within : Box
        The panel: a label never leaves it.
    taken : sequence of Box
        What neither a label nor its line touches.
    marked : sequence of Box
        What is marked: a label does not touch it, its line only if there is no other way.
    avoided : sequence of Box
        What a label covers only if nothing else is near.

    Returns
    -------
    list of Box or None
        In the order of the targets; ``None`` for those without room.
    """
    best: list[Box | None] = [None] * len(targets)
    lowest = math.inf
    for order in _orders(len(targets)):
        places: list[Box | None] = [None] * len(targets)
        around = _Around(within=within, labels=[*taken], marked=marked, avoided=avoided, lines=[])
        total = 0.0
        for k in order:
            places[k], cost = _cheapest(targets[k], sizes[k], around)
            total += cost
            around.add(places[k], targets[k])
        if total < lowest:
            best, lowest = places, total
    return best


def _orders(count: int) -> list[list[int]]:
    """Give the orders to try: as given, from each label on round, and backwards."""
    forward = [[(start + k) % count for k in range(count)] for start in range(count)]
    return forward + [order[::-1] for order in forward]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What is where when a label is placed."""

    within: Box
    labels: list[Box]
    marked: Sequence[Box]
    avoided: Sequence[Box]
    lines: list[Segment]

    def add(self, place: Box | None, target: Box) -> None:
        """Put a label there, with its line."""
        if place is not None:
            line = leader_of(place, target)
            self.labels.append(place)
            self.lines.extend([line] if line else [])

    def cost(self, place: Box, target: Box) -> float:
        """Say what a place for a label costs; infinite where it must not be."""
        if not contains(self.within, place):
            return math.inf
        if any(overlap_px2(place, x) for x in (target, *self.labels, *self.marked)):
            return math.inf
        line = leader_of(place, target)
        if any(meets(x, place) for x in self.lines) or (line and self._is_crossed(line)):
            return math.inf
        crossed = sum(meets(line, x) for x in self.marked if x != target) if line else 0
        covered = sum(overlap_px2(place, x) for x in self.avoided)
        return covered + _FAR_COST * _distance(target, place) + _CROSSED_COST * crossed

    def _is_crossed(self, line: Segment) -> bool:
        return any(meets(line, x) for x in self.labels) or any(_cross(line, x) for x in self.lines)


def _cheapest(target: Box, size: tuple[float, float], around: _Around) -> tuple[Box | None, float]:
    """Find the place for a label that costs least, and what it costs."""
    best, lowest = None, math.inf
    for place in _places(target, size):
        cost = around.cost(place, target)
        if cost < lowest:
            best, lowest = place, cost
    return best, min(lowest, _NO_ROOM_COST)


def _places(target: Box, size: tuple[float, float]) -> list[Box]:
    """List boxes around a target, nearest first."""
    width, height = size
    x, y = target.left + target.width / 2, target.top + target.height / 2
    places = []
    for step in _STEPS_PX:
        for k in range(_DIRECTIONS):
            angle = 2 * math.pi * k / _DIRECTIONS
            dx, dy = math.cos(angle), math.sin(angle)
            # from the centre of the target to that of the label: an ellipse around both
            across = (target.width + width) / 2 + step
            down = (target.height + height) / 2 + step
            places.append(centred_box(x + dx * across, y + dy * down, width, height))
    return places


def contains(outer: Box, inner: Box) -> bool:
    """Whether a box lies in another."""
    return (
        inner.left >= outer.left
        and inner.top >= outer.top
        and inner.left + inner.width <= outer.left + outer.width
        and inner.top + inner.height <= outer.top + outer.height
    )


def _distance(a: Box, b: Box) -> float:
    """Gap between two boxes."""
    across = max(a.left - b.left - b.width, b.left - a.left - a.width, 0.0)
    down = max(a.top - b.top - b.height, b.top - a.top - a.height, 0.0)
    return math.hypot(across, down)


def leader_of(place: Box, target: Box) -> Segment | None:
    """Give the line from a label to what it names; ``None`` where that is next to it."""
    start = _nearest(place, (target.left + target.width / 2, target.top + target.height / 2))
    end = _nearest(target, start)
    return None if math.dist(start, end) <= _LEADER_PX else (start, end)


def _nearest(box: Box, point: tuple[float, float]) -> tuple[float, float]:
    """Point of a box that is nearest to another."""
    return (
        min(max(point[0], box.left), box.left + box.width),
        min(max(point[1], box.top), box.top + box.height),
    )


def _cross(a: Segment, b: Segment) -> bool:
    """Whether two segments have a point in common, other than by lying on one line."""

    def side(line: Segment, point: tuple[float, float]) -> float:
        (x0, y0), (x1, y1) = line
        return (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0)

    return side(a, b[0]) * side(a, b[1]) <= 0 and side(b, a[0]) * side(b, a[1]) <= 0


def meets(line: Segment, box: Box) -> bool:
    """Whether a line touches a box."""
    right, bottom = box.left + box.width, box.top + box.height
    if any(box.left <= x <= right and box.top <= y <= bottom for x, y in line):
        return True
    diagonals = (
        ((box.left, box.top), (right, bottom)),
        ((right, box.top), (box.left, bottom)),
    )
    return any(_cross(line, diagonal) for diagonal in diagonals)
