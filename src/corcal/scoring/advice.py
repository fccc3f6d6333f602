"""When a person should look at an automatic score before it is used, and why.

One table of limits. They are corcal's own, chosen so that what could change a decision is shown and
the rest is not; no guideline gives them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from corcal.ct.scan import Finding, Severity
from corcal.ct.suitability.verdict import Verdict
from corcal.lesions.decision import Decision, Detection
from corcal.lesions.places import slices_named
from corcal.lesions.sites import CORONARY_SITES
from corcal.scoring.categories import CATEGORIES, category_of
from corcal.scoring.types import Lesion, Score
from corcal.scoring.uncertainty import ScoreUncertainty

__all__ = ["REVIEW_LIMITS", "Advice", "ReviewLimit", "review_advice"]

_SMALLEST_DIFFERENCE = 5.0  # Agatston units: less is noise, whatever part of the total it is


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLimit:
    """One limit beyond which a review is advised.

    Attributes
    ----------
    name : str
        As in the table of limits.
    value : float
        The limit.
    meaning : str
        What is compared with it, for the documentation.
    """

    name: str
    value: float
    meaning: str


_TABLE = (
    ReviewLimit(
        name="doubtful_from",
        value=0.15,
        meaning="a lesion is doubtful from this coronary probability ...",
    ),
    ReviewLimit(name="doubtful_to", value=0.85, meaning="... to this one"),
    ReviewLimit(
        name="large_part",
        value=0.10,
        meaning="a lesion is large above this part of the total with it, or if it moves the "
        "category",
    ),
    ReviewLimit(
        name="sure_of_zero",
        value=0.90,
        meaning="a zero is sure from this probability of category 0",
    ),
    ReviewLimit(
        name="sure_of_category",
        value=0.80,
        meaning="any other category is sure from this probability",
    ),
    ReviewLimit(
        name="detectors_differ",
        value=0.10,
        meaning="two detectors disagree if their totals differ by more than this part of the "
        "larger one and by more than 5 Agatston units, or in their category",
    ),
)

REVIEW_LIMITS: dict[str, ReviewLimit] = {limit.name: limit for limit in _TABLE}
"""All limits, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Whether a person should look at a score before it is used, and why.

    Attributes
    ----------
    advised : bool
        Whether there is a reason.
    reasons : tuple of str
        One sentence each, of a doubt that can be named.
    """

    advised: bool
    reasons: tuple[str, ...]


def review_advice(
    detection: Detection,
    anatomy_findings: Iterable[Finding],
    uncertainty: ScoreUncertainty,
    score: Score,
    verdict: Verdict,
    *,
    lesions: Mapping[int, Lesion] | None = None,
) -> Advice:
    """Say whether a person should look at an automatic score, and why.

    Parameters
    ----------
    detection : Detection
        What the score was made from.
    anatomy_findings : iterable of Finding
        `corcal.anatomy.Anatomy.findings`: implausible sizes, a heart that is cut.
    uncertainty : ScoreUncertainty
        How sure the score is.
    score : Score
        What is printed.
    verdict : Verdict
        Whether the scan is fit.
    lesions : mapping of int to Lesion, optional
        By `Decision.voxel`, the measured lesion that it counts in: the reasons name it, because
        what was decided about may be a piece of it and then has another score.

    Returns
    -------
    Advice
        Advised if any doubt can be named.
    """
    total = score.total.agatston
    reasons = (
        *_of_category(total, uncertainty),
        *_of_lesions(detection, total, lesions or {}),
        *_of_findings(anatomy_findings, "the anatomy is in doubt"),
        *_of_findings(detection.findings, "the detection warns"),
        *_of_second(detection),
        *_of_verdict(verdict),
    )
    return Advice(advised=bool(reasons), reasons=reasons)


def _limit(name: str) -> float:
    return REVIEW_LIMITS[name].value


def _of_category(total: float, uncertainty: ScoreUncertainty) -> list[str]:
    category = category_of(total)
    probability = uncertainty.categories[category]
    if category == CATEGORIES[0]:
        if probability >= _limit("sure_of_zero"):
            return []
        return [
            f"the score is 0, but some coronary calcium is there with a probability of "
            f"{_percent(1.0 - probability)} (95 % interval up to {uncertainty.total.high:.0f})"
        ]
    if probability >= _limit("sure_of_category"):
        return []
    return [f"the category {category} has a probability of {_percent(probability)} only"]


def _of_lesions(detection: Detection, total: float, lesions: Mapping[int, Lesion]) -> list[str]:
    """Name each large lesion that may or may not be coronary."""
    reasons = []
    for decision in detection.decisions:
        p = decision.coronary_probability
        if _limit("doubtful_from") <= p <= _limit("doubtful_to") and _is_large(decision, total):
            reasons.append(
                f"{_named(decision, lesions.get(decision.voxel), detection.voxels.shape)} is "
                f"coronary with a probability of {_percent(p)}, most likely of the "
                f"{_likeliest(decision)}; it is counted as {decision.site.replace('_', ' ')}"
            )
    return reasons


def _likeliest(decision: Decision) -> str:
    """Name the artery that it would be of."""
    arteries = (site.label for site in CORONARY_SITES)
    return max(arteries, key=lambda name: decision.probabilities.get(name, 0.0))


def _named(decision: Decision, lesion: Lesion | None, shape: tuple[int, int, int]) -> str:
    """Say how much was decided about, where it lies, and in which lesion as they were found.

    A review that has begun keeps the reason, and may number the lesions otherwise.
    """
    amount, own_slice = f"{decision.agatston:.1f}", decision.voxel // (shape[1] * shape[2])
    place = f"in {slices_named((own_slice,))}"
    if lesion is None:
        return f"a lesion of {amount} Agatston units {place}"
    whole = f"{lesion.agatston:.1f}"
    if amount == whole:
        place = f"in {slices_named(lesion.slices)}"
        return f"a lesion of {amount} Agatston units {place}, found as {lesion.id},"
    return f"a piece of {amount} Agatston units {place}, of the {whole} found as {lesion.id},"


def _is_large(decision: Decision, total: float) -> bool:
    """Whether the total with or without a lesion is something else."""
    without = max(total - decision.agatston, 0.0) if decision.is_coronary else total
    together = without + decision.agatston
    return decision.agatston > _limit("large_part") * together or category_of(
        without
    ) != category_of(together)


def _of_findings(findings: Iterable[Finding], about: str) -> list[str]:
    return [f"{about}: {each.message}" for each in findings if each.severity is not Severity.INFO]


def _of_second(detection: Detection) -> list[str]:
    """Compare the totals of two detectors, both by the textbook rule."""
    if detection.second_agatston is None:
        return []
    first, second = detection.agatston, detection.second_agatston
    is_far = abs(first - second) > max(
        _limit("detectors_differ") * max(first, second), _SMALLEST_DIFFERENCE
    )
    if not is_far and category_of(first) == category_of(second):
        return []
    return [f"two detectors disagree: {first:.1f} and {second:.1f} Agatston units"]


def _of_verdict(verdict: Verdict) -> list[str]:
    if verdict is Verdict.FIT:
        return []
    if verdict is Verdict.CAUTION:
        return ["the scan can be scored, and must be read with care"]
    return ["the scan is not fit for calcium scoring"]


def _percent(probability: float) -> str:
    return f"{100.0 * probability:.0f} %"
