"""The packaged tables of percentiles, read once and only when they are asked for."""

import csv
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from corcal.risk.types import Race, Sex

__all__ = [
    "HOFF_AGES_YEARS",
    "MESA_AGES_YEARS",
    "MESA_RACES",
    "PERCENTILES",
    "HoffRow",
    "MesaRow",
    "hoff_row",
    "mesa_row",
]

PERCENTILES = (25, 50, 75, 90)  # what both references print
MESA_AGES_YEARS = range(45, 85)
MESA_RACES = (Race.WHITE, Race.BLACK, Race.HISPANIC, Race.CHINESE)
HOFF_AGES_YEARS = range(30, 91)


@dataclass(frozen=True, slots=True, kw_only=True)
class MesaRow:
    """MESA for one race, sex and age.

    Attributes
    ----------
    p_nonzero : int
        Percent with a score above 0.
    scores : tuple of int
        At `PERCENTILES`, as the calculator prints them: whole numbers.
    at_one : int
        Percentile of a score of 1.
    smallest_scores : tuple of int
        Smallest whole score that reaches each percentile above `at_one`, up to the 99th.
    """

    p_nonzero: int
    scores: tuple[int, ...]
    at_one: int
    smallest_scores: tuple[int, ...]

    def percentile(self, agatston: float) -> int:
        """Return the highest percentile that a score above 0 reaches, 0 to 99; below 1 as at 1."""
        return self.at_one + bisect_right(self.smallest_scores, agatston)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoffRow:
    """Hoff 2001 for one sex and group of ages.

    Attributes
    ----------
    from_years, to_years : int
        First and last age, in completed years.
    scores : tuple of int
        At `PERCENTILES`.
    """

    from_years: int
    to_years: int
    scores: tuple[int, ...]


def mesa_row(race: Race, sex: Sex, years: int) -> MesaRow:
    """Return the row of one of `MESA_RACES` at one of `MESA_AGES_YEARS`."""
    return _mesa()[race, sex, years]


def hoff_row(sex: Sex, years: int) -> HoffRow:
    """Return the row of a sex at one of `HOFF_AGES_YEARS`."""
    return next(row for row in _hoff()[sex] if row.from_years <= years <= row.to_years)


@cache
def _mesa() -> dict[tuple[Race, Sex, int], MesaRow]:
    return {
        (Race(line["race"]), Sex(line["sex"]), int(line["age_years"])): MesaRow(
            p_nonzero=int(line["p_nonzero"]),
            scores=_scores(line),
            at_one=int(line["at_one"]),
            smallest_scores=tuple(int(score) for score in line["smallest_scores"].split()),
        )
        for line in _lines("mesa_percentiles.csv")
    }


@cache
def _hoff() -> dict[Sex, tuple[HoffRow, ...]]:
    rows: dict[Sex, tuple[HoffRow, ...]] = dict.fromkeys(Sex, ())
    for line in _lines("hoff_percentiles.csv"):
        row = HoffRow(
            from_years=int(line["from_years"]),
            to_years=int(line["to_years"]),
            scores=_scores(line),
        )
        rows[Sex(line["sex"])] += (row,)
    return rows


def _scores(line: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(line[f"p{percentile}"]) for percentile in PERCENTILES)


def _lines(name: str) -> Iterator[dict[str, str]]:
    """Read a table of the package; lines that begin with ``#`` say where it is from."""
    text = (files("corcal.risk") / "tables" / name).read_text(encoding="utf-8")
    return csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
