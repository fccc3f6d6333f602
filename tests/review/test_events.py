"""Events: the way to JSON and back, and what is refused by name."""

import json

import jsonschema
import pytest

from corcal.errors import InputError
from corcal.review.events import (
    Assign,
    Comment,
    Confirm,
    Event,
    MarkRegion,
    Redo,
    SetRule,
    SetThreshold,
    SplitByBrush,
    SplitByLine,
    Undo,
    edit_from,
    event_json,
    event_schema_json,
    read_event,
    read_log,
)
from corcal.review.runs import SliceRuns
from review.review_maker import when

EDITS = [
    Assign(candidates=(3, 4), site="LAD"),
    Assign(candidates=(3,), site=None),
    SplitByLine(candidate=3, slice=7, start=(10.5, 20.25), end=(14.5, 20.25)),
    SplitByBrush(candidate=3, voxels=(SliceRuns(slice=7, runs=((5, 3), (12, 1))),)),
    MarkRegion(
        points=((1.0, 1.0), (1.0, 9.0), (9.0, 5.0)),
        first_slice=2,
        last_slice=4,
        site="aortic_valve",
    ),
    SetThreshold(threshold_hu=150.0),
    SetThreshold(threshold_hu=None),
    SetRule(rule="ge"),
    Confirm(),
    Undo(),
    Redo(),
    Comment(text="stent?", candidate=3),
]


def event(edit, sequence=1):
    return Event(sequence=sequence, reader="reader-7", when=when(sequence), edit=edit)


def document(**changes):
    """An event as JSON, with some of its fields otherwise."""
    return json.dumps(json.loads(event_json(event(EDITS[0]))) | changes)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_an_event_survives_the_way_to_json_and_back(edit):
    made = event(edit)
    assert read_event(event_json(made)) == made
    assert edit_from(json.dumps(json.loads(event_json(made))["edit"])) == edit


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_an_event_follows_the_published_schema(edit):
    jsonschema.validate(json.loads(event_json(event(edit))), json.loads(event_schema_json()))


def test_an_event_says_its_schema_its_type_who_and_when():
    assert json.loads(event_json(event(EDITS[0]))) == {
        "schema": "1.0",
        "sequence": 1,
        "reader": "reader-7",
        "when": "2026-01-02T11:00:01Z",
        "edit": {"type": "assign", "candidates": [3, 4], "site": "LAD"},
    }


def test_a_log_is_one_event_a_line():
    log = tuple(event(edit, number) for number, edit in enumerate(EDITS, start=1))
    text = "\n".join(event_json(one) for one in log) + "\n\n"
    assert read_log(text) == log
    assert read_log(text.encode()) == log
    assert read_log("") == ()


def test_a_line_that_is_no_event_is_named_by_its_number():
    with pytest.raises(InputError, match=r"line 3: this is not an event"):
        read_log(f"{document()}\n\n{{\n")


def test_a_reader_is_not_shown_by_repr():
    assert "reader-7" not in repr(event(Undo()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "this is not an event"),
        ("[]", "this is not an event: Expected `object`"),
        ("{}", "an edit has no type; the types are assign, split_line"),
        (b"\xff", "this is not an event"),
        ("[" * 100_000, "this is not an event"),
        (document(edit={"type": "paint"}), "the type 'paint'; the types are assign"),
        (document(edit={"type": ["assign"]}), "the types are assign"),
        (document(edit=None), "an edit has no type"),
        (document(edit={"type": "assign", "site": "LAD"}), "missing required field `candidates`"),
        (document(edit={"type": "undo", "steps": 2}), "unknown field `steps`"),
        (document(schema="2.0"), "schema version 2.0; this release reads 1.0"),
        (document(sequence=0), "numbered from 1, got 0"),
        (document(sequence=1.5), "Expected `int`"),
        (document(reader=" "), "a reader of 1 to 200 characters"),
        (document(reader="r" * 201), "a reader of 1 to 200 characters, got 201"),
        (document(when="yesterday"), "'yesterday'; allowed is ISO 8601 in UTC"),
        (document(when="2026-01-02T11:00:00"), "allowed is ISO 8601 in UTC"),
        (document(when="2026-01-02T11:00:00+01:00"), "allowed is ISO 8601 in UTC"),
    ],
)
def test_what_is_no_event_is_refused_with_what_is_allowed(text, message):
    with pytest.raises(InputError, match=message):
        read_event(text)


TRIANGLE = ((1.0, 1.0), (1.0, 9.0), (9.0, 5.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Assign(candidates=(1,), site="LAX"), "no site 'LAX'; the sites are LM, LAD"),
        (lambda: Assign(candidates=(), site="LAD"), "0 candidates to assign; allowed 1 to"),
        (lambda: SetRule(rule="mine"), "no scoring rule 'mine'; the rules are textbook"),
        (lambda: SetThreshold(threshold_hu=float("nan")), "must be a finite number"),
        (
            lambda: SplitByLine(candidate=1, slice=1, start=(2.0, 2.0), end=(2.0, 2.0)),
            "two different points",
        ),
        (
            lambda: SplitByLine(candidate=1, slice=1, start=(2.0, float("inf")), end=(2.0, 2.0)),
            "finite rows and columns",
        ),
        (lambda: SplitByBrush(candidate=1, voxels=()), "at least one painted voxel"),
        (
            lambda: SplitByBrush(candidate=1, voxels=(SliceRuns(slice=1, runs=()),)),
            "at least one painted voxel",
        ),
        (
            lambda: MarkRegion(points=TRIANGLE[:2], first_slice=1, last_slice=1, site="LAD"),
            "2 points; allowed 3 to 10000",
        ),
        (
            lambda: MarkRegion(points=TRIANGLE, first_slice=2, last_slice=1, site="LAD"),
            "from slice 2 to 1",
        ),
        (
            lambda: MarkRegion(points=TRIANGLE, first_slice=-1, last_slice=1, site="LAD"),
            "slices count from 0",
        ),
        (
            lambda: MarkRegion(points=TRIANGLE, first_slice=1, last_slice=1, site="heart"),
            "no site 'heart'",
        ),
        (
            lambda: MarkRegion(
                points=(*TRIANGLE, (1e9, 0.0)), first_slice=1, last_slice=1, site="LAD"
            ),
            "below a million",
        ),
        (lambda: Comment(text="  "), "a comment has 2 characters"),
        (lambda: Comment(text="a" * 10_001), "allowed 1 to 10000"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
