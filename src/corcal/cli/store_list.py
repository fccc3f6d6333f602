"""``corcal list``: the exams of the store."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli import plain
from corcal.cli.store_options import data_option, opened

if TYPE_CHECKING:
    from corcal.store.records import ExamRecord

__all__ = ["command"]

STATES = ("waiting", "scoring", "to_review", "final", "unfit", "failed")
SORT_KEYS = ("scan_date", "name", "agatston", "state", "imported", "changed")
_SHORT = 12  # digits of an identifier that `corcal export` takes for the whole
_NAME_WIDTH = 24


@click.command("list")
@click.argument("words", nargs=-1)
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these.")
@click.option("--from", "date_from", metavar="YYYY-MM-DD", help="Scanned on this day or later.")
@click.option("--to", "date_to", metavar="YYYY-MM-DD", help="Scanned on this day or earlier.")
@click.option(
    "--sort",
    type=click.Choice(SORT_KEYS),
    default="scan_date",
    show_default=True,
    help="The newest or highest first; names from A.",
)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@data_option
def command(
    words: tuple[str, ...],
    states: tuple[str, ...],
    date_from: str | None,
    date_to: str | None,
    sort: str,
    limit: int,
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    """List the exams of the store.

    WORDS are looked for in names and numbers of patients, accession numbers and descriptions of
    studies.
    """
    from corcal.store.records import ExamState, SortKey, WorklistQuery

    query = WorklistQuery(
        text=" ".join(words),
        states=tuple(ExamState(state) for state in states),
        date_from=date_from,
        date_to=date_to,
        sort=SortKey(sort),
        descending=sort not in ("name", "state"),
        limit=limit,
    )
    with opened(data) as store:
        page = store.worklist(query)
    if as_json:
        import msgspec

        told: Any = msgspec.to_builtins({"total": page.total, "exams": page.exams})
        # ASCII only: it survives any terminal and any encoding
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=True) + "\n")
        return
    lines = [_line("exam", "date", "state", "Agatston", "patient", "description")]
    lines += [_exam_line(exam) for exam in page.exams]
    click.echo("\n".join(lines))
    if page.total > len(page.exams):
        click.echo(f"{len(page.exams)} of {page.total} exams; --limit shows more")
    elif not page.total:
        click.echo("no exams")


def _exam_line(exam: "ExamRecord") -> str:
    latest = exam.latest
    return _line(
        exam.id[:_SHORT],
        exam.scan_date or "-",
        exam.state,
        "-" if latest is None else f"{latest.total_agatston:.1f}",
        exam.patient.name or exam.patient.patient_id or "-",
        exam.reason or exam.study.description or exam.series_description or "-",
    )


def _line(exam: str, date: str, state: str, agatston: str, patient: str, about: str) -> str:
    cells = (
        f"{exam:{_SHORT}}",
        f"{date:10}",
        f"{state:9}",
        f"{agatston:>8}",
        f"{plain(patient)[:_NAME_WIDTH]:{_NAME_WIDTH}}",
        plain(about),
    )
    return "  ".join(cells).rstrip()
