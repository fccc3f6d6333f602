"""Simulated chest CT of a patient whose calcium is known: place, size, mass, site."""

import hashlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import Acquisition, CTScan, Patient
from corcal.lesions.sites import Site
from corcal.phantom.artefacts import add_lateral_noise, add_metal_streaks, add_shading
from corcal.phantom.calcium import CELL_MM, Deposit, deposits_of
from corcal.phantom.course import Course
from corcal.phantom.devices import paint_device
from corcal.phantom.hard_tissue import paint_calcium
from corcal.phantom.motion import MovingHeart
from corcal.phantom.noise import noise_volume
from corcal.phantom.patient import PatientSpec
from corcal.phantom.physics import (
    FineVolume,
    ImageGrid,
    ImageWindow,
    Scanner,
    image_body,
    stored_hu,
)
from corcal.phantom.protocol import GATED_SCANNER, SCAN_LENGTH_MM, Protocol, image_origin
from corcal.phantom.render import Thorax
from corcal.phantom.scanner import tissue_hu
from corcal.phantom.shapes import Grid
from corcal.phantom.truth import dense_voxels, touched_voxels
from corcal.phantom.types import SimulatedLesion, SimulatedScan, scan_from_volume
from corcal.progress import Progress, no_progress

__all__ = [
    "GATED_SCANNER",
    "patient_courses",
    "simulate_exam",
    "simulate_patient",
]

_FINE_MM = 0.8
_MOST_FINE_MM = 1.6


def simulate_patient(
    spec: PatientSpec,
    *,
    scanner: Scanner = GATED_SCANNER,
    scan_length_mm: float = SCAN_LENGTH_MM,
    dense_truth: bool = False,
    progress: Progress = no_progress,
) -> SimulatedScan:
    """Simulate one gated calcium scan of a patient, centred on the heart.

    Parameters
    ----------
    spec : PatientSpec
        From `corcal.phantom.patient.draw_patient` or `aged`.
    scanner : Scanner
        Its matrix and spacings give the field of view, which is centred on the heart.
    scan_length_mm : float
        Covered by slices, around the heart.
    dense_truth : bool
        Whether to tell what is dense without being calcium (``other_dense``).
    progress : Progress
        Called after each slice.

    Returns
    -------
    SimulatedScan
        The scan, every lesion, and the voxels of each site.
    """
    protocol = Protocol(scanner=scanner, scan_length_mm=scan_length_mm)
    return simulate_exam(spec, protocol, dense_truth=dense_truth, progress=progress)


def simulate_exam(
    spec: PatientSpec,
    protocol: Protocol,
    *,
    dense_truth: bool = False,
    progress: Progress = no_progress,
) -> SimulatedScan:
    """Simulate one exam of a patient, made in any way.

    Parameters
    ----------
    spec : PatientSpec
        From `corcal.phantom.patient.draw_patient` or `aged`.
    protocol : Protocol
        Your own, or from `corcal.phantom.protocol.draw_protocol`.
    dense_truth, progress
        As in `simulate_patient`.

    Returns
    -------
    SimulatedScan
        Bone of low voltages is brighter and fat darker, as the scanner's kVp says.
    """
    scanner, count = protocol.scanner, protocol.slice_count
    origin = image_origin(spec, protocol)
    grid = ImageGrid(scanner=scanner, origin_mm=origin, slice_count=count)
    thorax = Thorax(spec, _fine_grid(scanner, origin, count))
    hu = image_body(
        _told(thorax, scanner, count, progress), scanner, origin_mm=origin, slice_count=count
    )
    heart = MovingHeart(protocol.motion, grid)
    heart.blur(hu, thorax.heart.sac, thorax.heart.grid)
    deposits, soft = _hard_and_soft(thorax)
    for window in soft:
        _add(hu, heart.contrast(window, Site.LYMPH_NODE))
    device_hu = _device_hu(thorax, heart)
    other_dense = dense_voxels(hu, device_hu) if dense_truth else None
    images = [
        (each.plaque.site, heart.contrast(_contrast(each, scanner), each.plaque.site))
        for each in deposits
    ]
    for _, image in images:
        _add(hu, image)
    if device_hu is not None:
        hu += device_hu
        add_metal_streaks(hu, device_hu, grid, protocol.artefacts)
    add_shading(hu, grid, protocol.artefacts)
    add_lateral_noise(hu, grid, protocol.artefacts, heart_z_mm=0.0)
    if scanner.noise_sd_hu > 0:
        rng = np.random.default_rng([spec.seed, 6, spec.exam])
        noise = noise_volume(scanner, slice_count=count, rng=rng)
        noise *= _noise_scale(scanner, count)
        hu += noise
    return SimulatedScan(
        scan=_scan(spec, protocol, stored_hu(hu), origin),
        lesions=tuple(_lesion(each, spec) for each in deposits),
        voxels=touched_voxels(grid.shape, images),
        seed=spec.seed,
        other_dense=other_dense,
    )


