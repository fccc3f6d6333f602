"""What is accepted of a person, and what is refused with which words."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.risk.person import PERSON_FIELDS, check_person, read_value
from corcal.risk.types import Person, Race, Region, Sex
from risk.people import known_man

NAN, INF = float("nan"), float("inf")

# field, value, words of the refusal
REFUSED = [
    ("age_years", 12, r"age of 12 years is outside 18 to 110 years"),
    ("age_years", 17.99, "age of 17.99 years is outside"),
    ("age_years", 110.1, "age of 110.1 years is outside"),
    ("age_years", NAN, r"age \(age_years\) is a number of 18 to 110 years, got nan"),
    ("age_years", None, "age is needed: 18 to 110 years"),
    ("age_years", "55", "is a number of 18 to 110 years, got '55'"),
    ("age_years", True, "is a number of 18 to 110 years, got True"),
    ("sex", None, "sex is needed: female, male"),
    ("sex", "unknown", "sex is none of female, male: got 'unknown'"),
    ("race", "martian", "race is none of white, black, hispanic, chinese, other: got 'martian'"),
    ("region", "west", "none of low, moderate, high, very_high: got 'west'"),
    ("systolic_mmhg", 1200, "systolic blood pressure of 1200 mmHg is outside 60 to 260 mmHg"),
    ("systolic_mmhg", 59.9, "outside 60 to 260 mmHg"),
    ("systolic_mmhg", INF, "is a number of 60 to 260 mmHg, got inf"),
    (
        "total_cholesterol_mg_dl",
        5.2,
        r"total cholesterol of 5.2 mg/dL is outside 50 to 1000 mg/dL; 5.2 looks like mmol/L:"
        r" give it as 201 mg/dL, or write the unit, '5.2 mmol/L', on the command line",
    ),
    ("hdl_mg_dl", 1.3, "1.3 looks like mmol/L: give it as 50.3 mg/dL"),
    ("ldl_mg_dl", 3.1, "3.1 looks like mmol/L: give it as 120 mg/dL"),
    ("total_cholesterol_mg_dl", 1500, "total cholesterol of 1500 mg/dL is outside"),
    ("hba1c_percent", 48, "48 looks like mmol/mol: give it as 6.54 %"),
    ("hba1c_percent", 2, "HbA1c of 2 % is outside 3 to 20 %"),
    ("egfr", 0, "eGFR of 0 mL/min/1.73 m2 is outside 2 to 200"),
    ("bmi", 9, "body mass index of 9 kg/m2 is outside 10 to 100"),
    ("uacr_mg_g", 0, "is outside 0.1 to 25000 mg/g"),
    ("sdi_decile", 11, "decile of social deprivation of 11 is outside 1 to 10"),
    ("sdi_decile", 2.5, "is a whole number of 1 to 10, got 2.5"),
    ("smokes", "yes", r"smoking now \(smokes\) is yes, no or not known .*, got 'yes'"),
    ("has_diabetes", 2, "is yes, no or not known .True, False or None., got 2"),
    ("has_diabetes", 1, "is yes, no or not known .True, False or None., got 1"),
    ("has_known_ascvd", 1.0, "is yes, no or not known .True, False or None., got 1.0"),
    ("has_symptoms", 0, "is yes, no or not known .True, False or None., got 0"),
    ("takes_statin", NAN, "is yes, no or not known .*, got nan"),
]


@pytest.mark.parametrize(("name", "value", "words"), REFUSED)
def test_what_no_person_has_is_refused_with_the_range(name, value, words):
    person = replace(Person(age_years=60, sex=Sex.MALE), **{name: value})
    with pytest.raises(InputError, match=words):
        check_person(person)


@pytest.mark.parametrize("each", [f for f in PERSON_FIELDS.values() if f.is_number])
def test_both_ends_of_a_range_are_accepted(each):
    nobody = Person(age_years=60, sex=Sex.MALE)
    check_person(replace(nobody, **{each.name: each.low}))
    check_person(replace(nobody, **{each.name: each.high}))


def test_a_person_of_whom_only_age_and_sex_are_known_is_fine():
    check_person(Person(age_years=60, sex=Sex.FEMALE))


def test_plain_words_are_as_good_as_members():
    check_person(Person(age_years=60, sex="female", race="other", region="very_high"))


@pytest.mark.parametrize("part", ["hdl_mg_dl", "ldl_mg_dl"])
@pytest.mark.parametrize(("value", "is_fine"), [(119, True), (120, False), (121, False)])
def test_a_part_of_the_cholesterol_is_below_the_total(part, value, is_fine):
    person = Person(age_years=60, sex=Sex.MALE, total_cholesterol_mg_dl=120, **{part: value})
    if is_fine:
        check_person(person)
    else:
        with pytest.raises(InputError, match="is not below the total cholesterol of 120 mg/dL"):
            check_person(person)


def test_an_early_heart_attack_in_the_family_is_one():
    person = known_man(premature_family_history=True, family_history=False)
    with pytest.raises(InputError, match="family_history is no"):
        check_person(person)


def test_values_of_numpy_become_those_of_python():
    person = Person(
        age_years=np.int64(58),
        sex=np.str_("male"),
        systolic_mmhg=np.float32(130),
        smokes=np.True_,
        has_diabetes=np.array(False),
    )
    check_person(person)
    found = (person.age_years, person.sex, person.systolic_mmhg, person.smokes, person.has_diabetes)
    assert found == (58, "male", 130.0, True, False)
    assert [type(each) for each in found] == [int, str, float, bool, bool]


@pytest.mark.parametrize("name", ["smokes", "has_known_ascvd", "is_pregnant", "has_symptoms"])
def test_every_yes_of_numpy_is_a_yes_for_the_guidance(name):
    from corcal.risk.guidance import guidance

    def ids(answer):
        woman = Person(age_years=50, sex=Sex.FEMALE, **{name: answer})
        return [each.id for each in guidance(woman, agatston=0, percentile=None, estimates=())]

    assert ids(np.True_) == ids(True) != ids(False)


@pytest.mark.parametrize(
    ("ldl", "is_fine"),
    [(70, True), (70.1, False)],  # 150 + 70 is 1.1 times 200
)
def test_the_parts_of_the_cholesterol_are_not_more_than_the_total(ldl, is_fine):
    person = known_man(total_cholesterol_mg_dl=200, hdl_mg_dl=150, ldl_mg_dl=ldl)
    if is_fine:
        check_person(person)
    else:
        with pytest.raises(InputError, match=r"are 220\.1 mg/dL together, and the total .* 200"):
            check_person(person)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"sex": Sex.MALE, "is_pregnant": True}, "pregnancy .* is yes, but sex is male"),
        ({"age_years": 75, "is_pregnant": True}, "pregnancy .* is yes, but age is 75 years"),
        ({"has_diabetes": False, "hba1c_percent": 10.0}, "10 % is one of diabetes, but .* is no"),
    ],
)
def test_facts_that_cannot_both_be_right_are_refused(facts, words):
    with pytest.raises(InputError, match=words):
        check_person(Person(**({"age_years": 60, "sex": Sex.FEMALE} | facts)))


@pytest.mark.parametrize(
    "facts",
    [
        {"sex": Sex.MALE, "is_pregnant": False},
        {"age_years": 74, "is_pregnant": True},
        {"has_diabetes": False, "hba1c_percent": 9.9},
        {"has_diabetes": None, "hba1c_percent": 15.0},
    ],
)
def test_facts_that_can_both_be_right_are_not(facts):
    check_person(Person(**({"age_years": 60, "sex": Sex.FEMALE} | facts)))


def test_the_table_has_each_field_of_a_person_in_order():
    assert list(PERSON_FIELDS) == [each.name for each in dataclasses.fields(Person)]


def test_no_option_is_given_twice():
    options = [option for each in PERSON_FIELDS.values() for option in each.options]
    assert len(set(options)) == len(options)


def test_the_choices_are_those_of_the_types():
    choices = {each.name: each.choices for each in PERSON_FIELDS.values() if each.choices}
    assert choices == {"sex": Sex, "race": Race, "region": Region}


@pytest.mark.parametrize("each", ["total_cholesterol_mg_dl", "hdl_mg_dl"])
def test_a_lipid_in_the_wrong_unit_is_never_inside_the_range(each):
    # What people have in mmol/L, 20 and 4 at the most, is below what the range accepts in mg/dL.
    highest_mmol_l = {"total_cholesterol_mg_dl": 20, "hdl_mg_dl": 4}[each]
    assert highest_mmol_l < PERSON_FIELDS[each].low


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("total_cholesterol_mg_dl", "201", 201),
        ("total_cholesterol_mg_dl", " 201 mg/dL ", 201),
        ("total_cholesterol_mg_dl", "201mg/dl", 201),
        ("total_cholesterol_mg_dl", "5.172 mmol/L", 200),
        ("total_cholesterol_mg_dl", "5.172mmol/l", 200),
        ("hba1c_percent", "6.5 %", 6.5),
        ("hba1c_percent", "48 mmol/mol", 6.543),
        ("uacr_mg_g", "3 mg/mmol", 26.52),
        ("age_years", "55.5", 55.5),
        ("sdi_decile", "8", 8),
    ],
)
def test_a_number_is_read_with_its_unit(name, text, expected):
    assert read_value(name, text) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("hdl_mg_dl", "50 g/L", "the unit of HDL cholesterol is mg/dL or mmol/L, got 'g/L'"),
        ("sdi_decile", "8 mm", "is none, got 'mm'"),
        ("hdl_mg_dl", "high", "HDL cholesterol is a number, got 'high'; allowed: 8 to 200 mg/dL"),
        ("hdl_mg_dl", "1,3", "HDL cholesterol is a number, got '1,3'"),
        ("hdl_mg_dl", "", "is a number, got ''"),
    ],
)
def test_what_is_no_number_with_a_known_unit_is_refused(name, text, words):
    with pytest.raises(InputError, match=words):
        read_value(name, text)
