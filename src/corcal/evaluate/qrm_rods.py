"""The calibration rods of a QRM phantom: the mass factor and the point spread of this very scan."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import UnfitError
from corcal.evaluate.grid import disc_mean, disc_weights, slab_mean, smooth_mm
from corcal.evaluate.qrm import INSERT_RADIUS_MM, Insert, slice_width_mm
from corcal.evaluate.qrm_design import (
    ROD_DENSITY_MG_PER_CM3,
    ROD_DIAMETER_MM,
    ROD_MEASURED_RADIUS_MM,
    WATER_ROD_OFFSET_MM,
)
from corcal.scoring.mass import calibration_from_insert

__all__ = ["MAX_TISSUE_SHIFT_HU", "Rods", "find_rods", "tissue_by_slice"]

MAX_TISSUE_SHIFT_HU = 10.0  # of a slice's tissue from the insert's, before the slice is not used:
# near the ends of a cone beam it falls by tens of HU, half the noise of one pixel is harmless

_HYDROXYAPATITE = "the rod of 200 mg/cm3"
_WATER = "the water rod"
_EDGE = "a sharp edge of the rod"

_SEARCH_MM = (12.0, 60.0)  # along the axis, either way from the insert
_ROD_CONTRAST_HU = (100.0, 500.0)  # of 200 mg/cm3 over tissue, 70 to 150 kVp
_OFF_AXIS_MM = 15.0
_DIAMETER_RANGE = (0.8, 1.2)
_WATER_RANGE_MM = (WATER_ROD_OFFSET_MM - 4.0, WATER_ROD_OFFSET_MM + 4.0)
_WATER_BELOW_TISSUE_HU = (10.0, 100.0)
_EDGE_MM = (5.0, 12.5)  # distance from the rod's middle where its edge is fitted, clear of water's
_FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
_PLAUSIBLE_FWHM_MM = (0.3, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rods:
    """The two calibration rods, measured.

    Attributes
    ----------
    slices : tuple of int
        The slices that were averaged, zero-based: wholly rod, and with the tissue of the insert.
    hydroxyapatite_index, water_index : (y, x)
        Middle of the rods in pixels.
    hydroxyapatite_hu, water_hu, tissue_hu : float
        Means over discs of 6.9 mm radius, and the median of the resin in the same slices.
    calibration_mg_per_cm3_hu : float
        Mass factor c = 200 / (hydroxyapatite - water).
    psf_fwhm_mm : float
        Full width at half maximum of the in-plane point spread, from the edge of the
        hydroxyapatite rod.
    diameter_mm : float
        Of that rod, as its edge shows it.
    """

    slices: tuple[int, ...]
    hydroxyapatite_index: tuple[float, float]
    water_index: tuple[float, float]
    hydroxyapatite_hu: float
    water_hu: float
    tissue_hu: float
    calibration_mg_per_cm3_hu: float
    psf_fwhm_mm: float
    diameter_mm: float


def find_rods(scan: CTScan, insert: Insert) -> Rods:
    """Find and measure the hydroxyapatite and the water rod beside an insert.

    Parameters
    ----------
    scan : CTScan
        The scan of the insert.
    insert : Insert
        From `find_insert`.

    Returns
    -------
    Rods

    Raises
    ------
    UnfitError
        If the scan does not show both rods in slices like those of the insert.
    """
    tissue = tissue_by_slice(scan, insert)
    slices = _rod_slices(scan, insert, tissue)
    mean = slab_mean(scan.hu, slices[0], len(slices))
    tissue_hu = float(np.mean([tissue[k] for k in slices]))
    middle = _rod_middle(mean, insert, tissue_hu, scan)
    water = _water_middle(mean, middle, tissue_hu, scan)
    pixel = scan.spacing_mm[1:]
    rod_hu = disc_mean(mean, middle, ROD_MEASURED_RADIUS_MM, pixel)
    water_hu = disc_mean(mean, water, ROD_MEASURED_RADIUS_MM, pixel)
    factor = calibration_from_insert(
        density_mg_per_cm3=ROD_DENSITY_MG_PER_CM3, insert_hu=rod_hu, water_hu=water_hu
    )
    fwhm_mm, diameter_mm = _edge(mean, middle, scan)
    return Rods(
        slices=slices,
        hydroxyapatite_index=(float(middle[0]), float(middle[1])),
        water_index=(float(water[0]), float(water[1])),
        hydroxyapatite_hu=rod_hu,
        water_hu=water_hu,
        tissue_hu=tissue_hu,
        calibration_mg_per_cm3_hu=factor.calibration_mg_per_cm3_hu,
        psf_fwhm_mm=fwhm_mm,
        diameter_mm=diameter_mm,
    )


def tissue_by_slice(scan: CTScan, insert: Insert) -> dict[int, float]:
    """Median of the resin between 30 and 44 mm from the axis, in each slice near the insert."""
    centre = np.array(insert.centre_index[1:])
    pixel = scan.spacing_mm[1:]
    outer, box = disc_weights(centre, INSERT_RADIUS_MM, pixel, scan.shape[1:])
    y, x = np.mgrid[box]
    distance = np.hypot((y - centre[0]) * pixel[0], (x - centre[1]) * pixel[1])
    ring = (outer > 0.5) & (distance >= 30.0)
    reach = _SEARCH_MM[1] / scan.spacing_mm[0]
    first = max(0, math.ceil(insert.centre_index[0] - reach))
    last = min(scan.shape[0] - 1, int(insert.centre_index[0] + reach))
    return {k: float(np.median(scan.hu[k][box][ring])) for k in range(first, last + 1)}


def _rod_slices(scan: CTScan, insert: Insert, tissue: dict[int, float]) -> tuple[int, ...]:
    """Return the slices that are wholly rod, with the tissue of the insert.

    A slice is wholly rod if its middle lies half a slice width inside both ends of the rod, and an
    end is where the contrast passes half of its level. Taking the slices of the highest contrast
    instead would choose the noise of thin slices.
    """
    half_slice = 0.5 * slice_width_mm(scan) / scan.spacing_mm[0]
    like_insert = [k for k in tissue if abs(tissue[k] - insert.tissue_hu) <= MAX_TISSUE_SHIFT_HU]
    longest: list[int] = []
    for side in (-1, 1):
        first, last = _bright_run(scan, insert, tissue, like_insert, side=side)
        run = [k for k in like_insert if first + half_slice <= k <= last - half_slice]
        longest = max(longest, run, key=len)
    if not longest:
        raise _not_found(_HYDROXYAPATITE, "no slice that is wholly rod", scan)
    return tuple(longest)


def _bright_run(
    scan: CTScan,
    insert: Insert,
    tissue: dict[int, float],
    like_insert: list[int],
    *,
    side: int,
) -> tuple[float, float]:
    """Find the ends, in fractional slices, of what is bright on the axis on one side.

    Infinite where it goes on in the last slice that can be used; the first lies behind the last
    where there is none.
    """
    z, *centre = insert.centre_index
    far = _SEARCH_MM[0] / scan.spacing_mm[0]
    contrast = {
        k: disc_mean(scan.hu[k], np.array(centre), 5.0, scan.spacing_mm[1:]) - tissue[k]
        for k in like_insert
        if (k - z) * side >= far
    }
    highest = max(contrast.values(), default=0.0)
    level = float(np.median([c for c in contrast.values() if c >= 0.5 * highest] or [0.0]))
    if not _ROD_CONTRAST_HU[0] <= level <= _ROD_CONTRAST_HU[1]:
        return math.inf, -math.inf
    above = [k for k, c in contrast.items() if c >= 0.5 * level]
    runs = np.split(np.array(above), np.flatnonzero(np.diff(above) > 1) + 1)
    run = max(runs, key=len)
    first, last = int(run[0]), int(run[-1])
    return _crossing(contrast, 0.5 * level, first, -1), _crossing(contrast, 0.5 * level, last, 1)


def _crossing(contrast: dict[int, float], level: float, at: int, step: int) -> float:
    """Where the contrast passes a level between a slice above it and the next one."""
    beyond = contrast.get(at + step)
    if beyond is None:
        return step * math.inf
    return at + step * (contrast[at] - level) / (contrast[at] - beyond)


def _rod_middle(
    mean: NDArray[np.float32], insert: Insert, tissue_hu: float, scan: CTScan
) -> NDArray[np.float64]:
    """Centre of mass of the pixels above half of the rod's contrast, near the axis."""
    centre = np.array(insert.centre_index[1:])
    reach = _OFF_AXIS_MM + ROD_DIAMETER_MM / 2
    weights, box = disc_weights(centre, reach, scan.spacing_mm[1:], mean.shape)
    top = disc_mean(mean, centre, 5.0, scan.spacing_mm[1:])
    is_rod = (weights > 0.5) & (mean[box] > 0.5 * (tissue_hu + top))
    diameter = 2 * math.sqrt(is_rod.sum() * scan.pixel_area_mm2 / math.pi)
    low, high = (factor * ROD_DIAMETER_MM for factor in _DIAMETER_RANGE)
    if not low <= diameter <= high:
        raise _not_found(_HYDROXYAPATITE, f"a disc of {diameter:.1f} mm", scan)
    y, x = np.mgrid[box]
    return np.array([y[is_rod].mean(), x[is_rod].mean()])


