"""Doubts about lesions that no review is advised for: said beside the lesions, not against them."""

from collections.abc import Collection

from corcal.lesions.sites import CORONARY_SITES
from corcal.report.amounts import shown_percent, shown_site
from corcal.result import Result
from corcal.scoring.advice import REVIEW_LIMITS
from corcal.scoring.types import Lesion

__all__ = ["calm_words", "doubt_words"]

_ARTERIES = frozenset(site.label for site in CORONARY_SITES)
_NAMED = 3
_CALM = "Nothing particular speaks for a review; it stays a proposal until a reader signs."


def calm_words(result: Result) -> str:
    """Say of an automatic score that no review is advised, and what is doubtful all the same."""
    doubts = doubt_words(result)
    if not doubts:
        return _CALM
    return f"Nothing speaks for a review of the total; {doubts}. It stays a proposal until signed."


def doubt_words(result: Result) -> str:
    """Name the counted lesions whose artery, or whose being coronary, is doubtful.

    Returns
    -------
    str
        ``"the artery of L5 is doubtful (LCX 65 %, LM 22 %)"``; empty without any, and of a score
        that a person has decided about. That a lesion may be no calcium is left out where a review
        is advised for it.
    """
    contested = {one.lesion for one in (result.review.contested if result.review else ())}
    sure, sure_of_artery = (REVIEW_LIMITS[n].value for n in ("doubtful_to", "sure_of_artery"))
    artery, calcium = [], []
    for lesion in result.lesions:
        chances = lesion.probabilities
        if chances is None or lesion.site not in _ARTERIES:
            continue
        coronary = sum(chances.get(name, 0.0) for name in _ARTERIES)
        if coronary <= sure and lesion.id not in contested:
            calcium.append(lesion)
        elif max(chances.get(name, 0.0) for name in _ARTERIES) < sure_of_artery * coronary:
            artery.append(lesion)
    parts = []
    if len(artery) == 1:
        parts.append(
            f"the artery of {artery[0].id} is doubtful ({_likeliest(artery[0], _ARTERIES)})"
        )
    elif artery:
        parts.append(f"the arteries of {_listed(artery, _ARTERIES)} are doubtful")
    if calcium:
        is_small = "and is small" if len(calcium) == 1 else "and are small"
        parts.append(f"{_listed(calcium)} may be no coronary calcium, {is_small}")
    return "; ".join(parts)


def _listed(lesions: list[Lesion], among: Collection[str] | None = None) -> str:
    """Name lesions with their two most probable sites: the first three, and how many more."""
    names = [f"{one.id} ({_likeliest(one, among)})" for one in lesions[:_NAMED]]
    more = len(lesions) - len(names)
    if more:
        names.append(f"{more} more")
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _likeliest(lesion: Lesion, among: Collection[str] | None = None) -> str:
    """Give the two most probable sites of a lesion, of all or of some."""
    chances = {k: p for k, p in (lesion.probabilities or {}).items() if not among or k in among}
    ranked = sorted(chances.items(), key=lambda item: -item[1])
    return ", ".join(f"{shown_site(name)} {shown_percent(p)}" for name, p in ranked[:2])
