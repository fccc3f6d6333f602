"""The tags of whole reports, walked element by element, as a screen reader does.

PDF/UA itself is checked by typst, which writes none that fails what it can test. Names of rows are
no header cells in these files: the setter has no way yet to say so.
"""

import io
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pypdf
import pytest

from corcal.report.clinician import clinician_document
from corcal.report.document import PageStyle
from corcal.report.document_pdf import document_pdf
from corcal.report.letter import patient_letter
from report.clinician.clinician_cases import CASES, pictures_for
from report.letter.letter_cases import CASES as LETTERS
from report.pdf_reading import structure

NAMES = ("report", "letter", "large letter")


@cache
def pdf(name: str) -> bytes:
    if name == "report":
        result = CASES["everything"]()
        return document_pdf(clinician_document(result, pictures_for(result)))
    if name == "letter":
        return document_pdf(patient_letter(LETTERS["moderate"]()))
    style = PageStyle(text_pt=18)
    return document_pdf(patient_letter(LETTERS["ten_exams"](), language="es", style=style))


@cache
def elements(name: str) -> list[Any]:
    return structure(pdf(name))


def role(element: Any) -> str:
    return str(element["/S"])[1:]


def kids(element: Any) -> list[Any]:
    """Elements right below; what is content and no element is left out."""
    found = element.get("/K", [])
    found = found.get_object() if hasattr(found, "get_object") else found
    found = found if isinstance(found, list) else [found]
    each = [kid.get_object() for kid in found if not isinstance(kid, int)]
    return [kid for kid in each if "/S" in kid]


def below(element: Any, wanted: str) -> Iterator[Any]:
    for kid in kids(element):
        if role(kid) == wanted:
            yield kid
        yield from below(kid, wanted)


def table_attribute(cell: Any, key: str) -> Any:
    (found,) = [each for each in cell["/A"] if each["/O"] == "/Table"]
    return found[key]


@pytest.mark.parametrize("name", NAMES)
def test_headings_begin_with_the_title_and_skip_no_level(name):
    levels = [int(role(each)[1]) for each in elements(name) if role(each)[0] == "H"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_says_what_it_shows(name):
    figures = [each for each in elements(name) if role(each) == "Figure"]
    assert len(figures) == {"report": 7, "letter": 2, "large letter": 2}[name]
    assert all(len(str(each["/Alt"])) > 10 for each in figures)


@pytest.mark.parametrize("name", NAMES)
def test_tables_have_a_caption_and_header_cells_that_every_cell_names(name):
    tables = [each for each in elements(name) if role(each) == "Table"]
    assert len(tables) == {"report": 4, "letter": 1, "large letter": 2}[name]
    for table in tables:
        assert [role(each) for each in kids(table)] == ["Caption", "THead", "TBody"]
        (head,) = [row for part in below(table, "THead") for row in below(part, "TR")]
        names = kids(head)
        assert {role(each) for each in names} == {"TH"}
        assert {table_attribute(each, "/Scope") for each in names} == {"/Column"}
        keys = [each["/ID"] for each in names]
        for row in (row for part in below(table, "TBody") for row in below(part, "TR")):
            assert [list(table_attribute(cell, "/Headers")) for cell in kids(row)] == [
                [key] for key in keys
            ]


@pytest.mark.parametrize("name", NAMES)
def test_items_of_lists_have_a_mark_and_a_body(name):
    items = [each for each in elements(name) if role(each) == "LI"]
    assert items
    assert all([role(kid) for kid in kids(each)] == ["Lbl", "LBody"] for each in items)


@pytest.mark.parametrize("name", NAMES)
def test_pages_are_read_in_the_order_of_their_tags(name):
    for page in pypdf.PdfReader(io.BytesIO(pdf(name))).pages:
        assert page["/Tabs"] == "/S"
        assert "/StructParents" in page
