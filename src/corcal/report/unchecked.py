"""What every picture of an automatic score says by itself, so that it can be sent alone.

That nobody has checked it, and which artery is doubtful. What a person has marked or signed is that
person's word: neither is said of it.
"""

from corcal.report.amounts import shown_percent
from corcal.report.pieces import CERTAIN, is_certain
from corcal.result import Result
from corcal.scoring.types import Lesion

__all__ = [
    "DOUBTFUL",
    "DOUBT_MARK",
    "has_doubtful_lesion",
    "is_site_doubtful",
    "marked_name",
    "unchecked_words",
]

DOUBT_MARK = "?"
DOUBTFUL = f"doubtful, less than {shown_percent(CERTAIN)} probable"
"""What the mark means, for the legend of a picture."""

_UNCHECKED = "Automatic: for a reader to check."
_UNFINISHED = "Automatic, review not finished: for a reader to check."


def unchecked_words(result: Result) -> str:
    """Say that no reader stands for an automatic score; empty if one has marked or signed it."""
    made = result.provenance
    if made.is_automatic:
        return _UNCHECKED
    return "" if made.is_signed or made.annotation is not None else _UNFINISHED


def is_site_doubtful(result: Result, lesion: Lesion) -> bool:
    """Whether pictures mark the site of a lesion with a `DOUBT_MARK`.

    It is less probable than `corcal.report.pieces.CERTAIN`, and no person has decided about it.
    """
    chances = lesion.probabilities
    if chances is None or result.provenance.is_signed:
        return False
    return not is_certain(chances.get(lesion.site, 0.0))


def marked_name(result: Result, lesion: Lesion) -> str:
    """Name a lesion as pictures do: ``L1``, or ``L1 ?`` if its site is doubtful."""
    return f"{lesion.id} {DOUBT_MARK}" if is_site_doubtful(result, lesion) else lesion.id


def has_doubtful_lesion(result: Result, site: str) -> bool:
    """Whether pictures mark the score of a site: a lesion that is a part of it is doubtful."""
    return any(
        lesion.site == site and lesion.agatston > 0 and is_site_doubtful(result, lesion)
        for lesion in result.lesions
    )
