"""Scoring a scan: corcal beside scikit-image's region properties and a mask for each lesion."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.measure import label, regionprops

from benchmarks.harness import compare, gated_scan_folder, machine
from corcal.ct.scan import Acquisition, CTScan, SliceSource
from corcal.lesions import Candidates, SiteVoxels, find_candidates
from corcal.scoring import Measurement, measure

__all__ = ["main"]

THRESHOLD_HU = 130
SHAPE = (57, 512, 512)
SPACING_MM = (3.0, 0.390625, 0.390625)


@dataclass(frozen=True)
class Case:
    """A scan, where its coronary calcium is, and what to call it."""

    name: str
    scan: CTScan
    voxels: SiteVoxels


def main() -> None:
    """Print the comparison."""
    case = _real_case() or _simulated_case()
    hu, spacing = case.scan.hu, case.scan.spacing_mm

    def with_corcal() -> tuple[Candidates, Measurement]:
        return find_candidates(hu), measure(case.scan, case.voxels)

    def with_regionprops() -> list[tuple[float, float]]:
        return _regionprops_of_all_slices(hu)

    def with_masks() -> float:
        return _mask_for_each_lesion(hu, case.voxels, spacing)

    candidates, measurement = with_corcal()
    _require_same(candidates, with_regionprops(), measurement, with_masks())
    compare(
        f"{case.name}: {'x'.join(map(str, hu.shape))} voxels, {candidates.index.size} at or above "
        f"{THRESHOLD_HU} HU, {len(measurement.lesions)} coronary lesions",
        {
            "corcal candidates + all scores + all rules": with_corcal,
            "corcal all scores + all rules alone": lambda: measure(case.scan, case.voxels),
            "scikit-image label + regionprops, all slices": with_regionprops,
            "one mask of the scan a lesion, one rule": with_masks,
        },
    )


def _regionprops_of_all_slices(hu: np.ndarray) -> list[tuple[float, float]]:
    """Area and peak of every slice lesion, as most scripts find them."""
    found = []
    for image in hu:
        labels = label(image >= THRESHOLD_HU, connectivity=2)
        found += [(region.area, region.intensity_max) for region in regionprops(labels, image)]
    return found


def _mask_for_each_lesion(
    hu: np.ndarray, voxels: SiteVoxels, spacing_mm: tuple[float, float, float]
) -> float:
    """Agatston score the plain way: a mask of the whole scan for each lesion of each vessel."""
    sites = np.zeros(hu.shape, dtype=np.uint8)
    sites.reshape(-1)[voxels.index] = voxels.site
    pixel_area = spacing_mm[1] * spacing_mm[2]
    total = 0.0
    for vessel in (1, 2, 3, 4):
        lesions, count = ndimage.label((sites == vessel) & (hu >= THRESHOLD_HU), np.ones((3, 3, 3)))
        for number in range(1, count + 1):
            mask = lesions == number
            for z in np.flatnonzero(mask.any(axis=(1, 2))):
                parts, part_count = ndimage.label(mask[z], np.ones((3, 3)))
                for part in range(1, part_count + 1):
                    values = hu[z][parts == part]
                    area = values.size * pixel_area
                    if area >= 1.0:
                        weight = min(int(values.max()) // 100, 4)
                        total += weight * area * spacing_mm[0] / 3.0
    return total


def _require_same(
    candidates: Candidates,
    regions: list[tuple[float, float]],
    measurement: Measurement,
    plain_score: float,
) -> None:
    """Refuse to compare the times of different results."""
    own = sorted(zip(candidates.pixel_count.tolist(), candidates.peak_hu.tolist(), strict=True))
    if own != sorted((int(area), int(peak)) for area, peak in regions):
        msg = "corcal and scikit-image find different slice lesions"
        raise RuntimeError(msg)
    if not np.isclose(measurement.score.total.agatston, plain_score):
        msg = f"scores differ: {measurement.score.total.agatston} and {plain_score}"
        raise RuntimeError(msg)


def _real_case() -> Case | None:
    """Read the real gated scan with its annotation, if it is here."""
    folder = gated_scan_folder()
    if folder is None:
        return None
    from corcal.annotations import read_annotation
    from corcal.ct.find import find_series
    from corcal.ct.read import read_series

    scan = read_series(find_series(folder / "dicom").series[0])
    annotation = read_annotation(folder / "calcium.xml", scan)
    return Case(name="score a gated scan", scan=scan, voxels=annotation.voxels)


def _simulated_case() -> Case:
    """Noise, a spine, and forty small calcifications in four vessels."""
    random = np.random.default_rng(20260101)
    hu = random.normal(40, 20, SHAPE).astype(np.int16)
    hu[:, 380:500, 200:320] += 250
    z, y, x = np.indices((5, 13, 13)) - np.array([2, 6, 6]).reshape(3, 1, 1, 1)
    ball = 500 * np.exp(-(z**2 / 2 + (y**2 + x**2) / 8))
    sites = np.zeros(SHAPE, dtype=np.uint8)
    for number in range(40):
        corner = random.integers((2, 60, 60), (50, 300, 440))
        box = tuple(
            slice(start, start + size) for start, size in zip(corner, ball.shape, strict=True)
        )
        hu[box] += ball.astype(np.int16)
        sites[box][ball > 60] = 1 + number % 4
    index = np.flatnonzero(sites)
    voxels = SiteVoxels(shape=SHAPE, index=index, site=sites.reshape(-1)[index])
    return Case(name="score a simulated scan", scan=_scan_of(hu), voxels=voxels)


def _scan_of(hu: np.ndarray) -> CTScan:
    dz, dy, dx = SPACING_MM
    return CTScan(
        hu=hu,
        spacing_mm=SPACING_MM,
        affine_lps=np.array([[0, 0, dx, 0], [0, dy, 0, 0], [dz, 0, 0, 0], [0, 0, 0, 1]]),
        slices=tuple(
            SliceSource(
                source=f"{k}",
                sop_instance_uid=None,
                frame_number=None,
                instance_number=None,
                position_mm=(0.0, 0.0, k * dz),
            )
            for k in range(len(hu))
        ),
        acquisition=Acquisition(kvp=120.0),
    )


if __name__ == "__main__":
    print(machine(), f"NumPy {np.__version__}", sep=", ")
    main()
