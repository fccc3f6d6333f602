"""Arteries calcified along centimetres: a part of what the classifier learns from.

The plaques of a patient are drawn well apart. In advanced disease they are a chain or a sheath,
dense and straight for centimetres; a classifier that has not seen that takes it for a stent.
"""

from dataclasses import replace

import numpy as np

from corcal.lesions.sites import Site
from corcal.phantom.reference_coronaries import BRANCHES
from corcal.phantom.spec import PatientSpec, Plaque
from training.far import branch_length_mm

__all__ = ["sometimes_heavy"]

# How often, how long and how dense: our own choice, wide enough to hold the LAD that was missed.
_HEAVY = 0.15  # of the patients with calcium
_BRANCHES = (("lad", Site.LAD, 0.55), ("rca", Site.RCA, 0.3), ("lcx", Site.LCX, 0.15))
_LENGTH_MM = (15.0, 60.0)
_APART_MM = (3.0, 7.0)  # of the middles of neighbouring plaques
_PLAQUE_MG = (2.0, 30.0)
_DENSITY = (500.0, 1200.0)  # mg/cm3; the densest that patients are drawn with


def sometimes_heavy(spec: PatientSpec, seed: int) -> PatientSpec:
    """Give some patients with calcium a chain of dense plaques, by their seed."""
    rng = np.random.default_rng([seed, 73])
    calcified = any(plaque.site.vessel is not None for plaque in spec.plaques)
    if not calcified or rng.random() >= _HEAVY:
        return spec
    branch, site, _ = _BRANCHES[int(rng.choice(3, p=[chance for *_, chance in _BRANCHES]))]
    return replace(spec, plaques=(*spec.plaques, *_chain(branch, site, rng)))


def _chain(branch: str, site: Site, rng: np.random.Generator) -> list[Plaque]:
    """Draw plaques in a row along the first three quarters of a branch, much alike."""
    way_mm = 0.75 * branch_length_mm(BRANCHES[branch])
    length = float(min(rng.uniform(*_LENGTH_MM), way_mm))
    start, apart = float(rng.uniform(0.0, way_mm - length)), float(rng.uniform(*_APART_MM))
    typical_mg = float(np.exp(rng.uniform(*np.log(_PLAQUE_MG))))
    density = float(rng.uniform(*_DENSITY))
    places = np.arange(start, start + length, apart) * 0.75 / way_mm
    return [
        Plaque(
            id=f"{site.label}-chain-{k + 1}",
            site=site,
            branch=branch,
            position=float(place),
            angle_deg=float(rng.uniform(0, 360)),
            mass_mg=typical_mg * float(np.exp(rng.normal(0, 0.4))),
            density_mg_per_cm3=float(np.clip(density + rng.normal(0, 100), *_DENSITY)),
            seed=int(rng.integers(2**31)),
        )
        for k, place in enumerate(places)
    ]
