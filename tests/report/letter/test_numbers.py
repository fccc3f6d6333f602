"""Every number of a letter is the record's, with the digits of the report for clinicians."""

import re
from datetime import UTC, datetime

import pytest

from corcal.report.clinician import clinician_document
from corcal.report.letter import patient_letter
from corcal.report.letter.case import Case
from corcal.report.letter.chance import chance_of
from corcal.report.letter.language import letter_language
from report.letter.letter_cases import CASES, FINE, interpreted
from report.letter.reading import passages, plain

NUMBER = re.compile(r"(?<![\w/])\d+(?:[.,]\d+)?(?![\w/])")
ENGLISH = letter_language("en")


def numbers(text):
    return {float(found.replace(",", ".")) for found in NUMBER.findall(text)}


def of_letter(result, language="en"):
    """Numbers that a person reads, but for the list of sources."""
    letter = patient_letter(result, language=language)
    texts = [text for text in passages(letter.blocks) if not text.startswith(("Sources", "Fuent"))]
    return set().union(*map(numbers, texts))


def of_templates(language):
    """Numbers that stand in the words themselves, such as 100 people and 911."""
    texts = [text for section in language.sections.values() for text in section.values()]
    return set().union(*(numbers(re.sub(r"\{\w+\}", "_", text)) for text in texts))


def of_record(result):
    """Every number that the letter may show, rounded here by a second hand."""
    total, meaning = result.score.total, result.interpretation
    found = set(scores(total.agatston))
    if total.interval is not None:
        digits = 0 if total.interval.high >= 10 else 1
        found |= {round(end, digits) for end in (total.interval.low, total.interval.high)}
    if result.followup is not None:
        for exam in result.followup.exams:
            found |= {*scores(exam.agatston), float(exam.date.year), float(exam.date.day)}
    if (before := result.provenance.amendment) is not None:
        day = datetime.fromisoformat(before.signed_before).astimezone(UTC)
        found |= {*scores(before.agatston_before), float(day.day), float(day.year)}
        if day.date() == datetime.fromisoformat(result.provenance.created).astimezone(UTC).date():
            found |= {float(day.hour), float(day.minute)}
    if meaning is not None and any(each.about == "headers" for each in meaning.limits):
        found |= {meaning.person.age_years, result.scan.patient.age_years}
    return found if meaning is None else found | of_meaning(meaning)


def scores(value):
    """A score from 10 on as a whole number, else or near an edge with a decimal or two."""
    if value >= 10:
        yield float(f"{value:.0f}")
    yield float(f"{value:.1f}")
    if 100 < value < 100.1:
        yield float(f"{value:.2f}")
    if 0 < value < 0.05:
        yield 0.1  # "less than 0.1"


def of_meaning(meaning):
    found = set()
    for each in meaning.percentile.values():
        found |= {float(n) for n in (each.value, each.at_least, each.at_most, each.p_nonzero) if n}
    fractions = [each.fraction for each in meaning.estimates]
    for each in meaning.what_if:
        fractions += [each.before, each.after, each.low, each.high]
        found |= {number for words in each.changed for number in numbers(words)}
    for fraction in (each for each in fractions if each is not None):
        found.add(float(f"{100 * fraction:.1f}"))
        people = float(f"{100 * fraction:.0f}")
        found |= {people, 100 - people}
    person = meaning.person
    facts = (person.systolic_mmhg, person.total_cholesterol_mg_dl, person.bmi)
    return found | {each for each in facts if each is not None} | {130.0}  # the common goal


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("code", ["en", "es"])
def test_no_number_is_the_letter_s_own(name, code):
    result = CASES[name]()
    language = letter_language(code)
    assert of_letter(result, code) <= of_record(result) | of_templates(language)


@pytest.mark.parametrize("name", CASES)
def test_both_languages_say_the_same_numbers(name):
    result, only_there = CASES[name](), set()
    for code, other in (("en", "es"), ("es", "en")):
        only_there |= of_letter(result, code) - of_letter(result, other)
    assert only_there <= {2001.0, 2005.0}


@pytest.mark.parametrize(
    "name", ["zero", "eighty_five", "edge", "moderate", "very_large", "automatic", "not_gated"]
)
def test_score_interval_percentile_and_risk_are_those_of_the_report_for_clinicians(name):
    result = CASES[name]()
    texts = passages(clinician_document(result, {}).blocks)
    report = set().union(*(numbers(re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text)) for text in texts))
    case = Case(result=result)
    words = [ENGLISH.amount(case.score), *shown_risk(case), *shown_place(case)]
    if result.score.total.interval is not None:
        words += ENGLISH.ends(result.score.total.interval)
    assert {float(word.removesuffix("%")) for word in words} <= report
    assert {float(word.removesuffix("%")) for word in words} <= of_letter(result)


def shown_risk(case):
    chance = chance_of(case)
    both = (chance.fraction, chance.without_scan)
    return [ENGLISH.percent(each) for each in both if each is not None]


def shown_place(case):
    mesa = case.meaning.percentile["mesa"]
    if not case.is_comparable:
        return []
    return [str(mesa.value if mesa.value is not None else mesa.p_nonzero)]


def test_a_score_is_rounded_but_never_into_another_class():
    # the plain guide ends its class at 100: 100.04 is above it
    assert ENGLISH.amount(367.4918) == "367"
    assert ENGLISH.amount(100.04) == "100.04"
    assert ENGLISH.amount(99.5) == "99.5"
    assert ENGLISH.amount(0.04) == "less than 0.1"


def test_the_people_are_the_percent_rounded():
    result = CASES["moderate"]()
    fraction = result.interpretation.risk.mesa_chd_with_cac
    letter = " ".join(passages(patient_letter(result).blocks))
    assert f"about {100 * fraction:.0f} of them will have one of these problems" in letter
    assert f"This is {100 * fraction:.1f}% in your doctor's report." in letter


def test_a_chance_below_one_of_two_hundred_is_told_in_words():
    result = interpreted(0.0, **(FINE | {"age_years": 40.0, "race": None}))
    assert result.interpretation.risk.prevent["ascvd"] < 0.01
    small = CASES["five_young"]()
    letter = " ".join(passages(patient_letter(small).blocks))
    fraction = small.interpretation.risk.prevent["ascvd"]
    assert fraction < 0.005
    assert "fewer than 1 of them will have" in letter
    assert f"{100 * fraction:.1f}%" in letter


def test_the_spanish_letter_writes_a_decimal_comma():
    texts = " ".join(passages(patient_letter(CASES["automatic"](), language="es").blocks))
    assert not re.search(r"\d\.\d+\s*%", texts)
    assert re.search(r"\d,\d\s%", texts)


def test_the_subtitle_has_the_name_and_the_date_in_words():
    letter = patient_letter(CASES["arabic_name"](), language="es")
    assert plain(letter.subtitle) == (
        "Para عبد الرحمن, محمد\nEstudio del 2 de enero de 2026\nCarta del 2 de enero de 2026"
    )
    assert plain(patient_letter(CASES["anonymous"]()).subtitle) == "Letter of January 2, 2026"
