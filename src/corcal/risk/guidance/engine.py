"""Which statements apply to one person and one score: the data decide, this only evaluates."""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

from corcal.errors import InputError
from corcal.risk.checks import check_agatston
from corcal.risk.guidance import (
    accaha2018,
    accaha2026,
    bp2025,
    europe,
    general,
    nla2020,
    older,
    studies,
    uspstf2022,
)
from corcal.risk.guidance.conditions import Condition, changes, describe, holds, reasons, unknowns
from corcal.risk.guidance.facts import Facts, facts_of
from corcal.risk.guidance.gates import SCOPE_GATES
from corcal.risk.guidance.rule import Guideline, Rule
from corcal.risk.guidance.wording import full_text
from corcal.risk.person import check_person
from corcal.risk.types import Estimate, Person, Statement

__all__ = ["GUIDELINES", "RULES", "check_guidelines", "guidance"]

# Newest first; within a year, lipids first; single studies last.
_SETS: tuple[tuple[Guideline, tuple[Rule, ...]], ...] = (
    (accaha2026.GUIDELINE, accaha2026.RULES),
    (europe.LIPIDS_2025, europe.RULES_2025),
    (bp2025.GUIDELINE, bp2025.RULES),
    (uspstf2022.GUIDELINE, uspstf2022.RULES),
    (europe.PREVENTION_2021, europe.RULES_2021),
    (nla2020.GUIDELINE, nla2020.RULES),
    (accaha2018.PREVENTION_2019, accaha2018.RULES_2019),
    (accaha2018.LIPIDS_2018, accaha2018.RULES_2018),
    (older.SCCT_2017, older.RULES_2017),
    (older.ASYMPTOMATIC_2010, older.RULES_2010),
    (studies.GUIDELINE, studies.RULES),
)

GUIDELINES: Mapping[str, Guideline] = MappingProxyType({each.key: each for each, _ in _SETS})
"""All that can be chosen, newest first, by key."""

RULES: tuple[Rule, ...] = (*general.RULES, *chain.from_iterable(rules for _, rules in _SETS))
"""Every statement that there is; the cautions, which cannot be switched off, first."""


def guidance(
    person: Person,
    *,
    agatston: float,
    percentile: int | None,
    estimates: tuple[Estimate, ...],
    is_gated: bool | None = True,
    guidelines: tuple[str, ...] | None = None,
    has_device_excluded: bool = False,
) -> tuple[Statement, ...]:
    """Say what the guidelines say to this person at this score.

    Parameters
    ----------
    person : Person
        What is known; what is not known is never taken as a no.
    agatston : float
        At least 0, not rounded.
    percentile : int or None
        Of MESA, 0 to 100; None for a score of 0 and where MESA does not cover the person.
    estimates : tuple of Estimate
        Risks; each cut-point is used only with the model it was made for.
    is_gated : bool or None
        False for a scan without ECG gating: no statement on exact bands is made. None if it is
        not known: statements are those for a gated scan, and a caution says so.
    guidelines : tuple of str, optional
        Keys of `GUIDELINES`; all by default. Cautions are always shown.
    has_device_excluded : bool
        Whether metal was left out of the score. It may be a stent, and is taken as known disease
        unless the person is said to have none.

    Returns
    -------
    tuple of Statement
        Cautions first, then the guidelines from the newest to the oldest.

    Raises
    ------
    InputError
        If the person, the score or the percentile is outside its range, or a guideline is not
        known.
    """
    check_person(person)
    _check(agatston, percentile, guidelines)
    facts = facts_of(
        person,
        agatston=agatston,
        percentile=percentile,
        estimates=estimates,
        is_gated=is_gated,
        has_device_excluded=has_device_excluded,
    )
    chosen = {general.GENERAL.key, *(GUIDELINES if guidelines is None else guidelines)}
    return tuple(
        _statement(rule, facts)
        for rule in RULES
        if rule.guideline in chosen and _applies(rule, facts)
    )


def _check(agatston: float, percentile: int | None, guidelines: tuple[str, ...] | None) -> None:
    check_agatston(agatston)
    if percentile is not None and not 0 <= percentile <= 100:
        msg = f"a percentile is 0 to 100, got {percentile}"
        raise InputError(msg)
    check_guidelines(guidelines)


def check_guidelines(guidelines: tuple[str, ...] | None) -> None:
    """Refuse the name of a guideline that there is none of; ``None`` is all of them."""
    for key in guidelines or ():
        if key not in GUIDELINES:
            msg = f"no guideline has the key {key!r}; known are {', '.join(GUIDELINES)}"
            raise InputError(msg)


def _applies(rule: Rule, facts: Facts) -> bool:
    excluded = any(holds(each, facts) for each in (*SCOPE_GATES[rule.scope], *rule.unless))
    return not excluded and holds(rule.when, facts) is True


def _statement(rule: Rule, facts: Facts) -> Statement:
    not_known = tuple(chain.from_iterable(_unknown(each, facts) for each in rule.unless))
    return Statement(
        id=rule.id,
        guideline=rule.guideline,
        topic=rule.topic,
        text=full_text(rule, _guideline_of(rule), not_known=not_known),
        source=rule.source,
        year=rule.year,
        strength=rule.strength,
        evidence=rule.evidence,
        mark=rule.mark,
        fired_by=reasons(rule.when, facts) or ("applies to everybody",),
        would_change=_would_change(rule, facts, not_known),
    )


def _would_change(rule: Rule, facts: Facts, not_known: tuple[str, ...]) -> tuple[str, ...]:
    gates = chain.from_iterable(_unknown(each, facts) for each in SCOPE_GATES[rule.scope])
    return tuple(
        dict.fromkeys(
            (
                *(f"{words} (not known)" for words in (*not_known, *gates)),
                *changes(rule.when, facts),
                *(describe(each) for each in rule.unless if holds(each, facts) is False),
            )
        )
    )


def _unknown(condition: Condition, facts: Facts) -> tuple[str, ...]:
    return unknowns(condition, facts) if holds(condition, facts) is None else ()


def _guideline_of(rule: Rule) -> Guideline:
    return GUIDELINES.get(rule.guideline, general.GENERAL)
