"""What a letter says in each case, and what it leaves out."""

from dataclasses import replace

import pytest

from corcal.report.document import Beside, Bullets, Heading, Notice, PageStyle, Picture, Table
from corcal.report.letter import patient_letter
from corcal.report.letter.advice import repeat_statement
from corcal.report.letter.case import Case
from corcal.report.letter.chance import chance_of
from corcal.report.letter.language import letter_language
from corcal.result import RESEARCH_USE
from corcal.risk.types import Mark, Sex
from report.letter.letter_cases import (
    CASES,
    addendum,
    after_review,
    interpreted,
    other_sites,
    seen_elsewhere,
    uncertain,
)
from report.letter.reading import passages, plain

ENGLISH = letter_language("en")


def letter(name, **options):
    return patient_letter(CASES[name](), **options)


def text(name, **options):
    return "\n".join(passages(letter(name, **options).blocks))


def notices(name):
    return [each.title for each in letter(name).blocks if isinstance(each, Notice)]


def headings(name):
    return [each.text for each in letter(name).blocks if isinstance(each, Heading)]


def blocks(name, kind):
    found = []
    for each in letter(name).blocks:
        inside = [x for column in each.columns for x in column] if isinstance(each, Beside) else []
        found += [x for x in (each, *inside) if isinstance(x, kind)]
    return found


def _place_of(heading, document):
    return next(
        k for k, x in enumerate(document.blocks) if isinstance(x, Heading) and x.text == heading
    )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("code", ["en", "es"])
def test_every_letter_says_when_to_call_for_help_and_the_research_use(name, code):
    document = letter(name, language=code)
    words = letter_language(code)
    found = [each for each in document.blocks if isinstance(each, Notice)]
    assert found[-1].kind == "urgent"
    assert found[-1].title == words.text("help.title")
    assert document.footer == words.text("letter.footer")
    assert words.text("letter.footer") in "\n".join(passages(document.blocks))
    assert all(number in "\n".join(passages(found)) for number in ("911", "112"))
    titles = [each.text for each in document.blocks if isinstance(each, Heading)]
    after = [x for x in titles if document.blocks.index(found[-1]) < _place_of(x, document)]
    wanted = [words.text(f"{name}.heading") for name in ("do", "not", "ask", "again", "about")]
    assert after == [x for x in wanted if x in titles]  # before the lists, on one of two pages


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("code", ["en", "es"])
def test_no_placeholder_is_left_and_every_picture_has_words(name, code):
    document = letter(name, language=code)
    assert not any("{" in each or "}" in each for each in passages(document.blocks))
    for each in document.blocks:
        if isinstance(each, Picture):
            assert each.alt


def spanish(name):
    return text(name, language="es")


def test_an_unchecked_score_says_so_before_anything_else():
    assert notices("automatic")[0] == "A doctor has not checked this result"
    assert isinstance(letter("automatic").blocks[0], Notice)
    assert "Has a doctor checked my scan?" in text("automatic")
    assert "A doctor has not checked this result" not in notices("zero")


def test_to_be_named_as_reader_is_not_to_sign():
    assert notices("automatic_reader")[:-1] == [
        "A doctor has not checked this result",
        "The program is not sure about this result",
    ]
    assert "The person named for reading the scan is Dr. Rita Reader." in text("automatic_reader")


def test_a_review_that_is_finished_counts_and_one_that_is_begun_does_not():
    assert notices("reviewed") == ["When to call for help at once"]
    assert "This was checked by Dr. Rita Reader." in text("reviewed")
    assert "A person marked the calcium. This was checked by Dr. Rita" in text("marks_reviewed")
    assert notices("review_begun")[0] == "A doctor has not checked this result"
    assert "This was checked by" not in text("review_begun")


def test_marks_that_nobody_has_signed_say_so_at_the_end():
    assert "A person marked the calcium. No doctor has signed the result yet." in text("zero")
    assert "Ningún médico ha firmado aún el resultado." in spanish("zero")
    assert "signed the result" not in text("reviewed")
    assert "signed the result" not in text("automatic")  # the box says more


