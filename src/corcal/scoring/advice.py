"""When a person should look at an automatic score before it is used, and why.

One table of limits. They are corcal's own, chosen so that what could change a decision is shown and
the rest is not; no guideline gives them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from corcal.ct.scan import Finding, Severity
from corcal.ct.suitability.verdict import Suitability, Verdict
from corcal.lesions.decision import Decision, Detection
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.scoring.categories import CATEGORIES, category_of
from corcal.scoring.contested import (
    SMALL_NAMED,
    Candidate,
    as_contested,
    candidates_of,
    difference_words,
    named,
    small_named,
)
from corcal.scoring.types import Contested, Lesion, Score
from corcal.scoring.uncertainty import ScoreUncertainty

__all__ = ["REVIEW_LIMITS", "Advice", "ReviewLimit", "review_advice"]

_MOST_CONTESTED = 20  # largest first
_WRONG_RULE = "RULE_NOT_FOR_KVP"
_LEAST_TOLD = 0.005  # a probability below this is not written
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
        name="sure_of_artery",
        value=0.90,
        meaning="the artery of a lesion is sure from this part of its coronary probability; if it "
        "is not, that is said, and is no reason for a review",
    ),
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
    ReviewLimit(
        name="large_noise",
        value=100.0,
        meaning="noise is large from this Agatston score: specks are not, and what is may hold "
        "calcium",
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
        One sentence each, of a doubt that can be named: of candidates first, then of the category,
        then of the scan.
    contested : tuple of Contested
        The candidates that reasons are about, in descending Agatston score; the largest 20.
    """

    advised: bool
    reasons: tuple[str, ...]
    contested: tuple[Contested, ...] = ()


