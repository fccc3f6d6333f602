"""Calcium far down the arteries: a part of what the classifier learns from.

Most calcium lies in the first half of an artery, and patients are drawn so. A classifier that sees
hardly any elsewhere takes the place itself for a reason: what lies far back in the left groove it
calls mitral annulus, and what lies near the apex noise. So some plaques are moved to any part of
any branch of their artery, side branches and the descending ones at the back included.

How far the LCX runs in the left groove differs, too. Where the RCA is dominant it is drawn with 57
mm, where the LCX is with 99 mm; between both lies what many people have. So more hearts than the
one in ten of people are left-dominant here, and what lies far back in the groove can be either.
"""

from dataclasses import replace

import numpy as np

from corcal.lesions.sites import Site
from corcal.phantom.reference_coronaries import BRANCHES, LEFT_DOMINANT, BranchReference
from corcal.phantom.spec import PatientSpec, Plaque

__all__ = ["branch_length_mm", "sometimes_far", "sometimes_left_dominant"]

_MOVED = 0.25  # of the plaques
_PART = (0.03, 0.97)  # of the length of a branch
_MOST_MG = 6.0  # thin vessels hold small plaques
_TURNED = 0.3  # of the right-dominant hearts


def sometimes_left_dominant(spec: PatientSpec, seed: int) -> PatientSpec:
    """Make some right-dominant hearts left-dominant, by the patient's seed."""
    turned = np.random.default_rng([seed, 61]).random() < _TURNED
    return replace(spec, left_dominant=True) if turned else spec


def sometimes_far(spec: PatientSpec, seed: int) -> PatientSpec:
    """Move some plaques of LAD, LCX and RCA to anywhere in their artery, by the patient's seed."""
    rng = np.random.default_rng([seed, 47])
    branches = {**BRANCHES, **(LEFT_DOMINANT if spec.left_dominant else {})}
    plaques = tuple(_moved(plaque, branches, rng) for plaque in spec.plaques)
    return replace(spec, plaques=plaques)


def _moved(
    plaque: Plaque, branches: dict[str, BranchReference], rng: np.random.Generator
) -> Plaque:
    if plaque.site not in (Site.LAD, Site.LCX, Site.RCA) or rng.random() >= _MOVED:
        return plaque
    own = [name for name, branch in branches.items() if branch.site is plaque.site]
    length = np.array([branch_length_mm(branches[name]) for name in own])
    return replace(
        plaque,
        branch=own[int(rng.choice(len(own), p=length / length.sum()))],
        position=float(rng.uniform(*_PART)),
        mass_mg=min(plaque.mass_mg, _MOST_MG),
    )


def branch_length_mm(branch: BranchReference) -> float:
    """Length of a branch in the reference heart."""
    steps = np.diff(np.array(branch.points_mm), axis=0)
    return float(np.linalg.norm(steps, axis=1).sum())
