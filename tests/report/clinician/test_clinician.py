"""Every number that the clinician's report promises is in it, and nothing that the scan forbids."""

import re
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from corcal.ct.scan import Patient
from corcal.exam_numbers import exam_numbers
from corcal.followup import compare
from corcal.interpreted import interpret_result
from corcal.report.amounts import shown
from corcal.report.clinician import clinician_document
from corcal.report.document import Document, PageStyle, Picture
from corcal.report.interpretation_choice import (
    cautions_of,
    newest_on_each_topic,
    risk_rows,
    statements_of,
    told,
)
from corcal.report.interpretation_text import interpretation_text
from corcal.report.interpretation_words import (
    guideline_title,
    percent_words,
    plain_text,
    score_words,
    statement_strength,
)
from corcal.report.patient import person_name
from corcal.report.words import interval_range, interval_words
from corcal.result import RESEARCH_USE, Result, ReviewAdvice, ReviewRecord
from corcal.risk.interpretation_types import ScoreCertainty
from report.clinician.clinician_cases import (
    CASES,
    ORDINARY,
    PERSON,
    history,
    interpreted,
    scored,
)
from report.clinician.documents import blocks_of, tables_of, texts_of
from report.clinician.elsewhere_case import doubtful_elsewhere

NO_INTERPRETATION = ("nobody", "unfit")
VESSELS = ("LM", "LAD", "LCX", "RCA")


_MADE: dict[int, tuple[Result, Document]] = {}  # the charts of a document take time


@cache
def case(name: str) -> Result:
    return CASES[name]()


def document(result, pictures=None) -> Document:
    if pictures:
        return clinician_document(result, pictures)
    if id(result) not in _MADE:
        _MADE[id(result)] = (result, clinician_document(result, {}))  # kept, so the id stays its
    return _MADE[id(result)][1]


def words(result, pictures=None) -> str:
    return "\n".join(texts_of(document(result, pictures)))


def table(result, caption):
    return next(each for each in tables_of(document(result)) if each.caption.startswith(caption))


@pytest.mark.parametrize("name", CASES)
def test_the_score_comes_large_with_its_interval(name):
    result = case(name)
    total = result.score.total
    spans = blocks_of(document(result)).spans
    assert [span.text for span in spans if span.style == "big"] == [score_words(total.agatston)]
    if total.interval is not None:
        assert interval_words(total.interval) in words(result)


@pytest.mark.parametrize("name", CASES)
def test_the_table_has_every_artery_and_the_total(name):
    score = case(name).score
    found = table(case(name), "Calcium by artery")
    metal = {"LAD": " *"} if name == "stent" else {}
    doubtful = {
        each.site: " ?"
        for each in case(name).lesions
        if each.probabilities and each.probabilities[each.site] < 0.9 and each.agatston
        if not case(name).provenance.is_signed
    }
    marked = [v + metal.get(v, "") + doubtful.get(v, "") for v in VESSELS]
    assert [row[0] for row in found.rows] == marked
    assert ("A lesion there is doubtful" in words(case(name))) is any("?" in one for one in marked)
    for cells, part in zip(
        (*found.rows, found.foot), (*(score.vessels[v] for v in VESSELS), score.total), strict=True
    ):
        interval = () if score.total.interval is None else (interval_range(part.interval),)
        assert tuple(cells[1:]) == (
            shown(part.agatston),
            *interval,
            shown(part.volume_mm3),
            shown(part.mass_mg),
            str(part.lesion_count),
        )


@pytest.mark.parametrize("name", CASES)
def test_an_artery_with_metal_on_it_is_explained_and_no_other(name):
    assert ("Metal lies on this artery" in words(case(name))) is (name == "stent")


