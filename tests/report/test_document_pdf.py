import io
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pypdf
import pypdfium2
import pytest

from corcal.errors import InputError
from corcal.report import pdf_fonts
from corcal.report.document import (
    Beside,
    Block,
    Bullets,
    Facts,
    Heading,
    Notice,
    PageStyle,
    Paragraph,
    Picture,
    Span,
    Table,
)
from corcal.report.document_pdf import document_pdf
from corcal.report.plain_text import runs_right_to_left
from report.contrast import contrast
from report.document_maker import document, every_block, hostile_document, png, texts
from report.looks import check_looks
from report.pdf_reading import (
    alternatives,
    bare,
    letters_outside,
    page_count,
    roles,
    root,
    structure,
    words_of,
)

LARGE_LETTER = PageStyle(paper="us-letter", text_pt=18.0)
STYLES = [PageStyle(), PageStyle(paper="us-letter"), PageStyle(text_pt=18.0), LARGE_LETTER]
MARGIN_PT = 25.0  # the narrowest margin is at the foot, 10 mm: 28 pt


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return document_pdf(document())


@pytest.fixture(scope="module")
def hostile() -> bytes:
    return document_pdf(hostile_document())


def test_every_text_is_found_again_in_the_order_of_the_document(pdf: bytes) -> None:
    found, at = words_of(pdf), 0
    for text in texts(document()):
        at = found.find(bare(text), at)
        assert at >= 0, text


def test_the_footer_and_the_number_of_the_page_are_on_every_page() -> None:
    made = document_pdf(document(*every_block(rows=60)))
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    assert len(pages) >= 3
    for k, page in enumerate(pages, start=1):
        words = bare(page.extract_text())
        assert bare(document().footer) in words
        assert f"Page{k}of{len(pages)}" in words


def test_numbers_of_pages_are_in_the_language_of_the_document() -> None:
    spanish = replace(document(), language="es", page_numbers="Página {page} de {pages}")
    assert "Página1de2" in words_of(document_pdf(spanish))


def test_the_head_of_a_table_is_repeated_on_every_page_of_it() -> None:
    made = document_pdf(document(*every_block(rows=60)))
    for page in pypdf.PdfReader(io.BytesIO(made)).pages:
        words = bare(page.extract_text())
        assert words.count("Whyitwastakenforthisartery") == ("Itliesonthepathway" in words)


