"""The statistics against their papers' worked examples, and where they are undefined."""

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.evaluate.agreement.statistics import (
    Estimate,
    bland_altman,
    category_table,
    concordance,
    disagreement_weights,
    icc_absolute,
    proportion,
    weighted_kappa,
)

# Shrout and Fleiss 1979, table 2: six targets, four judges
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]

# Bland and Altman, Lancet 1986;1:307-310: first readings of two peak flow meters, l/min
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]

# Cohen 1968: proportions, weights of disagreement, and the same with unequal weights
COHEN = [[0.44, 0.07, 0.09], [0.05, 0.20, 0.05], [0.01, 0.03, 0.06]]
COHEN_WEIGHTS = [[0, 1, 3], [1, 0, 6], [3, 6, 0]]
COHEN_UNEQUAL = [[0, 1, 4], [1, 0, 6], [2, 2, 0]]


def test_the_icc_of_shrout_and_fleiss_is_029():
    icc = icc_absolute(SHROUT_FLEISS)
    assert icc.value == pytest.approx(0.29, abs=0.005)
    # Interval as the R package psych prints it for these data: 0.019 to 0.761
    assert icc.low == pytest.approx(0.019, abs=0.0005)
    assert icc.high == pytest.approx(0.761, abs=0.0005)


def test_the_icc_is_that_of_its_mean_squares_by_hand():
    # Two raters, three subjects: (1, 2), (3, 3), (5, 7). Grand mean 3.5; subjects 1.5, 3, 6;
    # raters 3, 4. BMS = 2 (4 + 0.25 + 6.25) / 2 = 10.5; JMS = 3 (0.25 + 0.25) = 1.5;
    # residuals 0, 0, 0.5, -0.5, -0.5, 0.5: EMS = 1 / 2 = 0.5.
    # ICC = (10.5 - 0.5) / (10.5 + 0.5 + 2 (1.5 - 0.5) / 3) = 10 / (35 / 3) = 6 / 7
    assert icc_absolute([[1, 2], [3, 3], [5, 7]]).value == pytest.approx(6 / 7)


@pytest.mark.parametrize("subjects", [3, 12, 60])
@pytest.mark.parametrize("raters", [2, 4])
def test_the_icc_is_that_of_an_analysis_of_variance_by_statsmodels(subjects, raters):
    from pandas import DataFrame
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    scores = np.random.default_rng(subjects + raters).lognormal(4, 2, (subjects, 1))
    x = scores * np.random.default_rng(1).uniform(0.7, 1.4, (subjects, raters))
    subject, rater = np.indices(x.shape)
    rows = DataFrame({"score": x.ravel(), "subject": subject.ravel(), "rater": rater.ravel()})
    table = anova_lm(ols("score ~ C(subject) + C(rater)", rows).fit())
    bms, jms, ems = table["mean_sq"]
    # ICC(2,1) of Shrout and Fleiss 1979
    icc = (bms - ems) / (bms + (raters - 1) * ems + raters * (jms - ems) / subjects)
    assert icc_absolute(x).value == pytest.approx(icc, rel=1e-9)


def test_a_constant_bias_lowers_absolute_agreement():
    # Residuals 0, so EMS = 0; BMS = 2 * 2 / 2 = 2; JMS = 3 (0.25 + 0.25) = 1.5;
    # ICC = 2 / (2 + 2 * 1.5 / 3) = 2 / 3, although the two go in parallel.
    icc = icc_absolute([[1, 2], [2, 3], [3, 4]])
    assert icc.value == pytest.approx(2 / 3)
    assert 0 <= icc.low < icc.value < icc.high <= 1


def test_raters_who_never_differ_have_an_icc_of_one():
    icc = icc_absolute([[0, 0], [10, 10], [300, 300]])
    assert (icc.value, icc.low, icc.high) == (1, 1, 1)


def test_raters_who_differ_by_rounding_alone_have_an_icc_of_one():
    icc = icc_absolute([[0, 0], [111.6, 111.6 + 1e-13], [367.4, 367.4]])
    assert (icc.value, icc.low, icc.high) == pytest.approx((1, 1, 1))


def test_subjects_who_do_not_differ_have_no_interval():
    assert icc_absolute([[1, 2], [1, 2], [1, 2]]) == Estimate(value=0)
    assert icc_absolute([[1, 2], [2, 1]]) == Estimate(value=None)


@pytest.mark.parametrize("ratings", [[[5, 6]], [[4, 4], [4, 4]], np.empty((0, 2))])
def test_an_icc_without_spread_between_subjects_is_undefined(ratings):
    assert icc_absolute(ratings) == Estimate(value=None)


def test_an_icc_needs_two_raters():
    with pytest.raises(InputError, match=r"raters >= 2.*got \(3, 1\)"):
        icc_absolute([[1], [2], [3]])


def test_the_interval_of_the_icc_covers_the_truth_as_often_as_it_says():
    # Two-way model: subjects of variance 4, raters of variance 1, noise of variance 1: 4 / 6.
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        x = 2 * rng.normal(size=(30, 1)) + rng.normal(size=(1, 6)) + rng.normal(size=(30, 6))
        icc = icc_absolute(x)
        held += icc.low <= 4 / 6 <= icc.high
    assert 400 * 0.95 - held == pytest.approx(0, abs=3 * np.sqrt(400 * 0.95 * 0.05))


