"""Puts the hospital's order into what is sent: the finished message, and the finished bundle.

The files of a version are made once and kept; here the order's numbers go into a copy of them, so
that the receiver files the report under its own order. All else stays as it is, byte for byte.
"""

import json
from typing import Any

from corcal.interop.fhir_types import hl7_concept
from corcal.interop.hl7v2 import hl7_text
from corcal.interop.order import Order

__all__ = ["with_order"]

_END, _FIELD, _COMPONENT = "\r", "|", "^"
_PLACER, _FILLER, _PROCEDURE, _ATTENDING_REFERRER, _PATIENT_CLASS = 2, 3, 44, 8, 2
_UNKNOWN_CLASS = "U"  # table 0004
_ORDER_KINDS = ("DiagnosticReport", "ImagingStudy")


def with_order(name: str, data: bytes, order: Order) -> bytes:
    """Give a file of a version with the order in it, where its kind has a place for one.

    Parameters
    ----------
    name : str
        Of the file: ``report.hl7`` and ``fhir.json`` name an order.
    data : bytes
        As it was made.
    """
    if name.endswith(".hl7"):
        return _message(data.decode(), order).encode()
    if name == "fhir.json":
        return _bundle(data, order)
    return data


def _message(message: str, order: Order) -> str:
    """HL7 v2.5.1: ORC-2, OBR-2 the placer's number, ORC-3, OBR-3 the filler's, OBR-44, PV1-8."""
    lines = []
    for line in message.split(_END):
        kind = line.partition(_FIELD)[0]
        numbers = {_PLACER: hl7_text(order.placer_number), _FILLER: hl7_text(order.filler_number)}
        if kind == "OBR":
            numbers[_PROCEDURE] = _procedure(order)
        lines.append(_with_fields(line, numbers) if kind in ("ORC", "OBR") else line)
        if kind == "PID" and order.referring_physician:
            lines.append(_visit(order.referring_physician))
    return _END.join(lines)


def _with_fields(line: str, values: dict[int, str]) -> str:
    """Set fields of a segment, as HL7 counts them; what is not known leaves them as they are."""
    fields = line.split(_FIELD)
    for number, value in values.items():
        if value:
            fields += [""] * (number + 1 - len(fields))
            fields[number] = value
    return _FIELD.join(fields)


def _procedure(order: Order) -> str:
    """Write the procedure that was ordered: code, words, catalogue."""
    code = order.procedure_code
    if code is None:
        parts = (order.procedure_id, order.procedure_description, "")
    else:
        parts = (code.value, code.meaning or order.procedure_description, code.scheme)
    return _COMPONENT.join(map(hl7_text, parts)).rstrip(_COMPONENT)


def _visit(name: str) -> str:
    """Write PV1 with who referred the patient; XCN has the suffix before the prefix."""
    parts = [hl7_text(part) for part in name.split("=")[0].split("^")]
    family, given, middle, prefix, suffix = (*parts, *("",) * 5)[:5]
    person = _COMPONENT.join(("", family, given, middle, suffix, prefix)).rstrip(_COMPONENT)
    return _with_fields("PV1|1", {_PATIENT_CLASS: _UNKNOWN_CLASS, _ATTENDING_REFERRER: person})


def _bundle(data: bytes, order: Order) -> bytes:
    """FHIR R4: `basedOn` names the order by its placer's number, else by the filler's."""
    number, kind = order.placer_number, ("PLAC", "Placer Identifier")
    if number is None:
        number, kind = order.filler_number, ("FILL", "Filler Identifier")
    if number is None:
        return data
    identifier = {"type": hl7_concept("v2-0203", *kind), "value": number}
    bundle: dict[str, Any] = json.loads(data)
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] in _ORDER_KINDS:
            reference = {"type": "ServiceRequest", "identifier": identifier}
            entry["resource"]["basedOn"] = [reference]
    return (json.dumps(bundle, indent=2, ensure_ascii=False) + "\n").encode()