def test_the_file_is_tagged_has_a_language_and_shows_its_title(pdf: bytes) -> None:
    top = root(pdf)
    assert top["/MarkInfo"]["/Marked"]
    assert top["/Lang"] == "en"
    assert top["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in top["/Metadata"].get_object().get_data()
    assert pypdf.PdfReader(io.BytesIO(pdf)).metadata["/Title"] == "Coronary calcium report"


def test_alternative_texts_are_in_the_structure(pdf: bytes) -> None:
    assert alternatives(pdf) == [
        "Seen from the front: an orange block",
        "Slice 31: an orange block",
        "A bar, two thirds full",
    ]


def test_paragraphs_lists_tables_and_their_captions_are_told_apart(pdf: bytes) -> None:
    found = roles(pdf)
    assert found.count("L") == 2
    assert found.count("LI") == 2 + 3
    assert found.count("Table") == 2
    assert found.count("TH") == 4 + 5
    assert found.count("Caption") >= 2
    assert "P" in found


def test_the_order_of_headings_follows_their_levels(pdf: bytes) -> None:
    found = [(str(e["/S"])[1:], str(e["/T"])) for e in structure(pdf) if e["/S"][1] == "H"]
    assert found == [
        ("H1", "Coronary calcium report"),
        ("H2", "Calcium by artery"),
        ("H2", "What is advised"),
        ("H3", "How it was made"),
        ("H2", "Lesions"),
    ]


def test_a_document_that_begins_with_a_lower_heading_skips_no_level() -> None:
    made = document_pdf(document(Heading(text="A", level=2), Heading(text="B", level=2)))
    assert [role for role in roles(made) if role[0] == "H"] == ["H1", "H2", "H3"]


def test_hostile_text_is_shown_as_it_is(hostile: bytes) -> None:
    found = words_of(hostile)
    for text in texts(hostile_document()):
        if runs_right_to_left(text):  # read back in the order of the page, so by letters
            assert set(bare(text)) <= set(found), text
        else:
            assert bare(text) in found, text


@pytest.mark.parametrize("style", STYLES)
def test_no_letter_stands_outside_its_page(style: PageStyle) -> None:
    assert letters_outside(document_pdf(document(style=style)), margin_pt=MARGIN_PT) == []
    assert letters_outside(document_pdf(hostile_document(style)), margin_pt=MARGIN_PT) == []


@pytest.mark.parametrize("style", [PageStyle(), LARGE_LETTER])
def test_a_word_of_two_thousand_letters_is_broken_everywhere_it_may_stand(style: PageStyle) -> None:
    word = "abcdefghij" * 200
    blocks: tuple[Block, ...] = (
        Heading(text=word),
        Paragraph(text=word),
        Paragraph(text=(Span(text=word[:300], style="big"),)),
        Bullets(items=(word,)),
        Facts(rows=((word[:100], word), ("Name", "value")), columns=2),
        Table(
            caption=word[:100], head=("A", "B", "C"), rows=(("x", word, "y"),), shows_caption=True
        ),
        Notice(kind="info", title=word[:200], blocks=(Paragraph(text=word),)),
        Beside(columns=((Paragraph(text=word),), (Paragraph(text="z"),)), widths=(1, 4)),
        Picture(data=png(), media_type="image/png", alt=word, caption=word, width=0.1),
    )
    made = document_pdf(replace(document(*blocks, style=style), subtitle=word[:200]))
    assert letters_outside(made, margin_pt=MARGIN_PT) == []
    assert words_of(made).count("abcdefghij") > 1000


def test_a_long_title_and_footer_leave_the_text_its_room() -> None:
    long = replace(document(style=LARGE_LETTER), title="A title " * 20, footer="A footer. " * 60)
    made = document_pdf(long)
    assert letters_outside(made, margin_pt=MARGIN_PT) == []
    assert words_of(made).count(bare("A footer. " * 60)) == page_count(made)


def test_a_row_longer_than_a_page_goes_on_and_shorter_rows_stay_whole() -> None:
    row = ("x", "many words " * 1500)
    made = document_pdf(document(Table(caption="c", head=("A", "B"), rows=(row, row))))
    assert page_count(made) > 2
    assert words_of(made).count("many") == 3000
    assert letters_outside(made, margin_pt=MARGIN_PT) == []


def test_a_wide_table_fits_into_its_page() -> None:
    head = tuple(f"Measurement {k}" for k in range(14))
    rows = [tuple(f"{k * 1234.5:.1f}" for k in range(14))] * 3
    for style in (PageStyle(), LARGE_LETTER):
        made = document_pdf(document(Table(caption="c", head=head, rows=rows), style=style))
        assert letters_outside(made, margin_pt=MARGIN_PT) == []


def test_a_tall_picture_is_no_larger_than_its_page() -> None:
    tall = Picture(data=png(100, 3000), media_type="image/png", alt="tall", caption="Its caption")
    made = document_pdf(document(tall))
    assert page_count(made) == 1
    box = next(e for e in structure(made) if e["/S"] == "/Figure")["/A"][0]["/BBox"]
    assert float(box[3]) - float(box[1]) < 0.6 * 842


def test_a_heading_is_not_left_alone_at_the_foot_of_a_page() -> None:
    for lines in range(46, 56, 2):
        filler = tuple(Paragraph(text=f"line {k}") for k in range(lines))
        made = document_pdf(document(*filler, Heading(text="Alone"), *every_block()[4:5]))
        for page in pypdf.PdfReader(io.BytesIO(made)).pages:
            words = bare(page.extract_text())
            assert ("Alone" in words) == ("Leftmain" in words), lines


def test_an_introduction_stays_with_its_list_and_a_short_list_stays_whole() -> None:
    for lines in range(46, 56, 2):
        filler = tuple(Paragraph(text=f"line {k}") for k in range(lines))
        items = Bullets(items=("item A", "item B", "item C"))
        made = document_pdf(document(*filler, Paragraph(text="You can:"), items))
        for page in pypdf.PdfReader(io.BytesIO(made)).pages:
            words = bare(page.extract_text())
            assert ("Youcan:" in words) == ("itemA" in words) == ("itemC" in words), lines


def test_the_same_document_gives_the_same_bytes_with_the_moment_of_its_record(pdf: bytes) -> None:
    assert document_pdf(document()) == pdf
    found = pypdf.PdfReader(io.BytesIO(pdf)).metadata
    assert found["/CreationDate"] == "D:20260304091112Z"  # 10:11:12 at UTC+1
    assert document_pdf(replace(document(), created="2026-03-05T10:11:12")) != pdf


def test_nothing_is_left_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    document_pdf(document())
    with pytest.raises(InputError):
        document_pdf(document(Picture(data=b"no", media_type="image/png", alt="x")))
    assert list(tmp_path.iterdir()) == []


def test_a_drawing_cannot_show_a_file_of_this_computer(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
        f'<image href="{tmp_path}/secret.png" width="9" height="9"/></svg>'
    ).encode()
    block = Picture(data=drawing, media_type="image/svg+xml", alt="x")
    try:
        made = document_pdf(document(block))
    except InputError:
        return
    page = pypdf.PdfReader(io.BytesIO(made)).pages[0]
    assert [image for image in page.images if image.image and image.image.size == (400, 300)] == []


def test_letters_that_no_font_has_are_shown_by_their_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_fonts, "covering", lambda letters, _: ((), letters))
    made = document_pdf(document(Paragraph(text="王 \ue000"), title="小"))
    assert "[U+738B][U+E000]" in words_of(made)
    assert words_of(made).startswith("[U+5C0F]")


