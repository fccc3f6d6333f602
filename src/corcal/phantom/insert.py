"""Plaques of known mass put into a real scan: real noise, real anatomy, and the truth.

A plaque is painted in the wall of an artery that is given as a path, imaged with the scan's own
pixels, slices and an estimate of its sharpness, and added to the HU that are there. Nothing is
taken away: what was dense before stays so.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.ct.dicom.stated import TUBE_VOLTAGES_KV
from corcal.ct.scan import Acquisition, CTScan
from corcal.errors import GeometryError, InputError
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.calcium import CELL_MM, Deposit, deposit
from corcal.phantom.course import Course
from corcal.phantom.lesion_order import LesionOrder, check_orders, require_within
from corcal.phantom.motion import STILL, Motion, MovingHeart
from corcal.phantom.physics import MAX_HU, FineVolume, ImageGrid, ImageWindow
from corcal.phantom.scanner import KERNELS, Scanner
from corcal.phantom.shapes import smooth_curve
from corcal.phantom.spec import Plaque
from corcal.phantom.truth import touched_voxels
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.rules import DEFAULT_RULE, ScoringRule, rule_named

__all__ = ["Inserted", "InsertedLesion", "LesionOrder", "estimated_psf_mm", "insert_lesions"]

_STEP_MM = 1.0
_DEFAULT_PSF_MM = 1.5
# Below this part of a pixel the image would carry another mass than the record says: at 0.8 within
# 1.5 %, at 0.2 within 14 % (measured on plaques of 0.3 to 10 mg).
_LEAST_PSF_PIXELS = 0.8
_MOST_PSF_MM = 10.0  # own limit: no kernel comes near
_LEAST_INSIDE = 0.99  # of a lesion's HU: what is cut off would be missing from the truth
# Point spread of kernels by what their names begin with, FWHM in mm. The medium ones are like the
# measured "medium" kernel of `corcal.phantom.scanner`; the others are orders of magnitude from the
# vendors' ranking by sharpness.
_PSF_OF_NUMBERED = ((25, 1.8), (33, 1.6), (38, 1.5), (45, 1.35), (55, 1.0), (200, 0.8))
_PSF_BY_NAME = (
    (r"FC(0\d|1\d)$", 1.5),
    (r"FC[3-8]\d$", 0.9),
    (r"SOFT", 1.7),
    (r"STANDARD", 1.5),
    (r"DETAIL|CHEST", 1.2),
    (r"BONE|LUNG|EDGE", 0.8),
    (r"(XC)?A$", 1.8),
    (r"(XC|C)?B$", 1.6),
    (r"(XC)?C$", 1.4),
    (r"(D|E|L|Y[A-E])$", 0.9),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertedLesion:
    """What was put in, exactly.

    Attributes
    ----------
    id, site
        Of the order.
    centre_mm : (x, y, z)
        Centre of mass in the patient, LPS.
    mass_mg, volume_mm3 : float
        Painted hydroxyapatite and its physical volume.
    peak_contrast_hu : float
        Of its noiseless image.
    background_hu : float
        Median of the scan where the lesion was put, before.
    agatston : float
        Of the noiseless image over `background_hu`, by the rule.
    """

    id: str
    site: Site
    centre_mm: tuple[float, float, float]
    mass_mg: float
    volume_mm3: float
    peak_contrast_hu: float
    background_hu: float
    agatston: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """A scan with lesions put in.

    Attributes
    ----------
    scan : CTScan
        The given one with other HU.
    voxels : SiteVoxels
        Voxels that the lesions touch (contrast of 4 HU or more).
    lesions : tuple of InsertedLesion
        In the order given.
    psf_fwhm_mm : float
        In-plane sharpness that was used.
    """

    scan: CTScan
    voxels: SiteVoxels
    lesions: tuple[InsertedLesion, ...]
    psf_fwhm_mm: float


def insert_lesions(
    scan: CTScan,
    orders: Sequence[LesionOrder],
    *,
    psf_fwhm_mm: float | None = None,
    motion: Motion = STILL,
    rule: ScoringRule | None = None,
) -> Inserted:
    """Put plaques into a scan.

    Parameters
    ----------
    scan : CTScan
        Real or simulated; it is not changed.
    orders : sequence of LesionOrder
        What and where.
    psf_fwhm_mm : float, optional
        Sharpness in the slice, from 0.8 of a pixel to 10 mm; if not given, estimated from the name
        of the kernel (`estimated_psf_mm`), and not below 0.8 of a pixel.
    motion : Motion
        Of the heart; still if not given.
    rule : ScoringRule, optional
        For the records' Agatston scores; the default rule if not given.

    Returns
    -------
    Inserted
        Contrast is that of the scan's tube voltage (120 kVp where the header is silent, that of 70
        or 140 kVp beyond these) and slice thickness (the increment where it is silent).

    Raises
    ------
    GeometryError
        If the pixels are not square or the gantry was tilted.
    InputError
        If less than 99 % of a lesion's HU would come to lie in the scan, an order cannot be painted
        (`LesionOrder` says what may be ordered), two have the same id, or sharpness or tube voltage
        is none that a scanner has.
    """
    _check(scan)
    check_orders(orders)
    psf = _psf(scan, psf_fwhm_mm)
    grid = _grid_of(scan, psf)
    heart = MovingHeart(motion, grid)
    made = [deposit(_plaque(order), _course(order, scan)) for order in orders]
    for order, each in zip(orders, made, strict=True):
        _require_inside(order, each, grid)
    images = [
        (o.site, heart.contrast(_volume(d, grid), o.site))
        for o, d in zip(orders, made, strict=True)
    ]
    hu = scan.hu.astype(np.float32)
    lesions = []
    for order, each, (_, image) in zip(orders, made, images, strict=True):
        lesions.append(_record(order, each, image, scan, rule or rule_named(DEFAULT_RULE)))
        hu[image.slices] += image.values
    values = _as_stored(hu, scan)
    return Inserted(
        scan=replace(scan, hu=values),
        voxels=touched_voxels(scan.shape, images),
        lesions=tuple(lesions),
        psf_fwhm_mm=psf,
    )


def _as_stored(hu: NDArray[np.float32], scan: CTScan) -> NDArray[np.int16] | NDArray[np.float32]:
    """Round and clip as the scan does, read-only."""
    values: NDArray[np.int16] | NDArray[np.float32] = hu
    if scan.hu.dtype.kind == "i":
        np.minimum(np.rint(hu, out=hu), max(MAX_HU, int(scan.hu.max())), out=hu)
        values = hu.astype(np.int16)
    values.setflags(write=False)
    return values


def estimated_psf_mm(acquisition: Acquisition) -> float:
    """Estimate the width (FWHM, mm) of the point spread in the slice from the kernel's name.

    Siemens kernels (B35f, I30f, Br40d, Qr36) are told by their number, those of Canon, GE and
    Philips by their names; 1.5 mm, a kernel for soft tissue, where the name says nothing.
    """
    name = (acquisition.convolution_kernel or "").strip().upper()
    numbered = re.match(r"[A-Z]{1,2}(\d\d)[A-Z]?", name)
    if numbered and not name.startswith("FC"):
        number = int(numbered.group(1))
        return next(width for limit, width in _PSF_OF_NUMBERED if number <= limit)
    return next((w for pattern, w in _PSF_BY_NAME if re.match(pattern, name)), _DEFAULT_PSF_MM)


def _check(scan: CTScan) -> None:
    _, dy, dx = scan.spacing_mm
    if abs(dy - dx) > 1e-3 * dx:
        msg = f"lesions can be put into scans of square pixels, got {dy:g} x {dx:g} mm"
        raise GeometryError(msg)
    axes = scan.affine_lps[:3, :3] / np.linalg.norm(scan.affine_lps[:3, :3], axis=0)
    if np.abs(axes.T @ axes - np.eye(3)).max() > 1e-3:
        msg = "lesions can be put into scans whose slices are stacked at right angles, got a tilt"
        raise GeometryError(msg)


def _grid_of(scan: CTScan, psf_fwhm_mm: float) -> ImageGrid:
    """Slices of the scan in its own frame: mm from voxel [0, 0, 0] along x, y, z."""
    acquisition = scan.acquisition
    dz, _, dx = scan.spacing_mm
    kvp = 120.0 if acquisition.kvp is None else acquisition.kvp
    require_within(kvp, *TUBE_VOLTAGES_KV, what="the scan's tube voltage is", unit=" kV")
    scanner = Scanner(
        kvp=float(np.clip(kvp, 70, 140)),  # what calcium's contrast is known for
        kernel=replace(KERNELS["medium"], psf_fwhm_mm=psf_fwhm_mm),
        matrix=scan.shape[1:],
        pixel_spacing_mm=dx,
        slice_thickness_mm=acquisition.slice_thickness_mm or dz,
        increment_mm=dz,
        noise_sd_hu=0.0,
    )
    return ImageGrid(scanner=scanner, origin_mm=(0.0, 0.0, 0.0), slice_count=scan.shape[0])


def _course(order: LesionOrder, scan: CTScan) -> Course:
    own = scan.to_index(order.path_mm)[:, ::-1] * np.array(scan.spacing_mm[::-1])
    curve = smooth_curve(own, _STEP_MM)
    return Course(
        name=order.id,
        site=order.site,
        points_mm=curve,
        radius_mm=np.full(len(curve), order.radius_mm),
    )


def _psf(scan: CTScan, given_mm: float | None) -> float:
    least = _LEAST_PSF_PIXELS * scan.spacing_mm[2]
    if given_mm is None:
        return max(estimated_psf_mm(scan.acquisition), least)
    require_within(given_mm, least, _MOST_PSF_MM, what="psf_fwhm_mm of", unit=" mm")
    return given_mm


def _require_inside(order: LesionOrder, each: Deposit, grid: ImageGrid) -> None:
    """Refuse a lesion of which a part would be cut off by the border of the scan."""
    spacing, size = np.array(grid.scanner.spacing_mm), np.array(grid.shape)
    centre = np.array(each.centre_mm[::-1]) / spacing
    if np.any(centre < -0.5) or np.any(centre > size - 0.5):
        msg = f"lesion {order.id} would lie outside the scan"
        raise InputError(msg)
    share = _share_inside(_volume(each, grid), grid)
    if share < _LEAST_INSIDE:
        percent = math.floor(1000 * share) / 10  # never rounded up to what is needed
        msg = (
            f"only {percent:.1f} % of lesion {order.id} would lie in the scan, "
            f"needed {100 * _LEAST_INSIDE:.0f} %"
        )
        raise InputError(msg)


def _share_inside(volume: FineVolume, grid: ImageGrid) -> float:
    """Part of an object's HU that an image has, of what one without borders has; at rest."""
    scanner = grid.scanner
    spacing, size = np.array(scanner.spacing_mm), np.array(grid.shape)
    blur = 2.0 * scanner.kernel.psf_fwhm_mm  # the Gaussian has 3e-6 of its sum beyond
    depth = 0.5 * scanner.slice_thickness_mm + 5.0 * scanner.slice_edge_sigma_mm
    reach = np.array([depth, blur, blur])
    low = np.array(volume.origin_mm[::-1]) - reach
    high = np.array(volume.origin_mm[::-1]) + np.array(volume.grid) * CELL_MM + reach
    before = np.maximum(np.ceil(-low / spacing), 0).astype(int)
    after = np.maximum(np.ceil(high / spacing) - (size - 1), 0).astype(int)
    if not before.any() and not after.any():
        return 1.0
    n_z, n_y, n_x = (before + size + after).tolist()
    z, y, x = (-before * spacing).tolist()
    wide = ImageGrid(
        scanner=replace(scanner, matrix=(n_y, n_x)), origin_mm=(x, y, z), slice_count=n_z
    )
    full = float(wide.contrast(volume).values.sum(dtype=np.float64))
    return float(grid.contrast(volume).values.sum(dtype=np.float64)) / full


