"""``corcal inspect``: what is in a folder, and whether it can be scored."""

import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from corcal.ct.scan import Finding
    from corcal.ct.series import Catalog, Series
    from corcal.ct.suitability import Preferred, Suitability
    from corcal.progress import Progress

    Judged = list[tuple[Series, Suitability]]

__all__ = ["SCHEMA_VERSION", "command", "inspection"]

SCHEMA_VERSION = "1.1"  # of what --json writes
_SYMBOLS = {"fit": ("✓", "+"), "caution": ("!", "!"), "unfit": ("✗", "x")}
_COLOURS = {"fit": "green", "caution": "yellow", "unfit": "red"}
_MIN_WIDTH, _MAX_WIDTH = 80, 140
_MAX_SKIPPED = 3  # skipped files of one reason that the text names
# Files that lie beside images and are none: to say which formats they are not is no help
_NO_IMAGES = (".xml", ".txt", ".csv", ".json", ".pdf", ".htm", ".html", ".md", ".inf", ".log")


@click.command("inspect")
@click.argument("path", type=GIVEN_PATH)
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
    told = inspection(catalog, judged, headers_only=headers_only)
    # ASCII only: it survives any terminal and any encoding
    text = json.dumps(told, indent=2, ensure_ascii=True) + "\n"
    if json_to == "-":
        sys.stdout.write(text)
        return
    if json_to is not None:
        write_whole(Path(json_to), text)
    _show(catalog, judged, headers_only=headers_only)


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


def inspection(
    catalog: "Catalog", judged: "Judged", *, headers_only: bool = False
) -> dict[str, Any]:
    """Make the object that ``--json`` writes.

    Parameters
    ----------
    catalog : Catalog
        What was found.
    judged : list of (Series, Suitability)
        Each series with its judgement.
    headers_only : bool
        The judgement is without the voxels; the answer says so.

    Returns
    -------
    dict
        ``schema_version``, ``answer``, ``chosen`` (the key of the series that would be scored, or
        ``None``), ``findings`` (about all series together), ``series`` and ``skipped``; no patient
        data.
    """
    from corcal.ct.suitability import preferred_series

    chosen = preferred_series(judged)
    return {
        "schema_version": SCHEMA_VERSION,
        "answer": _answer(judged, chosen, headers_only=headers_only),
        "chosen": chosen.series.key if chosen else None,
        "findings": _finding_entries((chosen.warning,) if chosen and chosen.warning else ()),
        "series": [_series_entry(series, suitability) for series, suitability in judged],
        "skipped": [{"source": item.source, "reason": item.reason} for item in catalog.skipped],
    }


def _series_entry(series: "Series", suitability: "Suitability") -> dict[str, Any]:
    from corcal.ct.suitability import series_folder

    identity, acquisition = series.identity, series.acquisition
    return {
        "series_instance_uid": identity.series_instance_uid,
        "stack": series.stack,
        "key": series.key,
        "folder": series_folder(series),
        "series_number": identity.series_number,
        "description": acquisition.series_description,
        "modality": acquisition.modality,
        "slice_count": series.slice_count,
        "spacing_mm": list(series.spacing_mm) if series.spacing_mm else None,
        "slice_thickness_mm": acquisition.slice_thickness_mm,
        "kind": str(suitability.kind),
        "verdict": str(suitability.verdict),
        "summary": suitability.summary,
        "findings": _finding_entries(suitability.findings),
    }


def _finding_entries(findings: "Iterable[Finding]") -> list[dict[str, str]]:
    return [
        {"code": item.code, "severity": str(item.severity), "message": item.message}
        for item in findings
    ]


def _answer(judged: "Judged", chosen: "Preferred | None", *, headers_only: bool) -> str:
    """Answer "does my CT include calcium scoring?" in one line."""
    from corcal.ct.suitability import KIND_WORDS, SeriesKind, Verdict, describe

    all_series = [series for series, _ in judged]
    basis = " (by its headers alone)" if headers_only else ""
    if chosen is not None:
        suitability = next(by for series, by in judged if series is chosen.series)
        what = describe(chosen.series, suitability, among=all_series)
        if suitability.kind is not SeriesKind.GATED_CALCIUM:
            return f"No calcium scan, but {what}: it can be scored, with care{basis}"
        care = "" if suitability.verdict is Verdict.FIT else ", to be read with care"
        return f"Yes: {what}{care}{basis}"
    refused = [pair for pair in judged if pair[1].kind is SeriesKind.GATED_CALCIUM]
    if refused:
        return f"No: {describe(*refused[0], among=all_series)}, but it cannot be scored{basis}"
    if len(judged) == 1:
        kind = KIND_WORDS[judged[0][1].kind]
        return f"No: this series cannot be scored for coronary calcium; it is {kind}{basis}"
    basis = basis.replace("its", "their")
    return f"No: none of {len(judged)} series can be scored for coronary calcium{basis}"


