"""Calendar years between exams."""

from datetime import date

import pytest

from corcal.followup.years import years_between


@pytest.mark.parametrize(
    ("first", "second", "years"),
    [
        (date(2020, 1, 2), date(2020, 1, 2), 0.0),
        (date(2020, 1, 2), date(2023, 1, 2), 3.0),  # 1096 days, three years all the same
        (date(2021, 1, 2), date(2024, 1, 2), 3.0),  # 1095 days
        (date(2021, 3, 1), date(2021, 3, 2), 1 / 365),
        (date(2021, 12, 31), date(2022, 1, 1), 1 / 365),
        (date(2023, 6, 1), date(2023, 12, 1), 183 / 366),  # a year with 29 February in it
        (date(2020, 2, 29), date(2021, 2, 28), 1.0),
        (date(2020, 2, 29), date(2024, 2, 29), 4.0),
        (date(2019, 1, 2), date(2023, 1, 1), 3 + 364 / 365),
    ],
)
def test_years_are_counted_from_anniversary_to_anniversary(first, second, years):
    assert years_between(first, second) == pytest.approx(years)
