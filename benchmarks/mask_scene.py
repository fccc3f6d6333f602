"""A simulated chest around the geometry of a real one: label maps whose CT is not to be had.

A mask says where the heart of a real chest CT is, where its coronary calcium is, and what else is
above the threshold of calcium: mostly bone. A simulated patient is scaled along each axis, and
laid, so that the pericardium takes the place of the mask's heart. What is denser than soft tissue
is taken out of it, and the mask's candidates are painted in with intensities of our own.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corcal.ct.scan import CTScan
from corcal.errors import InputError
from corcal.phantom.canvas import tiled
from corcal.phantom.motion import Motion
from corcal.phantom.noise import noise_volume
from corcal.phantom.patient import draw_patient
from corcal.phantom.physics import KERNELS, Scanner, stored_hu
from corcal.phantom.protocol import Protocol, image_origin
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import Grid, smooth_noise
from corcal.phantom.spec import PatientSpec, Triple
from corcal.phantom.thorax import simulate_exam

__all__ = [
    "BONE_VOXELS",
    "CORONARY",
    "HEART",
    "REST",
    "Fit",
    "Mask",
    "best_fit",
    "candidates",
    "dice",
    "paint",
    "peak_hu",
    "read_mask",
    "scaled",
    "simulated_chest",
    "whole_heart",
]

# As the label maps hold them (looked at slice by slice).
HEART, REST, CORONARY = 1, 2, 3
BONE_VOXELS = 300  # 350 mm3: a connected piece of the rest as large as this is bone, less is a spot
NOISE_HU = 20.0
SOFT_TISSUE_HU = 60.0  # muscle and liver; denser parts of the simulated chest are its own bones
PEAK_HU = (150.0, 900.0)  # of calcium
_FULL_RANGE_VOXELS = 10  # smaller spots are not as bright: 150 HU plus so much less
_BONE_HU = (200.0, 1000.0)
_CORTEX_HU, _MARROW_HU, _TEXTURE_HU = 800.0, 300.0, 80.0
# The geometry is that of an image, so most of its blur is in it already.
_BLUR_VOXELS = (0.25, 0.6, 0.6)
_TEXTURE_CELLS = (32, 96, 96)
_VARIETY = 0.3
_COARSE_MM = 5.0
_SCALINGS = 2
_REACH_MM = 120.0  # of the grid that hearts are fitted on, around the reference point

Labels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A label map in the axes of a scan.

    Attributes
    ----------
    name : str
        Of its file.
    labels : uint8 ndarray of shape (n_z, n_y, n_x)
        `HEART`, `REST`, `CORONARY` or 0; z to the head, y to the back, x to the patient's left.
    spacing_mm : (dz, dy, dx)
        Of its voxels.
    """

    name: str
    labels: Labels
    spacing_mm: Triple


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A simulated patient whose heart takes the mask's place.

    Attributes
    ----------
    spec : PatientSpec
        Without plaques and confounders.
    origin_mm : (x, y, z)
        Where the mask's first voxel is in the patient's own frame.
    scale : (x, y, z)
        By which the drawn patient was scaled.
    dice : float
        Of the simulated pericardium and the mask's heart.
    """

    spec: PatientSpec
    origin_mm: Triple
    scale: Triple
    dice: float


def read_mask(file: Path) -> Mask:
    """Read a label map.

    Raises
    ------
    InputError
        If it has other labels, or its label of the heart is not one large piece.
    """
    import SimpleITK as sitk

    image = sitk.DICOMOrient(sitk.ReadImage(str(file)), "LPS")
    labels = sitk.GetArrayFromImage(image).astype(np.uint8)
    found = set(np.unique(labels).tolist())
    if not found <= {0, HEART, REST, CORONARY} or HEART not in found:
        msg = f"{file.name} has labels {sorted(found)}, wanted 0, {HEART}, {REST} and {CORONARY}"
        raise InputError(msg)
    pieces, _ = ndimage.label(labels == HEART)
    share = np.bincount(pieces.ravel())[1:].max() / np.count_nonzero(pieces)
    if share < 0.9:
        msg = f"label {HEART} of {file.name} is no heart: its largest piece has {share:.0%} of it"
        raise InputError(msg)
    dx, dy, dz = image.GetSpacing()
    return Mask(name=file.stem, labels=labels, spacing_mm=(dz, dy, dx))


def whole_heart(labels: Labels) -> NDArray[np.bool_]:
    """Give the heart with the candidates that the label map cut out of it, slice by slice."""
    heart = (labels == HEART) | (labels == CORONARY)
    for plane in heart:
        if plane.any():
            plane[:] = ndimage.binary_fill_holes(plane)
    return heart


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Overlap of two sets of cells: twice the common part over the sum; 0 if both are empty."""
    total = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2.0 * int(np.count_nonzero(a & b)) / total if total else 0.0