def _water_middle(
    mean: NDArray[np.float32], rod: NDArray[np.float64], tissue_hu: float, scan: CTScan
) -> NDArray[np.float64]:
    """Middle of the darkest disc of the rod's size at its distance from the rod."""
    pixel = np.array(scan.spacing_mm[1:])
    smooth = smooth_mm(np.clip(mean, -200, 400), 0.35 * ROD_DIAMETER_MM / 2, scan.spacing_mm[1:])
    angle = np.radians(np.arange(0, 360, 3))
    places = [
        rod + distance * np.array([math.sin(a), math.cos(a)]) / pixel
        for distance in np.arange(_WATER_RANGE_MM[0], _WATER_RANGE_MM[1] + 0.1)
        for a in angle
    ]
    places = [p for p in places if _is_inside(p, mean.shape, scan)]
    means = [disc_mean(smooth, p, ROD_MEASURED_RADIUS_MM, scan.spacing_mm[1:]) for p in places]
    if not means:
        raise _not_found(_WATER, "nothing: it would lie outside the image", scan)
    below = tissue_hu - min(means)
    if not _WATER_BELOW_TISSUE_HU[0] <= below <= _WATER_BELOW_TISSUE_HU[1]:
        raise _not_found(_WATER, f"{below:.0f} HU below tissue at most", scan)
    return np.asarray(places[int(np.argmin(means))])


