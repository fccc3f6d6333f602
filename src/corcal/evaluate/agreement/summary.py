"""From the rows of a study to its statistics."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corcal._version import __version__
from corcal.evaluate.agreement.certainty import (
    base_rate_brier,
    brier,
    coverage,
    reliability_bins,
)
from corcal.evaluate.agreement.lesion_match import (
    SIZE_CLASSES,
    Confusion,
    LesionMatch,
    size_class_of,
)
from corcal.evaluate.agreement.records import (
    AgreementReport,
    CategoryAgreement,
    CertaintyAgreement,
    LesionAgreement,
    ScanRow,
    ScoreAgreement,
    SizeClassFound,
)
from corcal.evaluate.agreement.resample import (
    DEFAULT_RESAMPLING,
    Resampling,
    Statistic,
    bootstrap_estimate,
)
from corcal.evaluate.agreement.statistics import (
    SD_OF_LIMITS,
    Estimate,
    bland_altman,
    category_table,
    concordance,
    disagreement_weights,
    icc_absolute,
    proportion,
    weighted_kappa,
)
from corcal.lesions.sites import Vessel
from corcal.scoring.categories import CATEGORIES, category_of

__all__ = ["summarise"]

# What passes as the same score (corcal's decision): reference score and automatic score within
# 10 % of the reference, or within 5 Agatston where that is more.
CLOSE_RELATIVE = 0.10
CLOSE_AGATSTON = 5.0

_Floats = NDArray[np.float64]
_Rows = NDArray[np.intp]


def summarise(
    rows: Sequence[ScanRow], *, resampling: Resampling = DEFAULT_RESAMPLING
) -> AgreementReport:
    """Compute every statistic of a study.

    Parameters
    ----------
    rows : sequence of ScanRow
        All scans, failed ones too.
    resampling : Resampling
        Draws and seed of the bootstrap intervals, and the level of all intervals.

    Returns
    -------
    AgreementReport
        The same rows give the same report.
    """
    compared = [row for row in rows if row.failure is None]
    advised = [row.review_advised for row in compared if row.review_advised is not None]
    scores = [_score_agreement(name, compared, resampling) for name in ("total", *Vessel)]
    return AgreementReport(
        software="corcal",
        software_version=__version__,
        resampling=resampling,
        scans=tuple(rows),
        compared=len(compared),
        failed=len(rows) - len(compared),
        patients=len({row.patient for row in compared}),
        review_advised=proportion(sum(advised), len(advised), level=resampling.level),
        scores=tuple(score for score in scores if score.scans),
        categories=_category_agreement(compared, resampling),
        lesions=_lesion_agreement(compared, resampling),
        certainty=_certainty_agreement(compared, resampling),
    )


def _pair(row: ScanRow, name: str) -> tuple[float, float] | None:
    """Return reference and automatic score of the total or of an artery, if the scan has both."""
    if row.reference is None or row.automatic is None:
        return None
    if name == "total":
        both = (row.reference.total, row.automatic.total)
    else:
        both = (row.reference.vessels.get(name), row.automatic.vessels.get(name))
    return None if both[0] is None or both[1] is None else (both[0], both[1])


def _score_agreement(name: str, rows: Sequence[ScanRow], resampling: Resampling) -> ScoreAgreement:
    """Compare one score of all scans that have it twice."""
    with_both = [(row.patient, pair) for row in rows if (pair := _pair(row, name)) is not None]
    patients = [patient for patient, _ in with_both]
    pairs = np.array([pair for _, pair in with_both], dtype=np.float64).reshape(-1, 2)
    logs = np.log1p(pairs)
    true, found = pairs[:, 0], pairs[:, 1]

    def lin(of: _Rows) -> float | None:
        return concordance(true[of], found[of])

    differences = found - true

    def difference(standard_deviations: float) -> Estimate:
        return bootstrap_estimate(
            _limit_of(differences, standard_deviations), patients, resampling=resampling
        )

    level = resampling.level
    near = np.abs(found - true) <= np.maximum(CLOSE_RELATIVE * true, CLOSE_AGATSTON)
    return ScoreAgreement(
        name=str(name),
        scans=len(pairs),
        close=proportion(int(near.sum()), near.size, level=level),
        icc=icc_absolute(pairs, level=level),
        icc_bootstrap=bootstrap_estimate(_icc_of(pairs), patients, resampling=resampling),
        icc_log=bootstrap_estimate(_icc_of(logs), patients, resampling=resampling),
        concordance=bootstrap_estimate(lin, patients, resampling=resampling),
        bland_altman=bland_altman(found, true, level=level),
        bias=difference(0.0),
        lower_limit=difference(-SD_OF_LIMITS),
        upper_limit=difference(SD_OF_LIMITS),
        bland_altman_log=bland_altman(logs[:, 1], logs[:, 0], level=level),
    )


def _icc_of(pairs: _Floats) -> Statistic:
    """ICC(2,1) of some of the rows, without the interval that each draw would pay for."""

    def statistic(of: _Rows) -> float | None:
        return icc_absolute(pairs[of], level=None).value

    return statistic


def _limit_of(differences: _Floats, standard_deviations: float) -> Statistic:
    """Mean of some of the differences, plus so many of their standard deviations."""

    def statistic(of: _Rows) -> float | None:
        if of.size < 2 and standard_deviations:
            return None
        drawn = differences[of]
        spread = float(drawn.std(ddof=1)) if standard_deviations else 0.0
        return float(drawn.mean()) + standard_deviations * spread

    return statistic


def _category_agreement(
    rows: Sequence[ScanRow], resampling: Resampling
) -> CategoryAgreement | None:
    """Compare the categories of the totals."""
    with_both = [(row.patient, pair) for row in rows if (pair := _pair(row, "total")) is not None]
    if not with_both:
        return None
    patients = [patient for patient, _ in with_both]
    true, found = ([pair[side] for _, pair in with_both] for side in (0, 1))
    table = category_table(true, found)
    places = np.array(
        [[CATEGORIES.index(category_of(score)) for score in pair] for _, pair in with_both]
    )
    level, is_same = resampling.level, int(np.trace(table))
    return CategoryAgreement(
        labels=CATEGORIES,
        table=tuple(tuple(row) for row in table.tolist()),
        same=proportion(is_same, len(with_both), level=level),
        kappa_linear=bootstrap_estimate(
            _kappa_of(places, disagreement_weights(len(CATEGORIES), "linear")),
            patients,
            resampling=resampling,
        ),
        kappa_quadratic=bootstrap_estimate(
            _kappa_of(places, disagreement_weights(len(CATEGORIES), "quadratic")),
            patients,
            resampling=resampling,
        ),
        calcium_called_calcium=proportion(
            int(table[1:, 1:].sum()), int(table[1:].sum()), level=level
        ),
        zero_called_zero=proportion(int(table[0, 0]), int(table[0].sum()), level=level),
    )


def _kappa_of(places: NDArray[np.integer], weights: _Floats) -> Statistic:
    """Weighted kappa of some of the rows, each (reference, automatic) as positions."""
    size = len(CATEGORIES)

    def statistic(of: _Rows) -> float | None:
        cell = places[of, 0] * size + places[of, 1]
        return weighted_kappa(np.bincount(cell, minlength=size**2).reshape(size, size), weights)

    return statistic


def _lesion_agreement(rows: Sequence[ScanRow], resampling: Resampling) -> LesionAgreement | None:
    """Compare the lesions of the scans whose reference is voxels."""
    with_match = [(row.patient, row.match) for row in rows if row.match is not None]
    if not with_match:
        return None
    patients = [patient for patient, _ in with_match]
    matches = [match for _, match in with_match]
    lesions = [lesion for match in matches for lesion in match.reference]
    false = [len(match.false) for match in matches]
    level = resampling.level

    def ratio(upper: Sequence[float], lower: Sequence[float]) -> Estimate:
        return bootstrap_estimate(_ratio_of(upper, lower), patients, resampling=resampling)

    found = [sum(lesion.is_found for lesion in match.reference) for match in matches]
    right = [match.confusion.right_artery_agatston for match in matches]
    return LesionAgreement(
        scans=len(matches),
        found=proportion(sum(found), len(lesions), level=level),
        sensitivity=ratio(found, [len(match.reference) for match in matches]),
        by_size=_found_by_size(matches, level),
        false_count=sum(false),
        false_per_scan=ratio(false, [1] * len(matches)),
        scans_without_false=proportion(false.count(0), len(false), level=level),
        most_false_in_a_scan=max(false),
        largest_false_agatston=max(
            (lesion.agatston for match in matches for lesion in match.false), default=0.0
        ),
        right_artery_of_all=ratio(right, [m.confusion.reference_agatston for m in matches]),
        right_artery_of_found=ratio(right, [m.confusion.found_agatston for m in matches]),
        confusion=_pooled([match.confusion for match in matches]),
    )


def _ratio_of(upper: Sequence[float], lower: Sequence[float]) -> Statistic:
    """Sum over sum of some of the rows; undefined over nothing."""
    above, below = np.array(upper, dtype=np.float64), np.array(lower, dtype=np.float64)

    def statistic(of: _Rows) -> float | None:
        total = below[of].sum()
        return float(above[of].sum() / total) if total > 0 else None

    return statistic


def _found_by_size(matches: Sequence[LesionMatch], level: float) -> tuple[SizeClassFound, ...]:
    """Count the lesions of each size class, and those found."""
    lesions = [lesion for match in matches for lesion in match.reference]
    classes = []
    for size in SIZE_CLASSES:
        of_size = [lesion for lesion in lesions if size_class_of(lesion.agatston) is size]
        found = sum(lesion.is_found for lesion in of_size)
        classes.append(
            SizeClassFound(label=size.label, found=proportion(found, len(of_size), level=level))
        )
    return tuple(classes)


def _pooled(confusions: Sequence[Confusion]) -> Confusion:
    """Add up the tables of all scans."""
    voxels = np.sum([one.voxels for one in confusions], axis=0)
    agatston = np.sum([one.agatston for one in confusions], axis=0)
    return Confusion(
        voxels=tuple(tuple(row) for row in voxels.tolist()),
        agatston=tuple(tuple(row) for row in agatston.tolist()),
    )


def _certainty_agreement(
    rows: Sequence[ScanRow], resampling: Resampling
) -> CertaintyAgreement | None:
    """Judge the stated intervals and probabilities by the reference totals."""
    known = [
        (row, row.reference.total, row.reference_category)
        for row in rows
        if row.reference is not None
        and row.reference.total is not None
        and row.reference_category is not None
    ]
    intervals = [(row.interval, total) for row, total, _ in known if row.interval is not None]
    stated = [
        (row.category_probabilities, category)
        for row, _, category in known
        if row.category_probabilities is not None
    ]
    if not intervals and not stated:
        return None
    probabilities, happened = [one for one, _ in stated], [category for _, category in stated]
    level, zero = resampling.level, CATEGORIES[:1]
    called = [max(CATEGORIES, key=lambda name: one.get(name, 0.0)) for one in probabilities]
    return CertaintyAgreement(
        intervals=coverage(
            [one for one, _ in intervals], [total for _, total in intervals], level=level
        ),
        probability_scans=len(stated),
        brier=brier(probabilities, happened),
        brier_zero=brier(probabilities, happened, categories=zero),
        base_rate_brier=base_rate_brier(happened),
        base_rate_brier_zero=base_rate_brier(happened, categories=zero),
        zero_bins=reliability_bins(
            [one.get("0", 0.0) for one in probabilities],
            [category == "0" for category in happened],
            level=level,
        ),
        called_bins=reliability_bins(
            [one.get(name, 0.0) for one, name in zip(probabilities, called, strict=True)],
            [name == category for name, category in zip(called, happened, strict=True)],
            level=level,
        ),
    )