def test_a_corrected_letter_says_which_one_it_replaces_and_both_scores():
    assert notices("addendum")[0] == "This letter replaces an earlier one"
    said = text("addendum")
    assert "It replaces the letter of January 4, 2026." in said  # UTC, as all moments of reports
    assert "Your score was 412 in that letter. It is 85 now." in said
    assert "aortic root" not in said  # the reason is written for clinicians
    assert "Esta carta reemplaza a otra anterior" in spanish("addendum")
    assert "su puntuación era 412. Ahora es 85." in spanish("addendum")


def test_a_letter_has_the_date_by_which_a_correction_of_it_would_name_it():
    assert plain(letter("zero").subtitle).endswith("\nLetter of January 2, 2026")
    # of another day than the letter that it replaces: the days tell them apart
    assert plain(letter("addendum").subtitle).endswith("\nLetter of January 5, 2026")
    assert plain(letter("addendum", language="es").subtitle).endswith(
        "Carta del 5 de enero de 2026"
    )


def test_two_letters_of_one_day_are_told_apart_by_the_time():
    # signed at 23:30 of the third, two hours behind UTC
    assert "the letter of January 4, 2026, 01:30 UTC." in text("addendum_one_day")
    written = plain(letter("addendum_one_day").subtitle)
    assert written.endswith("\nLetter of January 4, 2026, 15:04 UTC")
    assert "a la carta del 4 de enero de 2026, 01:30 UTC." in spanish("addendum_one_day")


@pytest.mark.parametrize("created", ["2026-01-04T15:04:59", "2026-01-04 at three"])
def test_a_moment_without_zone_or_time_still_has_its_day(created):
    found = plain(patient_letter(addendum(412.0, 85.2, created=created)).subtitle)
    assert "Letter of January 4, 2026, " in found


def test_a_corrected_letter_asks_what_was_changed_and_changes_no_medicine():
    question, warning = "What was changed in my result, and why?", "start, stop or change any"
    assert question in text("addendum")
    assert text("addendum").count(warning) == 1
    assert "¿Qué se cambió en mi resultado, y por qué?" in spanish("addendum")
    assert "ningún medicamento antes de hablar con su médico" in spanish("addendum")
    assert question not in text("reviewed")
    assert warning not in text("reviewed")
    unsigned = CASES["automatic"]()
    amendment = CASES["addendum"]().provenance.amendment
    told = replace(unsigned, provenance=replace(unsigned.provenance, amendment=amendment))
    assert "\n".join(passages(patient_letter(told).blocks)).count(warning) == 1


def test_a_corrected_letter_with_the_same_score_says_that():
    assert "Your score has stayed the same: 85." in text("addendum_same")
    assert "in that letter" not in text("addendum_same")


def test_a_number_of_a_scan_that_was_called_not_fit_has_not_stayed_the_same():
    assert (
        "In that letter, the scan was called not fit for a score. Now it is called fit, and your "
        "score is 85." in text("addendum_now_fit")
    )
    assert "Ahora se considera que sí sirve, y su puntuación es 85." in spanish("addendum_now_fit")
    for words in ("stayed the same", "Your score was"):
        assert words not in text("addendum_now_fit")
    other = patient_letter(addendum(412.0, 85.2, fit_before=False))
    assert "412" not in "\n".join(passages(other.blocks))


def test_a_corrected_letter_about_an_unfit_scan_compares_no_scores():
    assert notices("addendum_unfit")[:2] == [
        "This letter replaces an earlier one",
        "This scan is not fit for a calcium score",
    ]
    assert "412" not in text("addendum_unfit")


def test_advice_to_review_is_said():
    assert notices("automatic_doubtful")[:2] == [
        "A doctor has not checked this result",
        "The program is not sure about this result",
    ]


