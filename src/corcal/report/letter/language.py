"""The languages of the letter: a data file each, and how each writes numbers and dates."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

from corcal.errors import InputError
from corcal.report.document import Span
from corcal.report.interpretation_words import percent_words, score_words
from corcal.report.words import interval_range
from corcal.scoring.types import Interval

__all__ = ["Language", "letter_language", "letter_languages"]

_Style: TypeAlias = Literal["strong", "muted", "big"]

_FOLDER = "languages"
_SUFFIX = ".toml"
_RANGE = " to "  # between the ends of an interval, and of what is changed, in the record's words


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The words of a letter in one language.

    Attributes
    ----------
    code : str
        BCP 47: ``"en"``.
    sections : dict of str to dict of str to str
        Every text, by section and key of the file.
    """

    code: str
    sections: dict[str, dict[str, str]] = field(repr=False)

    def has(self, name: str) -> bool:
        """Whether there is a text of this name."""
        section, _, key = name.partition(".")
        return key in self.sections.get(section, {})

    def text(self, name: str, /, **values: str) -> str:
        """Write a text, with its values in it.

        Parameters
        ----------
        name : str
            Section and key, such as ``"number.zero"``.
        **values : str
            What its placeholders stand for.

        Returns
        -------
        str
            Plain text.
        """
        section, _, key = name.partition(".")
        return self.sections[section][key].format(**values)

    def with_span(self, name: str, /, style: _Style, **value: str) -> tuple[str | Span, ...]:
        """Write a text whose one value looks different."""
        ((key, shown_value),) = value.items()
        before, _, after = self.text(name, **{key: "\0"}).partition("\0")
        return (before, Span(text=shown_value, style=style), after)

    def amount(self, value: float) -> str:
        """Write a score with the digits of the report for clinicians.

        Examples
        --------
        >>> spanish = letter_language("es")
        >>> spanish.amount(366.49), spanish.amount(5.34), spanish.amount(100.04)
        ('366', '5,3', '100,04')
        """
        return self.number(score_words(value))

    def number(self, text: str) -> str:
        """Write a number that is written already, such as ``"<0.1"`` or ``"85.0"``."""
        plain = text.removeprefix("<")
        if "." in plain:
            plain = plain.rstrip("0").removesuffix(".")
        written = plain.replace(".", self.text("language.decimal"))
        return self.text("language.below", number=written) if text.startswith("<") else written

    def percent(self, fraction: float) -> str:
        """Write a risk with the digits of the report for clinicians.

        Examples
        --------
        >>> letter_language("en").percent(0.0816)
        '8.2%'
        """
        number = percent_words(fraction).removesuffix(" %")
        decimal = self.text("language.decimal")
        return self.text("language.percent", number=number.replace(".", decimal))

    def ends(self, interval: Interval) -> tuple[str, str]:
        """Write the ends of an interval, rounded as in the report for clinicians."""
        low, high = interval_range(interval).split(_RANGE)
        return self.number(low), self.number(high)

    def date(self, day: date) -> str:
        """Write a date in words.

        Examples
        --------
        >>> letter_language("es").date(date(2026, 1, 2))
        '2 de enero de 2026'
        """
        month = self.text("language.months").split()[day.month - 1]
        return self.text("language.date", day=str(day.day), month=month, year=str(day.year))

    def listed(self, words: Sequence[str]) -> str:
        """Join words as a sentence does: ``"diabetes, smoking and age"``."""
        return self._joined("and", words)

    def either(self, words: Sequence[str]) -> str:
        """Join words of which one holds: ``"mild, moderate or large"``."""
        return self._joined("or", words)

    def _joined(self, by: str, words: Sequence[str]) -> str:
        if len(words) < 2:
            return "".join(words)
        *first, last = words
        return self.text(f"language.{by}", first=", ".join(first), last=last)


def letter_languages() -> tuple[str, ...]:
    """Name the languages that a letter can have, by BCP 47: one file each.

    Returns
    -------
    tuple of str
        In the order of the alphabet.
    """
    names = (each.name for each in (files(__package__) / _FOLDER).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


@cache
def letter_language(code: str) -> Language:
    """Read a language.

    Parameters
    ----------
    code : str
        One of `letter_languages`.

    Returns
    -------
    Language
        Read once.

    Raises
    ------
    InputError
        If there is no such language.
    """
    known = letter_languages()
    if code not in known:
        msg = f"there is no patient letter in {code!r}; allowed are {', '.join(known)}"
        raise InputError(msg)
    file = files(__package__) / _FOLDER / f"{code}{_SUFFIX}"
    return Language(code=code, sections=tomllib.loads(file.read_text(encoding="utf-8")))
