"""Cholesterol in both units, and percentiles in words."""

import pytest

from corcal.report.both_units import with_mmol
from corcal.report.interpretation_choice import _TESTING_AFTERWARDS
from corcal.report.percentile_words import percentile_words
from corcal.risk.guidance.engine import RULES
from corcal.risk.types import Race, Sex
from corcal.risk.young_adults import javaid_percentile


@pytest.mark.parametrize(
    ("text", "both"),
    [
        # 1 mg/dL is 0.02586 mmol/L
        ("HDL cholesterol 50.3 mg/dL;", "HDL cholesterol 50.3 mg/dL (1.3 mmol/L);"),
        ("of 216.6 to 150.3 mg/dL", "of 216.6 to 150.3 mg/dL (5.6 to 3.9 mmol/L)"),
        (
            "goals LDL-C < 55 and non-HDL-C < 85 mg/dL.",
            "goals LDL-C < 55 and non-HDL-C < 85 mg/dL (1.4 and 2.2 mmol/L).",
        ),
        ("below 70 mg/dL (1.8 mmol/L)", "below 70 mg/dL (1.8 mmol/L)"),
        ("120 mmHg, 20 mg/g", "120 mmHg, 20 mg/g"),
    ],
)
def test_cholesterol_in_mg_dl_gets_mmol_l_behind_it(text, both):
    assert with_mmol(text) == both


@pytest.mark.parametrize(
    ("agatston", "words"),
    [
        (0, "a score of 0 has no percentile among White men of 30 to 45 years."),
        (12, "no percentile of this score is public for this age, among White men"),
    ],
)
def test_a_score_without_a_percentile_says_why(agatston, words):
    found = javaid_percentile(agatston, age_years=38, sex=Sex.MALE, race=Race.WHITE)
    said = percentile_words(found, agatston)
    assert words in said
    assert "26 % of them have calcium." in said


def test_what_is_still_told_of_testing_after_a_scan_exists():
    assert set(_TESTING_AFTERWARDS) <= {each.id for each in RULES if each.topic == "testing"}
