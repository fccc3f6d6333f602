"""The HL7 v2 message: parsed by two parsers of other people, and the same numbers come out."""

from base64 import b64decode
from dataclasses import replace
from typing import Any

import hl7
import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import MaxLengthReached
from hl7apy.factories import datatype_factory
from hl7apy.parser import parse_message

from corcal.ct.scan import Patient
from corcal.errors import InputError
from corcal.interop.hl7v2 import NUMBER_WIDTH, Route, hl7_message, hl7_number, hl7_text
from corcal.interop.observables import NOT_GATED, observables
from corcal.result import RESEARCH_USE, Result
from interop.exam_cases import (
    CASES,
    amended_result,
    full_result,
    made_by,
    not_gated_result,
    other_person_result,
    signed_result,
    top_of_mesa,
    zero_result,
)
from result_maker import make_automatic_result, make_result

NASTY = "A|B^C~D&E\\F\rOBX|99|NM|x||1\nend"
SEGMENTS = ("MSH", "PID", "ORC", "OBR", "NTE", "OBX")


def parsed(result: Result, **options: Any) -> hl7.Message:
    return hl7.parse(hl7_message(result, **options))


def values(result: Result) -> dict[tuple[str, str], tuple[str, ...]]:
    """Give type and components of every OBX-5, by sub-identifier and corcal's own code."""
    message = parsed(result)
    found = {}
    for segment in message.segments("OBX"):
        codes = str(segment[3]).split("^")
        own = codes[codes.index("99CORCAL") - 2]
        value = tuple(message.unescape(part) for part in str(segment[5]).split("^"))
        found[str(segment[4]), own] = (str(segment[2]), *value)
    assert len(found) == len(message.segments("OBX"))  # no two are alike
    return found


def told(value: tuple[str, ...]) -> float:
    kind, number = value
    assert kind == "NM"
    return float(number)


def near(value: float) -> object:
    """Equal but for what 16 characters cannot hold."""
    return pytest.approx(value, rel=1e-12, abs=1e-14)


def with_patient(**known: str) -> Result:
    result = make_result()
    return replace(result, scan=replace(result.scan, patient=Patient(**known)))


@pytest.mark.parametrize("case", CASES)
def test_the_message_is_valid_by_the_structure_of_2_5_1(case: str) -> None:
    message = parse_message(hl7_message(CASES[case]()), validation_level=VALIDATION_LEVEL.STRICT)
    assert message.validate()
    assert message.msh.msh_9.to_er7() == "ORU^R01^ORU_R01"
    assert message.msh.msh_12.to_er7() == "2.5.1"
    assert message.name == "ORU_R01"


@pytest.mark.parametrize("case", CASES)
def test_every_measured_number_is_that_of_the_record(case: str) -> None:
    result = CASES[case]()
    found = values(result)
    scores = {"total": result.score.total} | result.score.vessels
    for site, score in scores.items():
        assert told(found[site, f"agatston-{site}"]) == near(score.agatston)
        for code, field in (
            ("volume", "volume_mm3"),
            ("volume-interpolated", "volume_interpolated_mm3"),
            ("mass", "mass_mg"),
            ("area", "area_mm2"),
            ("lesion-count", "lesion_count"),
        ):
            assert told(found[site, code]) == near(getattr(score, field))
        if score.interval is None:
            assert (site, "agatston-interval") not in found
            continue
        kind, comparator, low, dash, high = found[site, "agatston-interval"]
        assert (kind, comparator, dash) == ("SN", "", "-")
        assert (float(low), float(high)) == (near(score.interval.low), near(score.interval.high))


@pytest.mark.parametrize("case", CASES)
def test_every_number_that_is_told_has_a_segment(case: str) -> None:
    result = CASES[case]()
    found = values(result)
    for each in observables(result):
        for one in (each.fact, *each.details):
            if isinstance(one.value, float):
                assert told(found[each.key, one.concept.code]) == near(one.value)


def test_the_interpretation_reads_back() -> None:
    result = full_result()
    found, meaning = values(result), result.interpretation
    for scheme, category in meaning.categories.items():
        name = f"category-{scheme}"
        assert found[name, name][:2] == ("CWE", f"{scheme}:{category.code}")
    mesa, hoff = meaning.percentile["mesa"], meaning.percentile["hoff"]
    assert told(found["percentile-mesa", "percentile-mesa"]) == mesa.value
    _, comparator, low, _, high = found["percentile-hoff", "percentile-hoff"]
    assert (comparator, int(low), int(high)) == ("", hoff.at_least, hoff.at_most)
    for each in meaning.estimates:
        name = f"risk-{each.model}-{each.outcome}-{each.years}y"
        if each.fraction is None:
            assert (name, name) not in found
        else:
            assert told(found[name, name]) == near(each.fraction)