@pytest.mark.parametrize("name", [each for each in CASES if each not in NO_INTERPRETATION])
def test_class_percentile_risk_and_guidance_are_those_of_the_record(name):
    result = case(name)
    meaning, text = result.interpretation, words(case(name))
    assert meaning.categories["cac_drs"].code in text
    assert meaning.categories["plain"].label in text
    if meaning.difference is not None and meaning.difference.text is not None:
        risk = meaning.difference.text
        assert (risk if meaning.is_gated else risk.partition(",")[0]) in text
    mesa = meaning.percentile["mesa"].value if meaning.is_gated is not False else None
    assert mesa in (None, 0, 99) or re.search(rf"\b{mesa}(st|nd|rd|th) percentile", text)
    for each in newest_on_each_topic(told(statements_of(meaning))):
        assert plain_text(each) in text
        assert f"({statement_strength(each)})" in text
        assert f"{guideline_title(each.guideline)}." in text
    for each in cautions_of(meaning):
        assert plain_text(each).removesuffix(".") in text
    rows = risk_rows(meaning)
    if rows:
        cells = [row[1:] for row in table(result, "Risk by model").rows]
        assert [row[0] for row in cells] == [percent_words(row.ten_years) for row in rows]
        with_calcium = [row.with_calcium for row in rows]
        if any(each is not None for each in with_calcium):
            assert [row[1] for row in cells] == [percent_words(each) for each in with_calcium]


def test_risk_without_and_with_calcium_are_worked_out_by_the_record_alone():
    # 3.9 % and 8.6 % are MESA's of this woman, as `corcal interpret` gives them
    rows = table(case("ordinary"), "Risk by model").rows
    assert rows[0] == ("MESA risk score: coronary heart disease", "3.9 %", "8.6 %")
    assert ("Pooled Cohort Equations: atherosclerotic disease (ASCVD)", "6.0 %", "-") in rows
    assert "The models predict different things" in words(case("ordinary"))


def test_a_fact_that_the_risk_with_calcium_needs_is_named_and_no_column_is_of_dashes_alone():
    person = replace(PERSON, family_history=None, premature_family_history=None)
    result = case("ordinary")
    result = replace(result, interpretation=interpret_result(result, person))
    assert "With calcium" not in table(result, "Risk by model").head
    assert "MESA risk score: needs heart attack in the family." in words(result)
    assert "Risk without the calcium" in words(result).splitlines()  # no heading promises more
    assert "With calcium" in table(case("ordinary"), "Risk by model").head
    assert "MESA risk score: needs" not in words(case("ordinary"))
    assert "Risk without and with the calcium" in words(case("ordinary")).splitlines()


def test_a_risk_in_thirty_years_has_a_column_where_there_is_one():
    assert table(case("very high"), "Risk by model").head[-1] == "In 30 years"
    assert table(case("ordinary"), "Risk by model").head[-1] == "With calcium"


@pytest.mark.parametrize("name", ["ordinary", "ten exams"])
def test_the_change_has_a_row_an_exam_and_its_verdict(name):
    followup = case(name).followup
    rows = table(case(name), "The exams").rows
    assert rows == tuple(
        (
            str(exam.date),
            shown(exam.agatston),
            interval_range(exam.interval),
            shown(exam.volume_mm3),
            shown(exam.mass_mg),
        )
        for exam in followup.exams
    )
    text = words(case(name))
    assert followup.whole.text in text
    last = len(followup.exams) - 1
    (step,) = [each for each in followup.changes if (each.first, each.second) == (last - 1, last)]
    assert step.text in text
    told = [note.replace("[houslay2006]", "Houslay 2006") for note in followup.whole.notes]
    assert all(note in text for note in told)
    assert "[" not in text.split("Sources:")[0]  # no key of a source


def test_two_exams_are_compared_once():
    result = case("zero")
    text = words(replace(result, followup=history(result, 96.0)))
    assert text.count("years apart") == 1


def test_exams_without_intervals_have_dashes():
    result = case("marked")
    rows = table(replace(result, followup=history(result, 96.0)), "The exams").rows
    assert [row[2] for row in rows] == ["\N{EN DASH}", "\N{EN DASH}"]


