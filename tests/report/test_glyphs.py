"""The outlines of letters that are kept in a file are those of the font."""

import json
import os

from corcal.report import glyphs
from corcal.report.glyphs import STORED, glyph, glyph_of_font


def test_the_file_has_what_the_font_gives():
    of_font = {
        letter: [glyph_of_font(letter, is_bold=is_bold) for is_bold in (False, True)]
        for letter in STORED
    }
    path = glyphs._FOLDER / glyphs._OUTLINES  # private: nobody else writes it
    if os.environ.get("CORCAL_APPROVE"):
        lines = (f"{json.dumps(key)}:{_compact(value)}" for key, value in of_font.items())
        path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(_compact(of_font))


def _compact(value):
    return json.dumps(value, separators=(",", ":"))


def test_a_letter_outside_the_file_comes_from_the_font_and_an_unknown_one_is_a_box():
    omega, box = glyph("Ω", is_bold=False), glyph("王", is_bold=False)
    assert "Ω" not in STORED
    assert omega.contours != box.contours
    assert box.contours == glyph("\ue000", is_bold=False).contours


def test_an_outline_begins_on_the_left_at_the_baseline_and_bold_is_wider():
    (x, y, path), *_ = glyph("I", is_bold=False).contours
    assert 0 < x < glyph("I", is_bold=False).advance
    assert -700 < y <= 0  # the font's capitals are 660 units high, and y grows downwards
    assert path.endswith("z")
    assert glyph("I", is_bold=True).advance > glyph("I", is_bold=False).advance
