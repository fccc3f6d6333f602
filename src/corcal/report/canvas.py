"""What every picture consists of: a dark sheet, panels of CT on it, a heading and a footer.

Everything is laid out in pixels from the upper left corner. Figures are made without pyplot and
without any state that other users of matplotlib could see or change: fonts and colours are given
where they are used. No picture carries a patient's name, identifier or date.
"""

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "CAUTION",
    "FOOTER_PX",
    "MARGIN_PX",
    "MUTED",
    "PAPER",
    "TEXT",
    "TOP_PX",
    "Box",
    "Sheet",
    "footer_px",
    "lines_that_fit",
    "orientation_letters",
    "png_bytes",
    "scale_bar",
    "svg_bytes",
]

PAPER, TEXT, MUTED = "#0E1116", "#F2F4F7", "#A3ACB9"
CAUTION = "#FFC477"  # of words that a reader must not miss
TROUGH = "#2A323D"  # the empty part of a bar
MARGIN_PX = 28
FOOTER_PX = 56  # of a footer of one line
_FOOTER_LINE_PX = 20
TOP_PX = 32  # the largest type begins here: as far from the upper edge as text from the left one
_SCALE_BAR_MM = 10.0
_FONT = "DejaVu Sans"  # comes with matplotlib
_POINTS_PER_PX = 0.72  # at the figure's 100 dots an inch
_SVG_DPI = 200  # of the CT inside an SVG; everything else in it has no resolution
_SVG_SETTINGS: Any = {  # matplotlib types the names of its settings
    "svg.hashsalt": "corcal",  # of the names inside: without it they differ from run to run
    "svg.fonttype": "path",  # letters as outlines look alike on every machine
    "svg.image_inline": True,
}
_SETTINGS_LOCK = threading.Lock()  # matplotlib has one set of settings for all threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle of the sheet in pixels, from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


