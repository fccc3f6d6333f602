r"""A scored exam as an HL7 v2.5.1 message, ORU^R01: for hospitals whose systems do not speak FHIR.

One segment a line (ended by CR), UTF-8. Every number has an OBX segment of its own; ranges are of
type SN. What the delimiters are used for is escaped (``\F\``, ``\S\``, ``\T\``, ``\R\``, ``\E\``),
and a line break in a text is ``\.br\``, so that no text of a header can make a segment.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal

from corcal.interop.codes import EXAMINATION, UCUM, Concept, corcal_code
from corcal.interop.facts import Fact, Observable, Span, Value
from corcal.interop.hl7v2_route import Route
from corcal.interop.identity import exam_uuid
from corcal.interop.observables import observables, report_notes
from corcal.interop.strings import without_controls
from corcal.interop.summary import ReportStatus, check_pdf, conclusion, report_status
from corcal.result import Result

__all__ = ["NUMBER_WIDTH", "Route", "hl7_message", "hl7_number", "hl7_text"]

NUMBER_WIDTH = 16  # characters of an NM, HL7 v2.5.1 chapter 2A
_FIELD, _COMPONENT, _REPETITION, _ESCAPE, _SUB = "|", "^", "~", "\\", "&"
_ESCAPES = {
    _ESCAPE: "\\E\\",
    _FIELD: "\\F\\",
    _COMPONENT: "\\S\\",
    _SUB: "\\T\\",
    _REPETITION: "\\R\\",
}
_LINE_BREAK = "\\.br\\"
_SEGMENT_END = "\r"
_VERSION = "2.5.1"
_CONTROL_ID_LENGTH = 20  # of MSH-10
_RADIOLOGY = "RAD"  # table 0074
# Tables 0123 and 0085: C "is a correction and thus replaces a final result", whatever was changed
_STATUSES: dict[ReportStatus, str] = {
    "preliminary": "P",
    "final": "F",
    "amended": "C",
    "corrected": "C",
}
_STRING_WIDTH = 199  # characters of an ST, HL7 v2.5.1 chapter 2A; a TX has 65536
_FREE_TEXTS = frozenset({"amendment"})  # codes of what people write: always of one type
_NO_RESULT = "X"
_RESULTS_FOLLOW, _COMPLETED, _SOME_RESULTS = "RE", "CM", "A"  # tables 0119 and 0038
_SEXES = {"F": "F", "M": "M", "O": "O"}  # DICOM to table 0001

Segment = tuple[str, ...]


_NOWHERE = Route()


def hl7_message(result: Result, *, pdf: bytes | None = None, route: Route = _NOWHERE) -> str:
    """Make the message of a scored exam.

    Parameters
    ----------
    result : Result
        The exam.
    pdf : bytes, optional
        The clinician's report, which becomes the last OBX, encapsulated data (ED) in base64.
    route : Route
        Sending facility, receiving application and facility.

    Returns
    -------
    str
        Segments MSH, PID, ORC, OBR, NTE, OBX (with NTE), each ended by CR. Numbers are those of the
        record, to the 16 characters that HL7 gives them.

    Raises
    ------
    InputError
        If the report is no PDF.
    """
    body = list(_body(result))
    if pdf is not None:
        count = sum(each[0] == "OBX" for each in body)
        body.append(_obx_of_pdf(result, pdf, count + 1))
    rest = "".join(map(_line, (_pid(result), _orc(result), _obr(result), *body)))
    told = _line(_msh(result, route, "")) + rest
    control_id = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:_CONTROL_ID_LENGTH]
    return _line(_msh(result, route, control_id)) + rest


def _line(segment: Segment) -> str:
    return _FIELD.join(segment).rstrip(_FIELD) + _SEGMENT_END


def hl7_text(text: str | None) -> str:
    """Escape a text for a component; control characters are left out, line breaks are kept."""
    plain = without_controls(text).replace("\t", " ").replace("\r\n", "\n").replace("\r", "\n")
    lines = plain.strip().split("\n")
    return _LINE_BREAK.join("".join(_ESCAPES.get(char, char) for char in line) for line in lines)


def hl7_number(value: float) -> str:
    """Write a number as NM: digits and a point, without an exponent, at most 16 characters.

    Examples
    --------
    >>> hl7_number(14.0), hl7_number(1e-3), hl7_number(2), hl7_number(100 / 3)
    ('14.0', '0.001', '2', '33.3333333333333')
    """
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    text = f"{exact:f}"
    if len(text) <= NUMBER_WIDTH:
        return text
    decimals = max(0, NUMBER_WIDTH - 1 - len(f"{int(exact)}"))
    short = f"{exact:.{decimals}f}"
    if "." in short:
        short = short.rstrip("0").rstrip(".")
    return short if float(short) != 0 else text  # a trace is never told as nothing


def _msh(result: Result, route: Route, control_id: str) -> Segment:
    """Message header; MSH-1 is the delimiter that joins it to the rest.

    The control identifier follows from all the rest of the message: a receiver that has seen it
    may leave out what comes under it again.
    """
    delimiters = _COMPONENT + _REPETITION + _ESCAPE + _SUB
    fields = {
        3: hl7_text(result.provenance.software.upper()),
        4: _place(route.sending_facility),
        5: _place(route.receiving_application),
        6: _place(route.receiving_facility),
        7: _moment(result.provenance.created),
        9: "ORU^R01^ORU_R01",
        10: control_id,
        11: "P",
        12: _VERSION,
        18: "UNICODE UTF-8",
    }
    return ("MSH", delimiters, *_numbered(fields, start=3))


def _place(name: str) -> str:
    """Write an HD, each of its parts escaped."""
    return _COMPONENT.join(hl7_text(part) for part in name.split(_COMPONENT))


def _pid(result: Result) -> Segment:
    """Patient: who has no identifier is given one that says it is corcal's own (ANON)."""
    patient = result.scan.patient
    own = f"{exam_uuid(result, 'patient').hex}^^^CORCAL^ANON"
    fields = {
        1: "1",
        3: _patient_id(result) or own,
        5: _name(patient.name) or "^^^^^^U",  # table 0200: unspecified
        7: _day(patient.birth_date),
        8: _SEXES.get(patient.sex or "", "U"),
    }
    return ("PID", *_numbered(fields))


