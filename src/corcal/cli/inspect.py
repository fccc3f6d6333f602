"""``corcal inspect``: what is in a folder, and whether it can be scored."""

import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli.progress import progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from corcal.ct.series import Catalog, Series
    from corcal.ct.suitability import Suitability
    from corcal.progress import Progress

    Judged = list[tuple[Series, Suitability]]

__all__ = ["SCHEMA_VERSION", "command", "inspection"]

SCHEMA_VERSION = "1.0"  # of what --json writes
_SYMBOLS = {"fit": ("✓", "+"), "caution": ("!", "!"), "unfit": ("✗", "x")}
_COLOURS = {"fit": "green", "caution": "yellow", "unfit": "red"}
_MIN_WIDTH, _MAX_WIDTH = 80, 140
_MAX_SKIPPED = 5  # skipped files that the text names


@click.command("inspect")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "json_to", metavar="FILE", help="Write JSON here; - is stdout.")
@click.option("--headers-only", is_flag=True, help="Judge by the headers, do not read voxels.")
def command(path: Path, json_to: str | None, *, headers_only: bool) -> None:
    """List every series in PATH: what it is, and whether it can be scored.

    PATH is a folder (searched to any depth), one file, or a zip: DICOM, NIfTI, NRRD, MetaImage.
    """
    from corcal.ct.find import find_series

    with progress_bar() as progress:
        catalog = find_series(path, progress=progress)
        judged = _judge(catalog, progress, headers_only=headers_only)
    if json_to == "-":
        sys.stdout.write(_json_text(catalog, judged))
        return
    if json_to is not None:
        Path(json_to).write_text(_json_text(catalog, judged), encoding="utf-8")
    _show(catalog, judged)


def _judge(catalog: "Catalog", progress: "Progress", *, headers_only: bool) -> "Judged":
    """Assess each series; the voxels of one scan at a time are in memory."""
    from corcal.ct.suitability import assess

    judged: Judged = []
    for done, series in enumerate(catalog.series):
        progress(done, len(catalog.series), "checking series")
        suitability = assess(series)
        if not headers_only and _has_voxels(suitability):
            suitability = _with_voxels(series, suitability)
        judged.append((series, suitability))
    progress(len(catalog.series), len(catalog.series), "checking series")
    return judged


def _has_voxels(suitability: "Suitability") -> bool:
    from corcal.ct.suitability import SCAN_KINDS

    return suitability.kind in SCAN_KINDS


def _with_voxels(series: "Series", by_headers: "Suitability") -> "Suitability":
    from corcal.ct.read import read_series
    from corcal.ct.suitability import assess, unreadable
    from corcal.errors import SeriesError

    try:
        scan = read_series(series)
    except SeriesError as exc:
        return unreadable(by_headers, str(exc))
    return assess(series, scan)


