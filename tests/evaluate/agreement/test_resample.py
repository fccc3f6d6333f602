"""Bootstrap intervals: by patient, the same every time, and absent where they would mislead."""

import numpy as np
import pytest

from corcal.evaluate.agreement.resample import Resampling, bootstrap_estimate
from corcal.evaluate.agreement.statistics import Estimate

DATA = np.random.default_rng(1).normal(10, 2, size=40)


def mean_of(data):
    return lambda rows: float(data[rows].mean())


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    found = bootstrap_estimate(mean_of(DATA), range(40))
    half = 1.96 * DATA.std() / np.sqrt(40)
    assert found.value == DATA.mean()
    assert found.method == "BCa"
    # 2000 draws know a 2.5 % quantile to about 5 % of the half width; three of these
    assert found.low == pytest.approx(DATA.mean() - half, abs=0.15 * half)
    assert found.high == pytest.approx(DATA.mean() + half, abs=0.15 * half)


def test_the_same_data_have_the_same_interval_and_another_seed_another():
    first, again = (bootstrap_estimate(mean_of(DATA), range(40)) for _ in range(2))
    other = bootstrap_estimate(mean_of(DATA), range(40), resampling=Resampling(seed=1))
    assert first == again
    assert first.low != other.low


def test_scans_of_one_patient_are_no_further_evidence():
    once = bootstrap_estimate(mean_of(DATA), range(40))
    twice = np.concatenate([DATA, DATA])
    of_patients = bootstrap_estimate(mean_of(twice), [*range(40), *range(40)])
    of_scans = bootstrap_estimate(mean_of(twice), range(80))
    assert (of_patients.low, of_patients.high) == pytest.approx((once.low, once.high))
    assert of_scans.high - of_scans.low < 0.8 * (once.high - once.low)


def test_too_few_patients_have_a_value_and_no_interval():
    assert bootstrap_estimate(mean_of(DATA), range(10)).low is not None
    assert bootstrap_estimate(mean_of(DATA), range(9)) == Estimate(value=DATA[:9].mean())
    # many scans of few patients are few
    assert bootstrap_estimate(mean_of(DATA), [row % 9 for row in range(40)]).low is None


def test_draws_that_are_all_the_same_are_no_certainty():
    assert bootstrap_estimate(lambda _: 1.0, range(40)) == Estimate(value=1.0)


def test_a_few_undefined_draws_leave_percentiles():
    # Undefined where row 0 and row 1 are both absent: (38 / 40)^40 = 13 % of the draws; with
    # three rows 4.6 %.
    def needs(rows, which):
        return float(DATA[rows].mean()) if np.isin(rows, which).any() else None

    found = bootstrap_estimate(lambda rows: needs(rows, [0, 1, 2]), range(40))
    assert found.method == "percentile"
    assert found.low < found.value < found.high
    assert bootstrap_estimate(lambda rows: needs(rows, [0, 1]), range(40)).low is None


def test_no_rows_have_no_value():
    assert bootstrap_estimate(mean_of(DATA), []) == Estimate(value=None)
    assert bootstrap_estimate(lambda _: None, range(40)) == Estimate(value=None)
