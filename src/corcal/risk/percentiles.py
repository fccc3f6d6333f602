"""A score compared with people of the same age and sex: MESA and Hoff, and nothing beyond them.

A percentile is the percent of the reference with a lower score. A score of 0 has none: many of the
reference share it, so it is answered with the part of the reference that has any calcium. Ages
count in completed years, as people tell them and as the calculator of MESA takes them: a person of
55.9 years is 55. Who is not in a reference gets a sentence and no number.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from corcal.errors import InputError
from corcal.risk.checks import check_agatston
from corcal.risk.percentile_tables import (
    HOFF_AGES_YEARS,
    MESA_AGES_YEARS,
    MESA_RACES,
    PERCENTILES,
    hoff_row,
    mesa_row,
)
from corcal.risk.person import check_person
from corcal.risk.types import HIGHEST_PERCENTILE, Percentile, Person, Race, Sex

__all__ = [
    "RACE_NAMES",
    "SEX_NAMES",
    "PercentileCurves",
    "hoff_percentile",
    "mesa_percentile",
    "not_compared",
    "percentile_curves",
]

_MESA, _HOFF = "mesa", "hoff"
_SOURCES = {_MESA: "mesa_calculator", _HOFF: "hoff2001"}
SEX_NAMES: Mapping[Sex, str] = {Sex.FEMALE: "women", Sex.MALE: "men"}
RACE_NAMES: Mapping[Race, str] = {
    Race.WHITE: "White",
    Race.BLACK: "Black",
    Race.HISPANIC: "Hispanic",
    Race.CHINESE: "Chinese American",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentileCurves:
    """A reference for one group over all its ages: what a chart draws.

    Attributes
    ----------
    reference : str
        ``"mesa"`` or ``"hoff"``.
    group : str
        ``"White men"``.
    ages_years : tuple of int
        Completed years, one after the other.
    scores : dict of int to tuple of float
        By percentile (25, 50, 75, 90): the score at each of the ages.
    p_nonzero : tuple of int or None
        Percent with a score above 0 at each of the ages, where the reference tells.
    source : str
        Key of the `Source`.
    """

    reference: str
    group: str
    ages_years: tuple[int, ...]
    scores: dict[int, tuple[float, ...]]
    p_nonzero: tuple[int, ...] | None
    source: str


def mesa_percentile(
    agatston: float, *, age_years: float, sex: Sex, race: Race | None
) -> Percentile:
    """Compare a score with MESA: exact age from 45 to 84, sex and one of four groups.

    Parameters
    ----------
    agatston : float
        Unrounded, at least 0. A score between 0 and 1 is above every 0 of the reference and ranks
        as 1.
    age_years : float
        18 to 110; completed years count.
    sex : Sex
        Of the person.
    race : Race or None
        MESA has no people of ``OTHER``.

    Returns
    -------
    Percentile
        `value` 0 to 99, where 99 is the 99th percentile or higher and `at_least` is 99 as well;
        None for a score of 0 and where `not_covered` says why.

    Raises
    ------
    InputError
        If a value is none that a person or a score can have.

    References
    ----------
    .. [1] McClelland RL et al. Circulation 2006;113:30-37.
       doi:10.1161/CIRCULATIONAHA.105.580696

    Examples
    --------
    >>> found = mesa_percentile(250, age_years=55, sex=Sex.MALE, race=Race.WHITE)
    >>> found.value, found.p_nonzero, found.scores
    (90, 56, {25: 0, 50: 6, 75: 68, 90: 234})
    """
    years = _checked_years(agatston, Person(age_years=age_years, sex=sex, race=race))
    if years not in MESA_AGES_YEARS:
        return not_compared(_MESA, f"{_found_age(age_years)}; MESA covers 45 to 84 years")
    if race not in MESA_RACES:
        found = "race is not known" if race is None else f"race is {race}"
        names = ", ".join(RACE_NAMES.values())
        return not_compared(_MESA, f"{found}; MESA covers these groups: {names}")
    row = mesa_row(Race(race), Sex(sex), years)
    value = row.percentile(agatston) if agatston > 0 else None
    return Percentile(
        reference=_MESA,
        value=value,
        at_least=value if value == HIGHEST_PERCENTILE else None,
        at_most=None,
        p_nonzero=row.p_nonzero,
        scores=_by_percentile(row.scores),
        group=f"{RACE_NAMES[Race(race)]} {SEX_NAMES[Sex(sex)]} of {years} years",
        not_covered=None,
        source=_SOURCES[_MESA],
    )


def hoff_percentile(agatston: float, *, age_years: float, sex: Sex) -> Percentile:
    """Compare a score with Hoff 2001: self-referred adults from 30 to 90, by sex and group of ages.

    The reference has four percentiles, so the answer is a range: at or above one of them and below
    the next. Its people came by themselves; their scores are higher than those of MESA.

    Parameters
    ----------
    agatston : float
        Unrounded, at least 0.
    age_years : float
        18 to 110; completed years count.
    sex : Sex
        Of the person.

    Returns
    -------
    Percentile
        `value` and `p_nonzero` are None: the reference does not tell. `at_least` is the highest
        percentile whose score is reached, None for a score of 0; `at_most` is the lowest one whose
        score is not reached.

    Raises
    ------
    InputError
        If a value is none that a person or a score can have.

    References
    ----------
    .. [1] Hoff JA et al. Am J Cardiol 2001;87:1335-1339. doi:10.1016/S0002-9149(01)01548-X

    Examples
    --------
    >>> found = hoff_percentile(250, age_years=55, sex=Sex.MALE)
    >>> found.at_least, found.at_most, found.scores
    (75, 90, {25: 4, 50: 48, 75: 215, 90: 554})
    """
    years = _checked_years(agatston, Person(age_years=age_years, sex=sex))
    if years not in HOFF_AGES_YEARS:
        return not_compared(_HOFF, f"{_found_age(age_years)}; Hoff covers 30 to 90 years")
    row = hoff_row(Sex(sex), years)
    scores = _by_percentile(row.scores)
    reached = [percentile for percentile, score in scores.items() if score <= agatston]
    above = [percentile for percentile, score in scores.items() if score > agatston]
    return Percentile(
        reference=_HOFF,
        value=None,
        at_least=max(reached, default=None) if agatston > 0 else None,
        at_most=min(above, default=None),
        p_nonzero=None,
        scores=scores,
        group=f"{SEX_NAMES[Sex(sex)]} of {row.from_years} to {row.to_years} years",
        not_covered=None,
        source=_SOURCES[_HOFF],
    )


def not_compared(reference: str, why: str) -> Percentile:
    """Say why a score is compared with nobody of ``"mesa"`` or ``"hoff"``: no percentile."""
    return Percentile(
        reference=reference,
        value=None,
        at_least=None,
        at_most=None,
        p_nonzero=None,
        scores={},
        group="",
        not_covered=why,
        source=_SOURCES[reference],
    )


def percentile_curves(reference: str, sex: Sex, race: Race | None = None) -> PercentileCurves:
    """Return a reference for one group over all its ages.

    Parameters
    ----------
    reference : str
        ``"mesa"`` or ``"hoff"``.
    sex : Sex
        Of the group.
    race : Race, optional
        Of the group; MESA needs it, Hoff has none.

    Returns
    -------
    PercentileCurves
        A value for each completed year of age; Hoff's are the same within a group of ages.

    Raises
    ------
    InputError
        If there is no such reference or group.

    Examples
    --------
    >>> curves = percentile_curves("mesa", Sex.FEMALE, Race.BLACK)
    >>> curves.ages_years[0], curves.ages_years[-1], curves.scores[90][:5]
    (45, 84, (0, 0, 2, 4, 6))
    """
    if sex not in tuple(Sex):
        msg = f"there are curves for {' and '.join(Sex)}, got sex {sex!r}"
        raise InputError(msg)
    if reference == _MESA:
        return _mesa_curves(Sex(sex), race)
    if reference == _HOFF:
        return _hoff_curves(Sex(sex))
    msg = f"there are curves of {_MESA} and {_HOFF}, got {reference!r}"
    raise InputError(msg)


def _mesa_curves(sex: Sex, race: Race | None) -> PercentileCurves:
    if race not in MESA_RACES:
        msg = f"MESA has curves for {', '.join(MESA_RACES)}, got race {race}"
        raise InputError(msg)
    race = Race(race)
    rows = [mesa_row(race, sex, years) for years in MESA_AGES_YEARS]
    return PercentileCurves(
        reference=_MESA,
        group=f"{RACE_NAMES[race]} {SEX_NAMES[sex]}",
        ages_years=tuple(MESA_AGES_YEARS),
        scores=_over_ages([row.scores for row in rows]),
        p_nonzero=tuple(row.p_nonzero for row in rows),
        source=_SOURCES[_MESA],
    )


def _hoff_curves(sex: Sex) -> PercentileCurves:
    return PercentileCurves(
        reference=_HOFF,
        group=SEX_NAMES[sex],
        ages_years=tuple(HOFF_AGES_YEARS),
        scores=_over_ages([hoff_row(sex, years).scores for years in HOFF_AGES_YEARS]),
        p_nonzero=None,
        source=_SOURCES[_HOFF],
    )


def _checked_years(agatston: float, person: Person) -> int:
    """Return completed years of somebody who can exist."""
    check_agatston(agatston)
    check_person(person)
    return int(person.age_years)


def _found_age(age_years: float) -> str:
    return f"age is {age_years:g} years"


def _by_percentile(scores: tuple[int, ...]) -> dict[int, float]:
    return dict(zip(PERCENTILES, scores, strict=True))


def _over_ages(scores: list[tuple[int, ...]]) -> dict[int, tuple[float, ...]]:
    return dict(zip(PERCENTILES, zip(*scores, strict=True), strict=True))
