"""``corcal sources`` prints every source, with what it is used for and its mark."""

import json

from corcal.risk.sources import sources


def test_every_source_is_printed(run_corcal):
    outcome = run_corcal("sources")
    assert outcome.code == 0
    text = " ".join(outcome.out.split())
    for one in sources().values():
        assert f"{one.key} [{one.mark.value}]" in text
        assert one.citation in text
        assert f"used for: {one.used_for}" in text
        assert one.doi is None or f"doi:{one.doi}" in text


def test_the_marks_are_explained(run_corcal):
    text = run_corcal("sources").out
    for mark in {one.mark.value for one in sources().values()}:
        assert f"  {mark}: " in text


def test_json_holds_the_same(run_corcal):
    outcome = run_corcal("sources", "--json")
    told = json.loads(outcome.out)
    assert [row["key"] for row in told["sources"]] == list(sources())
    first = next(iter(sources().values()))
    assert told["sources"][0] == {
        "key": first.key,
        "citation": first.citation,
        "year": first.year,
        "doi": first.doi,
        "mark": first.mark.value,
        "used_for": first.used_for,
    }
    assert set(told["marks"]) == {"verified", "secondary", "recalled"}
