"""The heading of a picture of a scored exam: the score, the arteries, and what is not counted."""

import textwrap
from collections.abc import Collection

from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.amounts import shown as amount_text
from corcal.report.amounts import shown_site
from corcal.report.canvas import FOOTER_PX, MARGIN_PX, MUTED, TEXT, TOP_PX, Sheet
from corcal.report.colours import OTHER_SITE_COLOUR, SITE_COLOURS
from corcal.report.words import interval_words, score_name, zero_words
from corcal.result import Result

__all__ = ["result_sheet"]

_HEADING_PX = 138
_OTHER_SITES_PX = 26  # for each line about calcium that is not counted
_OTHER_SITES_CHARACTERS = 145  # that fit into such a line


def result_sheet(
    *,
    width_px: int,
    content_px: int,
    result: Result,
    shown: Collection[Site],
    footnote: str = "",
) -> Sheet:
    """Begin a picture of a scored exam.

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

    Returns
    -------
    Sheet
        With heading and footer; the panels are still to come.
    """
    others = _lines_about_other_sites(result, {site.label for site in shown})
    top_px = _HEADING_PX + _OTHER_SITES_PX * len(others)
    sheet = Sheet(width_px=width_px, height_px=top_px + content_px + FOOTER_PX, top_px=top_px)
    _heading(sheet, result)
    _other_sites(sheet, others)
    _footer(sheet, result, footnote)
    return sheet


def _heading(sheet: Sheet, result: Result) -> None:
    score = result.score
    end = sheet.text(MARGIN_PX, TOP_PX + 8, score_name(result), 22, color=MUTED)
    end = sheet.text(end + 12, TOP_PX, amount_text(score.total.agatston), 34, fontweight="bold")
    if (interval := score.total.interval) is not None:
        end = sheet.text(end + 14, TOP_PX + 10, f"({interval_words(interval)})", 20, color=MUTED)
    if note := zero_words(result):
        sheet.text(end + 28, TOP_PX + 6, note, 24)
    x, y = float(MARGIN_PX), TOP_PX + 58
    for site in CORONARY_SITES:
        amount = score.vessels[site.label].agatston
        swatch, ink, weight = (
            (SITE_COLOURS[site], TEXT, "bold") if amount > 0 else (MUTED, MUTED, "normal")
        )
        sheet.swatch(x, y + 2, 18, swatch, filled=amount > 0)
        end = sheet.text(x + 27, y, site.label, 20, color=ink)
        end = sheet.text(end + 8, y, amount_text(amount), 20, fontweight=weight, color=ink)
        x = end + 36


def _other_sites(sheet: Sheet, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        y = TOP_PX + 93 + number * _OTHER_SITES_PX
        if number == 0:
            sheet.swatch(MARGIN_PX + 2, y + 3, 14, OTHER_SITE_COLOUR, filled=False)
        sheet.text(MARGIN_PX + 27, y, line, 17, color=MUTED)


def _footer(sheet: Sheet, result: Result, footnote: str) -> None:
    made = result.provenance
    sheet.text(
        MARGIN_PX,
        sheet.height_px - 34,
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