def _plaque(order: LesionOrder) -> Plaque:
    return Plaque(
        id=order.id,
        site=order.site,
        branch=order.id,
        position=order.position,
        angle_deg=order.angle_deg,
        mass_mg=order.mass_mg,
        density_mg_per_cm3=order.density_mg_per_cm3,
        seed=order.seed,
    )


def _volume(each: Deposit, grid: ImageGrid) -> FineVolume:
    return FineVolume(
        values=each.density_mg_per_cm3 * np.float32(grid.scanner.calcium_hu(1.0)),
        spacing_mm=(CELL_MM,) * 3,
        origin_mm=each.origin_mm,
    )


def _record(
    order: LesionOrder, each: Deposit, image: ImageWindow, scan: CTScan, rule: ScoringRule
) -> InsertedLesion:
    peak = float(image.values.max(initial=0.0))
    centre = scan.to_patient_mm(np.array([each.centre_mm[::-1]]) / np.array(scan.spacing_mm))[0]
    seen = image.values >= 0.25 * peak
    background = float(np.median(scan.hu[image.slices][seen]))
    truth = touched_voxels(image.values.shape, [(order.site, _at_origin(image))])
    noiseless = image.values.ravel()[truth.index] + background
    found = find_slice_lesions(noiseless, truth, rule=rule, spacing_mm=scan.spacing_mm)
    x, y, z = (round(float(v), 3) for v in centre)
    return InsertedLesion(
        id=order.id,
        site=order.site,
        centre_mm=(x, y, z),
        mass_mg=each.mass_mg,
        volume_mm3=each.volume_mm3,
        peak_contrast_hu=peak,
        background_hu=background,
        agatston=found.agatston((order.site,)),
    )


def _at_origin(image: ImageWindow) -> ImageWindow:
    return ImageWindow(start=(0, 0, 0), values=image.values)
