"""Hearts with hardly any fat, arteries sunk into muscle: a part of what is learnt from.

The grooves of thin and of some old people hold almost no fat, and their arteries run on bare
muscle. Patients are drawn with more fat than that; some of the training is made lean afterwards.
Elsewhere an artery lies at the bottom of its groove with muscle on three sides, or sinks into the
muscle for some centimetres.
"""

from dataclasses import replace

import numpy as np

from corcal.phantom.spec import PatientSpec

__all__ = ["sometimes_lean", "sometimes_sunk"]

_LEAN = 0.3  # of the patients
_GROOVE_FAT = (0.15, 0.6)  # of the reference
_EPICARDIAL_FAT_MM = (0.3, 2.0)
_SUNK = 0.4  # of the patients
_SUNK_MM = (0.5, 3.0)  # a whole artery has disappeared at the depth of its width


def sometimes_lean(spec: PatientSpec, seed: int) -> PatientSpec:
    """Take the fat off the heart of some patients, by their seed."""
    rng = np.random.default_rng([seed, 37])
    if rng.random() >= _LEAN:
        return spec
    variation = replace(spec.variation, groove_fat=float(rng.uniform(*_GROOVE_FAT)))
    thickness = float(rng.uniform(*_EPICARDIAL_FAT_MM))
    return replace(
        spec, variation=variation, epicardial_fat_mm=min(spec.epicardial_fat_mm, thickness)
    )


def sometimes_sunk(spec: PatientSpec, seed: int) -> PatientSpec:
    """Sink the arteries of some patients into the muscle, by their seed."""
    rng = np.random.default_rng([seed, 43])
    if rng.random() >= _SUNK:
        return spec
    sunk_mm = float(rng.uniform(*_SUNK_MM))
    return replace(spec, variation=replace(spec.variation, sunk_mm=sunk_mm))
