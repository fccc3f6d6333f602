"""The page that defines the scores says what the code does."""

import doctest
import importlib
from pathlib import Path

import pytest

from corcal.scoring.rules import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "score.md"


def test_the_examples_of_the_page_run():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert tried > 10
    assert failed == 0


@pytest.mark.parametrize("name", ["agatston", "density", "mass", "rules", "volume"])
def test_the_examples_of_the_docstrings_run(name):
    module = importlib.import_module(f"corcal.scoring.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_the_table_of_the_page_is_the_table_of_the_code(rule):
    bounds = ", ".join(f"{bound:g}" for bound in rule.weight_bounds_hu)
    if rule.min_area_mm2:
        smallest = (
            f"{'more than' if rule.area_must_exceed else 'at least'} {rule.min_area_mm2:g} mm²"
        )
    else:
        smallest = f"{rule.min_pixels} pixel{'s' if rule.min_pixels > 1 else ''}"
    assert f"| `{rule.name}` | {bounds} | {smallest} | " in PAGE.read_text(encoding="utf-8")
