"""The record: its schema, and the way there and back."""

import json
from dataclasses import replace
from datetime import date

import jsonschema
import pytest

from corcal.errors import InputError
from corcal.exam_numbers import exam_numbers
from corcal.followup import compare
from corcal.interpreted import interpret_result, with_interpretation
from corcal.result import ReviewRecord, read_result, result_json, schema_json
from corcal.risk.types import Person, Race, Sex
from result_maker import make_automatic_result, make_result


def make_explained_result():
    """An exam with what it means for a woman of 61 years, and compared with an earlier one."""
    result = make_automatic_result()
    woman = Person(age_years=61, sex=Sex.FEMALE, race=Race.WHITE, systolic_mmhg=150, smokes=True)
    earlier = replace(exam_numbers(result), date=date(2023, 1, 2), age_years=58.0)
    return replace(
        with_interpretation(result, interpret_result(result, woman)),
        followup=compare([earlier, exam_numbers(result)]),
    )


def make_reviewed_result():
    """The automatic exam after a reader has taken the lesion for one of the circumflex."""
    base = make_automatic_result()
    record = ReviewRecord(
        readers=("A. Reader",),
        started="2026-01-02T12:00:00Z",
        finished="2026-01-02T12:03:00Z",
        event_count=3,
        change_count=1,
        candidates_by_reader=1,
        is_complete=True,
        proposed_by="automatic",
        proposed_rule="textbook",
        proposed_agatston=14.0,
    )
    made = replace(base.provenance, method="reviewed", reader="A. Reader", reviewed=record)
    (lesion,) = base.lesions
    mine = replace(lesion, origin="reader", probabilities=None, why=())
    return replace(base, provenance=made, lesions=(mine,), review=None)


ALL = pytest.mark.parametrize(
    "make",
    [make_result, make_automatic_result, make_explained_result, make_reviewed_result],
    ids=["marked", "automatic", "explained", "reviewed"],
)


@ALL
def test_a_result_survives_the_way_to_a_file_and_back(tmp_path, make):
    result = make()
    path = tmp_path / "result.json"
    path.write_text(result_json(result), encoding="utf-8")
    assert read_result(path) == result


@ALL
def test_a_result_follows_the_published_schema(make):
    jsonschema.validate(json.loads(result_json(make())), json.loads(schema_json()))


def test_what_an_automatic_result_has_more_stands_where_the_schema_says():
    document = json.loads(result_json(make_automatic_result()))
    score, (lesion,) = document["score"], document["lesions"]
    assert score["total"]["interval"] == {"low": 8.5, "high": 25.0, "level": 0.95}
    assert score["vessels"]["RCA"]["interval"]["high"] == 3.0
    assert score["category_probabilities"]["1-100"] == 0.9
    assert lesion["probabilities"]["noise"] == 0.1
    assert lesion["why"][0] == {
        "text": "2.0 mm from the LAD",
        "feature": "from_lad_mm",
        "value": 2.0,
        "unit": "mm",
    }
    assert document["provenance"]["model"]["name"] == "corcal-thorax"
    assert document["provenance"]["detector"]["trusted"] is False
    assert document["review"] == {"advised": True, "reasons": ["a lesion is doubtful"]}


def document_of_schema_1_2(make=make_result) -> dict:
    """An exam as the third version of the record wrote it: nobody can have reviewed it."""
    document = json.loads(result_json(make()))
    document["schema_version"] = "1.2"
    del document["provenance"]["reviewed"]
    for lesion in document["lesions"]:
        del lesion["origin"]
    return document


def document_of_schema_1_1(make=make_result) -> dict:
    """An exam as the second version of the record wrote it: measured, and not yet explained."""
    document = document_of_schema_1_2(make)
    document["schema_version"] = "1.1"
    del document["interpretation"], document["followup"]
    return document


def document_of_schema_1_0() -> dict:
    """A marked exam as the first version of the record wrote it."""
    document = document_of_schema_1_1()
    document["schema_version"] = "1.0"
    del document["review"]
    del document["score"]["category_probabilities"]
    for name in ("model", "detector"):
        del document["provenance"][name]
    for part in (document["score"]["total"], *document["score"]["vessels"].values()):
        del part["interval"]
    for lesion in document["lesions"]:
        del lesion["probabilities"], lesion["why"]
    return document


def test_a_record_of_schema_1_0_is_read_and_says_nothing_of_certainty(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document_of_schema_1_0()), encoding="utf-8")
    old = read_result(path)
    assert old == replace(make_result(), schema_version="1.0")
    assert old.review is None
    assert old.score.total.interval is None
    assert old.score.category_probabilities is None
    assert old.lesions[0].probabilities is None
    assert old.lesions[0].why == ()
    assert old.provenance.model is None