def test_a_percentile_that_does_not_exist_has_no_value_and_a_note() -> None:
    message = hl7_message(zero_result()).split("\r")
    place = next(at for at, line in enumerate(message) if "|percentile-mesa^" in line)
    fields = message[place].split("|")
    assert (fields[2], fields[5], fields[11]) == ("", "", "X")
    assert any("no percentile for this score" in line for line in message[place : place + 9])


def test_text_of_headers_is_escaped_and_comes_back() -> None:
    result = make_result()
    odd = replace(
        result,
        scan=replace(
            result.scan,
            patient=Patient(patient_id=NASTY, name="Ro|e^A&n"),
            convolution_kernel=NASTY,
        ),
    )
    message = parsed(odd)
    assert [str(segment[0]) for segment in message if str(segment[0]) not in SEGMENTS] == []
    assert len(message.segments("OBX")) == len(parsed(make_result()).segments("OBX"))
    back = NASTY.replace("\n", "\r")  # both are line breaks
    assert message.unescape(str(message.segment("PID")[3]).split("^")[0]) == back
    assert message.unescape(str(message.segment("PID")[5])) == "Ro|e^A&n"
    assert values(odd)["suitability", "kernel"] == ("ST", back)
    strict = parse_message(hl7_message(odd), validation_level=VALIDATION_LEVEL.STRICT)
    assert strict.validate()


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\F\b"),
        ("a^b", r"a\S\b"),
        ("a&b", r"a\T\b"),
        ("a~b", r"a\R\b"),
        ("a\\b", r"a\E\b"),
        ("a\r\nb", r"a\.br\b"),
        ("a\tb\x00\x1c", "a b"),  # 0x1c ends a message on the wire (MLLP)
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),  # joiners belong to the word
        (None, ""),
    ],
)
def test_what_delimiters_are_made_of_is_escaped(text: str | None, escaped: str) -> None:
    assert hl7_text(text) == escaped


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (14, "14"),
        (1e-3, "0.001"),
        (0.1 + 0.2, "0.3"),  # 0.30000000000000004 has 19 characters
        (1e-17, "0.00000000000000001"),  # longer than allowed: never told as 0
        (2.5e15, "2500000000000000"),
        (99.99999999999999, "100"),  # 17 characters
        (12345.678901234567, "12345.6789012346"),
    ],
)
def test_a_number_has_no_exponent_and_fits(value: float, text: str) -> None:
    assert hl7_number(value) == text
    assert len(text) <= NUMBER_WIDTH or value == 1e-17


def test_a_name_has_its_suffix_before_its_prefix() -> None:
    # DICOM: family^given^middle^prefix^suffix; HL7 XPN: family^given^second^suffix^prefix
    segment = parsed(with_patient(patient_id="7", name="Roe^Ann^Q^Dr^Jr=X^Y")).segment("PID")
    assert str(segment[5]) == "Roe^Ann^Q^Jr^Dr"


def test_without_an_identifier_the_patient_is_nobody_elses() -> None:
    one = str(parsed(with_patient(name="Roe^Ann")).segment("PID")[3])
    assert one.endswith("^^^CORCAL^ANON")
    other = with_patient()
    other = replace(other, scan=replace(other.scan, series_instance_uid="2.25.77"))
    assert str(parsed(other).segment("PID")[3]) != one
    assert str(parsed(with_patient()).segment("PID")[5]) == "^^^^^^U"


def test_the_report_says_research_use_and_whether_it_is_preliminary() -> None:
    result = make_automatic_result()
    message = parsed(result)
    assert RESEARCH_USE in [str(segment[3]) for segment in message.segments("NTE")]
    assert str(message.segment("OBR")[25]) == "P"
    assert {str(segment[11]) for segment in message.segments("OBX")} == {"P"}
    assert str(parsed(signed_result()).segment("OBR")[25]) == "F"


@pytest.mark.parametrize("before", [14.0, 101.25])
def test_a_corrected_report_is_a_correction_whether_or_not_its_score_is_another(
    before: float,
) -> None:
    message = parsed(amended_result(agatston_before=before))
    assert str(message.segment("OBR")[25]) == "C"
    assert str(message.segment("ORC")[5]) == "CM"
    assert {str(segment[11]) for segment in message.segments("OBX")} == {"C"}
    notes = [str(segment[3]) for segment in message.segments("NTE")]
    assert notes[0].startswith("Addendum: this report corrects the one signed on 2026-01-03")
    told = values(amended_result(agatston_before=before))
    assert told["amendment", "amendment"] == ("TX", "Bone was counted")
    assert told["amendment", "amendment-fit-before"][:2] == ("CWE", "Y")
    assert told["amendment", "amendment-agatston-before"][:2] == ("NM", str(before))


