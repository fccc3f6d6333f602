"""``corcal compare``: the exams of one person, side by side and judged."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli import plain
from corcal.cli.outputs import check_outputs
from corcal.cli.parameters import GIVEN_PATH
from corcal.errors import InputError
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.followup.types import ExamNumbers, Followup
    from corcal.result import Result

__all__ = ["command"]

_RESULT_NAME = "result.json"
_DAY = click.DateTime(formats=["%Y-%m-%d"])


class NumberedDay(click.ParamType[tuple[int, date]]):
    """The date of one of the exams: ``2=2021-05-03``, counted from 1 in the order given."""

    name = "number=date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, date]:
        """Take the number and the date apart."""
        number, _, day = str(value).partition("=")
        try:
            return int(number), date.fromisoformat(day)
        except ValueError:
            self.fail(f"{value!r} is not of the form 2=2021-05-03", param, ctx)


@click.command("compare", epilog="More: docs/followup.md.")
@click.argument("results", type=GIVEN_PATH, nargs=-1, required=True, metavar="RESULT RESULT...")
@click.option("--json", "json_to", metavar="FILE", help="Write the comparison here; - is stdout.")
@click.option("--chart", type=GIVEN_PATH, metavar="FILE", help="Draw the scores over time (PNG).")
@click.option(
    "--into",
    type=GIVEN_PATH,
    metavar="FILE",
    help="Write the result of the newest exam with the comparison in it here; it may be that "
    "result itself, or its folder.",
)
@click.option("--statin-started", type=_DAY, help="When the person began to take a statin.")
@click.option("--bmi", type=float, help="Body mass index, kg/m2, for the limit of repeatability.")
@click.option(
    "--date",
    "days",
    type=NumberedDay(),
    multiple=True,
    metavar="N=DATE",
    help="Date of the Nth exam, where its scan has none.",
)
@click.option(
    "--same-patient",
    is_flag=True,
    help="You have checked that the exams are of one patient, although identifiers differ.",
)
def command(
    results: tuple[Path, ...],
    json_to: str | None,
    chart: Path | None,
    into: Path | None,
    statin_started: datetime | None,
    bmi: float | None,
    days: tuple[tuple[int, date], ...],
    *,
    same_patient: bool,
) -> None:
    """Compare scored exams of one person: what changed, and if it is more than measurement error.

    RESULT is a result.json, or a folder that corcal score --out has written. Exams that were not
    made alike are shown side by side, without a verdict.
    """
    from corcal.followup import compare
    from corcal.result import read_result

    given = _given_days(days, len(results))
    files = [_file(path) for path in results]
    check_outputs(files, {"--json": json_to, "--chart": chart})
    records = [read_result(file) for file in files]
    exams = []
    for number, record in enumerate(records, start=1):
        exam = _numbers(record, number, given.get(number), bmi)
        if exam.date is None:
            msg = f"exam {number} has no date: give it with --date {number}=YYYY-MM-DD"
            raise InputError(msg)
        exams.append(exam)
    _check_typed_days(given, statin_started, exams)
    newest = _newest(exams)
    into = _place(into, files[newest])
    older = [file for file in files if not _is_same(file, files[newest])]
    check_outputs(older, {"--json": json_to, "--chart": chart, "--into": into})
    started = statin_started.date() if statin_started else None
    followup = compare(exams, statin_started=started, is_same_patient=same_patient)
    if into is not None:
        _keep(into, records[newest], followup)
    _deliver(followup, json_to, chart, into)


def _numbers(record: "Result", number: int, day: date | None, bmi: float | None) -> "ExamNumbers":
    """Give the numbers of an exam; what is wrong with it is told with its number."""
    from corcal.exam_numbers import exam_numbers

    try:
        return exam_numbers(record, day=day, bmi=bmi)
    except InputError as exc:
        msg = f"exam {number}: {exc}"
        raise InputError(msg) from exc


def _given_days(days: tuple[tuple[int, date], ...], count: int) -> dict[int, date]:
    for number, _ in days:
        if not 1 <= number <= count:
            msg = f"--date is for exam {number}, allowed 1 to {count}"
            raise click.UsageError(msg)
    if len(dict(days)) < len(days):
        msg = "--date was given twice for one exam"
        raise click.UsageError(msg)
    return dict(days)


def _check_typed_days(
    given: dict[int, date], statin_started: datetime | None, exams: "list[ExamNumbers]"
) -> None:
    """Refuse days that have not come yet, unless exams whose dates were moved lie beyond."""
    known = [exam.date for n, exam in enumerate(exams, start=1) if n not in given and exam.date]
    last = max([datetime.now().astimezone().date(), *known])
    typed = {f"--date {number}": day for number, day in given.items()}
    if statin_started is not None:
        typed["--statin-started"] = statin_started.date()
    for option, day in typed.items():
        if day > last:
            msg = f"{option} is {day}, which has not come yet"
            raise InputError(msg)


def _file(path: Path) -> Path:
    """Give the record inside a folder, or the file itself."""
    if not path.is_dir():
        return path
    inside = path / _RESULT_NAME
    if not inside.is_file():
        msg = f"no {_RESULT_NAME} in the folder {path.name}: give the folder of one scored exam"
        raise InputError(msg)
    return inside


def _newest(exams: "list[ExamNumbers]") -> int:
    """Give the place of the last exam; of two of one day that of the one that was given later."""
    return max(range(len(exams)), key=lambda number: (exams[number].date or date.min, number))


def _place(into: Path | None, newest: Path) -> Path | None:
    """Give the file that ``--into`` means: a folder is its record, if that is the newest one."""
    if into is None or not into.is_dir():
        return into
    inside = into / _RESULT_NAME
    if not _is_same(inside, newest):
        msg = f"--into {plain(into)} is not the folder of the newest exam: give that, or a file"
        raise click.UsageError(msg)
    return inside


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and one.samefile(other)


def _keep(into: Path, record: "Result", followup: "Followup") -> None:
    """Write a record with its comparison; of a link what it leads to is replaced."""
    from corcal.interpreted import with_followup
    from corcal.result import result_json

    write_whole(into.resolve(), result_json(with_followup(record, followup)))


def _deliver(
    followup: "Followup", json_to: str | None, chart: Path | None, into: Path | None
) -> None:
    """Write the files that were asked for, and say to a person what came out."""
    import msgspec

    from corcal.report.followup_text import followup_text
    from corcal.result import RESEARCH_USE

    record = msgspec.to_builtins(followup) | {"statement": RESEARCH_USE}
    text = msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"
    if json_to == "-":
        sys.stdout.write(text)
    elif json_to is not None:
        write_whole(Path(json_to), text)
    if chart is not None:
        from corcal.report.followup_chart import draw_followup

        draw_followup(followup, chart)
    if json_to != "-":
        click.echo(followup_text(followup))
        click.echo(f"\n{RESEARCH_USE}")
        for file in (json_to, chart, into):
            if file is not None:
                click.echo(f"wrote {plain(file)}")
