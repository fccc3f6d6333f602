"""Measure the calcium of a scan: every quantity, by vessel and in total, under one rule.

All quantities are of the same voxels: those of the slice lesions that the rule counts. What is too
small for the Agatston score has no volume and no mass either, so that a zero is a zero everywhere.
The threshold-free masses and the spatially weighted score have regions of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.errors import GeometryError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.voxels import SiteVoxels
from corcal.scoring.agatston import SliceLesions, slice_lesions_by_rule
from corcal.scoring.density import diffusivity, mean_density_factor
from corcal.scoring.lesion_table import LesionTable, tabulate_lesions
from corcal.scoring.mass import MassCalibration, calcium_mass_mg, choose_mass_calibration
from corcal.scoring.rules import (
    DEFAULT_RULE,
    RULES,
    VENDOR_RULES,
    ScoringRule,
    adapted_rule_for,
)
from corcal.scoring.spatially_weighted import SpatialWeighting, spatially_weighted_score
from corcal.scoring.threshold_free import (
    KnownSurrounds,
    ThresholdFreeMass,
    measure_without_threshold,
)
from corcal.scoring.types import Lesion, RuleScore, Score, SiteScore, TotalScore
from corcal.scoring.volume import calcium_volume_mm3

__all__ = ["Measurement", "measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What measuring a scan gives.

    Attributes
    ----------
    score : Score
        Of the vessels, the other sites and the total, and the total under the other rules.
    lesions : tuple of Lesion
        The 3-D lesions of all sites, in descending Agatston score.
    findings : tuple of Finding
        What a reader of the numbers has to know: an assumed mass factor, another tube voltage.
    voxel_index : int64 ndarray of shape (n,)
        Flat C-order index into the scan of all voxels that count, ascending.
    voxel_lesion : int64 ndarray of shape (n,)
        Position in `lesions` of the lesion that each of them is part of.
    """

    score: Score
    lesions: tuple[Lesion, ...]
    findings: tuple[Finding, ...] = ()
    voxel_index: NDArray[np.int64] = field(compare=False)
    voxel_lesion: NDArray[np.int64] = field(compare=False)


