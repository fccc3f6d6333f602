"""How a patient is named and described to people."""

from corcal.ct.scan import Patient

__all__ = ["NOT_NAMED", "age_words", "person_name", "sex_word"]

NOT_NAMED = "The headers do not name the patient."

_SEXES = {"F": "female", "M": "male", "O": "other"}


def person_name(name: str) -> str:
    """Write a DICOM person name for people: ``Doe^Jane^M=...`` as ``Doe, Jane M`` and the rest."""
    groups = []
    for group in name.split("="):
        family, *others = (part.strip() for part in group.split("^"))
        given = " ".join(part for part in others if part)
        groups.append(", ".join(part for part in (family, given) if part))
    return " / ".join(group for group in groups if group)


def sex_word(patient: Patient) -> str | None:
    """Write the sex of the headers in a word; what is no code of DICOM stays as it is."""
    return patient.sex and _SEXES.get(patient.sex, patient.sex)


def age_words(patient: Patient) -> str | None:
    """Write the age at the exam in completed years, as people say it: ``"61 years"``."""
    return None if patient.age_years is None else f"{int(patient.age_years)} years"
