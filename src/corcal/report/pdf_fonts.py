"""Which fonts set the letters of a PDF, and which letters no font has."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typst import FontInfo, Fonts

__all__ = ["FontChoice", "covering", "fonts_for"]

_USUAL = "Source Sans 3"  # shipped here: SIL Open Font License 1.1
_WIDER = "DejaVu Sans"  # comes with matplotlib; the one with Hebrew and Arabic
# Known to be in the usual font: a document in most languages of Europe needs no look into it.
_IN_USUAL = re.compile(
    "[\x20-\x7e\xa0-\xac\xae-\u017f\u0391-\u03a1\u0410-\u044f"
    "\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u2212\u2264\u2265]*"
)
# They have no look of their own: joiners, marks of direction, selectors of variants.
_UNSEEN = re.compile("[\n\xad\u034f\u061c\u200b-\u200f\u2060-\u206f\ufe00-\ufe0f\ufeff]")
# A box or nothing for every letter there is, or for letters of private use.
_SHOW_NOTHING = {"Last Resort High-Efficiency", "Adobe Blank"}
# Words in the names of fonts with tens of thousands of letters, most of them Chinese.
_BROAD = {
    "cjk", "unicode", "unifont", "fallback", "yahei", "gothic", "mincho", "ming", "song", "simsun",
    "hei", "heiti", "kai", "pingfang", "hiragino", "malgun", "batang", "nanum", "ipa", "emoji",
    "symbol", "symbols",
}  # fmt: skip
_MOST_TRIED = 40
_NO_LETTERS = {"Co", "Cn"}  # of private use, or not assigned: a font may draw anything there


@dataclass(frozen=True, slots=True, kw_only=True)
class FontChoice:
    """Fonts for a document.

    Attributes
    ----------
    loaded : typst.Fonts
        What typst may use.
    families : tuple of str
        In the order in which they are asked for a letter.
    missing : frozenset of str
        Characters that none of them has.
    """

    loaded: "Fonts"
    families: tuple[str, ...]
    missing: frozenset[str] = frozenset()


def fonts_for(letters: frozenset[str]) -> FontChoice:
    """Choose the fonts that have all of `letters`, or as many as this computer can show.

    Parameters
    ----------
    letters : frozenset of str
        Single characters.

    Returns
    -------
    FontChoice
        The shipped fonts alone wherever they suffice, so that the look depends on no computer.
    """
    shipped = (_USUAL, _WIDER)
    missing = _not_shipped(letters)
    private = frozenset(letter for letter in missing if unicodedata.category(letter) in _NO_LETTERS)
    if missing == private:
        return FontChoice(loaded=_shipped(), families=shipped, missing=missing)
    everything = _with_system()
    more, missing = covering(missing - private, everything.fonts())
    loaded = everything if more else _shipped()
    return FontChoice(loaded=loaded, families=(*shipped, *more), missing=missing | private)


def covering(
    letters: frozenset[str], fonts: Iterable["FontInfo"]
) -> tuple[tuple[str, ...], frozenset[str]]:
    """Families among `fonts` that have some of `letters`, and the letters that none has.

    Upright fonts of regular weight in files are looked at, the `_MOST_TRIED` likeliest by their
    names: reading all fonts of a computer can take half a minute.
    """
    scripts = {unicodedata.name(letter, "?").split()[0].casefold() for letter in letters}
    plain = (f for f in fonts if f.path and f.style == "normal" and f.weight == 400)
    known = (f for f in plain if f.family not in _SHOW_NOTHING)
    ranked = sorted(
        known, key=lambda f: (_rank(f.family, scripts), f.family, f.path or "", f.index)
    )
    families: list[str] = []
    for font in ranked[:_MOST_TRIED]:
        had = letters & _letters_of(font.path or "", font.index)
        if had:
            families.append(font.family)
            letters -= had
        if not letters:
            break
    return tuple(families), letters


def _rank(family: str, scripts: set[str]) -> int:
    """Say how likely a family has letters of these scripts: 0 is the likeliest."""
    words = set(family.casefold().split())
    if words & scripts:
        return 0 if "sans" in words else 1
    return 2 if words & _BROAD else 3


def _not_shipped(letters: frozenset[str]) -> frozenset[str]:
    rest = frozenset(
        letter for letter in letters if not (_IN_USUAL.fullmatch(letter) or _UNSEEN.match(letter))
    )
    if rest:
        rest -= _letters_of(str(_usual_file()), 0)
    if rest:
        rest -= _letters_of(str(_dejavu_folder() / "DejaVuSans.ttf"), 0)
    return frozenset(letter for letter in rest if unicodedata.category(letter) != "Cf")


@cache
def _letters_of(path: str, index: int) -> frozenset[str]:
    """Characters that a font file has a glyph for; none if it cannot be read."""
    from fontTools.ttLib import TTFont, TTLibError  # slow, and seldom needed

    try:
        with Path(path).open("rb") as stream, TTFont(stream, fontNumber=index, lazy=True) as font:
            known = font.getBestCmap() or {}
    except (OSError, TTLibError):
        return frozenset()
    return frozenset(map(chr, known))


@cache
def _shipped() -> "Fonts":
    from typst import Fonts

    return Fonts(include_system_fonts=False, font_paths=_folders())


@cache
def _with_system() -> "Fonts":
    from typst import Fonts

    return Fonts(include_system_fonts=True, font_paths=_folders())


def _folders() -> list[Path]:
    return [_usual_file().parent, _dejavu_folder()]


def _usual_file() -> Path:
    return Path(str(files("corcal.report") / "fonts" / "SourceSans3.ttf"))


def _dejavu_folder() -> Path:
    """Folder of the fonts that come with matplotlib, found without importing it."""
    spec = find_spec("matplotlib")
    folders = (spec and spec.submodule_search_locations) or ["."]
    return Path(next(iter(folders))) / "mpl-data" / "fonts" / "ttf"
