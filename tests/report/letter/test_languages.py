import re
import string
from datetime import date

import pytest

from corcal.errors import InputError
from corcal.report.letter import letter_languages, patient_letter
from corcal.report.letter.language import Language, letter_language
from corcal.result import RESEARCH_USE
from corcal.risk.guidance.accaha2018 import RULES_2018
from corcal.risk.guidance.accaha2026 import RULES as RULES_2026
from corcal.risk.guidance.studies import RULES as STUDIES
from corcal.scoring.types import Interval
from report.letter.letter_cases import CASES

ENGLISH = letter_language("en")
OTHERS = [code for code in letter_languages() if code != "en"]


def placeholders(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def keys(language):
    return {f"{part}.{key}" for part, texts in language.sections.items() for key in texts}


def raw(language, name):
    part, _, key = name.partition(".")
    return language.sections[part][key]


def test_english_and_spanish_are_there():
    assert {"en", "es"} <= set(letter_languages())


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_has_the_same_keys(code):
    assert keys(letter_language(code)) == keys(ENGLISH)


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_has_the_same_placeholders(code):
    other = letter_language(code)
    for name in keys(ENGLISH):
        assert placeholders(raw(other, name)) == placeholders(raw(ENGLISH, name)), name


@pytest.mark.parametrize("code", letter_languages())
def test_no_text_is_empty_and_the_file_says_which_language_it_is(code):
    language = letter_language(code)
    assert all(raw(language, name).strip() == raw(language, name) != "" for name in keys(language))
    assert language.text("language.code") == code
    assert len(language.text("language.months").split()) == 12


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_was_left_in_english(code):
    other = letter_language(code)
    same = {n for n in keys(ENGLISH) if raw(other, n) == raw(ENGLISH, n) and " " in raw(other, n)}
    assert same <= {"language.date", "language.moment"}


def test_an_unknown_language_is_refused_with_those_that_there_are():
    with pytest.raises(InputError, match=r"no patient letter in 'tlh'; allowed are en, es"):
        patient_letter(CASES["zero"](), language="tlh")


def test_a_language_is_a_code_and_never_a_path():
    with pytest.raises(InputError, match="no patient letter"):
        letter_language("../languages/en")


def test_every_text_is_used_in_some_letter(monkeypatch):
    used, text = set(), Language.text

    def noted(self, name, /, **values):
        used.add(name)
        return text(self, name, **values)

    monkeypatch.setattr(Language, "text", noted)
    for make in CASES.values():
        patient_letter(make())
    ENGLISH.listed(["a", "b"])
    unused = {n for n in keys(ENGLISH) - used if not n.startswith(("kind.", "language."))}
    assert unused == set()


def test_every_kind_of_series_has_its_words():
    from corcal.ct.suitability import SeriesKind

    assert set(ENGLISH.sections["kind"]) == {kind.value for kind in SeriesKind}


@pytest.mark.parametrize("code", letter_languages())
def test_what_is_said_of_a_repeat_has_the_years_of_the_statement(code):
    rules = {rule.id: rule for rule in (*RULES_2018, *RULES_2026, *STUDIES)}
    for name, words in letter_language(code).sections["again"].items():
        if name == "heading":
            continue
        rule = rules[name]
        wanted = re.search(r"(\d+) to (\d+) years", rule.text).groups()
        said = [int(number) for number in re.findall(r"\d+", words)]
        assert said in ([rule.year, *map(int, wanted)], [*map(int, wanted)]), name


def test_the_statement_of_research_use_is_the_product_s_own():
    assert ENGLISH.text("letter.footer") == RESEARCH_USE


def test_numbers_and_dates_follow_the_language():
    spanish = letter_language("es")
    assert (ENGLISH.number("87.5"), spanish.number("87.5")) == ("87.5", "87,5")
    assert (ENGLISH.number("85.0"), ENGLISH.number("3000"), ENGLISH.number("0")) == (
        "85",
        "3000",
        "0",
    )
    assert (ENGLISH.number("<0.1"), spanish.number("<0.1")) == ("less than 0.1", "menos de 0,1")
    assert (ENGLISH.percent(0.0816), spanish.percent(0.0816)) == ("8.2%", "8,2\xa0%")
    day = date(2026, 1, 2)
    assert (ENGLISH.date(day), spanish.date(day)) == ("January 2, 2026", "2 de enero de 2026")
    # 9.96 is no end above 10: one decimal, as in the report for clinicians
    assert ENGLISH.ends(Interval(low=0.0, high=9.96, level=0.95)) == ("0", "10")
    assert spanish.ends(Interval(low=0.0, high=4.25, level=0.95)) == ("0", "4,2")


def test_a_list_reads_as_a_sentence_does():
    assert ENGLISH.listed([]) == ""
    assert ENGLISH.listed(["age"]) == "age"
    assert ENGLISH.listed(["age", "sex", "diabetes"]) == "age, sex and diabetes"
    assert letter_language("es").listed(["edad", "sexo"]) == "edad y sexo"
