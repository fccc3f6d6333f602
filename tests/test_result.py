"""The record: its schema, and the way there and back."""

import json

import jsonschema
import pytest

from corcal.errors import InputError
from corcal.result import read_result, result_json, schema_json
from result_maker import make_result


def test_a_result_survives_the_way_to_a_file_and_back(tmp_path):
    result = make_result()
    path = tmp_path / "result.json"
    path.write_text(result_json(result), encoding="utf-8")
    assert read_result(path) == result


def test_a_result_follows_the_published_schema():
    jsonschema.validate(json.loads(result_json(make_result())), json.loads(schema_json()))


def test_the_schema_demands_all_four_vessels():
    document = json.loads(result_json(make_result()))
    del document["score"]["vessels"]["LCX"]
    with pytest.raises(jsonschema.ValidationError, match="'LCX' is a required property"):
        jsonschema.validate(document, json.loads(schema_json()))


@pytest.mark.parametrize(
    ("part", "key"), [("suitability", "verdict"), ("suitability", "kind"), (None, "schema_version")]
)
def test_the_schema_knows_the_words_of_a_verdict(part, key):
    document = json.loads(result_json(make_result()))
    (document[part] if part else document)[key] = "great"
    with pytest.raises(jsonschema.ValidationError, match="great"):
        jsonschema.validate(document, json.loads(schema_json()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a corcal result"),
        ("{}", "is not a corcal result.*schema_version"),
        ('{"schema_version": "9.0"}', "has schema version 9.0; this release reads 1"),
        ('{"schema_version": "1.0"}', "does not follow the schema 1.0"),
    ],
)
def test_a_file_that_is_no_result_is_refused_by_name(tmp_path, text, message):
    path = tmp_path / "strange.json"
    path.write_text(text)
    with pytest.raises(InputError, match=f"strange.json {message}"):
        read_result(path)


def test_a_patient_is_not_shown_by_repr():
    assert "Simulated^Patient" not in repr(make_result())
