"""De-identified results: nothing of the person is left, the numbers stay, and names are stable."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from corcal.ct.scan import Finding, Patient, Severity
from corcal.errors import InputError
from corcal.exam_numbers import exam_numbers
from corcal.followup import compare
from corcal.interop.deidentify import Deidentifier
from corcal.interpreted import interpret_result
from corcal.result import Result, ReviewAdvice, ReviewRecord, result_json
from corcal.risk.types import Person, Race, Sex
from interop.exam_cases import CASES, PERSON, full_result, interpreted
from result_maker import make_automatic_result, make_result

KEY = b"sixteen bytes ok"
UID = re.compile(r"2\.25\.(0|[1-9]\d{0,38})")
PERSONAL = ("SIM-1", "Simulated", "Patient", "2026-01-02", "10:00:00", "Ca score", "2.25.1")


def of_patient(**known: str) -> Result:
    result = make_result()
    return replace(result, scan=replace(result.scan, patient=Patient(**known)))


def compared() -> Result:
    """The second of two exams, with what the comparison says of both dates."""
    first = make_automatic_result()
    older = replace(first.scan.patient, age_years=63.0)
    scan = replace(first.scan, patient=older, date="2028-01-05", series_instance_uid="2.25.8")
    second = replace(first, scan=scan)
    exams = [exam_numbers(first), exam_numbers(second)]
    return replace(second, followup=compare(exams, statin_started=date(2027, 3, 4)))


def test_what_names_the_person_is_gone() -> None:
    result = full_result()
    assert all(word in result_json(result) for word in PERSONAL)
    text = result_json(Deidentifier(KEY)(result))
    for word in ("SIM-1", "Simulated", "2026-01-02", "10:00:00", "Ca score"):
        assert word not in text
    for uid in ("2.25.1", "2.25.2", "2.25.3", *result.scan.sop_instance_uids):
        assert f'"{uid}"' not in text


@pytest.mark.parametrize("case", CASES)
def test_every_number_stays(case: str) -> None:
    result = CASES[case]()
    bare = Deidentifier(KEY)(result)
    assert replace(bare.score, mass_calibration_detail="") == replace(
        result.score, mass_calibration_detail=""
    )
    assert bare.lesions == result.lesions
    assert bare.interpretation == result.interpretation
    patient, was = bare.scan.patient, result.scan.patient
    assert (patient.sex, patient.age_years) == (was.sex, was.age_years)
    assert (patient.name, patient.birth_date, bare.scan.time) == (None, None, None)
    assert bare.suitability.verdict == result.suitability.verdict


def aged(age_years: float | None, typed: float | None = None) -> Result:
    """A result whose headers have one age; interpreted for another one, if one is typed."""
    base = make_automatic_result()
    patient = replace(base.scan.patient, age_years=age_years)
    result = replace(base, scan=replace(base.scan, patient=patient))
    return result if typed is None else interpreted(result, replace(PERSON, age_years=typed))


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        (61.0, 61.0),
        (61.99, 61.0),  # completed years
        (0.4, 0.0),
        (89.99, 89.0),
        (90.0, 90.0),
        (104.5, 90.0),  # 90 or more
        (999.0, None),  # no age, as headers have it where it was taken out
        (None, None),
    ],
)
def test_an_age_is_kept_in_whole_years_up_to_90(age: float | None, kept: float | None) -> None:
    assert Deidentifier(KEY)(aged(age)).scan.patient.age_years == kept


def test_what_the_score_means_is_said_anew_of_the_whole_years() -> None:
    # a risk of sixteen digits would tell the age to the day
    result = aged(61.37, typed=61.37)
    bare = Deidentifier(KEY)(result)
    assert bare.interpretation == aged(61.0, typed=61.0).interpretation
    assert bare.interpretation.risk.pce != result.interpretation.risk.pce
    assert "61.37" not in result_json(bare)


def test_an_age_over_89_is_in_no_sentence() -> None:
    result = aged(93.62, typed=96.0)
    assert all(age in result_json(result) for age in ("93.62", "(96)", "age is 96 years"))
    text = result_json(Deidentifier(KEY)(result))
    assert not re.search(r"9[1-9](\.\d+)? years|\(9[1-9]|93\.62|96\.0", text)


def test_only_the_guidelines_that_were_asked_for_are_told_again() -> None:
    result = aged(61.5)
    one = interpret_result(result, replace(PERSON, age_years=61.5), guidelines=("accaha2018",))
    bare = Deidentifier(KEY)(replace(result, interpretation=one))
    told = {each.guideline for each in bare.interpretation.guidance}
    assert told == {each.guideline for each in one.guidance}


def test_ages_in_a_comparison_are_whole_years_too() -> None:
    result = compared()
    exams = tuple(replace(each, age_years=91.27) for each in result.followup.exams)
    told = replace(result, followup=replace(result.followup, exams=exams))
    assert {each.age_years for each in Deidentifier(KEY)(told).followup.exams} == {90.0}


def test_the_same_key_gives_the_same_names_and_another_key_others() -> None:
    one, again, other = (Deidentifier(key)(make_result()) for key in (KEY, KEY, KEY + b"!"))
    assert one == again
    assert one.scan.patient.patient_id != other.scan.patient.patient_id
    assert one.scan.series_instance_uid != other.scan.series_instance_uid


def test_uids_that_are_equal_stay_equal_and_others_apart() -> None:
    hide = Deidentifier(KEY)
    result = make_result()
    uids = ("2.25.4", "2.25.5", "2.25.4", None)
    bare = hide(replace(result, scan=replace(result.scan, sop_instance_uids=uids))).scan
    first, second, third, nothing = bare.sop_instance_uids
    assert (first == third, first == second, nothing) == (True, False, None)
    for uid in (first, second, bare.study_instance_uid, bare.series_instance_uid):
        assert UID.fullmatch(uid)
        assert len(uid) <= 64
    assert bare.study_instance_uid == hide.uid("2.25.1")


def test_the_years_between_two_exams_of_a_person_stay() -> None:
    hide = Deidentifier(KEY)
    result = make_result()
    later = replace(
        result, scan=replace(result.scan, date="2029-01-02", study_instance_uid="2.25.9")
    )
    before, after = (date.fromisoformat(hide(each).scan.date) for each in (result, later))
    assert after - before == timedelta(days=1096)  # 2026-01-02 to 2029-01-02, with one leap day
    assert timedelta(days=1) <= date(2026, 1, 2) - before <= timedelta(days=3652)


def test_two_people_are_moved_differently() -> None:
    shifts = {Deidentifier(KEY).shift_days(of_patient(patient_id=f"P{n}").scan) for n in range(20)}
    assert len(shifts) > 15
    assert min(shifts) >= 1
    assert max(shifts) <= 3652


def test_dates_move_in_the_comparison_and_in_its_sentences() -> None:
    result = compared()
    assert "2026-01-02" in result_json(result)
    hide = Deidentifier(KEY)
    bare = hide(result)
    text = result_json(bare)
    for day in ("2026-01-02", "2028-01-05", "2027-03-04"):
        assert day not in text
    moved = timedelta(days=hide.shift_days(result.scan))
    was, now = result.followup, bare.followup
    assert [exam.date for exam in now.exams] == [exam.date - moved for exam in was.exams]
    assert now.statin_started == was.statin_started - moved
    assert now.changes[0].years == was.changes[0].years
    assert str(now.exams[0].date) in now.changes[0].text


def test_who_was_compared_is_taken_out_of_a_foreign_record() -> None:
    result = compared()
    exams = tuple(
        replace(exam, patient_key="SIM-1", birth_date="1965-01-01", series_key="2.25.2")
        for exam in result.followup.exams
    )
    told = replace(result, followup=replace(result.followup, exams=exams))
    for exam in Deidentifier(KEY)(told).followup.exams:
        assert (exam.patient_key, exam.birth_date, exam.series_key) == (None, None, None)


def test_the_moment_of_scoring_moves_and_its_time_stays() -> None:
    hide = Deidentifier(KEY)
    result = make_result()
    day = date(2026, 1, 2) - timedelta(days=hide.shift_days(result.scan))
    assert hide(result).provenance.created == f"{day}T11:00:00+00:00"


def test_names_of_readers_files_and_folders_are_gone() -> None:
    result = make_result()
    made = replace(
        result.provenance,
        reader="Reader^Ruth",
        series_reason="series 3 in Doe_Jane was chosen",
        annotation=replace(result.provenance.annotation, source="Doe_Jane.xml"),
    )
    text = result_json(Deidentifier(KEY)(replace(result, provenance=made)))
    assert "Ruth" not in text
    assert "Doe" not in text


def test_readers_of_a_review_are_counted_and_not_named_and_its_days_move() -> None:
    hide = Deidentifier(KEY)
    result = make_result()
    review = ReviewRecord(
        readers=("Reader^Ruth", "Reader^Rolf"),
        started="2026-01-02T12:00:00+00:00",
        finished="2026-01-03T12:30:00+00:00",
        event_count=3,
        change_count=2,
        candidates_by_reader=1,
        is_complete=True,
        proposed_by="automatic",
        proposed_rule="textbook",
        proposed_agatston=12.5,
    )
    advice = ReviewAdvice(advised=True, reasons=("Reader^Ruth has asked Rolf",))
    reviewed = replace(
        result, provenance=replace(result.provenance, reviewed=review), review=advice
    )
    bare = hide(reviewed)
    days = timedelta(days=hide.shift_days(result.scan))
    assert bare.provenance.reviewed == replace(
        review,
        readers=("[removed]", "[removed]"),
        started=f"{date(2026, 1, 2) - days}T12:00:00+00:00",
        finished=f"{date(2026, 1, 3) - days}T12:30:00+00:00",
    )
    assert "Ruth" not in result_json(bare)
    untouched = replace(review, started=None, finished=None)
    made = replace(result.provenance, reviewed=untouched)
    assert hide(replace(result, provenance=made)).provenance.reviewed.started is None


def test_an_identifier_in_a_finding_is_taken_out() -> None:
    result = of_patient(patient_id="P7-1", name="Doe^Jane")
    finding = Finding(code="X", severity=Severity.INFO, message="jane of P7-1, 2.25.2, stays")
    odd = replace(result, suitability=replace(result.suitability, findings=(finding,)))
    told = Deidentifier(KEY)(odd).suitability.findings[0].message
    assert told == "[removed] of [removed], [removed], stays"


def test_a_name_that_is_a_word_of_the_record_changes_nothing_else() -> None:
    # Mrs White of the identifier 101, whose group is White and whose categories hold 101
    base = make_automatic_result()
    person = Person(age_years=61.0, sex=Sex.FEMALE, race=Race.WHITE)
    patient = Patient(patient_id="101", name="White^Fit", sex="F", age_years=61.0)
    result = interpreted(replace(base, scan=replace(base.scan, patient=patient)), person)
    bare = Deidentifier(KEY)(result)
    assert bare.interpretation == result.interpretation
    assert bare.score.category_probabilities == result.score.category_probabilities
    assert bare.scan.patient.name is None


def test_what_was_not_known_is_not_made_up() -> None:
    bare = Deidentifier(KEY)(CASES["bare"]()).scan
    assert bare.patient == Patient()
    assert (bare.study_instance_uid, bare.date) == (None, None)
    assert bare.sop_instance_uids == (None,) * 4


def test_a_date_that_is_none_is_left_out() -> None:
    result = make_result()
    odd = replace(result, scan=replace(result.scan, date="02.01.2026 Doe"))
    assert Deidentifier(KEY)(odd).scan.date is None


def test_a_short_key_is_refused() -> None:
    with pytest.raises(InputError, match="the key has 15 bytes, needed are at least 16"):
        Deidentifier(KEY[:15])
