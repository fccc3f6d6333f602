"""Hearts with hardly any fat: a part of what the networks and the classifier learn from.

The grooves of thin and of some old people hold almost no fat, and their arteries run on bare
muscle. Patients are drawn with more fat than that; some of the training is made lean afterwards.
"""

from dataclasses import replace

import numpy as np

from corcal.phantom.spec import PatientSpec

__all__ = ["sometimes_lean"]

_LEAN = 0.3  # of the patients
_GROOVE_FAT = (0.15, 0.6)  # of the reference
_EPICARDIAL_FAT_MM = (0.3, 2.0)


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