def test_an_unfit_scan_shows_the_number_without_scale_or_comparison():
    assert notices("unfit")[0] == "This scan is not fit for a calcium score"
    assert "dye can look like calcium" in text("unfit")
    assert "The number from this scan is 210." in text("unfit")
    assert "four parts" not in text("unfit")
    assert "large study" not in text("unfit")
    assert "Do I need another one?" in text("unfit")
    assert blocks("unfit", Table) == []  # goals by a score that does not count


@pytest.mark.parametrize(("name", "title"), [("known_disease", "does not"), ("stent", "may not")])
def test_with_known_disease_or_a_stent_the_score_does_not_apply(name, title):
    assert notices(name)[0] == f"This score {title} apply to you"
    assert "this score does not apply to you" in text(name).lower()
    assert blocks(name, Picture) == []
    assert "Your chance in the next 10 years" not in headings(name)
    assert "When to have the scan again" not in headings(name)
    assert "Keep it up" not in text(name)


def test_a_person_with_known_disease_still_reads_what_can_be_done():
    assert "You smoke." in text("known_disease")
    assert "What are my goals for blood pressure and cholesterol?" in text("known_disease")


def test_metal_without_disease_only_limits_the_score():
    assert notices("pacemaker") == ["When to call for help at once"]
    assert "Metal was left out of the count." in text("pacemaker")
    assert len(blocks("pacemaker", Picture)) == 2


def test_symptoms_come_first_and_urgently():
    first = letter("symptoms").blocks[0]
    assert (first.kind, first.title) == ("urgent", "Your symptoms come first")
    assert "A zero does not mean a low chance for everybody" in text("symptoms")
    assert "have a low chance" not in text("symptoms")
    assert "Your chance in the next 10 years" not in headings("symptoms")


def test_a_scan_that_is_not_gated_is_an_estimate_and_not_compared():
    assert notices("not_gated")[0] == "This number is an estimate"
    assert "Your calcium score is about 130" in text("not_gated")
    assert "men of your age" not in text("not_gated")
    # PREVENT: MESA with calcium is made from gated scans
    assert chance_of(Case(result=CASES["not_gated"]())).model.startswith("prevent")
    assert "but not your scan" in text("not_gated")


HIGHER = "your own chance may be higher"
COUNTED = "What is my chance if my scan is counted too?"


@pytest.mark.parametrize(
    ("facts", "score", "is_told"),
    [
        ({"race": None}, 100.0, False),  # the last score of the class "mild", usual at 55 years
        ({"race": None}, 101.0, True),
        ({"race": None}, 584.0, True),
        # 5.3 is high for a woman of 38 years: percentile 90 or above in Hoff and Javaid
        ({"race": None, "age_years": 38.0, "sex": Sex.FEMALE}, 5.3, True),
        ({"race": None}, 0.0, False),
        ({}, 584.0, False),  # MESA counts the scan
        ({"race": None, "has_known_ascvd": True}, 584.0, False),  # no chance is shown
    ],
)
def test_a_chance_without_the_scan_is_not_the_last_word_on_a_high_score(facts, score, is_told):
    result = interpreted(score, **facts)
    told = "\n".join(passages(patient_letter(result).blocks))
    assert (HIGHER in told) is is_told
    assert (COUNTED in told) is is_told


def test_an_unfit_scan_says_nothing_of_the_chance():
    assert HIGHER not in text("unfit")


def test_a_zero_without_gating_does_not_reassure():
    assert "have a low chance" not in text("not_gated_zero")
    assert "When to have the scan again" not in headings("not_gated_zero")


def test_unknown_gating_is_said():
    assert "It is not known if the scan was timed to your heartbeat." in text("gating_unknown")


def test_a_zero_that_nobody_marked_is_not_called_a_zero():
    assert notices("nothing_marked")[0] == "Your zero is not certain"
    assert "No calcium was seen" not in text("nothing_marked")


