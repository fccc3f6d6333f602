"""What changed since the earlier exams."""

from corcal.followup.types import Change, ExamNumbers, Followup, Method, Range, Span
from corcal.report.amounts import shown
from corcal.report.document import Beside, Block, Bullets, Heading, Picture, Table
from corcal.report.followup_inset import followup_inset
from corcal.report.followup_text import vessels_words
from corcal.report.words import interval_range
from corcal.result import Result
from corcal.risk.types import Source
from corcal.scoring.types import Interval

__all__ = ["change"]

_WIDTHS = (1.2, 1.0)
_SAID_METHODS = ("per_year",)
_MEASURES = ("Exam", "Agatston", "Interval", "Volume, mm³", "Mass, mg")


def change(result: Result) -> tuple[Block, ...]:
    """Say the verdict in words, list the exams, and draw them."""
    followup = result.followup
    if followup is None:
        return ()
    told = dict.fromkeys((*followup.whole.notes, *followup.notes))
    notes = [_with_names(note, followup.sources) for note in told]
    return (
        Heading(text="Change since earlier exams"),
        Bullets(items=(*_texts(followup), *notes)),
        Beside(columns=((_exams(followup),), (_chart(followup),)), widths=_WIDTHS),
    )


def _with_names(note: str, sources: tuple[Source, ...]) -> str:
    """Name the publications of a note as readers do: ``[houslay2006]`` as ``Houslay 2006``."""
    for each in sources:
        note = note.replace(f"[{each.key}]", f"{each.citation.split()[0]} {each.year}")
    return note


def said_methods(whole: Change) -> list[Method]:
    """Give the ways of expressing a change that are told, if they apply."""
    found = (each for each in whole.methods if each.key in _SAID_METHODS)
    return [each for each in found if each.does_not_apply is None]


def _texts(followup: Followup) -> list[str]:
    """Compare the first exam with the last, and where there are more the last with the one before.

    Beside the verdict stand how much it is a year and by artery, where exams can be compared.
    """
    whole = followup.whole
    steps = [each for each in followup.changes if each.span is Span.CONSECUTIVE]
    a_year = [f"{each.label}: {each.reading}." for each in said_methods(whole)]
    vessels = [f"{vessels_words(whole)}."] if whole.vessels else []
    return [" ".join((whole.text, *a_year, *vessels)), *(step.text for step in steps[-1:])]


def _exams(followup: Followup) -> Table:
    return Table(
        caption="The exams",
        head=_MEASURES,
        rows=tuple(map(_row, followup.exams)),
        numeric=frozenset(range(1, len(_MEASURES))),
    )


def _row(exam: ExamNumbers) -> tuple[str, ...]:
    return (
        str(exam.date),
        shown(exam.agatston),
        _interval(exam.interval),
        shown(exam.volume_mm3),
        shown(exam.mass_mg),
    )


def _interval(found: Range | None) -> str:
    if found is None:
        return shown(None)
    return interval_range(Interval(low=found.low, high=found.high, level=found.level))


def _chart(followup: Followup) -> Picture:
    scores = "; ".join(f"{exam.date} {shown(exam.agatston)}" for exam in followup.exams)
    return Picture(
        data=followup_inset(followup, "Agatston scores over time"),
        media_type="image/svg+xml",
        alt=f"Agatston scores over time: {scores}.",
    )
