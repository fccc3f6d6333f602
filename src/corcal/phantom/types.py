"""What a simulated scan is: the images, and the truth that they were made from."""

import uuid
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal._version import __version__
from corcal.ct.scan import Acquisition, CTScan, Patient, SeriesIdentity, SliceSource
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.scanner import Scanner

__all__ = [
    "CT_IMAGE_STORAGE",
    "SIMULATED_PATIENT",
    "SimulatedLesion",
    "SimulatedScan",
    "scan_from_volume",
    "simulated_acquisition",
    "simulated_uid",
]

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
SIMULATED_PATIENT = Patient(patient_id="SIMULATED", name="Simulated^Patient")
_UID_NAMESPACE = uuid.UUID("6b1f4a52-0f5a-4f43-9d53-0c5a0f3f7a11")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLesion:
    """One calcification as it was put into the phantom.

    Attributes
    ----------
    id : str
        Unique within the scan.
    site : Site
        Where it is.
    centre_mm : (x, y, z)
        Centre of mass in the patient, LPS.
    mass_mg : float
        Hydroxyapatite.
    volume_mm3 : float
        Physical volume, not that of the voxels above a threshold.
    density_mg_per_cm3 : float
        Mean hydroxyapatite density: mass / volume.
    diameter_mm, length_mm : float or None
        For a cylinder.
    """

    id: str
    site: Site
    centre_mm: tuple[float, float, float]
    mass_mg: float
    volume_mm3: float
    density_mg_per_cm3: float
    diameter_mm: float | None = None
    length_mm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedScan:
    """A simulated scan and its truth.

    Attributes
    ----------
    scan : CTScan
        What a scanner would have given.
    lesions : tuple of SimulatedLesion
        Every calcification that was put in.
    voxels : SiteVoxels
        Voxels of the scan that show the calcium of each site: what a perfect reader would mark.
    seed : int
        The same seed and settings give the same scan, bit for bit.
    other_dense : SiteVoxels, optional
        Everything else that is dense by itself: bone and cartilage (`Site.BONE`) and devices
        (`Site.DEVICE`), where the noiseless image without calcium reaches
        `corcal.phantom.truth.DENSE_HU`. Made when asked for.
    """

    scan: CTScan
    lesions: tuple[SimulatedLesion, ...]
    voxels: SiteVoxels
    seed: int
    other_dense: SiteVoxels | None = None


def simulated_uid(*parts: str | int) -> str:
    """Make the UID that belongs to these words, always the same one.

    Parameters
    ----------
    *parts : str or int
        What identifies the object: seed, kind, number.

    Returns
    -------
    str
        ``2.25.`` and a name-based UUID as a decimal number (PS3.5 B.2), at most 44 characters.
    """
    name = "/".join(str(part) for part in parts)
    return f"2.25.{uuid.uuid5(_UID_NAMESPACE, name).int}"


def simulated_acquisition(
    scanner: Scanner,
    *,
    date: str,
    time: str = "10:00:00",
    description: str = "calcium score",
    is_gated: bool | None = True,
    patient_position: str = "HFS",
) -> Acquisition:
    """Say in a header's words how a simulated scan was made.

    Parameters
    ----------
    scanner : Scanner
        Gives tube voltage, kernel, thickness, field of view and the device's mass factors.
    date, time : str
        ``YYYY-MM-DD`` and ``HH:MM:SS``.
    description : str
        Follows ``SIMULATED`` in the series description.
    is_gated : bool or None
        True for a prospectively gated calcium scan at 75 % of the cardiac cycle; ``None`` leaves
        the tags silent.
    patient_position : str
        A key of `corcal.phantom.dicom.STORED_ORIENTATIONS`.
    """
    factor = round(scanner.calibration_mg_per_cm3_hu, 4)
    return Acquisition(
        modality="CT",
        manufacturer="corcal",
        model_name="corcal.phantom",
        software_versions=__version__,
        study_description="SIMULATED coronary calcium CT",
        series_description=f"SIMULATED {description} {scanner.slice_thickness_mm:.1f} mm",
        protocol_name="SIMULATED",
        body_part="HEART",
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
        scan_options=("ECG_GATED",) if is_gated else (),
        patient_position=patient_position,
        date=date,
        time=time,
        kvp=scanner.kvp,
        convolution_kernel=scanner.kernel.name,
        reconstruction_diameter_mm=round(scanner.field_of_view_mm, 3),
        slice_thickness_mm=scanner.slice_thickness_mm,
        gantry_tilt_deg=0.0,
        is_gated=is_gated,
        cardiac_phase_percent=75.0 if is_gated else None,
        mass_factors_device=(factor, factor, factor),
    )


def scan_from_volume(
    hu: NDArray[np.int16],
    *,
    spacing_mm: tuple[float, float, float],
    origin_mm: tuple[float, float, float],
    patient: Patient = SIMULATED_PATIENT,
    acquisition: Acquisition,
    uid_seed: str | int,
    series_number: int = 1,
    series: SeriesIdentity | None = None,
) -> CTScan:
    """Make a scan of a simulated volume.

    Parameters
    ----------
    hu : int16 ndarray of shape (n_z, n_y, n_x)
        Canonical axes of `CTScan`; made read-only.
    spacing_mm : (dz, dy, dx)
        Increment and pixel spacing.
    origin_mm : (x, y, z)
        Centre of voxel ``[0, 0, 0]`` in the patient, LPS.
    patient, acquisition
        What the headers will say.
    uid_seed : str or int
        All UIDs follow from it and from `series_number`.
    series : SeriesIdentity, optional
        Its fields that are not ``None`` replace the ones made from `uid_seed`; two exams of one
        patient in one study share its `study_instance_uid`.

    Returns
    -------
    CTScan
        `corcal.phantom.dicom.write_scan` writes it as a DICOM series with the same UIDs.
    """
    hu.setflags(write=False)
    dz, dy, dx = spacing_mm
    x0, y0, z0 = origin_mm
    affine = np.array([[0, 0, dx, x0], [0, dy, 0, y0], [dz, 0, 0, z0], [0, 0, 0, 1]], np.float64)
    slices = tuple(
        SliceSource(
            source=f"simulated/{k + 1:04d}.dcm",
            sop_instance_uid=simulated_uid(uid_seed, "series", series_number, "image", k),
            frame_number=None,
            instance_number=k + 1,
            position_mm=(x0, y0, z0 + k * dz),
        )
        for k in range(hu.shape[0])
    )
    return CTScan(
        hu=hu,
        spacing_mm=spacing_mm,
        affine_lps=affine,
        slices=slices,
        patient=patient,
        series=_identity(uid_seed, series_number, series),
        acquisition=acquisition,
    )


def _identity(
    uid_seed: str | int, series_number: int, given: SeriesIdentity | None
) -> SeriesIdentity:
    made = SeriesIdentity(
        study_instance_uid=simulated_uid(uid_seed, "study"),
        series_instance_uid=simulated_uid(uid_seed, "series", series_number),
        frame_of_reference_uid=simulated_uid(uid_seed, "frame of reference"),
        sop_class_uid=CT_IMAGE_STORAGE,
        series_number=series_number,
        accession_number=None,
    )
    if given is None:
        return made
    names = SeriesIdentity.__dataclass_fields__
    values = {name: getattr(given, name) for name in names}
    return replace(made, **{name: value for name, value in values.items() if value is not None})