def test_a_zero_reassures_a_healthy_person_and_nobody_else():
    low = "People with a zero have a low chance"
    assert low in text("zero")
    assert low not in text("zero_with_factors")
    reasons = "because of diabetes, smoking and early heart disease in your family."
    assert reasons in text("zero_with_factors")
    assert low not in text("anonymous")
    assert "Zero does not mean no risk at all." in text("zero")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("five", "a mild amount"),
        ("moderate", "a moderate amount"),
        ("large_statin", "A large amount"),
        ("very_large", "A very large amount"),
    ],
)
def test_each_class_has_its_plain_words(name, words):
    assert words in text(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "zero",
            "56 of 100 men of your age and background had calcium. In your scan, none that counts",
        ),
        ("highest", "higher than the scores of 99 or more of 100 women"),
        ("lowest", "Almost all men of your age"),
        ("european", "higher than the scores of 50 to 75 of 100 men of your age in"),
        ("five_young", "90 or more of 100 women of your age in a large study"),
        ("pregnant", "That is high for your age."),
    ],
)
def test_the_percentile_in_plain_words(name, words):
    assert words in text(name)


def test_mesa_comes_first_and_then_prevent_and_score2():
    assert chance_of(Case(result=CASES["moderate"]())).model == "mesa_chd_with_cac"
    assert chance_of(Case(result=CASES["no_number"]())).model == "prevent"
    assert chance_of(Case(result=CASES["european"]())).model == "score2"
    assert chance_of(Case(result=CASES["moderate_unknown"]())) is None


def test_what_is_counted_is_said_of_each_model():
    assert "chest pain that needs a heart artery to be opened" in text("moderate")
    assert "a heart attack, a stroke, or death from heart disease" in text("no_number")
    assert "death from heart or blood vessel disease" in text("european")


def test_only_factors_that_the_person_has_are_named():
    many = text("moderate")
    for words in ("You smoke.", "was 152", "was 238", "You have diabetes", "is 33.5"):
        assert words in many
    assert "Your upper blood pressure" in text("eighty_five")
    assert "You smoke." not in text("eighty_five")
    assert "You have diabetes" not in text("eighty_five")


def test_nothing_is_said_of_what_is_not_known():
    assert "What you can do" not in headings("moderate_unknown")
    assert "blood pressure, cholesterol, diabetes and smoking?" in text("moderate_unknown")
    assert "age, sex, blood pressure" in text("anonymous")


def test_who_has_no_factor_hears_that():
    assert "Keep it up." in text("zero")
    assert "Keep it up." not in text("eighty_five")
    # 130 is at the goal, 131 is above it
    at_goal = patient_letter(interpreted(0.0, systolic_mmhg=130.0))
    above = patient_letter(interpreted(0.0, systolic_mmhg=131.0))
    assert "Keep it up." in "\n".join(passages(at_goal.blocks))
    assert "Keep it up." not in "\n".join(passages(above.blocks))


def test_obesity_begins_at_a_body_mass_index_of_30():
    for bmi, is_named in ((29.9, False), (30.0, True)):
        found = "\n".join(passages(patient_letter(interpreted(5.0, bmi=bmi)).blocks))
        assert ("body mass index" in found) is is_named


def test_what_would_change_is_the_record_s_table():
    result = CASES["moderate"]()
    (table,) = blocks("moderate", Table)
    rows = [x for x in result.interpretation.what_if if x.model == "mesa_chd_with_cac"]
    assert [row[0] for row in table.rows] == [
        "No smoking",
        "Upper blood pressure from 152 to 130",
        "Total cholesterol from 238 to 142 mg/dL",
        "All of these",
    ]
    for shown, each in zip(table.rows, rows, strict=True):
        assert shown[1] == f"{100 * each.before:.1f}%"
        if each.low is None:
            assert shown[2] == f"{100 * each.after:.1f}%"
        else:
            assert shown[2] == f"{100 * each.low:.1f}% to {100 * each.high:.1f}%"


