"""The neighbourhood of a cylinder of known place and size: what is summed, what is background.

The rule, fixed by the blur of the scan and not by any mass: in each direction the aperture reaches
one full width at half maximum of the point spread beyond the cylinder. In the slice that is the
width measured on the edge of the calibration rod; along the axis it is the slice thickness (or the
increment, if that is larger).

A Gaussian keeps all but 0.2 % of a 5 mm cylinder, 0.4 % of a 3 mm one and 1 % of a 1 mm one within
it. Less would lose mass, more would only collect noise.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.evaluate.grid import disc_weights
from corcal.evaluate.qrm import INSERT_RADIUS_MM, Insert, Place, slice_width_mm

__all__ = ["Aperture", "ApertureRule", "make_aperture"]

_PAD_MM = (
    1.5  # slices kept beyond the aperture, for the rule that patients' lesions are measured by
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApertureRule:
    """How far the aperture reaches, in point spreads, and how wide its ring is.

    Attributes
    ----------
    in_plane_fwhm : float
        Margin in the slice, in full widths at half maximum.
    slice_widths : float
        Margin along the axis, in slice thicknesses.
    ring_width_mm : float
        Width of the ring of background around the aperture, other cylinders left out.
    """

    in_plane_fwhm: float = 1.0
    slice_widths: float = 1.0
    ring_width_mm: float = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aperture:
    """What is measured of one cylinder, on a box of the scan.

    Attributes
    ----------
    corner : (z, y, x)
        First voxel of the box.
    weights : float64 ndarray of shape (n_z, n_y, n_x)
        Share of each voxel in the aperture.
    ring : bool ndarray of the same shape
        Background.
    reach : bool ndarray of the same shape
        Where voxels above a threshold are this cylinder's: two widths around it.
    others : bool ndarray of the same shape
        The other cylinders, with their blur.
    """

    corner: tuple[int, int, int]
    weights: NDArray[np.float64]
    ring: NDArray[np.bool_]
    reach: NDArray[np.bool_]
    others: NDArray[np.bool_]

    @property
    def slices(self) -> tuple[int, int]:
        """First and last slice of the scan that the aperture has a share in."""
        used = np.flatnonzero(self.weights.any(axis=(1, 2)))
        return self.corner[0] + int(used[0]), self.corner[0] + int(used[-1])

    def box(self, shift: tuple[int, int, int] = (0, 0, 0)) -> tuple[slice, slice, slice]:
        """Return the box of the scan, moved by so many voxels."""
        z, y, x = (
            slice(first + step, first + step + length)
            for first, step, length in zip(self.corner, shift, self.weights.shape, strict=True)
        )
        return z, y, x

    def background(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of the ring in each slice of the box, (n_z, 1, 1); 0 where there is no ring."""
        count = np.maximum(self.ring.sum(axis=(1, 2)), 1)
        means = np.where(self.ring, values, 0.0).sum(axis=(1, 2)) / count
        return np.asarray(means[:, None, None])

    def excess(self, values: NDArray[np.float64]) -> float:
        """Sum of the aperture above the background of each slice."""
        return float((self.weights * (values - self.background(values))).sum())

    def background_mean(self, values: NDArray[np.float64]) -> float:
        """Background as the aperture weighs the slices."""
        per_slice = self.weights.sum(axis=(1, 2))
        return float((per_slice * self.background(values)[:, 0, 0]).sum() / per_slice.sum())


def make_aperture(
    scan: CTScan, insert: Insert, place: Place, *, fwhm_mm: float, rule: ApertureRule
) -> Aperture:
    """Make the aperture of one cylinder.

    Parameters
    ----------
    scan, insert, place
        The scan, its insert, and one of its cylinders.
    fwhm_mm : float
        In-plane point spread, full width at half maximum.
    rule : ApertureRule
        How far it reaches.

    Returns
    -------
    Aperture
        Its box is cut at the edges of the scan.
    """
    radius = place.cylinder.diameter_mm / 2 + rule.in_plane_fwhm * fwhm_mm
    outer = radius + rule.ring_width_mm
    rows, columns = disc_weights(
        np.array(place.index[1:]), outer, scan.spacing_mm[1:], scan.shape[1:]
    )[1]
    z_first, z_weights = _slice_weights(scan, place, rule)
    box = _Box(scan, rows, columns)
    disc = box.disc(place, radius)
    others = box.nothing()
    for other in insert.places:
        if other is not place:
            others |= box.disc(other, other.cylinder.diameter_mm / 2 + fwhm_mm) > 0
    ring = (box.disc(place, outer) > 0.5) & (disc == 0) & ~others
    ring &= box.distance_mm(insert.centre_index) <= INSERT_RADIUS_MM
    reach = box.disc(place, place.cylinder.diameter_mm / 2 + 2 * fwhm_mm) > 0.5
    used = (z_weights > 0)[:, None, None]
    return Aperture(
        corner=(z_first, rows.start, columns.start),
        weights=z_weights[:, None, None] * disc,
        ring=ring & used,
        reach=reach & used,
        others=np.broadcast_to(others, (len(z_weights), *others.shape)),
    )


def _slice_weights(
    scan: CTScan, place: Place, rule: ApertureRule
) -> tuple[int, NDArray[np.float64]]:
    """First slice, and the share of each slice in the aperture, with a pad of empty ones."""
    dz = scan.spacing_mm[0]
    half = place.cylinder.diameter_mm / 2 + rule.slice_widths * slice_width_mm(scan)
    pad = max(1, math.ceil(_PAD_MM / dz))
    reach = math.ceil(half / dz + 0.5) + pad
    middle = round(place.index[0])
    slices = np.arange(max(0, middle - reach), min(scan.shape[0] - 1, middle + reach) + 1)
    weights = np.clip((half - np.abs(slices - place.index[0]) * dz) / dz + 0.5, 0.0, 1.0)
    used = np.flatnonzero(weights)
    first, last = max(0, used[0] - pad), min(len(slices) - 1, used[-1] + pad)
    return int(slices[first]), weights[first : last + 1]


class _Box:
    """Rows and columns of a slice, and discs drawn on them."""

    def __init__(self, scan: CTScan, rows: slice, columns: slice) -> None:
        self.pixel = scan.spacing_mm[1:]
        self.y = np.arange(rows.start, rows.stop)[:, None]
        self.x = np.arange(columns.start, columns.stop)[None, :]

    def nothing(self) -> NDArray[np.bool_]:
        """Return an empty mask."""
        return np.zeros((self.y.size, self.x.size), dtype=np.bool_)

    def distance_mm(self, index: tuple[float, float, float]) -> NDArray[np.float64]:
        """Distance of each pixel from a point, in the slice."""
        dy, dx = self.pixel
        return np.asarray(np.hypot((self.y - index[1]) * dy, (self.x - index[2]) * dx))

    def disc(self, place: Place, radius_mm: float) -> NDArray[np.float64]:
        """Share of each pixel in a disc around a cylinder."""
        pixel = math.sqrt(self.pixel[0] * self.pixel[1])
        return np.clip((radius_mm - self.distance_mm(place.index)) / pixel + 0.5, 0.0, 1.0)
