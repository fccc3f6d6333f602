"""The automatic middle of the straight line: locate, detect, and say how sure it is."""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from corcal.anatomy.types import Anatomy, AnatomySource, ModelRecord
from corcal.ct.scan import CTScan
from corcal.ct.suitability import SeriesKind, Suitability
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.decision import Decision, Detection
from corcal.lesions.sites import Vessel
from corcal.result import ReviewAdvice
from corcal.scoring.measure import Measurement
from corcal.scoring.rules import ScoringRule
from corcal.scoring.types import Lesion

__all__ = ["Automatic", "find_calcium", "with_certainty"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """What was found in a scan without a person.

    Attributes
    ----------
    anatomy : Anatomy
        Where the heart is.
    detection : Detection
        What each candidate is taken for.
    detector : ModelRecord
        Which model decided.
    """

    anatomy: Anatomy
    detection: Detection
    detector: ModelRecord


def find_calcium(
    scan: CTScan, rule: ScoringRule, *, source: AnatomySource | None = None
) -> Automatic:
    """Locate the heart and decide what each candidate is.

    Parameters
    ----------
    scan : CTScan
        The scan.
    rule : ScoringRule
        Candidates are what reaches its threshold, or 130 HU where that is lower.
    source : AnatomySource, optional
        Who says where the heart is; corcal's own networks by default.

    Raises
    ------
    InputError
        If a model is missing or its hash is unknown.
    """
    # onnxruntime takes a third of a second to import: only for scores without annotation
    from corcal.anatomy.network import NetworkSource
    from corcal.lesions.classifier import SiteClassifier
    from corcal.lesions.detect import detect

    anatomy = (source or NetworkSource()).locate(scan)
    classifier = SiteClassifier()
    threshold_hu = min(CALCIUM_THRESHOLD_HU, rule.threshold_hu)
    detection = detect(scan, anatomy, classifier=classifier, threshold_hu=threshold_hu)
    return Automatic(anatomy=anatomy, detection=detection, detector=classifier.record)


def with_certainty(
    measurement: Measurement,
    automatic: Automatic,
    scan: CTScan,
    rule: ScoringRule,
    suitability: Suitability,
) -> tuple[Measurement, ReviewAdvice]:
    """Give a measurement its intervals, its categories and its reasons, and advice on review."""
    from corcal.scoring.advice import review_advice
    from corcal.scoring.uncertainty import uncertainty

    detection = automatic.detection
    sure = uncertainty(
        scan,
        detection.voxels,
        detection,
        rule,
        detection.noise_sd_hu,
        is_gated=suitability.kind is not SeriesKind.CHEST_NONCONTRAST,
    )
    score = measurement.score
    vessels = {
        name: replace(part, interval=sure.vessels[Vessel(name)])
        for name, part in score.vessels.items()
    }
    score = replace(
        score,
        total=replace(score.total, interval=sure.total),
        vessels=vessels,
        category_probabilities=sure.categories,
    )
    advice = review_advice(detection, automatic.anatomy.findings, sure, score, suitability.verdict)
    explained = replace(measurement, score=score, lesions=_explained(measurement, detection))
    return explained, ReviewAdvice(advised=advice.advised, reasons=advice.reasons)


def _explained(measurement: Measurement, detection: Detection) -> tuple[Lesion, ...]:
    """Give each measured lesion the doubts and reasons of the decisions that it is made of."""
    decisions = defaultdict(list)
    index = measurement.voxel_index
    for decision in detection.decisions:
        at = int(np.searchsorted(index, decision.voxel))
        if at < len(index) and index[at] == decision.voxel:
            decisions[int(measurement.voxel_lesion[at])].append(decision)
    return tuple(
        replace(lesion, probabilities=_mean(decisions[row]), why=_largest(decisions[row]).why)
        if row in decisions
        else lesion
        for row, lesion in enumerate(measurement.lesions)
    )


def _largest(decisions: list[Decision]) -> Decision:
    return max(decisions, key=lambda one: one.agatston)


def _mean(decisions: list[Decision]) -> dict[str, float]:
    """Mean over the pieces of a lesion, weighted by what depends on each."""
    weights = np.array([max(one.agatston, 1e-3) for one in decisions])
    weights /= weights.sum()
    return {
        site: float(
            sum(w * one.probabilities[site] for w, one in zip(weights, decisions, strict=True))
        )
        for site in decisions[0].probabilities
    }