def _patient_id(result: Result) -> str:
    """Write the identifier of the patient as CX (PI: internal), with who gave it if known."""
    identifier = hl7_text(result.scan.patient.patient_id)
    issuer = hl7_text(result.scan.patient_id_issuer)
    return f"{identifier}^^^{issuer}^PI" if identifier else ""


def _name(name: str | None) -> str:
    """Write a DICOM name as XPN, which has suffix before prefix; the first script is taken."""
    parts = [hl7_text(part) for part in (name or "").split("=")[0].split("^")]
    family, given, middle, prefix, suffix = (*parts, *("",) * 5)[:5]
    return _COMPONENT.join((family, given, middle, suffix, prefix)).rstrip(_COMPONENT)


def _orc(result: Result) -> Segment:
    """Name the order that the results are of; preliminary ones are some of its results."""
    fields = {
        1: _RESULTS_FOLLOW,
        2: hl7_text(result.scan.accession_number),
        3: _filler_number(result),
        5: _COMPLETED if result.provenance.is_signed else _SOME_RESULTS,
    }
    return ("ORC", *_numbered(fields))


def _filler_number(result: Result) -> str:
    return f"{exam_uuid(result, 'report').hex}^CORCAL"


def _obr(result: Result) -> Segment:
    """Observation request: of which order, which examination, when, how far the report is.

    The accession number is the order's (OBR-2), and where IHE Radiology has it (OBR-18).
    """
    reader, accession = result.provenance.reader, hl7_text(result.scan.accession_number)
    fields = {
        1: "1",
        2: accession,
        3: _filler_number(result),
        4: _coded(EXAMINATION),
        7: _when(result),
        18: accession,
        22: _moment(result.provenance.created),
        24: _RADIOLOGY,
        25: _status(result),
        32: f"&{hl7_text(reader)}" if reader else "",
    }
    return ("OBR", *_numbered(fields))


def _body(result: Result) -> Iterator[Segment]:
    """Give the notes of the report, then every observable with its details and its notes."""
    yield from _notes((conclusion(result), *report_notes(result)))
    number = 0
    for told in observables(result):
        for fact in (told.fact, *told.details):
            number += 1
            yield _obx(result, number, told, fact)
        own = told.notes if told.fact.absent is None else (told.fact.absent, *told.notes)
        yield from _notes(note for note in own if note not in report_notes(result))


