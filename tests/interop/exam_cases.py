"""Results that the outputs for machines are tried on: every optional part present, or absent."""

from dataclasses import replace

from corcal.amendment import Amendment
from corcal.ct.scan import Patient
from corcal.ct.suitability import SeriesKind
from corcal.interpreted import interpret_result, with_interpretation
from corcal.result import Result, ReviewRecord
from corcal.risk.percentiles import mesa_percentile
from corcal.risk.types import Person, Race, Sex
from result_maker import consistent, make_automatic_result, make_result

PERSON = Person(
    age_years=61.0,
    sex=Sex.FEMALE,
    race=Race.WHITE,
    systolic_mmhg=135.0,
    total_cholesterol_mg_dl=210.0,
    hdl_mg_dl=50.0,
    egfr=90.0,
    bmi=28.0,
    has_diabetes=False,
    smokes=False,
    takes_bp_medication=True,
    takes_statin=False,
    family_history=False,
)


def interpreted(result: Result, person: Person | None = PERSON) -> Result:
    return with_interpretation(result, interpret_result(result, person))


REVIEW = ReviewRecord(
    readers=("Reader^One",),
    started="2026-01-02T10:30:00+00:00",
    finished="2026-01-02T10:40:00+00:00",
    event_count=2,
    change_count=1,
    candidates_by_reader=1,
    is_complete=True,
    proposed_by="automatic",
    proposed_rule="textbook",
    proposed_agatston=12.0,
)


def made_by(result: Result, **made: object) -> Result:
    return replace(result, provenance=replace(result.provenance, **made))


def signed_result(*, is_complete: bool = True) -> Result:
    """Found automatically, then reviewed by somebody who stands for it."""
    review = replace(REVIEW, is_complete=is_complete)
    return made_by(make_automatic_result(), reader="Reader^One", method="reviewed", reviewed=review)


def amended_result(
    *, agatston_before: float, is_complete: bool = True, fit_before: bool | None = True
) -> Result:
    """Signed again, in place of another score of the same scan."""
    amendment = Amendment(
        reason="Bone was counted",
        signed_before="2026-01-03T10:07:08+00:00",
        reader_before="Reader^One",
        agatston_before=agatston_before,
        category_before="101-400" if fit_before is not False else None,
        fit_before=fit_before,
        record_before="ab" * 32,
    )
    return made_by(signed_result(is_complete=is_complete), amendment=amendment)


def full_result() -> Result:
    """Automatic, interpreted, with calcium outside the arteries and awkward numbers."""
    base = make_automatic_result()
    lad = replace(base.score.vessels["LAD"], mass_mg=0.1 + 0.2)  # 0.30000000000000004
    valve = replace(lad, agatston=1.0 / 3.0, interval=None)
    score = replace(
        base.score,
        vessels=base.score.vessels | {"LAD": lad},
        other_sites={"aortic_valve": valve, "bone": valve},
    )
    return interpreted(consistent(replace(base, score=score)))


def top_of_mesa() -> Result:
    """Interpreted, at the last percentile of MESA, as far as its percentile goes."""
    result = full_result()
    last = mesa_percentile(5000, age_years=61, sex=Sex.FEMALE, race=Race.WHITE)
    told = result.interpretation.percentile | {"mesa": last}
    return replace(result, interpretation=replace(result.interpretation, percentile=told))


def not_gated_result() -> Result:
    base = make_automatic_result()
    return interpreted(
        replace(
            base,
            scan=replace(base.scan, is_gated=False),
            suitability=replace(base.suitability, kind=SeriesKind.CHEST_NONCONTRAST),
        )
    )


def other_person_result() -> Result:
    """Interpreted for a man of 66 years, where the headers have a woman of 61."""
    return interpreted(make_automatic_result(), replace(PERSON, age_years=66.0, sex=Sex.MALE))


def zero_result() -> Result:
    """No calcium at all, in a person that MESA covers."""
    base = make_automatic_result()
    nothing = replace(base.score.vessels["LM"], interval=None)
    total = replace(
        base.score.total,
        **{name: getattr(nothing, name) for name in ("agatston", "volume_mm3", "mass_mg")},
        mean_density_factor=None,
        mean_hu=None,
        peak_hu=None,
        lesion_count=0,
        vessels_involved=0,
        diffusivity=None,
        interval=replace(base.score.total.interval, low=0.0, high=1.5),
    )
    vessels = dict.fromkeys(base.score.vessels, nothing)
    score = replace(base.score, total=total, vessels=vessels)
    return interpreted(consistent(replace(base, score=score)))


def bare_result() -> Result:
    """From a file without headers: no patient, no UID, no date, nothing optional."""
    base = make_result()
    scan = replace(
        base.scan,
        patient=Patient(),
        **dict.fromkeys(
            (
                *("study_instance_uid", "series_instance_uid", "frame_of_reference_uid"),
                *("series_number", "study_description", "series_description", "modality"),
                *("manufacturer", "model_name", "date", "time", "kvp", "convolution_kernel"),
                *("slice_thickness_mm", "is_gated"),
            )
        ),
        sop_instance_uids=(None,) * 4,
    )
    return replace(base, scan=scan)


CASES = {
    "full": full_result,
    "not gated": not_gated_result,
    "zero": zero_result,
    "bare": bare_result,
    "marked": make_result,
}
