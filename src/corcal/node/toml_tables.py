"""Tables of a TOML file, taken out key by key with a check, and errors that say where."""

import bisect
import difflib
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from corcal.errors import InputError

__all__ = ["Table", "TomlFile", "read_toml"]

_Word = TypeVar("_Word", bound=StrEnum)
_MOST_BYTES = 2**20
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN = 60  # characters of a value that cannot be meant


def read_toml(path: Path) -> "TomlFile":
    """Read a file of tables.

    Raises
    ------
    InputError
        If it cannot be read, or is not TOML.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8")
        parsed = tomllib.loads(text)
    except OSError as exc:
        msg = f"the rules file {path.name} cannot be read: {exc.strerror or exc}"
        raise InputError(msg) from exc
    except UnicodeDecodeError as exc:
        msg = f"the rules file {path.name} is not UTF-8"
        raise InputError(msg) from exc
    except tomllib.TOMLDecodeError as exc:
        msg = f"the rules file {path.name} is not TOML: {exc}"
        raise InputError(msg) from exc
    except (ValueError, RecursionError) as exc:  # what the parser itself does not foresee
        is_deep = isinstance(exc, RecursionError)
        what = "brackets in brackets without end" if is_deep else "a number of thousands of digits"
        msg = f"{path.name}, line {_line_with(type(exc), text)}: no rule has {what}"
        raise InputError(msg) from exc
    return TomlFile(path.name, text, parsed)


def _line_with(error: type[Exception], text: str) -> int:
    """Find the line up to which the text must be read for the parser to end with an error."""
    lines = text.split("\n")

    def ends_so(count: int) -> bool:
        try:
            tomllib.loads("\n".join(lines[:count]))
        except (ValueError, RecursionError) as exc:
            return type(exc) is error
        return False

    return bisect.bisect_left(range(len(lines)), True, key=ends_so)


class TomlFile:
    """The parsed file, and where each of its keys stands."""

    def __init__(self, name: str, text: str, parsed: Mapping[str, Any]) -> None:
        self.name, self.parsed = name, parsed
        self._lines = dict(_lines(text))

    def one(self, name: str) -> "Table":
        """Give a table that there is once; an empty one if it is absent."""
        found = self.parsed.get(name, {})
        if not isinstance(found, dict):
            self.refuse(name, 0, None, f"is a table: write [{name}]")
        return Table(self, name, 0, found)

    def several(self, name: str) -> list["Table"]:
        """Give the tables of a name in their order."""
        found = self.parsed.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.refuse(name, 0, None, f"is a list of tables: write [[{name}]]")
        return [Table(self, name, number, one) for number, one in enumerate(found)]

    def refuse(self, table: str, number: int, key: str | None, text: str) -> NoReturn:
        """Raise an error that says where."""
        line = self._lines.get((table, number, key)) or self._lines.get((table, number, None))
        place = f"{self.name}, line {line}" if line else self.name
        which = f"{table}.{key}" if key else table
        msg = f"{place}: {which} {text}"
        raise InputError(msg)


def _lines(text: str) -> list[tuple[tuple[str, int, str | None], int]]:
    """Find the line of each table and key; TOML's parser does not tell them."""
    found: list[tuple[tuple[str, int, str | None], int]] = []
    table, counts = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = header[1]
            counts[table] = counts.get(table, -1) + 1
            found.append(((table, counts[table], None), number))
        elif key and table:
            found.append(((table, counts[table], key[1]), number))
        elif key:
            found.append(((key[1], 0, None), number))
    return found


class Table:
    """One table: its keys are taken out with a check, and what is left over is refused."""

    def __init__(self, file: TomlFile, name: str, number: int, values: Mapping[str, Any]) -> None:
        self._file, self._name, self._number = file, name, number
        self._values, self._known = values, list[str]()

    def has(self, key: str) -> bool:
        """Whether the file says something of a key."""
        return key in self._values

    def refuse(self, key: str | None, text: str) -> NoReturn:
        """Raise an error that says where."""
        self._file.refuse(self._name, self._number, key, text)

    def _get(self, key: str) -> Any:
        self._known.append(key)
        return self._values.get(key)

    def text(self, key: str, default: str) -> str:
        """Give a text of one line that is not empty."""
        value = self._text(key, default)
        if _CONTROL.search(value):
            self.refuse(key, "has a control character: a text of one line is needed")
        return value

    def _text(self, key: str, default: str) -> str:
        value = self._get(key)
        if value is None:
            return default
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, 'is a text in quotes, such as "PACS"')
        return value.strip()

    def needed(self, key: str) -> str:
        """Give a text that has to be there."""
        value = self.text(key, "")
        if not value:
            self.refuse(key, "is missing")
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Give a number within bounds."""
        value = self._get(key)
        if value is None:
            return default
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            self.refuse(key, f"is a number from {low:g} to {high:g}, not {_shown(value)}")
        return float(value)

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Give a whole number within bounds."""
        value = self._get(key)
        if value is None:
            return default
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not low <= value <= high:
            self.refuse(key, f"is a whole number from {low} to {high}, not {_shown(value)}")
        return int(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Give true or false."""
        value = self._get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(key, f"is true or false, not {_shown(value)}")
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Give a list of texts; a single one may stand alone."""
        value = self._get(key)
        if value is None:
            return default
        listed = [value] if isinstance(value, str) else value
        is_list = isinstance(listed, list) and all(isinstance(one, str) and one for one in listed)
        if not is_list or not listed:
            self.refuse(key, 'is a list of texts, such as ["CT"]')
        if any(_CONTROL.search(one) for one in listed):
            self.refuse(key, "has a control character: texts of one line are needed")
        return tuple(listed)

    def words(self, key: str, kind: type[_Word], default: tuple[_Word, ...]) -> tuple[_Word, ...]:
        """Give a list of words out of a closed set."""
        return tuple(
            self._word(key, kind, one) for one in self.texts(key, tuple(map(str, default)))
        )

    def word(self, key: str, kind: type[_Word], default: _Word) -> _Word:
        """Give one word out of a closed set."""
        return self._word(key, kind, self.text(key, default))

    def _word(self, key: str, kind: type[_Word], text: str) -> _Word:
        try:
            return kind(text)
        except ValueError:
            allowed = ", ".join(f'"{one}"' for one in kind)
            self.refuse(key, f'is one of {allowed}, not "{text}"')

    def pattern(self, key: str) -> re.Pattern[str] | None:
        """Give a regular expression, which may be of several lines."""
        text = self._text(key, "")
        try:
            return re.compile(text) if text else None
        except re.error as exc:
            self.refuse(key, f"is no regular expression: {exc}")
        except (RecursionError, OverflowError):
            self.refuse(key, "is a regular expression with too many parentheses or repetitions")

    def done(self) -> None:
        """Refuse keys that nobody asked for: a misspelt limit would be no limit."""
        for key in self._values:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, 1, cutoff=0.6)
                hint = f'; did you mean "{near[0]}"?' if near else ""
                self.refuse(key, f"is not known here{hint}")


def _shown(value: Any) -> str:
    """Show a value that cannot be meant, not longer than a line."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
