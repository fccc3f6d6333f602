"""The charts of a record as small drawings, for a narrow column of a screen."""

from corcal.errors import InputError
from corcal.report.figures import Subject, why_not
from corcal.report.followup_inset import followup_inset
from corcal.report.interpretation_choice import charted_reference
from corcal.report.percentile_inset import percentile_inset
from corcal.risk.limits import REFERENCE_NAMES

__all__ = ["draw_inset"]

_WIDTH = 470.0  # units: shown 270 pixels wide, type of 20 has 11.5 pixels


def draw_inset(chart: str, subject: Subject) -> bytes:
    """Draw the chart ``"percentile"`` or ``"history"`` small, as SVG.

    Its words can be read where the chart of `corcal.report.figures`, which is drawn for a page,
    would have letters of four pixels.

    Raises
    ------
    InputError
        If it cannot be drawn, with what is missing.
    """
    reason = why_not(chart, subject)
    meaning, followup = subject.result.interpretation, subject.result.followup
    if reason is not None:
        raise InputError(reason)
    if chart == "history" and followup is not None:
        title = f"Agatston score over time, {len(followup.exams)} exams"
        return followup_inset(followup, title, width=_WIDTH)
    if meaning is None or meaning.person is None:
        msg = "percentile needs an interpretation in the record"
        raise InputError(msg)
    reference, person = charted_reference(meaning) or "", meaning.person
    return percentile_inset(
        meaning.agatston,
        age_years=person.age_years,
        sex=person.sex,
        race=person.race,
        reference=reference,
        title=f"The score among percentile curves over age ({REFERENCE_NAMES[reference]})",
        width=_WIDTH,
    )
