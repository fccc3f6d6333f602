"""``corcal report``: a scored exam in the formats of other people and other programs."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli import plain
from corcal.cli.corrections import (
    check_folder_of_correction,
    corrected,
    read_earlier,
    write_correction,
)
from corcal.cli.outputs import check_folder
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.records import (
    RESULT_NAME,
    chosen_names,
    exam_of,
    files_of_exam,
    record_file,
)
from corcal.cli.report_formats import (
    FORMATS,
    chosen_formats,
    files_of,
    tell_without_dicom,
    write_report,
)
from corcal.cli.report_options import (
    Layout,
    checked_layout,
    layout_options,
    route_options,
    taken_route,
)
from corcal.cli.report_request import Paper, Request
from corcal.whole_file import read_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corcal.interop.deidentify import Deidentifier
    from corcal.pipeline import Exam
    from corcal.result import Result

__all__ = ["command", "pictures_for"]

_KEY_BYTES = 32
_FORMAT_HELP = "; ".join(f"{name}: {each.help}" for name, each in FORMATS.items())


@click.command("report", epilog="More: docs/outputs.md.")
@click.argument("path", type=GIVEN_PATH, metavar="RESULT")
@click.option("--out", type=GIVEN_PATH, required=True, metavar="DIR", help="Folder for the files.")
@click.option(
    "--scan",
    "scan_path",
    type=GIVEN_PATH,
    metavar="PATH",
    help="The scan that was scored, for DICOM and for pictures that are not there yet.",
)
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    help=f"Formats, parted by commas ({_FORMAT_HELP}). By default all that can be written with "
    "what is given, without parquet and labelmap.",
)
@layout_options
@click.option(
    "--embed-pdf/--no-embed-pdf",
    "embeds_pdf",
    default=True,
    show_default=True,
    help="Whether FHIR and HL7 have the clinician's report inside.",
)
@route_options
@click.option(
    "--corrects",
    type=GIVEN_PATH,
    metavar="EARLIER",
    help="The signed result, or its folder, that RESULT, signed later, takes the place of: reports "
    "are addenda, and replace no other files. Of the same patient and study.",
)
@click.option("--reason", metavar="TEXT", help="With --corrects: why it is corrected.")
@click.option(
    "--deidentify",
    is_flag=True,
    help="Take out names, replace identifiers and UIDs, and move all dates.",
)
@click.option(
    "--key-file",
    type=GIVEN_PATH,
    metavar="FILE",
    help="Secret by which --deidentify replaces, the same way each time; made if it is not there.",
)
def command(
    path: Path,
    out: Path,
    scan_path: Path | None,
    formats: str | None,
    language: str,
    paper: Paper,
    corrects: Path | None,
    reason: str | None,
    key_file: Path | None,
    *,
    is_large: bool,
    embeds_pdf: bool,
    deidentify: bool,
    **places: str,
) -> None:
    """Write a scored exam in the formats of other people and other programs.

    RESULT is a result.json, or a folder that corcal score --out has written.
    """
    from corcal.result import read_result

    if key_file is not None and not deidentify:
        msg = "--key-file is for --deidentify"
        raise click.UsageError(msg)
    if (corrects is None) != (reason is None):
        msg = "--corrects and --reason belong together"
        raise click.UsageError(msg)
    named = None if formats is None else chosen_names(formats, FORMATS, "format")
    route = taken_route(places)
    if deidentify:
        _check_unnamed(out)
    if scan_path is None:
        chosen_formats(named, None)  # what needs the scan is told before anything is read
    layout = Layout(language=language, paper=paper, is_large=is_large)
    file = record_file(path)
    result = read_result(file)
    earlier = None if corrects is None else read_earlier(corrects)
    if earlier is not None:
        result = corrected(result, earlier, reason or "")
        check_folder_of_correction(out, earlier)
    exam = None if scan_path is None else exam_of(file, result, scan_path)
    wanted = chosen_formats(named, exam)
    layout = checked_layout(layout, wanted)
    given = (key_file, None if earlier is None else earlier.file)
    inputs = [*files_of_exam(file, scan_path, exam), *filter(None, given)]
    check_folder(inputs, out, files_of(wanted))
    pictures = pictures_for(wanted, result, file.parent, exam)
    if deidentify:
        result, exam = _without_identity(result, exam, _deidentifier(key_file))
    request = Request(
        result=result,
        folder=out,
        formats=wanted,
        exam=exam,
        pictures=pictures,
        language=layout.language,
        paper=layout.paper,
        is_large=layout.is_large,
        embeds_pdf=embeds_pdf,
        route=route,
    )
    if named is None:
        tell_without_dicom(exam)
    write = write_report if earlier is None else write_correction
    for written in write(request):
        click.echo(f"wrote {plain(written)}")
    if deidentify and key_file is None:
        click.echo("The key is not kept: use --key-file where exams of one person must match.")


def _check_unnamed(folder: Path) -> None:
    """Refuse to put files without names beside a record, which tells whose they are."""
    if (folder / RESULT_NAME).exists():
        msg = (
            f"--out {plain(folder)} holds the {RESULT_NAME} of an exam, which names the patient: "
            "with --deidentify give a folder without one"
        )
        raise click.UsageError(msg)


def pictures_for(
    formats: tuple[str, ...], result: "Result", folder: Path, exam: "Exam | None"
) -> "Mapping[str, bytes]":
    """Give the pictures that formats show: of the exam's folder, else drawn if the scan is there.

    Parameters
    ----------
    formats : tuple of str
        If none of them shows pictures, none are read or drawn.
    result : Result
        The record as it was scored.
    folder : Path
        Where pictures of the record may be.
    exam : Exam or None
        The exam with its scan, if that was given.
    """
    if not any(FORMATS[name].shows_pictures for name in formats):
        return {}
    from corcal.report.exam_pictures import draw_pictures, expected_pictures, read_pictures

    found = read_pictures(folder, result)
    if exam is None or found.keys() >= expected_pictures(result):
        return found
    return draw_pictures(result, exam.scan, exam.voxels)


def _without_identity(
    result: "Result", exam: "Exam | None", deidentifier: "Deidentifier"
) -> "tuple[Result, Exam | None]":
    """Take out what tells who it is, of the record and of the scan alike."""
    if exam is None:
        return deidentifier(result), None
    from corcal.interop.deidentify import deidentified_exam

    hidden = deidentified_exam(exam, deidentifier)
    return hidden.result, hidden


def _deidentifier(key_file: Path | None) -> "Deidentifier":
    from corcal.interop.deidentify import Deidentifier

    return Deidentifier(_key(key_file))


def _key(key_file: Path | None) -> bytes:
    """Read the key, or make one that nobody else may read."""
    if key_file is None:
        return secrets.token_bytes(_KEY_BYTES)
    if not key_file.exists():
        key_file.touch(mode=0o600, exist_ok=False)
        key_file.write_text(secrets.token_hex(_KEY_BYTES) + "\n", encoding="ascii")
    return read_whole(key_file).strip()