def inspection(catalog: "Catalog", judged: "Judged") -> dict[str, Any]:
    """Make the object that ``--json`` writes.

    Parameters
    ----------
    catalog : Catalog
        What was found.
    judged : list of (Series, Suitability)
        Each series with its judgement.

    Returns
    -------
    dict
        ``schema_version``, ``answer``, ``series`` and ``skipped``; no patient data.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "answer": _answer(judged),
        "series": [_series_entry(series, suitability) for series, suitability in judged],
        "skipped": [{"source": item.source, "reason": item.reason} for item in catalog.skipped],
    }


def _series_entry(series: "Series", suitability: "Suitability") -> dict[str, Any]:
    identity, acquisition = series.identity, series.acquisition
    return {
        "series_instance_uid": identity.series_instance_uid,
        "stack": series.stack,
        "key": series.key,
        "series_number": identity.series_number,
        "description": acquisition.series_description,
        "modality": acquisition.modality,
        "slice_count": series.slice_count,
        "spacing_mm": list(series.spacing_mm) if series.spacing_mm else None,
        "slice_thickness_mm": acquisition.slice_thickness_mm,
        "kind": str(suitability.kind),
        "verdict": str(suitability.verdict),
        "summary": suitability.summary,
        "findings": [
            {"code": item.code, "severity": str(item.severity), "message": item.message}
            for item in suitability.findings
        ],
    }


def _json_text(catalog: "Catalog", judged: "Judged") -> str:
    # ASCII only: it survives any terminal and any encoding
    return json.dumps(inspection(catalog, judged), indent=2, ensure_ascii=True) + "\n"


def _answer(judged: "Judged") -> str:
    """Answer "does my CT include calcium scoring?" in one line."""
    from corcal.ct.suitability import SeriesKind, Verdict, describe

    scorable = [pair for pair in judged if pair[1].verdict is not Verdict.UNFIT]
    scorable.sort(key=lambda pair: pair[1].verdict is not Verdict.FIT)
    gated = [pair for pair in scorable if pair[1].kind is SeriesKind.GATED_CALCIUM]
    if gated:
        care = "" if gated[0][1].verdict is Verdict.FIT else ", to be read with care"
        return f"Yes: {describe(*gated[0])}{care}"
    if scorable:
        return f"No calcium scan, but {describe(*scorable[0])}: it can be scored, with care"
    refused = [pair for pair in judged if pair[1].kind is SeriesKind.GATED_CALCIUM]
    if refused:
        return f"No: {describe(*refused[0])}, but it cannot be scored"
    return f"No: none of {len(judged)} series can be scored for coronary calcium"


def _show(catalog: "Catalog", judged: "Judged") -> None:
    """Write the answer, the table and the findings to stdout, whatever its encoding."""
    from io import StringIO

    from rich.console import Console

    stream = sys.stdout
    encoding = stream.encoding or "ascii"
    is_utf = encoding.lower().replace("-", "").startswith("utf")
    buffer = StringIO()
    width = min(max(shutil.get_terminal_size((100, 24)).columns, _MIN_WIDTH), _MAX_WIDTH)
    console = Console(
        file=buffer,
        width=width,
        force_terminal=stream.isatty(),
        no_color=not stream.isatty(),
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print(_plain(_answer(judged)), style="bold", soft_wrap=True)  # one line, always
    console.print()
    console.print(_table(judged, is_utf=is_utf))
    for series, suitability in judged:
        _show_findings(console, series, suitability)
    _show_skipped(console, catalog)
    stream.write(buffer.getvalue().encode(encoding, "replace").decode(encoding))


def _table(judged: "Judged", *, is_utf: bool) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from corcal.ct.suitability import KIND_WORDS

    table = Table(box=box.SIMPLE_HEAD if is_utf else box.ASCII2, pad_edge=False)
    for heading in ("series", "what it is", "verdict"):
        table.add_column(heading)
    for heading in ("slices", "every mm", "thick mm"):
        table.add_column(heading, justify="right")
    table.add_column("description")
    for series, suitability in judged:
        verdict = str(suitability.verdict)
        symbol = _SYMBOLS[verdict][0 if is_utf else 1]
        table.add_row(
            _number(series),
            Text(KIND_WORDS[suitability.kind]),
            Text(f"{symbol} {verdict}", style=_COLOURS[verdict]),
            str(series.slice_count),
            _length(series.spacing_mm[0] if series.spacing_mm else None),
            _length(series.acquisition.slice_thickness_mm),
            Text(_plain(series.acquisition.series_description or "")),
        )
    return table


def _show_findings(console: Any, series: "Series", suitability: "Suitability") -> None:
    from corcal.ct.suitability import series_name

    title = _plain(f"{series_name(series)}: {suitability.summary}")
    console.print(title[:1].upper() + title[1:], style="bold")
    if series.identity.series_instance_uid:
        console.print(_plain(f"  {series.key}"), soft_wrap=True)
    for item in suitability.findings:
        text = _plain(f"{item.severity}: {item.message} [{item.code}]")
        wrap = textwrap.TextWrapper(
            console.width, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
        )
        console.print(wrap.fill(text))
    console.print()


def _show_skipped(console: Any, catalog: "Catalog") -> None:
    for item in catalog.skipped[:_MAX_SKIPPED]:
        console.print(_plain(f"skipped {item.source}: {item.reason}"))
    if len(catalog.skipped) > _MAX_SKIPPED:
        console.print(f"and {len(catalog.skipped) - _MAX_SKIPPED} more files were skipped")


def _number(series: "Series") -> str:
    number = series.identity.series_number
    name = "-" if number is None else str(number)
    return name if series.stack is None else f"{name}#{series.stack}"


def _length(mm: float | None) -> str:
    return "-" if mm is None else f"{mm:.3g}"


def _plain(text: str) -> str:
    """Replace what a terminal would obey: control and other unprintable characters."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
