"""From a corrected record and the signed one before it to a record that says so."""

import math
from collections.abc import Iterator
from dataclasses import replace

from corcal.amendment import Amendment, check_reader, check_signed, moment_told
from corcal.errors import InputError
from corcal.exam_numbers import is_fit
from corcal.followup.person import has_other_name
from corcal.followup.types import ExamNumbers
from corcal.result import SCHEMA_VERSION, Result, ScanRecord, check_result, record_key

__all__ = ["amended", "category_said", "check_earlier"]

_CATEGORIES = "plain"
_TOLERANCE_MM = 1e-3  # the same headers may be computed to other last digits on another machine
_UNNAMED = "if one of them was de-identified, correct the original and de-identify the correction"
_SCAN_FACTS = {
    "series_instance_uid": "SeriesInstanceUID",
    "frame_of_reference_uid": "FrameOfReferenceUID",
    "accession_number": "accession number",
    "date": "date of the scan",
    "time": "time of the scan",
    "shape": "number of slices, rows or columns",
}


def amended(
    result: Result,
    before: Result,
    *,
    reason: str,
    signed: str | None = None,
    is_one_exam: bool = False,
) -> Result:
    """Say in a record that it corrects a report that was signed before.

    Parameters
    ----------
    result : Result
        The corrected record, which a reader has signed as well; it stays as it is.
    before : Result
        The record that was signed.
    reason : str
        Why it is corrected, 1 to `corcal.amendment.MAX_REASON` characters.
    signed : str, optional
        When `before` was signed, ISO 8601, if somebody has kept that: else when its record was
        made, which must then be one that a reader has signed.
    is_one_exam : bool, optional
        Whether the caller knows that both are versions of one exam, as the store does: records that
        name no study need nothing else then that tells so.

    Returns
    -------
    Result
        The same with an `Amendment` in its provenance, in the current schema. One that says so
        already, of the same record and for the same reason, keeps what it says.

    Raises
    ------
    InputError
        If `before` is of another patient or study, nobody has signed it, it is the same record or
        was signed later; if nobody has signed `result`, or it says that it corrects something else
        or for another reason; or if the reason is empty.

    Notes
    -----
    Both are of one patient if their identifiers are the same, and of one study if their
    StudyInstanceUIDs are: name, date of birth, sex and age may then be what is corrected. Where an
    identifier or the StudyInstanceUID is missing, name and date of birth must not both be other
    ones. A record that names nobody takes the place of none that names a patient.

    Records without a StudyInstanceUID must be of one scan by all that they tell of it, and
    something must tell it from others: its series or its images, the patient and the day, the
    moment, or a correction that names the record before it.
    """
    made, words = before.provenance, " ".join(reason.split())
    try:
        check_earlier(before, signed=signed)
    except InputError as exc:
        msg = f"the earlier report: {exc}"
        raise InputError(msg) from exc
    _check_person(result, before)
    _check_study(result, before, is_one_exam=is_one_exam)
    _check_signatures(result, before, signed=signed)
    amendment = Amendment(
        reason=words,
        signed_before=signed or made.created,
        reader_before=made.reader,
        agatston_before=before.score.total.agatston,
        category_before=category_said(before),
        fit_before=is_fit(before),
        record_before=_key(before),
    )
    said = result.provenance.amendment
    if said is not None:
        _check_same(said, amendment)
        amendment = said
    told = replace(
        result,
        schema_version=SCHEMA_VERSION,
        provenance=replace(result.provenance, amendment=amendment),
    )
    check_result(told)
    return told


def check_earlier(before: Result, *, signed: str | None = None) -> None:
    """Refuse a record of which an addendum could not tell who signed it, or when.

    Parameters
    ----------
    before : Result
        The record that is to be corrected.
    signed : str, optional
        When it was signed, if somebody has kept that: then nothing that the record says.

    Raises
    ------
    InputError
        Naming the field and what is allowed; that the record is the earlier one is the caller's to
        say.
    """
    made = before.provenance
    if signed is None:
        check_signed("provenance.created", made.created)
    if made.reader is not None:
        check_reader("provenance.reader", made.reader)


def _check_person(result: Result, before: Result) -> None:
    """Refuse records of two people, without telling anything of either."""
    new, old = (
        (who.patient_id, who.name, who.birth_date)
        for who in (result.scan.patient, before.scan.patient)
    )
    if any(old) and not any(new):
        msg = (
            "the corrected report names no patient, but the earlier one does: a correction is of "
            f"the same patient; {_UNNAMED}"
        )
        raise InputError(msg)
    other = tuple(_other_person(result, before))
    if other:
        msg = (
            "the earlier report is of another patient than the corrected one, by the "
            f"{' and the '.join(other)}: a correction is of the same patient; {_UNNAMED}"
        )
        raise InputError(msg)


def _other_person(result: Result, before: Result) -> Iterator[str]:
    """Name what tells that two records are of two people.

    An identifier decides; a name or a date of birth may be what is corrected, but not both at once
    where no identifier of the same study stands for the patient.
    """
    new, old = result.scan, before.scan
    numbers = (new.patient.patient_id, old.patient.patient_id)
    if _differ(*numbers):
        yield "patient identifier"
    elif all(numbers) and _differ(new.patient_id_issuer, old.patient_id_issuer):
        yield "issuer of the patient identifier"
    if all(numbers) and _is_same(new.study_instance_uid, old.study_instance_uid):
        return
    one, other = new.patient, old.patient
    is_other = {}
    if one.name and other.name:
        is_other["name"] = has_other_name((_named(one.name), _named(other.name)))
    if one.birth_date and other.birth_date:
        is_other["date of birth"] = one.birth_date != other.birth_date
    if all(is_other.values()):
        yield from is_other


