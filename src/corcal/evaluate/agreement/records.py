"""The record of a study of agreement: what ``corcal evaluate`` found, scan by scan and together."""

from dataclasses import dataclass

from corcal.evaluate.agreement.certainty import Coverage, ReliabilityBin
from corcal.evaluate.agreement.lesion_match import Confusion, LesionMatch
from corcal.evaluate.agreement.resample import Resampling
from corcal.evaluate.agreement.statistics import BlandAltman, Estimate, Proportion
from corcal.result import RESEARCH_USE
from corcal.scoring.types import Interval

__all__ = [
    "AgatstonScores",
    "AgreementReport",
    "CategoryAgreement",
    "CertaintyAgreement",
    "LesionAgreement",
    "ScanRow",
    "ScoreAgreement",
    "SizeClassFound",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgatstonScores:
    """The scores of one scan, as far as they are known.

    Attributes
    ----------
    total : float or None
        Of the four arteries together.
    vessels : dict
        By ``LM``, ``LAD``, ``LCX``, ``RCA``; an artery that is not known is not there.
    """

    total: float | None
    vessels: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRow:
    """One scan of the study.

    Attributes
    ----------
    name : str
        What the study calls it.
    patient : str
        Scans of one patient are drawn together for the intervals.
    failure : str or None
        Why there is no comparison; then all below is absent.
    kind, verdict : str or None
        What the scan is, and whether it is fit for scoring, as the automatic result says.
    reference, automatic : AgatstonScores or None
        What is compared.
    reference_category, automatic_category : str or None
        Of the totals.
    interval : Interval or None
        Stated for the automatic total.
    category_probabilities : dict or None
        Stated for the automatic total.
    review_advised : bool or None
        Whether the automatic score asked for a person; ``None`` if it does not say.
    match : LesionMatch or None
        Lesion by lesion; ``None`` if the reference is numbers alone.
    notes : tuple of str
        What a reader of the row should know.
    """

    name: str
    patient: str
    failure: str | None = None
    kind: str | None = None
    verdict: str | None = None
    reference: AgatstonScores | None = None
    automatic: AgatstonScores | None = None
    reference_category: str | None = None
    automatic_category: str | None = None
    interval: Interval | None = None
    category_probabilities: dict[str, float] | None = None
    review_advised: bool | None = None
    match: LesionMatch | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreAgreement:
    """Agreement of the Agatston scores of the total or of one artery.

    Attributes
    ----------
    name : str
        ``"total"`` or the artery.
    scans : int
        Scans that have both scores.
    close : Proportion
        Scans within 10 % of the reference or 5 Agatston, whichever is more.
    icc : Estimate
        ICC(2,1), absolute agreement, with the interval by F, which supposes normal scores.
    icc_bootstrap : Estimate
        The same with a bootstrap interval, which does not.
    icc_log : Estimate
        ICC(2,1) of ln(score + 1), where a few large scores do not decide.
    concordance : Estimate
        Lin's coefficient with a bootstrap interval.
    bland_altman : BlandAltman
        Automatic minus reference, Agatston, with intervals by t, which suppose normal differences.
    bias, lower_limit, upper_limit : Estimate
        The same with bootstrap intervals, which do not.
    bland_altman_log : BlandAltman
        The same of ln(score + 1): the exponential is a ratio of score + 1.
    """

    name: str
    scans: int
    close: Proportion
    icc: Estimate
    icc_bootstrap: Estimate
    icc_log: Estimate
    concordance: Estimate
    bland_altman: BlandAltman
    bias: Estimate
    lower_limit: Estimate
    upper_limit: Estimate
    bland_altman_log: BlandAltman


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryAgreement:
    """Agreement of the categories of the total.

    Attributes
    ----------
    labels : tuple of str
        Of rows and columns.
    table : tuple of tuple of int
        Scans, (reference, automatic).
    same : Proportion
        Scans of the same category.
    kappa_linear, kappa_quadratic : Estimate
        Weighted kappa with a bootstrap interval.
    calcium_called_calcium : Proportion
        Sensitivity for a score above zero.
    zero_called_zero : Proportion
        Specificity.
    """

    labels: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]
    same: Proportion
    kappa_linear: Estimate
    kappa_quadratic: Estimate
    calcium_called_calcium: Proportion
    zero_called_zero: Proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeClassFound:
    """How many reference lesions of one size were found."""

    label: str
    found: Proportion


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionAgreement:
    """Agreement lesion by lesion, of the scans whose reference is voxels.

    Attributes
    ----------
    scans : int
        Scans with such a reference.
    found : Proportion
        Reference lesions that were found; its interval takes lesions as independent.
    sensitivity : Estimate
        The same with an interval by patient.
    by_size : tuple of SizeClassFound
        Of every size class, also of those without a lesion.
    false_count : int
        False lesions in all scans.
    false_per_scan : Estimate
        Their mean, with an interval by patient.
    scans_without_false : Proportion
        Scans without a false lesion.
    most_false_in_a_scan : int
        Their maximum.
    largest_false_agatston : float
        Of all of them; 0 if there is none.
    right_artery_of_all : Estimate
        Part of the reference score that was found and given its artery, with an interval by
        patient.
    right_artery_of_found : Estimate
        The same of the part that was found.
    confusion : Confusion
        Of all scans together.
    """

    scans: int
    found: Proportion
    sensitivity: Estimate
    by_size: tuple[SizeClassFound, ...]
    false_count: int
    false_per_scan: Estimate
    scans_without_false: Proportion
    most_false_in_a_scan: int
    largest_false_agatston: float
    right_artery_of_all: Estimate
    right_artery_of_found: Estimate
    confusion: Confusion


