"""Exams of one person: order, refusals, what is said, and what is not."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from corcal.errors import InputError
from corcal.followup import compare
from corcal.followup.types import Followup, Span, Verdict
from followup.exam_maker import FIRST_DAY, LATER_DAY, between, exam, later

MIDDLE = date(2021, 7, 1)


def test_two_exams_have_one_change():
    found = compare([exam(100.0), later(200.0)])
    (change,) = found.changes
    assert (change.span, change.first, change.second, change.years) == (Span.WHOLE, 0, 1, 3.0)
    assert found.whole is change
    assert change.verdict is Verdict.INCREASE
    assert "100.0 on 2020-01-02, 200.0 on 2023-01-02 (3.0 years apart)" in change.text
    assert "an increase that is larger than measurement error" in change.text


def test_exams_are_sorted_by_date():
    found = compare([later(200.0), exam(100.0)])
    assert [one.date for one in found.exams] == [FIRST_DAY, LATER_DAY]
    assert found.whole.methods[0].value == 100.0


def test_three_exams_are_compared_step_by_step_and_as_a_whole():
    found = compare([later(400.0), exam(100.0), exam(200.0, MIDDLE)])
    assert [(one.span, one.first, one.second) for one in found.changes] == [
        (Span.CONSECUTIVE, 0, 1),
        (Span.CONSECUTIVE, 1, 2),
        (Span.WHOLE, 0, 2),
    ]
    assert [one.methods[0].value for one in found.changes] == [100.0, 200.0, 300.0]


def test_each_step_is_judged_on_its_own():
    found = compare([exam(100.0), exam(200.0, MIDDLE, kvp=100.0), later(400.0)])
    assert [one.verdict for one in found.changes] == [
        Verdict.NOT_COMPARABLE,
        Verdict.NOT_COMPARABLE,
        Verdict.INCREASE,
    ]


def test_exams_of_one_day_stay_in_the_order_given_and_have_no_rates():
    found = compare([exam(110.0), exam(100.0)])
    assert [one.agatston for one in found.exams] == [110.0, 100.0]
    assert found.whole.years == 0
    assert "two measurements of one day that agree" in found.whole.text
    assert any("one day" in str(one.does_not_apply) for one in found.whole.methods)


def test_a_large_difference_on_one_day_is_no_change_of_the_patient():
    found = compare([exam(100.0), exam(900.0)])
    assert found.whole.verdict is Verdict.UNCLEAR
    assert "look at both scans" in found.whole.text


def test_exams_that_are_not_alike_stand_side_by_side_without_a_verdict():
    found = compare([exam(100.0), later(900.0, kvp=100.0, kernel="Sa36")])
    change = found.whole
    assert change.verdict is Verdict.NOT_COMPARABLE
    assert change.certainty is None
    assert change.vessels == {}
    assert all(one.value is None and one.does_not_apply for one in change.methods)
    assert [one.agatston for one in found.exams] == [100.0, 900.0]
    assert "no verdict" in change.text
    assert "tube voltage 120 kV and 100 kV" in change.text
    assert "reconstruction kernel B35f and Sa36" in change.text


def test_what_is_not_known_is_a_condition_of_the_verdict():
    change = compare([exam(100.0, kvp=None), later(200.0, kernel=None)]).whole
    assert change.verdict is Verdict.INCREASE
    assert (
        "provided that these were the same: tube voltage (not known for 2020-01-02), "
        "reconstruction kernel (not known for 2023-01-02)"
    ) in change.text


def test_a_difference_that_does_not_block_is_a_note():
    change = compare([exam(100.0), later(200.0, model_name="SOMATOM Drive")]).whole
    assert change.verdict is Verdict.INCREASE
    assert any(
        "Model of the scanner differs, SOMATOM Force and SOMATOM Drive" in note
        for note in change.notes
    )


def test_exams_of_different_patients_are_refused_without_naming_them():
    with pytest.raises(InputError, match="2 different patient identifiers") as caught:
        compare([exam(1.0), later(2.0, patient_key="SIM-2")])
    assert "SIM" not in str(caught.value)


def test_different_dates_of_birth_are_refused_without_naming_them():
    pair = [exam(1.0, birth_date="1950-01-01"), later(2.0, birth_date="1951-01-01")]
    with pytest.raises(InputError, match="2 different dates of birth") as caught:
        compare(pair)
    assert "195" not in str(caught.value)


def test_sex_is_compared_too():
    pair = [exam(1.0, sex="F"), later(2.0, sex="M")]
    with pytest.raises(InputError, match="2 different sexes"):
        compare(pair)
    assert compare(pair, is_same_patient=True)
    for silent in ("O", None, ""):
        assert compare([exam(1.0, sex="F"), later(2.0, sex=silent)])


# Three years lie between the exams; whole years of age differ from that by less than one.
@pytest.mark.parametrize(("first", "second"), [(61, 64), (61, 63), (61, 65), (None, 25), (0, 64)])
def test_ages_of_one_person_fit_the_time_between_the_exams(first, second):
    assert compare([exam(1.0, age_years=first), later(2.0, age_years=second)])


@pytest.mark.parametrize(("first", "second"), [(61, 25), (61, 61), (61, 62.4), (61, 65.6)])
def test_ages_that_do_not_fit_are_refused_without_saying_them(first, second):
    pair = [exam(1.0, age_years=first), later(2.0, age_years=second)]
    with pytest.raises(InputError, match="ages that do not fit the time between them") as caught:
        compare(pair)
    assert not any(sign.isdigit() for sign in str(caught.value))
    assert compare(pair, is_same_patient=True)


def test_ages_in_one_group_of_the_oldest_tell_nothing():
    assert compare([exam(1.0, age_years=90), later(2.0, age_years=90)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Doe^Jane", "DOE^JANE"),
        ("Doe^Jane", "Doe^Jane^M.^Dr"),
        ("M\u00fcller^Eva", "Muller^Eva"),
        ("Doe-Roe^Jane", "Roe^Jane"),
        ("Doe^Jane", ""),
        ("Doe^Jane", None),
    ],
)
def test_a_name_that_is_written_otherwise_is_the_same(one, other):
    assert compare([exam(1.0, name=one), later(2.0, name=other)])


def test_different_names_are_refused_without_saying_them():
    pair = [exam(1.0, name="Doe^Jane"), later(2.0, name="Roe^John")]
    with pytest.raises(InputError, match="the exams carry different names") as caught:
        compare(pair)
    assert "oe" not in str(caught.value).replace("does", "")


def test_a_name_may_change_where_identifier_and_date_of_birth_do_not():
    born = {"birth_date": "1950-01-01"}
    found = compare([exam(1.0, name="Doe^Jane", **born), later(2.0, name="Roe^Jane", **born)])
    assert any("The names differ" in note for note in found.notes)
    assert "Doe" not in msgspec.json.encode(found).decode()


def test_all_that_differs_is_said_at_once():
    pair = [exam(1.0, sex="F", name="Doe^Jane"), later(2.0, sex="M", name="Roe^John")]
    with pytest.raises(InputError, match="2 different sexes and different names: only exams of"):
        compare(pair)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1899, 12, 31), date(2301, 1, 1), date.max])
def test_a_day_on_which_nobody_was_scanned_is_refused(day):
    with pytest.raises(InputError, match="the date of exam 2 must be 1900-01-01 to 2300-12-31"):
        compare([exam(1.0), exam(1.0, day)])
    with pytest.raises(InputError, match="the start of a statin must be 1900-01-01 to 2300-12-31"):
        compare([exam(1.0), later(1.0)], statin_started=day)


def test_a_scan_that_is_not_fit_has_no_verdict_beside_any_other():
    for first, second in ((False, True), (False, False), (None, False)):
        change = compare([exam(100.0, is_fit=first), later(900.0, is_fit=second)]).whole
        assert change.verdict is Verdict.NOT_COMPARABLE
        assert "not fit for calcium scoring" in change.text
        assert "the score is none to rely on" in change.text
        assert "Scan or score both alike" not in change.text
        assert all(one.value is None for one in change.methods)


def test_metal_in_one_exam_forbids_a_verdict_and_in_both_is_said():
    change = compare([exam(400.0), later(50.0, has_device=True)]).whole
    assert change.verdict is Verdict.NOT_COMPARABLE
    assert "metal at the heart not found and found" in change.text
    change = compare([exam(400.0, has_device=True), later(50.0, has_device=True)]).whole
    assert change.verdict is Verdict.DECREASE
    assert any("Metal was found at the heart in both scans" in note for note in change.notes)


def test_two_reasons_have_two_remedies():
    text = compare([exam(400.0), later(50.0, has_device=True, kvp=100.0)]).whole.text
    assert "A stent or lead hides" in text
    assert text.endswith("Scan or score both alike to compare them.")


def test_one_day_on_which_the_checks_differ_is_not_said_to_be_more_than_error():
    # root of the volume 9.22 to 11.84: 2.62 reaches 2.5; 65 does not exceed 67.38
    change = compare([exam(100.0, volume_mm3=85.0), exam(165.0, volume_mm3=140.2)]).whole
    assert change.verdict is Verdict.UNCLEAR
    assert "it is not clear whether they differ by more than measurement error" in change.text
    assert "more calcium by the square-root rule (volume)" in change.text


def test_a_person_can_say_that_the_patient_is_the_same():
    found = compare([exam(1.0), later(2.0, patient_key="SIM-2")], is_same_patient=True)
    assert "was told, not checked" in found.notes[-1]


def test_an_unknown_patient_is_said():
    found = compare([exam(1.0, patient_key=None), later(2.0)])
    assert any("No patient identifier in exam 1 of 2" in note for note in found.notes)


def test_a_missing_date_is_refused():
    with pytest.raises(InputError, match="exam 2 of 2 has no date"):
        compare([exam(1.0), exam(2.0, None)])


@pytest.mark.parametrize("exams", [[], [exam(1.0)]])
def test_one_exam_is_not_enough(exams):
    with pytest.raises(InputError, match=f"at least 2 exams, got {len(exams)}"):
        compare(exams)


def test_the_same_series_twice_is_said():
    found = compare([exam(1.0, series_key="1.2"), exam(1.0, series_key="1.2")])
    assert "The same series was given more than once." in found.notes


STARTED = "A statin was started between the exams"


@pytest.mark.parametrize(
    ("before", "after", "started", "said"),
    [
        (None, None, date(2021, 5, 1), f"{STARTED}, on 2021-05-01"),
        (None, None, LATER_DAY, STARTED),  # the last day belongs to the interval
        (None, None, FIRST_DAY, "taken at the time of the first exam"),
        (False, True, None, STARTED),
        (True, True, None, "taken at the time of the first exam"),
        (True, False, None, "was stopped between the exams"),
        (None, True, None, "not known since when"),
    ],
)
def test_a_statin_is_said(before, after, started, said):
    pair = [exam(100.0, takes_statin=before), later(200.0, takes_statin=after)]
    found = compare(pair, statin_started=started)
    assert any(said in note for note in found.whole.notes)
    if "stopped" not in said:
        assert any("no failure of treatment" in note for note in found.whole.notes)
        assert "houslay2006" in {one.key for one in found.sources}


@pytest.mark.parametrize(
    ("before", "after", "started"),
    [(False, False, None), (None, None, date(2024, 1, 1))],
)
def test_without_a_statin_nothing_is_said_of_it(before, after, started):
    pair = [exam(100.0, takes_statin=before), later(200.0, takes_statin=after)]
    found = compare(pair, statin_started=started)
    assert not any("statin" in note for note in (*found.notes, *found.whole.notes))


def test_not_knowing_of_a_statin_is_said_once():
    found = compare([exam(100.0), exam(150.0, MIDDLE), later(200.0)])
    assert "Whether a statin was started between the exams is not known." in found.notes
    assert not any("statin" in note for one in found.changes for note in one.notes)


def test_a_statin_is_told_of_the_step_in_which_it_was_started():
    found = compare(
        [exam(100.0), exam(150.0, MIDDLE), later(200.0)], statin_started=date(2021, 1, 1)
    )
    first, second, whole = (" ".join(one.notes) for one in found.changes)
    assert STARTED in first
    assert "at the time of the first exam" in second
    assert STARTED in whole


def test_a_first_little_calcium_is_told_with_its_doubt():
    change = compare([exam(0.0), later(3.0)]).whole
    assert change.verdict is Verdict.WITHIN_ERROR
    assert any("4.1 % of pairs" in note for note in change.notes)
    assert change.methods[5].is_progression is True  # CARDIA/MESA counts it all the same


def test_much_calcium_after_a_zero_is_an_increase():
    change = compare([exam(0.0), later(50.0)]).whole
    assert change.verdict is Verdict.INCREASE
    assert "of calcium where none was seen before" in change.text


def test_two_zeros_are_told_as_such():
    change = compare([exam(0.0), later(0.0)]).whole
    assert "Agatston score 0 on 2020-01-02, 0 on 2023-01-02" in change.text
    assert "no coronary calcium in either exam" in change.text


def test_a_decrease_asks_to_look_again():
    change = compare([exam(400.0), later(100.0)]).whole
    assert "a decrease that is larger" in change.text
    assert any("hardly ever goes away" in note for note in change.notes)


def test_checks_that_differ_are_told_by_name():
    text = compare([exam(100.0), later(160.0)]).whole.text
    assert "not clear" in text
    assert "more calcium by the square-root rule (volume)" in text
    assert "within the error by the repeatability in MESA" in text


def test_months_are_not_stretched_to_years_unsaid():
    change = compare([exam(100.0), exam(150.0, date(2020, 4, 2))]).whole
    assert "3 months apart" in change.text
    assert any("extrapolated" in note for note in change.notes)


def test_scans_without_gating_are_judged_by_their_intervals_alone():
    pair = [
        exam(100.0, is_gated=False, interval=between(70, 140)),
        later(200.0, is_gated=False, interval=between(160, 260)),
    ]
    change = compare(pair).whole
    assert change.verdict is Verdict.INCREASE
    assert any("not ECG-gated" in note for note in change.notes)
    without = [replace(one, interval=None) for one in pair]
    assert "no check of measurement error applies" in compare(without).whole.text


def test_arteries_change_by_numbers_alone():
    pair = [
        exam(30.0, vessels={"LAD": 20.0, "RCA": 10.0}),
        later(50.0, vessels={"LAD": 45.0, "RCA": 5.0}),
    ]
    assert compare(pair).whole.vessels == {"LAD": 25.0, "RCA": -5.0}


def test_the_record_names_nobody():
    found = compare([exam(1.0, birth_date="1950-01-01", series_key="9.8.7"), later(2.0)])
    written = msgspec.json.encode(found).decode()
    assert not any(secret in written for secret in ("SIM-1", "1950", "9.8.7"))


def test_the_record_survives_the_way_to_json_and_back():
    pair = [exam(100.0, interval=between(70, 140)), later(200.0, interval=between(160, 260))]
    found = compare(pair, statin_started=date(2021, 5, 1))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Followup) == found


def test_every_source_that_is_named_is_there():
    found = compare([exam(100.0), later(200.0)])
    named = {one.source for one in found.whole.methods if one.source}
    named |= {one.source for one in found.whole.certainty.checks}
    assert [one.key for one in found.sources] == sorted(named)
