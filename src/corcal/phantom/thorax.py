"""Simulated chest CT of a patient whose calcium is known: place, size, mass, site."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import Acquisition, CTScan, Patient
from corcal.lesions.sites import Vessel
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.calcium import CELL_MM, Deposit, deposit
from corcal.phantom.coronaries import Course
from corcal.phantom.patient import Burden, PatientSpec, aged, draw_patient
from corcal.phantom.physics import FineVolume, Scanner, image_volume
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import Grid
from corcal.phantom.types import SimulatedLesion, SimulatedScan, scan_from_volume
from corcal.progress import Progress, no_progress

__all__ = [
    "GATED_SCANNER",
    "patient_courses",
    "simulate_followup",
    "simulate_patient",
    "simulate_thorax",
]

GATED_SCANNER = Scanner(noise_sd_hu=20.0)
SCAN_LENGTH_MM = 168.0  # carina to below the apex
_FIELD_CENTRE_MM = (37.0, 16.0, -14.0)  # of the field of view and the scan, reference frame
_FINE_MM = 0.8
_MOST_FINE_MM = 1.6
_VISIBLE_HU = 4.0  # contrast of calcium from which a voxel belongs to its truth


def simulate_thorax(
    seed: int,
    *,
    scanner: Scanner = GATED_SCANNER,
    burden: Burden | Mapping[Vessel, float] = "moderate",
    progress: Progress = no_progress,
) -> SimulatedScan:
    """Simulate the gated calcium scan of a patient drawn from a seed.

    Parameters
    ----------
    seed : int
        The same seed and settings give the same scan, bit for bit.
    scanner : Scanner
        Default: 120 kVp, 56 slices of 3 mm, 512 x 512 pixels over 220 mm, 20 HU noise.
    burden : str or mapping
        ``"none"``, ``"mild"``, ``"moderate"``, ``"severe"``, or mg of calcium for each vessel.
    progress : Progress
        Called after each slice.

    Returns
    -------
    SimulatedScan
        The scan, every lesion, and the voxels of each site.
    """
    spec = draw_patient(seed, burden=burden)
    return simulate_patient(spec, scanner=scanner, progress=progress)


def simulate_followup(
    first: PatientSpec,
    *,
    years: float = 3.0,
    growth: float | None = None,
    scanner: Scanner = GATED_SCANNER,
    progress: Progress = no_progress,
) -> SimulatedScan:
    """Simulate a later scan of a patient: see `corcal.phantom.patient.aged`."""
    spec = aged(first, years=years, growth=growth)
    return simulate_patient(spec, scanner=scanner, progress=progress)


def simulate_patient(
    spec: PatientSpec,
    *,
    scanner: Scanner = GATED_SCANNER,
    scan_length_mm: float = SCAN_LENGTH_MM,
    progress: Progress = no_progress,
) -> SimulatedScan:
    """Simulate one exam of a patient.

    Parameters
    ----------
    spec : PatientSpec
        From `corcal.phantom.patient.draw_patient` or `aged`.
    scanner : Scanner
        Its matrix and spacings give the field of view, which is centred on the heart.
    scan_length_mm : float
        Covered by slices, around the heart.
    progress : Progress
        Called after each slice.

    Returns
    -------
    SimulatedScan
        The scan, every lesion, and the voxels of each site.
    """
    count = max(1, round(scan_length_mm / scanner.increment_mm))
    origin = _image_origin(spec, scanner, count)
    thorax = Thorax(spec, _fine_grid(scanner, origin, count))
    deposits = [deposit(plaque, thorax.courses[plaque.branch]) for plaque in spec.plaques]
    hu = image_volume(
        _told(thorax, count, progress),
        scanner,
        origin_mm=origin,
        slice_count=count,
        additions=[_contrast(each, scanner) for each in deposits],
        noise_scale=_noise_scale(scanner, count),
        rng=np.random.default_rng([spec.seed, 6, spec.exam]),
    )
    return SimulatedScan(
        scan=_scan(spec, scanner, hu, origin),
        lesions=tuple(_lesion(each, spec) for each in deposits),
        voxels=_truth(deposits, scanner, origin, count),
        seed=spec.seed,
    )


def patient_courses(spec: PatientSpec) -> dict[str, Course]:
    """Give the coronary tree of a patient, and what else calcifies, where the scan shows it.

    Returns
    -------
    dict of Course
        By name of the branch; positions as the scan's `to_patient_mm` gives them.
    """
    scanner = Scanner(matrix=(88, 88), pixel_spacing_mm=2.5)
    count = round(SCAN_LENGTH_MM / scanner.increment_mm)
    grid = _fine_grid(scanner, _image_origin(spec, scanner, count), count)
    thorax = Thorax(spec, grid, only_courses=True)
    table = np.array(spec.table_mm)
    return {
        name: replace(course, points_mm=course.points_mm + table)
        for name, course in thorax.courses.items()
    }


def _image_origin(spec: PatientSpec, scanner: Scanner, count: int) -> tuple[float, float, float]:
    """Centre of voxel [0, 0, 0] in the patient's own frame; no two exams are planned alike."""
    planned = np.random.default_rng([spec.seed, 8, spec.exam]).normal(0, (2.0, 2.0, 1.5))
    n_y, n_x = scanner.matrix
    size = (n_x, n_y, count)
    step = (scanner.pixel_spacing_mm, scanner.pixel_spacing_mm, scanner.increment_mm)
    x, y, z = (
        round(c * s + p - 0.5 * (n - 1) * d, 4)
        for c, s, p, n, d in zip(
            _FIELD_CENTRE_MM, spec.body_scale, planned.tolist(), size, step, strict=True
        )
    )
    return x, y, z


