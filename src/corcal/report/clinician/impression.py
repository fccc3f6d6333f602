"""The score and what it says, in a few lines: what is read if nothing else is."""

from corcal.exam_numbers import is_zero_by_limit
from corcal.interpreted import band_words
from corcal.report.amounts import shown_percent
from corcal.report.clinician.suitability import is_without_caveat, meaning_of
from corcal.report.document import Beside, Block, Bullets, Facts, Heading, Notice, Paragraph, Span
from corcal.report.doubts import doubt_words
from corcal.report.followup_chart import VERDICT_WORDS
from corcal.report.interpretation_choice import (
    difference_words,
    first_percentile,
    is_comparable,
)
from corcal.report.interpretation_words import (
    SCHEMES_DIFFER,
    class_words,
    has_other_words,
    score_words,
)
from corcal.report.percentile_words import percentile_words
from corcal.report.words import (
    NOTHING_MARKED,
    annotation_words,
    interval_words,
    is_automatic,
    is_not_gated,
    moment_words,
    score_name,
    sentence,
    suitability_words,
    who_checked,
    zero_words,
)
from corcal.result import Result, ReviewAdvice, ReviewRecord
from corcal.risk.interpretation_types import Interpretation, ScoreCertainty
from corcal.risk.limits import MADE_FROM_GATED, REFERENCE_NAMES
from corcal.risk.types import Category

__all__ = ["impression"]

_WIDTHS = (0.8, 2.6)
_VESSELS = 4
_NEEDS = (
    "Class, percentile, risk and guidance are not given: they need the patient's age and sex; risk "
    "also needs race, blood pressure, cholesterol, diabetes, smoking and treatment (corcal "
    "interpret adds them)."
)
_IF_TRUE = (
    "What is said of the score here holds only if a reader has looked and found no coronary "
    "calcium."
)
_EQUIVALENT = (
    "The scan is not ECG-gated: motion and thick slices change the number. It is an "
    "Agatston-equivalent, not to be used as the score of a gated scan."
)


def impression(result: Result) -> tuple[Block, ...]:
    """Say score, class, percentile, risk and change, and how far the score was checked."""
    facts = Facts(rows=_facts(result))
    return (
        Heading(text="Impression"),
        Beside(columns=(_score(result), (facts,)), widths=_WIDTHS),
        *_reading(result),
        *_how_found(result),
    )


def _score(result: Result) -> tuple[Block, ...]:
    total = result.score.total
    said = [interval_words(total.interval)] if total.interval is not None else []
    zero = zero_words(result)
    if zero:
        said.append(sentence(zero))
    return (
        Paragraph(text=score_name(result), role="note"),
        Paragraph(text=(Span(text=score_words(total.agatston), style="big"),)),
        *(Paragraph(text=words) for words in said),
    )


def _facts(result: Result) -> tuple[tuple[str, str], ...]:
    what = "calcium that counts" if is_zero_by_limit(result) else "calcium"
    involved = f"{result.score.total.vessels_involved} of {_VESSELS} with {what}"
    rows = [("Arteries", involved)]
    meaning = meaning_of(result)
    if meaning is not None:
        rows = [*_classes(meaning), *rows, *_place_and_risk(meaning)]
    if result.followup is not None:
        change = result.followup.whole
        since = result.followup.exams[change.first].date
        rows.append(("Change", f"since {since}: {VERDICT_WORDS[change.verdict]}"))
    return tuple(rows)


def _classes(meaning: Interpretation) -> list[tuple[str, str]]:
    plain, drs = meaning.categories["plain"], meaning.categories["cac_drs"]
    differs = f". {SCHEMES_DIFFER}" if has_other_words((plain, drs)) else ""
    return [
        ("Category", f"{_category(plain)}{_or_another(plain, meaning.certainty)}"),
        ("CAC-DRS", f"{class_words(drs)}{differs}"),
    ]


def _category(plain: Category) -> str:
    return plain.label if plain.code == "0" else f"{plain.label} ({plain.code})"


