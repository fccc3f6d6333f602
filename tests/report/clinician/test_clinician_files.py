"""The report as PDF and as HTML: the same words, on few pages, with nothing outside them."""

import html
import re
from functools import cache

import pytest

from corcal.report.clinician import clinician_document
from corcal.report.document import Document
from corcal.report.document_html import document_html
from corcal.report.document_pdf import document_pdf
from corcal.report.plain_text import shown_text
from report.clinician.clinician_cases import CASES, pictures_for
from report.clinician.documents import texts_of
from report.looks import check_looks
from report.pdf_reading import alternatives, bare, letters_outside, page_count, words_of

MOST_PAGES = 2
SEEN = (
    "ordinary",
    "everything",
    "very high",
    "unfit",
    "long name",
    "nobody",
    "ten exams",
    "marked",
)


@cache
def document(name: str) -> Document:
    result = CASES[name]()
    return clinician_document(result, {} if name == "nobody" else pictures_for(result))


@cache
def pdf(name: str) -> bytes:
    return document_pdf(document(name))


@pytest.mark.parametrize("name", SEEN)
def test_the_pdf_holds_every_text_and_number_of_the_document(name):
    words = words_of(pdf(name))
    missing = [text for text in texts_of(document(name)) if bare(shown_text(text)) not in words]
    # a paragraph that goes on over the foot of a page is read in two parts
    assert all(_parts_are_in(text, words) for text in missing), missing


def _parts_are_in(text: str, words: str) -> bool:
    return all(bare(part) in words for part in re.findall(r"\S+", text))


@pytest.mark.parametrize("name", SEEN)
def test_the_html_holds_every_text_and_number_of_the_document(name):
    page = re.sub(r"<style.*?</style>|<[^>]*>", "", document_html(document(name)), flags=re.DOTALL)
    words = bare(html.unescape(page))
    assert [text for text in texts_of(document(name)) if bare(shown_text(text)) not in words] == []


@pytest.mark.parametrize("name", SEEN)
def test_it_is_two_pages_at_most_and_no_letter_leaves_them(name):
    assert page_count(pdf(name)) <= MOST_PAGES
    assert letters_outside(pdf(name), margin_pt=20.0) == []


def test_a_name_from_right_to_left_is_read_whole():
    words = words_of(pdf("right to left"))
    assert "\u05db\u05d4\u05df" in words or "\u05df\u05d4\u05db" in words
    assert page_count(pdf("right to left")) <= MOST_PAGES


def test_every_picture_has_its_words_in_the_pdf():
    assert len(alternatives(pdf("ordinary"))) == 6  # 2 charts, 3 key images, the projection
    assert all(alternatives(pdf("ordinary")))


@pytest.mark.parametrize("name", ["zero", "ordinary", "unfit"])
def test_the_pages_look_as_approved(name):
    check_looks(pdf(name), f"clinician_{name}")