def _show(catalog: "Catalog", judged: "Judged", *, headers_only: bool) -> None:
    """Write the answer, the table and the findings to stdout, whatever its encoding."""
    from io import StringIO

    from rich.console import Console

    from corcal.ct.suitability import preferred_series

    chosen = preferred_series(judged)
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
    answer = _answer(judged, chosen, headers_only=headers_only)
    console.print(_plain(answer), style="bold", soft_wrap=True)  # one line, always
    console.print()
    if chosen and chosen.warning:
        _show_finding(console, chosen.warning, indent="")
        console.print()
    console.print(_table(judged, is_utf=is_utf))
    all_series = [series for series, _ in judged]
    for series, suitability in judged:
        _show_findings(console, series, suitability, all_series)
    _show_skipped(console, catalog)
    stream.write(buffer.getvalue().encode(encoding, "replace").decode(encoding))


def _table(judged: "Judged", *, is_utf: bool) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from corcal.ct.suitability import KIND_WORDS, series_folder, series_label

    table = Table(box=box.SIMPLE_HEAD if is_utf else box.ASCII2, pad_edge=False)
    has_folders = len({series_folder(series) for series, _ in judged}) > 1
    table.add_column("series")
    if has_folders:
        table.add_column("folder", overflow="fold")
    for heading in ("what it is", "verdict"):
        table.add_column(heading)
    for heading in ("slices", "every mm", "thick mm"):
        table.add_column(heading, justify="right")
    table.add_column("description")
    for series, suitability in judged:
        verdict = str(suitability.verdict)
        symbol = _SYMBOLS[verdict][0 if is_utf else 1]
        folder = (Text(_plain(series_folder(series))),) if has_folders else ()
        table.add_row(
            series_label(series) or "-",
            *folder,
            Text(KIND_WORDS[suitability.kind]),
            Text(f"{symbol} {verdict}", style=_COLOURS[verdict]),
            str(series.slice_count),
            _length(series.spacing_mm[0] if series.spacing_mm else None),
            _length(series.acquisition.slice_thickness_mm),
            Text(_plain(series.acquisition.series_description or "")),
        )
    return table


def _show_findings(
    console: Any, series: "Series", suitability: "Suitability", all_series: "Sequence[Series]"
) -> None:
    from corcal.ct.suitability import WHOLE_SERIES_ADVICE, is_one_of_many, name_among, statement

    title = _plain(f"{name_among(series, all_series)}: {statement(series, suitability)}")
    console.print(title[:1].upper() + title[1:], style="bold")
    if series.key:
        console.print(_plain(f"  series key: {series.key} (for --series)"), soft_wrap=True)
    for item in suitability.findings:
        _show_finding(console, item, indent="  ")
    if is_one_of_many(series):
        console.print(f"  {WHOLE_SERIES_ADVICE}")
    console.print()


def _show_finding(console: Any, item: "Finding", *, indent: str) -> None:
    wrap = textwrap.TextWrapper(
        console.width,
        initial_indent=indent,
        subsequent_indent=indent + "    ",
        break_on_hyphens=False,
        break_long_words=False,  # a key is copied whole
    )
    console.print(
        wrap.fill(_plain(f"{item.severity}: {item.message} [{item.code}]")), soft_wrap=True
    )


def _show_skipped(console: Any, catalog: "Catalog") -> None:
    """Name skipped files, those of one reason in one line."""
    by_reason: dict[str, list[str]] = {}
    for item in catalog.skipped:
        is_no_image = item.source.lower().endswith(_NO_IMAGES) and item.reason.startswith("not ")
        by_reason.setdefault("not an image" if is_no_image else item.reason, []).append(item.source)
    for reason, sources in by_reason.items():
        names = ", ".join(sources[:_MAX_SKIPPED])
        if len(sources) > _MAX_SKIPPED:
            names = f"{len(sources)} files ({names} ...)"
        console.print(_plain(f"skipped {names}: {reason}"), soft_wrap=True)


def _length(mm: float | None) -> str:
    return "-" if mm is None else f"{mm:.3g}"


def _plain(text: str) -> str:
    """Replace what a terminal would obey: control and other unprintable characters."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
