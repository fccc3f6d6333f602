"""What is counted of a run, in one pass: numbers of every scan, names of the least certain."""

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corcal.cohort.types import Outcome
from corcal.interop.columns import Cell
from corcal.scoring.categories import CATEGORIES, category_of

__all__ = ["AGE_BANDS", "SEXES", "AgeBand", "Tally", "tally_of"]

AGE_BANDS = ((0, 45), (45, 55), (55, 65), (65, 75), (75, 200))
"""Years, the upper end not in it."""
SEXES = ("F", "M")
LEAST_CERTAIN = 24  # on the contact sheet
MOST_REASONS = 500  # kept apart; a run with more has something else wrong
_NUMBER = re.compile(r"\d+(\.\d+)?")
_PERCENTILES = (25, 50, 75, 90)
_LEAST_IN_BAND = 10  # scans: of fewer, a 90th percentile is one scan

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeBand:
    """Scores of one sex in one band of age.

    Attributes
    ----------
    low, high : int
        Years, `high` not in it.
    scans : int
        How many.
    with_calcium : int
        Of them, with a score above 0.
    percentiles : tuple of float or None
        25th, 50th, 75th, 90th of the scores; ``None`` of fewer than 10.
    """

    low: int
    high: int
    scans: int
    with_calcium: int
    percentiles: tuple[float, ...] | None


@dataclass(slots=True, kw_only=True)
class Tally:
    """The counts of a run.

    Attributes
    ----------
    statuses : Counter
        Scans by status.
    reasons : Counter
        Scans by (status, reason), numbers in the reason replaced by ``#``.
    examples : dict
        One source of each reason.
    verdicts, kinds : Counter
        Of scored scans: how fit they are, what they are.
    advised : int
        Of scored scans: how many a person should look at.
    least_certain : list of Outcome
        Least certain first.
    finished : str
        When the last scan ended; empty without any.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    advised: int = 0
    least_certain: list[Outcome] = field(default_factory=list)
    finished: str = ""
    _scores: list[float] = field(default_factory=list)
    _ages: list[float] = field(default_factory=list)
    _sexes: list[str] = field(default_factory=list)
    _seconds: list[float] = field(default_factory=list)
    _peaks: list[float] = field(default_factory=list)

    @property
    def scans(self) -> int:
        """All scans of the run."""
        return self.statuses.total()

    @property
    def scores(self) -> _Floats:
        """Agatston scores of the scored scans."""
        return np.array(self._scores, dtype=np.float64)

    @property
    def seconds(self) -> _Floats:
        """Time that each scored scan took."""
        return np.array(self._seconds, dtype=np.float64)

    @property
    def peaks_mb(self) -> _Floats:
        """Most memory of the process of each scored scan, where it is known."""
        return np.array(self._peaks, dtype=np.float64)

    def categories(self, sex: str | None = None) -> dict[str, int]:
        """Count scores by category, of one sex or of all."""
        found = Counter(
            category_of(score)
            for score, of in zip(self._scores, self._sexes, strict=True)
            if sex is None or of == sex
        )
        return {name: found[name] for name in CATEGORIES}

    def bands(self, sex: str) -> tuple[AgeBand, ...]:
        """Describe the scores of one sex by age; scans without an age are in none."""
        of_sex = np.array([one == sex for one in self._sexes], dtype=np.bool_)
        scores, ages = self.scores, np.array(self._ages, dtype=np.float64)
        bands = []
        for low, high in AGE_BANDS:
            of_band = scores[of_sex & (ages >= low) & (ages < high)]
            found = None
            if of_band.size >= _LEAST_IN_BAND:
                found = tuple(float(one) for one in np.percentile(of_band, _PERCENTILES))
            bands.append(
                AgeBand(
                    low=low,
                    high=high,
                    scans=of_band.size,
                    with_calcium=int(np.count_nonzero(of_band)),
                    percentiles=found,
                )
            )
        return tuple(bands)

    def add(self, outcome: Outcome) -> None:
        """Count one scan."""
        self.statuses[outcome.status] += 1
        self.finished = max(self.finished, outcome.finished)
        if outcome.status == "scored":
            self._add_scored(outcome, outcome.exam_row or {})
        else:
            self._add_reason(outcome)

    def _add_scored(self, outcome: Outcome, row: Mapping[str, Cell]) -> None:
        self._scores.append(_number(row, "total_agatston") or 0.0)
        age = _number(row, "age_years")
        self._ages.append(math.nan if age is None else age)
        self._sexes.append(str(row.get("sex") or ""))
        self._seconds.append(outcome.seconds)
        if outcome.peak_mb is not None:
            self._peaks.append(outcome.peak_mb)
        self.verdicts[str(row.get("suitability_verdict") or "")] += 1
        self.kinds[str(row.get("series_kind") or "")] += 1
        self.advised += row.get("review_advised") is True

    def _add_reason(self, outcome: Outcome) -> None:
        pattern = _NUMBER.sub("#", outcome.reason or "no reason was told")
        reason = (outcome.status, pattern)
        if reason not in self.reasons and len(self.reasons) >= MOST_REASONS:
            reason = (outcome.status, "other reasons")
        self.reasons[reason] += 1
        self.examples.setdefault(reason, outcome.source)


def tally_of(outcomes: Iterable[Outcome]) -> Tally:
    """Count all scans of a run.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Each once.

    Returns
    -------
    Tally
    """
    tally = Tally()

    def counted() -> Iterable[Outcome]:
        for outcome in outcomes:
            tally.add(outcome)
            if outcome.certainty is not None:
                yield outcome

    tally.least_certain = heapq.nsmallest(
        LEAST_CERTAIN, counted(), key=lambda one: (one.certainty, one.key)
    )
    return tally


def _number(row: Mapping[str, Cell], column: str) -> float | None:
    value = row.get(column)
    return float(value) if isinstance(value, int | float) else None
