"""Units of the laboratory."""

import doctest
import importlib

import pytest

from corcal.errors import InputError
from corcal.risk.types import Sex
from corcal.risk.units import (
    cholesterol_to_mg_dl,
    cholesterol_to_mmol_l,
    creatinine_to_mg_dl,
    egfr_ckd_epi_2021,
)


@pytest.mark.parametrize(("mg_dl", "mmol_l"), [(100, 2.586), (200, 5.172), (45, 1.1637)])
def test_cholesterol_has_the_factor_of_prevent(mg_dl, mmol_l):
    assert cholesterol_to_mmol_l(mg_dl) == pytest.approx(mmol_l, abs=1e-12)
    assert cholesterol_to_mg_dl(mmol_l) == pytest.approx(mg_dl, rel=1e-12)


# By hand, with kappa 0.7 / 0.9: at creatinine = kappa both powers are 1, so that
# 142 * 0.9938^60 = 97.78 (man), times 1.012 = 98.95 (woman).
@pytest.mark.parametrize(
    ("sex", "creatinine", "expected"), [(Sex.MALE, 0.9, 97.78), (Sex.FEMALE, 0.7, 98.95)]
)
def test_at_kappa_only_age_and_sex_count(sex, creatinine, expected):
    egfr = egfr_ckd_epi_2021(creatinine, age_years=60, sex=sex)
    assert egfr == pytest.approx(expected, abs=0.01)


# The first is the example of the R package preventr; the others by its formula, by hand.
@pytest.mark.parametrize(
    ("sex", "age", "creatinine", "expected"),
    [
        (Sex.FEMALE, 50, 1.0, 69),
        (Sex.MALE, 50, 1.0, 92),
        (Sex.FEMALE, 50, 0.5, 114),
        (Sex.MALE, 80, 2.0, 33),
    ],
)
def test_egfr_is_that_of_ckd_epi_2021(sex, age, creatinine, expected):
    assert round(egfr_ckd_epi_2021(creatinine, age_years=age, sex=sex)) == expected


def test_creatinine_in_umol_gives_the_same_egfr():
    in_mg = egfr_ckd_epi_2021(1.2, age_years=61, sex=Sex.FEMALE)
    in_umol = egfr_ckd_epi_2021(creatinine_to_mg_dl(1.2 * 88.4), age_years=61, sex=Sex.FEMALE)
    assert in_umol == pytest.approx(in_mg, rel=1e-12)


def test_creatinine_of_90_is_taken_for_umol_and_refused():
    with pytest.raises(InputError, match=r"outside 0.1 to 30 mg/dL; it looks like umol/L"):
        egfr_ckd_epi_2021(90, age_years=50, sex=Sex.MALE)


@pytest.mark.parametrize("creatinine", [0, -1, float("nan"), float("inf")])
def test_creatinine_that_is_none_is_refused(creatinine):
    with pytest.raises(InputError, match="creatinine of"):
        egfr_ckd_epi_2021(creatinine, age_years=50, sex=Sex.MALE)


@pytest.mark.parametrize("age", [17.9, float("nan")])
def test_ckd_epi_is_of_adults(age):
    with pytest.raises(InputError, match="adults from 18 years"):
        egfr_ckd_epi_2021(1, age_years=age, sex=Sex.MALE)


@pytest.mark.parametrize(
    "name",
    ["units", "person", "mesa_chd", "pooled_cohort", "prevent", "score2", "estimates", "what_if"],
)
def test_the_examples_of_the_docstrings_run(name):
    module = importlib.import_module(f"corcal.risk.{name}")
    assert doctest.testmod(module).failed == 0
