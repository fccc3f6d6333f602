"""From 30 to 45 years any calcium is uncommon: the few statements that are known of Javaid 2022.

The full tables of the paper are not public; what lies between the statements is not filled in.
"""

from dataclasses import dataclass

from corcal.risk.checks import check_agatston
from corcal.risk.percentiles import RACE_NAMES, SEX_NAMES
from corcal.risk.person import check_person
from corcal.risk.types import Percentile, Person, Race, Sex

__all__ = ["JAVAID_AGES_YEARS", "javaid_percentile"]

JAVAID_AGES_YEARS = range(30, 46)
_HIGH = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """What the abstract says of a group.

    `p_nonzero` is the percent of all from 30 to 45 with a score above 0; up to `until_years` any
    calcium is at least at the 90th percentile.
    """

    p_nonzero: int
    until_years: int


# Javaid 2022, doi:10.1016/j.jacc.2022.02.051
_GROUPS = {
    (Race.WHITE, Sex.MALE): _Group(p_nonzero=26, until_years=34),
    (Race.BLACK, Sex.MALE): _Group(p_nonzero=16, until_years=37),
    (Race.WHITE, Sex.FEMALE): _Group(p_nonzero=10, until_years=45),
    (Race.BLACK, Sex.FEMALE): _Group(p_nonzero=7, until_years=45),
}


def javaid_percentile(
    agatston: float, *, age_years: float, sex: Sex, race: Race | None
) -> Percentile:
    """Say what is known of a score at 30 to 45 years, of White and Black people.

    Parameters
    ----------
    agatston : float
        Unrounded, at least 0.
    age_years : float
        18 to 110; completed years count.
    sex : Sex
        Of the person.
    race : Race or None
        The study has White and Black people.

    Returns
    -------
    Percentile
        `p_nonzero` is that of the whole group of 30 to 45 years. `at_least` is 90 where any
        calcium is that high: women of all these ages, White men up to 34 and Black men up to 37
        years. Otherwise there is no percentile.

    Raises
    ------
    InputError
        If a value is none that a person or a score can have.

    References
    ----------
    .. [1] Javaid A et al. J Am Coll Cardiol 2022;79:1873-1886. doi:10.1016/j.jacc.2022.02.051

    Examples
    --------
    >>> javaid_percentile(3, age_years=41, sex=Sex.FEMALE, race=Race.BLACK).at_least
    90
    """
    check_agatston(agatston)
    check_person(Person(age_years=age_years, sex=sex, race=race))
    years = int(age_years)
    if years not in JAVAID_AGES_YEARS:
        return _percentile(why=f"age is {age_years:g} years; Javaid covers 30 to 45 years")
    if race not in (Race.WHITE, Race.BLACK):
        found = "race is not known" if race is None else f"race is {race}"
        return _percentile(why=f"{found}; Javaid covers White and Black people")
    race, sex = Race(race), Sex(sex)
    group = _GROUPS[race, sex]
    return _percentile(
        at_least=_HIGH if agatston > 0 and years <= group.until_years else None,
        p_nonzero=group.p_nonzero,
        group=f"{RACE_NAMES[race]} {SEX_NAMES[sex]} of 30 to 45 years",
    )


def _percentile(
    *,
    at_least: int | None = None,
    p_nonzero: int | None = None,
    group: str = "",
    why: str | None = None,
) -> Percentile:
    return Percentile(
        reference="javaid",
        value=None,
        at_least=at_least,
        at_most=None,
        p_nonzero=p_nonzero,
        scores={},
        group=group,
        not_covered=why,
        source="javaid2022",
    )
