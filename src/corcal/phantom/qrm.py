"""The QRM cardiac phantom with its calcium insert, as a scanner sees it.

An anthropomorphic chest slab of 300 mm x 200 mm (large: with a fat ring, 400 mm x 300 mm), 100 mm
long, holds a 100 mm cylinder with nine cylinders of hydroxyapatite of known mass and, further up,
two calibration rods (QRM GmbH, Cardiac Calcification Insert; McCollough et al., Radiology
2007;243:527-538, doi 10.1148/radiol.2432050808). What the papers do not give (positions, outlines,
HU) was measured on a scan of the large phantom on a Canon Aquilion ONE (van Praagh et al., Med
Phys 2021, doi 10.1002/mp.14912); a position to about 0.5 mm, an HU to about 5.

Lengths are in mm in the frame of the phantom: the origin is in the middle of the insert at the
height of the nine cylinders, x to the left, y to the back, z to the head.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import AIR_HU, Patient
from corcal.lesions.sites import Site
from corcal.phantom.chest_slab import paint_slab
from corcal.phantom.physics import FineVolume, image_volume
from corcal.phantom.scanner import KERNELS, Scanner
from corcal.phantom.truth import calcium_voxels
from corcal.phantom.types import (
    SimulatedLesion,
    SimulatedScan,
    scan_from_volume,
    simulated_acquisition,
)

__all__ = [
    "QRM_PATIENT",
    "QRM_SCANNER",
    "SimulatedQRM",
    "SimulatedRod",
    "cylinder_mass_mg",
    "paint_cylinder",
    "simulate_qrm",
]

DENSITIES_MG_PER_CM3 = (200.0, 400.0, 800.0)
# Diameter (equal to the length) of a cylinder, and the radius of the ring that it stands on.
RING_RADIUS_MM = {5.0: 37.2, 3.0: 24.9, 1.0: 12.5}
ARM_DEG = {200.0: 60.0, 400.0: -60.0, 800.0: 180.0}  # direction of the three, from x towards y
INSERT_ROTATION_DEG = -2.3

TISSUE_HU = 71.0  # the insert's material
WATER_HU = 34.0  # the water-equivalent rod
ROD_DIAMETER_MM = 20.0
ROD_Z_MM = (25.5, 50.0)
HYDROXYAPATITE_ROD_MM = (0.5, 0.2)
WATER_ROD_MM = (-11.2, -20.0)
ROD_DENSITY_MG_PER_CM3 = 200.0

SLAB_Z_MM = (-50.0, 50.0)
SCAN_LENGTH_MM = 141.0
CELLS_ACROSS = 40  # of the grid that a cylinder is painted on

# 200 mg/cm3 are 277 HU above water there: 1.065 times the usual 130 HU for 100 mg/cm3.
QRM_SCANNER = Scanner(
    kvp=120.0,
    kernel=KERNELS["medium"],
    pixel_spacing_mm=250.0 / 512,
    slice_thickness_mm=3.0,
    increment_mm=3.0,
    noise_sd_hu=21.0,
    calcium_response=1.065,
)
QRM_PATIENT = Patient(patient_id="SIMULATED-QRM", name="Simulated^QRM Phantom", sex="O")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRod:
    """A calibration rod, parallel to z.

    Attributes
    ----------
    density_mg_per_cm3 : float
        Hydroxyapatite; 0 for the water-equivalent rod.
    centre_mm : (x, y, z)
        In the patient, LPS.
    hu : float
        What its middle shows without noise.
    """

    density_mg_per_cm3: float
    centre_mm: tuple[float, float, float]
    diameter_mm: float
    length_mm: float
    hu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedQRM(SimulatedScan):
    """A simulated scan of the phantom: the nine cylinders are its lesions.

    Attributes
    ----------
    rods : tuple of SimulatedRod
        The water-equivalent and the 200 mg/cm3 rod.
    """

    rods: tuple[SimulatedRod, ...]


def cylinder_mass_mg(*, diameter_mm: float, density_mg_per_cm3: float) -> float:
    """Give the hydroxyapatite in a cylinder as long as it is wide."""
    return math.pi / 4 * diameter_mm**3 * density_mg_per_cm3 / 1000.0


def simulate_qrm(
    scanner: Scanner = QRM_SCANNER,
    *,
    seed: int,
    size: Literal["medium", "large"] = "large",
    centre_mm: tuple[float, float, float] = (0.7, -18.4, -3.4),
    rotation_deg: float = INSERT_ROTATION_DEG,
    site: Site = Site.OTHER,
) -> SimulatedQRM:
    """Scan the phantom.

    Parameters
    ----------
    scanner : Scanner
        By default the one that the phantom's real scan was made with.
    seed : int
        Of the noise and the UIDs.
    size : {"medium", "large"}
        Without or with the fat ring.
    centre_mm : (x, y, z)
        Where the phantom's origin is in the patient, LPS. The field of view is centred on
        ``(0, 0, 0)``: the default is where it stood in the real scan.
    rotation_deg : float
        Of the insert about z.
    site : Site
        Where the truth says that the nine cylinders are.

    Returns
    -------
    SimulatedQRM
        About 141 mm of slices at the scanner's increment.
    """
    slice_count = round(SCAN_LENGTH_MM / scanner.increment_mm)
    origin_mm = _origin(scanner, slice_count)
    lesions = _lesions(centre_mm, rotation_deg, site)
    rods = _rods(scanner, centre_mm)
    calcium = [(site, _painted(lesion, scanner)) for lesion in lesions]
    slab, noise_scale = _slab(scanner, size, centre_mm, origin_mm)
    hu = image_volume(
        slab,
        scanner,
        origin_mm=origin_mm,
        slice_count=slice_count,
        additions=[*(_rod_volume(rod) for rod in rods), *(volume for _, volume in calcium)],
        noise_scale=noise_scale,
        rng=np.random.default_rng(seed),
    )
    hu[:, _outside_field(scanner)] = AIR_HU
    acquisition = simulated_acquisition(
        scanner, date="2026-01-01", description=f"QRM phantom {size}"
    )
    scan = scan_from_volume(
        hu,
        spacing_mm=scanner.spacing_mm,
        origin_mm=origin_mm,
        patient=QRM_PATIENT,
        acquisition=replace(acquisition, is_gated=None, scan_options=(), body_part="CHEST"),
        uid_seed=f"qrm/{size}/{seed}",
    )
    voxels = calcium_voxels(calcium, scanner, origin_mm=origin_mm, slice_count=slice_count)
    return SimulatedQRM(scan=scan, lesions=lesions, voxels=voxels, seed=seed, rods=rods)


def _origin(scanner: Scanner, slice_count: int) -> tuple[float, float, float]:
    """Centre of the first voxel of a field that is centred on (0, 0, 0)."""
    n_y, n_x = scanner.matrix
    dz, dy, dx = scanner.spacing_mm
    return -0.5 * (n_x - 1) * dx, -0.5 * (n_y - 1) * dy, -0.5 * (slice_count - 1) * dz


def _lesions(
    centre_mm: tuple[float, float, float], rotation_deg: float, site: Site
) -> tuple[SimulatedLesion, ...]:
    lesions = []
    for diameter, radius in RING_RADIUS_MM.items():
        for density in DENSITIES_MG_PER_CM3:
            angle = math.radians(ARM_DEG[density] + rotation_deg)
            x, y, z = centre_mm
            lesions.append(
                SimulatedLesion(
                    id=f"{density:.0f} mg/cm3, {diameter:.0f} mm",
                    site=site,
                    centre_mm=(x + radius * math.cos(angle), y + radius * math.sin(angle), z),
                    mass_mg=cylinder_mass_mg(diameter_mm=diameter, density_mg_per_cm3=density),
                    volume_mm3=math.pi / 4 * diameter**3,
                    density_mg_per_cm3=density,
                    diameter_mm=diameter,
                    length_mm=diameter,
                )
            )
    return tuple(lesions)


def _rods(
    scanner: Scanner, centre_mm: tuple[float, float, float]
) -> tuple[SimulatedRod, SimulatedRod]:
    x, y, z = centre_mm
    low, high = ROD_Z_MM

    def rod(place: tuple[float, float], density: float) -> SimulatedRod:
        return SimulatedRod(
            density_mg_per_cm3=density,
            centre_mm=(x + place[0], y + place[1], z + 0.5 * (low + high)),
            diameter_mm=ROD_DIAMETER_MM,
            length_mm=high - low,
            hu=WATER_HU + scanner.calcium_hu(density),
        )

    return rod(WATER_ROD_MM, 0.0), rod(HYDROXYAPATITE_ROD_MM, ROD_DENSITY_MG_PER_CM3)


def _painted(lesion: SimulatedLesion, scanner: Scanner) -> FineVolume:
    """Hydroxyapatite added to the insert's material: what the real cylinders' middles show."""
    return paint_cylinder(
        centre_mm=lesion.centre_mm,
        diameter_mm=lesion.diameter_mm or 0.0,
        length_mm=lesion.length_mm or 0.0,
        contrast_hu=scanner.calcium_hu(lesion.density_mg_per_cm3),
    )


def _rod_volume(rod: SimulatedRod) -> FineVolume:
    return paint_cylinder(
        centre_mm=rod.centre_mm,
        diameter_mm=rod.diameter_mm,
        length_mm=rod.length_mm,
        contrast_hu=rod.hu - TISSUE_HU,
    )


def paint_cylinder(
    *,
    centre_mm: tuple[float, float, float],
    diameter_mm: float,
    length_mm: float,
    contrast_hu: float,
) -> FineVolume:
    """Paint a cylinder along z.

    Its grid is one long voxel deep, which is exact, and `CELLS_ACROSS` cells wide; cells that the
    edge cuts are filled in part, and the area of the disc is exact.

    Parameters
    ----------
    centre_mm : (x, y, z)
        In the patient, LPS.
    diameter_mm, length_mm : float
        Of the cylinder.
    contrast_hu : float
        Added to what is around it.
    """
    cell, sub = diameter_mm / CELLS_ACROSS, 8
    n = CELLS_ACROSS + 2
    points = (np.arange(n * sub) + 0.5) / sub - 0.5 * n
    inside = points[:, None] ** 2 + points[None, :] ** 2 <= (0.5 * CELLS_ACROSS) ** 2
    covered = inside.reshape(n, sub, n, sub).mean(axis=(1, 3))
    covered *= math.pi / 4 * CELLS_ACROSS**2 / covered.sum()
    x, y, z = centre_mm
    corner = 0.5 * (n - 1) * cell
    return FineVolume(
        values=(contrast_hu * covered)[None].astype(np.float32),
        spacing_mm=(length_mm, cell, cell),
        origin_mm=(x - corner, y - corner, z),
    )


def _slab(
    scanner: Scanner,
    size: Literal["medium", "large"],
    centre_mm: tuple[float, float, float],
    origin_mm: tuple[float, float, float],
) -> tuple[FineVolume, NDArray[np.float32]]:
    """Paint the phantom without calcium and rods, one voxel deep; also its relative noise."""
    slab = paint_slab(size, bone_hu=scanner.calcium_hu)
    x, y, z = centre_mm
    low, high = SLAB_Z_MM
    volume = FineVolume(
        values=slab.hu[None],
        spacing_mm=(high - low, slab.cell_mm, slab.cell_mm),
        origin_mm=(x + slab.origin_mm[0], y + slab.origin_mm[1], z + 0.5 * (low + high)),
    )
    n_y, n_x = scanner.matrix
    pitch = scanner.pixel_spacing_mm
    rows = origin_mm[1] - y + pitch * np.arange(n_y)
    columns = origin_mm[0] - x + pitch * np.arange(n_x)
    return volume, slab.relative_noise(rows, columns)


def _outside_field(scanner: Scanner) -> NDArray[np.bool_]:
    """Pixels outside the circle that a scanner reconstructs."""
    n_y, n_x = scanner.matrix
    y = np.arange(n_y) - 0.5 * (n_y - 1)
    x = np.arange(n_x) - 0.5 * (n_x - 1)
    return np.asarray(np.hypot(y[:, None], x[None, :]) > 0.5 * max(n_y, n_x))
