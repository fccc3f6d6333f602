"""Which label of a label volume is which site."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corcal.annotations.files import require_regular
from corcal.annotations.names import site_of_name
from corcal.errors import AnnotationError
from corcal.lesions.sites import Site

__all__ = ["LabelTable", "label_table", "segment_table"]

MAX_TABLE_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """Names of labels.

    Attributes
    ----------
    source : str
        Where the table is from, for messages.
    names : mapping of (int or None, int) to str
        Name of a label value in a layer; layer ``None`` is any layer.
    """

    source: str
    names: Mapping[tuple[int | None, int], str]

    def sites(self, labels: Sequence[tuple[int, int]]) -> list[Site]:
        """Sites of the labels (layer, value) of a volume.

        Raises
        ------
        AnnotationError
            If labels are not in the table, or a name means no site.
        """
        names = [self.names.get(key, self.names.get((None, key[1]))) for key in labels]
        missing = sorted({key[1] for key, name in zip(labels, names, strict=True) if name is None})
        if missing:
            shown = ", ".join(str(value) for value in missing[:10])
            known = ", ".join(f"{value} {name}" for (_, value), name in self.names.items())
            more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
            msg = f"labels {shown}{more} are not in {self.source}, which has: {known[:300]}"
            raise AnnotationError(msg)
        return [
            site_of_name(name or "", where=f"label {value}")
            for (_, value), name in zip(labels, names, strict=True)
        ]


def label_table(source: Path | Mapping[int, str] | None) -> LabelTable:
    """Make the table from a JSON or CSV file or a mapping; ``None`` gives the codes of `Site`.

    A JSON file is an object of label to name: ``{"1": "LM", "2": "LAD"}``. A CSV file has the
    label and the name in its first two columns, with or without a line of titles.

    Raises
    ------
    AnnotationError
        If the file cannot be read, a label is not a whole number or is there twice.
    """
    if source is None:
        names: dict[tuple[int | None, int], str] = {(None, int(s)): s.label for s in Site}
        return LabelTable(source="the default table", names=names)
    rows = list(source.items()) if isinstance(source, Mapping) else _rows(Path(source))
    table: dict[tuple[int | None, int], str] = {}
    for label, name in rows:
        value = _label(label)
        if (None, value) in table:
            msg = f"the vessel table has label {value} twice"
            raise AnnotationError(msg)
        table[None, value] = str(name)
    return LabelTable(source="the vessel table", names=table)


def segment_table(metadata: Mapping[str, str]) -> LabelTable | None:
    """Make the table from the segment names of a 3D Slicer segmentation, if there are any.

    Its header has ``Segment0_Name``, ``Segment0_LabelValue`` and ``Segment0_Layer``. Old files
    have neither value nor layer: then segment i is value 1 of layer i.
    """
    table: dict[tuple[int | None, int], str] = {}
    for key, name in metadata.items():
        match = re.fullmatch(r"Segment(\d+)_Name", key)
        if match is None:
            continue
        number = match.group(1)
        labelled = f"Segment{number}_LabelValue" in metadata
        value = _label(metadata.get(f"Segment{number}_LabelValue", "1"))
        layer = _label(metadata.get(f"Segment{number}_Layer", "0" if labelled else number))
        table[layer, value] = name
    return LabelTable(source="the segments of the file", names=table) if table else None


def _rows(path: Path) -> list[tuple[object, object]]:
    try:
        require_regular(path)
        if path.stat().st_size > MAX_TABLE_BYTES:
            msg = f"the vessel table has more than {MAX_TABLE_BYTES} bytes"
            raise AnnotationError(msg)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        reason = getattr(exc, "strerror", None) or "it is not UTF-8 text"
        msg = f"the vessel table cannot be read: {reason}"
        raise AnnotationError(msg) from exc
    return _json_rows(text) if text.lstrip().startswith(("{", "[")) else _csv_rows(text)


def _json_rows(text: str) -> list[tuple[object, object]]:
    try:
        table = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError) as exc:
        msg = f"the vessel table is not valid JSON: {exc}"
        raise AnnotationError(msg) from exc
    if not all(isinstance(row, tuple) for row in table):
        msg = 'the vessel table must be a JSON object of label to name, as {"1": "LM"}'
        raise AnnotationError(msg)
    return list(table)


def _csv_rows(text: str) -> list[tuple[object, object]]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    except csv.Error as exc:
        msg = f"the vessel table is not valid CSV: {exc}"
        raise AnnotationError(msg) from exc
    if rows and not re.fullmatch(r"\s*[+-]?\d+\s*", rows[0][0]):
        rows = rows[1:]
    if not rows or any(len(row) < 2 for row in rows):
        msg = "the vessel table needs two columns: label and name"
        raise AnnotationError(msg)
    return [(row[0], row[1].strip()) for row in rows]


def _label(value: object) -> int:
    if isinstance(value, int) or (
        isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,18}\s*", value)
    ):
        return int(value)
    msg = f"{str(value)[:40]!r} is not a label: a whole number is needed"
    raise AnnotationError(msg)
