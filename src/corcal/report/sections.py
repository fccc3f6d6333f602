"""The parts of the page that tell about one exam."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from corcal.errors import InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.amounts import shown, shown_site
from corcal.report.certainty import lesion_certainty
from corcal.report.colours import SITE_COLOURS
from corcal.report.markup import Markup, joined, tag
from corcal.report.words import SLICES_COUNTED, score_name, suitability_words, zero_words
from corcal.result import Result
from corcal.scoring.types import Lesion

__all__ = [
    "amount",
    "aside",
    "described_list",
    "lesion_table",
    "pictures_of",
    "rule_table",
    "scrolling_table",
    "site_name",
    "suitability",
]

_TO = "\N{EN DASH}"
_SITES = {site.label: site for site in Site}
_PICTURES = {  # name, what it shows, and how that is to be read
    "slices": ("Axial slices", f"Calcium has the colour of its artery. {SLICES_COUNTED}"),
    "projection": ("The heart seen through", "Calcium has the colour of its artery."),
    "anatomy": (
        "What automatic scoring saw",
        "Thin lines are the anatomy, soft ones the arteries; coronary lesions have the colour of "
        f"their artery, what was left out is grey, what is doubtful dashed. {SLICES_COUNTED}",
    ),
    "decisions": (
        "The decisions that matter most, and why",
        f"Each with how probable its sites are. {SLICES_COUNTED}",
    ),
}
_FIRST_IS_TEXT: Mapping[int, str] = {0: "text"}


def amount(value: float | None, digits: int = 1) -> Markup:
    """Show a number, with the exact one behind it."""
    if value is None:
        return joined(shown(None))
    return tag("data", shown(value, digits), value=repr(float(value)))


def site_name(label: str) -> Markup:
    """Show the name of a site with its colour."""
    site = _SITES.get(label)
    colour = SITE_COLOURS.get(site) if site is not None else None
    swatch = tag("span", class_="swatch", style=f"--site:{colour}" if colour else None)
    return tag("span", swatch, shown_site(label), class_="site")


def scrolling_table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    foot: Sequence[str] | None = None,
    classes: Mapping[int, str] = _FIRST_IS_TEXT,
    stacks: bool = True,
) -> Markup:
    """Make a table whose rows become cards on a narrow screen; the first cell of a row heads it.

    `classes` gives the CSS class of a column by its number; columns without one hold numbers. A
    table that does not stack scrolls by itself, with a shadow where more of it is hidden.
    """

    def row(cells: Sequence[str]) -> Markup:
        first, *others = cells
        return tag(
            "tr",
            tag("th", first, scope="row", role="rowheader", class_=classes.get(0)),
            *(
                tag("td", cell, role="cell", class_=classes.get(k), data_name=_plain(head[k]))
                for k, cell in enumerate(others, start=1)
            ),
            role="row",
        )

    heads = (
        tag("th", x, scope="col", role="columnheader", class_=classes.get(k))
        for k, x in enumerate(head)
    )
    # The roles are those that the elements have by themselves, until a style sheet makes cards.
    table = tag(
        "table",
        tag("caption", caption, class_="unseen"),
        tag("thead", tag("tr", *heads, role="row"), role="rowgroup"),
        tag("tbody", *map(row, rows), role="rowgroup"),
        tag("tfoot", row(foot), role="rowgroup") if foot else "",
        role="table",
        class_="stacks" if stacks else None,
    )
    # The caption of a table that scrolls would scroll with it: it is seen above instead.
    note = tag("p", caption, class_="muted small", aria_hidden="true")
    scroll = tag("div", table, class_="scroll", role="region", aria_label=caption, tabindex="0")
    return joined(note, scroll)


def _plain(text: str) -> str | None:
    """Text for an attribute: headings that are markup name no cell."""
    return None if isinstance(text, Markup) else text


def aside(text: str, class_: str = "aside") -> Markup:
    """Add a quiet line to a cell."""
    return joined(" ", tag("span", text, class_=class_))


def described_list(entries: Iterable[tuple[str, str | None]], class_: str) -> Markup:
    """Make a list of names and values, leaving out what is not known."""
    return tag(
        "dl",
        *(tag("div", tag("dt", name), tag("dd", value)) for name, value in entries if value),
        class_=class_,
    )


def lesion_table(result: Result) -> Markup:
    """List the lesions, largest first; say so if there are none."""
    if not result.lesions:
        why = zero_words(result)
        return tag("p", "No calcified lesion" + (f": {why}." if why else "."), class_="muted")
    is_decided = any(lesion.probabilities is not None for lesion in result.lesions)
    head = ("Lesion", "Where", "Agatston", "Volume, mm³", "Mass, mg", "Peak, HU", "Slices")
    classes = {0: "text brief", 1: "text place", 6: "ranges"}
    return scrolling_table(
        f"Largest first. {SLICES_COUNTED}",
        (*head, "How sure, and why") if is_decided else head,
        (_lesion_row(lesion, is_decided=is_decided) for lesion in result.lesions),
        classes=classes | ({7: "text reasons"} if is_decided else {}),
    )


def _lesion_row(lesion: Lesion, *, is_decided: bool) -> tuple[str, ...]:
    row = (
        lesion.id,
        site_name(lesion.site),
        amount(lesion.agatston),
        amount(lesion.volume_mm3),
        amount(lesion.mass_mg),
        amount(lesion.peak_hu, 0),
        _slice_ranges(lesion.slices),
    )
    return (*row, lesion_certainty(lesion)) if is_decided else row


def _slice_ranges(slices: Sequence[int]) -> str:
    """Write slices briefly: 3, 4, 5, 8 as ``3-5, 8``."""
    runs: list[list[int]] = []
    for z in slices:
        if runs and z == runs[-1][-1] + 1:
            runs[-1].append(z)
        else:
            runs.append([z])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}{_TO}{r[-1]}" for r in runs)


def suitability(result: Result) -> Markup:
    """Say whether the scan is fit for scoring, and list the findings."""
    record = result.suitability
    verdict = tag("span", record.verdict, class_=f"badge {record.verdict}")
    findings = tag(
        "ul",
        *(
            tag(
                "li",
                tag("span", finding.severity, class_=f"badge {finding.severity}"),
                finding.message,
                " ",
                tag("code", finding.code),
            )
            for finding in record.findings
        ),
        class_="findings",
    )
    none = tag("p", "Nothing was found that speaks against it.", class_="muted")
    return joined(
        tag("p", verdict, suitability_words(record)), findings if record.findings else none
    )


def rule_table(result: Result) -> Markup:
    """Compare the Agatston score under all rules."""
    vessels = [site.label for site in CORONARY_SITES]
    return scrolling_table(
        "Agatston score of the same calcium under each rule",
        ("Rule", "From, HU", "Total", *vessels),
        (
            (
                joined(rule.rule, aside("this score") if rule.rule == result.score.rule else ""),
                f"{rule.threshold_hu:g}",
                amount(rule.total),
                *(amount(rule.vessels.get(vessel)) for vessel in vessels),
            )
            for rule in result.score.by_rule.values()
        ),
    )


def pictures_of(pictures: Mapping[str, Path], result: Result) -> Markup:
    """Embed the pictures, each with its caption and a description in words.

    Raises
    ------
    InputError
        If a picture cannot be read.
    """
    arteries = ", ".join(
        f"{site.label} {shown(result.score.vessels[site.label].agatston)}"
        for site in CORONARY_SITES
    )
    numbers = f"{score_name(result)} {shown(result.score.total.agatston)}: {arteries}."
    figures = []
    for name, path in pictures.items():
        caption = _caption(name, zero_words(result))
        image = tag("img", src=_data_uri(path), alt=f"{caption} {numbers}")
        figures.append(tag("figure", image, tag("figcaption", caption)))
    return joined(*figures)


def _caption(name: str, nothing: str) -> str:
    """Say what a picture shows, with the words for a score of zero if it is zero."""
    what, how = _PICTURES.get(name, (name, ""))
    if not nothing:
        return f"{what}. {how}".strip()
    counted = SLICES_COUNTED if SLICES_COUNTED in how else ""
    return f"{what}: {nothing}. {counted}".strip()


def _data_uri(path: Path) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as exc:
        msg = f"cannot read the picture {Path(path).name}: {exc.strerror}"
        raise InputError(msg) from exc
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")
