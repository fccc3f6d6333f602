"""Whether the scan was fit to be scored, and what has to be kept in mind of the person."""

from corcal.ct.scan import Finding, Severity
from corcal.exam_numbers import is_fit
from corcal.report.document import Block, Bullets, Heading, Notice, Paragraph, Span, Text
from corcal.report.interpretation_choice import cautions_of, scan_doubts
from corcal.report.interpretation_words import MARKS, caution_text
from corcal.report.words import suitability_words
from corcal.result import Result
from corcal.risk.types import Statement

__all__ = ["is_without_caveat", "not_fit", "suitability"]

_INSISTED = (
    "A number was made all the same, because somebody insisted on it. It must not be used as a "
    "calcium score."
)


def not_fit(result: Result) -> tuple[Block, ...]:
    """Say before everything else that the scan was not fit to be scored."""
    if is_fit(result):
        return ()
    errors = _messages(result, Severity.ERROR)
    return (
        Notice(
            kind="urgent",
            title="This scan was not fit for calcium scoring",
            blocks=(
                Paragraph(text=f"{suitability_words(result.suitability)} {_INSISTED}"),
                *([Bullets(items=errors)] if errors else []),
            ),
        ),
    )


def is_without_caveat(result: Result) -> bool:
    """Whether the scan was fit and nothing at all has to be kept in mind."""
    return is_fit(result) and not suitability(result)


def suitability(result: Result) -> tuple[Block, ...]:
    """Say what the scan is and what speaks against it, and the cautions of the guidance.

    Nothing if there is neither: the impression says that the scan is fit.
    """
    items = (*_messages(result, Severity.WARNING), *_cautions(result))
    if not items:
        return ()
    verdict = (Paragraph(text=suitability_words(result.suitability)),) if is_fit(result) else ()
    return (Heading(text="Scan and cautions"), *verdict, Bullets(items=items))


def _messages(result: Result, severity: Severity) -> tuple[str, ...]:
    findings: tuple[Finding, ...] = result.suitability.findings
    return tuple(each.message for each in findings if each.severity is severity)


def _cautions(result: Result) -> tuple[Text, ...]:
    meaning = result.interpretation
    if meaning is None:
        return ()
    return (*map(_caution, cautions_of(meaning)), *scan_doubts(meaning))


def _caution(statement: Statement) -> Text:
    mark = Span(text=f" ({MARKS[statement.mark][0]})", style="muted")
    return (caution_text(statement), mark)
