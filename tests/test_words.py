"""What a line of text is."""

import pytest

from corcal.words import is_visible, is_words


@pytest.mark.parametrize(
    "text", ["", "Dr. Müller-Łuk", "李 四", "\u0639\u0644\u064a \u200f(2)", "a\u200db"]
)
def test_letters_of_every_script_are_words(text):
    assert is_words(text)


@pytest.mark.parametrize(
    "sign",
    # NUL, line end, ESC; DEL; C1; end of line, of paragraph; half of a character, as of a byte
    [*"\x00\n\x1b\x7f\x80\x85\x9f\u2028\u2029", "\udcff", *"\u202a\u202e\u2066\u2069"],
)
def test_what_moves_the_cursor_or_turns_the_line_is_none(sign):
    assert not is_words(f"a{sign}b")


@pytest.mark.parametrize("text", ["x", "7", "?", "+", "\u200b.\u200b", "é", "क"])
def test_one_sign_is_seen(text):
    assert is_visible(text)


@pytest.mark.parametrize(
    # spaces; zero width and word joiner; a variation selector; the fillers; soft hyphen
    "text",
    ["", " \u00a0\u3000", "\u200b\u2060\ufeff", "\ufe0f", "\u3164\u2800", "\xad"],
)
def test_what_is_drawn_as_nothing_is_not_seen(text):
    assert not is_visible(text)
