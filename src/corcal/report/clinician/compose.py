"""All parts of the clinician's report, in order."""

from collections.abc import Mapping

from corcal.report.clinician.change import change
from corcal.report.clinician.guidance import guidance
from corcal.report.clinician.images import images
from corcal.report.clinician.impression import impression
from corcal.report.clinician.meaning import meaning
from corcal.report.clinician.origin import origin
from corcal.report.clinician.scores import scores
from corcal.report.clinician.suitability import suitability, urgent
from corcal.report.clinician.who import addendum, footer, patient_and_exam, subtitle, title
from corcal.report.document import Document, PageStyle
from corcal.result import Result

__all__ = ["clinician_document"]

_STYLE = PageStyle()
_FITS_PAGES = 2


def clinician_document(
    result: Result, pictures: Mapping[str, bytes], *, style: PageStyle = _STYLE
) -> Document:
    """Say what a referring clinician needs of a scored exam, the most important first.

    Parameters
    ----------
    result : Result
        The scored exam. Interpretation and follow-up are shown if it has them; without
        interpretation a line says what it would need.
    pictures : mapping of str to bytes
        PNG by name, as of `corcal.report.exam_pictures.for_a_page`: ``"projection"``,
        ``"key_LM"``, ``"key_LAD"``, ``"key_LCX"``, ``"key_RCA"``. What is absent is left out.
    style : PageStyle
        Paper and size of the text.

    Returns
    -------
    Document
        In English; two pages at most in ordinary cases, at 9 points.
    """
    return Document(
        title=title(result),
        subtitle=subtitle(result),
        language="en",
        blocks=(
            *patient_and_exam(result),
            *addendum(result),
            *urgent(result),
            *impression(result),
            *suitability(result),
            *scores(result),
            *meaning(result),
            *guidance(result),
            *images(result, pictures),
            *change(result),
            *origin(result),
        ),
        footer=footer(result),
        created=result.provenance.created,
        style=style,
        fits_pages=_FITS_PAGES,
    )
