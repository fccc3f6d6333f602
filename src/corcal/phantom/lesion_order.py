"""What may be ordered of a plaque that is put into a scan."""

import numbers
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.lesions.sites import Site

__all__ = ["LesionOrder", "check_orders", "require_within"]

MIN_PATH_MM = 5.0
MIN_STEP_MM = 1e-3  # of neighbouring points: a curve through the same point twice is none
# What an order may say: wide limits of our own, within which painting is exact. No plaque comes
# near their ends; hydroxyapatite itself has 3160 mg/cm3.
_RANGES = (
    ("mass_mg", "a mass", " mg", 1e-6, 1e5),
    ("density_mg_per_cm3", "a density", " mg/cm3", 1e-3, 1e5),
    ("radius_mm", "a radius", " mm", 0.1, 30.0),
    ("position", "a position", "", 0.0, 1.0),
    ("angle_deg", "an angle", " degrees", -1e9, 1e9),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionOrder:
    """A plaque to be put in.

    Attributes
    ----------
    id : str
        Unique in the order.
    site : Site
        What it is to be found as.
    path_mm : float64 ndarray of shape (n, 3)
        The artery's middle, in the patient, mm, LPS; at least 5 mm long, no point twice in a row.
    position : float
        Along the path, 0 to 1.
    mass_mg, density_mg_per_cm3 : float
        Hydroxyapatite, above 0.
    radius_mm : float
        Outer radius of the artery, 0.1 to 30.
    angle_deg : float
        Side of its wall.
    seed : int
        Of its shape, from 0; the same with more mass is the same plaque, grown.
    """

    id: str
    site: Site
    path_mm: NDArray[np.float64]
    position: float = 0.5
    mass_mg: float
    density_mg_per_cm3: float = 400.0
    radius_mm: float = 1.8
    angle_deg: float = 0.0
    seed: int = 0


def check_orders(orders: Sequence[LesionOrder]) -> None:
    """Refuse orders that cannot be painted as they are.

    Raises
    ------
    InputError
        If two have the same id, a number is none or outside its range, a site is none, or a path
        is too short, has no three coordinates a point, or a point twice in a row.
    """
    if len({order.id for order in orders}) < len(orders):
        msg = "two lesions have the same id"
        raise InputError(msg)
    for order in orders:
        lesion = f"lesion {order.id} has"
        for name, what, unit, low, high in _RANGES:
            require_within(getattr(order, name), low, high, what=f"{lesion} {what} of", unit=unit)
        if not isinstance(order.seed, numbers.Integral) or order.seed < 0:
            msg = f"{lesion} the seed {order.seed!r}, allowed are whole numbers from 0"
            raise InputError(msg)
        if order.site not in list(Site):
            msg = f"{lesion} the site {order.site!r}, allowed are members of Site, as Site.LAD"
            raise InputError(msg)
        _check_path(order)


def require_within(value: float, low: float, high: float, *, what: str, unit: str) -> None:
    """Refuse a number that is none, or outside its range.

    Parameters
    ----------
    value : float
        What was given.
    low, high : float
        What is allowed, both ends included.
    what, unit : str
        What stands before and after the number in the message.

    Raises
    ------
    InputError
        With what was given and what is allowed.
    """
    if not low <= value <= high:  # nor is NaN
        msg = f"{what} {value:g}{unit}, allowed are {low:g} to {high:g}{unit}"
        raise InputError(msg)


def _check_path(order: LesionOrder) -> None:
    path = np.asarray(order.path_mm, np.float64)
    if path.ndim != 2 or path.shape[1] != 3 or len(path) < 2:
        msg = (
            f"lesion {order.id} has a path of shape {path.shape}, allowed is (n, 3): at least two "
            "points (x, y, z)"
        )
        raise InputError(msg)
    endless = np.count_nonzero(~np.isfinite(path).all(axis=1))
    if endless:
        msg = f"the path of lesion {order.id} has {endless} points that are not finite numbers"
        raise InputError(msg)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    length = float(steps.sum())
    if length < MIN_PATH_MM:
        msg = f"the path of lesion {order.id} is {length:.1f} mm long, needed {MIN_PATH_MM:g} mm"
        raise InputError(msg)
    k = int(steps.argmin())
    if steps[k] < MIN_STEP_MM:
        msg = (
            f"points {k} and {k + 1} of the path of lesion {order.id} are {steps[k]:g} mm apart, "
            f"at least {MIN_STEP_MM:g} mm are needed"
        )
        raise InputError(msg)