def test_one_model_alone_is_not_compared_with_others():
    # without eGFR there is no PREVENT, without a region no SCORE2, and MESA wants the family
    person = replace(PERSON, egfr=None, region=None, family_history=None)
    result = interpreted(scored(ORDINARY), person)
    rows = table(result, "Risk by model").rows
    assert [row[0] for row in rows] == ["Pooled Cohort Equations: atherosclerotic disease (ASCVD)"]
    assert "The models predict different things" not in words(result)
    assert "PREVENT is the" not in words(result)


def test_calcium_elsewhere_stands_apart_and_is_not_in_the_score():
    found = table(case("ordinary"), "Calcium outside")
    assert [row[:2] for row in found.rows] == [
        ("Aortic valve", "88.4"),
        ("Descending aorta", "412.9"),
    ]
    assert table(case("ordinary"), "Calcium by artery").foot[1] == "222.3"


DOUBT = "calcium may belong to a neighbouring artery"


@pytest.mark.parametrize(
    ("name", "is_said"), [("ordinary", True), ("zero", False), ("marked", False)]
)
def test_intervals_of_arteries_say_what_they_include(name, is_said):
    # a zero has nothing that could belong elsewhere; marks have no intervals
    assert words(case(name)).count(DOUBT) == is_said


def test_intervals_are_explained_also_where_nobody_asked_what_the_score_means():
    assert DOUBT in words(replace(case("ordinary"), interpretation=None))


def test_bone_noise_and_metal_are_no_calcium_to_report():
    base = case("ordinary")
    (valve, *_) = base.score.other_sites.values()
    others = {"bone": valve, "noise": valve, "device": valve, "mitral_annulus": valve}
    found = table(replace(base, score=replace(base.score, other_sites=others)), "Calcium outside")
    assert [row[0] for row in found.rows] == ["Mitral annulus"]


DOUBTFUL = "?: doubtful, less than 90 % probable or named in the reasons for a review"


def test_what_is_doubtful_elsewhere_has_a_mark_and_what_else_it_may_be():
    rows = table(doubtful_elsewhere(), "Calcium outside").rows
    assert [(row[0], row[-1]) for row in rows] == [
        ("Descending aorta", "1"),
        ("Mitral annulus ? (97 %, LCX 3 %)", "1"),  # a reason for a review is about it
        ("Other ? (51 %, bone 46 %)", "1"),
        ("Lymph node", "2 (1 ?)"),
    ]
    assert DOUBTFUL in words(doubtful_elsewhere())


def test_what_is_sure_or_signed_has_no_mark():
    base = doubtful_elsewhere()
    signed = replace(base, provenance=case("addendum").provenance)
    for result in (signed, case("ordinary"), case("marked")):
        assert DOUBTFUL not in words(result)
    rows = table(signed, "Calcium outside").rows
    assert [row[0] for row in rows][1:3] == ["Mitral annulus", "Other"]


def test_metal_is_said_once_and_where_it_is():
    text = words(case("stent"))
    assert (
        text.count("Metal in slices 12 to 17 (from 0 at the feet), on the course of the LAD") == 1
    )
    assert "may be a stent" in text


def test_metal_without_a_finding_is_said_too():
    base = case("stent")
    silent = replace(base, suitability=replace(base.suitability, findings=()))
    assert "Metal was found at the heart" in words(silent)


def test_an_unfit_scan_has_a_notice_first_and_no_meaning():
    result = case("unfit")
    text = words(result)
    assert text.index("This scan was not fit for a calcium score") < text.index("Impression")
    assert "The blood pool has 312 HU" in text
    assert "Slices of 0.8 mm" in text
    for absent in ("percentile of", "What guidelines say", "CAC-DRS", "Risk by model"):
        assert absent not in text
    assert "222" in text


def test_symptoms_come_before_everything():
    text = words(case("symptoms"))
    assert text.index("Symptoms come first") < text.index("Impression")
    assert text.count("Symptoms come first") == 1