def _notes(texts: Iterable[str]) -> Iterator[Segment]:
    for number, text in enumerate(texts, start=1):
        yield ("NTE", str(number), "L", hl7_text(text))


def _obx(result: Result, number: int, told: Observable, fact: Fact) -> Segment:
    """Observation: OBX-4 names the observable, whose details share it."""
    kind, value = _value(fact.value, is_free=fact.concept.code in _FREE_TEXTS)
    is_main = fact is told.fact
    unit = fact.unit
    title = told.title if is_main else fact.concept.display + (told.about and f": {told.about}")
    fields = {
        1: str(number),
        2: kind,
        3: _coded(fact.concept, title),
        4: hl7_text(told.key),
        5: value,
        6: f"{hl7_text(unit.ucum)}^{hl7_text(unit.shown)}^{UCUM.name}" if unit is not None else "",
        11: _NO_RESULT if fact.value is None else _status(result),
        14: _when(result),
        17: _coded(told.method) if told.method is not None and is_main else "",
        18: _software(result) if is_main else "",
    }
    return ("OBX", *_numbered(fields))


def _obx_of_pdf(result: Result, pdf: bytes, number: int) -> Segment:
    """Encapsulate the report; the words for its type are those of MIME, which receivers know."""
    check_pdf(pdf)
    value = ("CORCAL", "application", "pdf", "Base64", b64encode(pdf).decode())
    fields = {
        1: str(number),
        2: "ED",
        3: _coded(corcal_code("report-pdf")),
        4: "report",
        5: _COMPONENT.join(value),
        11: _status(result),
        14: _when(result),
        18: _software(result),
    }
    return ("OBX", *_numbered(fields))


def _software(result: Result) -> str:
    made = result.provenance
    return f"{hl7_text(made.software)} {hl7_text(made.software_version)}^CORCAL"


def _value(value: Value | None, *, is_free: bool = False) -> tuple[str, str]:
    """Give OBX-2 and OBX-5: the type of a value, and the value; `is_free` is what people write."""
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return "CWE", "Y^Yes^HL70136" if value else "N^No^HL70136"
    if isinstance(value, str):
        text = hl7_text(value)
        return "TX" if is_free or len(text) > _STRING_WIDTH else "ST", text
    if isinstance(value, Concept):
        return "CWE", _coded(value)
    if isinstance(value, Span):
        return "SN", _structured(value)
    return "NM", hl7_number(value)


def _structured(span: Span) -> str:
    """Write a range as SN: comparator, first number, separator, second number."""
    if span.low is None:
        return "" if span.high is None else f"<^{hl7_number(span.high)}"
    if span.high is None:
        return f">=^{hl7_number(span.low)}"
    return f"^{hl7_number(span.low)}^-^{hl7_number(span.high)}"


def _coded(concept: Concept, title: str | None = None) -> str:
    """Write a code, words and system; of a standard first, corcal's own as the alternate."""
    own = (concept.code, title or concept.display, concept.system.name)
    triplets = [(each.code, each.display, each.system.name) for each in concept.same_as[:1]]
    return _COMPONENT.join(hl7_text(part) for triplet in (*triplets, own) for part in triplet)


def _status(result: Result) -> str:
    return _STATUSES[report_status(result)]


def _numbered(fields: dict[int, str], *, start: int = 1) -> list[str]:
    """Put fields in their places, as HL7 counts them."""
    return [fields.get(number, "") for number in range(start, max(fields) + 1)]


def _when(result: Result) -> str:
    """Write when the scan was made; a time without a date is none."""
    day = _day(result.scan.date)
    return day + _clock(result.scan.time) if day else ""


def _day(text: str | None) -> str:
    """Write ``YYYY-MM-DD`` as ``YYYYMMDD``; what is no date is left out."""
    try:
        return date.fromisoformat(text or "").strftime("%Y%m%d")
    except ValueError:
        return ""


def _clock(text: str | None) -> str:
    try:
        return time.fromisoformat(text or "").strftime("%H%M%S")
    except ValueError:
        return ""


def _moment(text: str) -> str:
    """Write an ISO 8601 moment with its offset: ``20260102110000+0000``."""
    try:
        return datetime.fromisoformat(text).strftime("%Y%m%d%H%M%S%z")
    except ValueError:
        return ""
