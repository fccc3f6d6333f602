"""Which texts of a picture are cut off, or lie over another."""

from matplotlib.text import Text

from corcal.report.canvas import MARGIN_PX, Sheet

_ROUNDING_PX = 1.5  # letters are placed on whole pixels


def texts_beyond(sheet: Sheet, *, right_px: float | None = None) -> list[str]:
    """Texts outside of panels that come nearer to an edge than the margin, or leave the picture."""
    right = (sheet.width_px - MARGIN_PX if right_px is None else right_px) + _ROUNDING_PX
    beyond = []
    for text in sheet.figure.texts:
        box = text.get_window_extent()
        is_within = box.x0 >= MARGIN_PX - _ROUNDING_PX and box.x1 <= right
        if not (is_within and box.y0 >= 0 and box.y1 <= sheet.height_px):
            beyond.append(text.get_text())
    return beyond


def texts_over_others(sheet: Sheet) -> list[tuple[str, str]]:
    """Pairs of texts that overlap, and of texts that reach into a panel from outside.

    What lies inside of a panel is a name in it.
    """
    panels = [axes.bbox for axes in sheet.figure.axes]
    outside = [
        (text.get_text(), _inner(text))
        for text in sheet.figure.texts
        if not any(panel.count_contains([_middle(text)]) for panel in panels)
    ]
    pairs = [
        (words, other)
        for k, (words, box) in enumerate(outside)
        for other, other_box in outside[k + 1 :]
        if box.overlaps(other_box)
    ]
    return pairs + [
        (words, "a panel") for words, box in outside if any(box.overlaps(panel) for panel in panels)
    ]


def _middle(text: Text) -> tuple[float, float]:
    box = text.get_window_extent()
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def _inner(text: Text):
    """The box of a text without the air around its letters."""
    box = text.get_window_extent()
    return box.padded(-min(2.0, box.width / 4, box.height / 4))
