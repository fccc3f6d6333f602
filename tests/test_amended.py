"""A corrected record: what it keeps of the signed one, what is refused, how it is read back."""

import json
from dataclasses import replace

import pytest

from corcal.amended import amended, category_said
from corcal.amendment import MAX_REASON, Amendment
from corcal.ct.suitability import Verdict
from corcal.errors import InputError
from corcal.interpreted import interpret_result, with_interpretation
from corcal.result import read_result, record_key, result_json, schema_json
from interop.exam_cases import made_by, signed_result
from result_maker import make_automatic_result, make_result

WHY = "Bone was counted."
EARLIER = "2026-01-01T10:07:08+00:00"


def interpreted(result):
    return with_interpretation(result, interpret_result(result, None))


def before_result(**made):
    """The same scan, signed a day earlier."""
    return made_by(signed_result(), **({"created": EARLIER} | made))


def test_it_keeps_of_the_signed_record_what_a_report_has_to_say():
    before = interpreted(before_result())
    told = amended(signed_result(), before, reason="  Bone was\n counted. ")
    assert told.provenance.amendment == Amendment(
        reason=WHY,
        signed_before=EARLIER,
        reader_before="Reader^One",
        agatston_before=14.0,
        category_before="1-100",
        record_before=record_key(before, software_version="0.1.0"),
    )
    assert replace(told, provenance=replace(told.provenance, amendment=None)) == signed_result()


def test_the_moment_of_the_signature_is_that_which_was_kept():
    told = amended(signed_result(), make_result(), reason=WHY, signed="2026-01-01T08:00:00+00:00")
    assert told.provenance.amendment.signed_before == "2026-01-01T08:00:00+00:00"


def test_who_has_asked_for_no_meaning_and_an_unfit_scan_has_said_no_category():
    assert category_said(make_result()) is None
    assert category_said(interpreted(make_result())) == "1-100"
    unfit = replace(make_result().suitability, verdict=Verdict.UNFIT)
    assert category_said(replace(interpreted(make_result()), suitability=unfit)) is None


def test_objects_of_an_older_schema_had_names_that_nobody_can_know():
    old = replace(before_result(), schema_version="1.3")
    assert amended(signed_result(), old, reason=WHY).provenance.amendment.record_before is None


def test_a_preliminary_report_is_not_corrected():
    with pytest.raises(InputError, match="nobody has signed the earlier report"):
        amended(signed_result(), make_automatic_result(), reason=WHY)


def test_a_report_of_another_study_is_not_corrected():
    other = signed_result()
    other = replace(other, scan=replace(other.scan, study_instance_uid="2.25.77"))
    with pytest.raises(InputError, match="the earlier report is of another study"):
        amended(signed_result(), other, reason=WHY)


def test_what_nobody_has_signed_takes_the_place_of_nothing_that_is_signed():
    for unsigned in (make_automatic_result(), signed_result(is_complete=False)):
        with pytest.raises(
            InputError, match=r"nobody has signed the corrected report: .* corcal se"
        ):
            amended(unsigned, before_result(), reason=WHY)


def test_a_record_does_not_correct_itself():
    with pytest.raises(InputError, match="are the same record"):
        amended(signed_result(), signed_result(), reason=WHY)


def test_a_correction_is_signed_later_than_what_it_corrects():
    result = made_by(signed_result(), created="2026-01-02T11:00:00+00:00")
    at_once = before_result(created="2026-01-02T12:00:00+01:00", reader="Reader^Two")
    assert amended(result, at_once, reason=WHY)  # the same moment in another zone
    for created in ("2026-01-02T11:00:01", "2026-01-02T10:00:01-01:00"):  # without one: UTC
        with pytest.raises(InputError, match="signed later than what it corrects"):
            amended(result, before_result(created=created), reason=WHY)
    with pytest.raises(InputError, match="signed later than what it corrects"):
        amended(result, before_result(), reason=WHY, signed="2026-01-02T11:00:01+00:00")
    with pytest.raises(InputError, match="signed_before is 'long ago'"):
        amended(result, before_result(created="long ago"), reason=WHY)


def test_what_was_signed_of_the_correction_is_not_overwritten():
    told = amended(signed_result(), before_result(), reason=WHY, signed="2026-01-01T10:07:09+00:00")
    assert amended(told, before_result(), reason=f" {WHY} ") == told  # the kept moment as well
    with pytest.raises(InputError, match="already says why it corrects one"):
        amended(told, before_result(), reason="Another reason.")
    with pytest.raises(InputError, match="already says that it corrects another record"):
        amended(told, before_result(reader="Reader^Two"), reason=WHY)


def test_an_earlier_record_without_a_known_hash_is_told_by_its_score_and_reader():
    old = replace(before_result(), schema_version="1.3")
    told = amended(signed_result(), old, reason=WHY)
    assert amended(told, before_result(), reason=WHY) == told
    with pytest.raises(InputError, match="already says that it corrects another record"):
        amended(told, before_result(reader="Reader^Two"), reason=WHY)


@pytest.mark.parametrize(
    ("reason", "length"), [("", 0), (" \n", 0), ("x" * (MAX_REASON + 1), MAX_REASON + 1)]
)
def test_a_reason_is_needed(reason, length):
    allowed = f"has {length} characters, allowed are 1 to 2000"
    with pytest.raises(InputError, match=allowed):
        amended(signed_result(), before_result(), reason=reason)
    assert amended(signed_result(), before_result(), reason="x" * MAX_REASON)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("signed_before", "2026-01-03 at ten", "signed_before is '2026-01-03 at ten', allowed is"),
        ("signed_before", "9999-01-01T00:00:00+00:00", "signed_before is .*9999"),
        # 4 x 64 x 64 voxels of 0.75 mm3: 16384 at most
        ("agatston_before", 16385.0, "agatston_before is 16385, allowed are 0 to 16384"),
        ("agatston_before", -1.0, "agatston_before is -1, allowed are 0 to 16384"),
        ("record_before", "AB" * 32, "record_before is no SHA-256"),
        ("record_before", "ab" * 31, "record_before is no SHA-256"),
    ],
)
def test_a_record_with_an_amendment_that_cannot_be_is_refused(tmp_path, field, value, message):
    document = json.loads(result_json(amended(signed_result(), before_result(), reason=WHY)))
    document["provenance"]["amendment"][field] = value
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_result(path)


def test_it_is_read_back_and_stands_in_the_schema(tmp_path):
    told = amended(signed_result(), before_result(), reason=WHY)
    path = tmp_path / "result.json"
    path.write_text(result_json(told), encoding="utf-8")
    assert read_result(path) == told
    known = json.loads(schema_json())["$defs"]["Amendment"]["properties"]
    assert set(known) == set(json.loads(result_json(told))["provenance"]["amendment"])


def test_a_record_of_schema_1_3_is_read_and_corrects_nothing(tmp_path):
    document = json.loads(result_json(signed_result()))
    document["schema_version"] = "1.3"
    del document["provenance"]["amendment"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    old = read_result(path)
    assert old == replace(signed_result(), schema_version="1.3")
    assert old.provenance.amendment is None
