"""Simulated scans with the truth of everything dense in them: what the classifier learns from."""

from dataclasses import dataclass, replace

import numpy as np

from corcal.lesions.sites import Vessel
from corcal.phantom.confounders import ConfounderKind, draw_confounders
from corcal.phantom.patient import BURDENS, Burden, draw_patient
from corcal.phantom.protocol import Protocol, draw_protocol
from corcal.phantom.spec import PatientSpec
from corcal.phantom.thorax import simulate_exam
from corcal.phantom.types import SimulatedScan
from training.bare import bare
from training.far import sometimes_far, sometimes_left_dominant
from training.fork import sometimes_at_the_fork
from training.heavy import sometimes_heavy
from training.lean import sometimes_lean, sometimes_sunk
from training.noisy import sometimes_noisy

__all__ = ["RARE_FROM", "Case", "draw_case", "simulate_case"]

_MATRICES = (384, 512)  # drawn evenly: pixels of 0.31 to 0.9 mm; the smaller is half the work
_CHEST = 0.25  # of the scans are chest CT without gating
_CONFOUNDERS = 1.2  # times as often as `draw_confounders` has them by itself
# What is rare and hard to tell from calcium of the arteries: a classifier that has seen seventy
# patients with a stent, or ninety specks of aortic wall beside the left main, takes many of them
# for it. So the patients of the last seeds have it often. How rare it is among people, it is told
# afterwards.
RARE_FROM = 2_000_525
_RARE = {
    ConfounderKind.STENT: 6.0,
    ConfounderKind.BYPASS_CLIPS: 5.0,
    ConfounderKind.LEFT_OSTIAL_AORTA: 4.0,
    ConfounderKind.RIGHT_OSTIAL_AORTA: 3.0,
}
_HARD = 0.35  # of the patients have calcium where sites meet: left main and where arteries begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A simulated scan, with whom and how it was made."""

    spec: PatientSpec
    protocol: Protocol
    simulated: SimulatedScan


def draw_case(seed: int) -> tuple[PatientSpec, Protocol]:
    """Draw a patient with confounders, and how the exam is made; from `RARE_FROM` on, rare ones."""
    rng = np.random.default_rng([seed, 31])
    burdens: tuple[Burden, ...] = tuple(BURDENS)
    burden: Burden | dict[Vessel, float] = burdens[int(rng.integers(4))]
    if rng.random() < _HARD:
        burden = _hard_burden(rng)
    spec = draw_patient(seed, burden=burden, variety=float(rng.uniform(0.2, 1.0)))
    spec = sometimes_left_dominant(sometimes_sunk(sometimes_lean(spec, seed), seed), seed)
    spec = sometimes_far(bare(spec, seed), seed)
    spec = sometimes_heavy(sometimes_at_the_fork(spec, seed), seed)
    often = _RARE if seed >= RARE_FROM else None
    drawn = draw_confounders(spec, seed, chance=_CONFOUNDERS, chances=often)
    spec = replace(spec, confounders=drawn)
    kind = "chest" if rng.random() < _CHEST else "gated"
    matrix = int(rng.choice(_MATRICES))
    protocol = draw_protocol(seed, kind=kind, spec=spec, matrix=matrix)
    return spec, sometimes_noisy(protocol, seed)


def _hard_burden(rng: np.random.Generator) -> dict[Vessel, float]:
    """Give mg for each artery, in the left main and its branches before all."""
    most = {Vessel.LM: 30.0, Vessel.LAD: 60.0, Vessel.LCX: 40.0, Vessel.RCA: 30.0}
    chance = {Vessel.LM: 0.7, Vessel.LAD: 0.6, Vessel.LCX: 0.6, Vessel.RCA: 0.3}
    return {
        vessel: float(np.exp(rng.uniform(np.log(1.5), np.log(mg))))
        for vessel, mg in most.items()
        if rng.random() < chance[vessel]
    }


def simulate_case(seed: int) -> Case:
    """Draw and simulate a scan."""
    spec, protocol = draw_case(seed)
    simulated = simulate_exam(spec, protocol, dense_truth=True)
    return Case(spec=spec, protocol=protocol, simulated=simulated)
