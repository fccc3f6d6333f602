"""A scored exam as a FHIR bundle, R4 (4.0.1; the same in R4B).

A transaction of one DiagnosticReport with its Observations, ImagingStudy, Device and Patient, each
put under an identifier that stays the same: a server that is sent the bundle twice has it once.
What a signed report does not tell, and one before it may have told, is put as entered in error.

The resources are plain dictionaries, encoded by msgspec, and the tests hold them against the models
of fhir.resources. At run time those would cost every user pydantic and 36 MB of models, a third of
a second to import, and a detour of each number through a decimal type; what they find is a mistake
of this module, which is the same on every machine.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable

import msgspec

from corcal.interop.codes import CORCAL, CT, EXAMINATION, corcal_code
from corcal.interop.facts import Observable
from corcal.interop.fhir_types import (
    Json,
    clean,
    concept_json,
    gender,
    hl7_concept,
    human_name,
    instant,
    is_dicom_uid,
    narrative,
    site_json,
    valid_date,
    value_json,
    without_gaps,
)
from corcal.interop.identity import exam_uuid, patient_uuid
from corcal.interop.observables import observables, report_notes, withdrawn
from corcal.interop.summary import check_pdf, conclusion, report_status, report_title
from corcal.result import RESEARCH_USE, Result

__all__ = ["fhir_bundle", "fhir_json"]

_URI_SYSTEM = "urn:ietf:rfc:3986"
_DICOM_UID_SYSTEM = "urn:dicom:uid"
_REPORT, _STUDY, _DEVICE = "report", "imaging-study", "device"


def fhir_bundle(result: Result, *, pdf: bytes | None = None) -> Json:
    """Make the bundle of a scored exam.

    Parameters
    ----------
    result : Result
        The exam; what it does not have is absent from the bundle.
    pdf : bytes, optional
        The clinician's report, which becomes the `presentedForm` of the DiagnosticReport.

    Returns
    -------
    dict
        A FHIR R4 Bundle of type transaction, as JSON has it. Numbers are those of the record.

    Raises
    ------
    InputError
        If the report is no PDF.
    """
    told = observables(result)
    resources = (
        _report(result, told, pdf),
        _patient(result),
        _device(result),
        _imaging_study(result),
        *(_observation(result, each) for each in told),
        *(_withdrawn(result, each) for each in _gone(result)),
    )
    bundle: Json = without_gaps(
        {
            "resourceType": "Bundle",
            "id": str(exam_uuid(result, "bundle")),
            "meta": {"tag": [_tag()]},
            "identifier": _identifier(result, "bundle"),
            "type": "transaction",
            "timestamp": instant(result.provenance.created),
            "entry": [_entry(resource) for resource in resources],
        }
    )
    return bundle


def fhir_json(result: Result, *, pdf: bytes | None = None) -> str:
    """Make the bundle of a scored exam as text: indented JSON with a final newline."""
    encoded = msgspec.json.encode(fhir_bundle(result, pdf=pdf))
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def _entry(resource: Json) -> Json:
    kind, name = resource["resourceType"], resource["id"]
    return {
        "fullUrl": f"urn:uuid:{name}",
        "resource": resource,
        "request": {"method": "PUT", "url": f"{kind}/{name}"},
    }


def _tag() -> Json:
    """Mark a resource as for research use; every one of them bears it."""
    return {"system": CORCAL.uri, "code": "research-use-only", "display": RESEARCH_USE}


def _head(kind: str, name: str) -> Json:
    return {"resourceType": kind, "id": name, "meta": {"tag": [_tag()]}}


def _identifier(result: Result, part: str) -> Json:
    return {"system": _URI_SYSTEM, "value": f"urn:uuid:{exam_uuid(result, part)}"}


def _reference(result: Result, part: str) -> Json:
    return {"reference": f"urn:uuid:{exam_uuid(result, part)}"}


def _told_of(result: Result) -> Json:
    """Give what report and observations share: status, whose, when, and who stands for it."""
    reader = clean(result.provenance.reader)
    return {
        "status": report_status(result),
        "subject": {"reference": f"urn:uuid:{patient_uuid(result)}"},
        "effectiveDateTime": valid_date(result.scan.date),
        "issued": instant(result.provenance.created),
        "performer": [{"display": reader}] if reader else None,
    }


def _report(result: Result, told: Iterable[Observable], pdf: bytes | None) -> Json:
    """Make the report, to which all else belongs."""
    lines = (conclusion(result), *report_notes(result))
    return (
        _head("DiagnosticReport", str(exam_uuid(result, _REPORT)))
        | _told_of(result)
        | {
            "text": narrative(lines),
            "identifier": [_identifier(result, _REPORT)],
            "basedOn": _order(result),
            "category": [hl7_concept("v2-0074", "RAD", "Radiology")],
            "code": concept_json(EXAMINATION),
            "result": [_reference(result, each.key) for each in told],
            "imagingStudy": [_reference(result, _STUDY)],
            "resultsInterpreter": _signer(result),
            "conclusion": clean(" ".join(lines)),
            "presentedForm": None if pdf is None else [_attachment(result, pdf)],
        }
    )


def _signer(result: Result) -> list[Json] | None:
    """Name who has read the exam and signed."""
    reader = clean(result.provenance.reader) if result.provenance.is_signed else None
    return [{"display": reader}] if reader else None


def _attachment(result: Result, pdf: bytes) -> Json:
    """Embed the report as it is; FHIR R4 wants a SHA-1 of the bytes."""
    check_pdf(pdf)
    return {
        "contentType": "application/pdf",
        "language": "en",
        "data": b64encode(pdf).decode(),
        "size": len(pdf),
        "hash": b64encode(hashlib.sha1(pdf, usedforsecurity=False).digest()).decode(),
        "title": report_title(result),
        "creation": instant(result.provenance.created),
    }


def _accession(result: Result) -> Json | None:
    """Give the accession number as the identifier that it is."""
    number = clean(result.scan.accession_number)
    if not number:
        return None
    return {"type": hl7_concept("v2-0203", "ACSN", "Accession ID"), "value": number}


def _order(result: Result) -> list[Json] | None:
    """Refer to the order by its accession number: the receiver knows it by that."""
    number = _accession(result)
    return None if number is None else [{"type": "ServiceRequest", "identifier": number}]


def _patient(result: Result) -> Json:
    patient = result.scan.patient
    identifier, issuer = clean(patient.patient_id), clean(result.scan.patient_id_issuer)
    assigner = {"display": issuer} if issuer else None
    kind = hl7_concept("v2-0203", "PI", "Patient internal identifier")
    return _head("Patient", str(patient_uuid(result))) | {
        "identifier": [{"type": kind, "value": identifier, "assigner": assigner}]
        if identifier
        else None,
        "name": human_name(patient.name),
        "gender": gender(patient.sex),
        "birthDate": valid_date(patient.birth_date),
    }


def _device(result: Result) -> Json:
    """Describe the software and the models that it used."""
    made = result.provenance
    models = [each for each in (made.model, made.detector) if each is not None]
    software, model = corcal_code("software"), corcal_code("model")
    return _head("Device", str(exam_uuid(result, _DEVICE))) | {
        "deviceName": [{"name": clean(made.software), "type": "model-name"}],
        "type": concept_json(software),
        "version": [
            {"type": concept_json(software), "value": clean(made.software_version)},
            *(
                {"type": concept_json(model, text=clean(each.name)), "value": clean(each.version)}
                for each in models
            ),
        ],
        "note": [{"text": RESEARCH_USE}],
    }


def _imaging_study(result: Result) -> Json:
    """Describe study and series, as far as their UIDs are such."""
    scan = result.scan
    modality = concept_json(CT)["coding"]
    has_study, has_series = map(is_dicom_uid, (scan.study_instance_uid, scan.series_instance_uid))
    number = scan.series_number
    series = {
        "uid": scan.series_instance_uid,
        "number": number if number is not None and number >= 0 else None,
        "modality": modality[0],
        "description": clean(scan.series_description),
    }
    accession = _accession(result)
    study = {"system": _DICOM_UID_SYSTEM, "value": f"urn:oid:{scan.study_instance_uid}"}
    return _head("ImagingStudy", str(exam_uuid(result, _STUDY))) | {
        "identifier": [*([study] if has_study else []), *([accession] if accession else [])],
        "basedOn": _order(result),
        "status": "available",
        "modality": modality,
        "subject": {"reference": f"urn:uuid:{patient_uuid(result)}"},
        "started": valid_date(scan.date),
        "description": clean(scan.study_description),
        "series": [series] if has_series else None,
    }


def _gone(result: Result) -> tuple[Observable, ...]:
    """List what a server may still have of an earlier report that a signed one takes the place of.

    Whether there was a preliminary one is not in the record, so each signed one withdraws it.
    """
    made = result.provenance
    return withdrawn(result) if made.is_signed or made.amendment is not None else ()


def _withdrawn(result: Result, gone: Observable) -> Json:
    """Write that what the observation said was in error; the report does not refer to it."""
    return (
        _head("Observation", str(exam_uuid(result, gone.key)))
        | {
            "identifier": [_identifier(result, gone.key)],
            "status": "entered-in-error",
            "category": [hl7_concept("observation-category", "imaging", "Imaging")],
            "code": concept_json(gone.fact.concept, text=clean(gone.title)),
            "subject": {"reference": f"urn:uuid:{patient_uuid(result)}"},
        }
        | value_json(gone.fact)
    )


def _observation(result: Result, told: Observable) -> Json:
    """Write one observable; it comes from others, or else from the images."""
    return (
        _head("Observation", str(exam_uuid(result, told.key)))
        | _told_of(result)
        | {
            "identifier": [_identifier(result, told.key)],
            "category": [hl7_concept("observation-category", "imaging", "Imaging")],
            "code": concept_json(told.fact.concept, text=clean(told.title)),
        }
        | value_json(told.fact)
        | {
            "note": [{"text": clean(note)} for note in told.notes],
            "bodySite": site_json(told.site, told.site_name),
            "method": concept_json(told.method) if told.method else None,
            "device": _reference(result, _DEVICE),
            "hasMember": [_reference(result, key) for key in told.members],
            "derivedFrom": [_reference(result, key) for key in told.derived_from or (_STUDY,)],
            "component": [
                {"code": concept_json(each.concept)} | value_json(each) for each in told.details
            ],
        }
    )
