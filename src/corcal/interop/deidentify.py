"""A result without what tells who the patient is, so that all outputs made from it are without it.

Identifiers are replaced by a keyed hash (HMAC-SHA-256): with the same key the same person, study
and series get the same new names, and without the key nobody finds the old ones by trying. Dates of
one person are all moved by the same number of days. Ages are completed years, and 90 stands for all
above 89, as the safe harbour of HIPAA has it (45 CFR 164.514(b)(2)(i)(C)): what a score means is
said anew of them, since a risk of sixteen digits would tell the age to the day. What only
describes (study and series description, file and reader names) is taken out, because people write
names there.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

import msgspec

from corcal._version import __version__
from corcal.amendment import Amendment
from corcal.ct.scan import CTScan, Patient
from corcal.errors import InputError
from corcal.followup.types import Followup
from corcal.result import (
    Provenance,
    Result,
    ReviewAdvice,
    ReviewRecord,
    ScanRecord,
    SuitabilityRecord,
)

if TYPE_CHECKING:  # pydicom takes a third of a second to import
    from corcal.interop.dicom.source import ScoredExam

__all__ = ["DEIDENTIFICATION_METHOD", "MIN_KEY_BYTES", "Deidentifier", "deidentified_exam"]

DEIDENTIFICATION_METHOD = f"corcal {__version__}: keyed hash, dates moved, texts removed"
_ExamT = TypeVar("_ExamT", bound="ScoredExam")

MIN_KEY_BYTES = 16
_MAX_SHIFT_DAYS = 3652  # ten years
_ID_LENGTH = 12  # hexadecimal digits: 48 bits keep a million people apart
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_REMOVED = "[removed]"
_WHO = {"patient_key", "name", "birth_date", "series_key"}  # of ExamNumbers
_OLDEST_YEARS, _MAX_AGE_YEARS = 90.0, 120.0  # for all above 89; what is more is no age
_MIN_WORD = 3  # characters; "A" or "12" as an identifier would be found in every sentence


class Deidentifier:
    """Replaces identifiers, the same way for every result as long as the key is the same.

    Parameters
    ----------
    key : bytes
        Secret, at least `MIN_KEY_BYTES`.

    Raises
    ------
    InputError
        If the key is shorter.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            msg = f"the key has {len(key)} bytes, needed are at least {MIN_KEY_BYTES}"
            raise InputError(msg)
        self._key = key

    def __call__(self, result: Result, *, also: Collection[str | None] = ()) -> Result:
        """Give the same result without what tells who the patient is.

        Parameters
        ----------
        result : Result
            The record.
        also : collection of str or None
            What else must not stand in a text, such as names of files.

        Returns
        -------
        Result
            Identifier, UIDs and dates are replaced; name, date of birth, time of the scan,
            descriptions, reader and names of files are gone. Every measured number is as it was.
            Ages are in whole years, 90 at most, and so is what is said of the person.
        """
        days = self.shift_days(result.scan)
        clean = _cleaner(result, also)
        hidden = replace(
            result,
            scan=self._scan(result.scan, days),
            suitability=_suitability(result.suitability, clean),
            score=replace(
                result.score, mass_calibration_detail=clean(result.score.mass_calibration_detail)
            ),
            provenance=_provenance(result.provenance, clean, days),
            review=None if result.review is None else _review(result.review, clean),
            followup=None if result.followup is None else _followup(result.followup, days),
        )
        return _said_of_whole_years(hidden, result)

    def uid(self, uid: str | None) -> str | None:
        """Give the UID that stands for another one: 2.25 and a UUID made from the keyed hash."""
        if uid is None:
            return None
        return f"2.25.{UUID(bytes=self._hash('uid', uid)[:16], version=4).int}"

    def patient_id(self, patient_id: str | None) -> str | None:
        """Give the identifier that stands for another one."""
        if patient_id is None:
            return None
        return f"ANON-{self._hash('patient', patient_id).hex()[:_ID_LENGTH].upper()}"

    def shift_days(self, scan: ScanRecord) -> int:
        """Give the days by which the dates of a person go back: 1 to 3652, the same for all exams.

        Without a patient identifier the study is what dates are kept consistent in.
        """
        whose = scan.patient.patient_id or scan.study_instance_uid or ""
        return 1 + int.from_bytes(self._hash("days", whose)[:8]) % _MAX_SHIFT_DAYS

    def _hash(self, kind: str, value: str) -> bytes:
        message = f"{kind}\x1f{value}".encode("utf-8", "replace")
        return hmac.digest(self._key, message, hashlib.sha256)

    def _scan(self, scan: ScanRecord, days: int) -> ScanRecord:
        patient = scan.patient
        return replace(
            scan,
            patient=Patient(
                patient_id=self.patient_id(patient.patient_id),
                sex=patient.sex,
                age_years=_whole_years(patient.age_years),
            ),
            study_instance_uid=self.uid(scan.study_instance_uid),
            series_instance_uid=self.uid(scan.series_instance_uid),
            frame_of_reference_uid=self.uid(scan.frame_of_reference_uid),
            sop_instance_uids=tuple(map(self.uid, scan.sop_instance_uids)),
            study_description=None,
            series_description=None,
            date=_moved(scan.date, days),
            time=None,
            accession_number=None,
            patient_id_issuer=None,
        )


