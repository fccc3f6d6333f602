"""A corrected record: what it keeps of the signed one, what is refused, how it is read back."""

import json
from dataclasses import replace

import pytest

from corcal.amended import amended, category_said
from corcal.amendment import MAX_REASON, Amendment
from corcal.ct.scan import Patient
from corcal.ct.suitability import Verdict
from corcal.errors import InputError
from corcal.interop.deidentify import Deidentifier
from corcal.interpreted import interpret_result, with_interpretation
from corcal.result import read_result, record_key, result_json, schema_json
from corcal.words import MAX_READER
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
        fit_before=True,
        record_before=record_key(before, software_version="0.1.0"),
    )
    assert replace(told, provenance=replace(told.provenance, amendment=None)) == signed_result()


def test_what_it_called_the_scan_is_kept():
    for verdict, is_fit in ((Verdict.UNFIT, False), (Verdict.CAUTION, True)):
        before = before_result()
        before = replace(before, suitability=replace(before.suitability, verdict=verdict))
        assert (
            amended(signed_result(), before, reason=WHY).provenance.amendment.fit_before is is_fit
        )


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


ERIKA = Patient(
    patient_id="PAT-7", name="Muster^Erika", birth_date="1964-05-06", sex="F", age_years=61.0
)
PATIENT_WORDS = ("PAT-7", "PAT-8", "CLINIC", "muster", "erika", "otto", "1964", "1946", "2.25")


def of_scan(result, *, patient=ERIKA, **scan):
    """The record of a patient, and of a scan as the headers have it."""
    return replace(result, scan=replace(result.scan, patient=patient, **scan))


def pair(*, new, old, is_named=True, **both):
    """A correction and what it corrects, by what their scans tell; each may have other facts."""
    study = {} if is_named else {"study_instance_uid": None}
    return (
        of_scan(signed_result(), **(study | both | new)),
        of_scan(before_result(), **(study | both | old)),
    )


def refused(told, before, match, **options):
    with pytest.raises(InputError, match=match) as caught:
        amended(told, before, reason=WHY, **options)
    said = str(caught.value).casefold()
    assert "\n" not in said
    assert not [word for word in PATIENT_WORDS if word.casefold() in said]


def test_another_patient_is_refused_though_the_study_is_the_same():
    other = {"patient": replace(ERIKA, patient_id="PAT-8")}
    refused(
        *pair(new={}, old=other),
        "the earlier report is of another patient than the corrected one, by the patient "
        "identifier: .* if one of them was de-identified, correct the original",
    )
    assert amended(*pair(new={}, old={"patient": replace(ERIKA, patient_id=" PAT-7")}), reason=WHY)


def test_an_identifier_of_another_hospital_is_another_patient():
    one, other = {"patient_id_issuer": "CLINIC A"}, {"patient_id_issuer": "CLINIC B"}
    refused(*pair(new=one, old=other), "by the issuer of the patient identifier: ")
    assert amended(*pair(new=one, old=one), reason=WHY)
    assert amended(*pair(new=one, old={}), reason=WHY)  # who gave it was not told before


@pytest.mark.parametrize(
    "slip",
    [
        {"name": "Mutser^Erika"},
        {"sex": "M"},
        {"age_years": 16.0},
        {"birth_date": "1946-05-06", "name": "Beispiel^Otto"},
    ],
)
def test_what_was_wrong_about_a_patient_may_be_what_is_corrected(slip):
    was = {"patient": replace(ERIKA, **slip)}
    assert amended(*pair(new={}, old=was), reason=WHY)
    assert amended(*pair(new=was, old={}), reason=WHY)


