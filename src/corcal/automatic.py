"""The automatic middle of the straight line: locate, detect, and say how sure it is."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from corcal.anatomy.types import Anatomy, AnatomySource, ModelRecord
from corcal.ct.scan import CTScan, Severity
from corcal.ct.suitability import SeriesKind, Suitability
from corcal.errors import UnfitError
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.components import label_volume
from corcal.lesions.decision import Decision, Detection
from corcal.lesions.sites import Vessel
from corcal.lesions.voxels import SiteVoxels
from corcal.result import ReviewAdvice
from corcal.scoring.measure import Measurement
from corcal.scoring.rules import ScoringRule
from corcal.scoring.types import Lesion

__all__ = ["Automatic", "explained_lesions", "find_calcium", "with_certainty"]

# As the kind of series was judged; of other kinds only what the tags prove counts
_GATING = {SeriesKind.GATED_CALCIUM: True, SeriesKind.CHEST_NONCONTRAST: False}


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
    UnfitError
        If no heart was found: a score of 0 would say that it was looked at.
    """
    # onnxruntime takes a third of a second to import: only for scores without annotation
    from corcal.anatomy.network import NetworkSource
    from corcal.lesions.classifier import load_classifier
    from corcal.lesions.detect import detect

    classifier = load_classifier()  # before the anatomy: a missing model is told at once
    anatomy = (source or NetworkSource()).locate(scan)
    _require_heart(anatomy)
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
        is_gated=_GATING.get(suitability.kind),
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
    advice = review_advice(
        detection,
        automatic.anatomy.findings,
        sure,
        score,
        suitability,
        lesions=_lesions_at(measurement, detection.decisions),
        measured=measurement.findings,
    )
    lesions = explained_lesions(measurement, detection.voxels, detection.decisions)
    explained = replace(measurement, score=score, lesions=lesions)
    return explained, ReviewAdvice(
        advised=advice.advised, reasons=advice.reasons, contested=advice.contested
    )


def _lesions_at(measurement: Measurement, decisions: Iterable[Decision]) -> dict[int, Lesion]:
    """Find the measured lesion that the densest voxel of each decision counts in, if it counts."""
    of_voxel = {
        int(index): int(lesion)
        for index, lesion in zip(measurement.voxel_index, measurement.voxel_lesion, strict=True)
    }
    return {
        one.voxel: measurement.lesions[of_voxel[one.voxel]]
        for one in decisions
        if one.voxel in of_voxel
    }


def _require_heart(anatomy: Anatomy) -> None:
    reasons = [one.message for one in anatomy.findings if one.severity is Severity.ERROR]
    if reasons:
        msg = (
            f"nothing can be found automatically: {'; '.join(reasons)} "
            "(--annotations scores what a person has marked)"
        )
        raise UnfitError(msg)


def explained_lesions(
    measurement: Measurement, voxels: SiteVoxels, decisions_made: Iterable[Decision]
) -> tuple[Lesion, ...]:
    """Give each measured lesion the doubts and reasons of the decisions that it is made of.

    A rule can count a part of what was decided about, and the densest voxel need not be in it: so
    lesion and decision belong together if they lie in one connected piece of a site's calcium.

    Parameters
    ----------
    measurement : Measurement
        Of these voxels.
    voxels : SiteVoxels
        What was measured.
    decisions_made : iterable of Decision
        By which the voxels have their sites.
    """
    part = label_volume(voxels.index, voxels.shape, connectivity=26, group=voxels.site)
    decisions = defaultdict(list)
    for decision in decisions_made:
        at = int(np.searchsorted(voxels.index, decision.voxel))
        if at < len(part) and voxels.index[at] == decision.voxel:
            decisions[int(part[at])].append(decision)
    # every lesion has voxels, so its first one stands at its own position in the list of lesions
    _, first = np.unique(measurement.voxel_lesion, return_index=True)
    at_first = np.searchsorted(voxels.index, measurement.voxel_index[first])
    return tuple(
        _with_decisions(lesion, decisions[int(one)])
        for lesion, one in zip(measurement.lesions, part[at_first], strict=True)
    )


def _with_decisions(lesion: Lesion, decisions: list[Decision]) -> Lesion:
    if not decisions:
        return lesion
    return replace(lesion, probabilities=_mean(decisions), why=_largest(decisions).why)


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
