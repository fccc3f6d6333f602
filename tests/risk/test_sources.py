"""Every source is complete and known by its key."""

import doctest
import re
import tomllib
from importlib.resources import files

import pytest

import corcal.risk.sources
from corcal.errors import InputError
from corcal.risk.sources import source, sources

# Of an entry of tables/sources.toml; only what has no DOI lacks one
FIELDS = {"citation", "year", "doi", "mark", "used_for"}


def entries():
    text = (files("corcal.risk") / "tables" / "sources.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def test_the_sources_are_in_the_order_of_their_keys():
    assert list(sources()) == sorted(sources())


def test_an_entry_has_the_fields_of_a_source_and_no_others():
    for key, entry in entries().items():
        assert FIELDS - {"doi"} <= entry.keys() <= FIELDS, key


@pytest.mark.parametrize("one", sources().values(), ids=lambda one: one.key)
def test_a_source_can_be_found_and_says_what_is_taken_from_it(one):
    assert source(one.key) is one
    assert re.fullmatch(r"[a-z0-9_]+", one.key)
    assert len(one.citation) > 20
    assert one.citation.endswith(".")
    assert "\n" not in one.citation
    assert "  " not in one.citation
    assert 1970 <= one.year <= 2026
    assert one.doi is None or re.fullmatch(r"10\.\d{4,}/\S+", one.doi)
    assert one.used_for
    assert "\n" not in one.used_for


def test_an_unknown_key_is_refused_with_those_that_are_known():
    with pytest.raises(InputError, match="'nobody2020'; known are accaha2026, "):
        source("nobody2020")


def test_the_sources_cannot_be_changed():
    with pytest.raises(TypeError, match="does not support item assignment"):
        sources()["x"] = source("hoff2001")  # type: ignore[index]


def test_the_examples_of_the_docstrings_run():
    assert doctest.testmod(corcal.risk.sources).failed == 0
