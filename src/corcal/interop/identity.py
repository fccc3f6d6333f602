"""Identifiers that stay the same: the same exam, written twice, is the same record to a receiver.

They are UUIDs made from what identifies an exam (RFC 9562, version 5), so that a second delivery
updates what the first one made.
"""

import hashlib
from uuid import UUID, uuid5

import msgspec

from corcal.result import Result

__all__ = ["exam_uuid", "patient_uuid"]

_NAMESPACE = UUID("3903a556-9cb1-4e1c-bfde-ee036e1e2081")  # random, corcal's own


def exam_uuid(result: Result, part: str) -> UUID:
    """Name one part of a scored exam.

    A series that is scored again by the same rule and method keeps its names, and so does the exam
    that a reader reviews and signs, by whatever rule: the final report takes the place of the
    preliminary one, which the receiver keeps in its history. (A DICOM object has no versions: there
    each is one of its own.) Where there is no SeriesInstanceUID the content is the name.

    Parameters
    ----------
    result : Result
        The exam.
    part : str
        Which part: ``"report"``, ``"total"``, ``"LAD"`` ...

    Returns
    -------
    UUID
        Version 5.
    """
    made = result.provenance
    series = result.scan.series_instance_uid or _fingerprint(result)
    review = made.reviewed
    rule, method = (
        (made.rule, made.method) if review is None else (review.proposed_rule, review.proposed_by)
    )
    return _named("exam", series, rule, method, part)


def patient_uuid(result: Result) -> UUID:
    """Name the patient: by all that is known, as identifiers of two hospitals can be equal.

    A patient without an identifier is nobody else than the one of this exam.
    """
    patient = result.scan.patient
    if patient.patient_id is None:
        return exam_uuid(result, "patient")
    issuer = result.scan.patient_id_issuer
    known = [patient.patient_id, patient.name, patient.birth_date, patient.sex]
    known += [] if issuer is None else [issuer]
    return _named("patient", *(each or "" for each in known))


def _named(*parts: str) -> UUID:
    return uuid5(_NAMESPACE, "\x1f".join(parts).encode("utf-8", "replace").decode())


def _fingerprint(result: Result) -> str:
    """Hash what was scanned and measured."""
    content = msgspec.json.encode((result.scan, result.score, result.lesions))
    return hashlib.sha256(content).hexdigest()
