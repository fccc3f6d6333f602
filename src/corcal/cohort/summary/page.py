"""The content of the summary page, as a `corcal.report.document.Document`."""

import io
from collections.abc import Iterator
from pathlib import Path, PurePath

import numpy as np

from corcal._version import __version__
from corcal.cohort.names import written_name
from corcal.cohort.summary.charts import band_name, category_chart, percentile_chart, score_chart
from corcal.cohort.summary.tally import SEXES, AgeBand, Tally
from corcal.cohort.types import STATUSES, Outcome
from corcal.report.amounts import shown_percent
from corcal.report.document import (
    Beside,
    Block,
    Document,
    Facts,
    Heading,
    Notice,
    Paragraph,
    Picture,
    Table,
    Text,
)
from corcal.result import RESEARCH_USE

__all__ = ["summary_document"]

_STATUS_WORDS = {
    "scored": "scored",
    "unfit": "not fit for scoring",
    "unreadable": "not readable as a scan",
    "no_heart": "no heart found",
    "failed": "failed",
    "crashed": "ended its process",
}
_SEX_WORDS = {"F": "Women", "M": "Men"}
_SHEET_COLUMNS = 3
_THUMBNAIL_PX = 560  # wide: sharp on a screen of twice the pixels
_MOST_PICTURE_BYTES = 2**25
_MOST_REASONS = 20
_NAME_PARTS = 2  # of the path of a scan


def summary_document(tally: Tally, folder: Path) -> Document:
    """Make the page of a run.

    Parameters
    ----------
    tally : Tally
        What was counted.
    folder : Path
        Of the results: the pictures of the least certain scans are there, if any were made.

    Returns
    -------
    Document
    """
    return Document(
        title="Cohort",
        subtitle=f"{_scans(tally.scans)}, {tally.statuses['scored']:,} scored",
        language="en",
        blocks=tuple(_blocks(tally, folder)),
        footer=RESEARCH_USE,
        created=tally.finished or "1970-01-01T00:00:00+00:00",
    )


def _blocks(tally: Tally, folder: Path) -> Iterator[Block]:
    yield Facts(rows=tuple(_overview(tally)), columns=2)
    if tally.statuses["scored"]:
        yield Heading(text="Scores")
        yield from _scores(tally)
        yield Heading(text="Percentiles by age")
        yield from _ages(tally)
    if tally.statuses["scored"] < tally.scans:
        yield Heading(text="Not scored")
        yield from _failures(tally)
    if tally.least_certain:
        yield Heading(text="Least certain")
        yield from _least_certain(tally, folder)
    yield Paragraph(
        text=f"corcal {__version__}. Scores are automatic, and nobody has reviewed them. The page "
        "holds names of folders and pictures of scans: it is as confidential as these.",
        role="note",
    )


def _scans(count: int) -> str:
    return "1 scan" if count == 1 else f"{count:,} scans"


def _part(count: int, whole: int) -> str:
    return f"{count:,} ({100 * count / whole:.1f} %)" if whole else "0"


def _overview(tally: Tally) -> Iterator[tuple[str, Text]]:
    scored = tally.statuses["scored"]
    for status in STATUSES:
        if tally.statuses[status] or status == "scored":
            words = _STATUS_WORDS[status]
            yield words[0].upper() + words[1:], _part(tally.statuses[status], tally.scans)
    if not scored:
        return
    yield "Review advised", _part(tally.advised, scored)
    for verdict, count in tally.verdicts.most_common():
        if verdict:
            yield f"Scored: {verdict.replace('_', ' ')}", _part(count, scored)
    for kind, count in tally.kinds.most_common():
        if kind:
            yield f"Scored: {kind.replace('_', ' ')}", _part(count, scored)
    seconds = tally.seconds
    yield "Time a scan", f"median {np.median(seconds):.1f} s, longest {seconds.max():.1f} s"
    if tally.peaks_mb.size:
        peaks = tally.peaks_mb
        yield "Memory a process", f"median {np.median(peaks):.0f} MB, most {peaks.max():.0f} MB"


def _scores(tally: Tally) -> Iterator[Block]:
    yield Beside(
        columns=(
            (_chart(score_chart(tally), "Histogram of the Agatston scores, zero apart"),),
            (_chart(category_chart(tally), "Scans by category of the Agatston score"),),
        ),
        widths=(1.0, 1.0),
    )
    scores = tally.scores
    low, median, high, far = np.percentile(scores, (25, 50, 75, 90))
    yield Paragraph(
        text=f"Median {median:.1f}, quartiles {low:.1f} and {high:.1f}, 90th percentile "
        f"{far:.1f}, mean {scores.mean():.1f}, highest {scores.max():.1f}."
    )
    of = {"all": tally.categories(), **{sex: tally.categories(sex) for sex in SEXES}}
    counted = sum(sum(of[sex].values()) for sex in SEXES)
    rows = [
        (name, *(_part(of[who][name], sum(of[who].values())) for who in ("all", *SEXES)))
        for name in of["all"]
    ]
    yield Table(
        caption="Categories",
        head=("Agatston", "all", "women", "men"),
        rows=rows,
        numeric=frozenset({1, 2, 3}),
        shows_caption=True,
    )
    if counted < scores.size:
        text = f"{_scans(scores.size - counted)} without F or M in the headers: in all alone."
        yield Paragraph(text=text, role="note")


def _chart(data: bytes, alt: str) -> Picture:
    alt = f"{alt}; the numbers are in the table below."
    return Picture(data=data, media_type="image/svg+xml", alt=alt)


