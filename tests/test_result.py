"""The record: its schema, and the way there and back."""

import json
import os
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
    assert document["review"] == {
        "advised": True,
        "reasons": ["a lesion is doubtful"],
        "contested": [],
    }


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
        ('{"schema_version": "9.0"}', "has schema version 9.0; this release reads 1.0 to 1.4"),
        ('{"schema_version": "1.5"}', "has schema version 1.5; this release reads 1.0 to 1.4"),
        ('{"schema_version": "1"}', "has schema version 1; this release reads 1.0 to 1.4"),
        ('{"schema_version": "1.0"}', "does not follow the schema 1.4"),
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


@pytest.mark.parametrize("kind", ["endless", "pipe", "sparse"])
def test_a_file_without_an_end_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "strange.json"
    if kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        with path.open("wb") as stream:
            stream.truncate(64_000_001)  # takes no room on the disk
    why = "it has more than 64 MB" if kind == "sparse" else "it is no regular file"
    with pytest.raises(InputError, match=rf"^cannot read strange\.json: {why}$"):
        read_result(path)


def test_a_byte_order_mark_before_a_record_is_no_part_of_it(tmp_path):
    path = tmp_path / "marked.json"
    text = result_json(make_result()).encode()
    path.write_bytes(b"\xef\xbb\xbf" + text)
    assert read_result(path) == make_result()
    for other in (b"\xef\xbb\xbf" * 2 + text, text + b"\xef\xbb\xbf"):  # one, and before it
        path.write_bytes(other)
        with pytest.raises(InputError, match=r"^marked\.json is not a corcal result"):
            read_result(path)


def test_a_large_record_is_read(tmp_path):
    path = tmp_path / "large.json"
    text = result_json(make_result())
    path.write_text(text + " " * (64_000_000 - len(text.encode())), encoding="utf-8")
    assert read_result(path) == make_result()


def put(document, place, value):
    """Set a value deep in a document."""
    *way, last = place
    for key in way:
        document = document[key]
    document[last] = value


def read_changed(tmp_path, make, *changes):
    """Write a record with values changed by hand, and read it."""
    document = json.loads(result_json(make()))
    for place, value in changes:
        put(document, place, value)
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_result(path)


