"""The page on categories, percentiles and arterial age says what the code does."""

import doctest
from pathlib import Path

import pytest

from corcal.risk.categories import SCHEMES
from corcal.risk.sources import source

PAGE = Path(__file__).resolve().parents[2] / "docs" / "categories_percentiles.md"
TEXT = PAGE.read_text(encoding="utf-8")
NUMBERS = ("39.1", "7.25", "13.7", "6.5", "0.8", "1.96")


def test_the_examples_of_the_page_run():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert tried > 15
    assert failed == 0


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_the_table_of_the_page_is_the_table_of_the_code(scheme):
    cited = source(scheme.source)
    assert f"| {scheme.title} | `{scheme.name}` | {cited.citation} " in TEXT
    assert cited.doi is None or f"https://doi.org/{cited.doi}" in TEXT
    for band in scheme.bands:
        raised = (
            f"; above 0 from the {band.from_percentile}th percentile"
            if band.from_percentile
            else ""
        )
        row = f"| {scheme.title} | `{band.code}` | {band.begins}{raised} | {band.label} |"
        assert row in TEXT


@pytest.mark.parametrize(
    "key", ["mcclelland2006", "mcclelland2009", "hoff2001", "javaid2022", "auc2023"]
)
def test_the_page_cites_the_source_of_every_number(key):
    assert f"https://doi.org/{source(key).doi}" in TEXT


@pytest.mark.parametrize("number", NUMBERS)
def test_the_page_prints_the_formula_of_arterial_age(number):
    assert number in TEXT.split("## Arterial age")[1].split("*Validity.*")[0]
