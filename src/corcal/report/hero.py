"""The top of an exam on the page: the score, and how the arteries share it."""

from collections.abc import Sequence

from corcal.lesions.sites import CORONARY_SITES, Site, Vessel
from corcal.lesions.unscoreable import unscoreable_arteries
from corcal.report.amounts import shown
from corcal.report.certainty import category_bars, interval_aside, interval_line
from corcal.report.colours import SITE_COLOURS
from corcal.report.markup import Markup, joined, tag
from corcal.report.other_sites import is_sure_site
from corcal.report.sections import amount, aside, scrolling_table, site_name
from corcal.report.unchecked import DOUBT_MARK, has_doubtful_lesion
from corcal.report.words import ARTERY_NAMES, NOTHING_MARKED, score_name, zero_words
from corcal.result import Result
from corcal.scoring.rules import VENDOR_RULES
from corcal.scoring.types import SiteScore

__all__ = ["hero"]

_MEASURES = ("Agatston", "Volume, mm³", "Mass, mg", "Lesions")


def hero(result: Result) -> Markup:
    """Show the score large, the other measures beside it, and the arteries below."""
    total = result.score.total
    nothing = zero_words(result)
    score = tag(
        "div",
        tag("p", score_name(result), class_="label"),
        tag("p", amount(total.agatston), class_="score"),
        interval_line(total.interval),
        tag("p", nothing, class_="nothing") if nothing else "",
    )
    warning = tag("p", NOTHING_MARKED) if nothing == "no calcium was marked" else ""
    return joined(
        tag(
            "div",
            tag("div", score, _facts(result), class_="hero"),
            category_bars(result),
            warning,
            class_="card",
        ),
        tag("div", _artery_table(result), _other_table(result), class_="card"),
    )


def _facts(result: Result) -> Markup:
    total = result.score.total
    spread = [result.score.by_rule[x].total for x in VENDOR_RULES if x in result.score.by_rule]
    return tag(
        "dl",
        _fact("Volume", amount(total.volume_mm3), " mm³"),
        _fact("Mass", amount(total.mass_mg), " mg"),
        _fact("Lesions", str(total.lesion_count)),
        _fact("Arteries with calcium", str(total.vessels_involved), " of 4"),
        _fact("Range over vendors' rules", _range(spread)),
        class_="facts",
    )


def _fact(name: str, *value: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", *value))


def _range(values: Sequence[float]) -> Markup:
    if not values:
        return joined(shown(None))
    low, high = shown(min(values)), shown(max(values))
    return joined(low if low == high else f"{low} to {high}")


def _artery_table(result: Result) -> Markup:
    metal = unscoreable_arteries(result.suitability.findings)
    return scrolling_table(
        "Score by artery",
        ("Artery", "Share", *_MEASURES),
        (
            (
                _artery(
                    site.label,
                    has_metal=site.label in metal,
                    is_doubtful=has_doubtful_lesion(result, site.label),
                ),
                _share(result, site),
                *_measures(result.score.vessels[site.label]),
            )
            for site in CORONARY_SITES
        ),
        foot=("Total", "", *_measures(result.score.total)),
        classes={0: "text lead where", 1: "text share"},
    )


def _artery(label: str, *, has_metal: bool, is_doubtful: bool) -> Markup:
    """Name an artery; say if metal hides a part of it, and if a lesion may not be of it."""
    name = joined(site_name(label), aside(ARTERY_NAMES[Vessel(label)]))
    if is_doubtful:
        name = joined(name, aside(f"{DOUBT_MARK} a lesion is doubtful"))
    return joined(name, aside("metal on it: not all scoreable")) if has_metal else name


def _other_table(result: Result) -> Markup:
    """List calcium outside the arteries, apart from the score that it is no part of."""
    others = result.score.other_sites
    if not others:
        return joined()
    table = scrolling_table(
        "Not coronary, not part of the score",
        ("Place", "", *_MEASURES),
        ((_place(result, label), "", *_measures(score)) for label, score in others.items()),
        classes={0: "text lead where", 1: "text share"},
    )
    return tag("div", table, class_="apart")


def _place(result: Result, label: str) -> Markup:
    """Name a place outside the arteries, and say so if all of it may be something else."""
    name = site_name(label)
    return name if is_sure_site(result, label) else joined(name, aside("doubtful"))


def _share(result: Result, site: Site) -> Markup:
    """Write and draw the share of an artery in the total."""
    part, total = result.score.vessels[site.label].agatston, result.score.total.agatston
    if total == 0:
        return joined()
    percent = 100 * part / total
    style = f"width:{percent:.1f}%;--site:{SITE_COLOURS[site]}"
    drawn = tag("span", tag("span", style=style) if part else "", class_="bar", aria_hidden="true")
    written = tag("span", f"{shown(percent, 0)} %", class_="percent")
    return tag("span", drawn, written, class_="part")


def _measures(score: SiteScore) -> tuple[str, ...]:
    return (
        joined(amount(score.agatston), interval_aside(score.interval)),
        amount(score.volume_mm3),
        amount(score.mass_mg),
        str(score.lesion_count),
    )
