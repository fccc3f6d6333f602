"""A study of agreement: score each scan, put it beside its reference, and sum up.

Scans are scored one after the other and only their rows are kept, so that a study needs the memory
of one scan.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from corcal.annotations import read_annotation
from corcal.ct.scan import CTScan, Severity
from corcal.errors import AnnotationError, CorcalError, InputError
from corcal.evaluate.agreement.automatic import AutomaticScore, automatic_of
from corcal.evaluate.agreement.cases import Case
from corcal.evaluate.agreement.left_main import (
    automatic_with_left_main,
    scores_with_left_main,
    voxels_with_left_main,
)
from corcal.evaluate.agreement.lesion_match import coronary_scores, match_lesions
from corcal.evaluate.agreement.records import AgatstonScores, AgreementReport, ScanRow
from corcal.evaluate.agreement.resample import DEFAULT_RESAMPLING, Resampling
from corcal.evaluate.agreement.summary import summarise
from corcal.lesions.sites import CORONARY_SITES
from corcal.lesions.voxels import SiteVoxels
from corcal.progress import Progress, no_progress
from corcal.result import Result
from corcal.scoring.categories import category_of
from corcal.scoring.rules import ScoringRule, rule_named

__all__ = [
    "ExamPair",
    "Reference",
    "ScoredScan",
    "Scorer",
    "compare_exam",
    "compare_scores",
    "evaluate_cases",
    "evaluate_exams",
    "failed_scan",
    "reference_of",
    "row_or_reason",
]

_LOG = logging.getLogger(__name__)

# Arteries that add up to another number than the total by more than rounding (corcal's decision).
_SUM_RELATIVE = 0.01
_SUM_AGATSTON = 1.0

NO_AUTOMATIC_VOXELS = "lesions are not compared: where the automatic calcium lies was not kept"


class ScoredScan(Protocol):
    """An automatic exam, as the pipeline returns it."""

    @property
    def result(self) -> Result:
        """The record."""

    @property
    def scan(self) -> CTScan:
        """What was scored."""

    @property
    def voxels(self) -> SiteVoxels:
        """Where the calcium of each site was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is known of a scan.

    Attributes
    ----------
    voxels : SiteVoxels or None
        Where the calcium is; it gives the scores by the rule of the exam, and the lesions.
    scores : AgatstonScores or None
        Given numbers; they stand before those of the voxels.
    notes : tuple of str
        What a reader of the comparison should know.
    """

    voxels: SiteVoxels | None = None
    scores: AgatstonScores | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamPair:
    """An automatic exam and its reference; `patient` is the name if it is not given."""

    name: str
    exam: ScoredScan
    reference: Reference
    patient: str | None = None


Scorer = Callable[[Case], ScoredScan]
VesselTable = Path | Mapping[int, str] | None


def compare_exam(pair: ExamPair, *, left_main_in_lad: bool = False) -> ScanRow:
    """Put an automatic exam beside its reference.

    Parameters
    ----------
    pair : ExamPair
        The exam, and what is known of its scan.
    left_main_in_lad : bool
        The reference counts the left main with the LAD: both sides are taken so.

    Returns
    -------
    ScanRow

    Raises
    ------
    GeometryError
        If the reference's voxels are those of a scan of another shape.
    """
    exam = pair.exam
    return compare_scores(
        pair.name,
        automatic_of(exam.result),
        pair.reference,
        patient=pair.patient,
        scan=exam.scan,
        voxels=exam.voxels,
        left_main_in_lad=left_main_in_lad,
    )


def compare_scores(
    name: str,
    automatic: AutomaticScore,
    given: Reference,
    *,
    patient: str | None = None,
    scan: CTScan | None = None,
    voxels: SiteVoxels | None = None,
    left_main_in_lad: bool = False,
) -> ScanRow:
    """Put an automatic score beside its reference, and its lesions where both have voxels.

    Parameters
    ----------
    name : str
        What the study calls the scan.
    automatic : AutomaticScore
        What was found.
    given : Reference
        What is known.
    patient : str, optional
        Whose scan it is; the name if absent.
    scan : CTScan, optional
        What was scored; needed by a reference that is voxels.
    voxels : SiteVoxels, optional
        Where the automatic calcium is; without it lesions are not compared.
    left_main_in_lad : bool
        The reference counts the left main with the LAD: both sides are taken so.

    Returns
    -------
    ScanRow

    Raises
    ------
    InputError
        If the reference is voxels and there is no scan.
    GeometryError
        If voxels are those of a scan of another shape.
    """
    rule = rule_named(automatic.rule)
    if left_main_in_lad:
        automatic, given = automatic_with_left_main(automatic), _reference_with_left_main(given)
        voxels = voxels_with_left_main(voxels)
    reference, notes = given.scores, list(given.notes)
    if given.voxels is not None:
        if scan is None:
            msg = "a reference that is marks needs the scan, which is not there"
            raise InputError(msg)
        total, vessels = coronary_scores(scan, given.voxels, rule=rule)
        marked = AgatstonScores(total=total, vessels=vessels)
        reference = marked if reference is None else _completed(reference, marked)
        notes += _nothing_counts(scan, given.voxels, rule) if total == 0 else []
        if voxels is None:
            notes.append(NO_AUTOMATIC_VOXELS)
    if reference is not None:
        reference, more = _with_total(reference)
        notes += more
    return ScanRow(
        name=name,
        patient=patient or name,
        kind=automatic.kind,
        verdict=automatic.verdict,
        reference=reference,
        automatic=automatic.scores,
        reference_category=_category(reference),
        automatic_category=_category(automatic.scores),
        interval=automatic.interval,
        category_probabilities=automatic.category_probabilities,
        review_advised=automatic.review_advised,
        match=None
        if given.voxels is None or voxels is None or scan is None
        else match_lesions(scan, given.voxels, voxels, rule=rule),
        notes=tuple(notes),
    )


def _nothing_counts(scan: CTScan, voxels: SiteVoxels, rule: ScoringRule) -> list[str]:
    """Say why marked arteries have no calcium; of no marks at all the annotation says it."""
    index = voxels.index[np.isin(voxels.site, CORONARY_SITES)]
    if not index.size:
        return []
    dense = scan.hu[np.unravel_index(index, scan.shape)] >= rule.threshold_hu
    what = f"reference: of {index.size} voxels marked in arteries"
    why = "no lesion is large enough" if dense.any() else f"none reaches {rule.threshold_hu:g} HU"
    return [f"{what} {why}: the score of the marks is 0 for that reason"]


def _reference_with_left_main(given: Reference) -> Reference:
    return replace(
        given,
        voxels=voxels_with_left_main(given.voxels),
        scores=scores_with_left_main(given.scores),
    )


def failed_scan(name: str, reason: str, *, patient: str | None = None) -> ScanRow:
    """Make the row of a scan that could not be compared."""
    return ScanRow(name=name, patient=patient or name, failure=reason)


def evaluate_exams(
    pairs: Iterable[ExamPair], *, resampling: Resampling = DEFAULT_RESAMPLING
) -> AgreementReport:
    """Compare exams that are scored already with their references.

    Parameters
    ----------
    pairs : iterable of ExamPair
        Taken one by one: a generator keeps one scan in memory at a time.
    resampling : Resampling
        Of the bootstrap intervals.

    Returns
    -------
    AgreementReport
    """
    return summarise([compare_exam(pair) for pair in pairs], resampling=resampling)


def evaluate_cases(
    cases: Sequence[Case],
    scorer: Scorer,
    *,
    vessel_table: VesselTable = None,
    left_main_in_lad: bool = False,
    resampling: Resampling = DEFAULT_RESAMPLING,
    without_reference: int = 0,
    progress: Progress = no_progress,
) -> AgreementReport:
    """Score the scans of a study and compare each with its reference.

    Parameters
    ----------
    cases : sequence of Case
        From `corcal.evaluate.agreement.cases.read_cases`.
    scorer : callable
        Scores the scan of a case, without looking at its reference.
    vessel_table : Path or mapping, optional
        For references that are label volumes: which label is which site.
    left_main_in_lad : bool
        The references count the left main with the LAD: both sides are taken so.
    resampling : Resampling
        Of the bootstrap intervals.
    without_reference : int
        Scans that were given and are no case.
    progress : Progress, optional
        Told after each scan.

    Returns
    -------
    AgreementReport
        A scan that fails, whatever the reason, is a row with this reason.
    """
    rows = []

    def compared(case: Case) -> ScanRow:
        exam = scorer(case)
        reference = reference_of(case.annotation, case.scores, exam.scan, vessel_table)
        pair = ExamPair(name=case.name, exam=exam, reference=reference, patient=case.patient)
        return compare_exam(pair, left_main_in_lad=left_main_in_lad)

    for done, case in enumerate(cases, start=1):
        rows.append(
            row_or_reason(partial(compared, case), case.name, case.patient)
            if case.problem is None
            else failed_scan(case.name, case.problem, patient=case.patient)
        )
        progress(done, len(cases), "scoring the study")
    report = summarise(rows, resampling=resampling)
    return replace(report, left_main_in_lad=left_main_in_lad, without_reference=without_reference)


def row_or_reason(compared: Callable[[], ScanRow], name: str, patient: str) -> ScanRow:
    """Compare one scan; its failure, whatever it is, ends nothing but itself."""
    try:
        return compared()
    except CorcalError as exc:
        reason = str(exc)
    except OSError as exc:
        reason = f"a file cannot be read: {exc.strerror or type(exc).__name__}"
    except Exception as exc:  # noqa: BLE001  (the outermost loop of a batch)
        reason = f"a defect of corcal ({type(exc).__name__}); corcal --debug score shows where"
        _LOG.warning("a scan of the study failed by a defect: %s", type(exc).__name__)
    return failed_scan(name, reason, patient=patient)


def reference_of(
    annotation: Path | None,
    scores: AgatstonScores | None,
    scan: CTScan,
    vessel_table: VesselTable = None,
) -> Reference:
    """Read the reference of a scan: marks, if there are any, and scores.

    Raises
    ------
    AnnotationError
        If the marks cannot be read, or are not those of the scan.
    """
    if annotation is None:
        return Reference(scores=scores)
    try:
        marks = read_annotation(annotation, scan, vessel_table=vessel_table)
    except AnnotationError as exc:
        msg = f"reference {annotation.name}: {exc}"
        raise AnnotationError(msg) from exc
    notes = [f"reference: {f.message}" for f in marks.findings if f.severity != Severity.INFO]
    return Reference(voxels=marks.voxels, scores=scores, notes=tuple(notes))


def _completed(given: AgatstonScores, marked: AgatstonScores) -> AgatstonScores:
    """Take from the marks what the numbers leave open."""
    return AgatstonScores(
        total=marked.total if given.total is None else given.total,
        vessels=marked.vessels | given.vessels,
    )


def _with_total(scores: AgatstonScores) -> tuple[AgatstonScores, list[str]]:
    """Add up the total if only the arteries are known, and say if the two contradict."""
    if len(scores.vessels) < 4:
        return scores, []
    together = math.fsum(scores.vessels.values())
    if scores.total is None:
        return AgatstonScores(total=together, vessels=scores.vessels), []
    if abs(together - scores.total) <= max(_SUM_RELATIVE * scores.total, _SUM_AGATSTON):
        return scores, []
    note = f"the reference's arteries add up to {together:.1f}, its total is {scores.total:.1f}"
    return scores, [note]


def _category(scores: AgatstonScores | None) -> str | None:
    return None if scores is None or scores.total is None else category_of(scores.total)
