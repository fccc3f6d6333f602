"""A left atrium that comes close above the left main: what the arteries' network learns from.

In the reference hearts fat goes on for a centimetre and more above the left main. In six real scans
it ended 3 to 6 mm above it, and networks that had learnt from the reference drew the left main one
or two slices too low: in the middle of the fat instead of at its top.
"""

from dataclasses import replace

import numpy as np

from corcal.phantom.spec import PatientSpec

__all__ = ["sometimes_roofed"]

_ROOF_MM = (8.0, 20.0)
_ABOVE_MM = (-1.0, 4.0)


def sometimes_roofed(spec: PatientSpec, seed: int, *, often: float) -> PatientSpec:
    """Close the cleft above the left main of this part of the patients, by the patient's seed."""
    rng = np.random.default_rng([seed, 79])
    is_roofed, thick, above = rng.random() < often, rng.uniform(*_ROOF_MM), rng.uniform(*_ABOVE_MM)
    if not is_roofed:
        return spec
    variation = replace(spec.variation, roof_mm=float(thick), roof_above_mm=float(above))
    return replace(spec, variation=variation)
