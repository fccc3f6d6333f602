"""Measure the nine cylinders of a QRM insert by every method, with uncertainties.

The uncertainty of a measurement is found by making it again: the noise at an empty place of the
same insert is added to the cylinder's voxels, everything is measured once more, and the spread over
many places is the noise of the measurement. For the integrated mass, which is linear, this is the
spread of the same aperture over empty places. The mass factor adds its own uncertainty, the same
for all cylinders.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.evaluate.aperture import Aperture, ApertureRule, make_aperture
from corcal.evaluate.empty_places import (
    calcium_free_slices,
    disc_mean_sd_hu,
    empty_shifts,
    pixel_noise_hu,
)
from corcal.evaluate.qrm import Insert, Place, slice_width_mm
from corcal.evaluate.qrm_design import ROD_DENSITY_MG_PER_CM3, Size
from corcal.evaluate.qrm_rods import Rods, find_rods
from corcal.evaluate.report_types import (
    CylinderMeasurement,
    InsertReport,
    MassEstimate,
    MassMethod,
    MethodSummary,
    Noise,
    SensitivityRow,
)
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.progress import Progress, no_progress
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.integrated import integrated_mass, mass_of_excess
from corcal.scoring.mass import calcium_mass_mg
from corcal.scoring.rules import DEFAULT_RULE, ScoringRule, rule_named
from corcal.scoring.volume import calcium_volume_mm3
from corcal.scoring.volume_fraction import fraction_mass_of_excess

__all__ = ["SENSITIVITY_RULES", "measure_insert"]

_MAX_PLACES = 120
_DRAWS = 4000
_PERCENTILES = (2.5, 97.5)

SENSITIVITY_RULES = (
    *(ApertureRule(in_plane_fwhm=k) for k in (0.5, 0.75, 1.0, 1.25, 1.5)),
    *(ApertureRule(slice_widths=k) for k in (0.5, 1.5)),
    *(ApertureRule(ring_width_mm=w) for w in (2.0, 3.0, 4.0, 8.0)),
)


def measure_insert(
    scan: CTScan,
    insert: Insert,
    *,
    rule: ApertureRule = ApertureRule(),  # noqa: B008  (frozen)
    scoring_rule: ScoringRule | None = None,
    progress: Progress = no_progress,
) -> InsertReport:
    """Measure all nine cylinders of an insert and compare them with their known masses.

    Parameters
    ----------
    scan : CTScan
        The scan, never resampled.
    insert : Insert
        From `corcal.evaluate.qrm.find_insert`.
    rule : ApertureRule
        How far the aperture of the integrated mass reaches.
    scoring_rule : ScoringRule, optional
        Of Agatston score, volume and threshold mass; textbook if absent.
    progress : Progress
        Told after each cylinder.

    Returns
    -------
    InsertReport

    Raises
    ------
    UnfitError
        If the calibration rods are not found, or no slice shows plain resin.
    """
    rods = find_rods(scan, insert)
    free = calcium_free_slices(scan, insert)
    kernel = _Kernel(scan, rods, scoring_rule or rule_named(DEFAULT_RULE))
    runs = []
    for done, place in enumerate(insert.places, start=1):
        aperture = make_aperture(scan, insert, place, fwhm_mm=rods.psf_fwhm_mm, rule=rule)
        shifts = empty_shifts(scan, insert, aperture, free, at_most=_MAX_PLACES)
        runs.append(_measure_with_noise(scan, kernel, place, aperture, shifts))
        progress(done, len(insert.places), "measuring the cylinders")
    contrast = rods.hydroxyapatite_hu - rods.water_hu
    noise = Noise(
        pixel_sd_hu=pixel_noise_hu(scan, insert, free),
        calibration_relative=float(
            np.sqrt(2) * disc_mean_sd_hu(scan, insert, free, rods) / contrast
        ),
        empty_places={run.place.cylinder.name: len(run.noisy) for run in runs},
    )
    return InsertReport(
        insert=insert,
        rods=rods,
        rule=rule,
        slice_width_mm=slice_width_mm(scan),
        noise=noise,
        cylinders=tuple(_cylinder(scan, run, noise) for run in runs),
        methods=tuple(_summary(method, runs, noise) for method in MassMethod),
        sensitivity=tuple(_sensitivity(scan, insert, rods, other) for other in SENSITIVITY_RULES),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """One measurement of one cylinder; a mass is ``None`` where a method has no answer."""

    agatston: float
    volume_mm3: float
    peak_hu: float
    background_hu: float
    masses: dict[MassMethod, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The measurement of one cylinder, and the same with the noise of empty places added."""

    place: Place
    measured: _Measured
    noisy: Sequence[_Measured]

    @property
    def true_mass_mg(self) -> float:
        return self.place.cylinder.mass_mg

    @property
    def is_of_six(self) -> bool:
        return self.place.cylinder.size is not Size.SMALL

    def errors_mg(self, method: MassMethod) -> float:
        """Error of the measurement; no answer is 0 mg."""
        return (self.measured.masses[method] or 0.0) - self.true_mass_mg

    def noise_mg(self, method: MassMethod) -> NDArray[np.float64]:
        """Change of the mass by the noise of each empty place, from the mean change.

        More noise makes a threshold find more: that is in the measurement already, once.
        """
        masses = np.array([other.masses[method] or 0.0 for other in self.noisy])
        return np.asarray(masses - masses.mean())


