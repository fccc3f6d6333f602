"""PREVENT: ten models, five outcomes, two sexes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corcal.errors import InputError
from corcal.risk.prevent import (
    PREVENT_MODELS,
    PREVENT_OUTCOMES,
    add_on_of,
    prevent,
    prevent_model,
)
from corcal.risk.types import Sex
from risk.people import fractions, khan_example, printed

F, M = Sex.FEMALE, Sex.MALE

# R package preventr 0.12.0, tests, three decimals: total CVD, ASCVD, heart failure, CHD, stroke
# in 10 years, then in 30. Its SDI is a postal code of the least deprived three deciles.
HBA1C, UACR, SDI = {"hba1c_percent": 9.2}, {"uacr_mg_g": 92}, {"sdi_decile": 2}
PREVENTR = [
    (F, "base", {}, (0.147, 0.092, 0.081, 0.044, 0.054), (0.530, 0.354, 0.390, 0.198, 0.221)),
    (F, "hba1c", HBA1C, (0.165, 0.103, 0.107, 0.055, 0.053), (0.541, 0.356, 0.449, 0.219, 0.200)),
    (F, "uacr", UACR, (0.181, 0.111, 0.105, 0.055, 0.065), (0.565, 0.381, 0.437, 0.220, 0.241)),
    (F, "sdi", SDI, (0.127, 0.080, 0.070, 0.038, 0.047), (0.485, 0.322, 0.358, 0.179, 0.202)),
    (
        F,
        "full",
        HBA1C | UACR | SDI,
        (0.174, 0.105, 0.114, 0.056, 0.056),
        (0.534, 0.348, 0.443, 0.213, 0.204),
    ),
    (M, "base", {}, (0.163, 0.102, 0.106, 0.056, 0.052), (0.514, 0.349, 0.424, 0.216, 0.197)),
    (M, "hba1c", HBA1C, (0.187, 0.112, 0.130, 0.063, 0.056), (0.524, 0.340, 0.457, 0.211, 0.188)),
    (M, "uacr", UACR, (0.195, 0.123, 0.130, 0.066, 0.063), (0.535, 0.368, 0.448, 0.227, 0.213)),
    (M, "sdi", SDI, (0.143, 0.088, 0.089, 0.049, 0.043), (0.480, 0.317, 0.384, 0.199, 0.171)),
    (
        M,
        "full",
        HBA1C | UACR | SDI,
        (0.191, 0.112, 0.131, 0.068, 0.052),
        (0.513, 0.326, 0.438, 0.216, 0.167),
    ),
]


@pytest.mark.parametrize(("sex", "model", "added", "ten", "thirty"), PREVENTR)
def test_each_number_of_preventr_comes_out(sex, model, added, ten, thirty):
    found = prevent_model(khan_example(sex, **added), model=model)
    for years, expected in ((10, ten), (30, thirty)):
        risks = fractions(found, years)
        assert tuple(printed(risks[each], 3) for each in PREVENT_OUTCOMES) == expected


# Supplement of PREVENT, S12, as the R package PooledCohort tests it: women and men, 10 years,
# four decimals, with UACR 40, HbA1c 7.5 and decile 8.
UACR_40, HBA1C_75, SDI_8 = {"uacr_mg_g": 40}, {"hba1c_percent": 7.5}, {"sdi_decile": 8}
ALL_THREE = UACR_40 | HBA1C_75 | SDI_8
POOLED_COHORT = {
    "base": (
        {},
        {
            "total_cvd": (0.1468, 0.1632),
            "ascvd": (0.0920, 0.1019),
            "heart_failure": (0.0806, 0.1059),
            "chd": (0.0441, 0.0557),
            "stroke": (0.0540, 0.0521),
        },
    ),
    "uacr": (
        UACR_40,
        {
            "total_cvd": (0.1599, 0.1718),
            "ascvd": (0.0994, 0.1097),
            "heart_failure": (0.0893, 0.1099),
            "chd": (0.0481, 0.0591),
            "stroke": (0.0586, 0.0559),
        },
    ),
    "hba1c": (
        HBA1C_75,
        {
            "total_cvd": (0.1359, 0.1551),
            "ascvd": (0.0835, 0.0937),
            "heart_failure": (0.0806, 0.1013),
            "chd": (0.0411, 0.0514),
            "stroke": (0.0457, 0.0467),
        },
    ),
    "sdi": (
        SDI_8,
        {
            "total_cvd": (0.1565, 0.1823),
            "ascvd": (0.1003, 0.1137),
            "heart_failure": (0.0886, 0.1226),
            "chd": (0.0482, 0.0624),
            "stroke": (0.0584, 0.0595),
        },
    ),
    "full": (
        ALL_THREE,
        {
            "total_cvd": (0.1560, 0.1808),
            "ascvd": (0.0964, 0.1100),
            "heart_failure": (0.0927, 0.1206),
            "chd": (0.0474, 0.0627),
            "stroke": (0.0537, 0.0544),
        },
    ),
}


@pytest.mark.parametrize("model", PREVENT_MODELS)
def test_each_number_of_the_supplement_comes_out(model):
    added, expected = POOLED_COHORT[model]
    for index, sex in enumerate((F, M)):
        risks = fractions(prevent_model(khan_example(sex, **added), model=model))
        assert {name: round(risk, 4) for name, risk in risks.items()} == {
            name: both[index] for name, both in expected.items()
        }


# The same, 30 years of ASCVD, three decimals.
@pytest.mark.parametrize(
    ("model", "added", "woman", "man"),
    [
        ("base", {}, 0.354, 0.349),
        ("uacr", UACR_40, 0.363, 0.355),
        ("hba1c", HBA1C_75, 0.322, 0.317),
        ("sdi", SDI_8, 0.367, 0.361),
        ("full", ALL_THREE, 0.344, 0.338),
    ],
)
def test_thirty_years_of_the_supplement_come_out(model, added, woman, man):
    for sex, expected in ((F, woman), (M, man)):
        risks = fractions(prevent_model(khan_example(sex, **added), model=model), 30)
        assert round(risks["ascvd"], 3) == expected


def test_what_is_missing_of_the_full_model_has_its_own_coefficient():
    # PooledCohort, tests: total CVD of the full model with the decile missing.
    for sex, expected in ((F, 0.150), (M, 0.162)):
        person = khan_example(sex, **(UACR_40 | HBA1C_75))
        found = prevent_model(person, model="full")
        assert round(fractions(found)["total_cvd"], 3) == expected
        assert found[0].note == (
            "not known, and taken as the model takes what is missing: sdi_decile"
        )


@pytest.mark.parametrize(
    ("known", "model"),
    [
        ({}, None),
        (UACR, "uacr"),
        (HBA1C, "hba1c"),
        (SDI, "sdi"),
        (UACR | SDI, "full"),
        (HBA1C | UACR | SDI, "full"),
    ],
)
def test_the_add_on_model_uses_all_that_is_known(known, model):
    person = khan_example(**known)
    assert add_on_of(person) == model
    found = prevent(person)
    names = ["prevent"] * 10 + ([f"prevent_{model}"] * 10 if model else [])
    assert [each.model for each in found] == names
    assert found[:10] == prevent_model(person, model="base")
    assert [(each.outcome, each.years) for each in found[:10]] == [
        (outcome, years) for years in (10, 30) for outcome in PREVENT_OUTCOMES
    ]


@pytest.mark.parametrize(
    ("age", "ten", "thirty"),
    [
        (29.9, False, False),
        (30, True, True),
        (59.9, True, True),
        (60, True, False),
        (79.9, True, False),
        (80, False, False),
    ],
)
def test_thirty_years_end_with_59(age, ten, thirty):
    found = prevent(khan_example(age_years=age))
    assert [each.fraction is not None for each in found] == [ten] * 5 + [thirty] * 5
    if ten and not thirty:
        assert found[5].not_valid == (
            f"age of {age:g} years is outside 30 to 59 years, the ages of PREVENT over 30 years"
        )


# Both sides of each limit; a value is compared at the decimals that the source prints.
@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("systolic_mmhg", 90, 89),
        ("systolic_mmhg", 180, 181),
        ("total_cholesterol_mg_dl", 130, 129),
        ("total_cholesterol_mg_dl", 320, 321),
        ("hdl_mg_dl", 20, 19),
        ("hdl_mg_dl", 100, 101),
        ("bmi", 18.5, 18.4),
        ("bmi", 39.9, 40.0),
        ("egfr", 15, 14),
        ("egfr", 140, 141),
    ],
)
def test_outside_its_range_no_outcome_has_a_number(name, inside, outside):
    assert all(each.fraction for each in prevent(khan_example(**{name: inside})))
    for each in prevent(khan_example(**{name: outside})):
        assert each.fraction is None
        assert "the range of PREVENT" in each.not_valid


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [("hba1c_percent", 4.5, 4.4), ("hba1c_percent", 15, 15.1), ("uacr_mg_g", 25000, None)],
)
def test_an_optional_measurement_outside_its_range_leaves_the_base_model(name, inside, outside):
    assert all(each.fraction for each in prevent(khan_example(**{name: inside})))
    if outside is not None:
        found = prevent(khan_example(**{name: outside}))
        assert all(each.fraction for each in found[:10])
        assert all(f"{outside:g} % is outside 4.5 to 15 %" in each.not_valid for each in found[10:])


def test_the_body_mass_index_is_needed_for_heart_failure_only():
    missing = {each.outcome: each.missing for each in prevent(khan_example(bmi=None))[:5]}
    assert missing.pop("heart_failure") == ("bmi",)
    assert set(missing.values()) == {()}


def test_lipids_and_statin_are_needed_for_all_but_heart_failure():
    person = khan_example(total_cholesterol_mg_dl=None, hdl_mg_dl=None, takes_statin=None)
    missing = {each.outcome: each.missing for each in prevent(person)[:5]}
    assert missing.pop("heart_failure") == ()
    assert set(missing.values()) == {("total_cholesterol_mg_dl", "hdl_mg_dl", "takes_statin")}


def test_known_disease_is_no_case_for_a_first_event():
    found = prevent(khan_example(has_known_ascvd=True))
    assert all("PREVENT is of a first event" in each.not_valid for each in found)


def test_a_model_that_is_none_is_refused():
    with pytest.raises(InputError, match="one of base, uacr, hba1c, sdi, full, got 'pce'"):
        prevent_model(khan_example(), model="pce")


def logit(person, outcome="heart_failure", years=10, model="base"):
    risk = fractions(prevent_model(person, model=model), years)[outcome]
    return math.log(risk / (1 - risk))


# Slopes on both sides of the knots, by hand from the printed coefficients of women.
def test_pressure_has_one_slope_below_110_and_another_above():
    at = {
        mmhg: logit(khan_example(systolic_mmhg=mmhg, takes_bp_medication=False))
        for mmhg in (100, 110, 120)
    }
    assert at[110] - at[100] == pytest.approx(-0.4559771 * 10 / 20, abs=1e-9)
    # at 50 years the age term is -0.5
    assert at[120] - at[110] == pytest.approx((0.3576505 + 0.5 * 0.0946663) * 10 / 20, abs=1e-9)


def test_body_mass_has_one_slope_below_30_and_another_above():
    at = {bmi: logit(khan_example(bmi=bmi)) for bmi in (25, 30, 35)}
    assert at[30] - at[25] == pytest.approx(-0.0072294, abs=1e-9)
    assert at[35] - at[30] == pytest.approx(0.2997706 + 0.5 * 0.003878, abs=1e-9)


def test_egfr_has_one_slope_below_60_and_another_above():
    at = {egfr: logit(khan_example(egfr=egfr)) for egfr in (45, 60, 75)}
    assert at[75] - at[60] == pytest.approx(-0.0557087, abs=1e-9)
    assert at[60] - at[45] == pytest.approx(-0.7451638 - 0.5 * 0.1884289, abs=1e-9)


def test_hba1c_counts_differently_with_and_without_diabetes():
    for has_diabetes in (True, False):
        low, high = (
            logit(
                khan_example(hba1c_percent=hba1c, has_diabetes=has_diabetes),
                "total_cvd",
                model="hba1c",
            )
            for hba1c in (5.3, 6.3)
        )
        # supplement S12D: 0.1338348 with diabetes, 0.1622409 without
        assert high - low == pytest.approx(0.1338348 if has_diabetes else 0.1622409, abs=1e-9)


@pytest.mark.parametrize(("low", "high"), [(1, 3), (4, 6), (7, 10)])
def test_deciles_of_deprivation_are_three_groups(low, high):
    groups = [
        fractions(prevent_model(khan_example(sdi_decile=decile), model="sdi"))["ascvd"]
        for decile in range(1, 11)
    ]
    assert len(set(groups[low - 1 : high])) == 1
    assert len(set(groups)) == 3
    assert groups == sorted(groups)


@given(
    st.sampled_from(["systolic_mmhg", "total_cholesterol_mg_dl", "hdl_mg_dl", "bmi", "egfr"]),
    st.floats(0, 1),
    st.sampled_from([10, 30]),
    st.sampled_from(list(PREVENT_OUTCOMES)),
)
def test_no_risk_jumps_where_a_measurement_moves_a_little(name, where, years, outcome):
    low, high = {
        "systolic_mmhg": (90, 180),
        "total_cholesterol_mg_dl": (130, 320),
        "hdl_mg_dl": (20, 100),
        "bmi": (18.5, 39.8),
        "egfr": (15, 140),
    }[name]
    value = low + where * (high - low - 0.001)
    one, other = (
        fractions(prevent_model(khan_example(**{name: each}), model="base"), years)[outcome]
        for each in (value, value + 0.0005)
    )
    assert abs(other - one) < 1e-4