def _or_another(plain: Category, certainty: ScoreCertainty | None) -> str:
    """Name the category that may be right instead, where the printed one is not sure."""
    if certainty is None or certainty.is_sure:
        return ""
    others = {
        name: chance
        for name, chance in certainty.category_probabilities.items()
        if name != plain.code
    }
    likeliest = max(others, key=lambda name: others[name])
    own = shown_percent(certainty.category_probabilities[plain.code])
    return f" with {own}; {likeliest} with {shown_percent(others[likeliest])}"


def _place_and_risk(meaning: Interpretation) -> list[tuple[str, str]]:
    rows = []
    found = first_percentile(meaning)
    if found is not None:
        name, each = found
        words = percentile_words(each, meaning.agatston, has_scores=False)
        rows.append(("Percentile", f"{REFERENCE_NAMES[name]}: {words}"))
    elif meaning.person is not None and not is_comparable(meaning):
        rows.append(("Percentile", f"Not given: {MADE_FROM_GATED}."))
    risk = difference_words(meaning)
    if risk is not None:
        rows.append(("Risk in 10 years", f"Coronary heart disease (MESA): {risk}"))
    return rows


def _reading(result: Result) -> tuple[Block, ...]:
    if zero_words(result) == "no calcium was marked":
        text = Paragraph(text=f"{NOTHING_MARKED} {_IF_TRUE}")
        return (Notice(kind="caution", title="No calcium was marked", blocks=(text,)),)
    if result.interpretation is None:
        return (Paragraph(text=_NEEDS),)
    meaning = meaning_of(result)
    if meaning is None:
        return ()
    nobody = (each.text for each in meaning.limits if each.about == "person")
    missing = tuple(Paragraph(text=each) for each in nobody) if meaning.person is None else ()
    return (Paragraph(text=meaning.categories["plain"].reading, role="lead"), *missing)


def _how_found(result: Result) -> tuple[Block, ...]:
    """Say how sure the score is, who stands for it, and whether somebody should look again."""
    meaning, review = meaning_of(result), result.review
    certainty = meaning.certainty if meaning is not None else None
    is_banded = meaning is not None and is_comparable(meaning)  # bands are of gated scores
    sure = () if certainty is None else (_certainty(certainty, review, is_banded=is_banded),)
    is_equivalent = is_automatic(result) and is_not_gated(result) and meaning is None  # else below
    equivalent = (_EQUIVALENT,) if is_equivalent else ()
    fit = (suitability_words(result.suitability),) if is_without_caveat(result) else ()
    doubts = doubt_words(result)
    left = (sentence(doubts),) if doubts else ()
    said = " ".join(part for part in (*fit, _found(result), *sure, *equivalent, *left) if part)
    found = Paragraph(text=said)
    if review is None or not review.advised:
        return (found,) if said else ()
    reasons = Bullets(items=tuple(map(sentence, review.reasons)))
    title = "Review by a reader is advised before the score is used"
    return (Notice(kind="caution", title=title, blocks=(found, reasons)),)


def _certainty(certainty: ScoreCertainty, review: ReviewAdvice | None, *, is_banded: bool) -> str:
    """Say how sure the category is; a reason for the review says so where it is not."""
    if review is not None and review.advised and not certainty.is_sure:
        return band_words(*certainty.bands) if is_banded else ""
    return certainty.reading


def _found(result: Result) -> str:
    made = result.provenance
    if made.reviewed is not None:
        return _reviewed(made.reviewed)
    if made.annotation is not None:
        how, _ = annotation_words(made.annotation)
        marked = f"The coronary calcium was {how}. " if result.lesions else ""
        return f"{marked}{who_checked(result)}"
    return f"Found and scored automatically. {who_checked(result)}"


def _reviewed(record: ReviewRecord) -> str:
    who = f" by {', '.join(record.readers)}" if record.readers else ""
    when = f" on {moment_words(record.finished).split()[0]}" if record.finished else ""
    before = score_words(record.proposed_agatston)
    parts = [f"Reviewed{who}{when}; before the review the score was {before}."]
    if not record.is_complete:
        parts.append("Not all that the score could depend on was decided in the review.")
    return " ".join(parts)