def _named(name: str) -> ExamNumbers:
    """Give a name as the rule of `corcal.followup` takes it."""
    return ExamNumbers(date=None, agatston=0.0, name=name)


def _differ(one: str | None, other: str | None) -> bool:
    """Whether two texts are told and differ in more than spaces."""
    return bool(one and other) and (one or "").split() != (other or "").split()


def _is_same(one: object, other: object) -> bool:
    """Whether two facts are told, and the same."""
    return bool(one) and one == other


def _check_study(result: Result, before: Result, *, is_one_exam: bool) -> None:
    """Refuse records of two studies; of two scans, where they name no study."""
    new, old = result.scan.study_instance_uid, before.scan.study_instance_uid
    if new and old and new != old:
        msg = f"the earlier report is of another study: a correction is of the same one; {_UNNAMED}"
        raise InputError(msg)
    if bool(new) != bool(old):
        named, other = ("corrected", "earlier") if new else ("earlier", "corrected")
        msg = (
            f"the {named} report names its study (StudyInstanceUID), but the {other} one does "
            "not: nothing tells that both are of the same one"
        )
        raise InputError(msg)
    if not new and not is_one_exam:
        _check_scan(result, before)


def _check_scan(result: Result, before: Result) -> None:
    """Refuse records without a study that are of two scans, or that nothing tells from others."""
    new, old = result.scan, before.scan
    other = tuple(_other_scan(new, old))
    if other:
        msg = (
            "the earlier report is of another scan than the corrected one, by the "
            f"{' and the '.join(other)}: a correction is of the same scan"
        )
        raise InputError(msg)
    is_same_day = _is_same(new.date, old.date)
    has_images = bool(new.sop_instance_uids) and all(new.sop_instance_uids)
    ties = (
        _is_same(new.series_instance_uid, old.series_instance_uid),
        has_images and new.sop_instance_uids == old.sop_instance_uids,
        is_same_day and _is_same(new.patient.patient_id, old.patient.patient_id),
        is_same_day and _is_same(new.time, old.time),
        _is_named_by(result, before),
    )
    if not any(ties):
        msg = (
            "neither the earlier nor the corrected report names its study (StudyInstanceUID), and "
            "nothing else tells that both are of one scan: make the addendum in corcal serve, "
            "whose record says what it corrects"
        )
        raise InputError(msg)


def _other_scan(new: ScanRecord, old: ScanRecord) -> Iterator[str]:
    """Name what tells that two records are of two scans."""
    for name, what in _SCAN_FACTS.items():
        known = getattr(new, name), getattr(old, name)
        if all(known) and known[0] != known[1]:
            yield what
    images = new.sop_instance_uids, old.sop_instance_uids
    if all(map(all, images)) and images[0] != images[1]:
        yield "SOPInstanceUIDs"
    spacings = ((one.increment_mm, *one.pixel_spacing_mm) for one in (new, old))
    if not all(
        math.isclose(*pair, rel_tol=0, abs_tol=_TOLERANCE_MM)
        for pair in zip(*spacings, strict=True)
    ):
        yield "distance of slices or pixels"


def _is_named_by(result: Result, before: Result) -> bool:
    """Whether a record says already that it corrects this very one."""
    said = result.provenance.amendment
    return said is not None and _is_same(said.record_before, _key(before))


def _check_signatures(result: Result, before: Result, *, signed: str | None) -> None:
    """Refuse a record in the place of one that it cannot take, by who signed them and when."""
    made = before.provenance
    if signed is None and not made.is_signed:
        msg = "nobody has signed the earlier report: a preliminary one is replaced, not corrected"
        raise InputError(msg)
    if result == before:
        msg = "the corrected report and the earlier one are the same record: there is no correction"
        raise InputError(msg)
    if not result.provenance.is_signed:
        msg = (
            "nobody has signed the corrected report: only a signed one takes the place of a signed "
            "one, and results are signed in corcal serve"
        )
        raise InputError(msg)
    first, then = moment_told(signed or made.created), moment_told(result.provenance.created)
    if first is not None and then is not None and first > then:
        msg = (
            f"the earlier report was signed at {first.isoformat()}, the corrected one at "
            f"{then.isoformat()}: a correction is signed later than what it corrects"
        )
        raise InputError(msg)


def _check_same(said: Amendment, asked: Amendment) -> None:
    """Refuse to put other words in the place of those that were signed."""
    if said.reason != asked.reason:
        msg = (
            "the corrected report already says why it corrects one, and was signed with that: "
            "give the same reason, or leave out what it corrects"
        )
        raise InputError(msg)
    if said.record_before is None or asked.record_before is None:
        is_same = (said.agatston_before, said.reader_before) == (
            asked.agatston_before,
            asked.reader_before,
        )
    else:
        is_same = said.record_before == asked.record_before
    if not is_same:
        msg = (
            "the corrected report already says that it corrects another record, signed on "
            f"{said.signed_before}: what was signed is not overwritten"
        )
        raise InputError(msg)


def category_said(result: Result) -> str | None:
    """Give the category that reports of a record say; none if nobody asked, or of an unfit scan."""
    if result.interpretation is None or not is_fit(result):
        return None
    return result.interpretation.categories[_CATEGORIES].code


def _key(before: Result) -> str | None:
    """Name the earlier record as its objects do; a record of an older schema had other names."""
    if before.schema_version != SCHEMA_VERSION:
        return None
    return record_key(before, software_version=before.provenance.software_version)
