"""How well scores agree: automatic with readers, and readers with each other.

The statistics are those of `corcal.evaluate.agreement`, which every study of corcal uses; here the
pairs are found.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.evaluate.agreement.resample import MIN_PATIENTS, bootstrap_estimate
from corcal.evaluate.agreement.statistics import (
    Estimate,
    bland_altman,
    category_table,
    disagreement_weights,
    icc_absolute,
    weighted_kappa,
)
from corcal.scoring.categories import CATEGORIES
from corcal.serve.opened import BLIND_DONE
from corcal.store.reading import MAX_LIMIT
from corcal.store.records import ExamRecord, ResultKind, SortKey, WorklistQuery
from corcal.store.store import Store

__all__ = ["LEAST", "Agreement", "Lacks", "Pair", "agreement_of", "automatic_pairs"]
__all__ += ["reader_pairs", "told_of"]

LEAST = MIN_PATIENTS
"""Patients below which limits, ICC and kappa are not told: chance alone would decide them."""
_NO_VALUE = Estimate(value=None)
_LEAST = 2  # pairs that a statistic needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two scores of one exam; the second is compared with the first."""

    exam_id: str
    patient_id: str
    first: float
    second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The statistics of pairs.

    Attributes
    ----------
    icc : Estimate
        ICC(2,1), absolute agreement.
    bias, lower_limit, upper_limit : Estimate
        Of Bland and Altman: second minus first.
    kappa : Estimate
        Linearly weighted kappa of the categories.
    table : int64 ndarray of shape (4, 4)
        Exams by category, (first, second).
    """

    pairs: tuple[Pair, ...]
    icc: Estimate
    bias: Estimate
    lower_limit: Estimate
    upper_limit: Estimate
    kappa: Estimate
    table: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacks:
    """Why figures are not told, a sentence each; ``None`` where they are."""

    bias: str | None
    limits: str | None
    icc: str | None
    kappa: str | None


def automatic_pairs(
    store: Store, *, date_from: str | None, date_to: str | None, readers: Sequence[str]
) -> list[Pair]:
    """Pair the signed score of each exam with the automatic one that its review began with."""
    pairs = []
    for exam in _signed_exams(store, date_from, date_to):
        versions = store.versions(exam.id)
        signed = next(one for one in versions if one.version == exam.signed_version)
        before = [
            one
            for one in versions
            if one.kind is ResultKind.AUTOMATIC and one.version <= signed.version
        ]
        signer = None if signed.signature is None else signed.signature.signed_by
        if not before or (readers and signer not in readers):
            continue
        pairs.append(
            Pair(
                exam_id=exam.id,
                patient_id=exam.patient.id,
                first=signed.total_agatston,
                second=before[-1].total_agatston,
            )
        )
    return pairs


def reader_pairs(
    store: Store, *, date_from: str | None, date_to: str | None, readers: Sequence[str]
) -> list[Pair]:
    """Pair each blind read with the signed score of another reader, or with their blind read.

    With two `readers` named, the first score is the first one's.
    """
    reads = _reads(store, date_from, date_to)
    pairs = []
    for exam, scores in reads:
        wanted = [login for login in (readers or scores) if login in scores]
        if len(wanted) < _LEAST:
            continue
        first, second = wanted[:2]
        pairs.append(
            Pair(
                exam_id=exam.id,
                patient_id=exam.patient.id,
                first=scores[first],
                second=scores[second],
            )
        )
    return pairs


def agreement_of(pairs: Sequence[Pair]) -> Agreement:
    """Compute the statistics; those that too few pairs leave undefined have no value."""
    first = np.array([one.first for one in pairs], np.float64)
    second = np.array([one.second for one in pairs], np.float64)
    limits = bland_altman(second, first)
    ratings = np.stack([first, second], axis=1)
    return Agreement(
        pairs=tuple(pairs),
        icc=icc_absolute(ratings) if len(pairs) >= _LEAST else _NO_VALUE,
        bias=limits.bias,
        lower_limit=limits.lower_limit,
        upper_limit=limits.upper_limit,
        kappa=_kappa(first, second, [one.patient_id for one in pairs]),
        table=category_table(first.tolist(), second.tolist()),
    )


def told_of(found: Agreement) -> tuple[Agreement, Lacks]:
    """Leave out what so few pairs cannot tell, and say of each figure why it is not told.

    The mean difference and the table of categories are facts of any number of pairs. Limits of
    agreement, ICC and kappa speak of exams to come, and are told from `LEAST` patients on.
    """
    exams, patients = len(found.pairs), len({one.patient_id for one in found.pairs})
    if patients < LEAST:
        few = f"{LEAST} patients are needed; there {'is' if patients == 1 else 'are'} {patients}"
        bias = None if exams else "1 exam is needed; there is none"
        return (
            replace(
                found, icc=_NO_VALUE, lower_limit=_NO_VALUE, upper_limit=_NO_VALUE, kappa=_NO_VALUE
            ),
            Lacks(bias=bias, limits=few, icc=few, kappa=few),
        )
    no_icc = "undefined: all scores are the same" if found.icc.value is None else None
    no_kappa = "undefined: all scores are in one category"
    return found, Lacks(
        bias=None,
        limits=None,
        icc=no_icc,
        kappa=no_kappa if found.kappa.value is None else None,
    )


def _kappa(first: NDArray[Any], second: NDArray[Any], patients: list[str]) -> Estimate:
    weights = disagreement_weights(len(CATEGORIES), "linear")

    def statistic(of: NDArray[np.intp]) -> float | None:
        return weighted_kappa(category_table(first[of].tolist(), second[of].tolist()), weights)

    return bootstrap_estimate(statistic, patients)


def _reads(
    store: Store, date_from: str | None, date_to: str | None
) -> Iterator[tuple[ExamRecord, dict[str, float]]]:
    """Give the scores of each exam by reader: the signed one first, then the blind ones."""
    blind: dict[str, dict[str, float]] = {}
    for step in store.events_of_kind(BLIND_DONE):
        blind.setdefault(step.exam_id, {})[step.after["reader"]] = float(step.after["agatston"])
    for exam in _exams(store, date_from, date_to):
        if exam.id not in blind:
            continue
        yield exam, _signed_score(store, exam) | blind[exam.id]


def _signed_score(store: Store, exam: ExamRecord) -> dict[str, float]:
    if exam.signed_version is None:
        return {}
    for one in store.versions(exam.id):
        if one.version == exam.signed_version and one.signature is not None:
            return {one.signature.signed_by: one.total_agatston}
    return {}


def _signed_exams(store: Store, date_from: str | None, date_to: str | None) -> Iterable[ExamRecord]:
    return (one for one in _exams(store, date_from, date_to) if one.signed_version is not None)


def _exams(store: Store, date_from: str | None, date_to: str | None) -> Iterator[ExamRecord]:
    offset = 0
    while True:
        page = store.worklist(
            WorklistQuery(
                date_from=date_from,
                date_to=date_to,
                sort=SortKey.IMPORTED,
                descending=False,
                limit=MAX_LIMIT,
                offset=offset,
            )
        )
        yield from page.exams
        offset += len(page.exams)
        if not page.exams or offset >= page.total:
            return
