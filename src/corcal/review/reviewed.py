"""From a review to the record of the exam: a new result, in the reader's name."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from corcal._version import __version__
from corcal.ct.findings import FINDINGS, finding
from corcal.ct.scan import Finding
from corcal.ct.suitability.verdict import verdict_of
from corcal.errors import InputError
from corcal.lesions.places import slices_named
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.result import SCHEMA_VERSION, Provenance, Result, ReviewRecord
from corcal.review.candidates import Proposer
from corcal.review.events import Event
from corcal.review.measured import measured, proposed, with_origins
from corcal.review.state import Candidate, ReviewState
from corcal.scoring.advice import REVIEW_LIMITS
from corcal.scoring.measure import Measurement

__all__ = ["is_complete", "review_result"]

_PROPOSED_BY: dict[Proposer, Literal["automatic", "annotation"]] = {
    Proposer.AUTOMATIC: "automatic",
    Proposer.ANNOTATION: "annotation",
}
_MADE_ANEW = {code for code, row in FINDINGS.items() if row.topic in ("measuring", "review")}


def review_result(
    state: ReviewState, result: Result, events: Iterable[Event], *, reader: str
) -> Result:
    """Make the record of a reviewed exam.

    Parameters
    ----------
    state : ReviewState
        What the reader leaves.
    result : Result
        Of the exam as it was scored before the review: its scan and suitability are taken over.
    events : iterable of Event
        The log that led to `state`.
    reader : str
        Who stands for it.

    Returns
    -------
    Result
        A new one; the given one stays as it is. As soon as anything that a reader decided is in
        force, there is no interval and there are no category probabilities: they were made from
        the doubts of the automatic decisions, which are no longer what is scored. The advice to
        review is gone when the review is complete (`is_complete`). Interpretation and comparison
        with earlier exams are of another score, and have to be made again.

    Raises
    ------
    InputError
        If the log is not the one of the state, or the record is not that of the exam before the
        review.
    """
    log = tuple(events)
    _check_record(state, result)
    if [one.sequence for one in log] != list(range(1, state.sequence + 1)):
        msg = f"the log has {len(log)} events, the review is at event {state.sequence}"
        raise InputError(msg)
    measurement = measured(state)
    score = measurement.score if state.is_changed else result.score
    findings = _findings(state, result.suitability.findings, measurement.findings)
    return Result(
        schema_version=SCHEMA_VERSION,
        scan=result.scan,
        suitability=replace(result.suitability, findings=findings, verdict=verdict_of(findings)),
        score=score,
        lesions=with_origins(state, measurement),
        provenance=_provenance(state, result.provenance, log, measurement, reader),
        review=None if is_complete(state) else result.review,
    )


def _check_record(state: ReviewState, result: Result) -> None:
    if result.provenance.reviewed is not None:
        msg = "this is the record of a reviewed exam; a review goes on from the one before it"
        raise InputError(msg)
    if (result.scan.shape, result.score.rule) != (state.scan.shape, state.proposals.rule):
        msg = (
            f"the record is of a scan of shape {result.scan.shape} by rule {result.score.rule}, "
            f"the review of {state.scan.shape} by {state.proposals.rule}"
        )
        raise InputError(msg)


def is_complete(state: ReviewState) -> bool:
    """Whether a reader has decided about everything that the score could depend on.

    Returns
    -------
    bool
        True after `Confirm`; or if a reader has assigned at least one candidate, each one that is
        measured, and each other that scores and may be coronary: its probability reaches the limit
        from which `REVIEW_LIMITS` calls a lesion doubtful.
    """
    if state.is_confirmed:
        return True
    open_ones = [one for one in state.candidates.values() if not one.is_by_reader]
    has_begun = len(open_ones) < len(state.candidates)
    return has_begun and not any(_matters(state, one) for one in open_ones)


def _matters(state: ReviewState, one: Candidate) -> bool:
    if state.is_scored(one):
        return True
    if one.proposal is None or not state.proposals.agatston[one.proposal] > 0:
        return False
    chances = state.proposals.probabilities_of(one.proposal)
    if chances is None:
        return False
    coronary = sum(chances[site.label] for site in CORONARY_SITES)
    return coronary >= REVIEW_LIMITS["doubtful_from"].value


def _provenance(
    state: ReviewState,
    before: Provenance,
    log: tuple[Event, ...],
    measurement: Measurement,
    reader: str,
) -> Provenance:
    is_same_rule = state.rule.name == before.rule
    return replace(
        before,
        software_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rule=state.rule.name,
        rule_reason=before.rule_reason if is_same_rule else "chosen by the reader in the review",
        threshold_hu=state.rule.threshold_hu,
        method="reviewed",
        reader=reader,
        slices_with_calcium=tuple(
            sorted({z for lesion in measurement.lesions for z in lesion.slices})
        ),
        libraries=before.libraries | {"numpy": np.__version__},
        reviewed=_record(state, log),
    )


def _record(state: ReviewState, log: tuple[Event, ...]) -> ReviewRecord:
    candidates = state.candidates.values()
    return ReviewRecord(
        readers=tuple(dict.fromkeys(one.reader for one in log)),
        started=log[0].when if log else None,
        finished=log[-1].when if log else None,
        event_count=len(log),
        change_count=len(state.done),
        candidates_by_reader=sum(one.is_by_reader for one in candidates),
        is_complete=is_complete(state),
        proposed_by=_PROPOSED_BY[state.proposals.proposer],
        proposed_rule=state.proposals.rule,
        proposed_agatston=_proposed_agatston(state),
    )


def _proposed_agatston(state: ReviewState) -> float:
    """Total of what was proposed, by the rule that it was proposed under."""
    as_it_was = replace(state, rule_name=state.proposals.rule, threshold_hu=None)
    return proposed(as_it_was).score.total.agatston


def _findings(
    state: ReviewState, before: tuple[Finding, ...], measuring: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    """Give the findings of the scan anew: measuring and metal are as the review leaves them."""
    kept = [one for one in before if one.code not in _MADE_ANEW]
    metal = [one for one in state.candidates.values() if one.site is Site.DEVICE]
    was_proposed = bool(np.any(state.proposals.site == Site.DEVICE))
    if was_proposed and not metal:
        refuted = [one for one in kept if one.code == "DEVICE_PRESENT"]
        kept = [one for one in kept if one.code != "DEVICE_PRESENT"]
        kept += [
            finding("DEVICE_REFUTED", f"the reader took for something else: {one.message}")
            for one in refuted
        ]
    by_reader = [one for one in metal if one.is_by_reader]
    if by_reader:
        where = slices_named(_slices(state, by_reader))
        kept.append(finding("DEVICE_BY_READER", f"metal in {where}"))
    return (*kept, *measuring)


def _slices(state: ReviewState, candidates: list[Candidate]) -> list[int]:
    """Give the slice in the middle of each."""
    rows, columns = state.scan.shape[1:]
    return [round(float(np.mean(one.index // (rows * columns)))) for one in candidates]
