"""What every risk model says of one person."""

from corcal.risk.mesa_chd import mesa_chd
from corcal.risk.pooled_cohort import pooled_cohort
from corcal.risk.prevent import prevent
from corcal.risk.score2 import score2
from corcal.risk.types import Estimate, Person

__all__ = ["estimates"]


def estimates(
    person: Person, *, agatston: float | None = None, is_gated: bool | None = True
) -> tuple[Estimate, ...]:
    """Use every model; none is left out, one that cannot be used says why.

    Parameters
    ----------
    person : Person
        Who it is.
    agatston : float, optional
        The score.
    is_gated : bool or None
        Of the scan: without ECG gating no model knows its calcium.

    Returns
    -------
    tuple of Estimate
        MESA without the calcium and, if there is a score, with it; the Pooled Cohort Equations;
        PREVENT (`corcal.risk.prevent.prevent`); SCORE2 or SCORE2-OP.

    Raises
    ------
    InputError
        If the score is negative or not finite, or the person has a field that is out of range.

    Examples
    --------
    >>> from corcal.risk.types import Sex
    >>> found = estimates(Person(age_years=45, sex=Sex.MALE), agatston=12)
    >>> sorted({each.model for each in found})
    ['mesa_chd', 'mesa_chd_with_cac', 'pce', 'prevent', 'score2']
    >>> {each.fraction for each in found}
    {None}
    """
    with_cac = () if agatston is None else (mesa_chd(person, agatston=agatston, is_gated=is_gated),)
    return (
        mesa_chd(person),
        *with_cac,
        pooled_cohort(person),
        *prevent(person),
        score2(person),
    )