def _ages(tally: Tally) -> Iterator[Block]:
    bands = {sex: tally.bands(sex) for sex in SEXES}
    columns: list[tuple[Block, ...]] = []
    for sex in SEXES:
        chart = percentile_chart(bands[sex])
        if chart is not None:
            title = Heading(text=_SEX_WORDS[sex], level=2)
            columns.append((title, _chart(chart, f"Percentiles over age: {_SEX_WORDS[sex]}")))
    if columns:
        while len(columns) < len(SEXES):
            columns.append(())
        yield Beside(columns=tuple(columns), widths=(1.0, 1.0))
    rows = [_band_cells(sex, band) for sex in SEXES for band in bands[sex] if band.scans]
    if rows:
        yield Table(
            caption="Percentiles of the Agatston score in this cohort",
            head=("sex, age", "scans", "above 0", "25th", "50th", "75th", "90th"),
            rows=rows,
            numeric=frozenset(range(1, 7)),
            shows_caption=True,
        )
    note = "Of the scans of this cohort, not of a population; - of fewer than 10 scans."
    counted = sum(band.scans for sex in SEXES for band in bands[sex])
    if counted < tally.scores.size:
        note += f" {_scans(tally.scores.size - counted)} without age or sex in the headers."
    yield Paragraph(text=note, role="note")


def _band_cells(sex: str, band: AgeBand) -> tuple[str, ...]:
    found = band.percentiles
    shown = ("-",) * 4 if found is None else tuple(f"{value:.1f}" for value in found)
    name = f"{_SEX_WORDS[sex]}, {band_name(band)}"
    return (name, f"{band.scans:,}", _part(band.with_calcium, band.scans), *shown)


def _failures(tally: Tally) -> Iterator[Block]:
    listed = tally.reasons.most_common()
    rows = [
        (_STATUS_WORDS[status], pattern, f"{count:,}", _name(tally.examples[status, pattern]))
        for (status, pattern), count in listed[:_MOST_REASONS]
    ]
    yield Table(
        caption="Reasons",
        head=("status", "reason", "scans", "such as"),
        rows=rows,
        numeric=frozenset({2}),
    )
    more = len(listed) - _MOST_REASONS
    text = "# stands for a number. The table of statuses has every scan."
    if more > 0:
        rest = sum(count for _, count in listed[_MOST_REASONS:])
        text = f"{more} more reasons of {_scans(rest)}. {text}"
    yield Paragraph(text=text, role="note")


def _least_certain(tally: Tally, folder: Path) -> Iterator[Block]:
    yield Paragraph(text="The scans whose category is least certain: look at these first.")
    cells = [_cell(outcome, folder) for outcome in tally.least_certain]
    if any(picture is not None for picture, _ in cells):
        shown = [_figure(picture, outcome) for picture, outcome in cells]
        for start in range(0, len(shown), _SHEET_COLUMNS):
            row = shown[start : start + _SHEET_COLUMNS]
            row += [()] * (_SHEET_COLUMNS - len(row))
            yield Beside(columns=tuple(row), widths=(1.0,) * _SHEET_COLUMNS)
    else:
        text = "With --pictures, each is shown here."
        yield Notice(kind="info", title="No pictures", blocks=(Paragraph(text=text),))
    yield Table(
        caption="Least certain scans",
        head=("scan", "Agatston", "interval", "certainty", "review"),
        rows=[_row(outcome) for outcome in tally.least_certain],
        numeric=frozenset({1, 2, 3}),
    )


def _cell(outcome: Outcome, folder: Path) -> tuple[bytes | None, Outcome]:
    return _thumbnail(folder, outcome.picture), outcome


def _figure(picture: bytes | None, outcome: Outcome) -> tuple[Block, ...]:
    name, score = _name(outcome.source), _score(outcome)
    caption = f"{name}: {score}, certainty {shown_percent(outcome.certainty or 0.0)}"
    if picture is None:
        return (Paragraph(text=f"{caption} (no picture)", role="note"),)
    alt = f"Projection of the scan {name} with its calcium, Agatston score {score}"
    return (Picture(data=picture, media_type="image/png", alt=alt, caption=caption),)


def _row(outcome: Outcome) -> tuple[str, ...]:
    row = outcome.exam_row or {}
    low, high = row.get("total_agatston_low"), row.get("total_agatston_high")
    has_interval = isinstance(low, int | float) and isinstance(high, int | float)
    return (
        _name(outcome.source),
        _score(outcome),
        f"{low:.1f} to {high:.1f}" if has_interval else "-",
        shown_percent(outcome.certainty or 0.0),
        "advised" if row.get("review_advised") is True else "no",
    )


def _score(outcome: Outcome) -> str:
    score = (outcome.exam_row or {}).get("total_agatston")
    return f"{score:.1f}" if isinstance(score, int | float) else "-"


def _name(source: str) -> str:
    """Give the end of a path: scans of a cohort differ there."""
    return written_name("/".join(PurePath(source).parts[-_NAME_PARTS:]))


def _thumbnail(folder: Path, name: str | None) -> bytes | None:
    """Read a picture of a scan, small; ``None`` if there is none, or none that can be read."""
    if name is None or PurePath(name).is_absolute() or ".." in PurePath(name).parts:
        return None
    from PIL import Image, UnidentifiedImageError

    path = folder / name
    try:
        if path.stat().st_size > _MOST_PICTURE_BYTES:
            return None
        with Image.open(path) as image:
            small = image.convert("RGB")
            height = max(1, round(small.height * _THUMBNAIL_PX / small.width))
            if small.width > _THUMBNAIL_PX:
                small = small.resize((_THUMBNAIL_PX, height), Image.Resampling.LANCZOS)
            stream = io.BytesIO()
            small.quantize(128).save(stream, format="PNG", optimize=True)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    return stream.getvalue()
