"""``corcal batch``: every study of a folder, a store, a server or a list, scored into tables."""

import json
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli import plain
from corcal.cli.batch_origin import Origin
from corcal.cli.batch_progress import BatchProgress, duration_words
from corcal.cli.parameters import GIVEN_PATH
from corcal.errors import InputError, PeerError

if TYPE_CHECKING:
    from corcal.cohort.discover import Found
    from corcal.cohort.run import Tally
    from corcal.cohort.tables import TableFormat
    from corcal.cohort.types import BatchOptions, Executor

__all__ = ["command"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([GM])i?B?", re.IGNORECASE)
_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")
_UNFINISHED = ("unfit", "unreadable", "no_heart", "failed", "crashed")
_LEAST_MB = 600


def _size(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Read an amount of memory, in MB."""
    if value is None:
        return None
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        msg = f"{value!r} is no size: write 3.2G or 800M"
        raise click.BadParameter(msg)
    size = round(float(found[1]) * (1000 if found[2].upper() == "G" else 1))
    if size < _LEAST_MB:
        msg = f"a process needs at least {_LEAST_MB}M"
        raise click.BadParameter(msg)
    return size


def _part(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read which part of how many."""
    if value is None:
        return None
    found = _SHARD.fullmatch(value)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        msg = f"{value!r} is no part: write 3/16 for the third of sixteen"
        raise click.BadParameter(msg)
    return int(found[1]), int(found[2])


@click.command(
    "batch",
    epilog="The same command again goes on where an earlier one stopped, whatever stopped it. "
    "More: docs/batch.md.",
)
@click.argument("root", required=False)
@click.option("--out", type=GIVEN_PATH, required=True, help="Folder of the results.")
@click.option(
    "--list",
    "listed",
    type=GIVEN_PATH,
    help="Score what this file lists, a study a line, instead of searching ROOT.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Processes; by default as many as cores and memory allow.",
)
@click.option(
    "--memory",
    "memory_mb",
    metavar="SIZE",
    callback=_size,
    help="What one process may use; 3.2G, which 1000 slices need, by default.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Score on the workers of a Dask scheduler: its address, slurm or kubernetes.",
)
@click.option("--seg", is_flag=True, help="Also write a DICOM segmentation of each scored scan.")
@click.option("--pictures", is_flag=True, help="Also draw each scored scan.")
@click.option("--rule", default="textbook", show_default=True, help="As of corcal score.")
@click.option(
    "--tables",
    type=click.Choice(["parquet", "csv"]),
    help="Format of exams and lesions; Parquet by default, CSV where pyarrow is not installed.",
)
@click.option(
    "--again",
    multiple=True,
    type=click.Choice(_UNFINISHED),
    help="Try studies with this status once more.",
)
@click.option("--find-only", is_flag=True, help="Search ROOT, keep what is found, score nothing.")
@click.option(
    "--found",
    type=GIVEN_PATH,
    help="Take what --find-only has found (OUT/found.sqlite) instead of searching.",
)
@click.option(
    "--shard", metavar="I/N", callback=_part, help="Score only this part of the studies: 3/16."
)
@click.option(
    "--time-limit",
    type=click.FloatRange(1),
    default=1800.0,
    show_default=True,
    help="Seconds after which a study is given up.",
)
@click.option(
    "--scratch",
    type=GIVEN_PATH,
    help="Where scans from elsewhere are kept for the moment in which they are scored.",
)
@click.option(
    "--storage",
    multiple=True,
    metavar="NAME=VALUE",
    help="Option of fsspec for an object store; no secrets.",
)
def command(
    root: str | None,
    out: Path,
    listed: Path | None,
    found: Path | None,
    workers: int | None,
    memory_mb: int | None,
    scheduler: str | None,
    rule: str,
    tables: "TableFormat | None",
    again: tuple[str, ...],
    shard: tuple[int, int] | None,
    time_limit: float,
    scratch: Path | None,
    storage: tuple[str, ...],
    *,
    seg: bool,
    pictures: bool,
    find_only: bool,
) -> int:
    """Score every study below ROOT, and write tables.

    ROOT is a folder tree, s3://bucket/folder (or another that fsspec knows), or the address of a
    DICOMweb server. Of each study the series that suits best is scored.
    """
    from corcal.cohort.scratch import scratch_folder
    from corcal.cohort.types import DEFAULT_MEMORY_MB, BatchOptions
    from corcal.scoring.rules import rule_named

    if sum(one is not None for one in (root, listed, found)) != 1:
        msg = "give ROOT, to search it, or --list FILE, or --found FILE"
        raise click.UsageError(msg)
    if find_only and root is None:
        msg = "--find-only needs ROOT"
        raise click.UsageError(msg)
    rule_named(rule)
    options = BatchOptions(
        out=str(out.absolute()),
        rule=rule,
        segmentations=seg,
        pictures=pictures,
        memory_mb=memory_mb or DEFAULT_MEMORY_MB,
        time_limit_s=time_limit,
        scratch=str(scratch_folder(out, scratch)),
        storage=dict(_pair(text) for text in storage),
    )
    origin = Origin(root=root, listed=listed, found=found, shard=shard)
    if find_only:
        origin.expected(options)
        return _find(origin, options)
    crew = _crew(options, workers, scheduler, most=origin.expected(options))
    return _score(origin, options, crew, _table_format(tables), again=frozenset(again))


def _find(origin: Origin, options: "BatchOptions") -> int:
    from corcal.cohort.discover import INDEX_NAME
    from corcal.cohort.ledger import Ledger

    progress = BatchProgress(is_live=sys.stderr.isatty())
    with Ledger(Path(options.out)), _stopping(progress), origin.studies(options, progress) as found:
        _tell_unread(found)
        total = found.total
    click.echo(f"{_counted(total, 'study')} found, kept in {plain(Path(options.out) / INDEX_NAME)}")
    return 0


def _score(
    origin: Origin,
    options: "BatchOptions",
    crew: AbstractContextManager["Executor"],
    table_format: "TableFormat",
    *,
    again: frozenset[str],
) -> int:
    from corcal.cohort.ledger import Ledger
    from corcal.cohort.run import run
    from corcal.cohort.scratch import clean_scratch
    from corcal.cohort.settings import agree

    start = time.monotonic()
    out = Path(options.out)
    progress = BatchProgress(is_live=sys.stderr.isatty())
    with Ledger(out) as ledger:
        warning = agree(out, options)
        if warning:
            click.echo(f"warning: {warning}", err=True)
        try:
            with (
                clean_scratch(options),
                _stopping(progress),
                crew as executor,
                origin.studies(options, progress) as found,
                _loading(table_format),
            ):
                _tell_unread(found)
                progress.begin(found.total)
                tally = run(
                    found.tasks,
                    options,
                    ledger,
                    executor,
                    again=again,
                    listen=progress.listen,
                    skip=progress.skip,
                )
        except (KeyboardInterrupt, PeerError):
            _write(out, table_format)
            click.echo("stopped: the same command goes on where it stopped", err=True)
            raise
        seconds = time.monotonic() - start
        click.echo(_summary(tally, seconds))
        _write(out, table_format)
    return 0


def _tell_unread(found: "Found") -> None:
    """Warn of folders that nobody has looked into: their studies are in no table."""
    if found.unread:
        what = _counted(len(found.unread), "folder")
        verb = "was" if len(found.unread) == 1 else "were"
        click.echo(
            f"warning: {what} may not be read and {verb} passed over: {plain(found.unread[0])}"
            f"{'' if len(found.unread) == 1 else ', ...'}",
            err=True,
        )


def _summary(tally: "Tally", seconds: float) -> str:
    """Say what was done, and how quickly."""
    ends = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in tally.counts.items())
    before = ""
    if tally.skipped:
        before = f"; {tally.skipped} {_was(tally.skipped)} finished before"
    if tally.repeated:
        before += f"; {tally.repeated} {_was(tally.repeated)} listed twice"
    if not tally.done:
        return f"nothing was left to do{before}"
    rate = 60 * tally.done / seconds
    done = f"{_counted(tally.done, 'study')} in {duration_words(seconds)}"
    return f"{done}, {rate:.1f} a minute: {ends}{before}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _counted(count: int, what: str) -> str:
    """Say how many of what."""
    many = "studies" if what == "study" else f"{what}s"
    return f"{count} {what if count == 1 else many}"


def _write(out: Path, table_format: "TableFormat") -> None:
    from corcal.cohort.ledger import read_outcomes
    from corcal.cohort.summary import write_summary
    from corcal.cohort.tables import write_tables

    written = write_tables(out, format=table_format)
    for path, count, what in (
        (written.exams, written.exam_count, "exam"),
        (written.lesions, written.lesion_count, "lesion"),
        (written.status, written.study_count, "study"),
    ):
        click.echo(f"wrote {plain(path)} ({_counted(count, what)})")
    click.echo(f"wrote {plain(write_summary(read_outcomes(out), out))}")


@contextmanager
def _stopping(progress: BatchProgress) -> Iterator[None]:
    """Stop in good order where a batch system asks for it, and take the bar away in any case."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        progress.stop()


@contextmanager
def _loading(table_format: "TableFormat") -> Iterator[None]:
    """Load what is written with, while others score: nobody waits for it in the end."""

    def load() -> None:
        from corcal.cohort.summary import page, write_summary  # noqa: F401
        from corcal.cohort.tables import load_format

        load_format(table_format)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _crew(
    options: "BatchOptions", workers: int | None, scheduler: str | None, *, most: int | None
) -> AbstractContextManager["Executor"]:
    """Give who does the work; processes of this machine begin with the ``with`` block."""
    if scheduler is not None:
        from corcal.cohort.dask_cluster import dask_client
        from corcal.cohort.dask_run import run_dask

        client = dask_client(scheduler, workers=workers, memory_mb=options.memory_mb)
        return nullcontext(run_dask(client))
    from corcal.cohort.local import hired, worker_count

    count = workers or worker_count(options.memory_mb)
    return hired(options, workers=count if most is None else max(1, min(count, most)))


def _table_format(wanted: "TableFormat | None") -> "TableFormat":
    """Say before anything is scored that Parquet cannot be written."""
    from corcal.cohort.tables import best_format

    best = best_format()
    if wanted == "parquet" and best != "parquet":
        msg = 'Parquet needs pyarrow, which is not installed: pip install "corcal[parquet]"'
        raise InputError(msg)
    if wanted is None and best == "csv":
        click.echo(
            'pyarrow is not installed (pip install "corcal[parquet]"): tables are CSV', err=True
        )
    return wanted or best


def _pair(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; numbers and truths are as in JSON, everything else is text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        msg = f"--storage takes NAME=VALUE, not {text!r}"
        raise click.UsageError(msg)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