@pytest.mark.parametrize("lacking", ["new", "old"])
def test_without_an_identifier_a_name_or_a_date_of_birth_must_agree(lacking):
    nameless = replace(ERIKA, patient_id=None)
    otto = {"name": "Muster^Otto", "birth_date": "1946-05-06"}
    people = {"new": ERIKA, "old": ERIKA} | {lacking: nameless}

    def of(slip, *, less=()):
        gone = dict.fromkeys(less)
        return pair(
            new={"patient": replace(people["new"], **gone)},
            old={"patient": replace(people["old"], **(slip | gone))},
        )

    refused(*of(otto), "another patient than the corrected one, by the name and the date of birth:")
    refused(*of(otto, less=("name",)), "another patient .*, by the date of birth: ")
    refused(*of(otto, less=("birth_date",)), "another patient .*, by the name: ")
    assert amended(*of({"name": "Muster^Otto"}), reason=WHY)
    assert amended(*of({"birth_date": "1946-05-06"}), reason=WHY)
    assert amended(*of({"name": "MUSTER^ERIKA^^Dr"}, less=("birth_date",)), reason=WHY)


def test_a_record_without_a_patient_takes_the_place_of_none_that_names_one():
    nobody = Patient(sex="F", age_years=61.0)
    match = "the corrected report names no patient, but the earlier one does: .*de-identify the"
    refused(*pair(new={"patient": nobody}, old={}), match)
    for known in ({"name": "Muster^Erika"}, {"birth_date": "1964-05-06"}):
        refused(*pair(new={"patient": nobody}, old={"patient": Patient(**known)}), match)
    assert amended(*pair(new={}, old={"patient": nobody}), reason=WHY)  # whose it is came later
    assert amended(*pair(new={}, old={}, patient=nobody), reason=WHY)


def test_of_two_records_none_or_both_are_deidentified():
    told, before = pair(new={}, old={})
    hide = Deidentifier(b"a secret of sixteen bytes")
    refused(hide(told), before, "another patient .* de-identified, correct the original and de-id")
    refused(told, hide(before), "another patient .* de-identified, correct the original and de-id")
    assert amended(hide(told), hide(before), reason=WHY)
    refused(hide(told), Deidentifier(b"another secret, sixteen")(before), "another patient")
    unnamed = [of_scan(one, patient=Patient()) for one in (told, before)]
    refused(hide(unnamed[0]), unnamed[1], "another study: .* de-identified, correct the original")


@pytest.mark.parametrize("is_one_exam", [False, True])
def test_one_record_with_a_study_and_one_without_are_not_tied(is_one_exam):
    none = {"study_instance_uid": None}
    options = {"is_one_exam": is_one_exam}
    refused(
        *pair(new={}, old=none),
        "the corrected report names its study .*, but the earlier one does not",
        **options,
    )
    refused(
        *pair(new=none, old={}),
        "the earlier report names its study .*, but the corrected one does not",
        **options,
    )


BARE = {  # what a NIfTI file tells
    "patient": Patient(),
    "series_instance_uid": None,
    "frame_of_reference_uid": None,
    "sop_instance_uids": (None,) * 4,
    "date": None,
    "time": None,
    "accession_number": None,
}


def test_two_volume_files_are_of_one_scan_if_the_store_or_the_record_says_so():
    told, before = pair(new={}, old={}, is_named=False, **BARE)
    refused(told, before, "neither the earlier nor the corrected .* make the addendum in corcal se")
    addendum = amended(told, before, reason=WHY, is_one_exam=True)
    assert amended(addendum, before, reason=WHY) == addendum
    wider = of_scan(before, patient=Patient(), shape=(4, 64, 65))
    refused(addendum, wider, "another scan .*, by the number of slices, rows or columns: ")
    other = made_by(before, reader="Reader^Two")
    refused(addendum, other, "neither the earlier nor the corrected report names its study")


