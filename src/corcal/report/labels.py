"""Where labels go in a panel: near what they name, over nothing that matters, never over another.

Plain geometry in pixels; it knows nothing of pictures.
"""

import math
from collections.abc import Sequence

from corcal.report.canvas import Box

__all__ = ["centred_box", "contains", "overlap_px2", "place_label"]

_DIRECTIONS = 16
_STEPS_PX = (6.0, 16.0, 30.0, 48.0, 70.0, 96.0, 126.0)
_FAR_COST = 2.5  # of a pixel of distance, in square pixels of something covered


def centred_box(x: float, y: float, width: float, height: float) -> Box:
    """Make a box from its centre."""
    return Box(left=x - width / 2, top=y - height / 2, width=width, height=height)


def overlap_px2(a: Box, b: Box) -> float:
    """Area that two boxes share."""
    across = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    down = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    return max(0.0, across) * max(0.0, down)


def place_label(
    target: Box,
    size: tuple[float, float],
    *,
    within: Box,
    forbidden: Sequence[Box],
    avoided: Sequence[Box] = (),
) -> Box | None:
    """Find a place for a label beside what it names.

    Parameters
    ----------
    target : Box
        What the label names; it is never covered.
    size : (width, height)
        Of the label.
    within : Box
        The panel: a label never leaves it.
    forbidden : sequence of Box
        Labels and marks that it must not touch.
    avoided : sequence of Box
        What it covers only if nothing else is near.

    Returns
    -------
    Box or None
        ``None`` if there is no room.
    """
    best, lowest = None, math.inf
    for place in _places(target, size):
        if not contains(within, place):
            continue
        if overlap_px2(place, target) or any(overlap_px2(place, x) for x in forbidden):
            continue
        cost = sum(overlap_px2(place, x) for x in avoided) + _FAR_COST * _distance(target, place)
        if cost < lowest:
            best, lowest = place, cost
    return best


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