class _Kernel:
    """All methods on the voxels of one box."""

    def __init__(self, scan: CTScan, rods: Rods, rule: ScoringRule) -> None:
        self.spacing_mm = scan.spacing_mm
        self.voxel_volume_mm3 = scan.voxel_volume_mm3
        self.factor = rods.calibration_mg_per_cm3_hu
        self.rod_hu = rods.hydroxyapatite_hu
        self.rod_tissue_hu = rods.tissue_hu
        self.rule = rule

    def measure(self, values: NDArray[np.float64], aperture: Aperture) -> _Measured:
        """Measure a box of the shape of the aperture."""
        voxels = _reach_voxels(aperture)
        inside = values.ravel()[voxels.index]
        lesions = find_slice_lesions(inside, voxels, rule=self.rule, spacing_mm=self.spacing_mm)
        index = voxels.index[lesions.voxel]
        excess = aperture.excess(values)
        return _Measured(
            agatston=float(lesions.weighted_pixels.sum() * lesions.agatston_per_pixel),
            volume_mm3=calcium_volume_mm3(index.size, spacing_mm=self.spacing_mm),
            peak_hu=float(values[aperture.weights > 0].max()),
            background_hu=aperture.background_mean(values),
            masses={
                MassMethod.INTEGRATED: mass_of_excess(
                    excess,
                    voxel_volume_mm3=self.voxel_volume_mm3,
                    calibration_mg_per_cm3_hu=self.factor,
                ),
                MassMethod.LESION_INTEGRATED: self._as_in_patients(values, aperture, index),
                MassMethod.VOLUME_FRACTION: self._volume_fraction(
                    excess, aperture.background_mean(values)
                ),
                MassMethod.THRESHOLD: calcium_mass_mg(
                    float(values.ravel()[index].sum()),
                    calibration_mg_per_cm3_hu=self.factor,
                    voxel_volume_mm3=self.voxel_volume_mm3,
                ),
            },
        )

    def _as_in_patients(
        self, values: NDArray[np.float64], aperture: Aperture, index: NDArray[np.int64]
    ) -> float | None:
        """Integrate around the voxels above the threshold, as `corcal score` does."""
        if index.size == 0:
            return None
        return integrated_mass(
            values,
            np.column_stack(np.unravel_index(index, values.shape)),
            spacing_mm=self.spacing_mm,
            calibration_mg_per_cm3_hu=self.factor,
            exclude_index=np.argwhere(aperture.others & (values >= self.rule.threshold_hu)),
        )

    def _volume_fraction(self, excess: float, background_hu: float) -> float:
        """Fill voxels with the material of the rod, as it stands out from the resin around it.

        Near the end of a cone beam all HU of a slice are lower: the rod's HU are moved to the
        background of the cylinder by the difference of the resin.
        """
        return fraction_mass_of_excess(
            excess,
            background_hu=background_hu,
            calcium_hu=background_hu + self.rod_hu - self.rod_tissue_hu,
            calcium_density_mg_per_cm3=ROD_DENSITY_MG_PER_CM3,
            voxel_volume_mm3=self.voxel_volume_mm3,
        )


def _reach_voxels(aperture: Aperture) -> SiteVoxels:
    """Voxels of the box that are the cylinder's if they reach the threshold."""
    index = np.flatnonzero(aperture.reach)
    n_z, n_y, n_x = aperture.reach.shape
    return SiteVoxels(
        shape=(n_z, n_y, n_x),
        index=index,
        site=np.full(index.size, Site.OTHER, dtype=np.uint8),
    )


