"""The table of a study: a CSV with a line a scan, its annotation or its reference scores."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from corcal.errors import InputError
from corcal.evaluate.agreement.records import AgatstonScores
from corcal.lesions.sites import Vessel

__all__ = ["TableRow", "is_table", "read_table", "two_scans_words"]

MAX_TABLE_BYTES = 2**27  # far above a line for each of a million scans

_SERIES = ("series", "series_instance_uid")
_KEYS = (
    "scan_path", "path", "id", "scan", "filename",
    "series_instance_uid", "study_instance_uid", "accession_number",
)  # fmt: skip
_ANNOTATIONS = ("annotation_path", "annotation")
# "LCA" is what the table of the COCA data set calls the left main artery; those that end in
# _agatston are the columns of corcal's own table of exams.
_SCORES = {
    "total": "total",
    "agatston": "total",
    "total_agatston": "total",
    "lca": "LM",
    **{str(v).lower(): str(v) for v in Vessel},
    **{f"{v}_agatston".lower(): str(v) for v in Vessel},
}
# Columns of which a table has one at most: two may differ, and which is meant nobody can tell.
# Those that name the scan may stand side by side, as long as they do not name two scans.
_ONE_OF = {
    **{name: (name,) for name in _KEYS if name not in _SERIES},
    "the series": _SERIES,
    "the annotation": _ANNOTATIONS,
    "the patient": ("patient",),
    **{
        f"the score {name}": tuple(one for one, other in _SCORES.items() if other == name)
        for name in dict.fromkeys(_SCORES.values())
    },
}
_MISSING = ("", "na", "nan", "n/a", "none", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line: a scan by name or path, and what is known of it.

    `names` has the columns that name the scan, each with its value; the first is that of `key`.
    """

    key: str
    names: tuple[tuple[str, str], ...] = ()
    annotation: Path | None = None
    scores: AgatstonScores | None = None
    patient: str | None = None
    series: str | None = None


def is_table(path: Path) -> bool:
    """Whether a file is a table, by its name."""
    return path.is_file() and path.suffix.lower() in {".csv", ".tsv"}


def two_scans_words(name: tuple[str, str], other: tuple[str, str]) -> str:
    """Say that two columns of a line, each given with its value, name two scans."""
    columns = f"{name[0]} is {name[1]}, {other[0]} is {other[1]}"
    return f"the columns of its line name different scans: {columns}; one such column is enough"


def read_table(path: Path) -> list[TableRow]:
    """Read the table of a study.

    Parameters
    ----------
    path : Path
        CSV in UTF-8, separated by commas, semicolons or tabs, with a heading: ``scan_path`` (or
        ``path``, ``id``, or the UID of series or study, or the accession number, of a scan that is
        scored already), then ``annotation_path``, or ``total``, ``LM`` (or ``LCA``), ``LAD``,
        ``LCX``, ``RCA``, of which some may be missing; ``patient`` and ``series`` if wanted. Case
        does not matter, other columns are ignored. Annotations are relative to the table's folder.

    Returns
    -------
    list of TableRow
        At least one.

    Raises
    ------
    InputError
        If it is no such table, or two columns or two lines say the same thing; the message names
        them.
    """
    lines = _lines(path)
    key = next((name for name in _KEYS if name in lines[0]), None)
    if key is None:
        msg = (
            f"{path.name} has no column that names the scan ({', '.join(_KEYS)}); "
            "its first line names the columns"
        )
        raise InputError(msg)
    # The heading is line 1.
    rows = [_row(path, number, line, key) for number, line in enumerate(lines, start=2)]
    _require_one_line_each(path, rows)
    return rows


def _lines(path: Path) -> list[dict[str, str]]:
    """Lines as mappings from lower-case column to stripped text."""
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            msg = f"{path.name} is larger than {MAX_TABLE_BYTES} bytes"
            raise InputError(msg)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        msg = f"{path.name} is no UTF-8 text (byte {exc.start}); save the table as UTF-8"
        raise InputError(msg) from exc
    except OSError as exc:
        msg = f"cannot read {path.name}: {exc.strerror}"
        raise InputError(msg) from exc
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        lines = list(reader)
    except csv.Error as exc:
        msg = f"{path.name} is not a table: {exc}"
        raise InputError(msg) from exc
    if not lines:
        msg = f"{path.name} has no line below its heading"
        raise InputError(msg)
    _require_one_column_each(path, reader.fieldnames or ())
    for number, line in enumerate(lines, start=2):
        if None in line:
            msg = f"{path.name} line {number} has more values than the heading has columns"
            raise InputError(msg)
    return [
        {str(name or "").strip().lower(): (value or "").strip() for name, value in line.items()}
        for line in lines
    ]


def _require_one_column_each(path: Path, heading: Sequence[str]) -> None:
    """Refuse columns that mean the same."""
    columns = [str(name or "").strip() for name in heading]
    for meaning, names in _ONE_OF.items():
        found = [column for column in columns if column.lower() in names]
        if len(found) > 1:
            msg = (
                f"{path.name} has {len(found)} columns for {meaning}: {', '.join(found)}; "
                "keep one of them"
            )
            raise InputError(msg)


def _require_one_line_each(path: Path, rows: Sequence[TableRow]) -> None:
    """Refuse two lines of one scan, if they do not name two series of it."""
    lines: dict[tuple[PurePath, str | None], int] = {}
    for number, row in enumerate(rows, start=2):
        first = lines.setdefault((PurePath(row.key), row.series), number)
        if first != number:
            msg = (
                f"{path.name} lines {first} and {number} are both of the scan {row.key}; accepted "
                "is one line a scan, or one a series with its UID in the column series"
            )
            raise InputError(msg)


def _row(path: Path, number: int, line: dict[str, str], key: str) -> TableRow:
    """Read one line."""
    if not line[key]:
        msg = f"{path.name} line {number}: the column {key} is empty"
        raise InputError(msg)
    named = dict.fromkeys((key, *_KEYS, *_SERIES))
    marks = next((line[name] for name in _ANNOTATIONS if line.get(name)), None)
    return TableRow(
        key=line[key],
        names=tuple((name, line[name]) for name in named if line.get(name)),
        annotation=None if marks is None else path.parent / marks,
        scores=_scores(path, number, line),
        patient=line.get("patient") or None,
        series=next((line[name] for name in _SERIES if line.get(name)), None),
    )


def _scores(path: Path, number: int, line: dict[str, str]) -> AgatstonScores | None:
    """Read the scores that a line has; ``None`` if it has none."""
    found: dict[str, float] = {}
    for column, name in _SCORES.items():
        text = line.get(column, "")
        if text.lower() in _MISSING:
            continue
        try:
            value = math.nan if "_" in text else float(text)  # Python reads 1_000 as a thousand
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0:
            msg = f"{path.name} line {number}: {column} is {text!r}, not a score from 0 up"
            if "," in text or "_" in text:  # 1,234 may be a little more than one, or a thousand
                msg += "; the decimal sign is a point, and thousands have none"
            raise InputError(msg)
        found[name] = value
    total = found.pop("total", None)
    return AgatstonScores(total=total, vessels=found) if found or total is not None else None