def test_without_interpretation_a_line_says_what_it_needs():
    text = words(case("nobody"))
    assert "corcal interpret" in text
    assert "age and sex" in text
    assert "What guidelines say" not in text


def test_without_age_and_sex_the_class_is_there_and_the_reason_for_the_rest():
    text = words(case("nobody interpreted"))
    assert "A2/N3, moderate" in text
    assert "Age and sex are not both known" in text


def test_a_model_that_cannot_be_used_says_what_it_needs():
    text = words(case("little known"))
    assert "No model gives a risk." in text
    (line,) = [each for each in text.splitlines() if "Not known, and needed" in each]
    assert line == (
        "No model gives a risk. Not known, and needed by some or all of MESA risk score, Pooled "
        "Cohort Equations, PREVENT and SCORE2: race, systolic blood pressure, total cholesterol, "
        "HDL cholesterol, eGFR, body mass index, diabetes, smoking now, blood pressure "
        "medication, statin or other lipid-lowering drug, heart attack in the family, SCORE2 "
        "region of Europe."
    )
    # why a model would not apply even so stands by itself
    assert "PREVENT: age of 61 years is outside 30 to 59 years" in text
    assert ": needs" not in text


def test_the_patient_is_described_with_the_age_in_completed_years():
    base = case("nobody")
    patient = Patient(patient_id="7", sex="M", birth_date="1970-01-02", age_years=56.99)
    text = words(replace(base, scan=replace(base.scan, patient=patient)))
    for said in ("7", "1970-01-02", "male, 56 years"):
        assert said in text.splitlines()


def test_the_number_of_the_order_stands_with_the_exam_where_it_is_known():
    base = case("nobody")
    ordered = replace(base, scan=replace(base.scan, accession_number="ACC-2026-17"))
    assert "ACC-2026-17" in words(ordered).splitlines()
    assert "Accession" not in words(base)


def test_nobody_is_named_if_nobody_is():
    result = case("nobody")
    assert document(result).subtitle == "The headers do not name the patient."
    assert document(result).footer == f"{RESEARCH_USE} Exam of unknown date, series 3, Ca score 3.0"


@pytest.mark.parametrize(
    ("amount", "count"),
    [
        (0.0, 0),  # nothing, whatever it is called
        (12.0, 0),  # mild in every scheme
        (301.0, 1),  # moderate (101-400), and severe in CAC-DRS
        (400.5, 1),  # significant, and severe
        (5.0, 1),  # mild in both of the impression, minimal in others
    ],
)
def test_where_schemes_have_other_words_one_line_says_why(amount, count):
    result = replace(interpreted(scored({"LAD": amount})), followup=None)
    assert words(result).count("Each scheme has its own limits and words.") == count
    text = " ".join(interpretation_text(result.interpretation).split())
    assert text.count("Each scheme has its own limits and words.") == count


@pytest.mark.parametrize("name", ["long name", "right to left"])
def test_a_name_is_written_whole_at_the_top_and_last_at_the_foot(name):
    result = case(name)
    written = person_name(result.scan.patient.name)
    (span,) = document(result).subtitle
    assert span.text == written
    foot = document(result).footer
    assert foot.startswith(f"{RESEARCH_USE} Patient SIM-1024, exam of 2026-01-02, {written[:20]}")
    assert len(foot) < len(RESEARCH_USE) + 120


def test_a_long_name_is_cut_at_the_foot_alone():
    result = case("long name")
    assert document(result).footer.endswith(" …")
    assert "Freifrau von und zu" in "".join(span.text for span in document(result).subtitle)


def test_a_score_without_gating_is_not_set_beside_those_of_gated_scans():
    text = words(case("not gated"))
    assert "Not given: percentiles, arterial age and risk were made from gated scans." in text
    assert "percentile of White women" not in text
    assert "percentile curves" not in text
    assert "% without the scan" in text
    assert "% with it" not in text
    assert "percentile of White women" in words(case("ordinary"))
    assert "% with it" in words(case("ordinary"))


