"""From a corrected record and the signed one before it to a record that says so."""

from dataclasses import replace

from corcal.amendment import Amendment, moment_told
from corcal.errors import InputError
from corcal.exam_numbers import is_fit
from corcal.result import SCHEMA_VERSION, Result, check_result, record_key

__all__ = ["amended", "category_said"]

_CATEGORIES = "plain"


def amended(result: Result, before: Result, *, reason: str, signed: str | None = None) -> Result:
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

    Returns
    -------
    Result
        The same with an `Amendment` in its provenance, in the current schema. One that says so
        already, of the same record and for the same reason, keeps what it says.

    Raises
    ------
    InputError
        If `before` is of another study, nobody has signed it, it is the same record or was signed
        later; if nobody has signed `result`, or it says that it corrects something else or for
        another reason; or if the reason is empty.
    """
    made, words = before.provenance, " ".join(reason.split())
    _check_pair(result, before, signed=signed)
    amendment = Amendment(
        reason=words,
        signed_before=signed or made.created,
        reader_before=made.reader,
        agatston_before=before.score.total.agatston,
        category_before=category_said(before),
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


def _check_pair(result: Result, before: Result, *, signed: str | None) -> None:
    """Refuse two records of which the one cannot take the place of the other."""
    made = before.provenance
    if before.scan.study_instance_uid != result.scan.study_instance_uid:
        msg = "the earlier report is of another study: a correction is of the same one"
        raise InputError(msg)
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