SLOWLY, LAST_ROW = "goes down over years, not at once", "Nobody can promise that you will get there"


def test_the_table_says_what_it_does_not_promise():
    assert SLOWLY in text("moderate")
    assert LAST_ROW in text("moderate")
    assert "baja con los años, no de inmediato" in spanish("moderate")
    assert SLOWLY not in text("eighty_five")  # pressure alone
    assert LAST_ROW not in text("eighty_five")
    assert LAST_ROW not in text("no_number")  # which has no number for all of them


GOAL, LEAST = "set in 2026 for a score like yours", "the least strict one"


@pytest.mark.parametrize(("score", "said"), [(0.0, LEAST), (99.9, LEAST), (100.0, GOAL)])
def test_the_goal_of_cholesterol_says_where_it_comes_from(score, said):
    # up to a score of 100 it is 130 mg/dL without HDL: 50 + 130 = 180
    found = "\n".join(
        passages(
            patient_letter(
                interpreted(score, total_cholesterol_mg_dl=232.0, hdl_mg_dl=50.0, ldl_mg_dl=None)
            ).blocks
        )
    )
    assert ("from 232 to 180" in found) is (said is LEAST)
    assert [words in found for words in (GOAL, LEAST)] == [words is said for words in (GOAL, LEAST)]
    assert "10.1161/CIR.0000000000001423" in found.split("Sources: ")[1]


def test_a_table_without_cholesterol_speaks_of_no_goal_of_it():
    assert "goal for cholesterol" not in text("eighty_five")
    assert "CIR.0000000000001423" not in text("eighty_five")


def test_the_estimate_without_the_score_is_no_chance_without_calcium():
    assert "An estimate that does not know your calcium score gives 25.1%." in text("moderate")


def test_a_change_without_a_number_says_so():
    cells = [row[2] for row in blocks("no_number", Table)[0].rows]
    assert "no number" in cells


def test_a_pregnant_person_reads_of_no_goal():
    assert "You are pregnant." in text("pregnant")
    assert "A common goal" not in text("pregnant")
    assert "Which medicines are safe" in text("pregnant")
    assert blocks("pregnant", Table) == []


def test_a_rise_on_a_statin_is_no_failure_and_is_said_once():
    words = "does not mean that the medicine has failed"
    assert text("rise_statin").count(words) == 1
    assert words in text("large_statin")
    assert words not in text("rise")
    assert "no reason to stop it" in text("zero_statin")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rise", "On January 2, 2024 your score was 85. On January 2, 2026 it was 180."),
        ("rise", "gone up, and by more than errors of measuring explain"),
        ("fall", "gone down, and by more than errors of measuring explain"),
        ("same", "so close that errors of measuring explain it"),
        ("still_zero", "No calcium that counts was seen in either scan."),
        ("not_comparable", "not made in the same way"),
        ("one_day", "Both scans are from the same day."),
        ("unclear", "It is not clear if this is a true change"),
        ("no_check", "There is no good way to tell"),
    ],
)
def test_the_change_is_told_by_the_verdict_of_the_record(name, words):
    assert words in text(name)


def test_many_exams_are_a_table():
    (table, *_) = blocks("ten_exams", Table)
    assert len(table.rows) == 10
    assert table.rows[-1] == ("January 2, 2026", "171")


def test_a_repeat_is_told_by_the_guideline_in_force():
    assert "in 3 to 7 years" in text("zero")
    assert repeat_statement(Case(result=CASES["zero"]()), ENGLISH).guideline == "accaha2026"
    assert "in 5 to 10 years" in text("guideline_2018")
    assert "a zero lasted for 3 to 7 years" in text("studies")


def test_without_a_statement_the_repeat_is_a_question():
    assert "When to have the scan again" not in headings("moderate")
    assert "Should I have this scan again?" in text("moderate")


