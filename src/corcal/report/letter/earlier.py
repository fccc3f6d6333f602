"""What has changed since earlier exams, by the verdict of the record."""

from collections.abc import Iterator

from corcal.followup.types import Change, Followup, Verdict
from corcal.report.document import Block, Heading, Paragraph, Table
from corcal.report.letter.case import Case
from corcal.report.letter.language import Language

__all__ = ["what_changed"]

_VERDICTS = {
    Verdict.INCREASE: "increase",
    Verdict.DECREASE: "decrease",
    Verdict.WITHIN_ERROR: "within_error",
    Verdict.UNCLEAR: "unclear",
    Verdict.NOT_COMPARABLE: "not_comparable",
    Verdict.NO_CHECK: "no_check",
}
_ALONE = 2  # exams that a sentence is enough for


def what_changed(case: Case, language: Language) -> Iterator[Block]:
    """Compare with the earlier exams: numbers, the verdict in plain words, and statins."""
    followup = case.result.followup
    if followup is None:
        return
    yield Heading(text=language.text("earlier.heading"))
    yield from _numbers(followup, language)
    yield Paragraph(text=language.text(f"earlier.{_verdict(followup)}"))
    if case.has_risen_on_statin:
        yield Paragraph(text=language.text("earlier.statin"))


def _numbers(followup: Followup, language: Language) -> Iterator[Block]:
    dated = [(exam.date, exam.agatston) for exam in followup.exams if exam.date is not None]
    shown = [(language.date(day), language.amount(score)) for day, score in dated]
    if len(shown) > _ALONE:
        yield Table(
            caption=language.text("earlier.table"),
            head=(language.text("earlier.date"), language.text("earlier.score")),
            rows=shown,
            numeric=frozenset((1,)),
        )
        return
    (before_date, before), (after_date, after) = shown
    yield Paragraph(
        text=language.text(
            "earlier.two",
            before_date=before_date,
            before=before,
            after_date=after_date,
            after=after,
        )
    )


def _verdict(followup: Followup) -> str:
    """Name the text for the change from the first exam to the last."""
    whole: Change = followup.whole
    first, last = followup.exams[whole.first], followup.exams[whole.second]
    if whole.verdict is Verdict.NOT_COMPARABLE:
        return _VERDICTS[whole.verdict]
    if whole.years == 0:
        return "one_day"
    if first.agatston == last.agatston == 0:
        return "none"
    return _VERDICTS[whole.verdict]
