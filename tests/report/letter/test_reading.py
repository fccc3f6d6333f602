"""How easy the letters are to read, and that the measure measures."""

import pytest

from corcal.report.letter import patient_letter
from report.letter.letter_cases import CASES
from report.letter.reading import (
    english_syllables,
    flesch_kincaid_grade,
    sentences,
    spanish_syllables,
    szigriszt_pazos,
)

MOST_GRADE = 8.0  # the limit of the patient letter in English
# INFLESZ (Barrio-Cantalejo et al. 2008, An Sist Sanit Navar 31:135): from 65 "bastante fácil"
LEAST_PERSPICUITY = 65.0


@pytest.mark.parametrize("name", CASES)
def test_every_english_letter_is_of_grade_8_or_easier(name):
    assert flesch_kincaid_grade(sentences(patient_letter(CASES[name]()))) <= MOST_GRADE


@pytest.mark.parametrize("name", CASES)
def test_every_spanish_letter_is_quite_easy(name):
    letter = patient_letter(CASES[name](), language="es")
    assert szigriszt_pazos(sentences(letter)) >= LEAST_PERSPICUITY


@pytest.mark.parametrize("name", ["moderate", "automatic", "rise_statin"])
def test_no_sentence_is_longer_than_35_words(name):
    for language in ("en", "es"):
        for sentence in sentences(patient_letter(CASES[name](), language=language)):
            assert len(sentence.split()) <= 35, sentence


def test_the_grade_is_that_of_the_formula():
    # 10 words, 1 sentence, 11 syllables: 3.9 + 12.98 - 15.59 = 1.29
    text = ["The cat sat on the mat and had its supper."]
    assert flesch_kincaid_grade(text) == pytest.approx(0.39 * 10 + 11.8 * 1.1 - 15.59)


def test_hard_text_has_a_high_grade():
    text = [
        "Percutaneous coronary revascularisation necessitates individualised antithrombotic "
        "pharmacotherapy notwithstanding haemorrhagic complications."
    ]
    assert flesch_kincaid_grade(text) > 20
    assert (
        szigriszt_pazos(["La revascularización coronaria percutánea necesita farmacoterapia."]) < 20
    )


def test_perspicuity_is_that_of_the_formula():
    # 6 words, 1 sentence, 9 syllables: el-ga-to-co-me-pan-y-que-so
    text = ["El gato come pan y queso."]
    assert szigriszt_pazos(text) == pytest.approx(206.835 - 62.3 * 9 / 6 - 6)


@pytest.mark.parametrize(
    ("word", "count"),
    [("calcium", 3), ("heart", 1), ("people", 2), ("367", 3), ("8.2", 2), ("corcal", 2), ("x", 1)],
)
def test_english_syllables(word, count):
    assert english_syllables(word) == count


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("corazón", 3),
        ("arterias", 3),  # ia is one
        ("energía", 4),  # ía is two
        ("leer", 2),
        ("pregunte", 3),
        ("siguiente", 3),
        ("muy", 1),
        ("ayuda", 3),
        ("pingüino", 3),
        ("ahora", 3),
        ("100", 3),
    ],
)
def test_spanish_syllables(word, count):
    assert spanish_syllables(word) == count
