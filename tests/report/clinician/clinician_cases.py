"""Exams that the clinician's report is tried on: every one that could look wrong."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from corcal.amendment import Amendment
from corcal.ct.scan import Finding, Patient, Severity
from corcal.ct.suitability import SeriesKind, Verdict
from corcal.exam_numbers import exam_numbers
from corcal.followup import compare
from corcal.followup.types import Followup
from corcal.interpreted import interpret_result, with_followup, with_interpretation
from corcal.lesions.sites import Site
from corcal.lesions.unscoreable import metal_words
from corcal.report.exam_pictures import draw_pictures, for_a_page
from corcal.result import Result, ReviewAdvice, ReviewRecord
from corcal.risk.types import Person, Race, Region, Sex
from corcal.scoring.categories import CATEGORIES, category_of
from corcal.scoring.types import Interval, Lesion, SiteScore
from report.measured_scan import with_measured
from report.scored_scan import box
from result_maker import NOTHING, make_automatic_result, make_result

PERSON = Person(
    age_years=61.0,
    sex=Sex.FEMALE,
    race=Race.WHITE,
    systolic_mmhg=135.0,
    total_cholesterol_mg_dl=210.0,
    hdl_mg_dl=50.0,
    ldl_mg_dl=130.0,
    egfr=90.0,
    bmi=28.0,
    has_diabetes=False,
    smokes=False,
    takes_bp_medication=True,
    takes_statin=False,
    family_history=False,
    premature_family_history=False,
    has_known_ascvd=False,
    has_familial_hypercholesterolaemia=False,
    has_high_bleeding_risk=False,
    has_symptoms=False,
    is_pregnant=False,
    region=Region.MODERATE,
)
RISKY = replace(
    PERSON,
    age_years=58.0,
    sex=Sex.MALE,
    has_diabetes=True,
    smokes=True,
    systolic_mmhg=158.0,
    total_cholesterol_mg_dl=260.0,
    premature_family_history=True,
    family_history=True,
)
PATIENT = Patient(
    patient_id="SIM-1024",
    name="Simulated^Patricia^Q",
    sex="F",
    birth_date="1964-05-17",
    age_years=61.0,
)
LONG_NAME = (
    "Wolfeschlegelsteinhausenbergerdorff^Maria Magdalena Theresia Philippine Josepha^^Univ.-Prof. "
    "Dr. med. habil.^Freifrau von und zu"
)


def fit(result: Result) -> Result:
    """The same of a scan without a blemish."""
    record = replace(result.suitability, verdict=Verdict.FIT, findings=())
    return replace(result, suitability=record, scan=replace(result.scan, patient=PATIENT))


def scored(
    vessels: Mapping[str, float], *, is_automatic: bool = True, is_advised: bool = False
) -> Result:
    """Make an exam with these Agatston scores by artery, one lesion each; the rest follows them."""
    base = fit(make_automatic_result() if is_automatic else make_result())
    nothing = replace(base.score.vessels["LM"], **NOTHING)
    sites = {
        name: _site(base.score.vessels["LAD"], vessels[name], is_automatic=is_automatic)
        if vessels.get(name)
        else nothing
        for name in ("LM", "LAD", "LCX", "RCA")
    }
    amount = sum(vessels.values())
    total = replace(
        base.score.total,
        **{
            name: sum(getattr(each, name) for each in sites.values())
            for name in ("agatston", "volume_mm3", "mass_mg", "lesion_count")
        },
        vessels_involved=sum(each.agatston > 0 for each in sites.values()),
        interval=_interval(amount) if is_automatic else None,
    )
    chances = dict.fromkeys(CATEGORIES, 0.0) | {category_of(amount): 0.97}
    score = replace(
        base.score,
        total=total,
        vessels=sites,
        category_probabilities=chances if is_automatic else None,
    )
    review = ReviewAdvice(advised=is_advised, reasons=_REASONS if is_advised else ())
    return replace(
        base,
        score=score,
        lesions=tuple(_lesions(base.lesions[0], sites)),
        review=review if is_automatic else None,
    )


_REASONS = (
    "a lesion of 42 Agatston is doubtful: LCX 62 %, mitral annulus 38 %",
    "the interval reaches into another category",
)


def _interval(amount: float) -> Interval:
    return Interval(low=0.85 * amount, high=1.2 * amount + 3, level=0.95)


def _site(like: SiteScore, amount: float, *, is_automatic: bool) -> SiteScore:
    return replace(
        like,
        agatston=amount,
        volume_mm3=0.81 * amount,
        mass_mg=0.17 * amount,
        lesion_count=1 + int(amount // 100),
        interval=_interval(amount) if is_automatic else None,
    )


def _lesions(like: Lesion, sites: Mapping[str, SiteScore]):
    found = sorted(
        ((each.agatston, name) for name, each in sites.items() if each.agatston), reverse=True
    )
    for number, (amount, name) in enumerate(found, start=1):
        yield replace(like, id=f"L{number}", site=name, agatston=amount)


def interpreted(result: Result, person: Person | None = PERSON) -> Result:
    return with_interpretation(result, interpret_result(result, person))


def history(result: Result, *scores: float, statin: date | None = None) -> Followup:
    """Compare with earlier exams, two years apart, all made alike."""
    last = exam_numbers(result)
    earlier = [
        replace(
            last,
            date=date(last.date.year - 2 * back, 3, 1),
            agatston=score,
            volume_mm3=0.81 * score,
            mass_mg=0.17 * score,
            vessels={"LM": 0.0, "LAD": 0.7 * score, "LCX": 0.0, "RCA": 0.3 * score},
            interval=None
            if last.interval is None
            else replace(last.interval, low=0.85 * score, high=1.2 * score + 3),
            vessel_intervals={},
            series_key=None,
            age_years=None,
        )
        for back, score in zip(range(len(scores), 0, -1), scores, strict=True)
    ]
    return compare([*earlier, last], statin_started=statin)


def zero() -> Result:
    return interpreted(scored({}))


ORDINARY = {"LM": 12.4, "LAD": 148.7, "LCX": 0.0, "RCA": 61.2}


def ordinary() -> Result:
    base = scored(ORDINARY)
    valve = replace(
        base.score.vessels["LAD"], agatston=88.4, volume_mm3=71.0, mass_mg=15.1, interval=None
    )
    aorta = replace(valve, agatston=412.9, volume_mm3=350.2, mass_mg=80.3, lesion_count=4)
    base = replace(
        base,
        score=replace(base.score, other_sites={"aortic_valve": valve, "descending_aorta": aorta}),
    )
    base = interpreted(base)
    return with_followup(base, history(base, 96.0, 141.0, statin=date(2023, 6, 1)))


def addendum() -> Result:
    """A signed report that takes the place of another one, for a reason of several lines."""
    result = ordinary()
    total = result.score.total.agatston
    review = ReviewRecord(
        readers=("Dr. Rita Reader",),
        started="2026-01-03T09:00:00+00:00",
        finished="2026-01-05T08:05:00+00:00",
        event_count=9,
        change_count=2,
        candidates_by_reader=4,
        is_complete=True,
        proposed_by="automatic",
        proposed_rule="textbook",
        proposed_agatston=total,
    )
    amendment = Amendment(
        reason=(
            "A calcified lymph node beside the left main had been counted as coronary; seen when "
            "the scan was compared with that of 2021. The recommendation changes with it"
        ),
        signed_before="2026-01-03T10:07:08+00:00",
        reader_before="Dr. Rita Reader",
        agatston_before=total + 212.5,
        category_before=">400",
    )
    made = replace(
        result.provenance,
        method="reviewed",
        reviewed=review,
        reader="Dr. Rita Reader",
        amendment=amendment,
    )
    return replace(result, provenance=made, review=None)


def everything() -> Result:
    """All four arteries, two earlier exams, a doubt, and every model that there is."""
    base = ordinary()
    amounts = {"LM": 12.4, "LAD": 148.7, "LCX": 31.9, "RCA": 61.2}
    made = interpreted(scored(amounts, is_advised=True))
    score = replace(made.score, other_sites=base.score.other_sites)
    made = replace(made, score=score)
    return with_followup(made, history(made, 96.0, 141.0, statin=date(2023, 6, 1)))


def low() -> Result:
    return interpreted(scored({"LAD": 3.2}, is_advised=True))


def very_high() -> Result:
    amounts = {"LM": 120.0, "LAD": 1490.3, "LCX": 560.0, "RCA": 829.7}
    base = scored(amounts)
    patient = replace(
        PATIENT, name="Simulated^Peter", sex="M", age_years=58.0, birth_date="1967-09-30"
    )
    base = replace(base, scan=replace(base.scan, patient=patient))
    return interpreted(base, replace(RISKY, has_symptoms=None))


def unfit() -> Result:
    base = scored(ORDINARY)
    findings = (
        Finding(
            code="CONTRAST_MEASURED",
            severity=Severity.ERROR,
            message="the blood pool has 312 HU, as with contrast agent; accepted is below 130 HU",
        ),
        Finding(
            code="SLICES_THIN",
            severity=Severity.WARNING,
            message="slices of 0.8 mm: scores are higher than those of 2.5 to 3 mm",
        ),
    )
    record = replace(
        base.suitability, kind=SeriesKind.CONTRAST_CT, verdict=Verdict.UNFIT, findings=findings
    )
    return interpreted(replace(base, suitability=record))


def named(name: str) -> Result:
    base = ordinary()
    return replace(base, scan=replace(base.scan, patient=replace(base.scan.patient, name=name)))


def long_name() -> Result:
    return named(LONG_NAME)


def right_to_left() -> Result:
    return named("כהן^דוד בן־ציון")


def nobody() -> Result:
    """Nothing known of the patient and nothing interpreted."""
    base = scored(ORDINARY)
    scan = replace(base.scan, patient=Patient(), date=None, time=None, study_description=None)
    return replace(base, scan=scan)


def nobody_interpreted() -> Result:
    return interpreted(nobody(), None)


def not_gated() -> Result:
    base = scored(ORDINARY)
    finding = Finding(
        code="NOT_GATED",
        severity=Severity.WARNING,
        message="the scan was not ECG-gated: the score is an estimate",
    )
    record = replace(
        base.suitability,
        kind=SeriesKind.CHEST_NONCONTRAST,
        verdict=Verdict.CAUTION,
        findings=(finding,),
    )
    base = replace(base, suitability=record, scan=replace(base.scan, is_gated=False))
    return interpreted(base)


def not_gated_zero() -> Result:
    """Nothing that counts, on a scan that averages small calcium away."""
    like = not_gated()
    return interpreted(replace(scored({}), suitability=like.suitability, scan=like.scan))


def marked() -> Result:
    base = scored(ORDINARY, is_automatic=False)
    return interpreted(replace(base, provenance=replace(base.provenance, reader="Dr. A. Reader")))


def ten_exams() -> Result:
    base = scored(ORDINARY)
    base = interpreted(base)
    scores = (0.0, 3.0, 12.0, 25.0, 60.0, 96.0, 120.0, 150.0, 180.0)
    return with_followup(base, history(base, *scores, statin=date(2015, 4, 1)))


def stent() -> Result:
    base = scored(ORDINARY)
    finding = Finding(
        code="DEVICE_PRESENT",
        severity=Severity.WARNING,
        message=metal_words("slices 12 to 17 (from 0 at the feet)", "LAD"),
    )
    metal = replace(base.score.vessels["LAD"], interval=None)
    record = replace(base.suitability, verdict=Verdict.CAUTION, findings=(finding,))
    score = replace(base.score, other_sites={"device": metal})
    return interpreted(
        replace(base, suitability=record, score=score), replace(PERSON, has_known_ascvd=None)
    )


def symptoms() -> Result:
    return interpreted(scored(ORDINARY), replace(PERSON, has_symptoms=True))


def little_known() -> Result:
    """Age and sex alone."""
    return interpreted(scored(ORDINARY), Person(age_years=61.0, sex=Sex.FEMALE))


def empty_annotation() -> Result:
    base = scored({}, is_automatic=False)
    annotation = replace(base.provenance.annotation, region_count=0)
    return interpreted(replace(base, provenance=replace(base.provenance, annotation=annotation)))


CASES: dict[str, Callable[[], Result]] = {
    "zero": zero,
    "ordinary": ordinary,
    "addendum": addendum,
    "everything": everything,
    "low": low,
    "very high": very_high,
    "unfit": unfit,
    "long name": long_name,
    "right to left": right_to_left,
    "nobody": nobody,
    "nobody interpreted": nobody_interpreted,
    "not gated": not_gated,
    "not gated zero": not_gated_zero,
    "marked": marked,
    "ten exams": ten_exams,
    "stent": stent,
    "symptoms": symptoms,
    "little known": little_known,
    "empty annotation": empty_annotation,
}


def pictures_for(result: Result) -> dict[str, bytes]:
    """Pictures with the arteries of a result; what they show is a small scan, not the exam."""
    pieces = {
        Site[name]: [box(9, 30 + 8 * k, 40 + 5 * k, size=5, depth=3)]
        for k, (name, each) in enumerate(result.score.vessels.items())
        if each.agatston
    }
    return for_a_page(draw_pictures(*with_measured(pieces)))
