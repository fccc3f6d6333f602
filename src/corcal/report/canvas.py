"""What every picture consists of: a dark sheet, panels of CT on it, a heading and a footer.

Everything is laid out in pixels from the upper left corner. Figures are made without pyplot and
without any state that other users of matplotlib could see or change: fonts and colours are given
where they are used. No picture carries a patient's name, identifier or date.
"""

import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.amounts import shown as amount_text
from corcal.report.amounts import shown_site
from corcal.report.colours import OTHER_SITE_COLOUR, SITE_COLOURS
from corcal.report.words import zero_words
from corcal.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "HEADING_PX",
    "MARGIN_PX",
    "MUTED",
    "PAPER",
    "TEXT",
    "Box",
    "Sheet",
    "orientation_letters",
    "scale_bar",
]

PAPER, TEXT, MUTED = "#0E1116", "#F2F4F7", "#A3ACB9"
MARGIN_PX = 28
HEADING_PX = 138
FOOTER_PX = 56
_TOP_PX = 32  # the largest type begins here: as far from the upper edge as text from the left one
_OTHER_SITES_PX = 26  # for each line about calcium that is not counted
_OTHER_SITES_CHARACTERS = 145  # that fit into such a line
_SCALE_BAR_MM = 10.0
_FONT = "DejaVu Sans"  # comes with matplotlib
_POINTS_PER_PX = 0.72  # at the figure's 100 dots an inch


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
    width_px, content_px : int
        Width of the picture; height of what lies between heading and footer.
    result : Result
        Supplies the numbers of the heading.
    shown : collection of Site
        Sites whose calcium the picture shows: others are named as not shown.
    footnote : str
        A sentence for the end of the footer.
    """

    def __init__(
        self,
        *,
        width_px: int,
        content_px: int,
        result: Result,
        shown: Collection[Site],
        footnote: str = "",
    ) -> None:
        # matplotlib takes half a second to import: only for those who draw
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        others = _lines_about_other_sites(result, {site.label for site in shown})
        self.top_px = HEADING_PX + _OTHER_SITES_PX * len(others)
        self.width_px = width_px
        self.height_px = self.top_px + content_px + FOOTER_PX
        self.figure = Figure(figsize=(width_px / 100, self.height_px / 100), dpi=100)
        self.figure.patch.set_facecolor(PAPER)
        self._canvas: Any = FigureCanvasAgg(self.figure)  # matplotlib leaves its canvas untyped
        self._heading(result)
        self._other_sites(others)
        self._footer(result, footnote)

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
            self._canvas.print_png(str(path), metadata={"Software": None})
        except OSError as exc:
            msg = f"cannot write the picture {Path(path).name}: {exc.strerror}"
            raise InputError(msg) from exc

    def pixels(self) -> NDArray[np.uint8]:
        """Render the picture; shape (height, width, 3), red, green and blue."""
        self._canvas.draw()
        return np.asarray(self._canvas.buffer_rgba())[..., :3].copy()

    def _heading(self, result: Result) -> None:
        score = result.score
        end = self.text(MARGIN_PX, _TOP_PX + 8, "Agatston score", 22, color=MUTED)
        end = self.text(end + 12, _TOP_PX, amount_text(score.total.agatston), 34, fontweight="bold")
        if note := zero_words(result):
            self.text(end + 28, _TOP_PX + 6, note, 24)
        x, y = float(MARGIN_PX), _TOP_PX + 58
        for site in CORONARY_SITES:
            amount = score.vessels[site.label].agatston
            swatch, ink, weight = (
                (SITE_COLOURS[site], TEXT, "bold") if amount > 0 else (MUTED, MUTED, "normal")
            )
            self.swatch(x, y + 2, 18, swatch, filled=amount > 0)
            end = self.text(x + 27, y, site.label, 20, color=ink)
            end = self.text(end + 8, y, amount_text(amount), 20, fontweight=weight, color=ink)
            x = end + 36

    def _other_sites(self, lines: list[str]) -> None:
        for number, line in enumerate(lines):
            y = _TOP_PX + 93 + number * _OTHER_SITES_PX
            if number == 0:
                self.swatch(MARGIN_PX + 2, y + 3, 14, OTHER_SITE_COLOUR, filled=False)
            self.text(MARGIN_PX + 27, y, line, 17, color=MUTED)

    def _footer(self, result: Result, footnote: str) -> None:
        made = result.provenance
        self.text(
            MARGIN_PX,
            self.height_px - 34,
            f"{made.statement} {made.software} {made.software_version}, rule {result.score.rule}, "
            f"calcium from {made.threshold_hu:g} HU. {footnote}",
            14,
            color=MUTED,
        )


def _lines_about_other_sites(result: Result, shown: Collection[str]) -> list[str]:
    """Name calcium that is not counted, apart from it what the picture does not show."""
    found = {k: v.agatston for k, v in result.score.other_sites.items() if v.agatston > 0}
    parts = []
    for what, is_shown in (("not counted", True), ("not counted, not in this picture", False)):
        sites = [
            f"{shown_site(label)} {amount_text(amount)}"
            for label, amount in found.items()
            if (label in shown) is is_shown
        ]
        if sites:
            parts.append(f"{what}: {', '.join(sites)}")
    return textwrap.wrap("; ".join(parts), _OTHER_SITES_CHARACTERS)


def orientation_letters(axes: "Axes", letters: str) -> None:
    """Mark which side of the patient is left, right, top and bottom of a panel."""
    places = (
        (0.015, 0.5, "left", "center"),
        (0.985, 0.5, "right", "center"),
        (0.5, 0.985, "center", "top"),
        (0.5, 0.015, "center", "bottom"),
    )
    for letter, (x, y, ha, va) in zip(letters, places, strict=True):
        _over(axes, x, y, letter, size_px=16, ha=ha, va=va)


def scale_bar(axes: "Axes") -> None:
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
    _over(axes, 0.97, 0.05, name, size_px=14, ha="right", va="bottom")


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
