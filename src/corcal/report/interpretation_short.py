"""What stands at the top of an interpretation: the main points, and every caution."""

from collections.abc import Iterator

from corcal.report.interpretation_words import (
    GENERAL,
    guideline_title,
    plain_text,
    score_words,
    statement_place,
    wrapped,
)
from corcal.report.percentile_words import percentile_words
from corcal.risk.guidance import GUIDELINES
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import ABOUT_SCAN, ABOUT_SUITABILITY, REFERENCE_NAMES
from corcal.risk.risk_class import RISK_CLASSES
from corcal.risk.types import Statement

__all__ = ["cautions", "is_told_in_short", "main_points"]

_BEFORE_DISEASE = ("general.symptoms", "general.device")
_REFERENCES = ("mesa", "hoff", "javaid")  # the better one first


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
    main = _main_statement(meaning.guidance)
    if main is not None:
        title = guideline_title(main.guideline)
        yield from wrapped(f"{title}: {plain_text(main)}", indent=4)


def cautions(meaning: Interpretation) -> Iterator[str]:
    """Say every caution but the first, which stands among the main points."""
    for text in _caution_texts(meaning)[1:]:
        yield from wrapped(f"- {text}", indent=4)


def is_told_in_short(statement: Statement) -> bool:
    """Whether a statement stands among the cautions, and not again among what guidelines say."""
    return statement.guideline == GENERAL


def _caution_texts(meaning: Interpretation) -> list[str]:
    """Give the cautions of the guidance; without a person there is none, and limits speak."""
    general = [each for each in meaning.guidance if each.guideline == GENERAL]
    if meaning.person is not None and not meaning.person.has_known_ascvd:
        # a device is said before the disease that it may stand for
        general.sort(key=lambda each: each.id not in _BEFORE_DISEASE)
    found = [f"{_caution(each)} [{statement_place(each)}]" for each in general]
    unfit = [each.text for each in meaning.limits if each.about == ABOUT_SUITABILITY]
    if found or meaning.person is not None:
        return [*unfit, *found]
    return [*unfit, *(each.text for each in meaning.limits if each.about == ABOUT_SCAN)]


def _caution(statement: Statement) -> str:
    text = plain_text(statement)
    if statement.id == "general.not-known" and "not known:" not in text:
        return f"{text.removesuffix('.')} ({'; '.join(statement.fired_by)})."
    return text


def _place(meaning: Interpretation) -> Iterator[str]:
    """Name the first percentile that there is."""
    for name in _REFERENCES:
        each = meaning.percentile.get(name)
        if each is not None and each.not_covered is None:
            place = percentile_words(each, meaning.agatston, has_scores=False)
            yield from wrapped(f"{REFERENCE_NAMES[name]}: {place}", indent=4)
            return


def _risk(meaning: Interpretation) -> Iterator[str]:
    if meaning.difference is not None and meaning.difference.text is not None:
        yield from wrapped(
            f"Coronary heart disease in 10 years (MESA): {meaning.difference.text}.", indent=4
        )
    found = meaning.risk.prevent["ascvd"]
    if found is not None:
        named = next(each for each in RISK_CLASSES if each.name == meaning.risk.prevent_class)
        yield from wrapped(
            f"ASCVD in 10 years by PREVENT, without the scan: {100 * found:.1f} %, {named.name} "
            f"risk ({named.range}).",
            indent=4,
        )


def _main_statement(guidance: tuple[Statement, ...]) -> Statement | None:
    """Pick of the newest guideline on lipids the statement with a goal, else its first."""
    lipids = [each for each in guidance if each.topic == "lipids" and each.guideline in GUIDELINES]
    newest = [each for each in lipids if each.guideline == lipids[0].guideline]
    return next((each for each in newest if "goals" in each.text), newest[0] if newest else None)
