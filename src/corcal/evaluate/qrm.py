"""Find the calcium insert of a QRM cardiac phantom in a scan, wherever and however it lies.

What is looked for is the pattern: three bright spots as far apart as the large cylinders are, each
with a fainter one 12.5 mm towards their centre, of three densities, in a disc of 44 mm radius that
is uniform tissue otherwise. No heart of a patient looks like this.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import UnfitError
from corcal.evaluate.grid import bin_pixels, disc_weights, slab_mean, smooth_mm
from corcal.evaluate.qrm_design import (
    CYLINDERS,
    LARGE_RADIUS_MM,
    STEP_MM,
    Cylinder,
    Density,
    Size,
)

__all__ = ["INSERT_RADIUS_MM", "Insert", "Place", "find_insert", "slice_width_mm"]

INSERT_RADIUS_MM = 44.0  # within the 50 mm of the body, clear of its rim
_SLAB_MM = 3.0  # slices are averaged to slabs of about this, to see the insert in thin ones
_COARSE_PIXEL_MM = 1.0  # fine enough for a first guess
_SPOT_SIGMA_MM = 1.25
_MIN_SPOT_HU = 60.0  # the faintest large cylinder has 260 HU in a full slice, 90 in a third of it
_SIDE_TOLERANCE_MM = 4.0  # of the 65 mm between large cylinders; also tilt and table magnification
_MAX_SPOTS = 150  # a slab with more of them is bone and contrast, not resin
_TISSUE_RANGE_HU = (0.0, 130.0)
_CLIP_HU = (-30.0, 2000.0)  # lung and air are made fat, or their edges would be full of spots
_TISSUE_SPREAD_HU = 40.0
_DENSITY_STEP = (1.4, 3.0)  # measured contrast of neighbouring densities, which differ by 2
_MIN_MEDIUM_HU = 15.0
_STEP_TOLERANCE_MM = 1.0

_LOOKED_FOR = "looked for the nine cylinders of its insert on three spokes within uniform tissue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one cylinder lies.

    Attributes
    ----------
    cylinder : Cylinder
        Which one.
    index : (z, y, x)
        Its centre, zero-based, fractional.
    """

    cylinder: Cylinder
    index: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Where the calcium insert lies.

    Attributes
    ----------
    centre_index : (z, y, x)
        Centre of the insert, zero-based, fractional.
    centre_mm : (x, y, z)
        The same in the patient, LPS.
    rotation_deg : float
        Direction of the spoke of high density from the centre, from +x towards +y.
    large_radius_mm, step_mm : float
        Measured distance of the large cylinders from the centre, and of neighbours on a spoke.
    residual_mm : float
        Root mean square distance of the six large and medium cylinders from the fitted pattern.
    tissue_hu : float
        Median of the resin around the cylinders.
    places : tuple of Place
        All nine cylinders, in the order of `CYLINDERS`.
    """

    centre_index: tuple[float, float, float]
    centre_mm: tuple[float, float, float]
    rotation_deg: float
    large_radius_mm: float
    step_mm: float
    residual_mm: float
    tissue_hu: float
    places: tuple[Place, ...]


def find_insert(scan: CTScan) -> Insert:
    """Find the calcium insert of a QRM cardiac phantom.

    Parameters
    ----------
    scan : CTScan
        Any scan.

    Returns
    -------
    Insert

    Raises
    ------
    UnfitError
        If there is no such insert in the scan.
    """
    seeds = sorted(_seeds(scan), key=lambda seed: -seed.contrast)
    for seed in seeds[:5]:
        insert = _refine(scan, seed)
        if insert is not None:
            return insert
    msg = f"no QRM cardiac phantom in the {scan.shape[0]} slices of this scan: {_LOOKED_FOR}"
    raise UnfitError(msg)


def slice_width_mm(scan: CTScan) -> float:
    """Full width of the slice profile: the thickness, at least the increment."""
    return max(scan.acquisition.slice_thickness_mm or 0.0, scan.spacing_mm[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seed:
    """A first guess: slab and spots of low, medium and high density."""

    z: float
    spots: NDArray[np.float64]  # (3, 2): y, x in pixels
    contrast: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slab:
    """Mean of some slices, on pixels of about a millimetre."""

    hu: NDArray[np.float32]
    pixel_mm: tuple[float, float]
    binning: int  # pixels of the scan in one, along each side
    z: float

    def to_pixels(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels of the scan from those of the slab."""
        return (at + 0.5) * self.binning - 0.5