def measure(
    scan: CTScan,
    voxels: SiteVoxels,
    *,
    rule: ScoringRule = RULES[DEFAULT_RULE],
    calibration: MassCalibration | None = None,
    weighting: SpatialWeighting | None = None,
    known: KnownSurrounds | None = None,
) -> Measurement:
    """Measure the calcium of every site.

    Parameters
    ----------
    scan : CTScan
        The scan, never resampled.
    voxels : SiteVoxels
        Which voxels belong to which site. They need not reach the threshold: the rule decides.
    rule : ScoringRule
        The rule of every number outside of `Score.by_rule`. A rule adapted to another tube voltage
        is shown beside it, never put in its place.
    calibration : MassCalibration, optional
        From an insert in the scan; chosen by `choose_mass_calibration` if absent.
    weighting : SpatialWeighting, optional
        From a 100 mg/cm3 insert in the scan; without it there is no spatially weighted score.
    known : KnownSurrounds, optional
        An empty dictionary, or one that was given when this scan was measured before: whoever
        measures a scan again after each edit waits for what the edit changed alone.

    Returns
    -------
    Measurement
        All four vessels are always there: a vessel without calcium has the score 0.

    Raises
    ------
    GeometryError
        If the voxels are those of a scan of another shape.
    """
    if voxels.shape != scan.shape:
        msg = f"the voxels are of a scan of shape {voxels.shape}, this one has {scan.shape}"
        raise GeometryError(msg)
    calibration = calibration or choose_mass_calibration(scan)
    adapted = adapted_rule_for(scan.acquisition)
    values = scan.hu[np.unravel_index(voxels.index, scan.shape)]
    found = slice_lesions_by_rule(
        values, voxels, rules=_shown_rules(rule, adapted), spacing_mm=scan.spacing_mm
    )
    table = tabulate_lesions(scan, voxels, values, found[rule.name])
    context = _Context(
        scan=scan,
        voxels=voxels,
        table=table,
        agatston_per_pixel=found[rule.name].agatston_per_pixel,
        calibration=calibration,
        weighting=weighting,
        threshold_free=measure_without_threshold(
            scan.hu,
            table,
            threshold_hu=rule.threshold_hu,
            spacing_mm=scan.spacing_mm,
            calibration_mg_per_cm3_hu=calibration.calibration_mg_per_cm3_hu,
            known=known,
        ),
    )
    return Measurement(
        score=_score(context, found, rule),
        lesions=_lesions(context),
        findings=_findings(calibration, rule, adapted, scan.acquisition.kvp),
        voxel_index=table.index,
        voxel_lesion=table.row,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """Everything that a record of the result is made from."""

    scan: CTScan
    voxels: SiteVoxels
    table: LesionTable
    agatston_per_pixel: float
    calibration: MassCalibration
    weighting: SpatialWeighting | None
    threshold_free: list[ThresholdFreeMass | None]

    def agatston(self, weighted_pixels: int) -> float:
        """Scale weighted pixels to an Agatston score."""
        return weighted_pixels * self.agatston_per_pixel

    def mass_mg(self, hu_sum: float) -> float:
        """Turn a sum of HU into mg."""
        return calcium_mass_mg(
            hu_sum,
            calibration_mg_per_cm3_hu=self.calibration.calibration_mg_per_cm3_hu,
            voxel_volume_mm3=self.scan.voxel_volume_mm3,
        )


def _shown_rules(rule: ScoringRule, adapted: ScoringRule | None) -> tuple[ScoringRule, ...]:
    """Return the rules of `Score.by_rule`: the one in use, the vendors', the adapted one."""
    shown = {name: RULES[name] for name in VENDOR_RULES}
    if adapted is not None:
        shown[adapted.name] = adapted
    shown[rule.name] = rule
    return tuple(shown.values())


def _score(context: _Context, found: dict[str, SliceLesions], rule: ScoringRule) -> Score:
    sites = [site for site in Site if np.any(context.table.site == site)]
    vessels = {site.label: _site_score(context, (site,)) for site in CORONARY_SITES}
    return Score(
        rule=rule.name,
        total=_total_score(context, vessels),
        vessels=vessels,
        other_sites={
            site.label: _site_score(context, (site,))
            for site in sites
            if site not in CORONARY_SITES
        },
        by_rule={name: _rule_score(lesions) for name, lesions in found.items()},
        mass_calibration=context.calibration.source,
        calibration_mg_per_cm3_hu=context.calibration.calibration_mg_per_cm3_hu,
        mass_calibration_detail=context.calibration.detail,
    )


def _site_score(context: _Context, sites: tuple[Site, ...]) -> SiteScore:
    """Measure one site, or several together."""
    table, scan = context.table, context.scan
    rows = np.isin(table.site, np.array(sites, dtype=np.uint8))
    voxel_count = int(table.voxel_count[rows].sum())
    weighted_pixels = int(table.weighted_pixels[rows].sum())
    hu_sum = float(table.hu_sum[rows].sum())
    free = [context.threshold_free[row] for row in np.flatnonzero(rows)]
    return SiteScore(
        agatston=context.agatston(weighted_pixels),
        volume_mm3=calcium_volume_mm3(voxel_count, spacing_mm=scan.spacing_mm),
        volume_interpolated_mm3=float(table.thickness_mm[rows].sum()) * scan.pixel_area_mm2,
        mass_mg=context.mass_mg(hu_sum),
        integrated_mass_mg=_sum_or_none(m.integrated_mg if m else None for m in free),
        volume_fraction_mass_mg=_sum_or_none(m.volume_fraction_mg if m else None for m in free),
        spatially_weighted=_spatially_weighted(context, sites),
        area_mm2=voxel_count * scan.pixel_area_mm2,
        mean_density_factor=mean_density_factor(weighted_pixels, voxel_count),
        mean_hu=hu_sum / voxel_count if voxel_count else None,
        peak_hu=float(table.peak_hu[rows].max()) if voxel_count else None,
        lesion_count=int(np.count_nonzero(rows)),
        slice_lesion_count=int(table.slice_lesion_count[rows].sum()),
    )


def _sum_or_none(masses: Iterable[float | None]) -> float | None:
    """Add up masses; a sum that lacks one is not the mass of the site."""
    total = 0.0
    for mass in masses:
        if mass is None:
            return None
        total += mass
    return total


def _total_score(context: _Context, vessels: dict[str, SiteScore]) -> TotalScore:
    """Measure the four vessels together."""
    together = _site_score(context, CORONARY_SITES)
    scores = [vessel.agatston for vessel in vessels.values()]
    return TotalScore(
        **{field.name: getattr(together, field.name) for field in fields(together)},
        vessels_involved=sum(score > 0 for score in scores),
        diffusivity=diffusivity(scores),
    )


def _spatially_weighted(context: _Context, sites: tuple[Site, ...]) -> float | None:
    """Score the whole region of the sites, whatever its HU."""
    if context.weighting is None:
        return None
    region = np.isin(context.voxels.site, np.array(sites, dtype=np.uint8))
    return spatially_weighted_score(
        context.scan.hu, context.voxels.index[region], weighting=context.weighting
    )


def _rule_score(lesions: SliceLesions) -> RuleScore:
    return RuleScore(
        rule=lesions.rule.name,
        threshold_hu=lesions.rule.threshold_hu,
        total=lesions.agatston(CORONARY_SITES),
        vessels={site.label: lesions.agatston((site,)) for site in CORONARY_SITES},
    )


def _lesions(context: _Context) -> tuple[Lesion, ...]:
    """Make the records of all lesions."""
    centres = context.scan.to_patient_mm(context.table.centroid_zyx).tolist()
    return tuple(_lesion(context, row, centre) for row, centre in enumerate(centres))


def _lesion(context: _Context, row: int, centre_mm: list[float]) -> Lesion:
    """Make the record of one row of the table."""
    table, scan = context.table, context.scan
    x, y, z = centre_mm
    count, hu_sum = int(table.voxel_count[row]), float(table.hu_sum[row])
    return Lesion(
        id=f"L{row + 1}",
        site=Site(table.site[row]).label,
        agatston=context.agatston(int(table.weighted_pixels[row])),
        volume_mm3=calcium_volume_mm3(count, spacing_mm=scan.spacing_mm),
        mass_mg=context.mass_mg(hu_sum),
        area_mm2=count * scan.pixel_area_mm2,
        peak_hu=float(table.peak_hu[row]),
        mean_hu=hu_sum / count,
        centroid_mm=(x, y, z),
        slices=tuple(int(k) for k in np.unique(table.voxels_zyx[row][:, 0])),
        voxel_count=count,
        slice_lesion_count=int(table.slice_lesion_count[row]),
    )


def _findings(
    calibration: MassCalibration,
    rule: ScoringRule,
    adapted: ScoringRule | None,
    kvp: float | None,
) -> tuple[Finding, ...]:
    """Say what was assumed, and which rule is offered beside the one in use."""
    found = []
    if calibration.source == "default":
        message = f"calcium mass rests on a factor of the literature: {calibration.detail}"
        found.append(finding("MASS_FACTOR_DEFAULT", message))
    if adapted is not None and rule.base_name != adapted.name:
        message = (
            f"scored at {rule.threshold_hu:g} HU although the tube voltage is {kvp:g} kVp: not "
            f"comparable with 120 kVp; the rule {adapted.name} ({adapted.threshold_hu:g} HU) is "
            "shown beside it"
        )
        found.append(finding("KVP_RULE_OFFERED", message))
    if rule.base_name not in VENDOR_RULES and (adapted is None or rule.base_name != adapted.name):
        shown = "unknown" if kvp is None else f"{kvp:g} kVp"
        message = f"the rule {rule.name} is not for this scan: its tube voltage is {shown}"
        found.append(finding("RULE_NOT_FOR_KVP", message))
    return tuple(found)