@pytest.mark.parametrize("make", [make_result, make_automatic_result, make_explained_result])
def test_a_record_of_schema_1_2_is_read_and_says_nothing_of_a_review(tmp_path, make):
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document_of_schema_1_2(make)), encoding="utf-8")
    old = read_result(path)
    assert old == replace(make(), schema_version="1.2")
    assert old.provenance.reviewed is None
    assert [lesion.origin for lesion in old.lesions] == [None]


def test_what_a_reviewed_result_has_more_stands_where_the_schema_says():
    document = json.loads(result_json(make_reviewed_result()))
    assert document["lesions"][0]["origin"] == "reader"
    assert document["provenance"]["method"] == "reviewed"
    assert document["provenance"]["reviewed"]["change_count"] == 1
    kinds = json.loads(schema_json())["$defs"]
    assert set(kinds["ReviewRecord"]["properties"]) == set(document["provenance"]["reviewed"])


@pytest.mark.parametrize(
    ("make", "is_automatic"),
    [(make_result, False), (make_automatic_result, True), (make_reviewed_result, False)],
)
def test_automatic_is_what_no_person_has_marked_or_reviewed(make, is_automatic):
    assert make().provenance.is_automatic is is_automatic


@pytest.mark.parametrize("make", [make_result, make_automatic_result])
def test_a_record_of_schema_1_1_is_read_and_says_nothing_of_meaning(tmp_path, make):
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document_of_schema_1_1(make)), encoding="utf-8")
    old = read_result(path)
    assert old == replace(make(), schema_version="1.1")
    assert old.interpretation is None
    assert old.followup is None


def test_what_an_explained_result_has_more_stands_where_the_schema_says():
    document = json.loads(result_json(make_explained_result()))
    meaning = document["interpretation"]
    assert meaning["categories"]["plain"]["code"] == "1-100"
    assert set(meaning["percentile"]["mesa"]) >= {"value", "p_nonzero"}
    assert meaning["certainty"]["category_probabilities"]["1-100"] == 0.9
    assert document["followup"]["changes"][0]["years"] == pytest.approx(3, abs=0.01)
    kinds = json.loads(schema_json())["$defs"]
    assert "fit" in kinds["Verdict"]["enum"]
    assert "within_error" in kinds["ChangeVerdict"]["enum"]


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
        ('{"schema_version": "1.0"}', "does not follow the schema 1.3"),
    ],
)
def test_a_file_that_is_no_result_is_refused_by_name(tmp_path, text, message):
    path = tmp_path / "strange.json"
    path.write_text(text)
    with pytest.raises(InputError, match=f"strange.json {message}"):
        read_result(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace(b"Simulated^Patient", b"M\xfcller"), "invalid|utf-8"),
        (
            lambda text: text.replace(b'"lesions": [', b'"lesions": ' + b"[" * 200_000, 1),
            "strange.json .*: ",
        ),
    ],
)
def test_a_file_that_cannot_be_decoded_is_refused(tmp_path, damage, message):
    path = tmp_path / "strange.json"
    path.write_bytes(damage(result_json(make_result()).encode()))
    with pytest.raises(InputError, match=message):
        read_result(path)


def put(document, place, value):
    """Set a value deep in a document."""
    *way, last = place
    for key in way:
        document = document[key]
    document[last] = value


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("category_probabilities",), {}, "probabilities are of nothing, expected of 0, 1-100"),
        (("category_probabilities",), {"0": 1.0}, "probabilities are of 0, expected of"),
        (("category_probabilities", "0"), 1.5, "probabilities of the categories are none"),
        (("category_probabilities", "0"), 0.5, "1 in sum"),  # 1.4 with the others
        (("total", "interval"), {"low": 50, "high": 60, "level": 0.95}, "does not hold its score"),
        (("total", "interval"), {"low": 60, "high": 5, "level": 0.95}, "does not hold its score"),
        (("total", "interval"), {"low": 5, "high": 60, "level": 5}, "between 0 and 1"),
        (("vessels", "LAD", "interval"), {"low": 5, "high": 6, "level": 0.95}, "interval of LAD"),
        (("vessels", "RCA", "agatston"), 500, "does not hold its score|a score of 514"),
        (("total", "agatston"), 20.0, "a score of 14, and the total is 20"),
        (("total", "volume_mm3"), -1, "the volume of the total is -1"),
        (("vessels",), {}, "the arteries are none, expected LM, LAD, LCX, RCA"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(tmp_path, place, value, message):
    document = json.loads(result_json(make_automatic_result()))
    put(document["score"], place, value)
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match=f"damaged.json contradicts itself: .*({message})"):
        read_result(path)


def test_a_marked_record_whose_arteries_are_not_its_total_is_refused(tmp_path):
    document = json.loads(result_json(make_result()))
    document["score"]["vessels"]["RCA"]["agatston"] = 500
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="together have a score of 514, and the total is 14"):
        read_result(path)


def test_a_patient_is_not_shown_by_repr():
    assert "Simulated^Patient" not in repr(make_result())