@pytest.mark.parametrize("reason", ["x" * 2000, "Bone & noise | " * 130])
def test_a_long_reason_is_a_text_that_a_receiver_has_room_for(reason: str) -> None:
    first = amended_result(agatston_before=101.25)
    amendment = replace(first.provenance.amendment, reason=reason.strip(), reader_before="R" * 200)
    message = hl7_message(made_by(first, amendment=amendment))
    lines = [line.split("|") for line in message.split("\r") if line.startswith("OBX")]
    texts = [(line[2], line[5]) for line in lines if line[2] in {"ST", "TX"}]
    assert [kind for kind, _ in texts].count("TX") == 1
    for kind, text in texts:  # parsing a whole message, hl7apy takes any OBX-5 for an ST
        assert datatype_factory(kind, text, "2.5.1", VALIDATION_LEVEL.STRICT).to_er7()
    with pytest.raises(MaxLengthReached):
        datatype_factory("ST", dict(texts)["TX"], "2.5.1", VALIDATION_LEVEL.STRICT)


@pytest.mark.parametrize(("length", "kind"), [(199, "ST"), (200, "TX")])
def test_a_string_that_is_longer_than_one_may_be_is_a_text(length: int, kind: str) -> None:
    result = make_result()
    odd = replace(result, scan=replace(result.scan, convolution_kernel="x" * length))
    assert values(odd)["suitability", "kernel"][0] == kind


def test_a_message_of_another_content_has_another_control_identifier() -> None:
    first = amended_result(agatston_before=14.5)
    other = replace(first.provenance.amendment, reason="Another reason")
    preliminary = amended_result(agatston_before=14.5, is_complete=False)
    messages = (
        *map(hl7_message, (first, made_by(first, amendment=other), signed_result(), preliminary)),
        hl7_message(first, pdf=b"%PDF-1.7"),
        hl7_message(first, pdf=b"%PDF-2.0"),
        hl7_message(first, route=Route(receiving_facility="ST MARY")),
    )
    heads = [message.split("\r")[0].split("|") for message in messages]
    assert len({head[6] for head in heads}) == 1  # MSH-7: all of one moment
    assert len({head[9] for head in heads}) == len(messages)
    assert {len(head[9]) for head in heads} == {20}
    assert hl7_message(first) == messages[0]


def test_the_last_percentile_of_mesa_is_sent_as_a_bound() -> None:
    top = top_of_mesa()
    assert values(top)["percentile-mesa", "percentile-mesa"] == ("SN", ">=", "99")
    old = top.interpretation.percentile["mesa"]  # of a record that did not say so
    older = {"mesa": replace(old, at_least=None)}
    meaning = replace(top.interpretation, percentile=top.interpretation.percentile | older)
    assert hl7_message(replace(top, interpretation=meaning)) == hl7_message(top)


def test_facts_that_contradict_the_headers_are_told() -> None:
    lines = hl7_message(other_person_result()).split("\r")
    cautions = [line for line in lines if line.startswith("NTE") and "Caution: The sex" in line]
    first = next(at for at, line in enumerate(lines) if line.startswith("OBX"))
    assert cautions[0] in lines[:first]  # of the whole report


def test_a_scan_without_gating_is_flagged() -> None:
    result = not_gated_result()
    assert NOT_GATED in [str(segment[3]) for segment in parsed(result).segments("NTE")]
    assert values(result)["suitability", "ecg-gated"] == ("CWE", "N", "No", "HL70136")
    assert not any("with_cac" in name for name, _ in values(result))
    assert values(result)["percentile-mesa", "percentile-mesa"] == ("", "")
    total = next(s for s in parsed(result).segments("OBX") if str(s[4]) == "total")
    assert "Agatston-equivalent" in str(total[3])


PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


def test_the_pdf_of_the_report_is_inside_and_comes_back() -> None:
    message = parsed(signed_result(), pdf=PDF)
    last = list(message.segments("OBX"))[-1]
    assert str(last[2]) == "ED"
    assert str(last[3]).split("^")[:3] == ["36934-8", "CT Heart for calcium scoring", "LN"]
    assert str(last[3]).split("^")[3:] == [
        "report-pdf",
        "Report for a clinician as PDF",
        "99CORCAL",
    ]
    source, kind, subtype, encoding, data = str(last[5]).split("^")
    assert (source, kind, subtype, encoding) == ("CORCAL", "application", "pdf", "Base64")
    assert b64decode(data, validate=True) == PDF
    assert (str(last[4]), str(last[11])) == ("report", "F")
    assert not any(str(each[2]) == "ED" for each in parsed(signed_result()).segments("OBX"))


