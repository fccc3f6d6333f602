from dataclasses import dataclass
from pathlib import Path

import matplotlib
import pytest

from corcal.report import pdf_fonts
from corcal.report.pdf_fonts import covering, fonts_for

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@dataclass(frozen=True)
class Font:
    """What is asked of a typst.FontInfo."""

    family: str
    path: str | None
    style: str = "normal"
    weight: int = 400
    index: int = 0


SERIF = Font("A Serif", str(FONTS / "DejaVuSerif.ttf"))
SANS = Font("B Sans", str(FONTS / "DejaVuSans.ttf"))


def test_the_letters_taken_for_granted_are_in_the_usual_font() -> None:
    usual = pdf_fonts._letters_of(str(pdf_fonts._usual_file()), 0)
    granted = {chr(k) for k in range(0x10000) if pdf_fonts._IN_USUAL.fullmatch(chr(k))}
    assert len(granted) > 400
    assert granted <= usual


@pytest.mark.parametrize(
    "text", ["Doe, Jane", "Łódź ≥ 3 µ", "Ελλάς", "שלום", "محمد", "a\u200d\ufe0f"]
)
def test_shipped_fonts_suffice_for_their_scripts(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_fonts, "_with_system", lambda: pytest.fail("looked for more fonts"))
    choice = fonts_for(frozenset(text))
    assert choice.families == ("Source Sans 3", "DejaVu Sans")
    assert choice.missing == frozenset()


def test_letters_of_private_use_are_looked_for_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_fonts, "_with_system", lambda: pytest.fail("looked for more fonts"))
    assert fonts_for(frozenset("a\ue000")).missing == frozenset("\ue000")


def test_letters_of_another_script_are_looked_for_in_the_fonts_of_the_computer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf_fonts, "covering", lambda letters, _: (("Some",), letters - {"王"}))
    choice = fonts_for(frozenset("a王\ue000明"))
    assert choice.families == ("Source Sans 3", "DejaVu Sans", "Some")
    assert choice.missing == frozenset("\ue000明")


def test_the_first_font_that_has_a_letter_is_taken_and_no_more_than_needed() -> None:
    assert covering(frozenset("Ω"), [SANS, SERIF]) == (("A Serif",), frozenset())  # by name
    assert covering(frozenset("Ωא"), [SANS, SERIF]) == (("A Serif", "B Sans"), frozenset())
    assert covering(frozenset("א"), [SERIF]) == ((), frozenset("א"))


def test_fonts_named_for_the_script_or_for_many_letters_come_first() -> None:
    thai = [
        Font("A", "a"),
        Font("Noto Serif Thai", "b"),
        Font("Noto Sans Thai", "c"),
        Font("Unifont", "d"),
    ]
    ranked = sorted(thai, key=lambda font: pdf_fonts._rank(font.family, {"thai"}))
    assert [font.family for font in ranked] == ["Noto Sans Thai", "Noto Serif Thai", "Unifont", "A"]


def test_bold_and_slanted_fonts_and_those_that_show_boxes_are_left_out(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    fonts = [
        Font("Bold", SANS.path, weight=700),
        Font("Slanted", SANS.path, style="italic"),
        Font("Embedded", None),
        Font("Broken", str(broken)),
        Font("Gone", str(tmp_path / "gone.ttf")),
        Font("Last Resort High-Efficiency", str(FONTS / "LastResortHE-Regular.ttf")),
    ]
    assert covering(frozenset("Ω"), fonts) == ((), frozenset("Ω"))


def test_not_every_font_of_a_computer_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        pdf_fonts, "_letters_of", lambda path, _: frozenset(read.append(path) or "")
    )
    covering(frozenset("王"), [Font(f"F{k}", f"{k}") for k in range(300)])
    assert len(read) == pdf_fonts._MOST_TRIED
