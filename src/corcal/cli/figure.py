"""``corcal figure``: the pictures of a scored exam, each to be used alone."""

from pathlib import Path
from typing import Literal, cast

import click

from corcal.cli import plain
from corcal.cli.outputs import check_folder
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.records import chosen_names, exam_of, files_of_exam, record_file
from corcal.errors import InputError
from corcal.report.figures import FIGURES, Subject, draw_figures, why_empty, why_not
from corcal.whole_file import write_whole

__all__ = ["command"]

_FORMATS = ("png", "svg")
_WHAT_HELP = "; ".join(f"{name}: {each.help}" for name, each in FIGURES.items())


@click.command("figure", epilog="More: docs/outputs.md.")
@click.argument("path", type=GIVEN_PATH, metavar="RESULT")
@click.option("--scan", "scan_path", type=GIVEN_PATH, metavar="PATH", help="The scored scan.")
@click.option(
    "--what",
    metavar="LIST",
    help=f"Pictures, parted by commas ({_WHAT_HELP}). By default all that can be drawn.",
)
@click.option(
    "--format",
    "formats",
    default="png",
    show_default=True,
    metavar="LIST",
    help="png, svg, or both parted by a comma.",
)
@click.option("--out", type=GIVEN_PATH, required=True, metavar="DIR", help="Folder for the files.")
def command(path: Path, scan_path: Path | None, what: str | None, formats: str, out: Path) -> None:
    """Draw the pictures of a scored exam, as files that can be used alone.

    RESULT is the folder that corcal score --out has written, or a result.json (for pictures of the
    scan, one in such a folder). No picture names the patient; the history has the dates of exams.
    """
    from corcal.result import read_result

    names = None if what is None else chosen_names(what, FIGURES, "picture")
    endings = chosen_names(formats, _FORMATS, "format")
    file = record_file(path)
    result = read_result(file)
    exam = None if scan_path is None else exam_of(file, result, scan_path)
    subject = (
        Subject(result=result)
        if exam is None
        else Subject(result=result, scan=exam.scan, voxels=exam.voxels)
    )
    drawable, missing = _drawable(subject, names)
    drawn = draw_figures(subject, drawable)
    files = {f"{name}.{ending}": name for name in drawn for ending in endings}
    check_folder(files_of_exam(file, scan_path, exam), out, files)
    out.mkdir(parents=True, exist_ok=True)
    for file_name, name in files.items():
        ending = cast(Literal["png", "svg"], file_name.rpartition(".")[2])
        write_whole(out / file_name, drawn[name].data(ending))
        click.echo(f"wrote {plain(out / file_name)}")
    for reason in missing:
        click.echo(f"not drawn: {plain(reason)}", err=True)


def _drawable(
    subject: Subject, wanted: tuple[str, ...] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the pictures that are wanted, or else all that can be drawn.

    Returns
    -------
    names, missing : tuple of str
        Pictures to draw; and why there is nothing to show in others that are wanted: a score of 0
        has no lesion, and no option would give it one.

    Raises
    ------
    InputError
        If one that is wanted lacks what can be given, or none can be drawn.
    """
    reasons = {name: why_not(name, subject) for name in wanted or FIGURES}
    names = tuple(name for name, reason in reasons.items() if reason is None)
    told = {name: reason for name, reason in reasons.items() if reason is not None}
    lacks_something = any(why_empty(name, subject) is None for name in told)
    if not names or (wanted and lacks_something):
        raise InputError("; ".join(told.values()))
    return names, tuple(told.values()) if wanted else ()
