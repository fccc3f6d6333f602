"""Calcium where the arteries begin: a part of what the classifier learns from.

Calcium is most frequent in the first part of the LAD, then of LCX and RCA, and rare in the left
main: 7 % of people with one or two calcified arteries and 23 % of those with three (electron-beam
CT of 269 people with calcium, Am J Cardiol 2000;86:127, doi:10.1016/S0002-9149(00)00847-X).
Patients are drawn with their plaques spread along each artery, so few lie in the first
centimetre, and nearly all with much calcium have some in the left main. A classifier that sees no
others takes all that lies in the fork for left main.
"""

from dataclasses import replace

import numpy as np

from corcal.lesions.sites import Site
from corcal.phantom.reference_coronaries import BRANCHES
from corcal.phantom.spec import PatientSpec, Plaque
from training.far import branch_length_mm

__all__ = ["sometimes_at_the_fork"]

_LEFT_MAIN_SPARED = 0.6  # of the patients whose left main has calcium
# Main branch of an artery, and of how many patients its first plaque moves to its beginning.
_BEGINNING = {Site.LAD: ("lad", 0.5), Site.LCX: ("lcx", 0.3), Site.RCA: ("rca", 0.2)}
_FIRST_MM = 14.0  # that is its beginning
_AROUND_FORK = 0.12  # of the patients with calcium have it where left main, LAD and LCX meet
_FORK_MM = 4.0  # beyond the fork
_FORK_MG = (1.5, 25.0)


def sometimes_at_the_fork(spec: PatientSpec, seed: int) -> PatientSpec:
    """Move and add plaques as disease lies, by the patient's seed; zero stays zero."""
    rng = np.random.default_rng([seed, 59])
    if not any(plaque.site.vessel is not None for plaque in spec.plaques):
        return spec
    plaques = list(spec.plaques)
    if rng.random() < _LEFT_MAIN_SPARED and any(p.site in _BEGINNING for p in plaques):
        plaques = [plaque for plaque in plaques if plaque.site is not Site.LM]
    for site, (branch, chance) in _BEGINNING.items():
        own = [k for k, plaque in enumerate(plaques) if plaque.site is site]
        moves, at = rng.random() < chance, float(rng.uniform(0.0, _FIRST_MM))
        if own and moves:
            position = at / branch_length_mm(BRANCHES[branch])
            plaques[own[0]] = replace(plaques[own[0]], branch=branch, position=position)
    if rng.random() < _AROUND_FORK:
        plaques += _around_fork(rng)
    return replace(spec, plaques=tuple(plaques))


def _around_fork(rng: np.random.Generator) -> list[Plaque]:
    """Give each of the three that meet a plaque, or not; one piece where they touch."""
    made = []
    for site, branch in ((Site.LM, "left_main"), (Site.LAD, "lad"), (Site.LCX, "lcx")):
        here, angle = rng.random() < 0.6, float(rng.uniform(0, 360))
        mass = float(np.exp(rng.uniform(*np.log(_FORK_MG))))
        part = float(rng.uniform(0, _FORK_MM)) / branch_length_mm(BRANCHES[branch])
        density, seed = float(rng.uniform(350, 1100)), int(rng.integers(2**31))
        if here:
            made.append(
                Plaque(
                    id=f"{site.label}-fork",
                    site=site,
                    branch=branch,
                    position=max(0.0, 1.0 - part) if site is Site.LM else part,
                    angle_deg=angle,
                    mass_mg=mass,
                    density_mg_per_cm3=density,
                    seed=seed,
                )
            )
    return made
