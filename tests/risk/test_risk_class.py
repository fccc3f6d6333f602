"""The names of risks in the guideline of 2026."""

import pytest

from corcal.errors import InputError
from corcal.risk.risk_class import RISK_CLASSES, risk_class


@pytest.mark.parametrize(
    ("risk", "name", "edges"),
    [
        (0.0, "low", "below 3 %"),
        (0.0299, "low", "below 3 %"),
        (0.03, "borderline", "3 to under 5 %"),
        (0.0499, "borderline", "3 to under 5 %"),
        (0.05, "intermediate", "5 to under 10 %"),
        (0.0999, "intermediate", "5 to under 10 %"),
        (0.10, "high", "from 10 %"),
        (1.0, "high", "from 10 %"),
    ],
)
def test_a_risk_has_the_class_that_its_edges_say(risk, name, edges):
    assert (risk_class(risk).name, risk_class(risk).range) == (name, edges)


def test_the_classes_leave_no_gap():
    assert [each.high for each in RISK_CLASSES[:-1]] == [each.low for each in RISK_CLASSES[1:]]


@pytest.mark.parametrize("risk", [-0.01, 1.01, float("nan")])
def test_what_is_no_fraction_is_refused(risk):
    with pytest.raises(InputError, match="from 0 to 1"):
        risk_class(risk)