def test_the_concordance_of_the_peak_flow_meters_is_that_of_epir():
    assert concordance(LARGE, MINI) == pytest.approx(0.942742, abs=5e-7)


def test_the_concordance_of_a_shift_by_hand():
    # Variances and covariance 2/3, difference of means 1: (4/3) / (4/3 + 1) = 4/7.
    assert concordance([1, 2, 3], [2, 3, 4]) == pytest.approx(4 / 7)


@pytest.mark.parametrize(("x", "y"), [([1], [1]), ([2, 2], [2, 2]), ([], [])])
def test_the_concordance_without_spread_is_undefined(x, y):
    assert concordance(x, y) is None


def test_bland_and_altmans_peak_flow_meters():
    found = bland_altman(LARGE, MINI)
    # Their text: mean difference -2.1, sd 38.8; interval of the bias -22.0 to 17.8.
    assert found.bias.value == pytest.approx(-2.1, abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    assert found.bias.low == pytest.approx(-22.0, abs=0.1)
    assert found.bias.high == pytest.approx(17.8, abs=0.1)
    # With 1.96 instead of their 2 standard deviations: -2.12 -+ 1.96 * 38.77
    assert found.lower_limit.value == pytest.approx(-78.1, abs=0.05)
    assert found.upper_limit.value == pytest.approx(73.9, abs=0.05)
    # Standard error of a limit: 38.77 sqrt(1 / 17 + 1.96^2 / 32) = 16.40; t(16) = 2.120
    assert found.upper_limit.high - found.upper_limit.value == pytest.approx(
        2.120 * 16.40, abs=0.05
    )


def test_the_difference_is_first_minus_second():
    assert bland_altman([5, 7], [4, 4]).bias.value == 2


def test_one_pair_has_a_bias_and_nothing_else():
    found = bland_altman([7], [5])
    assert found.bias == Estimate(value=2)
    assert found.sd is None
    assert found.lower_limit == found.upper_limit == Estimate(value=None)
    assert bland_altman([], []).bias == Estimate(value=None)


def test_two_measurements_must_be_equally_many():
    with pytest.raises(InputError, match=r"equally many, got \(2,\) and \(3,\)"):
        bland_altman([1, 2], [1, 2, 3])


def test_the_kappas_of_cohen():
    assert weighted_kappa(COHEN, 1 - np.eye(3)) == pytest.approx(0.492, abs=0.0005)
    assert weighted_kappa(COHEN, COHEN_WEIGHTS) == pytest.approx(0.348, abs=0.0005)
    assert weighted_kappa(COHEN, COHEN_UNEQUAL) == pytest.approx(0.353, abs=0.0005)


def test_linear_and_quadratic_weights_are_distances():
    assert disagreement_weights(3, "linear").tolist() == [[0, 1, 2], [1, 0, 1], [2, 1, 0]]
    assert disagreement_weights(3, "quadratic").tolist() == [[0, 1, 4], [1, 0, 1], [4, 1, 0]]


def test_kappa_of_a_small_table_by_hand():
    # Ten cases: 4 at (0, 0), 2 at (0, 1), 4 at (2, 2), linear. Observed 2 / 10 = 0.2.
    # Rows 0.6, 0, 0.4; columns 0.4, 0.2, 0.4:
    # expected 0.6 (0.2 * 1 + 0.4 * 2) + 0.4 (0.4 * 2 + 0.2 * 1) = 1; kappa = 1 - 0.2 / 1
    table = [[4, 2, 0], [0, 0, 0], [0, 0, 4]]
    assert weighted_kappa(table, disagreement_weights(3, "linear")) == pytest.approx(0.8)


@pytest.mark.parametrize("table", [np.zeros((4, 4)), np.diag([7, 0, 0, 0])])
def test_kappa_is_undefined_where_chance_cannot_disagree(table):
    assert weighted_kappa(table, disagreement_weights(4, "linear")) is None


def test_kappa_refuses_weights_of_another_shape():
    with pytest.raises(InputError, match="square and alike"):
        weighted_kappa(np.eye(3), disagreement_weights(4, "linear"))


def test_the_table_has_the_reference_in_its_rows():
    table = category_table([0, 0, 50, 500], [0, 3, 50, 350])
    assert table.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]


# Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I,
# method 3
@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_those_of_newcombe(count, total, low, high):
    fraction = proportion(count, total).fraction
    assert fraction.value == count / total
    assert (fraction.low, fraction.high) == pytest.approx((low, high), abs=5e-5)


def test_nothing_of_nothing_is_no_fraction():
    assert proportion(0, 0).fraction == Estimate(value=None)


@pytest.mark.parametrize(("count", "total"), [(3, 2), (-1, 2)])
def test_a_count_lies_between_zero_and_the_total(count, total):
    with pytest.raises(InputError, match=f"got {count} of {total}"):
        proportion(count, total)