def scaled(spec: PatientSpec, factors: Triple) -> PatientSpec:
    """Scale a patient with the heart along (x, y, z); fat and muscle keep their thickness."""
    x, y, z = (s * f for s, f in zip(spec.body_scale, factors, strict=True))
    made = replace(spec, body_scale=(x, y, z))
    heart = spec.heart_scale * made.reference_mm / spec.reference_mm
    return replace(made, heart_scale=heart)


def best_fit(mask: Mask, seeds: list[int]) -> Fit:
    """Choose among patients, each brought to the mask's heart, the one that overlaps best."""
    return max((_fit(mask, seed) for seed in seeds), key=lambda one: one.dice)


def _fit(mask: Mask, seed: int) -> Fit:
    heart = whole_heart(mask.labels)
    index = np.argwhere(heart)
    middle = (index.mean(axis=0) * mask.spacing_mm)[::-1]
    spread = (index.std(axis=0) * mask.spacing_mm)[::-1]
    spec = draw_patient(seed, burden="none", variety=_VARIETY)
    drawn = spec.body_scale
    spec = replace(spec, plaques=(), confounders=())
    for _ in range(_SCALINGS):
        points, inside = _sac(spec)
        x, y, z = (spread / points[inside].std(axis=0)).tolist()
        spec = scaled(spec, (x, y, z))
    points, inside = _sac(spec)
    origin = points[inside].mean(axis=0) - middle
    cells = np.rint((points - origin) / np.array(mask.spacing_mm[::-1])).astype(np.intp)[..., ::-1]
    seen = ((cells >= 0) & (cells < heart.shape)).all(axis=-1)
    wanted = np.zeros(inside.shape, np.bool_)
    wanted[seen] = heart[tuple(cells[seen].T)]
    x, y, z = (float(v) for v in origin)
    scale = np.divide(spec.body_scale, drawn).tolist()
    return Fit(
        spec=spec,
        origin_mm=(x, y, z),
        scale=(scale[0], scale[1], scale[2]),
        dice=dice(wanted, inside),
    )


def _sac(spec: PatientSpec) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cells of a coarse grid (n_z, n_y, n_x, 3) in mm, and which lie in the pericardium."""
    count = int(2 * _REACH_MM / _COARSE_MM)
    grid = Grid(
        origin_mm=(18.0 - _REACH_MM, 5.0 - _REACH_MM, -_REACH_MM),
        spacing_mm=(_COARSE_MM,) * 3,
        shape=(count,) * 3,
    )
    heart = Thorax(spec, grid, field_mm=_COARSE_MM, only_courses=True).heart
    return heart.grid.points(), heart.sac < 0


def simulated_chest(mask: Mask, fit: Fit, *, noise_hu: float = NOISE_HU) -> CTScan:
    """Make the chest CT: the simulated patient with the candidates of the mask.

    Parameters
    ----------
    mask : Mask
        With square pixels; the scan has its voxels.
    fit : Fit
        From `best_fit`.
    noise_hu : float
        Standard deviation of the noise.
    """
    dz, dy, _ = mask.spacing_mm
    scanner = Scanner(
        kernel=KERNELS["medium"],
        matrix=mask.labels.shape[1:],
        pixel_spacing_mm=dy,
        slice_thickness_mm=dz,
        increment_mm=dz,
        noise_sd_hu=0.0,
    )
    seed = fit.spec.seed
    protocol = Protocol(
        kind="chest",
        scanner=scanner,
        scan_length_mm=len(mask.labels) * dz,
        motion=Motion(kind="free", way_mm=4.0, seed=seed),
    )
    x, y, z = np.subtract(fit.origin_mm, image_origin(fit.spec, protocol)).tolist()
    scan = simulate_exam(fit.spec, replace(protocol, offset_mm=(x, y, z))).scan
    hu = np.minimum(scan.hu, np.float32(SOFT_TISSUE_HU), dtype=np.float32)
    paint(hu, mask.labels, rng=np.random.default_rng([seed, 31]))
    if noise_hu > 0:
        hu += noise_volume(
            replace(scanner, noise_sd_hu=noise_hu),
            slice_count=len(hu),
            rng=np.random.default_rng([seed, 32]),
        )
    return replace(scan, hu=stored_hu(hu))


def peak_hu(count: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the peak of spots of `count` voxels: 150 to 900 HU from 10 voxels on, less below."""
    low, high = PEAK_HU
    part = np.minimum(np.asarray(count) / _FULL_RANGE_VOXELS, 1.0)
    return np.asarray(low + (high - low) * part * rng.random(len(part)), np.float64)


