"""How a CT scanner makes an image of an object: point spread, partial volume, noise.

Imaging is linear: an object painted on a fine grid is integrated over the scanner's point spread
(Gaussian in the slice, a smoothed box across it) at each pixel centre, exactly for the piecewise
constant object that the grid is. Several objects on different grids add up: a coarse body, and
small calcifications as contrast on their own, finer grids. Then come noise of the kernel's
texture, rounding and clipping.

The integral of an object's contrast over the image (times voxel volume) is that over the object
when the slice thickness is a whole multiple of the increment. With other increments, or gaps, it
depends on where the slices fall, as on a real scanner.

How noise looks is in `corcal.phantom.noise`. Motion, shading and streaks are separate:
`corcal.phantom.motion`, `corcal.phantom.artefacts`. Not simulated: scatter, cone-beam artefacts,
edge enhancement.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError, InputError
from corcal.phantom.noise import noise_volume
from corcal.phantom.profile import profile_weights
from corcal.phantom.scanner import FWHM_PER_SIGMA, KERNELS, Kernel, Scanner, hydroxyapatite_hu

__all__ = [
    "KERNELS",
    "MAX_HU",
    "MIN_HU",
    "FineVolume",
    "ImageGrid",
    "ImageWindow",
    "Kernel",
    "Scanner",
    "hydroxyapatite_hu",
    "image_body",
    "image_contrast",
    "image_volume",
    "stored_hu",
]

MIN_HU = -1024  # 12 stored bits with intercept -1024
MAX_HU = 3071
AIR_HU = -1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FineVolume:
    """An object, or the contrast that one adds, painted on a grid finer than the image.

    Attributes
    ----------
    values : ndarray of shape (n_z, n_y, n_x), or callable
        HU (of a body) or HU contrast (of an addition); any real dtype. A callable gets the
        zero-based index of a slice and gives that slice ``(n_y, n_x)``, so that a large body
        never is in memory at once; `shape` is needed then.
    spacing_mm : (dz, dy, dx)
        Of this grid. A part that does not change along an axis may be a single long voxel there.
    origin_mm : (x, y, z)
        Centre of voxel ``[0, 0, 0]`` in the patient, LPS.
    shape : (n_z, n_y, n_x), optional
        Taken from an array.

    Raises
    ------
    GeometryError
        If `values` is no 3-D array, or a callable without `shape`.
    """

    values: NDArray[np.generic] | Callable[[int], NDArray[np.generic]]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    shape: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.shape is None:
            if callable(self.values) or self.values.ndim != 3:
                msg = "a fine volume needs a (z, y, x) array, or a callable and its shape"
                raise GeometryError(msg)
            n_z, n_y, n_x = self.values.shape
            object.__setattr__(self, "shape", (n_z, n_y, n_x))

    @property
    def grid(self) -> tuple[int, int, int]:
        """Voxels along (z, y, x)."""
        return self.shape or (0, 0, 0)

    def slice_at(self, index: int) -> NDArray[np.float32]:
        """Give slice `index` as float32 of shape (n_y, n_x)."""
        values = self.values(index) if callable(self.values) else self.values[index]
        return np.asarray(values, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageWindow:
    """The part of an image that an object touches.

    Attributes
    ----------
    start : (z, y, x)
        Index of its first voxel in the image.
    values : float32 ndarray of shape (n_z, n_y, n_x)
        Noiseless, unrounded; empty if the object is outside the image.
    """

    start: tuple[int, int, int]
    values: NDArray[np.float32]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Its place in the image, for indexing."""
        z, y, x = (
            slice(first, first + count)
            for first, count in zip(self.start, self.values.shape, strict=True)
        )
        return z, y, x


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageGrid:
    """The slices of one exam: what images are made on.

    Attributes
    ----------
    scanner : Scanner
        Its matrix and spacings.
    origin_mm : (x, y, z)
        Centre of voxel ``[0, 0, 0]`` in the patient.
    slice_count : int
        Slices, ascending towards the head.
    """

    scanner: Scanner
    origin_mm: tuple[float, float, float]
    slice_count: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along (z, y, x)."""
        return self.slice_count, *self.scanner.matrix

    def contrast(
        self, volume: FineVolume, *, shift_z_mm: NDArray[np.floating] | None = None
    ) -> ImageWindow:
        """Image one addition alone: `image_contrast`."""
        return image_contrast(
            volume,
            self.scanner,
            origin_mm=self.origin_mm,
            slice_count=self.slice_count,
            shift_z_mm=shift_z_mm,
        )


def image_volume(
    body: FineVolume,
    scanner: Scanner,
    *,
    origin_mm: tuple[float, float, float],
    slice_count: int,
    additions: Sequence[FineVolume] = (),
    outside_hu: float = AIR_HU,
    noise_scale: NDArray[np.floating] | None = None,
    rng: np.random.Generator | None = None,
) -> NDArray[np.int16]:
    """Image an object.

    Parameters
    ----------
    body : FineVolume
        The object in HU; what is outside its grid is `outside_hu`.
    scanner : Scanner
        Its matrix and spacings give the grid of the image.
    origin_mm : (x, y, z)
        Centre of voxel ``[0, 0, 0]`` of the image in the patient, LPS.
    slice_count : int
        Number of slices, ascending towards the head.
    additions : sequence of FineVolume
        HU contrast to add, each on its own grid: calcifications, with partial volume.
    noise_scale : ndarray of shape (n_y, n_x) or (n_z, n_y, n_x), optional
        Local noise relative to ``scanner.noise_sd_hu``; uniform if not given.
    rng : numpy.random.Generator, optional
        Source of the noise; needed unless ``scanner.noise_sd_hu`` is 0.

    Returns
    -------
    int16 ndarray of shape (slice_count, n_y, n_x)
        Rounded HU, clipped to `MIN_HU` and `MAX_HU`.

    Raises
    ------
    InputError
        If noise is asked for without `rng`.
    """
    if rng is None and scanner.noise_sd_hu > 0:
        msg = f"noise of {scanner.noise_sd_hu:g} HU needs a random generator, got none"
        raise InputError(msg)
    hu = image_body(
        body, scanner, origin_mm=origin_mm, slice_count=slice_count, outside_hu=outside_hu
    )
    for addition in additions:
        window = image_contrast(addition, scanner, origin_mm=origin_mm, slice_count=slice_count)
        hu[window.slices] += window.values
    if rng is not None and scanner.noise_sd_hu > 0:
        noise = noise_volume(scanner, slice_count=slice_count, rng=rng)
        if noise_scale is not None:
            noise *= np.asarray(noise_scale, dtype=np.float32)
        hu += noise
    return stored_hu(hu)


def image_body(
    body: FineVolume,
    scanner: Scanner,
    *,
    origin_mm: tuple[float, float, float],
    slice_count: int,
    outside_hu: float = AIR_HU,
) -> NDArray[np.float32]:
    """Image a body alone, without noise or rounding: HU of shape (slice_count, n_y, n_x).

    Parameters are those of `image_volume`.
    """
    hu = np.full((slice_count, *scanner.matrix), outside_hu, dtype=np.float32)
    sampling = _sample(body, scanner, origin_mm=origin_mm, slice_count=slice_count)
    for k, image in _image_slices(body, sampling, baseline=outside_hu):
        hu[k, sampling.y, sampling.x] += image
    return hu


def stored_hu(hu: NDArray[np.float32]) -> NDArray[np.int16]:
    """Round HU and clip them to `MIN_HU` and `MAX_HU`, in place; give them as a scan holds them."""
    np.rint(hu, out=hu)
    np.clip(hu, MIN_HU, MAX_HU, out=hu)
    return hu.astype(np.int16)


def image_contrast(
    volume: FineVolume,
    scanner: Scanner,
    *,
    origin_mm: tuple[float, float, float],
    slice_count: int,
    shift_z_mm: NDArray[np.floating] | None = None,
) -> ImageWindow:
    """Image one addition alone, without noise or rounding, where it is visible.

    Parameters are those of `image_volume`; `shift_z_mm` (slice_count,) is how far towards the head
    the addition has moved when each slice is taken.
    """
    sampling = _sample(
        volume, scanner, origin_mm=origin_mm, slice_count=slice_count, shift_z_mm=shift_z_mm
    )
    height = sampling.y.stop - sampling.y.start
    width = sampling.x.stop - sampling.x.start
    depth = sampling.z.stop - sampling.z.start
    values = np.zeros((depth, height, width), np.float32)
    for k, image in _image_slices(volume, sampling, baseline=0.0):
        values[k - sampling.z.start] = image
    start = (sampling.z.start, sampling.y.start, sampling.x.start)
    return ImageWindow(start=start, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sampling:
    """How the cells of a fine grid weigh in the pixels of the window that they reach."""

    across: NDArray[np.float32]  # (slices of the image, slices of the fine grid)
    rows: NDArray[np.float32]  # (rows of the window, rows of the fine grid)
    columns: NDArray[np.float32]  # (columns of the window, columns of the fine grid)
    z: slice
    y: slice
    x: slice


def _sample(
    volume: FineVolume,
    scanner: Scanner,
    *,
    origin_mm: tuple[float, float, float],
    slice_count: int,
    shift_z_mm: NDArray[np.floating] | None = None,
) -> _Sampling:
    counts = (slice_count, *scanner.matrix)
    sigma = scanner.kernel.psf_fwhm_mm / FWHM_PER_SIGMA
    profiles = (
        (scanner.slice_edge_sigma_mm, scanner.slice_thickness_mm),
        (sigma, 0.0),
        (sigma, 0.0),
    )
    weights = []
    for axis, (blur, box) in enumerate(profiles):
        step, fine_step = scanner.spacing_mm[axis], volume.spacing_mm[axis]
        start = volume.origin_mm[2 - axis] - origin_mm[2 - axis] - 0.5 * fine_step
        edges = start + fine_step * np.arange(volume.grid[axis] + 1)
        centres = step * np.arange(counts[axis])
        if axis == 0 and shift_z_mm is not None:
            centres = centres - shift_z_mm
        weights.append(profile_weights(centres, edges, sigma_mm=blur, box_mm=box))
    across, rows, columns = weights
    z, y, x = (_span(each) for each in weights)
    return _Sampling(across=across, rows=rows[y], columns=columns[x], z=z, y=y, x=x)


def _span(weights: NDArray[np.float32]) -> slice:
    """Rows of `weights` from the first to the last that is not all zero."""
    hit = np.flatnonzero(weights.any(axis=1))
    return slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(0, 0)


def _image_slices(
    volume: FineVolume, sampling: _Sampling, *, baseline: float
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield index and window of each image slice that the object reaches, less `baseline`."""
    from scipy import sparse  # heavy import, needed only to simulate

    rows, columns = sparse.csr_array(sampling.rows), sparse.csr_array(sampling.columns)
    cache: dict[int, NDArray[np.float32]] = {}  # fine slices that the next image slice shares
    for k in range(sampling.z.start, sampling.z.stop):
        used = np.flatnonzero(sampling.across[k]).tolist()
        cache = {index: cache[index] for index in used if index in cache}
        slab = np.zeros(volume.grid[1:], np.float32)
        for index in used:
            if index not in cache:
                cache[index] = volume.slice_at(index) - np.float32(baseline)
            slab += sampling.across[k, index] * cache[index]
        yield k, np.asarray((columns @ (rows @ slab).T).T)