def test_what_is_no_pdf_is_not_sent_as_one() -> None:
    with pytest.raises(InputError, match="a PDF begins with '%PDF-', these 4 bytes do not"):
        hl7_message(make_result(), pdf=b"text")


def test_who_sends_and_who_receives_is_told() -> None:
    route = Route(
        sending_facility="ST MARY", receiving_application="RIS", receiving_facility="A|B^2.25.7^ISO"
    )
    msh = parsed(make_result(), route=route).segment("MSH")
    assert [str(msh[number]) for number in (3, 4, 5)] == ["CORCAL", "ST MARY", "RIS"]
    assert hl7_message(make_result(), route=route).split("|")[5] == r"A\F\B^2.25.7^ISO"
    # hl7apy takes the data for a string of 199 characters; by 2.5.1 they may be 65536
    message = hl7_message(make_result(), route=route, pdf=PDF[:100])
    assert parse_message(message, validation_level=VALIDATION_LEVEL.STRICT).validate()


def test_an_address_of_more_than_three_parts_is_refused() -> None:
    with pytest.raises(InputError, match="receiving_facility has 4 parts, allowed are 1 to 3"):
        Route(receiving_facility="A^B^C^D")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("A" * 21, "has a name of 21 characters, allowed are 20"),
        (
            "^1." + "2" * 198 + "^ISO",
            "has a universal identifier of 200 characters, allowed are 199",
        ),
        ("RIS^nouid", "has a universal identifier without its type"),
        ("RIS^ ^ISO", "has a universal type without its identifier"),
        ("RIS^2.25.7^OID", "has the type 'OID' of a universal identifier, allowed are DNS, GUID"),
        ("RIS^2.25.7^iso", "has the type 'iso' of a universal identifier, allowed are DNS, GUID"),
        ("RIS^ris.example.org^ISO", "has no object identifier for the type ISO"),
        ("RIS^2.025^ISO", "has no object identifier for the type ISO"),
        ("^^", "names nothing, or has control characters"),
        (" ", "names nothing, or has control characters"),
        ("RIS\nTWO", "names nothing, or has control characters"),
    ],
)
@pytest.mark.parametrize(
    "name", ["sending_facility", "receiving_application", "receiving_facility"]
)
def test_an_address_that_no_receiver_can_read_is_refused(
    name: str, place: str, message: str
) -> None:
    with pytest.raises(InputError, match=f"^{name} {message}"):
        Route(**{name: place})


@pytest.mark.parametrize(
    "place",
    [
        "A" * 20,
        "^1." + "2" * 197 + "^ISO",
        "RIS^2.25.7^ISO",
        "^2.16.840.1.113883.19^ISO",
        "RIS^ris.example.org^DNS",
        "RIS^^",
        "RIS^478A0114-EBF0-7701-A023-6841FF05731A^UUID",
    ],
)
def test_an_address_as_the_standard_has_it_is_taken(place: str) -> None:
    route = Route(receiving_application=place)
    assert hl7_message(make_result(), route=route).split("|")[4] == place


@pytest.mark.parametrize(("result", "status"), [(make_result(), "A"), (signed_result(), "CM")])
def test_the_order_is_that_of_the_request(result: Result, status: str) -> None:
    result = replace(result, scan=replace(result.scan, accession_number="ACC-7"))
    orc, obr = (parsed(result).segment(name) for name in ("ORC", "OBR"))
    assert (str(orc[1]), str(orc[5])) == ("RE", status)
    assert [str(orc[number]) for number in (2, 3)] == [str(obr[number]) for number in (2, 3)]
    assert str(orc[2]) == "ACC-7"


def test_the_total_alone_has_the_code_of_the_score() -> None:
    segments = parsed(full_result()).segments("OBX")
    with_code = [str(each[4]) for each in segments if "450360000" in str(each[3])]
    assert with_code == ["total"]


def test_segments_end_with_a_carriage_return_and_the_message_is_the_same_again() -> None:
    message = hl7_message(full_result())
    assert message.startswith("MSH|^~\\&|CORCAL|")
    assert message.endswith("\r")
    assert "\n" not in message
    assert message == hl7_message(full_result())
