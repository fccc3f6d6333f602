"""From a corrected record and the signed one before it to a record that says so."""

from dataclasses import replace

from corcal.amendment import Amendment
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
        The corrected record; it stays as it is.
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
        The same with an `Amendment` in its provenance, in the current schema.

    Raises
    ------
    InputError
        If `before` is of another study, or nobody has signed it; or if the reason is empty.
    """
    made = before.provenance
    if before.scan.study_instance_uid != result.scan.study_instance_uid:
        msg = "the earlier report is of another study: a correction is of the same one"
        raise InputError(msg)
    if signed is None and not made.is_signed:
        msg = "nobody has signed the earlier report: a preliminary one is replaced, not corrected"
        raise InputError(msg)
    amendment = Amendment(
        reason=" ".join(reason.split()),
        signed_before=signed or made.created,
        reader_before=made.reader,
        agatston_before=before.score.total.agatston,
        category_before=category_said(before),
        record_before=_key(before),
    )
    told = replace(
        result,
        schema_version=SCHEMA_VERSION,
        provenance=replace(result.provenance, amendment=amendment),
    )
    check_result(told)
    return told


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
