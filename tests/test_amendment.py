"""What a record can say of the signed report that it corrects, and what is refused."""

import json

import pytest

from corcal.amended import amended
from corcal.amendment import MAX_REASON, check_reason
from corcal.errors import InputError
from corcal.result import read_result, result_json
from corcal.scoring.categories import CATEGORIES
from corcal.words import MAX_READER
from interop.exam_cases import made_by, signed_result

EARLIER = "2026-01-01T10:07:08+00:00"
CREATED = "2026-01-02T11:00:00+00:00"
FIELD = r"^result\.json is not to be believed: provenance\.amendment\."
NO_LINES = [
    ("a\nb", "U\\+000A"),
    ("a\x1b[31m", "U\\+001B"),
    ("a\x7f", "U\\+007F"),
    ("a\x9b", "U\\+009B"),
    ("\u202eb", "U\\+202E"),
    ("\u2066b", "U\\+2066"),
]


def read_with(tmp_path, **said):
    """Write a corrected record that says something else, and read it."""
    before = made_by(signed_result(), created=EARLIER)
    document = json.loads(result_json(amended(signed_result(), before, reason="Bone.")))
    assert document["provenance"]["created"] == CREATED
    document["provenance"]["amendment"].update(said)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return read_result(path).provenance.amendment


@pytest.mark.parametrize("field", ["reason", "reader_before"])
@pytest.mark.parametrize(("text", "sign"), NO_LINES)
def test_a_text_that_is_no_line_is_refused_without_repeating_it(tmp_path, field, text, sign):
    allowed = "allowed is one line of text without control characters, bytes that are no UTF-8 and"
    with pytest.raises(InputError, match=f"{FIELD}{field} has the character {sign}, {allowed}"):
        read_with(tmp_path, **{field: text})


@pytest.mark.parametrize("field", ["reason", "reader_before"])
@pytest.mark.parametrize("text", ["\u200b", "\u2060\u200b\ufeff"])
def test_a_text_that_shows_nothing_is_refused(tmp_path, field, text):
    with pytest.raises(InputError, match=f"{FIELD}{field} shows nothing, allowed is a text with"):
        read_with(tmp_path, **{field: text})


def test_a_byte_that_is_no_utf8_is_refused_as_a_reason():
    # as the command line hands over the byte FF
    with pytest.raises(InputError, match=r"^reason has the character U\+DCFF, allowed is one line"):
        check_reason("x\udcff")
    before = made_by(signed_result(), created=EARLIER)
    with pytest.raises(InputError, match=r"amendment\.reason has the character U\+DCFF"):
        amended(signed_result(), before, reason="x\udcff")


def test_words_of_every_script_are_a_reason(tmp_path):
    for reason in ("x" * MAX_REASON, "Le calcium de l'aorte — 12 %", "骨を数えた", "עצם"):
        assert read_with(tmp_path, reason=reason).reason == reason


def test_a_reader_has_at_most_200_characters_or_is_not_known(tmp_path):
    for reader in ("R" * MAX_READER, None):
        assert read_with(tmp_path, reader_before=reader).reader_before == reader
    message = f"{FIELD}reader_before has 201 characters, allowed are 1 to 200"
    with pytest.raises(InputError, match=message):
        read_with(tmp_path, reader_before="R" * (MAX_READER + 1))


def test_a_category_is_one_that_a_score_has(tmp_path):
    for category in (*CATEGORIES, None):
        assert read_with(tmp_path, category_before=category).category_before == category
    message = f"{FIELD}category_before is no category of a score, allowed are 0, 1-100, 101-400, >"
    for category in ("", "1-99", "\x1b[31m", "x" * 10**6):
        with pytest.raises(InputError, match=message):
            read_with(tmp_path, category_before=category)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-01T10:07:08Z",
        "2026-01-01T10:07:08.123456+01:00",
        "2026-01-02T12:00:00+01:00",  # when the record was made, and no later
    ],
)
def test_a_signature_has_a_moment_with_its_zone(tmp_path, moment):
    assert read_with(tmp_path, signed_before=moment).signed_before == moment


@pytest.mark.parametrize(
    "moment",
    [
        "2026-W01-1",
        "2026-W01-1T10:00:00Z",
        "20260101T100708Z",
        "2026-01-01",
        "2026-01-01T10:07:08",
        "2026-01-01 10:07:08Z",
        "2026-01-01T10:07Z",
        "2026-02-30T10:07:08Z",
        "2026-01-01T25:07:08Z",
        "٢٠٢٦-01-01T10:07:08Z",
    ],
)
def test_another_form_of_a_moment_is_refused(tmp_path, moment):
    message = f"{FIELD}signed_before is no moment with its zone as of ISO 8601, allowed is one such"
    with pytest.raises(InputError, match=message) as caught:
        read_with(tmp_path, signed_before=moment)
    assert moment not in str(caught.value).split()


def test_nothing_was_signed_before_that_is_later_than_the_record(tmp_path):
    later = "2026-01-02T11:00:01+00:00"
    message = "allowed is nothing later than provenance.created, 2026-01-02T11:00:00"
    with pytest.raises(InputError, match=message):
        read_with(tmp_path, signed_before=later)


def test_a_record_that_tells_no_zone_or_no_time_was_made_in_utc_or_nobody_knows_when(tmp_path):
    before = made_by(signed_result(), created=EARLIER)
    document = json.loads(result_json(amended(signed_result(), before, reason="Bone.")))
    path = tmp_path / "result.json"
    for created, signed, is_taken in (
        ("2026-01-02T11:00:00", "2026-01-02T11:00:00Z", True),
        ("2026-01-02T11:00:00", "2026-01-02T11:00:01Z", False),
        ("2026-01-02 or so", "2026-01-02T11:00:01Z", True),
    ):
        document["provenance"]["created"] = created
        document["provenance"]["amendment"]["signed_before"] = signed
        path.write_text(json.dumps(document), encoding="utf-8")
        if is_taken:
            assert read_result(path).provenance.amendment.signed_before == signed
            continue
        with pytest.raises(InputError, match=r"nothing later than provenance\.created"):
            read_result(path)
