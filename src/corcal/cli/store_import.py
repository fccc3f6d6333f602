"""``corcal import``: take scans into the store."""

from pathlib import Path

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.cli.store_options import data_option, opened

__all__ = ["command"]


@click.command("import")
@click.argument("path", type=GIVEN_PATH)
@data_option
def command(path: Path, data: Path | None) -> None:
    """Take the studies in PATH into the store, where corcal serve scores and shows them.

    PATH is a folder (searched to any depth), one file, or a zip. A file that the store has already
    is not kept twice; if anything goes wrong, nothing is kept.
    """
    from corcal.store.jobs import SCORE

    with opened(data, must_exist=False) as store, progress_bar() as progress:
        report = store.import_study(path, job_kind=SCORE, progress=progress)
        exams = [store.exam(exam) for exam in report.exams]
    for exam in exams:
        is_new = "new" if exam.id in report.new_exams else "known"
        why = f": {exam.reason}" if exam.reason else ""
        click.echo(plain(f"exam {exam.id} {is_new}, {exam.state}{why}"))
    click.echo(f"{report.file_count} files, {report.new_file_count} of them new in the store")
    if report.skipped:
        source, reason = report.skipped[0]
        click.echo(plain(f"{len(report.skipped)} not kept, first {source}: {reason}"))
