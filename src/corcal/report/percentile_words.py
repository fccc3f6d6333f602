"""A percentile in words, the same in every text."""

from corcal.risk.types import Percentile

__all__ = ["ordinal", "percentile_words"]

_NOTES = {"hoff": "They came for a scan by themselves."}


def percentile_words(each: Percentile, agatston: float, *, has_scores: bool = True) -> str:
    """Say where a score is among others, of a reference that covers the person.

    Parameters
    ----------
    each : Percentile
        Of any reference.
    agatston : float
        The score: 0 has no percentile because it is 0, another one because none is public.
    has_scores : bool
        Also the scores at the percentiles that are known.

    Returns
    -------
    str
        One to three sentences.
    """
    parts = [_place(each, agatston)]
    if each.p_nonzero is not None:
        parts.append(f"{each.p_nonzero} % of them have calcium.")
    if has_scores and each.scores:
        percents = "/".join(str(percent) for percent in each.scores)
        scores = ", ".join(f"{score:g}" for score in each.scores.values())
        parts.append(f"Scores at the {percents}th percentile: {scores}.")
    if has_scores and each.reference in _NOTES:
        parts.append(_NOTES[each.reference])
    return " ".join(parts)


def ordinal(number: int) -> str:
    """Write ``1st``, ``2nd``, ``23rd``, ``90th``.

    Examples
    --------
    >>> ordinal(1), ordinal(12), ordinal(23)
    ('1st', '12th', '23rd')
    """
    last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{last or 'th'}"


def _place(each: Percentile, agatston: float) -> str:
    if each.is_top:
        return f"{_between(each.value, None)} of {each.group}."
    if each.value == 0:
        return f"below the {ordinal(1)} percentile of {each.group}."
    if each.value is not None:
        return f"{ordinal(each.value)} percentile of {each.group}."
    if each.at_least is not None or (each.at_most is not None and each.p_nonzero is None):
        return f"{_between(each.at_least, each.at_most)} of {each.group}."
    if agatston == 0:
        return f"a score of 0 has no percentile among {each.group}."
    return f"no percentile of this score is public for this age, among {each.group}."


def _between(low: int | None, high: int | None) -> str:
    if low is None:
        return f"below the {ordinal(high or 0)} percentile"
    if high is None:
        return f"at or above the {ordinal(low)} percentile"
    return f"between the {ordinal(low)} and the {ordinal(high)} percentile"