def test_what_is_known_from_memory_is_no_advice():
    # a score of 85 has a statement of the NLA on a repeat, from memory
    result = CASES["eighty_five"]()
    said = [x for x in result.interpretation.guidance if x.topic == "repeat_scan"]
    assert {each.mark for each in said} == {Mark.RECALLED}
    zero = CASES["studies"]()
    (each,) = [x for x in zero.interpretation.guidance if x.topic == "repeat_scan"]
    recalled = replace(zero.interpretation, guidance=(replace(each, mark=Mark.RECALLED),))
    assert repeat_statement(Case(result=replace(zero, interpretation=recalled)), ENGLISH) is None


def test_there_are_never_more_than_eight_questions():
    for name in CASES:
        found = letter(name).blocks
        place = next(
            k for k, x in enumerate(found) if getattr(x, "text", "") == "What to ask your doctor"
        )
        assert isinstance(found[place + 1], Bullets)
        assert 1 <= len(found[place + 1].items) <= 8


def test_questions_are_made_from_the_case():
    assert "Can I wait with medicine for my cholesterol?" in text("zero")
    assert "Would aspirin help me" not in text("zero")
    assert "Would aspirin help me" in text("moderate")
    assert "Is my cholesterol medicine strong enough?" in text("large_statin")
    assert "Do I need more tests of my heart?" in text("very_large")
    assert "outside my heart arteries" in text("other_sites")
    assert "What is the metal at my heart?" in text("stent")


def test_calcium_outside_the_arteries_is_named_by_where_it_was_seen():
    assert "also seen in a heart valve (aortic valve). It is not" in text("other_sites")
    assert "main artery" not in text("other_sites")
    # both parts of the aorta are one place, and bone is none near the heart
    assert (
        "seen in the main artery of your body (aorta) and two heart valves (aortic and mitral). It "
        "is not part of your number."
    ) in text("many_sites")
    for name in ("ascending_aorta", "descending_aorta"):
        found = "\n".join(passages(patient_letter(other_sites(30.0, name)).blocks))
        assert "also seen in the main artery of your body (aorta). It is not" in found


def said_of(result, language="en"):
    return "\n".join(passages(patient_letter(result, language=language).blocks))


@pytest.mark.parametrize(
    ("probability", "contested", "is_told"),
    [
        (0.9, (), True),
        (0.89, (), False),
        (0.97, ("mitral_annulus",), False),  # a reason for a review is about it
    ],
)
def test_a_doubtful_place_is_not_told_as_a_fact(probability, contested, is_told):
    result = seen_elsewhere(("mitral_annulus", probability), contested=contested)
    assert ("also seen in a heart valve (mitral valve)" in said_of(result)) is is_told
    assert ("También se vio calcio" in said_of(result, "es")) is is_told
    assert ("the calcium outside my heart arteries" in said_of(result)) is is_told


def test_a_place_is_told_if_one_lesion_of_it_is_sure():
    result = seen_elsewhere(("ascending_aorta", 0.95), ("ascending_aorta", 0.5))
    assert "also seen in the main artery of your body (aorta)" in said_of(result)
    assert "also seen" not in text("doubtful_elsewhere")


def test_a_place_that_a_reader_has_signed_is_told_however_sure_the_program_was():
    result = seen_elsewhere(("aortic_valve", 0.42))
    assert "also seen" not in said_of(result)
    signed = replace(result, provenance=after_review(is_complete=True).provenance)
    assert "also seen in a heart valve (aortic valve)" in said_of(signed)
    begun = replace(result, provenance=after_review(is_complete=False).provenance)
    assert "also seen" not in said_of(begun)