SCORE, TOTAL, LAD = ("score",), ("score", "total"), ("score", "vessels", "LAD")
CHANCES = ("score", "category_probabilities")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (CHANCES, {}, "score.category_probabilities are of nothing, expected of 0, 1-100"),
        (CHANCES, {"0": 1.0}, "score.category_probabilities are of 0, expected of"),
        ((*CHANCES, "0"), 1.5, "score.category_probabilities are 0: 1.5, .*allowed are 0 to 1"),
        ((*CHANCES, "0"), 0.5, "1 in sum"),  # 1.4 with the others
        ((*TOTAL, "interval"), {"low": 50, "high": 60, "level": 0.95}, "does not hold its score"),
        ((*TOTAL, "interval"), {"low": 60, "high": 5, "level": 0.95}, "does not hold its score"),
        ((*TOTAL, "interval"), {"low": 5, "high": 60, "level": 5}, "between 0 and 1"),
        (
            (*LAD, "interval"),
            {"low": 5, "high": 6, "level": 0.95},
            "score.vessels.LAD.interval does not hold its score of 14: 5 to 6",
        ),
        ((*TOTAL, "agatston"), 20.0, "score.total.agatston is 20, and the arteries have 14"),
        ((*TOTAL, "volume_mm3"), -1, "score.total.volume_mm3 is -1, allowed are 0 to 12288"),
        # 4 x 64 x 64 voxels of 0.75 mm3 are 12288 mm3; 4 a pixel of 1 mm2 and 3 mm: 16384
        ((*TOTAL, "agatston"), 1e300, r"score.total.agatston is 1e\+300, allowed are 0 to 16384"),
        ((*TOTAL, "agatston"), 16385, "score.total.agatston is 16385, allowed are 0 to 16384"),
        ((*TOTAL, "agatston"), 16384, "score.total.interval does not hold"),  # within, and wrong
        ((*TOTAL, "mass_mg"), 4.5, "score.total.mass_mg is 4.5, and the arteries have 3.5"),
        ((*TOTAL, "mean_density_factor"), 4.1, "mean_density_factor is 4.1, allowed are 1 to 4"),
        ((*TOTAL, "peak_hu"), 1e7, r"peak_hu is 1e\+07, allowed are -1e\+06 to 1e\+06"),
        ((*TOTAL, "vessels_involved"), 2, "vessels_involved is 2, and with calcium are 1"),
        ((*TOTAL, "diffusivity"), 1.5, "score.total.diffusivity is 1.5, allowed are 0 to 1"),
        ((*SCORE, "vessels"), {}, "the arteries are none, expected LM, LAD, LCX, RCA"),
        ((*SCORE, "by_rule"), {}, "score.rule is 'textbook', allowed are none"),
        ((*SCORE, "by_rule", "textbook", "threshold_hu"), 0, "threshold_hu is 0, allowed are 1 to"),
        ((*SCORE, "by_rule", "textbook", "total"), 3, "total is 3, and its arteries have 14"),
        ((*SCORE, "calibration_mg_per_cm3_hu"), 11, "is 11, allowed are 0 to 10"),
        (("lesions",), [], "score of LAD: lesion_count is 1, and in the list are 0"),
        (("lesions", 0, "agatston"), 13, "score of LAD: agatston is 14, and its lesions have 13"),
        (("lesions", 0, "site"), "LAX", r"lesions\[0\].site is 'LAX', allowed are LAD, LCX"),
        (("lesions", 0, "site"), "aortic_valve", "lesion_count is 1, and in the list are 0"),
        (
            ("lesions", 0, "voxel_count"),
            0,
            r"lesions\[0\].voxel_count is 0, allowed are 1 to 16384",
        ),
        (("lesions", 0, "slices"), [4], r"lesions\[0\].slices is 4, allowed are 0 to 3"),
        (("lesions", 0, "mean_hu"), 500, "mean_hu is 500, allowed are .* to 401"),
        (("lesions", 0, "centroid_mm"), [0, 1e300, 0], "centroid_mm is 1e"),
        (("lesions", 0, "mass_mg"), -1, "mass_mg is -1, allowed are 0 to inf"),
        (("lesions", 0, "probabilities", "LAD"), 90, "probabilities is 90, allowed are 0 to 1"),
        (("scan", "shape"), [0, 64, 64], "scan.shape is 0, allowed are 1 to 100000"),
        (("scan", "increment_mm"), 0, "scan.increment_mm is 0, allowed are 0.001 to 1000"),
        (("scan", "pixel_spacing_mm"), [0.5, -0.5], "scan.pixel_spacing_mm is -0.5, allowed"),
        (("scan", "kvp"), 1e300, r"scan.kvp is 1e\+300, allowed are 0 to 1000"),
        (("scan", "patient", "age_years"), -1, "scan.age_years is -1, allowed are 0 to 999"),
        (("scan", "date"), "2026-02-30", "scan.date is no such date, allowed are 1900-01-01 to"),
        (("scan", "date"), "2301-01-01", "scan.date is no such date, allowed are .* 2300-12-31"),
        (("scan", "patient", "birth_date"), "soon", "birth_date is no such date, allowed are 19"),
        (("provenance", "created"), "2999-01-02T11:00:00Z", "provenance.created is '2999-01-02'"),
        (("provenance", "rule"), "ge", "provenance.rule is 'ge', allowed is .* 'textbook'"),
        (("provenance", "threshold_hu"), 100, "is 100, and that of its rule is 130"),
        (
            ("provenance", "slices_with_calcium"),
            [9],
            "slices_with_calcium is 9, allowed are 0 to 3",
        ),
    ],
)
def test_a_record_with_what_cannot_be_is_refused(tmp_path, place, value, message):
    with pytest.raises(
        InputError, match=f"^edited.json is not to be believed: .*{message}"
    ) as told:
        read_changed(tmp_path, make_automatic_result, (place, value))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("agatston",), 15, "interpretation.agatston is 15, and the score has 14"),
        (("percentile", "mesa", "value"), 101, "percentile.mesa is 101, allowed are 0 to 100"),
        (("risk", "mesa_chd"), 2, "interpretation.risk is 2, allowed are 0 to 1"),
        (("risk", "prevent", "ascvd"), -1, "risk.prevent.ascvd is -1, allowed are 0 to 1"),
        (("estimates", 0, "fraction"), 7, "estimates: mesa_chd is 7, allowed are 0 to 1"),
        (("person", "systolic_mmhg"), 1e300, "systolic blood pressure .*60 to 260 mmHg"),
    ],
)
def test_a_meaning_that_cannot_be_is_refused(tmp_path, place, value, message):
    with pytest.raises(InputError, match=message):
        read_changed(tmp_path, make_explained_result, (("interpretation", *place), value))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("proposed_agatston", -1, "proposed_agatston is -1, allowed are 0 to 16384"),
        ("event_count", -1, "event_count is -1, allowed are 0 to 16384"),
        ("finished", "2999-01-01T00:00:00Z", "reviewed.finished is '2999-01-01', allowed are"),
    ],
)
def test_a_review_that_cannot_be_is_refused(tmp_path, name, value, message):
    with pytest.raises(InputError, match=message):
        read_changed(tmp_path, make_reviewed_result, (("provenance", "reviewed", name), value))


def test_a_total_of_0_with_lesions_is_refused(tmp_path):
    nothing = json.loads(result_json(make_result()))["score"]["vessels"]["RCA"]
    changes = [(LAD, nothing), *(((*TOTAL, name), nothing[name]) for name in nothing)]
    by_rule = {"LM": 0.0, "LAD": 0.0, "LCX": 0.0, "RCA": 0.0}
    changes += [
        ((*TOTAL, "vessels_involved"), 0),
        (("score", "by_rule", "textbook", "vessels"), by_rule),
        (("score", "by_rule", "textbook", "total"), 0.0),
    ]
    with pytest.raises(InputError, match="score of LAD: lesion_count is 0, and in the list are 1"):
        read_changed(tmp_path, make_result, *changes)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_what_json_has_no_number_for_is_refused(tmp_path, number):
    path = tmp_path / "edited.json"
    text = result_json(make_result()).replace('"agatston": 14.0', f'"agatston": {number}', 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"^edited\.json "):
        read_result(path)


def test_dates_that_were_moved_into_the_future_are_read(tmp_path):
    # de-identified collections have scans of the 22nd century
    scan = read_changed(tmp_path, make_result, (("scan", "date"), "2180-01-02")).scan
    assert scan.date == "2180-01-02"


def test_a_patient_is_not_shown_by_repr():
    assert "Simulated^Patient" not in repr(make_result())