def _seeds(scan: CTScan) -> Iterator[_Seed]:
    """Patterns of three large and three medium spots in uniform tissue, in any slab."""
    for slab in _slabs(scan):
        response = _spot_response(slab)
        spots = _find_spots(response, slab)
        for triple in _triangles(spots, slab):
            seed = _check_pattern(slab, response, triple)
            if seed is not None:
                yield seed


def _slabs(scan: CTScan) -> Iterator[_Slab]:
    """Slabs of about 3 mm, each half of the last one further."""
    count = max(1, round(_SLAB_MM / scan.spacing_mm[0]))
    _, dy, dx = scan.spacing_mm
    binning = max(1, int(_COARSE_PIXEL_MM / max(dy, dx)))
    for first in range(0, max(1, scan.shape[0] - count + 1), max(1, count // 2)):
        mean = slab_mean(scan.hu, first, count)
        yield _Slab(
            hu=np.clip(bin_pixels(mean, binning), *_CLIP_HU),
            pixel_mm=(dy * binning, dx * binning),
            binning=binning,
            z=first + (min(count, scan.shape[0]) - 1) / 2,
        )


def _spot_response(slab: _Slab) -> NDArray[np.float32]:
    """How far each pixel stands out from its neighbourhood, in HU."""
    narrow = smooth_mm(slab.hu, _SPOT_SIGMA_MM, slab.pixel_mm)
    return narrow - smooth_mm(slab.hu, 4 * _SPOT_SIGMA_MM, slab.pixel_mm)


def _find_spots(response: NDArray[np.float32], slab: _Slab) -> NDArray[np.float64]:
    """Local maxima of the response, (n, 2) in pixels of the slab; none if there are too many."""
    from scipy import ndimage  # heavy import, needed only to calibrate

    size = tuple(2 * round(3.0 / pixel) + 1 for pixel in slab.pixel_mm)
    is_top = (response == ndimage.maximum_filter(response, size)) & (response >= _MIN_SPOT_HU)
    spots = np.argwhere(is_top).astype(np.float64)
    return spots if 3 <= len(spots) <= _MAX_SPOTS else spots[:0]


def _triangles(spots: NDArray[np.float64], slab: _Slab) -> Iterator[NDArray[np.float64]]:
    """Triples of spots as far apart as the large cylinders are."""
    side = np.sqrt(3.0) * LARGE_RADIUS_MM
    at_mm = spots * np.array(slab.pixel_mm)
    apart = np.hypot(*(at_mm[:, None] - at_mm[None]).transpose(2, 0, 1))
    fits = np.triu(np.abs(apart - side) <= _SIDE_TOLERANCE_MM)
    for i, j in np.argwhere(fits):
        for k in np.flatnonzero(fits[i] & fits[j]):
            yield spots[[i, j, k]]


def _check_pattern(
    slab: _Slab, response: NDArray[np.float32], triple: NDArray[np.float64]
) -> _Seed | None:
    """Check tissue, medium cylinders and densities around three spots."""
    centre = triple.mean(axis=0)
    tissue = _tissue_around(slab, triple, centre)
    if tissue is None:
        return None
    inwards = triple + (centre - triple) * (STEP_MM / LARGE_RADIUS_MM)
    if min(_near(response, at, slab) for at in inwards) < _MIN_MEDIUM_HU:
        return None
    sharp = smooth_mm(slab.hu, 0.5 * _SPOT_SIGMA_MM, slab.pixel_mm)
    contrast = np.array([_near(sharp, at, slab) for at in triple]) - tissue
    order = np.argsort(contrast)
    low, medium, high = contrast[order].tolist()
    steps = (medium / low, high / medium) if low > 0 else (0.0, 0.0)
    if not all(_DENSITY_STEP[0] <= step <= _DENSITY_STEP[1] for step in steps):
        return None
    return _Seed(z=slab.z, spots=slab.to_pixels(triple[order]), contrast=float(contrast.sum()))


def _near(image: NDArray[np.float32], at: NDArray[np.float64], slab: _Slab) -> float:
    """Maximum within 1.5 mm of a point."""
    weights, box = disc_weights(at, 1.5, slab.pixel_mm, image.shape)
    return float(image[box][weights > 0].max())


def _tissue_around(
    slab: _Slab, triple: NDArray[np.float64], centre: NDArray[np.float64]
) -> float | None:
    """Median of the disc around the spots, if it is one uniform tissue and in the scan."""
    weights, box = disc_weights(centre, INSERT_RADIUS_MM, slab.pixel_mm, slab.hu.shape)
    needed = np.pi * INSERT_RADIUS_MM**2 / (slab.pixel_mm[0] * slab.pixel_mm[1])
    if weights.sum() < 0.99 * needed:
        return None
    inside = weights > 0.5
    for spot in triple:
        for step in range(3):
            at = spot + (centre - spot) * (step * STEP_MM / LARGE_RADIUS_MM)
            hole, hole_box = disc_weights(at, 5.0, slab.pixel_mm, slab.hu.shape)
            _clear(inside, box, hole > 0, hole_box)
    values = smooth_mm(slab.hu[box], 1.5, slab.pixel_mm)[inside]
    low, median, high = np.percentile(values, [2, 50, 98])
    is_uniform = median - low <= _TISSUE_SPREAD_HU and high - median <= _TISSUE_SPREAD_HU
    is_tissue = _TISSUE_RANGE_HU[0] <= median <= _TISSUE_RANGE_HU[1]
    return float(median) if is_uniform and is_tissue else None


def _clear(
    mask: NDArray[np.bool_],
    box: tuple[slice, slice],
    hole: NDArray[np.bool_],
    hole_box: tuple[slice, slice],
) -> None:
    """Clear a hole, given in another box, in a mask."""
    y, x = np.nonzero(hole)
    y += hole_box[0].start - box[0].start
    x += hole_box[1].start - box[1].start
    inside = (y >= 0) & (y < mask.shape[0]) & (x >= 0) & (x < mask.shape[1])
    mask[y[inside], x[inside]] = False


def _refine(scan: CTScan, seed: _Seed) -> Insert | None:
    """Place the pattern by the centres of mass of the large and the medium cylinders."""
    spacing = np.array(scan.spacing_mm[1:])
    spots = seed.spots.copy()
    z = seed.z
    for _ in range(3):
        z = float(np.mean([_slice_centre(scan, spot, z) for spot in spots]))
        spots = np.array([_plane_centre(scan, spot, z, 4.0) for spot in spots])
    centre = spots.mean(axis=0)
    medium = spots + (centre - spots) * (STEP_MM / LARGE_RADIUS_MM)
    for _ in range(3):
        medium = np.array([_plane_centre(scan, spot, z, 3.0) for spot in medium])
    fit = _fit_spokes(spots * spacing, medium * spacing)
    if abs(fit.step_mm - STEP_MM) > _STEP_TOLERANCE_MM or fit.residual_mm > _STEP_TOLERANCE_MM:
        return None
    return _insert_from_fit(scan, fit, z, seen={Size.LARGE: spots, Size.MEDIUM: medium})


def _slice_centre(scan: CTScan, spot: NDArray[np.float64], z: float) -> float:
    """Centre of mass along the slices of a large cylinder, within 8 mm of a first guess."""
    reach = 8.0 / scan.spacing_mm[0]
    slices = np.arange(max(0, int(np.ceil(z - reach))), min(scan.shape[0] - 1, int(z + reach)) + 1)
    excess = np.array([_excess(scan, int(k), spot, 4.0)[0] for k in slices])
    excess = np.clip(excess - 0.1 * excess.max(), 0, None)  # noise has no lever at the ends
    return float((excess * slices).sum() / excess.sum()) if excess.any() else z


def _plane_centre(
    scan: CTScan, spot: NDArray[np.float64], z: float, radius_mm: float
) -> NDArray[np.float64]:
    """Centre of mass in the slices of a cylinder, within a radius of a first guess."""
    reach = max(0.5, 2.5 / scan.spacing_mm[0])
    slices = range(max(0, int(np.ceil(z - reach))), min(scan.shape[0] - 1, int(z + reach)) + 1)
    parts = [_excess(scan, k, spot, radius_mm)[1] for k in slices]
    total = np.sum(parts, axis=0)
    return np.asarray(spot if total[0] <= 0 else total[1:] / total[0])


def _excess(
    scan: CTScan, k: int, spot: NDArray[np.float64], radius_mm: float
) -> tuple[float, NDArray[np.float64]]:
    """Sum above the ring of 5 to 6 mm in one slice, and the sums for its centre of mass."""
    weights, box = disc_weights(spot, 6.0, scan.spacing_mm[1:], scan.shape[1:])
    inner, inner_box = disc_weights(spot, radius_mm, scan.spacing_mm[1:], scan.shape[1:])
    hole, hole_box = disc_weights(spot, 5.0, scan.spacing_mm[1:], scan.shape[1:])
    ring = weights > 0.5
    _clear(ring, box, hole > 0, hole_box)
    background = np.median(scan.hu[k][box][ring])
    values = np.clip(scan.hu[k][inner_box] - background, 0, None) * inner
    y, x = np.mgrid[inner_box]
    sums = np.array([values.sum(), (values * y).sum(), (values * x).sum()])
    return float(((scan.hu[k][inner_box] - background) * inner).sum()), sums


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spokes:
    """The fitted pattern, y as the imaginary part, in mm from the corner of the slice."""

    centre: complex
    large: complex  # from the centre to the large cylinder of high density
    step: complex  # from it inwards to the next
    turns: tuple[complex, complex, complex]  # of the spokes of low, medium, high density
    residual_mm: float

    @property
    def step_mm(self) -> float:
        return abs(self.step)


def _fit_spokes(large_mm: NDArray[np.float64], medium_mm: NDArray[np.float64]) -> _Spokes:
    """Fit centre, radius, step and rotation to three large and three medium cylinders (y, x).

    With points as complex numbers, a cylinder lies at centre + (large - n * step) * turn, which is
    linear in the three unknowns.
    """
    large = large_mm[:, 1] + 1j * large_mm[:, 0]
    medium = medium_mm[:, 1] + 1j * medium_mm[:, 0]
    spoke = large - large.mean()
    sense = 1 if (np.conj(spoke[2]) * spoke[0]).imag > 0 else -1
    third = np.exp(2j * np.pi / 3 * sense)
    turns = (third, np.conj(third), 1 + 0j)  # low, medium, high
    rows = [(1, turn, -n * turn) for n in (0, 1) for turn in turns]
    seen = np.concatenate([large, medium])
    solution, *_ = np.linalg.lstsq(np.array(rows), seen, rcond=None)
    residual = np.abs(np.array(rows) @ solution - seen)
    return _Spokes(
        centre=complex(solution[0]),
        large=complex(solution[1]),
        step=complex(solution[2]),
        turns=turns,
        residual_mm=float(np.sqrt((residual**2).mean())),
    )


def _insert_from_fit(
    scan: CTScan, fit: _Spokes, z: float, *, seen: dict[Size, NDArray[np.float64]]
) -> Insert:
    """Place the small cylinders on the fitted spokes, the others where they were seen.

    In the phantom that was measured, cylinders lie up to half a millimetre off their spoke.
    """
    _, dy, dx = scan.spacing_mm
    turn = dict(zip(Density, fit.turns, strict=True))
    places = []
    for cylinder in CYLINDERS:
        if cylinder.size in seen:
            y, x = seen[cylinder.size][list(Density).index(cylinder.density)].tolist()
        else:
            offset = fit.large - cylinder.steps_inwards * fit.step
            at = fit.centre + offset * turn[cylinder.density]
            y, x = at.imag / dy, at.real / dx
        places.append(Place(cylinder=cylinder, index=(z, float(y), float(x))))
    centre = (z, fit.centre.imag / dy, fit.centre.real / dx)
    x_mm, y_mm, z_mm = scan.to_patient_mm(np.array([centre]))[0].tolist()
    return Insert(
        centre_index=centre,
        centre_mm=(x_mm, y_mm, z_mm),
        rotation_deg=float(np.degrees(np.angle(fit.large))),
        large_radius_mm=abs(fit.large),
        step_mm=fit.step_mm,
        residual_mm=fit.residual_mm,
        tissue_hu=_tissue_of(scan, places, centre),
        places=tuple(places),
    )


def _tissue_of(scan: CTScan, places: list[Place], centre: tuple[float, float, float]) -> float:
    """Median of the resin in the slices of the insert."""
    weights, box = disc_weights(
        np.array(centre[1:]), INSERT_RADIUS_MM, scan.spacing_mm[1:], scan.shape[1:]
    )
    inside = weights > 0.5
    for place in places:
        hole, hole_box = disc_weights(
            np.array(place.index[1:]), 6.0, scan.spacing_mm[1:], scan.shape[1:]
        )
        _clear(inside, box, hole > 0, hole_box)
    return float(np.median(scan.hu[round(centre[0])][box][inside]))
