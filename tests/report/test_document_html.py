import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest

from corcal.errors import InputError
from corcal.report.document import (
    Beside,
    Bullets,
    Facts,
    Heading,
    PageStyle,
    Paragraph,
    Picture,
    Span,
    Table,
)
from corcal.report.document_html import document_html
from corcal.report.plain_text import shown_text
from report.contrast import contrast
from report.document_maker import HOSTILE, document, hostile_document, png, svg, texts

VOID = {"meta", "img", "br"}


@dataclass
class Element:
    name: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    inside: list["Element | str"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Element"]:
        for part in self.inside:
            if isinstance(part, Element):
                if part.name == name:
                    yield part
                yield from part.all(name)

    @property
    def text(self) -> str:
        parts = (p if isinstance(p, str) else p.text for p in self.inside)
        return "\n" if self.name == "br" else "".join(parts)


class Tree(HTMLParser):
    """Elements of a page; fails on a tag that is not closed in its place."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Element("")
        self._open = [self.top]
        self.feed(page)
        self.close()
        assert self._open == [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].inside.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)


def parsed(page: str) -> Element:
    return Tree(page).top


def bare(text: str) -> str:
    return "".join(shown_text(text).split())


@pytest.fixture(scope="module")
def page() -> Element:
    return parsed(document_html(document()))


@pytest.mark.parametrize("made", [document(), hostile_document()])
def test_every_text_is_found_again_in_the_order_of_the_document(made) -> None:
    body = next(parsed(document_html(made)).all("body"))
    found, at = bare(body.text), 0
    for text in texts(made):
        at = found.find(bare(text), at)
        assert at >= 0, text
    assert bare(made.footer) in found[at:]


def test_hostile_text_makes_no_element() -> None:
    names = {element.name for element in _all(parsed(document_html(hostile_document())))}
    assert not names & {"script", "iframe", "object", "link", "form", "a", "base"}
    images = list(parsed(document_html(hostile_document())).all("img"))
    assert len(images) == len(HOSTILE)
    assert all(image.attributes.keys() == {"src", "alt"} for image in images)


def test_the_page_loads_nothing_and_runs_nothing(page: Element) -> None:
    policy = next(
        m for m in page.all("meta") if m.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert (
        policy.attributes["content"]
        == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    )
    for element in _all(page):
        assert not any(name.startswith("on") for name in element.attributes)
        assert element.attributes.get("src", "data:").startswith("data:")
        assert "href" not in element.attributes
    style = next(page.all("style")).text
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_has_a_language_a_title_and_landmarks(page: Element) -> None:
    assert next(page.all("html")).attributes["lang"] == "en"
    assert next(page.all("title")).text == "Coronary calcium report"
    assert [len(list(page.all(name))) for name in ("header", "main", "footer", "h1")] == [1] * 4


def test_a_language_from_right_to_left_turns_the_page() -> None:
    page = next(parsed(document_html(replace(document(), language="ar-EG"))).all("html"))
    assert page.attributes == {"lang": "ar-EG", "dir": "rtl"}


def test_headings_follow_each_other_without_a_gap() -> None:
    made = document(
        Heading(text="A", level=2), Heading(text="B", level=1), Heading(text="C", level=2)
    )
    names = [e.name for e in _all(parsed(document_html(made))) if re.fullmatch("h[1-6]", e.name)]
    assert names == ["h1", "h2", "h2", "h3"]


def test_a_table_has_its_caption_and_the_scope_of_its_heads(page: Element) -> None:
    arteries, lesions = page.all("table")
    assert [th.attributes["scope"] for th in arteries.all("th")] == ["col"] * 4 + ["row"] * 5
    assert [th.attributes.get("class") for th in arteries.all("th")][:4] == [None] + ["number"] * 3
    unseen, seen = (next(table.all("caption")) for table in (arteries, lesions))
    assert next(unseen.all("span")).attributes == {"class": "unseen"}
    assert unseen.text == "Agatston score, volume and mass of each artery"
    assert next(seen.all("span")).attributes == {}
    assert next(arteries.all("tfoot")).text == "Total412346.775.6"


def test_a_short_row_is_filled_up() -> None:
    table = Table(caption="c", head=("A", "B", "C"), rows=(("x",),))
    row = list(parsed(document_html(document(table))).all("tr"))[1]
    assert [cell.name for cell in row.inside if isinstance(cell, Element)] == ["th", "td", "td"]


def test_pictures_are_inside_the_page_with_their_words(page: Element) -> None:
    images = list(page.all("img"))
    assert [image.attributes["alt"] for image in images] == [
        "Seen from the front: an orange block",
        "Slice 31: an orange block",
        "A bar, two thirds full",
    ]
    kind, data = (images[0].attributes["src"] or "").split(",")
    assert (kind, base64.b64decode(data)) == ("data:image/png;base64", png())
    kind, data = (images[2].attributes["src"] or "").split(",")
    assert (kind, base64.b64decode(data)) == ("data:image/svg+xml;base64", svg())
    assert len(list(page.all("figcaption"))) == 2


def test_notices_are_named_by_their_titles_and_told_apart_without_colour(page: Element) -> None:
    notices = [s for s in page.all("section") if (s.attributes["class"] or "").startswith("notice")]
    names = [n.attributes["aria-label"] for n in notices]
    assert names == ["Fit for scoring, with two caveats", "Guidance", "Call at once"]
    signs = [next(n.all("span")) for n in notices]
    assert [sign.text for sign in signs] == ["!", "i", "!!"]
    assert all(sign.attributes["aria-hidden"] == "true" for sign in signs)


def test_columns_stand_side_by_side_but_not_in_large_print() -> None:
    columns = Beside(columns=((Paragraph(text="a"),), ()), widths=(1, 2.5))
    facts = Facts(rows=(("a", "b"), ("c", "d"), ("e", "f")), columns=2)
    usual = document_html(document(columns, facts))
    large = document_html(document(columns, facts, style=PageStyle(text_pt=18.0)))
    assert "--columns: minmax(0, 1fr) minmax(0, 2.5fr)" in usual
    assert "--columns: repeat(2, minmax(0, 1fr)); --rows: repeat(2, auto)" in usual
    assert "--columns: minmax" not in large
    assert 'class="facts"' in large


def test_paper_and_size_of_text_are_those_of_the_document() -> None:
    style = PageStyle(paper="us-letter", text_pt=18.0)
    large = next(parsed(document_html(document(style=style))).all("style")).text
    assert "@page { size: letter;" in large
    assert "--print: 1.5; --print-size: 18pt" in large
    usual = next(parsed(document_html(document())).all("style")).text
    assert "@page { size: A4;" in usual
    assert "--print: 1; --print-size: 9pt" in usual


def test_spans_lists_and_lines_keep_their_form() -> None:
    text = (
        "a\nb ",
        Span(text="\u05e9\u05dc\u05d5\u05dd", style="strong"),
        Span(text="m", style="muted"),
    )
    made = document(Paragraph(text=text, role="lead"), Bullets(items=("x",), is_numbered=True))
    main = next(parsed(document_html(made)).all("main"))
    paragraph = next(main.all("p"))
    assert paragraph.text == "a\nb \u05e9\u05dc\u05d5\u05ddm"
    assert paragraph.attributes == {"class": "lead"}
    assert next(main.all("strong")).attributes == {"dir": "auto"}
    assert next(main.all("ol")).text == "x"


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    made = document(Paragraph(text="17 % of 3 people, 2.5 mm, 130 HU, 5 mmx"))
    assert next(next(parsed(document_html(made)).all("main")).all("p")).text == (
        "17\u00a0% of 3 people, 2.5\u00a0mm, 130\u00a0HU, 5 mmx"
    )


def test_control_characters_are_made_visible() -> None:
    made = document_html(document(Paragraph(text="a\x00b\ud800c\u202ed")))
    assert "<p>a\ufffdb\ufffdcd</p>" in made
    made.encode("utf-8")


def test_a_document_without_subtitle_and_footer_has_no_empty_elements() -> None:
    page = parsed(document_html(replace(document(), subtitle="", footer="")))
    assert not list(page.all("footer"))
    assert len(list(next(page.all("header")).all("p"))) == 0


def test_what_cannot_be_told_without_words_is_refused() -> None:
    with pytest.raises(InputError, match="needs a title"):
        document_html(document(title=" "))
    with pytest.raises(InputError, match="alternative text"):
        document_html(document(Picture(data=png(), media_type="image/png", alt="")))


@pytest.mark.parametrize("scheme", [0, 1, 2])
def test_text_stands_out_from_its_ground_by_at_least_4_5_to_1(scheme: int) -> None:
    """Light, dark, print: WCAG 2.1 contrast, success criterion 1.4.3."""
    style = next(parsed(document_html(document())).all("style")).text
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", roots[0] + roots[scheme]))
    pairs = [("ink", "card"), ("muted", "card"), ("accent", "card"), ("ink", "paper")]
    for kind in ("info", "caution", "urgent"):
        pairs += [(kind, f"{kind}-soft"), ("ink", f"{kind}-soft"), ("muted", f"{kind}-soft")]
        pairs += [("on-sign", kind)]
    for front, ground in pairs:
        assert contrast(colours[front], colours[ground]) >= 4.5, (front, ground)


def _all(element: Element) -> Iterator[Element]:
    for part in element.inside:
        if isinstance(part, Element):
            yield part
            yield from _all(part)