def _fine_grid(scanner: Scanner, origin: tuple[float, float, float], count: int) -> Grid:
    """Cells of the anatomy: as fine as the pixels need, a little beyond the field of view."""
    cell = float(np.clip(2.0 * scanner.pixel_spacing_mm, _FINE_MM, _MOST_FINE_MM))
    high = 1.5 if scanner.slice_thickness_mm >= 2.0 else 1.0
    edge, cap = 4.0, 0.5 * scanner.slice_thickness_mm + 1.5
    n_y, n_x = (
        int(np.ceil((n * scanner.pixel_spacing_mm + 2 * edge) / cell)) for n in scanner.matrix
    )
    n_z = int(np.ceil(((count - 1) * scanner.increment_mm + 2 * cap) / high)) + 1
    return Grid(
        origin_mm=(origin[0] - edge, origin[1] - edge, origin[2] - cap),
        spacing_mm=(high, cell, cell),
        shape=(n_z, n_y, n_x),
    )


def _told(thorax: Thorax, count: int, progress: Progress) -> FineVolume:
    """Give the body to the scanner, a plane when it is needed, telling how far it is."""
    planes = thorax.grid.shape[0]

    def plane(index: int) -> NDArray[np.float32]:
        progress(min(count, 1 + index * count // planes), count, "simulating the scan")
        return thorax.plane(index)

    grid = thorax.grid
    return FineVolume(
        values=plane, spacing_mm=grid.spacing_mm, origin_mm=grid.origin_mm, shape=grid.shape
    )


def _contrast(each: Deposit, scanner: Scanner) -> FineVolume:
    return FineVolume(
        values=each.density_mg_per_cm3 * np.float32(scanner.calcium_hu(1.0)),
        spacing_mm=(CELL_MM,) * 3,
        origin_mm=each.origin_mm,
    )


def _noise_scale(scanner: Scanner, count: int) -> NDArray[np.float32]:
    """Noise is highest where the rays are longest: in the middle, and below the diaphragm."""
    n_y, n_x = scanner.matrix
    y, x = np.linspace(-1, 1, n_y)[:, None], np.linspace(-1, 1, n_x)[None, :]
    across = 1.08 - 0.22 * (0.8 * x * x + y * y) / 1.8
    height = np.linspace(-1, 1, count)[:, None, None]
    return np.asarray(across * (1.0 - 0.13 * height), np.float32)


def _lesion(each: Deposit, spec: PatientSpec) -> SimulatedLesion:
    x, y, z = (round(c + t, 3) for c, t in zip(each.centre_mm, spec.table_mm, strict=True))
    return SimulatedLesion(
        id=each.plaque.id,
        site=each.plaque.site,
        centre_mm=(x, y, z),
        mass_mg=each.mass_mg,
        volume_mm3=each.volume_mm3,
        density_mg_per_cm3=1000.0 * each.mass_mg / each.volume_mm3,
    )


def _truth(
    deposits: list[Deposit], scanner: Scanner, origin: tuple[float, float, float], count: int
) -> SiteVoxels:
    """Voxels that calcium touches; where two sites do, the one that adds more HU has it."""
    shape = (count, *scanner.matrix)
    best = np.zeros(shape, np.int16)
    site = np.zeros(shape, np.uint8)
    for each in deposits:
        window, seen = _seen(each, scanner, origin, shape)
        more = (seen >= _VISIBLE_HU) & (seen > best[window])
        best[window][more] = seen[more]
        site[window][more] = int(each.plaque.site)
    index = np.flatnonzero(site.ravel()).astype(np.int64)
    return SiteVoxels(shape=shape, index=index, site=site.ravel()[index])


def _seen(
    each: Deposit,
    scanner: Scanner,
    origin: tuple[float, float, float],
    shape: tuple[int, int, int],
) -> tuple[tuple[slice, slice, slice], NDArray[np.int16]]:
    """Image one plaque alone, on the part of the scan that it can reach."""
    step = scanner.spacing_mm
    pad = (scanner.slice_thickness_mm + 1.0, 4.0, 4.0)
    window = []
    for axis in range(3):
        low = each.origin_mm[2 - axis] - origin[2 - axis] - pad[axis]
        high = low + CELL_MM * each.density_mg_per_cm3.shape[axis] + 2 * pad[axis]
        start = int(np.clip(np.floor(low / step[axis]), 0, shape[axis] - 1))
        stop = int(np.clip(np.ceil(high / step[axis]) + 1, start + 1, shape[axis]))
        window.append(slice(start, stop))
    z, y, x = window
    local = replace(scanner, matrix=(y.stop - y.start, x.stop - x.start), noise_sd_hu=0.0)
    seen = image_volume(
        _contrast(each, scanner),
        local,
        origin_mm=(
            origin[0] + x.start * step[2],
            origin[1] + y.start * step[1],
            origin[2] + z.start * step[0],
        ),
        slice_count=z.stop - z.start,
        outside_hu=0.0,
    )
    return (z, y, x), seen


def _scan(
    spec: PatientSpec, scanner: Scanner, hu: NDArray[np.int16], origin: tuple[float, float, float]
) -> CTScan:
    x, y, z = (round(o + t, 4) for o, t in zip(origin, spec.table_mm, strict=True))
    digest = hashlib.sha256(f"{spec!r}/{scanner!r}/{hu.shape}".encode()).hexdigest()[:24]
    birth_year = int(spec.date[:4]) - int(spec.age_years)
    return scan_from_volume(
        hu,
        spacing_mm=scanner.spacing_mm,
        origin_mm=(x, y, z),
        patient=Patient(
            patient_id=f"SIMULATED-{spec.seed}",
            name="Simulated^Patient",
            birth_date=f"{birth_year:04d}-01-01",
            sex=spec.sex,
            age_years=float(int(spec.age_years)),
        ),
        acquisition=_acquisition(spec, scanner),
        uid_seed=f"thorax/{digest}",
        series_number=3,
    )


def _acquisition(spec: PatientSpec, scanner: Scanner) -> Acquisition:
    return Acquisition(
        modality="CT",
        manufacturer="corcal",
        model_name="simulated thorax",
        study_description="Coronary calcium, simulated",
        series_description=f"CaSc {scanner.slice_thickness_mm:g} mm 75 %",
        protocol_name="Calcium score",
        body_part="HEART",
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
        patient_position="HFS",
        date=spec.date,
        time="09:30:00",
        kvp=scanner.kvp,
        convolution_kernel=scanner.kernel.name,
        reconstruction_diameter_mm=scanner.matrix[1] * scanner.pixel_spacing_mm,
        slice_thickness_mm=scanner.slice_thickness_mm,
        gantry_tilt_deg=0.0,
        is_gated=True,
        cardiac_phase_percent=75.0,
    )