def test_a_scan_without_gating_has_an_equivalent_and_says_so_once():
    text = words(case("not gated"))
    assert "Agatston-equivalent, from a scan without ECG gating" in text
    assert "V2/N3" in text
    assert text.count("is not ECG-gated") == 1
    alone = replace(case("not gated"), interpretation=None)
    assert "not to be used as the score of a gated scan" in words(alone)


@pytest.mark.parametrize(("name", "told"), [("ordinary", True), ("not gated", False)])
def test_an_unsure_category_names_the_other_and_bands_are_told_of_gated_scores(name, told):
    result = case(name)
    chances = {"0": 0.0, "1-100": 0.36, "101-400": 0.61, ">400": 0.03}
    certainty = ScoreCertainty(
        low=90.0,
        high=350.0,
        level=0.95,
        category_probabilities=chances,
        is_sure=False,
        bands=("10-99", "300-999"),
        reading="as of a record",
    )
    meaning = replace(result.interpretation, certainty=certainty)
    review = ReviewAdvice(advised=True, reasons=("the category is uncertain",))
    text = words(replace(result, interpretation=meaning, review=review))
    assert "moderate (101-400) with 61 %; 1-100 with 36 %" in text
    assert ("from 10-99 to 300-999 of the bands" in text) is told


def test_the_class_of_cac_drs_without_gating_is_no_visual_estimate():
    derived = "V2/N3, moderate (derived from the score, not a visual estimate)"
    assert derived in words(case("not gated"))
    assert "visual estimate" not in words(case("ordinary"))


@pytest.mark.parametrize("name", ["not gated", "not gated zero"])
def test_classes_by_exact_bands_are_left_out_without_gating(name):
    for said in ("Rumberger 1999", "CAD-RADS", "Stage (Maron 2024)", "; ACC/AHA 2026: "):
        assert said not in words(case(name))
        assert said in words(case("ordinary"))
    assert "Guideline statements on exact bands" in words(case(name))


def test_a_zero_that_can_hide_calcium_has_no_artery_with_calcium_that_counts():
    assert "0 of 4 with calcium that counts" in words(case("not gated zero")).splitlines()
    assert "0 of 4 with calcium" in words(case("zero")).splitlines()
    assert "3 of 4 with calcium" in words(case("not gated")).splitlines()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ordinary", "Found and scored automatically. No reader has checked it."),
        ("marked", "The coronary calcium was marked by a person."),
        ("low", "Review by a reader is advised before the score is used"),
        ("empty annotation", "holds only if a reader has looked and found no coronary calcium."),
        ("zero", "No coronary calcium was found."),
    ],
)
def test_it_says_who_stands_for_the_score(name, said):
    assert said in words(case(name))


def test_reasons_for_a_review_are_listed():
    text = words(case("low"))
    assert "A lesion of 42 Agatston is doubtful: LCX 62 %, mitral annulus 38 %." in text
    assert "advised" not in words(case("ordinary"))


@pytest.mark.parametrize(
    ("readers", "finished", "is_complete", "said"),
    [
        (
            ("Dr. A", "Dr. B"),
            None,
            True,
            "Reviewed by Dr. A, Dr. B; before the review the score was 210.",
        ),
        (
            ("Dr. A",),
            "2026-01-03T09:05:00+00:00",
            True,
            "Reviewed by Dr. A on 2026-01-03; before the review the score was 210.",
        ),
        ((), None, False, "Not all that the score could depend on was decided in the review."),
    ],
)
def test_a_review_is_named_with_the_score_before_it(readers, finished, is_complete, said):
    base = case("ordinary")
    record = ReviewRecord(
        readers=readers,
        started=None,
        finished=finished,
        event_count=3,
        change_count=2,
        candidates_by_reader=2,
        is_complete=is_complete,
        proposed_by="automatic",
        proposed_rule="textbook",
        proposed_agatston=210.2,
    )
    result = replace(base, provenance=replace(base.provenance, reviewed=record, reader="Dr. A"))
    assert said in words(result)
    assert "No reader has checked it" not in words(result)