def candidates(labels: Labels) -> dict[str, NDArray[np.bool_]]:
    """Tell the mask's candidates apart: ``coronary``, ``bone`` (large) and other ``spots``."""
    pieces, count = ndimage.label(labels == REST, np.ones((3, 3, 3)))
    large = np.bincount(pieces.ravel(), minlength=count + 1) >= BONE_VOXELS
    large[0] = False
    bone = large[pieces]
    return {
        "coronary": labels == CORONARY,
        "spots": (labels == REST) & ~bone,
        "bone": bone,
    }


def paint(hu: NDArray[np.float32], labels: Labels, *, rng: np.random.Generator) -> None:
    """Paint the mask's candidates into an image without noise, in place.

    Calcium and all other spots are drawn from the same intensities, so that these do not tell one
    from the other. Bone has a cortex of one pixel and marrow, with texture, 200 to 1000 HU.

    Parameters
    ----------
    hu : float32 ndarray of shape (n_z, n_y, n_x)
        Of soft tissue, fat and air.
    labels : uint8 ndarray of the same shape
        The mask.
    rng : numpy.random.Generator
        Of the intensities.
    """
    kinds = candidates(labels)
    _paint_bone(hu, kinds["bone"], rng)
    for name in ("spots", "coronary"):
        _paint_spots(hu, kinds[name], rng)


def _paint_bone(hu: NDArray[np.float32], bone: NDArray[np.bool_], rng: np.random.Generator) -> None:
    texture = smooth_noise(rng, _TEXTURE_CELLS, 1.1)
    share = np.empty_like(hu)
    ndimage.gaussian_filter(bone.astype(np.float32), _BLUR_VOXELS, output=share)
    for k, plane in enumerate(hu):
        if not bone[k].any() and share[k].max() < 0.01:
            continue
        inner = ndimage.binary_erosion(bone[k])
        value = np.where(inner, _MARROW_HU, _CORTEX_HU) + _TEXTURE_HU * tiled(
            texture, k, plane.shape
        )
        plane += share[k] * (np.clip(value, *_BONE_HU) - plane)


def _paint_spots(
    hu: NDArray[np.float32], spots: NDArray[np.bool_], rng: np.random.Generator
) -> None:
    pieces, count = ndimage.label(spots, np.ones((3, 3, 3)))
    peaks = peak_hu(np.bincount(pieces.ravel(), minlength=count + 1)[1:], rng)
    for number, where in enumerate(ndimage.find_objects(pieces), start=1):
        window = tuple(
            slice(max(one.start - 2, 0), one.stop + 2)  # beyond the end of an array is no harm
            for one in where
        )
        own = (pieces[window] == number).astype(np.float32)
        share = ndimage.gaussian_filter(own, _BLUR_VOXELS, mode="constant")
        share /= share.max()  # the peak is that of the image
        hu[window] += share * (np.float32(peaks[number - 1]) - hu[window])
