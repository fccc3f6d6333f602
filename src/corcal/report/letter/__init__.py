"""The letter to a patient, in plain words and in more than one language."""

from corcal.report.letter.language import letter_languages
from corcal.report.letter.letter import patient_letter

__all__ = ["letter_languages", "patient_letter"]