def _is_inside(place: NDArray[np.float64], shape: tuple[int, ...], scan: CTScan) -> bool:
    """Whether the measured disc lies within the image."""
    margin = ROD_MEASURED_RADIUS_MM / np.array(scan.spacing_mm[1:]) + 1
    return bool((place >= margin).all() and (place <= np.array(shape) - 1 - margin).all())


def _edge(
    mean: NDArray[np.float32], middle: NDArray[np.float64], scan: CTScan
) -> tuple[float, float]:
    """Point spread FWHM and diameter from the edge of the rod.

    The edge of a disc that is much wider than the blur is the Gaussian's integral; the curvature of
    a rod of 10 mm radius moves it by sigma^2 / 20 mm, which is 0.02 mm.
    """
    from scipy import optimize, special  # heavy imports, needed only to calibrate

    _, dy, dx = scan.spacing_mm
    _, box = disc_weights(middle, _EDGE_MM[1], (dy, dx), mean.shape)
    y, x = np.mgrid[box]
    distance = np.hypot((y - middle[0]) * dy, (x - middle[1]) * dx)
    near = (distance >= _EDGE_MM[0]) & (distance <= _EDGE_MM[1])

    def profile(
        r: NDArray[np.float64], low: float, step: float, radius: float, sigma: float
    ) -> NDArray[np.float64]:
        return np.asarray(low + step * special.ndtr((radius - r) / sigma))

    start = (70.0, 250.0, ROD_DIAMETER_MM / 2, 0.6)
    values = mean[box][near].astype(np.float64)
    fitted, _ = optimize.curve_fit(profile, distance[near], values, p0=start)
    fwhm_mm = _FWHM_PER_SIGMA * abs(float(fitted[3]))
    if not _PLAUSIBLE_FWHM_MM[0] <= fwhm_mm <= _PLAUSIBLE_FWHM_MM[1]:
        raise _not_found(_EDGE, f"a blur of {fwhm_mm:.2f} mm", scan)
    return fwhm_mm, 2 * float(fitted[2])


def _not_found(what: str, found: str, scan: CTScan) -> UnfitError:
    low, high = _SEARCH_MM
    return UnfitError(
        f"the calcium insert of a QRM phantom is there, but not {what}: looked {low:.0f} to "
        f"{high:.0f} mm from the insert along its axis in {scan.shape[0]} slices, found {found}"
    )
