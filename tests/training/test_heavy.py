"""Chains of dense plaques, which the classifier must not take for stents."""

import numpy as np
from training.far import branch_length_mm
from training.heavy import sometimes_heavy

from corcal.phantom.patient import draw_patient
from corcal.phantom.reference_coronaries import BRANCHES
from corcal.phantom.spec import PatientSpec, Plaque

_SEEDS = range(2_900_000, 2_900_200)


def _chain(spec: PatientSpec) -> list[Plaque]:
    return [plaque for plaque in spec.plaques if "-chain-" in plaque.id]


def test_some_of_those_with_calcium_get_a_chain_and_keep_what_they_have() -> None:
    pairs = [(spec, sometimes_heavy(spec, spec.seed)) for spec in map(draw_patient, _SEEDS)]
    share = np.mean([bool(_chain(after)) for _, after in pairs])
    assert abs(share - 0.15) < 3 * np.sqrt(0.15 * 0.85 / len(pairs))
    for before, after in pairs:
        assert after.plaques[: len(before.plaques)] == before.plaques


def test_a_chain_lies_in_the_first_three_quarters_of_one_branch_link_by_link() -> None:
    chains = [_chain(sometimes_heavy(draw_patient(seed), seed)) for seed in _SEEDS]
    lengths = []
    for chain in filter(None, chains):
        (branch,) = {plaque.branch for plaque in chain}
        places = np.array([plaque.position for plaque in chain])
        assert places.min() >= 0.0
        assert places.max() < 0.75
        steps = np.diff(places) * branch_length_mm(BRANCHES[branch])
        assert steps.size > 0
        assert np.all((steps > 2.9) & (steps < 7.1))
        assert all(500 <= plaque.density_mg_per_cm3 <= 1200 for plaque in chain)
        lengths.append(steps.sum())
    assert max(lengths) > 35


def test_who_has_no_calcium_gets_none() -> None:
    for seed in _SEEDS:
        none = draw_patient(seed, burden="none")
        assert not _chain(sometimes_heavy(none, seed))
