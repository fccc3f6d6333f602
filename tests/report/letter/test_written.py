"""The letter as people get it: a tagged PDF and a page, with the same words and numbers."""

import re
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from corcal.report.document import PageStyle
from corcal.report.document_html import document_html
from corcal.report.document_pdf import document_pdf
from corcal.report.letter import patient_letter
from corcal.result import result_json
from report.letter.letter_cases import CASES
from report.letter.reading import passages
from report.looks import check_looks
from result_maker import consistent


def pdf_text(pdf):
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return " ".join(" ".join(pages).split())


@pytest.mark.parametrize("name", ["moderate", "automatic_doubtful", "stent", "ten_exams"])
def test_every_word_reaches_the_pdf_and_the_page(name):
    letter = patient_letter(CASES[name](), language="es")
    pdf, page = pdf_text(document_pdf(letter)), document_html(letter)
    words = re.findall(r"\w{4,}", " ".join(passages(without_pictures(letter.blocks))))
    assert {each for each in words if each not in pdf and "-" not in each} == set()
    assert {each for each in words if each not in page} == set()


def without_pictures(blocks):
    """Blocks whose words are seen; those of pictures are read out."""
    return tuple(each for each in blocks if type(each).__name__ not in ("Picture", "Beside"))


def test_the_words_for_pictures_are_in_both():
    letter = patient_letter(CASES["moderate"]())
    page, pdf = document_html(letter), document_pdf(letter)
    assert "A bar with four parts, from no calcium to a large amount." in page
    assert "A picture of 100 people. Dark: 37" in page
    # PDF/UA refuses a picture without them
    assert b"pdfuaid" in pdf


@pytest.mark.parametrize("name", ["arabic_name", "long_name", "anonymous", "very_large"])
@pytest.mark.parametrize("style", [PageStyle(text_pt=12.0), PageStyle(text_pt=18.0)])
def test_awkward_letters_are_set_in_any_size(name, style):
    pdf = document_pdf(patient_letter(CASES[name](), style=style))
    document = pypdfium2.PdfDocument(pdf)
    try:
        assert 1 <= len(document) <= 6
    finally:
        document.close()


def page_count(pdf):
    document = pypdfium2.PdfDocument(pdf)
    try:
        return len(document)
    finally:
        document.close()


@pytest.mark.parametrize("paper", ["a4", "us-letter"])
@pytest.mark.parametrize("name", ["automatic_doubtful", "ten_exams"])
@pytest.mark.parametrize("code", ["en", "es"])
def test_long_letters_are_one_sheet(name, code, paper):
    style = PageStyle(paper=paper, text_pt=12.0)
    assert page_count(document_pdf(patient_letter(CASES[name](), language=code, style=style))) == 2


def test_large_print_is_never_set_closer():
    letter = patient_letter(CASES["automatic_doubtful"](), style=PageStyle(text_pt=16.0))
    assert document_pdf(letter) == document_pdf(replace(letter, fits_pages=None))


def test_the_english_letter_looks_as_approved():
    check_looks(document_pdf(patient_letter(CASES["moderate"]())), "letter")


def test_the_spanish_letter_in_large_print_looks_as_approved():
    letter = patient_letter(
        CASES["automatic"](), language="es", style=PageStyle(text_pt=18.0, paper="us-letter")
    )
    check_looks(document_pdf(letter), "letter_es_large")


def test_the_python_of_the_page_on_the_letter_runs(tmp_path, monkeypatch):
    page = (Path(__file__).resolve().parents[3] / "docs" / "patient_letter.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    folder = tmp_path / "exam"
    folder.mkdir()
    (folder / "result.json").write_text(result_json(consistent(CASES["zero"]())), "utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "patient_letter.md", "exec"), {})  # noqa: S102 (the page's own example)
    assert "Su puntuación de calcio es 0" in pdf_text((tmp_path / "letter.pdf").read_bytes())
