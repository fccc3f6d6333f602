"""The data types of FHIR R4 as JSON: codings, quantities, names, dates, narrative."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from html import escape
from typing import Any

from corcal.interop.codes import UCUM, Concept, Unit
from corcal.interop.facts import Fact, Span
from corcal.interop.strings import without_controls

__all__ = [
    "Json",
    "clean",
    "concept_json",
    "gender",
    "hl7_concept",
    "human_name",
    "instant",
    "is_dicom_uid",
    "narrative",
    "quantity",
    "site_json",
    "valid_date",
    "value_json",
    "without_gaps",
]

Json = dict[str, Any]

_HL7 = "http://terminology.hl7.org/CodeSystem"  # of FHIR's own code systems
_GENDERS = {"F": "female", "M": "male", "O": "other"}  # DICOM (0010,0040)
_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+", flags=re.ASCII)
_MAX_UID = 64  # characters, DICOM PS3.5


def clean(text: str | None) -> str | None:
    """Make a FHIR string: no control characters, no space around it; nothing left is ``None``."""
    return without_controls(text).strip() or None


def concept_json(concept: Concept, *, text: str | None = None) -> Json:
    """Write a CodeableConcept: corcal's code, those of standards for the same, and the words."""
    codings = [_coding(each) for each in (*concept.same_as, concept)]
    return {"coding": codings, "text": text or concept.display}


def hl7_concept(system: str, code: str, display: str) -> Json:
    """Write a code that FHIR itself asks for, such as the category of a report."""
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code, "display": display}]}


def _coding(concept: Concept) -> Json:
    return {"system": concept.system.uri, "code": concept.code, "display": concept.display}


def quantity(value: float | None, unit: Unit | None) -> Json | None:
    """Write a number with its UCUM unit; the number stays as it is."""
    if value is None:
        return None
    if unit is None:
        return {"value": value}
    return {"value": value, "unit": unit.shown, "system": UCUM.uri, "code": unit.ucum}


def value_json(fact: Fact) -> Json:
    """Write a value under the name that FHIR gives to its type, or why there is none."""
    value, unit = fact.value, fact.unit
    if value is None:
        absent = hl7_concept("data-absent-reason", "not-applicable", "Not Applicable")
        return {"dataAbsentReason": absent | {"text": clean(fact.absent)}}
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, str):
        return {"valueString": clean(value)}
    if isinstance(value, Concept):
        return {"valueCodeableConcept": concept_json(value)}
    if isinstance(value, Span):
        return {
            "valueRange": {"low": quantity(value.low, unit), "high": quantity(value.high, unit)}
        }
    return {"valueQuantity": quantity(value, unit)}


def site_json(site: Concept | None, name: str | None) -> Json | None:
    """Write a place in the body: its code if it has one, and its name."""
    if site is None:
        return {"text": name} if name else None
    return concept_json(site, text=name)


def valid_date(text: str | None) -> str | None:
    """Give a date ``YYYY-MM-DD`` if it is one.

    FHIR wants a time zone beside a time, and DICOM headers have none: times of a scan are left out.
    """
    try:
        return date.fromisoformat(text or "").isoformat()
    except ValueError:
        return None


def instant(text: str) -> str | None:
    """Give a moment with its time zone, as FHIR wants it; ``None`` if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.isoformat()


def is_dicom_uid(uid: str | None) -> bool:
    """Whether a UID is formed as the standard wants it; a header can hold anything."""
    return uid is not None and len(uid) <= _MAX_UID and _UID.fullmatch(uid) is not None


def gender(sex: str | None) -> str:
    """Translate the sex of a DICOM header; FHIR says ``unknown`` where it is silent."""
    return _GENDERS.get(sex or "", "unknown")


def human_name(name: str | None) -> list[Json] | None:
    """Take a DICOM name apart: family, given, middle, prefix, suffix, parted by ``^``.

    Names in other scripts follow after ``=``, and become names of their own.
    """
    groups = [_name_group(group) for group in (name or "").split("=")]
    return [group for group in groups if group] or None


def _name_group(group: str) -> Json:
    parts = [clean(part) for part in group.split("^")]
    family, given, middle, prefix, suffix = (*parts, *(None,) * 5)[:5]
    words = (prefix, given, middle, family, suffix)
    text = " ".join(word for word in words if word)
    if not text:
        return {}
    return {
        "text": text,
        "family": family,
        "given": [part for part in (given, middle) if part],
        "prefix": [prefix] if prefix else None,
        "suffix": [suffix] if suffix else None,
    }


def narrative(lines: Iterable[str]) -> Json:
    """Write the text that a person reads where a program shows nothing else."""
    body = "".join(f"<p>{escape(text)}</p>" for line in lines if (text := clean(line)))
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}


def without_gaps(value: Any) -> Any:
    """Drop what is ``None`` or empty, at every depth: FHIR knows no empty element."""
    if isinstance(value, dict):
        kept = {key: without_gaps(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each not in (None, {}, [], "")}
    if isinstance(value, list):
        kept_items = [without_gaps(each) for each in value]
        return [each for each in kept_items if each not in (None, {}, [], "")]
    return value
