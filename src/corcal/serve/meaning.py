"""What the score of a review means for the person, and how it compares with earlier exams."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from corcal.errors import InputError, NotFoundError
from corcal.exam_numbers import exam_numbers
from corcal.followup.comparison import compare
from corcal.followup.types import Followup
from corcal.interpreted import (
    interpret_result,
    known_facts,
    with_followup,
    with_interpretation,
)
from corcal.result import Result
from corcal.review import review_result
from corcal.risk.person import PERSON_FIELDS, PersonField, check_person
from corcal.risk.types import Person
from corcal.serve.opened import Opened, Review
from corcal.store.records import WorklistQuery
from corcal.store.store import Store

__all__ = ["PersonInput", "followup_of", "person_of", "present_result", "with_meaning"]

_MOST_EXAMS = 50


def _field(each: PersonField) -> tuple[Any, Any]:
    """Make the field of a model from the one table of what is known of a person."""
    described = " ".join(filter(None, (each.label, each.definition and f"({each.definition})")))
    if each.choices is not None:
        kind: Any = each.choices
        return kind | None, Field(default=None, description=described)
    if each.is_number:
        about = f"{described}, {each.allowed}"
        return float | None, Field(default=None, description=about, allow_inf_nan=False)
    return bool | None, Field(default=None, description=described)


_DEFINITIONS: dict[str, Any] = {name: _field(each) for name, each in PERSON_FIELDS.items()}
PersonInput: type[BaseModel] = create_model(
    "PersonInput",
    __config__=ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"age_years": 61, "sex": "female"}]}
    ),
    __doc__="What is known of the person; absent is not known. Age and sex come from the scan.",
    **_DEFINITIONS,
)


def person_of(given: dict[str, Any] | None, result: Result) -> Person | None:
    """Make the person of what was given, and of what the headers say.

    Returns
    -------
    Person or None
        ``None`` if age or sex is not known at all.

    Raises
    ------
    InputError
        If a fact is outside its range, or two contradict each other.
    """
    facts = known_facts(result) | {k: v for k, v in (given or {}).items() if v is not None}
    if facts.get("sdi_decile") is not None:
        facts["sdi_decile"] = _whole(facts["sdi_decile"])
    if not {"age_years", "sex"} <= facts.keys():
        return None
    person = Person(**facts)
    check_person(person)
    return person


def _whole(value: float) -> int:
    if value != int(value):
        msg = f"the decile of social deprivation is a whole number, got {value:g}"
        raise InputError(msg)
    return int(value)


def present_result(opened: Opened, review: Review, *, reader: str) -> Result:
    """Give the record as the review leaves it; the proposal itself where nothing was done."""
    if not review.log:
        return opened.result
    return review_result(review.state, opened.result, review.log, reader=reader)


def with_meaning(store: Store, opened: Opened, result: Result) -> Result:
    """Add to a record what it means for the person, and how it compares with earlier exams."""
    person = person_of(opened.person, opened.result)
    result = with_interpretation(result, interpret_result(result, person))
    try:
        return with_followup(result, followup_of(store, opened.exam_id, result, is_until=True))
    except (NotFoundError, InputError):  # nothing to compare with, or nothing that can be
        return result


def followup_of(store: Store, exam_id: str, result: Result, *, is_until: bool = False) -> Followup:
    """Compare an exam with the other scored exams of the patient.

    Parameters
    ----------
    store : Store
        Where the others are: their signed version or, without one, their latest.
    exam_id : str
        The exam.
    result : Result
        Its record as it is now.
    is_until : bool, optional
        Leave out exams that were made after it, which its report knows nothing of.

    Raises
    ------
    NotFoundError
        If there is no other one with a result and a date.
    InputError
        If they cannot be compared.
    """
    patient = store.exam(exam_id).patient.id
    others = store.worklist(WorklistQuery(patient=patient, limit=_MOST_EXAMS)).exams
    records = [
        store.result(one.id, one.signed_version or one.latest_version)
        for one in others
        if one.id != exam_id and one.latest_version
    ]
    numbers = [exam_numbers(record) for record in (result, *records)]
    dated = [one for one in numbers if one.date is not None]
    if is_until:
        own = numbers[0].date
        dated = [one for one in dated if own is not None and one.date and one.date <= own]
    if len(dated) < 2:
        msg = "the patient has no other scored exam with a date to compare with"
        raise NotFoundError(msg)
    return compare(dated)
