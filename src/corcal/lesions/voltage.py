"""How much denser calcium and metal look at another tube voltage than at 120 kVp."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["voltage_factor"]


def voltage_factor(kvp: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Give HU of calcium over its HU at 120 kVp, as an array of the same shape.

    The thresholds of calcium, 207, 177 and 147 HU at 70, 80 and 100 kVp instead of 130 (Gräni 2018,
    doi:10.1093/ehjci/jey019; Nakazato 2009), follow this power.
    """
    return np.asarray(np.power(120.0 / kvp, 0.85), np.float64)
