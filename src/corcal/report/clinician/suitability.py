"""Whether the scan was fit to be scored, and what has to be kept in mind of the person."""

from corcal.ct.scan import Severity
from corcal.exam_numbers import DEVICE_FINDINGS, is_fit
from corcal.report.document import Block, Bullets, Heading, Notice, Paragraph, Span, Text
from corcal.report.interpretation_choice import cautions_of, header_doubts, scan_doubts
from corcal.report.interpretation_words import MARKS, caution_text, marks_legend
from corcal.report.words import sentence, suitability_words
from corcal.result import Result
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.types import Statement

__all__ = ["is_without_caveat", "meaning_of", "suitability", "urgent"]

_SYMPTOMS, _NOT_GATED = "general.symptoms", "general.not-gated"
_INSISTED = (
    "A number was made all the same, because somebody insisted on it. It must not be used as a "
    "calcium score; class, percentile, risk and guidance are left out."
)
_WHOSE = "Percentile, risk and guidance may be those of another person"


def meaning_of(result: Result) -> Interpretation | None:
    """Give what the score means; nothing where the scan was not fit to have one."""
    return result.interpretation if is_fit(result) else None


def urgent(result: Result) -> tuple[Block, ...]:
    """Say first that the scan was not fit, whose the facts may not be, and what symptoms mean."""
    blocks: list[Block] = []
    if not is_fit(result):
        text = Paragraph(text=f"{suitability_words(result.suitability)} {_INSISTED}")
        errors = _messages(result, Severity.ERROR)
        inside = (text, Bullets(items=errors)) if errors else (text,)
        title = "This scan was not fit for a calcium score"
        blocks.append(Notice(kind="urgent", title=title, blocks=inside))
    meaning = meaning_of(result)
    others = [] if meaning is None else header_doubts(meaning)
    if others:
        listed = Bullets(items=tuple(others))
        blocks.append(Notice(kind="caution", title=_WHOSE, blocks=(listed,)))
    for each in _cautions(result.interpretation):
        if each.id == _SYMPTOMS:
            said = Paragraph(text=_caution(each))
            blocks.append(Notice(kind="urgent", title="The patient has symptoms", blocks=(said,)))
    return tuple(blocks)


def suitability(result: Result) -> tuple[Block, ...]:
    """Say what the scan is and what speaks against it, and the cautions of the guidance.

    Nothing if there is neither: the impression says that the scan is fit.
    """
    meaning = meaning_of(result)
    cautions = [each for each in _cautions(meaning) if each.id != _SYMPTOMS]
    doubts = scan_doubts(meaning) if meaning is not None else []
    items = (*_messages(result, Severity.WARNING), *map(_caution, cautions), *doubts)
    if not items:
        return ()
    verdict = (Paragraph(text=suitability_words(result.suitability)),) if is_fit(result) else ()
    marks = f"Marks: {'; '.join(marks_legend(cautions))}."
    legend = (Paragraph(text=marks, role="note"),) if cautions else ()
    return (Heading(text="Scan and cautions"), *verdict, Bullets(items=items), *legend)


def is_without_caveat(result: Result) -> bool:
    """Whether the scan was fit and nothing at all has to be kept in mind."""
    return is_fit(result) and not suitability(result)


def _messages(result: Result, severity: Severity) -> tuple[str, ...]:
    """Give findings of a severity; metal stands with what is outside the arteries.

    A caution that says the same in more words stands for its finding.
    """
    said = {each.id for each in _cautions(meaning_of(result))}
    left_out = {*DEVICE_FINDINGS, *(("NOT_GATED",) if _NOT_GATED in said else ())}
    return tuple(
        sentence(each.message)
        for each in result.suitability.findings
        if each.severity is severity and each.code not in left_out
    )


def _cautions(meaning: Interpretation | None) -> list[Statement]:
    return [] if meaning is None else cautions_of(meaning)


def _caution(statement: Statement) -> Text:
    mark = Span(text=f" ({MARKS[statement.mark][0]})", style="muted")
    return (caution_text(statement), mark)
