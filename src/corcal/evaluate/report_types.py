"""The record of a calibration: what `corcal calibrate` found and measured."""

from dataclasses import dataclass
from enum import StrEnum

from corcal.evaluate.aperture import ApertureRule
from corcal.evaluate.qrm import Insert
from corcal.evaluate.qrm_rods import Rods

__all__ = [
    "CalibrationRecord",
    "CylinderMeasurement",
    "InsertReport",
    "MassEstimate",
    "MassMethod",
    "MethodSummary",
    "Noise",
    "PublishedCylinder",
    "PublishedScan",
    "SensitivityRow",
]


class MassMethod(StrEnum):
    """How a mass was measured."""

    INTEGRATED = "integrated"  # aperture of known place and size, the method of this report
    LESION_INTEGRATED = "lesion_integrated"  # as in patients: around the voxels above threshold
    VOLUME_FRACTION = "volume_fraction"  # same aperture, material of the 200 mg/cm3 rod
    THRESHOLD = "threshold"  # c * volume * mean HU of the voxels above threshold

    @property
    def label(self) -> str:
        """What a table calls it."""
        return {
            "integrated": "integrated",
            "lesion_integrated": "patient rule",
            "volume_fraction": "vol. fraction",
            "threshold": "threshold",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class MassEstimate:
    """The mass of one cylinder by one method.

    Attributes
    ----------
    mass_mg, error_mg : float or None
        Measured, and minus the known mass; ``None`` where the method has no answer (no voxel
        reaches the threshold).
    uncertainty_mg : float or None
        Standard uncertainty: noise of the same measurement at empty places, and calibration.
    """

    method: MassMethod
    mass_mg: float | None
    error_mg: float | None
    uncertainty_mg: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CylinderMeasurement:
    """One of the nine cylinders, measured.

    Attributes
    ----------
    position_mm : (x, y, z)
        In the patient, LPS.
    agatston, volume_mm3, peak_hu : float
        By the textbook rule; `peak_hu` is the maximum within the aperture.
    agatston_uncertainty : float
        Standard deviation of the score when noise from empty places is added once more.
    background_hu : float
        Mean of the ring.
    masses : tuple of MassEstimate
        One a method.
    """

    name: str
    size: str
    density: str
    diameter_mm: float
    density_mg_per_cm3: float
    true_mass_mg: float
    position_mm: tuple[float, float, float]
    agatston: float
    agatston_uncertainty: float
    volume_mm3: float
    peak_hu: float
    background_hu: float
    masses: tuple[MassEstimate, ...]

    def mass(self, method: MassMethod) -> MassEstimate:
        """Return the estimate of one method."""
        return next(estimate for estimate in self.masses if estimate.method is method)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSummary:
    """The error of one method over the cylinders; a cylinder without answer counts as 0 mg.

    Attributes
    ----------
    rms_six_mg, rms_nine_mg : float
        Root mean square error over the large and medium cylinders, and over all.
    bias_six_mg : float
        Mean error over the large and medium ones.
    interval_six_mg : (low, high)
        2.5th and 97.5th percentile of `rms_six_mg` when noise and calibration error of this scan
        are drawn once more: what another scan like this one may show.
    noise_alone_six_mg : (low, high)
        The same of a method without any error of its own: what noise alone would give.
    """

    method: MassMethod
    rms_six_mg: float
    bias_six_mg: float
    rms_nine_mg: float
    interval_six_mg: tuple[float, float]
    noise_alone_six_mg: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How much the measurements are worth.

    Attributes
    ----------
    pixel_sd_hu : float
        Of single pixels in plain resin.
    calibration_relative : float
        Relative standard uncertainty of the mass factor: unevenness and noise of rod-sized discs.
    empty_places : dict
        How many empty places were measured, by name of the cylinder.
    """

    pixel_sd_hu: float
    calibration_relative: float
    empty_places: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityRow:
    """The integrated mass under another aperture: how much the rule matters."""

    rule: ApertureRule
    rms_six_mg: float
    bias_six_mg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCylinder:
    """What was published for one cylinder; ``None`` where the table is silent."""

    name: str
    agatston: float | None
    agatston_mass_mg: float | None
    integrated_mass_mg: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedScan:
    """Published measurements that belong to this scan.

    Attributes
    ----------
    vendor, scan : str
        Row of the table.
    how_found : str
        Named by the user, or closest of so many.
    agatston_difference : float
        Largest relative difference of the Agatston scores of the large and medium cylinders.
    rms_six_agatston_mass_mg, rms_six_integrated_mass_mg : float or None
        Error of the published masses, by the known masses.
    """

    vendor: str
    scan: str
    how_found: str
    mass_factor_mg_per_cm3_hu: float | None
    agatston_difference: float
    rms_six_agatston_mass_mg: float | None
    rms_six_integrated_mass_mg: float | None
    cylinders: tuple[PublishedCylinder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertReport:
    """The measured insert.

    Attributes
    ----------
    insert : Insert
        Where it lies.
    rods : Rods
        Calibration and point spread of this scan.
    rule : ApertureRule
        How far the aperture reaches, in point spreads.
    slice_width_mm : float
        Point spread along the axis.
    noise : Noise
        Of the uncertainties.
    cylinders : tuple of CylinderMeasurement
        All nine: large, medium, small, each of low, medium, high density.
    methods : tuple of MethodSummary
        One a method, the integrated mass first.
    sensitivity : tuple of SensitivityRow
        The integrated mass under other apertures.
    """

    insert: Insert
    rods: Rods
    rule: ApertureRule
    slice_width_mm: float
    noise: Noise
    cylinders: tuple[CylinderMeasurement, ...]
    methods: tuple[MethodSummary, ...]
    sensitivity: tuple[SensitivityRow, ...]

    def method(self, method: MassMethod) -> MethodSummary:
        """Return the summary of one method."""
        return next(summary for summary in self.methods if summary.method is method)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRecord:
    """What ``corcal calibrate`` writes: the report, and which scan it is of."""

    software: str
    software_version: str
    series_instance_uid: str | None
    manufacturer: str | None
    model_name: str | None
    kvp: float | None
    convolution_kernel: str | None
    slice_thickness_mm: float | None
    spacing_mm: tuple[float, float, float]
    report: InsertReport
    published: PublishedScan | None