class Sheet:
    """A picture in the making.

    Parameters
    ----------
    width_px, height_px : int
        Of the whole picture.
    top_px : float
        Where its panels begin, below the heading.
    """

    def __init__(self, *, width_px: int, height_px: int, top_px: float) -> None:
        # matplotlib takes half a second to import: only for those who draw
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width_px, self.height_px, self.top_px = width_px, height_px, top_px
        self.figure = Figure(figsize=(width_px / 100, height_px / 100), dpi=100)
        self.figure.patch.set_facecolor(PAPER)
        self._canvas: Any = FigureCanvasAgg(self.figure)  # matplotlib leaves its canvas untyped

    def text_size(
        self, text: str, size_px: float, *, weight: str = "normal"
    ) -> tuple[float, float]:
        """Width and height in pixels that a line of text takes."""
        from matplotlib.font_manager import FontProperties

        font = FontProperties(family=_FONT, weight=weight, size=size_px * _POINTS_PER_PX)
        renderer = self._canvas.get_renderer()
        width, height, _ = renderer.get_text_width_height_descent(text, font, False)
        return float(width), float(height)

    def wrapped(
        self, text: str, size_px: float, width_px: float, *, weight: str = "normal"
    ) -> list[str]:
        """Break text into lines that are no wider; a word is broken only if it alone is wider."""
        lines = [""]
        for word in text.split():
            whole = f"{lines[-1]} {word}".strip()
            if self.text_size(whole, size_px, weight=weight)[0] <= width_px:
                lines[-1] = whole
                continue
            lines.append("")
            for letter in word:
                longer = lines[-1] + letter
                is_over = self.text_size(longer, size_px, weight=weight)[0] > width_px
                lines[-1:] = [lines[-1], letter] if is_over else [longer]
        return [line for line in lines if line]

    def footer(self, lines: Sequence[str], size_px: float) -> None:
        """Write the lines of a footer, which takes `footer_px` at the lower edge."""
        for number, line in enumerate(reversed(lines)):
            y = self.height_px - 34 - number * _FOOTER_LINE_PX
            self.text(MARGIN_PX, y, line, size_px, color=MUTED)

    def text(self, x: float, y: float, text: str, size_px: float, **options: Any) -> float:
        """Write text with its left upper corner at a pixel; return where it ends, in pixels."""
        options = {"color": TEXT, "ha": "left", "va": "top"} | options
        item = self.figure.text(
            x / self.width_px,
            1 - y / self.height_px,
            text,
            fontsize=size_px * _POINTS_PER_PX,
            fontfamily=_FONT,
            parse_math=False,
            **options,
        )
        return float(item.get_window_extent(self._canvas.get_renderer()).x1)

    def swatch(self, x: float, y: float, size: float, colour: str, *, filled: bool) -> None:
        """Draw a small square with its left upper corner at a pixel."""
        from matplotlib.patches import Rectangle

        self.figure.add_artist(
            Rectangle(
                (x / self.width_px, 1 - (y + size) / self.height_px),
                size / self.width_px,
                size / self.height_px,
                facecolor=colour if filled else "none",
                edgecolor=colour,
                linewidth=1.5,
            )
        )

    def bar(self, box: Box, part: float, colour: str) -> None:
        """Fill a part of a box, 0 to 1, from its left; the rest stays a trough."""
        from matplotlib.patches import Rectangle

        bottom = 1 - (box.top + box.height) / self.height_px
        for width, face in ((box.width, TROUGH), (box.width * part, colour)):
            corner = (box.left / self.width_px, bottom)
            size = (width / self.width_px, box.height / self.height_px)
            self.figure.add_artist(Rectangle(corner, *size, facecolor=face, edgecolor="none"))

    def panel(
        self,
        box: Box,
        grey: NDArray[np.number],
        extent_mm: tuple[float, float, float, float],
        window_hu: tuple[float, float],
    ) -> "Axes":
        """Show grey values in a box.

        Parameters
        ----------
        box : Box
            Where; its proportions should be those of the extent.
        grey : ndarray of shape (rows, columns)
            Hounsfield units, first row uppermost.
        extent_mm : (left, right, bottom, top)
            Coordinates of the edges in mm.
        window_hu : (low, high)
            Hounsfield units shown black and white.

        Returns
        -------
        Axes
            With these coordinates, for drawing over it.
        """
        axes = self.figure.add_axes(
            (
                box.left / self.width_px,
                1 - (box.top + box.height) / self.height_px,
                box.width / self.width_px,
                box.height / self.height_px,
            )
        )
        axes.set_axis_off()
        axes.imshow(
            grey,
            cmap="gray",
            vmin=window_hu[0],
            vmax=window_hu[1],
            extent=extent_mm,
            interpolation="bilinear",
            aspect="auto",
        )
        axes.set_xlim(extent_mm[0], extent_mm[1])
        axes.set_ylim(extent_mm[2], extent_mm[3])
        axes.set_autoscale_on(False)
        return axes

    def save(self, path: Path | str) -> None:
        """Write the picture as PNG, without anything in it that changes from run to run.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        try:
            write_whole(Path(path), self.png())
        except OSError as exc:
            msg = f"cannot write the picture {Path(path).name}: {exc.strerror}"
            raise InputError(msg) from exc

    def png(self, *, comment: str | None = None) -> bytes:
        """Give the picture as PNG, as `png_bytes` does."""
        return png_bytes(self.figure, comment=comment)

    def svg(self, title: str) -> bytes:
        """Give the picture as SVG, as `svg_bytes` does."""
        return svg_bytes(self.figure, title)

    def pixels(self) -> NDArray[np.uint8]:
        """Render the picture; shape (height, width, 3), red, green and blue."""
        self._canvas.draw()
        return np.asarray(self._canvas.buffer_rgba())[..., :3].copy()


def lines_that_fit(text: str, size_px: float, *, width_px: int) -> list[str]:
    """Break text into the lines that a sheet of this width has room for, between its margins."""
    ruler = Sheet(width_px=width_px, height_px=1, top_px=0)  # measures; nothing is drawn on it
    return ruler.wrapped(text, size_px, width_px - 2 * MARGIN_PX)


def footer_px(lines: Sequence[str]) -> int:
    """Height of a footer of so many lines."""
    return FOOTER_PX + _FOOTER_LINE_PX * max(0, len(lines) - 1)


def png_bytes(figure: "Figure", *, comment: str | None = None) -> bytes:
    """Write a figure as PNG at its own resolution; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        Of matplotlib.
    comment : str, optional
        Kept inside the file, where programs find it.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = figure.canvas
    agg: Any = canvas if isinstance(canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    stream = io.BytesIO()
    said = {} if comment is None else {"Comment": comment}
    agg.print_png(stream, metadata={"Software": None} | said)
    return stream.getvalue()


def svg_bytes(figure: "Figure", title: str) -> bytes:
    """Write a figure as SVG: text as outlines, no date; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        Of matplotlib.
    title : str
        What it shows, for who hears it read.
    """
    from matplotlib import rc_context

    stream = io.BytesIO()
    metadata = {"Title": title, "Creator": None, "Date": None}
    with _SETTINGS_LOCK, rc_context(_SVG_SETTINGS):
        figure.savefig(stream, format="svg", dpi=_SVG_DPI, metadata=metadata)
    return stream.getvalue()


def orientation_letters(
    axes: "Axes", letters: str, *, size_px: float = 16, inset: float = 0.015
) -> None:
    """Mark which side of the patient is left, right, top and bottom of a panel.

    `inset` is the distance of the letters at the sides from the edge, as a part of the width.
    """
    places = (
        (inset, 0.5, "left", "center"),
        (1.0 - inset, 0.5, "right", "center"),
        (0.5, 0.985, "center", "top"),
        (0.5, 0.015, "center", "bottom"),
    )
    for letter, (x, y, ha, va) in zip(letters, places, strict=True):
        _over(axes, x, y, letter, size_px=size_px, ha=ha, va=va)


def scale_bar(axes: "Axes", *, size_px: float = 14) -> None:
    """Draw a bar of 10 mm in the lower right corner."""
    left, right = axes.get_xlim()
    start = 0.97 - _SCALE_BAR_MM / abs(right - left)
    for colour, width in (("black", 4.5), ("white", 2.5)):
        axes.plot(
            [start, 0.97],
            [0.035, 0.035],
            color=colour,
            linewidth=width,
            solid_capstyle="butt",
            transform=axes.transAxes,
        )
    name = f"{_SCALE_BAR_MM:.0f} mm"
    _over(axes, 0.97, 0.05, name, size_px=size_px, ha="right", va="bottom")


def _over(axes: "Axes", x: float, y: float, text: str, *, size_px: float, ha: str, va: str) -> None:
    """Write over a CT, legible on black and on white."""
    from matplotlib.patheffects import withStroke

    axes.text(
        x,
        y,
        text,
        transform=axes.transAxes,
        fontsize=size_px * _POINTS_PER_PX,
        fontfamily=_FONT,
        fontweight="bold",
        color=TEXT,
        ha=ha,
        va=va,
        path_effects=[withStroke(linewidth=2.5, foreground="black")],
    )
