"""The numbers of a review: after every event, from the voxels as they are then."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corcal.automatic import explained_lesions
from corcal.review.candidates import Proposer
from corcal.review.state import ReviewState, begin
from corcal.scoring.measure import Measurement, measure
from corcal.scoring.types import Lesion, Origin

__all__ = ["measured", "proposed", "with_origins"]


def measured(state: ReviewState) -> Measurement:
    """Measure everything as it is now, by the rule in use.

    Parameters
    ----------
    state : ReviewState
        Of a review.

    Returns
    -------
    Measurement
        As `corcal.scoring.measure` gives it of any exam: per vessel, in total, of the other sites,
        under the other rules. Without changes it is that of the exam, to the last digit.
    """
    return measure(state.scan, state.voxels(), rule=state.rule, known=state.surrounds)


def proposed(state: ReviewState) -> Measurement:
    """Measure what was proposed, by the rule in use, with reasons where corcal proposed it."""
    key = (-1, state.rule.name)
    if key not in state.memo:
        voxels = begin(state.proposals, state.scan).voxels()
        found = measure(state.scan, voxels, rule=state.rule, known=state.surrounds)
        decisions = state.proposals.decisions(state.scan)
        lesions = explained_lesions(found, voxels, decisions)
        state.memo[key] = replace(found, lesions=lesions)
    known: Measurement = state.memo[key]
    return known


def with_origins(state: ReviewState, measurement: Measurement) -> tuple[Lesion, ...]:
    """Tell for each lesion whether it is as proposed or the reader's.

    Parameters
    ----------
    state : ReviewState
        Of a review.
    measurement : Measurement
        What `measured` gave of it.

    Returns
    -------
    tuple of Lesion
        With `Lesion.origin`. A lesion is as proposed if it has the same site and the same voxels,
        and no reader has assigned any of them, not even to the same site: then it keeps the
        probabilities and the reasons of the proposal. Any other is the reader's, and has none.
    """
    before = proposed(state)
    places = _voxels_of_lesions(before)
    at_first = {int(index[0]): (index, k) for k, index in enumerate(places)}
    by_reader = np.isin(measurement.voxel_index, _by_reader(state), assume_unique=True)
    is_mine = np.bincount(
        measurement.voxel_lesion, weights=by_reader, minlength=len(measurement.lesions)
    )
    proposer = state.proposals.proposer
    lesions = []
    for row, index in enumerate(_voxels_of_lesions(measurement)):
        lesion = measurement.lesions[row]
        known, k = at_first.get(int(index[0]), (index[:0], 0))
        old = before.lesions[k] if before.lesions else lesion
        is_old = np.array_equal(known, index) and old.site == lesion.site
        if is_old and not is_mine[row]:
            known_as: Origin = "automatic" if proposer is Proposer.AUTOMATIC else "annotation"
            told = replace(lesion, origin=known_as, probabilities=old.probabilities, why=old.why)
            lesions.append(told)
        else:
            lesions.append(replace(lesion, origin="reader"))
    return tuple(lesions)


def _voxels_of_lesions(measurement: Measurement) -> list[NDArray[np.int64]]:
    """Flat indices of the voxels that count of each lesion, ascending."""
    order = np.argsort(measurement.voxel_lesion, kind="stable")
    sizes = np.bincount(measurement.voxel_lesion, minlength=len(measurement.lesions))
    ends = np.cumsum(sizes)[:-1]
    return np.split(measurement.voxel_index[order], ends) if measurement.lesions else []


def _by_reader(state: ReviewState) -> NDArray[np.int64]:
    """Flat indices of all voxels that a reader has assigned."""
    mine = [one.index for one in state.candidates.values() if one.is_by_reader]
    return np.concatenate([np.zeros(0, np.int64), *mine])