def _measure_with_noise(
    scan: CTScan,
    kernel: _Kernel,
    place: Place,
    aperture: Aperture,
    shifts: Sequence[tuple[int, int, int]],
) -> _Run:
    """Measure a cylinder, and again with the noise of each empty place added."""
    values = scan.hu[aperture.box()].astype(np.float64)
    noisy = []
    for shift in shifts:
        empty = scan.hu[aperture.box(shift)].astype(np.float64)
        level = aperture.background(empty)
        used = np.asarray(aperture.ring.any(axis=(1, 2)))[:, None, None]
        noisy.append(kernel.measure(values + np.where(used, empty - level, 0.0), aperture))
    return _Run(place=place, measured=kernel.measure(values, aperture), noisy=tuple(noisy))


def _cylinder(scan: CTScan, run: _Run, noise: Noise) -> CylinderMeasurement:
    """Put the record of one cylinder together."""
    cylinder = run.place.cylinder
    x, y, z = scan.to_patient_mm(np.array([run.place.index]))[0].tolist()
    scores = np.array([other.agatston for other in run.noisy])
    return CylinderMeasurement(
        name=cylinder.name,
        size=cylinder.size,
        density=cylinder.density,
        diameter_mm=cylinder.diameter_mm,
        density_mg_per_cm3=cylinder.density_mg_per_cm3,
        true_mass_mg=cylinder.mass_mg,
        position_mm=(x, y, z),
        agatston=run.measured.agatston,
        agatston_uncertainty=float(scores.std()),
        volume_mm3=run.measured.volume_mm3,
        peak_hu=run.measured.peak_hu,
        background_hu=run.measured.background_hu,
        masses=tuple(_estimate(run, method, noise) for method in MassMethod),
    )


def _estimate(run: _Run, method: MassMethod, noise: Noise) -> MassEstimate:
    mass = run.measured.masses[method]
    if mass is None:
        return MassEstimate(method=method, mass_mg=None, error_mg=None, uncertainty_mg=None)
    spread = float(run.noise_mg(method).std())
    return MassEstimate(
        method=method,
        mass_mg=mass,
        error_mg=mass - run.true_mass_mg,
        uncertainty_mg=float(np.hypot(spread, noise.calibration_relative * mass)),
    )


def _summary(method: MassMethod, runs: Sequence[_Run], noise: Noise) -> MethodSummary:
    """Errors of one method, and what noise and calibration make of them."""
    six = [run for run in runs if run.is_of_six]
    errors = np.array([run.errors_mg(method) for run in six])
    rng = np.random.default_rng(0)  # the same report for the same scan
    drawn = np.column_stack([rng.choice(run.noise_mg(method), _DRAWS) for run in six])
    masses = errors + [run.true_mass_mg for run in six]
    drawn += rng.normal(0.0, noise.calibration_relative, (_DRAWS, 1)) * masses
    return MethodSummary(
        method=method,
        rms_six_mg=_rms(errors),
        bias_six_mg=float(errors.mean()),
        rms_nine_mg=_rms(np.array([run.errors_mg(method) for run in runs])),
        interval_six_mg=_interval(errors + drawn),
        noise_alone_six_mg=_interval(drawn),
    )


def _interval(errors: NDArray[np.float64]) -> tuple[float, float]:
    """Percentiles of the root mean square error over draws, (n_draws, n_cylinders)."""
    low, high = np.percentile(np.sqrt((errors**2).mean(axis=1)), _PERCENTILES).tolist()
    return low, high


def _rms(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt((errors**2).mean()))


def _sensitivity(scan: CTScan, insert: Insert, rods: Rods, rule: ApertureRule) -> SensitivityRow:
    """Integrated mass of the six under another aperture."""
    errors = []
    for place in insert.places:
        if place.cylinder.size is Size.SMALL:
            continue
        aperture = make_aperture(scan, insert, place, fwhm_mm=rods.psf_fwhm_mm, rule=rule)
        mass = mass_of_excess(
            aperture.excess(scan.hu[aperture.box()].astype(np.float64)),
            voxel_volume_mm3=scan.voxel_volume_mm3,
            calibration_mg_per_cm3_hu=rods.calibration_mg_per_cm3_hu,
        )
        errors.append(mass - place.cylinder.mass_mg)
    return SensitivityRow(
        rule=rule, rms_six_mg=_rms(np.array(errors)), bias_six_mg=float(np.mean(errors))
    )