def review_advice(
    detection: Detection,
    anatomy_findings: Iterable[Finding],
    uncertainty: ScoreUncertainty,
    score: Score,
    suitability: Suitability,
    *,
    lesions: Mapping[int, Lesion] | None = None,
    measured: Iterable[Finding] = (),
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
    suitability : Suitability
        Whether the scan is fit, and what speaks against it.
    lesions : mapping of int to Lesion, optional
        By `Decision.voxel`, the measured lesion that it counts in: the reasons name it, because
        what was decided about may be a piece of it and then has another score.
    measured : iterable of Finding
        `corcal.scoring.measure.Measurement.findings`: a rule for other scans than this one.

    Returns
    -------
    Advice
        Advised if any doubt can be named.
    """
    total = score.total.agatston
    candidates = candidates_of(detection, lesions or {})
    doubtful = [one for one in candidates if _is_doubtful(one.decision, total)]
    moved = [one for one in candidates if one.is_moved] if _disagree(detection) else []
    noisy = [one for one in candidates if _is_large_noise(one.decision)]
    small = [] if total else [one for one in candidates if one.is_too_small]
    reasons = (
        *_of_noise([one for one in noisy if one not in moved]),
        *map(_doubt_words, doubtful),
        *_of_small(small),
        *_of_second(detection, moved),
        *_of_findings(detection.findings, "the detection warns"),
        *_of_category(total, uncertainty),
        *_of_findings(anatomy_findings, "the anatomy is in doubt"),
        *_of_scan(suitability),
        *(each.message for each in measured if each.code == _WRONG_RULE),
    )
    voxels = {one.decision.voxel for one in (*doubtful, *small, *moved, *noisy)}
    contested = [one for one in candidates if one.decision.voxel in voxels][:_MOST_CONTESTED]
    return Advice(
        advised=bool(reasons), reasons=reasons, contested=tuple(map(as_contested, contested))
    )


def _limit(name: str) -> float:
    return REVIEW_LIMITS[name].value


def _of_category(total: float, uncertainty: ScoreUncertainty) -> list[str]:
    category = category_of(total)
    probability = uncertainty.categories[category]
    if category == CATEGORIES[0]:
        if probability >= _limit("sure_of_zero"):
            return []
        return [
            f"the score is 0, but the true score is 1 or more with a probability of "
            f"{_percent(1.0 - probability)} (95 % interval up to {uncertainty.total.high:.0f})"
        ]
    if probability >= _limit("sure_of_category"):
        return []
    told = ", ".join(
        f"{name} with {_percent(chance)}"
        for name, chance in uncertainty.categories.items()
        if chance >= _LEAST_TOLD
    )
    return [f"the category is uncertain: {told}"]


def _is_doubtful(decision: Decision, total: float) -> bool:
    """Whether it may or may not be coronary, and is large."""
    p = decision.coronary_probability
    is_doubtful = _limit("doubtful_from") <= p <= _limit("doubtful_to")
    return is_doubtful and _is_large(decision, total)


def _doubt_words(candidate: Candidate) -> str:
    """Name a large candidate that may or may not be coronary."""
    decision = candidate.decision
    taken = "counted as" if decision.is_coronary else "taken for"
    other = _otherwise(decision) if decision.is_coronary else ""
    return (
        f"{named(candidate)}, is coronary with a probability of "
        f"{_percent(decision.coronary_probability)}, most likely of the {_likeliest(decision)}; "
        f"it is {taken} {decision.site.replace('_', ' ')}{other}"
    )


def _otherwise(decision: Decision) -> str:
    """Say what a coronary lesion would be if it were none, with its probability."""
    arteries = {site.label for site in CORONARY_SITES}
    others = {name: p for name, p in decision.probabilities.items() if name not in arteries}
    if not others:
        return ""
    name = max(others, key=lambda one: others[one])
    return f", and may be {name.replace('_', ' ')} ({_percent(others[name])})"


def _of_small(small: list[Candidate]) -> list[str]:
    """Name what is likely coronary where the score is 0, because none of it is large enough."""
    if not small:
        return []
    places = "; ".join(
        small_named(one, is_first=not k) for k, one in enumerate(small[:SMALL_NAMED])
    )
    rest = len(small) - SMALL_NAMED
    more = f"; and {rest} more" if rest > 0 else ""
    return [f"the score is 0, but likely coronary calcium is too small to count: {places}{more}"]


def _is_large_noise(decision: Decision) -> bool:
    return decision.site == Site.NOISE.label and decision.agatston >= _limit("large_noise")


def _of_noise(noisy: list[Candidate]) -> list[str]:
    """Name the largest that is taken for noise: too large for a speck, it may hold calcium."""
    if not noisy:
        return []
    rest = len(noisy) - 1
    more = f", and {rest} more like it" if rest else ""
    chance = _percent(noisy[0].decision.coronary_probability)
    return [
        f"{named(noisy[0])}, is taken for noise or an artefact (coronary with {chance}){more}: "
        "calcium that lies in it is not counted"
    ]


def _likeliest(decision: Decision) -> str:
    """Name the artery that it would be of; where that is doubtful, with the next one."""
    chances = {site.label: decision.probabilities.get(site.label, 0.0) for site in CORONARY_SITES}
    first, second, *_ = sorted(chances, key=lambda name: -chances[name])
    if chances[first] >= _limit("sure_of_artery") * sum(chances.values()):
        return first
    return f"{first} ({_percent(chances[first])}; {second} {_percent(chances[second])})"


def _is_large(decision: Decision, total: float) -> bool:
    """Whether the total with or without a lesion is something else."""
    without = max(total - decision.agatston, 0.0) if decision.is_coronary else total
    together = without + decision.agatston
    return decision.agatston > _limit("large_part") * together or category_of(
        without
    ) != category_of(together)


def _of_findings(findings: Iterable[Finding], about: str) -> list[str]:
    return [f"{about}: {each.message}" for each in findings if each.severity is not Severity.INFO]


def _disagree(detection: Detection) -> bool:
    """Compare the totals of two detectors, both by the textbook rule."""
    if detection.second_agatston is None:
        return False
    first, second = detection.agatston, detection.second_agatston
    limit = max(_limit("detectors_differ") * max(first, second), _SMALLEST_DIFFERENCE)
    return abs(first - second) > limit or category_of(first) != category_of(second)


def _of_second(detection: Detection, moved: list[Candidate]) -> list[str]:
    """Say which candidates a second detector takes for something else; none if they agree."""
    if not moved:
        return []
    first, second = detection.agatston, detection.second_agatston or 0.0
    return [
        f"a second detector, of rules, gives {_amount(second)} Agatston units instead of "
        f"{_amount(first)}: "
        f"{difference_words(moved)}"
    ]


def _amount(agatston: float) -> str:
    return f"{agatston:.1f}" if agatston else "0"


def _of_scan(suitability: Suitability) -> list[str]:
    """Say what speaks against the scan, in short: its findings say it at length."""
    is_unfit = suitability.verdict is Verdict.UNFIT
    if suitability.verdict is Verdict.FIT:
        return []
    worst = Severity.ERROR if is_unfit else Severity.WARNING
    told = [_cause(each) for each in suitability.findings if each.severity is worst]
    start = "the scan is not fit for calcium scoring" if is_unfit else "the scan is not ideal"
    return [f"{start}: {'; '.join(told)}" if told else start]


def _cause(found: Finding) -> str:
    """Give what was found, without what follows from it."""
    return re.split("[:;] ", found.message)[0].removesuffix(".")


def _percent(probability: float) -> str:
    return f"{100.0 * probability:.0f} %"
