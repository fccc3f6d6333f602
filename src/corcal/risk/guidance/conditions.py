"""Conditions as data: what must hold, evaluated with three answers: yes, no and not known.

A condition is a tree: `Is` and `Range` are its leaves, `AllOf` and `AnyOf` join them. Nothing in a
tree is code, so that a condition can be shown, compared and written into the documentation.

The logic is Kleene's: *all of* is no if one part is no, and *any of* is yes if one part is yes,
whatever is not known beside it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from corcal.risk.guidance.facts import FACTS, QUANTITIES, Facts

__all__ = [
    "AllOf",
    "AnyOf",
    "Condition",
    "Is",
    "Range",
    "changes",
    "describe",
    "holds",
    "leaves",
    "reasons",
    "unknowns",
]


@dataclass(frozen=True, slots=True)
class Is:
    """A fact that is, or is not.

    Attributes
    ----------
    fact : str
        Key of `corcal.risk.guidance.facts.FACTS`.
    expected : bool
        False asks for its absence, which is something else than its not being known.
    """

    fact: str
    expected: bool = True


@dataclass(frozen=True, slots=True)
class Range:
    """A number between two edges, each included (*at least*, *at most*) or not.

    Attributes
    ----------
    quantity : str
        Key of `corcal.risk.guidance.facts.QUANTITIES`; risks are fractions.
    at_least, above, below, at_most : float or None
        The edges.
    """

    quantity: str
    at_least: float | None = None
    above: float | None = None
    below: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; without parts it always holds."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple["Condition", ...]


Condition: TypeAlias = Is | Range | AllOf | AnyOf


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Evaluate a condition.

    Parameters
    ----------
    condition : Condition
        What must hold.
    facts : Facts
        What is known.

    Returns
    -------
    bool or None
        None if it depends on something that is not known.
    """
    match condition:
        case Is(name, expected):
            known = facts.known[name]
            return None if known is None else known is expected
        case Range(name):
            value = facts.quantities[name]
            return None if value is None else _is_inside(condition, value)
        case AllOf(parts):
            return _joined([holds(part, facts) for part in parts], decisive=False)
        case AnyOf(parts):
            return _joined([holds(part, facts) for part in parts], decisive=True)