@pytest.mark.parametrize(
    ("score", "chances", "words", "spanish_words"),
    [
        (89.0, {"mild": 0.76, "moderate": 0.24}, "call this a mild amount", "un grado leve."),
        (89.0, {"mild": 0.75, "moderate": 0.25}, "a mild or moderate amount", "leve o moderado."),
        (
            89.0,
            {"mild": 0.45, "moderate": 0.27, "large": 0.28},
            "a mild, moderate or large amount",
            "leve, moderado o alto.",
        ),
        # the score is of a class that is not the likeliest
        (102.0, {"mild": 0.8, "moderate": 0.2}, "a mild or moderate amount", "leve o moderado."),
        (
            2.0,
            {"none": 0.3, "mild": 0.7},
            "a mild amount. But there may also be none.",
            "un grado leve. Pero también puede que no haya nada.",
        ),
        (
            0.0,
            {"none": 0.6, "mild": 0.4},
            "The program is not sure: there may also be a mild amount.",
            "también puede haber calcio en grado leve.",
        ),
        (0.0, {"none": 0.8, "mild": 0.2}, "No calcium was seen", "No se vio calcio en las"),
    ],
)
def test_a_class_that_is_open_is_told_with_what_else_it_may_be(
    score, chances, words, spanish_words
):
    result = uncertain(score, **chances)
    assert words in said_of(result)
    assert spanish_words in said_of(result, "es")


def test_a_class_is_not_open_after_a_signature():
    result = uncertain(89.0, mild=0.5, moderate=0.5)
    signed = replace(result, provenance=after_review(is_complete=True).provenance)
    assert "Doctors call this a mild amount." in said_of(signed)


def test_an_open_zero_does_not_reassure():
    assert "have a low chance" in said_of(uncertain(0.0, none=0.8, mild=0.2))
    assert "have a low chance" not in said_of(uncertain(0.0, none=0.6, mild=0.4))


def test_a_doubt_about_the_scan_is_among_what_the_score_does_not_say():
    from corcal.ct.suitability import SeriesKind, Verdict
    from report.letter.letter_cases import scored, suited, told

    result = told(suited(scored(30.0), SeriesKind.GATED_CALCIUM, Verdict.CAUTION, "KVP"))
    found = "\n".join(passages(patient_letter(result).blocks))
    assert "Something about this scan was not as it should be." in found


def test_a_record_without_meaning_makes_a_letter():
    assert "Your calcium score is 42" in text("anonymous")
    assert "Your chance in the next 10 years" not in headings("anonymous")
    assert "Sources:" not in text("anonymous")


def test_the_sources_are_those_of_the_numbers():
    found = text("moderate").split("Sources: ")[1]
    assert "MESA calcium score reference values" in found
    assert "10.1016/j.jacc.2015.08.035" in found
    assert "Khan" not in found
    assert "Khan" in text("no_number")


def test_style_and_language_reach_the_document():
    usual = letter("zero")
    assert (usual.style.text_pt, usual.style.paper, usual.language) == (12.0, "a4", "en")
    large = letter("zero", language="es", style=PageStyle(text_pt=18.0, paper="us-letter"))
    assert (large.style.text_pt, large.style.paper, large.language) == (18.0, "us-letter", "es")
    assert (usual.footer, usual.created) == (RESEARCH_USE, "2026-01-02T11:00:00+00:00")


def test_the_same_record_makes_the_same_letter():
    assert letter("automatic") == letter("automatic")


def test_cholesterol_that_was_typed_in_mmol_is_whole_mg_dl_as_in_the_report():
    result = interpreted(150.0, total_cholesterol_mg_dl=5.6 * 38.67, hdl_mg_dl=42.0)  # 216.6
    said = "\n".join(passages(patient_letter(result).blocks))
    assert "Your total cholesterol was 217 mg/dL." in said
    assert "Total cholesterol from 217 to " in said
    assert "216.6" not in said


def test_ages_that_differ_are_told_in_completed_years():
    result = interpreted(150.0)  # of a man of 55
    patient = replace(result.scan.patient, age_years=57.99)
    result = replace(result, scan=replace(result.scan, patient=patient))
    said = "\n".join(passages(patient_letter(result).blocks))
    assert "This letter was made for an age of 55. The data of your scan say 57." in said