def _whole_years(age_years: float | None) -> float | None:
    """Give completed years, 90 for more than 89; what is no age, such as 999, is left out."""
    if age_years is None or not 0 <= age_years <= _MAX_AGE_YEARS:
        return None
    return _completed(age_years)


def _completed(age_years: float) -> float:
    return min(float(int(age_years)), _OLDEST_YEARS)


def _said_of_whole_years(hidden: Result, result: Result) -> Result:
    """Interpret again for the ages that are kept, if they are others than before."""
    meaning, age = result.interpretation, result.scan.patient.age_years
    if meaning is None:
        return hidden
    person = meaning.person
    whole = None if person is None else replace(person, age_years=_completed(person.age_years))
    if (whole, hidden.scan.patient.age_years) == (person, age):
        return hidden
    from corcal.interpreted import interpret_result  # the guidance: only where it is needed
    from corcal.risk.guidance import GUIDELINES

    told = (each.guideline for each in meaning.guidance if each.guideline in GUIDELINES)
    again = interpret_result(hidden, whole, guidelines=tuple(dict.fromkeys(told)) or None)
    return replace(hidden, interpretation=again)


def _moved(day: str | None, days: int) -> str | None:
    """Move a date back; what is no date is left out."""
    try:
        return (date.fromisoformat(day or "") - timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return None


def _moved_in(text: str, days: int) -> str:
    """Move every date that stands in a text."""
    return _DATE.sub(lambda found: _moved(found[0], days) or found[0], text)


def _provenance(made: Provenance, clean: Callable[[str], str], days: int) -> Provenance:
    """Take out what a person or a file is called; the reason for a series can name its folder."""
    annotation, reviewed, amendment = made.annotation, made.reviewed, made.amendment
    return replace(
        made,
        reviewed=None if reviewed is None else _reviewed(reviewed, days),
        amendment=None if amendment is None else _amendment(amendment, days),
        created=_moved_in(made.created, days),
        reader=None,
        rule_reason=clean(made.rule_reason),
        series_reason=_REMOVED,
        annotation=None if annotation is None else replace(annotation, source=_REMOVED),
    )


def _reviewed(reviewed: ReviewRecord, days: int) -> ReviewRecord:
    """Keep how many readers there were, and how long they took."""
    return replace(
        reviewed,
        readers=tuple(_REMOVED for _ in reviewed.readers),
        started=None if reviewed.started is None else _moved_in(reviewed.started, days),
        finished=None if reviewed.finished is None else _moved_in(reviewed.finished, days),
    )


def _amendment(amendment: Amendment, days: int) -> Amendment:
    """Keep that it corrects an earlier report, and the scores: people write names into reasons."""
    return replace(
        amendment,
        reason=_REMOVED,
        signed_before=_moved_in(amendment.signed_before, days),
        reader_before=None,
        record_before=None,
    )


def _suitability(found: SuitabilityRecord, clean: Callable[[str], str]) -> SuitabilityRecord:
    findings = tuple(replace(each, message=clean(each.message)) for each in found.findings)
    return replace(found, findings=findings)


def _review(advice: ReviewAdvice, clean: Callable[[str], str]) -> ReviewAdvice:
    return replace(advice, reasons=tuple(map(clean, advice.reasons)))


def _followup(followup: Followup, days: int) -> Followup:
    """Move all dates, also where sentences name them, and say nothing of whose the exams are."""
    moved = _dates_moved(msgspec.to_builtins(followup), days)
    for exam in moved["exams"]:
        exam.update(dict.fromkeys(_WHO & exam.keys()))
        exam["age_years"] = _whole_years(exam["age_years"])
    return msgspec.convert(moved, Followup)


def _dates_moved(value: Any, days: int) -> Any:
    if isinstance(value, str):
        return _moved_in(value, days)
    if isinstance(value, dict):
        return {key: _dates_moved(each, days) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_dates_moved(each, days) for each in value]
    return value


def _cleaner(result: Result, also: Collection[str | None]) -> Callable[[str], str]:
    """Make what takes identifying words out of a free text.

    Texts of corcal hold none, by rule; this is the second line of defence. It is used on free text
    alone: the patient of the identifier 101 does not lose the category 101-400, nor does Mrs White
    lose her group of MESA.
    """
    scan, made = result.scan, result.provenance
    patient = scan.patient
    source = made.annotation.source if made.annotation is not None else None
    found = (
        *re.split(r"[\^= ,]+", patient.name or ""),
        *(patient.patient_id, patient.name, patient.birth_date, made.reader, source),
        *(made.reviewed.readers if made.reviewed is not None else ()),
        made.amendment.reader_before if made.amendment is not None else None,
        *(scan.study_instance_uid, scan.series_instance_uid, scan.frame_of_reference_uid),
        *(*scan.sop_instance_uids, scan.study_description, scan.series_description, scan.date),
        *(scan.accession_number, scan.patient_id_issuer),
        *also,
    )
    words = {word for word in found if word is not None and len(word) >= _MIN_WORD}
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", flags=re.IGNORECASE)
    return lambda text: pattern.sub(_REMOVED, text) if words else text


def deidentified_exam(exam: _ExamT, deidentifier: Deidentifier) -> _ExamT:
    """Give the same exam without what tells who the patient is, for outputs that need the scan.

    Parameters
    ----------
    exam : Exam
        A scored exam; it stays as it is.
    deidentifier : Deidentifier
        Replaces the same way in every exam and object.

    Returns
    -------
    Exam
        Result and scan agree: patient, UIDs and dates are replaced in both. Accession number, study
        identifier, times, descriptions and names of files are gone. Voxels stay: what a scanner has
        written into the pixels is not looked for.
    """
    scan = exam.scan
    names = {name for one in scan.slices for name in (one.source, PurePosixPath(one.source).name)}
    series, made = scan.series, scan.acquisition
    numbers = (series.accession_number, series.patient_id_issuer, series.study_id)
    also = (*names, *numbers, made.protocol_name)
    result = deidentifier(exam.result, also=also)
    clean = _cleaner(exam.result, also)
    hidden = replace(
        scan,
        patient=result.scan.patient,
        findings=tuple(replace(one, message=clean(one.message)) for one in scan.findings),
        **_hidden_headers(scan, deidentifier, deidentifier.shift_days(exam.result.scan), clean),
    )
    return cast("_ExamT", replace(cast("Any", exam), result=result, scan=hidden))


def _hidden_headers(
    scan: CTScan, hide: Deidentifier, days: int, clean: Callable[[str], str]
) -> dict[str, Any]:
    """Replace what identifies the series, its images and the acquisition."""
    series, made = scan.series, scan.acquisition
    day = series.study_date or ""
    moved = _moved(f"{day[:4]}-{day[4:6]}-{day[6:]}", days)
    return {
        "series": replace(
            series,
            study_instance_uid=hide.uid(series.study_instance_uid),
            series_instance_uid=hide.uid(series.series_instance_uid),
            frame_of_reference_uid=hide.uid(series.frame_of_reference_uid),
            accession_number=None,
            patient_id_issuer=None,
            study_id=None,
            study_date=moved.replace("-", "") if moved else None,
            study_time=None,
            deidentification_method=DEIDENTIFICATION_METHOD,
        ),
        "acquisition": replace(
            made,
            study_description=None,
            series_description=None,
            protocol_name=None,
            contrast_agent=clean(made.contrast_agent) if made.contrast_agent else None,
            date=_moved(made.date, days),
            time=None,
        ),
        "slices": tuple(
            replace(one, source=f"slice {k}", sop_instance_uid=hide.uid(one.sop_instance_uid))
            for k, one in enumerate(scan.slices, 1)
        ),
    }