def _add(hu: NDArray[np.float32], window: ImageWindow) -> None:
    hu[window.slices] += window.values


def _hard_and_soft(thorax: Thorax) -> tuple[list[Deposit], list[FineVolume]]:
    """Calcium of plaques and confounders, and the soft tissue around the latter."""
    spec = thorax.spec
    deposits = deposits_of(spec.plaques, thorax.courses)
    made = [paint_calcium(each, thorax) for each in spec.confounders if not each.kind.is_device]
    deposits += [one for tissue in made for one in tissue.deposits]
    return deposits, [volume for tissue in made for volume in tissue.soft]


def _device_hu(thorax: Thorax, heart: MovingHeart) -> NDArray[np.float32] | None:
    """Contrast of all devices, or ``None`` where there are none."""
    kinds = [each for each in thorax.spec.confounders if each.kind.is_device]
    if not kinds:
        return None
    hu = np.zeros(heart.grid.shape, np.float32)
    for each in kinds:
        for piece in paint_device(each, thorax):
            _add(hu, heart.contrast(piece.contrast, piece.moves_with))
    return hu


def patient_courses(spec: PatientSpec) -> dict[str, Course]:
    """Give the coronary tree of a patient, and what else calcifies, where the scan shows it.

    Returns
    -------
    dict of Course
        By name of the branch; positions as the scan's `to_patient_mm` gives them.
    """
    protocol = Protocol(scanner=Scanner(matrix=(88, 88), pixel_spacing_mm=2.5))
    origin = image_origin(spec, protocol)
    grid = _fine_grid(protocol.scanner, origin, protocol.slice_count)
    thorax = Thorax(spec, grid, only_courses=True)
    table = np.array(spec.table_mm)
    return {
        name: replace(course, points_mm=course.points_mm + table)
        for name, course in thorax.courses.items()
    }


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


def _told(thorax: Thorax, scanner: Scanner, count: int, progress: Progress) -> FineVolume:
    """Give the body to the scanner, a plane when it is needed, telling how far it is."""
    planes = thorax.grid.shape[0]

    def plane(index: int) -> NDArray[np.float32]:
        progress(min(count, 1 + index * count // planes), count, "simulating the scan")
        return tissue_hu(thorax.plane(index), kvp=scanner.kvp)

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


def _scan(
    spec: PatientSpec,
    protocol: Protocol,
    hu: NDArray[np.int16],
    origin: tuple[float, float, float],
) -> CTScan:
    x, y, z = (round(o + t, 4) for o, t in zip(origin, spec.table_mm, strict=True))
    scanner = protocol.scanner
    words = f"{spec!r}/{scanner!r}/{hu.shape}"
    if protocol != Protocol(scanner=scanner, scan_length_mm=protocol.scan_length_mm):
        words += f"/{protocol!r}"
    digest = hashlib.sha256(words.encode()).hexdigest()[:24]
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
        acquisition=_acquisition(spec, protocol),
        uid_seed=f"thorax/{digest}",
        series_number=3,
    )


def _acquisition(spec: PatientSpec, protocol: Protocol) -> Acquisition:
    scanner, gated = protocol.scanner, protocol.kind == "gated"
    thickness = f"{scanner.slice_thickness_mm:g} mm"
    return Acquisition(
        modality="CT",
        manufacturer="corcal",
        model_name="simulated thorax",
        study_description="Coronary calcium, simulated" if gated else "Chest, simulated",
        series_description=f"CaSc {thickness} 75 %" if gated else f"Thorax {thickness}",
        protocol_name="Calcium score" if gated else "Thorax",
        body_part="HEART" if gated else "CHEST",
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
        patient_position="HFS",
        date=spec.date,
        time="09:30:00",
        kvp=scanner.kvp,
        convolution_kernel=scanner.kernel.name,
        reconstruction_diameter_mm=scanner.matrix[1] * scanner.pixel_spacing_mm,
        slice_thickness_mm=scanner.slice_thickness_mm,
        gantry_tilt_deg=0.0,
        is_gated=True if gated else None,
        cardiac_phase_percent=75.0 if gated else None,
    )
