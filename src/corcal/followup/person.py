"""Whether exams are of one person, by everything that is known of who was scanned."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from corcal.errors import InputError
from corcal.followup.exam import ExamNumbers
from corcal.followup.years import years_between

__all__ = ["check_one_person", "has_other_name", "without_person"]

_SEXES = {"F", "M"}  # DICOM (0010,0040); O says nothing that could be compared
# Ages are whole years in most headers: two of one person differ from the time between the exams by
# less than one. Half a year is left for ages that were rounded.
_AGE_TOLERANCE_YEARS = 1.5
_AGES_IN_ONE = 89.0  # from here on ages are often one group, so that they tell nobody
_NAME_PARTS = 3  # family, given and middle name of a DICOM name; prefix and suffix come and go


def check_one_person(exams: Sequence[ExamNumbers]) -> None:
    """Refuse exams of different people; the message has no fact of a person in it.

    Identifiers, dates of birth and sex must be the same as far as known, ages as far apart as the
    exams, and names the same unless identifier and date of birth are (a name changes with
    marriage).

    Parameters
    ----------
    exams : sequence of ExamNumbers
        By date, each with one.

    Raises
    ------
    InputError
        If they are of different people.
    """
    found = [
        f"{len(known)} different {what}"
        for what, known in (
            ("patient identifiers", {exam.patient_key for exam in exams} - {None, ""}),
            ("dates of birth", {exam.birth_date for exam in exams} - {None, ""}),
            ("sexes", {exam.sex for exam in exams} & _SEXES),
        )
        if len(known) > 1
    ]
    if has_other_name(exams) and not _is_one_on_record(exams):
        found.append("different names")
    if not found and not _ages_fit(exams):
        found.append("ages that do not fit the time between them")
    if found:
        msg = (
            f"the exams carry {' and '.join(found)}: only exams of one patient can be compared; "
            "--same-patient (is_same_patient) says that a person has checked it"
        )
        raise InputError(msg)


def has_other_name(exams: Sequence[ExamNumbers]) -> bool:
    """Whether two exams carry names of which neither contains the other."""
    names = [words for exam in exams if (words := _name_words(exam.name or ""))]
    return any(not (one <= two or two <= one) for one in names for two in names)


def without_person(exam: ExamNumbers) -> ExamNumbers:
    """Give an exam without what tells whose it is, and without the series."""
    return replace(
        exam,
        patient_key=None,
        name=None,
        birth_date=None,
        sex=None,
        age_years=None,
        series_key=None,
    )


def _is_one_on_record(exams: Sequence[ExamNumbers]) -> bool:
    """Whether all exams carry the same identifier and the same date of birth."""
    records = {(exam.patient_key, exam.birth_date) for exam in exams}
    return len(records) == 1 and all(all(record) for record in records)


def _name_words(name: str) -> frozenset[str]:
    """Take a DICOM name apart, without accents, case, order and initials."""
    alphabetic = "^".join(name.split("=")[0].split("^")[:_NAME_PARTS])
    plain = unicodedata.normalize("NFKD", alphabetic.casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    words = "".join(sign if sign.isalnum() else " " for sign in bare).split()
    return frozenset(word for word in words if len(word) > 1) or frozenset(words)


def _ages_fit(exams: Sequence[ExamNumbers]) -> bool:
    known = [(exam.date, exam.age_years) for exam in exams if exam.date and exam.age_years]
    return all(
        abs(older - age - years_between(day, later)) <= _AGE_TOLERANCE_YEARS
        or min(age, older) >= _AGES_IN_ONE
        for (day, age), (later, older) in pairwise(known)
    )