@dataclass(frozen=True, slots=True, kw_only=True)
class CertaintyAgreement:
    """Whether the stated certainty is honest, of the scans that state one.

    Attributes
    ----------
    intervals : tuple of Coverage
        By stated level.
    probability_scans : int
        Scans with probabilities of the categories.
    brier, brier_zero : float or None
        Of the four categories; of zero against not zero.
    base_rate_brier, base_rate_brier_zero : float or None
        What stating the frequencies of this study for every scan would get.
    zero_bins : tuple of ReliabilityBin
        Of the probability of zero.
    called_bins : tuple of ReliabilityBin
        Of the probability of the most probable category.
    """

    intervals: tuple[Coverage, ...]
    probability_scans: int
    brier: float | None
    brier_zero: float | None
    base_rate_brier: float | None
    base_rate_brier_zero: float | None
    zero_bins: tuple[ReliabilityBin, ...]
    called_bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementReport:
    """A whole study.

    Attributes
    ----------
    software, software_version : str
        What made it.
    resampling : Resampling
        Draws, seed and level of the bootstrap intervals; the level is that of all intervals.
    scans : tuple of ScanRow
        In the order of the study, failed ones included.
    compared, failed : int
        Scans with a comparison, and without.
    patients : int
        Patients among the compared scans.
    review_advised : Proportion
        Among the scans that say whether a review is advised.
    scores : tuple of ScoreAgreement
        The total, then the four arteries; one that no scan has is not there.
    categories : CategoryAgreement or None
        ``None`` if no scan has both totals.
    lesions : LesionAgreement or None
        ``None`` if no reference is voxels.
    certainty : CertaintyAgreement or None
        ``None`` if no automatic score states one.
    left_main_in_lad : bool
        Whether the left main is counted with the LAD, on both sides.
    without_reference : int
        Scans that no reference is of; of what was scored before, the scored ones.
    """

    software: str
    software_version: str
    resampling: Resampling
    scans: tuple[ScanRow, ...]
    compared: int
    failed: int
    patients: int
    review_advised: Proportion
    scores: tuple[ScoreAgreement, ...]
    categories: CategoryAgreement | None
    lesions: LesionAgreement | None
    certainty: CertaintyAgreement | None
    left_main_in_lad: bool = False
    without_reference: int = 0
    statement: str = RESEARCH_USE
