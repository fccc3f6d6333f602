"""Records of every kind that a patient can get a letter about."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache

from corcal.amendment import Amendment
from corcal.ct.scan import Finding, Patient, Severity
from corcal.ct.suitability import SeriesKind, Verdict
from corcal.followup import compare
from corcal.interpreted import interpret_result, with_followup, with_interpretation
from corcal.report.letter.case import PARTS
from corcal.result import AnnotationRecord, Result, ReviewAdvice, ReviewRecord
from corcal.risk.types import Person, Race, Region, Sex
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.types import Contested, Interval
from followup.exam_maker import exam
from result_maker import make_automatic_result, make_result

FINE = {
    "age_years": 55.0,
    "sex": Sex.MALE,
    "race": Race.WHITE,
    "systolic_mmhg": 118.0,
    "total_cholesterol_mg_dl": 170.0,
    "hdl_mg_dl": 60.0,
    "ldl_mg_dl": 95.0,
    "egfr": 90.0,
    "bmi": 24.0,
    "has_diabetes": False,
    "smokes": False,
    "takes_bp_medication": False,
    "takes_statin": False,
    "family_history": False,
    "premature_family_history": False,
    "has_known_ascvd": False,
    "has_familial_hypercholesterolaemia": False,
    "has_symptoms": False,
    "is_pregnant": False,
}
MANY = {
    "smokes": True,
    "systolic_mmhg": 152.0,
    "total_cholesterol_mg_dl": 238.0,
    "hdl_mg_dl": 42.0,
    "ldl_mg_dl": None,
    "has_diabetes": True,
    "bmi": 33.5,
    "premature_family_history": True,
    "family_history": True,
}
ARABIC = "عبد الرحمن^محمد"
LONG = "Papadimitriou-Konstantinopoulou de la Torre y Mendoza^Maria Alexandra Guadalupe"


def scored(agatston: float, *, automatic: bool = False) -> Result:
    """A fit, gated scan of 2 January 2026 with a score in the LAD."""
    base = make_automatic_result() if automatic else make_result()
    score, zero = base.score, base.score.vessels["RCA"]
    lad = replace(score.vessels["LAD"], agatston=agatston) if agatston else zero
    return replace(
        base,
        suitability=replace(base.suitability, verdict=Verdict.FIT, findings=()),
        score=replace(
            score,
            total=replace(score.total, agatston=agatston),
            vessels=score.vessels | {"LAD": lad},
        ),
        review=None,
    )


def interpreted(agatston: float, **facts: object) -> Result:
    """The same, with what it means for a healthy man of 55 years, changed by facts."""
    return told(scored(agatston), **facts)


def told(result: Result, **facts: object) -> Result:
    """Add what the score means."""
    guidelines = facts.pop("guidelines", None)
    person = Person(**(FINE | facts))
    sex = "F" if person.sex is Sex.FEMALE else "M"
    patient = replace(result.scan.patient, sex=sex, age_years=person.age_years)
    result = replace(result, scan=replace(result.scan, patient=patient))
    return with_interpretation(result, interpret_result(result, person, guidelines=guidelines))


def contradicted() -> Result:
    """Facts of a man of 55 years for the scan of a woman of 61."""
    result = scored(85.0)
    return with_interpretation(result, interpret_result(result, Person(**FINE)))


def named(result: Result, name: str) -> Result:
    """Give the record a name."""
    patient = replace(result.scan.patient, name=name)
    return replace(result, scan=replace(result.scan, patient=patient))


def suited(result: Result, kind: SeriesKind, verdict: Verdict, *codes: str) -> Result:
    """Judge the scan otherwise."""
    level = Severity.ERROR if verdict is Verdict.UNFIT else Severity.WARNING
    findings = tuple(Finding(code=code, severity=level, message="found") for code in codes)
    judged = replace(result.suitability, kind=kind, verdict=verdict, findings=findings)
    is_gated = None if kind is SeriesKind.UNKNOWN else kind is SeriesKind.GATED_CALCIUM
    return replace(result, suitability=judged, scan=replace(result.scan, is_gated=is_gated))


def unfit() -> Result:
    """A scan with contrast medium."""
    return told(suited(scored(210.0), SeriesKind.CONTRAST_CT, Verdict.UNFIT, "CONTRAST"))


def automatic(agatston: float, low: float, high: float, **facts: object) -> Result:
    """A score that nobody has checked, of a woman of 61 years."""
    result = scored(agatston, automatic=True)
    interval = Interval(low=low, high=high, level=0.95)
    total = replace(result.score.total, interval=interval)
    chances = {"0": 0.05, "1-100": 0.15, "101-400": 0.6, ">400": 0.2}
    score = replace(result.score, total=total, category_probabilities=chances)
    result = replace(result, score=score)
    return told(result, **({"sex": Sex.FEMALE, "age_years": 61.0} | facts))


def uncertain(agatston: float, *, gated: bool = True, **chances: float) -> Result:
    """A score that nobody has checked, whose class is open: chances by `PARTS`."""
    result = automatic(agatston, 0.5 * agatston, 2 * agatston + 30.0)
    found = [chances.get(name, 0.0) for name in PARTS]
    probabilities = dict(zip(CATEGORIES, found, strict=True))
    result = replace(result, score=replace(result.score, category_probabilities=probabilities))
    if gated:
        return result
    return told(suited(result, SeriesKind.CHEST_NONCONTRAST, Verdict.CAUTION, "NOT_GATED"))


def seen_elsewhere(*sites: tuple[str, float], contested: tuple[str, ...] = ()) -> Result:
    """A score that nobody has checked, with a lesion at each site, as sure as is said."""
    result = automatic(85.0, 60.0, 110.0)
    like, amount = result.lesions[0], result.score.vessels["LAD"]
    lesions = tuple(
        replace(
            like,
            id=f"L{number}",
            site=name,
            probabilities={name: sure, "noise": 1.0 - sure},
            why=(),
        )
        for number, (name, sure) in enumerate(sites, start=2)
    )
    about = tuple(
        Contested(
            lesion=each.id,
            site=each.site,
            second_site="LCX",
            agatston=each.agatston,
            slices=each.slices,
            centroid_mm=each.centroid_mm,
            probabilities=each.probabilities,
        )
        for each in lesions
        if each.site in contested
    )
    advice = ReviewAdvice(advised=True, reasons=("two detectors differ",), contested=about)
    return replace(
        result,
        score=replace(result.score, other_sites=dict.fromkeys(dict(sites), amount)),
        lesions=(*result.lesions, *lesions),
        review=advice if about else None,
    )


def device(agatston: float, **facts: object) -> Result:
    """Metal at the heart."""
    result = suited(scored(agatston), SeriesKind.GATED_CALCIUM, Verdict.CAUTION, "DEVICE_PRESENT")
    return told(result, **facts)


def nothing_marked() -> Result:
    """A zero because the annotation has no region."""
    result = scored(0.0)
    empty = replace(result.provenance.annotation, region_count=0)
    return told(replace(result, provenance=replace(result.provenance, annotation=empty)))


def followed(scores: list[float], *, changed: dict | None = None, **facts: object) -> Result:
    """The newest of several exams, one every other year up to 2 January 2026."""
    result = interpreted(scores[-1], **facts)
    count = len(scores)
    exams = [
        exam(score, date(2026 - 2 * (count - 1 - k), 1, 2), is_automatic=False)
        for k, score in enumerate(scores)
    ]
    if changed:
        exams[0] = replace(exams[0], **changed)
    if facts.get("takes_statin"):
        exams = [replace(each, takes_statin=True) for each in exams]
    return with_followup(result, compare(exams))


def compared(before: float, after: float, **fields: object) -> Result:
    """The newer of two exams, the numbers of both as they are given; the volume is the score."""
    result, old = interpreted(after), date(2022, 1, 2)
    new = fields.pop("new", date(2026, 1, 2))
    exams = [exam(before, old, is_automatic=False), exam(after, new, is_automatic=False)]
    return with_followup(result, compare([replace(each, **fields) for each in exams]))


def other_sites(agatston: float, *names: str) -> Result:
    """Calcium at other places too."""
    result = scored(agatston)
    others = dict.fromkeys(names, result.score.vessels["LAD"])
    return told(replace(result, score=replace(result.score, other_sites=others)))


def anonymous() -> Result:
    """A score of which nothing else is known: no name, no date, no meaning."""
    result = scored(42.0)
    return replace(result, scan=replace(result.scan, patient=Patient(), date=None))


def reviewed() -> Result:
    """An automatic score with doubts, and a reader named for it."""
    result = automatic(85.2, 60.0, 110.0)
    base = make_automatic_result()
    made = replace(result.provenance, reader="Dr. Rita Reader")
    return replace(result, provenance=made, review=base.review)


def after_review(*, is_complete: bool, marks: AnnotationRecord | None = None) -> Result:
    """A score that a reader has reviewed, or has begun to: found by software, or marked."""
    result = automatic(85.2, 60.0, 110.0)
    record = ReviewRecord(
        readers=("Dr. Rita Reader",),
        started="2026-01-03T09:00:00+00:00",
        finished="2026-01-03T09:05:00+00:00",
        event_count=3,
        change_count=1,
        candidates_by_reader=2,
        is_complete=is_complete,
        proposed_by="automatic" if marks is None else "annotation",
        proposed_rule="textbook",
        proposed_agatston=90.0,
    )
    made = replace(result.provenance, method="reviewed", reviewed=record, annotation=marks)
    advice = None if is_complete else make_automatic_result().review
    return replace(result, provenance=made, review=advice)


def addendum(
    before: float,
    after: float,
    *,
    base: Result | None = None,
    created: str | None = None,
    fit_before: bool = True,
) -> Result:
    """A signed result that takes the place of another one."""
    result = base or after_review(is_complete=True)
    result = replace(result, score=scored(after).score)
    amendment = Amendment(
        reason="Calcium of the aortic root had been counted as left main.",
        signed_before="2026-01-03T23:30:00-02:00",  # the fourth of January, UTC
        reader_before="Dr. Rita Reader",
        agatston_before=before,
        category_before="1-100" if fit_before else None,
        fit_before=fit_before,
    )
    made = replace(result.provenance, created=created or "2026-01-05T08:07:30+00:00")
    return replace(result, provenance=replace(made, amendment=amendment))


UNKNOWN = dict.fromkeys(
    (
        "race",
        "systolic_mmhg",
        "total_cholesterol_mg_dl",
        "hdl_mg_dl",
        "ldl_mg_dl",
        "bmi",
        "has_diabetes",
        "smokes",
        "takes_statin",
        "family_history",
        "premature_family_history",
        "has_known_ascvd",
        "has_symptoms",
    )
)

_MAKERS: dict[str, Callable[[], Result]] = {
    "zero": lambda: interpreted(0.0),
    "zero_with_factors": lambda: interpreted(0.0, **MANY),
    "zero_unknown": lambda: interpreted(0.0, **UNKNOWN),
    "zero_statin": lambda: interpreted(0.0, takes_statin=True),
    "tiny": lambda: interpreted(0.04),
    "five": lambda: interpreted(5.3, age_years=62.0, sex=Sex.FEMALE, race=Race.BLACK),
    "five_young": lambda: interpreted(5.3, age_years=38.0, sex=Sex.FEMALE),
    "eighty_five": lambda: interpreted(85.0, age_years=70.0, **{"systolic_mmhg": 141.0}),
    "edge": lambda: interpreted(100.04),
    "moderate": lambda: interpreted(367.4918, **MANY),
    "moderate_unknown": lambda: interpreted(367.4918, **UNKNOWN),
    "very_large": lambda: interpreted(3000.0, age_years=68.0, **MANY),
    "large_statin": lambda: interpreted(612.0, takes_statin=True, age_years=71.0),
    "european": lambda: interpreted(120.0, region=Region.MODERATE, race=None, egfr=None),
    "old": lambda: interpreted(250.0, age_years=87.0),
    "unfit": lambda: unfit(),
    "not_gated": lambda: told(
        suited(scored(130.0), SeriesKind.CHEST_NONCONTRAST, Verdict.CAUTION, "NOT_GATED"), **MANY
    ),
    "not_gated_zero": lambda: told(
        suited(scored(0.0), SeriesKind.CHEST_NONCONTRAST, Verdict.CAUTION, "NOT_GATED")
    ),
    "gating_unknown": lambda: told(suited(scored(130.0), SeriesKind.UNKNOWN, Verdict.CAUTION)),
    "automatic": lambda: automatic(210.7, 87.0, 440.0, **{"systolic_mmhg": 144.0}),
    "automatic_doubtful": lambda: replace(
        automatic(210.7, 87.0, 440.0), review=make_automatic_result().review
    ),
    "automatic_reader": reviewed,
    "mild_or_moderate": lambda: uncertain(31.0, gated=False, none=0.01, mild=0.51, moderate=0.48),
    "moderate_or_large": lambda: uncertain(380.0, moderate=0.6, large=0.4),
    "mild_or_none": lambda: uncertain(2.0, none=0.45, mild=0.55),
    "zero_or_mild": lambda: uncertain(0.0, gated=False, none=0.56, mild=0.43, moderate=0.01),
    "doubtful_elsewhere": lambda: seen_elsewhere(
        ("mitral_annulus", 0.95), ("aortic_valve", 0.42), contested=("mitral_annulus",)
    ),
    "reviewed": lambda: after_review(is_complete=True),
    "marks_reviewed": lambda: after_review(
        is_complete=True, marks=make_result().provenance.annotation
    ),
    "review_begun": lambda: after_review(is_complete=False),
    "addendum": lambda: addendum(412.0, 85.2),
    "addendum_same": lambda: addendum(85.2, 85.2),
    "addendum_one_day": lambda: addendum(412.0, 85.2, created="2026-01-04T15:04:59+00:00"),
    "addendum_now_fit": lambda: addendum(85.2, 85.2, fit_before=False),
    "addendum_unfit": lambda: addendum(412.0, 210.0, base=unfit()),
    "known_disease": lambda: interpreted(900.0, has_known_ascvd=True, smokes=True),
    "stent": lambda: device(310.0, has_known_ascvd=None),
    "pacemaker": lambda: device(310.0),
    "symptoms": lambda: interpreted(0.0, has_symptoms=True),
    "pregnant": lambda: interpreted(
        3.0, is_pregnant=True, sex=Sex.FEMALE, age_years=41.0, systolic_mmhg=150.0
    ),
    "nothing_marked": nothing_marked,
    "other_sites": lambda: other_sites(30.0, "aortic_valve"),
    "mitral_valve": lambda: other_sites(30.0, "mitral_annulus"),
    "many_sites": lambda: other_sites(
        30.0, "mitral_annulus", "descending_aorta", "aortic_valve", "ascending_aorta", "bone"
    ),
    "anonymous": anonymous,
    "rise": lambda: followed([85.0, 180.0]),
    "rise_statin": lambda: followed([85.0, 180.0], takes_statin=True),
    "still_zero": lambda: followed([0.0, 0.0]),
    "same": lambda: followed([100.2, 103.0]),
    "fall": lambda: followed([400.0, 120.0]),
    "not_comparable": lambda: followed([85.0, 180.0], changed={"kvp": 100.0}),
    "ten_exams": lambda: followed([0, 0, 3.2, 8, 20.5, 44, 60, 92, 130, 171.0]),
    "one_day": lambda: compared(85.0, 90.0, new=date(2022, 1, 2)),
    "unclear": lambda: compared(100.0, 166.0),
    "no_check": lambda: compared(100.0, 190.0, is_gated=False),
    "highest": lambda: interpreted(9000.0, sex=Sex.FEMALE, age_years=50.0),
    "lowest": lambda: interpreted(1.0, age_years=83.0, has_familial_hypercholesterolaemia=True),
    "no_number": lambda: interpreted(
        120.0, age_years=79.0, sex=Sex.FEMALE, race=None, smokes=True, systolic_mmhg=150.0
    ),
    "guideline_2018": lambda: interpreted(0.0, guidelines=("accaha2018",), race=None),
    "studies": lambda: interpreted(0.0, guidelines=("studies",)),
    "contradicted": contradicted,
    "long_name": lambda: named(interpreted(85.0), LONG),
    "arabic_name": lambda: named(interpreted(85.0), ARABIC),
}
CASES = {name: cache(make) for name, make in _MAKERS.items()}
"""Every kind of case, made once, when it is asked for."""