def test_a_language_from_right_to_left_begins_on_the_right() -> None:
    made = pypdfium2.PdfDocument(document_pdf(replace(document(), language="he")))[0]
    left, *_ = made.get_textpage().get_charbox(0)
    assert left > 300  # points, of 595


def test_control_characters_and_turned_text_are_made_visible_or_left_out() -> None:
    made = document_pdf(document(Paragraph(text="a\x00b\x1bc\u202ed\ud800e\tf")))
    assert "a\ufffdb\ufffdcd\ufffdef" in words_of(made)


def test_lines_of_a_text_stay_lines() -> None:
    made = document_pdf(document(Paragraph(text="first\r\nsecond\u2028third")))
    text = pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text()
    assert [line.strip() for line in text.splitlines()][2:5] == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": " \n"}, "needs a title"),
        ({"language": "English"}, "no BCP 47 tag"),
        ({"created": "yesterday"}, "not ISO 8601"),
    ],
)
def test_a_document_that_cannot_be_set_says_why(changes: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        document_pdf(replace(document(), **changes))


def test_a_picture_without_alternative_text_is_refused() -> None:
    with pytest.raises(InputError, match="alternative text"):
        document_pdf(document(Picture(data=png(), media_type="image/png", alt=" ")))


def test_a_picture_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be set as PDF: failed to decode"):
        document_pdf(document(Picture(data=b"no picture", media_type="image/png", alt="x")))


def test_columns_of_a_large_print_stand_one_below_the_other() -> None:
    columns = Beside(
        columns=((Paragraph(text="left"),), (), (Paragraph(text="right"),)), widths=(1, 1, 1)
    )
    usual = pypdf.PdfReader(io.BytesIO(document_pdf(document(columns)))).pages[0].extract_text()
    large = document_pdf(document(columns, style=LARGE_LETTER))
    stacked = pypdf.PdfReader(io.BytesIO(large)).pages[0].extract_text()
    assert any("left" in line and "right" in line for line in usual.splitlines())
    assert not any("left" in line and "right" in line for line in stacked.splitlines())


def test_text_stands_out_from_its_ground_by_at_least_4_5_to_1() -> None:
    template = (files("corcal.report") / "document.typ").read_text(encoding="utf-8")
    colours = dict(re.findall(r'#let (ink|muted|accent) = rgb\("(#[0-9a-f]{6})"\)', template))
    boxes = re.findall(r'edge: rgb\("(#.{6})"\), fill: rgb\("(#.{6})"\)', template)
    assert (len(colours), len(boxes)) == (3, 3)
    for colour in colours.values():
        assert contrast(colour, "#ffffff") >= 4.5
    for edge, fill in boxes:  # the title on its box, its sign, the words inside
        assert contrast(edge, fill) >= 4.5
        assert contrast("#ffffff", edge) >= 4.5
        assert contrast(colours["ink"], fill) >= 4.5
        assert contrast(colours["muted"], fill) >= 4.5


def test_pages_look_as_they_were_approved(pdf: bytes) -> None:
    check_looks(pdf, "every_block")


def test_pages_of_large_print_look_as_they_were_approved() -> None:
    check_looks(document_pdf(document(style=LARGE_LETTER)), "every_block_large")
