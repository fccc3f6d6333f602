"""What stands at the top of an interpretation: the main points, and every caution."""

from collections.abc import Iterator

from corcal.report.interpretation_choice import (
    cautions_of,
    difference_words,
    first_percentile,
    header_doubts,
    main_statement,
    scan_doubts,
    unfit_texts,
)
from corcal.report.interpretation_words import (
    caution_text,
    guideline_title,
    percent_words,
    plain_text,
    prevent_class_words,
    score_words,
    statement_place,
    wrapped,
)
from corcal.report.percentile_words import percentile_words
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import REFERENCE_NAMES

__all__ = ["cautions", "main_points"]


def main_points(meaning: Interpretation) -> Iterator[str]:
    """Say in a few lines what matters most: the first caution before all."""
    first = next(iter(_caution_texts(meaning)), None)
    if first is not None:
        yield from wrapped(f"Caution: {first}", indent=4)
    plain = meaning.categories["plain"]
    group = "" if meaning.agatston == 0 else f" ({plain.code})"
    yield from wrapped(f"Score {score_words(meaning.agatston)}{group}: {plain.reading}", indent=4)
    yield from _place(meaning)
    yield from _risk(meaning)
    main = main_statement(meaning.guidance)
    if main is not None:
        title = guideline_title(main.guideline)
        yield from wrapped(f"{title}: {plain_text(main)}", indent=4)


def cautions(meaning: Interpretation) -> Iterator[str]:
    """Say every caution but the first, which stands among the main points."""
    for text in _caution_texts(meaning)[1:]:
        yield from wrapped(f"- {text}", indent=4)


def _caution_texts(meaning: Interpretation) -> list[str]:
    """Give the cautions of the guidance; without a person there is none, and limits speak."""
    told = (f"{caution_text(each)} [{statement_place(each)}]" for each in cautions_of(meaning))
    return [*header_doubts(meaning), *unfit_texts(meaning), *told, *scan_doubts(meaning)]


def _place(meaning: Interpretation) -> Iterator[str]:
    """Name the first percentile that there is."""
    found = first_percentile(meaning)
    if found is not None:
        name, each = found
        place = percentile_words(each, meaning.agatston, has_scores=False)
        yield from wrapped(f"{REFERENCE_NAMES[name]}: {place}", indent=4)


def _risk(meaning: Interpretation) -> Iterator[str]:
    words = difference_words(meaning)
    if words is not None:
        yield from wrapped(f"Coronary heart disease in 10 years (MESA): {words}.", indent=4)
    found = meaning.risk.prevent["ascvd"]
    if found is not None:
        named = prevent_class_words(meaning.risk)
        yield from wrapped(
            f"ASCVD in 10 years by PREVENT, without the scan: {percent_words(found)}, {named}.",
            indent=4,
        )
