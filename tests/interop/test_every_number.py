"""Every number of every output is the record's: all formats are written, and read back."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from corcal.cli.report import pictures_for
from corcal.cli.report_formats import FORMATS, write_report
from corcal.cli.report_request import Request
from corcal.report.exam_pictures import draw_pictures
from interop.number_exams import EXAMS
from interop.number_phrases import has, page_texts, phrases, without_the_record
from interop.number_promises import promised, unlisted
from interop.number_readers import READERS, sentences_of

# What has a number on every page, whatever the record says
PUBLICATION = r"(?<=[A-Za-z,] )(19|20)\d\d, (doi:|PMID \d+)"
GUIDELINE = r"20\d\d ACC/AHA"
ALWAYS = {
    ("report", "en"): [
        PUBLICATION,
        r"Page \d of \d",
        r"Risk by model, in 10 years",
        r"Risk in 10 years (of|Coronary)",
        r"ASCVD in 10 years is intermediate risk \(5 to under 10 %\)",
        r"people of 45 to 84 years",
        r"a score of 0 has no percentile",
        r"SCORE2",
        r"\(class (1|2a|2b|3)(;|\))",
        r"20\d\d (ACC/AHA|AHA/ACC|US Preventive|ESC|National Lipid)",
        r"[1-9] older statements? (is|are) left out",
        r"one can reach 0, or far above",
    ],
    ("letter", "en"): [PUBLICATION, r"Page \d of \d", GUIDELINE],
    ("letter", "es"): [PUBLICATION, r"Página \d de \d", GUIDELINE],
}
SAME_AS = {"labelmap": "seg"}
PAGES = tuple(ALWAYS)
IN_WORDS = [  # names of lesions, and publications
    r"Lesion L\d of the exam",
    r"\w+ lesion \d{8}",
    r"Source: [^|]+",
    r"a score of 0 does not",
]


@pytest.fixture(scope="module", params=EXAMS)
def written(request, tmp_path_factory):
    """An exam with everything that corcal report writes of it: (exam, folder)."""
    folder = tmp_path_factory.mktemp(request.param)
    exam = EXAMS[request.param](folder / "scan")
    for language in ("en", "es"):
        formats = tuple(FORMATS) if language == "en" else ("patient",)
        asked = Request(
            result=exam.result,
            folder=folder / language,
            formats=formats,
            exam=exam,
            pictures=pictures_for(formats, exam.result, folder, exam),
            language=language,
        )
        write_report(asked)
    return exam, folder


def test_the_table_knows_every_number_of_the_record(written):
    exam, _ = written
    assert unlisted(exam.result) == []


@pytest.mark.parametrize("form", READERS)
def test_a_format_for_programs_has_all_it_promises_and_nothing_else(written, form):
    exam, folder = written
    assert READERS[form](folder / "en", exam) == promised(exam.result, SAME_AS.get(form, form))


@pytest.mark.parametrize(("form", "language"), PAGES)
def test_a_page_for_people_has_all_it_promises_in_its_place(written, form, language):
    exam, folder = written
    told = phrases(exam.result, form, language)
    for kind, text in page_texts(folder / language, form).items():
        assert [phrase for phrase, paths in told if paths and not has(text, phrase)] == [], kind
    paths = {path for _, paths in told for path in paths}
    assert paths == promised(exam.result, form).keys()


@pytest.mark.parametrize(("form", "language"), PAGES)
def test_a_page_for_people_has_no_number_of_its_own(written, form, language):
    exam, folder = written
    told = phrases(exam.result, form, language)
    for kind, text in page_texts(folder / language, form).items():
        rest = without_the_record(text, exam.result, told, ALWAYS[form, language])
        assert re.findall(r"\D{0,40}\d[\d.,]*\D{0,20}", rest) == [], kind


def test_the_words_of_formats_for_programs_have_no_number_of_their_own(written):
    exam, folder = written
    told = phrases(exam.result, "sentences")
    texts = sentences_of(folder / "en")
    total = next(phrase for phrase, _ in told if phrase.startswith("Agatston score:"))
    assert [name for name in ("fhir", "hl7") if not has(texts[name], total)] == []
    for name, text in texts.items():
        rest = without_the_record(text, exam.result, told, IN_WORDS)
        assert re.findall(r"\D{0,40}\d[\d.,]*\D{0,20}", rest) == [], name


def test_the_report_in_dicom_is_the_report(written):
    _, folder = written
    inside = dcmread(folder / "en" / "calcium_report.dcm").EncapsulatedDocument
    pdf = (folder / "en" / "report.pdf").read_bytes()
    assert inside[: len(pdf)] == pdf
    assert inside[len(pdf) :].strip(b"\0") == b""


def test_the_pictures_in_dicom_are_those_of_the_exam(written):
    exam, folder = written
    pictures = draw_pictures(exam.result, exam.scan, exam.voxels)
    names = {path.stem for path in (folder / "en").glob("*.dcm")} & pictures.keys()
    with_calcium = {f"key_{name}" for name, s in exam.result.score.vessels.items() if s.agatston}
    assert names == {"projection", *with_calcium}
    for name in names:
        drawn = np.asarray(Image.open(io.BytesIO(pictures[name])).convert("RGB"))
        assert np.array_equal(dcmread(folder / "en" / f"{name}.dcm").pixel_array, drawn), name


def test_an_arrow_names_the_artery_and_the_lesion_of_the_record(written):
    exam, folder = written
    path = folder / "en" / "presentation_state.dcm"
    lesions = {f"{one.site} {one.id}" for one in exam.result.lesions}
    if not exam.result.score.total.agatston:
        assert not path.exists()
        return
    texts = {
        str(text.UnformattedTextValue)
        for annotation in dcmread(path).GraphicAnnotationSequence
        for text in annotation.get("TextObjectSequence", ())
    }
    assert texts
    assert texts <= lesions
