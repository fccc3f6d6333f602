import pytest

from corcal.report.plain_text import (
    in_lines,
    in_one_line,
    isolated,
    runs_right_to_left,
    shown_text,
    with_units_kept,
    writing_direction,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\rc\vd\fe\x85f\u2028g\u2029h", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\tb", "a b"),
        ("\x00\x1b\x7f\x9f\ud800\ufffe", "\ufffd" * 6),
        ("\u202eabc\u202c \u2067x\u2069", "abc x"),
        ("\u200e\u200f\u200d stay", "\u200e\u200f\u200d stay"),
        ("王 \U0001f600 <b> #x $y$", "王 \U0001f600 <b> #x $y$"),
    ],
)
def test_text_that_no_page_can_show_is_replaced(text: str, shown: str) -> None:
    assert shown_text(text) == shown


def test_text_comes_in_lines_or_in_one() -> None:
    assert in_lines("a\r\n\nb") == ["a", "", "b"]
    assert in_lines("") == [""]
    assert in_one_line(" a \n\tb ") == "a b"


def test_letters_from_right_to_left_are_known_and_can_be_isolated() -> None:
    assert runs_right_to_left("Dr. \u05db\u05d4\u05df")
    assert runs_right_to_left("\u0645")
    assert not runs_right_to_left("Doe 12, Ελλάς 王")
    assert isolated("x") == "\u2068x\u2069"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("17 %", "17\u00a0%"),
        ("1.5 mm³, 3 mm.", "1.5\u00a0mm³, 3\u00a0mm."),
        ("130 HU or 190 mg/dL", "130\u00a0HU or 190\u00a0mg/dL"),
        ("3 mmx, 4 people, a %", "3 mmx, 4 people, a %"),
    ],
)
def test_a_number_is_not_parted_from_its_unit(text: str, kept: str) -> None:
    assert with_units_kept(text) == kept


def test_languages_have_their_direction() -> None:
    directions = [writing_direction(tag) for tag in ("en", "es-MX", "ar-EG", "he", "HE")]
    assert directions == ["ltr", "ltr", "rtl", "rtl", "rtl"]