def reasons(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Return the facts that make a condition hold, with their numbers.

    Parameters
    ----------
    condition : Condition
        One that holds.
    facts : Facts
        What is known.

    Returns
    -------
    tuple of str
        ``"Agatston score 350 (at least 300, below 1000)"``; each once.
    """
    true = list(_true_leaves(condition, facts))
    edges: dict[str, list[str]] = {}
    for leaf in true:
        if isinstance(leaf, Range):
            edges.setdefault(leaf.quantity, []).append(_inside(leaf))
    return _once(_reason(leaf, facts, edges) for leaf in true)


def changes(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Return what would make a condition that holds not hold.

    Parameters
    ----------
    condition : Condition
        One that holds.
    facts : Facts
        What is known.

    Returns
    -------
    tuple of str
        Each one alone is enough, ``"Agatston score below 300 or from 1000"``; where one of
        several facts is enough to make it hold, all of these must change, and nothing is named
        if one of them cannot.
    """
    match condition:
        case AllOf(parts):
            return _once(change for part in parts for change in changes(part, facts))
        case AnyOf(parts):
            true = [changes(part, facts) for part in parts if holds(part, facts)]
            # what cannot change is enough to make it hold
            return (" and ".join(" or ".join(each) for each in true),) if all(true) else ()
        case Is(name, expected):
            label = FACTS[name].words(not expected)
            return (label,) if FACTS[name].can_change else ()
        case Range():
            return (_outside(condition),)


def unknowns(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """Return what is not known in a condition.

    Parameters
    ----------
    condition : Condition
        One whose answer is not known.
    facts : Facts
        What is known.

    Returns
    -------
    tuple of str
        ``"diabetes"``, ``"MESA percentile at least 75"``; each once. A number that cannot be known
        says so.
    """
    return _once(_unknown(leaf, facts) for leaf in leaves(condition) if holds(leaf, facts) is None)


def leaves(condition: Condition) -> Iterator[Is | Range]:
    """Go through the leaves of a condition, from left to right.

    Parameters
    ----------
    condition : Condition
        A tree.

    Yields
    ------
    Is or Range
        Each leaf.
    """
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from leaves(part)
    else:
        yield condition


def describe(condition: Condition) -> str:
    """Write a condition in words, as the documentation shows it.

    Parameters
    ----------
    condition : Condition
        A tree.

    Returns
    -------
    str
        ``"Agatston score at least 300, below 1000"``.
    """
    match condition:
        case Is(name, expected):
            return FACTS[name].words(expected)
        case Range():
            return f"{_label(condition)} {_inside(condition)}"
        case AllOf(parts):
            return " and ".join(_nested(part, AnyOf) for part in parts) or "always"
        case AnyOf(parts):
            return " or ".join(_nested(part, AllOf) for part in parts)


def _nested(part: Condition, other: type[AllOf] | type[AnyOf]) -> str:
    return f"({describe(part)})" if isinstance(part, other) else describe(part)


def _joined(answers: list[bool | None], *, decisive: bool) -> bool | None:
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _is_inside(edges: Range, value: float) -> bool:
    return (
        (edges.at_least is None or value >= edges.at_least)
        and (edges.above is None or value > edges.above)
        and (edges.below is None or value < edges.below)
        and (edges.at_most is None or value <= edges.at_most)
    )


def _label(leaf: Is | Range) -> str:
    return FACTS[leaf.fact].label if isinstance(leaf, Is) else QUANTITIES[leaf.quantity].label


def _true_leaves(condition: Condition, facts: Facts) -> Iterator[Is | Range]:
    """Go through the leaves that make it hold: of a branch that does not, none counts."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            if holds(part, facts):
                yield from _true_leaves(part, facts)
    else:
        yield condition


def _unknown(leaf: Is | Range, facts: Facts) -> str:
    words = facts.words.get(leaf.quantity) if isinstance(leaf, Range) else None
    return words or describe(leaf)


def _reason(leaf: Is | Range, facts: Facts, edges: dict[str, list[str]]) -> str:
    """Write a fact, or a number with all its edges."""
    if isinstance(leaf, Is):
        return facts.words.get(leaf.fact) or FACTS[leaf.fact].words(leaf.expected)
    shown = (
        f"{_label(leaf)} {QUANTITIES[leaf.quantity].shown(facts.quantities[leaf.quantity] or 0)}"
    )
    return shown if _is_exactly(leaf) else f"{shown} ({', '.join(edges[leaf.quantity])})"


def _is_exactly(edges: Range) -> bool:
    return edges.at_least is not None and edges.at_least == edges.at_most


def _inside(edges: Range) -> str:
    shown = QUANTITIES[edges.quantity].shown
    if edges.at_least is not None and _is_exactly(edges):
        return shown(edges.at_least)
    named = (
        ("at least", edges.at_least),
        ("above", edges.above),
        ("below", edges.below),
        ("at most", edges.at_most),
    )
    return ", ".join(f"{word} {shown(edge)}" for word, edge in named if edge is not None)


def _outside(edges: Range) -> str:
    shown = QUANTITIES[edges.quantity].shown
    if edges.quantity == "agatston" and _is_exactly(edges):
        return f"{_label(edges)} above {shown(edges.at_most or 0.0)}"  # no score is below 0
    if edges.quantity == "agatston" and edges.above == 0:
        edges = replace(edges, above=None)
        return " or ".join(["Agatston score 0", *([_outside(edges)] if edges.below else [])])
    named = (
        ("below", edges.at_least),
        ("at most", edges.above),
        ("at least", edges.below),
        ("above", edges.at_most),
    )
    parts = [f"{word} {shown(edge)}" for word, edge in named if edge is not None]
    return f"{_label(edges)} {' or '.join(parts)}"


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))
