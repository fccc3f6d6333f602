"""Arteries with little fat beside them: what classifier and arteries' network learn from.

Real plaques lie barer than those of drawn patients: in thick walls, at the bottom of a groove with
muscle on both sides and a vein on top, in hearts with little fat. The arteries of the reference are
4.2 to 5.4 mm wide where they begin, walls included. Their lumen alone is 3.4 to 4.5 mm there (Dodge
1992, doi:10.1161/01.CIR.86.1.232), and the wall 0.75 mm thick where it is healthy and up to 4 mm
where it is not (Fayad 2000, doi:10.1161/01.CIR.102.5.506): so calcified arteries are wider.
"""

from dataclasses import replace

import numpy as np

from corcal.phantom.spec import PatientSpec

__all__ = ["bare"]

_ARTERY_SCALE = (1.0, 1.5)
_VEIN_SCALE = (1.0, 1.6)
# How often and how deep: chosen so that the fat around simulated plaques of each artery is spread
# as it is around the plaques of real scans (docs/accuracy.md).
_SUNK, _SUNK_MM = 0.5, (1.0, 6.0)
# The mitral annulus lies under the ventricle's thick base: never beside an artery that lies at the
# bottom of the groove. 2 to 6 mm from its wall is 4 to 8 mm from its middle (people: 7.0 +- 3.9 mm,
# PMID 41051258).
_RING_OFF_MM = (2.0, 6.0)
_LEAN, _GROOVE_FAT, _EPICARDIAL_FAT_MM = 0.4, (0.15, 0.6), (0.3, 2.0)


def bare(spec: PatientSpec, seed: int) -> PatientSpec:
    """Widen arteries and veins of a patient, sink some arteries, and take fat off some hearts."""
    rng = np.random.default_rng([seed, 73])
    draw = rng.uniform
    wide, veins = float(draw(*_ARTERY_SCALE)), float(draw(*_VEIN_SCALE))
    is_sunk, depth = rng.random() < _SUNK, float(draw(*_SUNK_MM))
    is_lean, groove, thickness = rng.random() < _LEAN, draw(*_GROOVE_FAT), draw(*_EPICARDIAL_FAT_MM)
    off = float(draw(*_RING_OFF_MM))
    variation = replace(spec.variation, artery_scale=wide, vein_scale=veins, ring_off_mm=off)
    if is_sunk:
        variation = replace(variation, sunk_mm=depth)
    if is_lean:
        variation = replace(variation, groove_fat=float(groove))
        spec = replace(spec, epicardial_fat_mm=min(spec.epicardial_fat_mm, float(thickness)))
    return replace(spec, variation=variation)