@pytest.mark.parametrize(
    "tie",
    [
        {"series_instance_uid": "2.25.2"},
        {"sop_instance_uids": ("2.25.4", "2.25.5", "2.25.6", "2.25.7")},
        {"patient": ERIKA, "date": "2026-01-02"},
        {"date": "2026-01-02", "time": "10:00:00"},
    ],
)
def test_without_a_study_something_else_ties_a_correction_to_what_it_corrects(tie):
    assert amended(*pair(new={}, old={}, is_named=False, **(BARE | tie)), reason=WHY)
    for fact in tie:  # each of its parts is needed
        less = {fact: BARE[fact]}
        told, before = pair(new={}, old=less, is_named=False, **(BARE | tie))
        refused(told, before, "neither the earlier nor the corrected report names its study")


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"series_instance_uid": "2.25.9"}, "SeriesInstanceUID"),
        ({"frame_of_reference_uid": "2.25.9"}, "FrameOfReferenceUID"),
        ({"accession_number": "A2"}, "accession number"),
        ({"date": "2026-01-01"}, "date of the scan"),
        ({"time": "10:00:01"}, "time of the scan"),
        ({"shape": (4, 64, 63)}, "number of slices, rows or columns"),
        ({"sop_instance_uids": ("2.25.9",) * 4}, "SOPInstanceUIDs"),
        ({"increment_mm": 3.0011}, "distance of slices or pixels"),
        ({"pixel_spacing_mm": (0.5, 0.4989)}, "distance of slices or pixels"),
    ],
)
def test_without_a_study_another_scan_is_told_by_each_of_its_facts(other, what):
    told, before = pair(new={}, old=other, is_named=False, accession_number="A1")
    refused(told, before, f"another scan than the corrected one, by the {what}: a correction is")


def test_records_that_list_no_image_have_none_in_common():
    told, before = pair(new={}, old={}, is_named=False, **(BARE | {"sop_instance_uids": ()}))
    refused(told, before, "neither the earlier nor the corrected report names its study")


def test_without_a_study_the_last_digits_of_a_distance_tell_nothing():
    near = {"increment_mm": 3.0009, "pixel_spacing_mm": (0.5, 0.4991)}
    assert amended(*pair(new={}, old=near, is_named=False), reason=WHY)


def test_without_a_study_an_identifier_alone_is_no_patient():
    """Numbers are used again by other hospitals."""
    otto = {"patient": replace(ERIKA, name="Muster^Otto", birth_date="1946-05-06")}
    told, before = pair(new={}, old=otto, is_named=False)
    refused(told, before, "another patient .* by the name and the date of birth: ")


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
    for created in ("2026-01-02T11:00:01Z", "2026-01-02T10:00:01-01:00"):
        with pytest.raises(InputError, match="signed later than what it corrects"):
            amended(result, before_result(created=created), reason=WHY)
    with pytest.raises(InputError, match="signed later than what it corrects"):
        amended(result, before_result(), reason=WHY, signed="2026-01-02T11:00:01+00:00")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"created": "long ago"}, "created is no moment with its zone"),
        ({"created": "2026-01-01T10:07:08"}, "created is no moment with its zone"),
        ({"reader": "R" * (MAX_READER + 1)}, "reader has 201 characters, allowed are 1 to 200"),
        ({"reader": "R\u202e"}, r"reader has the character U\+202E, allowed is one line"),
    ],
)
def test_what_cannot_be_said_of_the_earlier_report_is_said_to_be_its_fault(made, words):
    with pytest.raises(InputError, match=f"^the earlier report: provenance.{words}") as caught:
        amended(signed_result(), before_result(**made), reason=WHY)
    assert next(iter(made.values())) not in str(caught.value)


def test_what_the_record_says_of_its_moment_is_not_needed_where_the_signature_is_kept():
    before = before_result(created="long ago", reader="R" * MAX_READER)
    told = amended(signed_result(), before, reason=WHY, signed="2026-01-01T08:00:00+00:00")
    assert told.provenance.amendment.reader_before == "R" * MAX_READER


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
        ("signed_before", "2026-01-03 at ten", "signed_before is no moment with its zone"),
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