def test_how_the_score_was_made_is_told():
    text = words(case("marked"))
    for said in (
        "textbook, calcium from 130 HU",
        "marked by a person (OsiriX/Horos file calcium.xml, 2 regions)",
        "corcal 0.1.0",
        "2026-01-02 11:00:00 UTC",
        "2.25.2",
        "Ca score 3.0, number 3",
        "Dr. A. Reader",
    ):
        assert said in text
    assert "corcal-thorax 1, corcal-lesions 1" in words(case("ordinary"))


def test_sources_are_those_of_what_is_said_and_nothing_is_cited_twice():
    text = words(case("ordinary"))
    sources = text[text.index("Sources: ") :]
    for doi in ("10.1161/CIR.0000000000001423", "10.1016/j.jacc.2015.08.035", "10.1002/sim.3095"):
        assert sources.count(f"doi:{doi}") == 1
    assert "Rumberger JA" not in sources  # a scheme, named with its year where it is shown
    assert "Houslay ES 2006" in sources  # named in a note on the statin


def test_a_zero_is_no_promise_and_is_said_once():
    text = words(case("zero"))
    assert "A score of 0 is not a risk of 0" in text
    assert "it is no promise" not in text
    assert "it is no promise" in words(interpreted(scored({}), None))


def test_older_statements_are_counted():
    meaning = case("ordinary").interpretation
    applying = told(statements_of(meaning))
    count = len(applying) - len(newest_on_each_topic(applying))
    assert count == 6
    assert "6 older statements are left out." in words(case("ordinary"))


def test_of_a_topic_the_newest_is_kept_for_europe_and_elsewhere():
    kept = newest_on_each_topic(told(statements_of(case("ordinary").interpretation)))
    lipids = {each.guideline for each in kept if each.topic == "lipids"}
    assert lipids == {"accaha2026", "escc2025"}


def test_the_document_carries_the_moment_of_the_record_and_the_style():
    style = PageStyle(paper="us-letter", text_pt=10.0)
    found = clinician_document(case("ordinary"), {}, style=style)
    assert (found.created, found.style, found.language) == (
        "2026-01-02T11:00:00+00:00",
        style,
        "en",
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_the_pictures_that_there_are_have_words(count):
    amounts = dict(list({**ORDINARY, "LCX": 10.0}.items())[:count])
    result = interpreted(scored(amounts))
    pictures = {f"key_{name}": b"key" for name in amounts} | {"projection": b"all"}
    shown_pictures = [
        each
        for each in blocks_of(document(result, pictures)).pictures
        if each.data in (b"key", b"all")
    ]
    assert len(shown_pictures) == count + 1
    assert all(each.alt for each in shown_pictures)
    for name, amount in amounts.items():
        assert any(f"({name})" in each.alt and shown(amount) in each.alt for each in shown_pictures)


def test_without_pictures_there_is_no_heading_for_them():
    assert "Images" not in words(case("ordinary"))
    assert "Images" in words(case("ordinary"), {"projection": b"all"})


def test_the_charts_are_drawn_from_the_record():
    found: list[Picture] = blocks_of(document(case("ordinary"))).pictures
    assert [each.media_type for each in found] == ["image/svg+xml", "image/svg+xml"]
    percentile, change = found
    assert "94th percentile of White women of 61 years" in percentile.alt
    assert "2022-03-01 96.0; 2024-03-01 141.0; 2026-01-02 222.3" in change.alt


def test_the_same_record_gives_the_same_document():
    assert clinician_document(case("ordinary"), {}) == document(case("ordinary"))


def test_exams_that_are_not_comparable_have_no_change_a_year():
    base = case("ordinary")
    last = exam_numbers(base)
    earlier = replace(last, date=date(2020, 1, 1), kvp=100.0, series_key=None, age_years=None)
    text = words(replace(base, followup=compare([earlier, last])))
    assert "no verdict" in text
    assert "Change per year" not in text
