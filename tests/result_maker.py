"""A small, complete result for tests that need one."""

from dataclasses import replace

from corcal.anatomy.types import ModelRecord
from corcal.ct.scan import Finding, Patient, Severity
from corcal.ct.suitability import SeriesKind, Verdict
from corcal.lesions.decision import Reason
from corcal.lesions.sites import Site
from corcal.result import (
    SCHEMA_VERSION,
    AnnotationRecord,
    Provenance,
    Result,
    ReviewAdvice,
    ScanRecord,
    SuitabilityRecord,
)
from corcal.scoring.types import Interval, Lesion, RuleScore, Score, SiteScore, TotalScore

MEASURES = {
    "agatston": 14.0,
    "volume_mm3": 12.0,
    "volume_interpolated_mm3": 11.5,
    "mass_mg": 3.5,
    "integrated_mass_mg": 3.9,
    "volume_fraction_mass_mg": None,
    "spatially_weighted": None,
    "area_mm2": 4.0,
    "mean_density_factor": 3.5,
    "mean_hu": 390.0,
    "peak_hu": 401.0,
    "lesion_count": 1,
    "slice_lesion_count": 2,
}
NOTHING = {name: 0 if name.endswith("count") else 0.0 for name in MEASURES} | {
    "mean_density_factor": None,
    "mean_hu": None,
    "peak_hu": None,
}


def make_result() -> Result:
    """One lesion of 14 Agatston in the LAD (the reference's worked case d)."""
    zero = SiteScore(**NOTHING)
    vessels = {"LM": zero, "LAD": SiteScore(**MEASURES), "LCX": zero, "RCA": zero}
    by_vessel = {"LM": 0.0, "LAD": 14.0, "LCX": 0.0, "RCA": 0.0}
    score = Score(
        rule="textbook",
        total=TotalScore(**MEASURES, vessels_involved=1, diffusivity=0.0),
        vessels=vessels,
        other_sites={},
        by_rule={
            "textbook": RuleScore(
                rule="textbook", threshold_hu=130.0, total=14.0, vessels=by_vessel
            )
        },
        mass_calibration="default",
        calibration_mg_per_cm3_hu=0.743,
    )
    lesion = Lesion(
        id="L1",
        site="LAD",
        agatston=14.0,
        volume_mm3=12.0,
        mass_mg=3.5,
        area_mm2=4.0,
        peak_hu=401.0,
        mean_hu=390.0,
        centroid_mm=(1.0, -2.0, 3.0),
        slices=(1, 2),
        voxel_count=16,
        slice_lesion_count=2,
    )
    return Result(
        schema_version=SCHEMA_VERSION,
        scan=_scan_record(),
        suitability=SuitabilityRecord(
            kind=SeriesKind.GATED_CALCIUM,
            verdict=Verdict.CAUTION,
            findings=(Finding(code="KVP", severity=Severity.WARNING, message="100 kVp, not 120"),),
        ),
        score=score,
        lesions=(lesion,),
        provenance=_provenance(),
    )


def make_automatic_result() -> Result:
    """The same lesion, found without a person, with everything that such a result has."""
    base = make_result()
    interval = Interval(low=8.5, high=25.0, level=0.95)
    unseen = Interval(low=0.0, high=3.0, level=0.95)
    probabilities = dict.fromkeys((site.label for site in Site), 0.0) | {"LAD": 0.9, "noise": 0.1}
    (lesion,) = base.lesions
    return replace(
        base,
        score=replace(
            base.score,
            total=replace(base.score.total, interval=interval),
            vessels={
                name: replace(part, interval=interval if name == "LAD" else unseen)
                for name, part in base.score.vessels.items()
            },
            category_probabilities={"0": 0.1, "1-100": 0.9, "101-400": 0.0, ">400": 0.0},
        ),
        lesions=(
            replace(
                lesion,
                probabilities=probabilities,
                why=(
                    Reason(text="2.0 mm from the LAD", feature="from_lad_mm", value=2.0, unit="mm"),
                    Reason(text="fat lies around it", feature="fat_around", value=0.75),
                ),
            ),
        ),
        provenance=replace(
            base.provenance,
            method="automatic",
            annotation=None,
            model=ModelRecord(name="corcal-thorax", version="1", sha256="ab" * 32, trusted=True),
            detector=ModelRecord(name="corcal-lesions", version="1", sha256=None, trusted=False),
        ),
        review=ReviewAdvice(advised=True, reasons=("a lesion is doubtful",)),
    )


def _scan_record() -> ScanRecord:
    return ScanRecord(
        patient=Patient(patient_id="SIM-1", name="Simulated^Patient", sex="F", age_years=61.0),
        study_instance_uid="2.25.1",
        series_instance_uid="2.25.2",
        frame_of_reference_uid="2.25.3",
        series_number=3,
        study_description="Simulated",
        series_description="Ca score 3.0",
        modality="CT",
        manufacturer="corcal",
        model_name="phantom",
        date="2026-01-02",
        time="10:00:00",
        kvp=120.0,
        convolution_kernel="MEDIUM",
        slice_thickness_mm=3.0,
        increment_mm=3.0,
        pixel_spacing_mm=(0.5, 0.5),
        shape=(4, 64, 64),
        is_gated=True,
        sop_instance_uids=("2.25.4", "2.25.5", "2.25.6", "2.25.7"),
    )


def _provenance() -> Provenance:
    return Provenance(
        software="corcal",
        software_version="0.1.0",
        created="2026-01-02T11:00:00+00:00",
        rule="textbook",
        rule_reason="the default",
        threshold_hu=130.0,
        series_reason="the only series",
        method="annotation",
        annotation=AnnotationRecord(
            format="osirix", source="calcium.xml", sha256="0" * 64, region_count=2
        ),
        reader=None,
        slices_with_calcium=(1, 2),
        libraries={"numpy": "2.0"},
    )


def consistent(result: Result) -> Result:
    """Make total, lesions and rules follow the sites, as in a record that corcal has written."""
    score, (like, *_) = result.score, make_automatic_result().lesions
    sites = {
        name: replace(one, lesion_count=int(max(one.agatston, one.volume_mm3, one.mass_mg) > 0))
        for name, one in (score.vessels | score.other_sites).items()
    }
    vessels = {name: sites[name] for name in score.vessels}
    sums = ("agatston", "volume_mm3", "mass_mg", "area_mm2", "lesion_count")
    total = {name: sum(getattr(one, name) for one in vessels.values()) for name in sums}
    total["vessels_involved"] = sum(one.agatston > 0 for one in vessels.values())
    by_vessel = {name: one.agatston for name, one in vessels.items()}
    rule = replace(score.by_rule[score.rule], total=total["agatston"], vessels=by_vessel)
    lesions = tuple(
        replace(like, site=name, **{field: getattr(one, field) for field in sums[:4]})
        for name, one in sites.items()
        if one.lesion_count
    )
    return replace(
        result,
        score=replace(
            score,
            total=replace(score.total, **total),
            vessels=vessels,
            other_sites={name: sites[name] for name in score.other_sites},
            by_rule=score.by_rule | {score.rule: rule},
        ),
        lesions=tuple(replace(one, id=f"L{n}") for n, one in enumerate(lesions, start=1)),
    )
