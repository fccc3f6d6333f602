"""The parts of the page that tell how far an automatic score can be believed.

An exam whose calcium a person marked has none of them.
"""

from corcal.anatomy.types import ModelRecord
from corcal.report.amounts import shown, shown_percent, shown_site
from corcal.report.doubts import calm_words, doubt_words
from corcal.report.markup import Markup, joined, tag
from corcal.report.words import (
    interval_range,
    interval_words,
    is_automatic,
    is_not_gated,
    model_words,
    sentence,
    who_checked,
)
from corcal.result import Result
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.types import Interval, Lesion

__all__ = [
    "automatic_parts",
    "banner",
    "category_bars",
    "interval_aside",
    "interval_line",
    "lesion_certainty",
    "model_markup",
]

_LEAST_SHOWN = 0.005  # a probability below this is not written beside a lesion
_SITES_SHOWN = 3
_REASONS_SHOWN = 4
_HASH_CHARACTERS = 12  # of a SHA-256: enough to tell two files apart


def banner(result: Result) -> Markup:
    """Say that nobody has checked an automatic score, and what a reader should look at."""
    if not is_automatic(result):
        return joined()
    reader, review = result.provenance.reader, result.review
    who = (
        joined("Reader named for it: ", tag("bdi", reader), ", who has not signed it.")
        if reader
        else joined(who_checked(result))
    )
    head = tag(
        "p",
        tag("span", "automatic", class_="badge warning" if not reader else "badge info"),
        tag("strong", "corcal found and scored the calcium by itself. "),
        who,
    )
    parts = [head]
    if review is not None and review.advised:
        parts.append(tag("p", tag("strong", "Review advised, because"), class_="advice"))
        parts.append(tag("ul", *(tag("li", reason) for reason in review.reasons), class_="why"))
        if doubts := doubt_words(result):
            parts.append(tag("p", sentence(doubts), class_="muted"))
    elif review is not None:
        parts.append(tag("p", calm_words(result), class_="muted"))
    if is_not_gated(result):
        parts.append(
            tag(
                "p",
                "The scan is not ECG-gated: motion and thick slices change the number. It is an "
                "Agatston-equivalent, not to be used as the score of a gated scan.",
            )
        )
    return tag("section", *parts, class_="card banner", aria_label="Automatic score")


def interval_line(interval: Interval | None) -> Markup:
    """Write the interval of the total: ``95 % interval 87 to 140``."""
    if interval is None:
        return joined()
    return tag("p", interval_words(interval), class_="interval")


def interval_aside(interval: Interval | None) -> Markup:
    """Write the interval of one artery, quietly."""
    if interval is None or interval.high == 0:
        return joined()
    return joined(" ", tag("span", interval_range(interval), class_="aside"))


def category_bars(result: Result) -> Markup:
    """Draw and write how probable each category is."""
    probabilities = result.score.category_probabilities
    if probabilities is None:
        return joined()
    likeliest = max(probabilities, key=lambda name: probabilities[name])
    names = [*CATEGORIES, *(name for name in probabilities if name not in CATEGORIES)]
    cells = []
    for name in names:
        part = probabilities.get(name, 0.0)
        drawn = tag("span", style=f"width:{100 * part:.1f}%") if part else ""
        cells.append(
            tag(
                "div",
                tag("dt", name.replace("-", "\N{EN DASH}")),
                tag(
                    "dd",
                    tag("span", drawn, class_="bar", aria_hidden="true"),
                    tag("span", shown_percent(part), class_="percent"),
                ),
                class_="likeliest" if name == likeliest else None,
            )
        )
    label = tag("p", "How probable each category is", class_="label")
    return tag("div", label, tag("dl", *cells), class_="categories")


def lesion_certainty(lesion: Lesion) -> Markup:
    """Write how sure the decision about a lesion is, and its reasons."""
    if lesion.probabilities is None:
        return joined(shown(None))
    ranked = sorted(lesion.probabilities.items(), key=lambda item: -item[1])
    likely = [item for item in ranked[:_SITES_SHOWN] if item[1] >= _LEAST_SHOWN]
    words = ", ".join(f"{shown_site(label)} {shown_percent(p)}" for label, p in likely)
    reasons = "; ".join(reason.text for reason in lesion.why[:_REASONS_SHOWN])
    return joined(words, " ", tag("span", reasons, class_="aside") if reasons else "")


def automatic_parts(result: Result) -> tuple[tuple[str, str | None], ...]:
    """Say which parts of a score are automatic, and which models took part."""
    if not is_automatic(result):
        return ()
    made = result.provenance
    return (
        (
            "Automatic",
            "choosing the series, finding the heart and the arteries, finding the calcium, telling "
            "which artery it is in, measuring",
        ),
        ("Done by a person", f"named as reader: {made.reader}" if made.reader else "nothing yet"),
        ("Model of the anatomy", model_markup(made.model)),
        ("Model of the decisions", model_markup(made.detector)),
    )


def model_markup(model: ModelRecord | None) -> Markup | None:
    """Name a model with the beginning of its checksum, the whole of it behind it."""
    if model is None:
        return None
    parts: list[str] = [model_words(model)]
    if model.sha256 is not None:
        short = tag("code", f"sha256 {model.sha256[:_HASH_CHARACTERS]}…", title=model.sha256)
        parts += [" ", short]
    if not model.trusted:
        parts += [" ", tag("span", "not known to this release", class_="badge warning")]
    return joined(*parts)
