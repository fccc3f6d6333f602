"""``corcal score``: one scan in, one explained score out."""

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from corcal.cli import plain
from corcal.cli.outputs import check_folder, check_outputs, earlier_outputs
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.person_options import (
    make_person,
    person_options,
    trust_option,
    typed_facts,
    warn_of_headers,
)
from corcal.cli.progress import progress_bar
from corcal.cli.records import RESULT_NAME, files_of_scan
from corcal.cli.report_formats import FORMATS, chosen_formats, files_of
from corcal.cli.report_options import (
    Layout,
    checked_layout,
    layout_options,
    route_options,
    taken_route,
)
from corcal.cli.report_request import Paper
from corcal.cli.score_text import score_text, wrapped
from corcal.risk.person import PERSON_FIELDS
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from corcal.anatomy.types import AnatomySource
    from corcal.ct.scan import Patient
    from corcal.interop.hl7v2 import Route
    from corcal.pipeline import Exam

__all__ = ["command"]


@click.command(
    "score",
    epilog="With --report the options of corcal interpret that describe the person (--age 61 --sex "
    "female --smokes ...) are taken as well: the reports then say what the score means. More: "
    "docs/outputs.md.",
)
@click.argument("path", type=GIVEN_PATH)
@click.option(
    "--annotations",
    type=GIVEN_PATH,
    help="Score the calcium that a person has marked (OsiriX/Horos XML, DICOM SEG or RTSTRUCT, "
    "label volume), and look for none.",
)
@click.option(
    "--anatomy",
    type=click.Choice(["built-in", "totalsegmentator"]),
    default="built-in",
    show_default=True,
    help="Who finds the heart: corcal's own model, or TotalSegmentator if it is installed.",
)
@click.option(
    "--vessel-table",
    type=GIVEN_PATH,
    help="For a label volume: JSON or CSV that names the site of each label.",
)
@click.option(
    "--rule",
    default="textbook",
    show_default=True,
    help="textbook, ge, siemens, philips, canon, kvp70, kvp80, kvp100, kvp135 or sn100.",
)
@click.option("--series", metavar="KEY", help="Score this series: its UID, key or number.")
@click.option("--out", type=GIVEN_PATH, help="Write the exam into this folder.")
@click.option("--pictures", is_flag=True, help="With --out: also pictures and a page to open.")
@click.option(
    "--dicom", is_flag=True, help="With --out: also a DICOM segmentation and structured reports."
)
@click.option(
    "--report",
    is_flag=True,
    help="With --out: also interpret the score, and write all that corcal report writes.",
)
@layout_options
@route_options
@click.option("--json", "json_to", metavar="FILE", help="Write result.json here; - is stdout.")
@click.option("--reader", help="Who marked or checked the calcium; kept in the result.")
@click.option("--force", is_flag=True, help="Score a scan that is judged unfit.")
@person_options
@trust_option
def command(
    path: Path,
    annotations: Path | None,
    anatomy: str,
    vessel_table: Path | None,
    rule: str,
    series: str | None,
    out: Path | None,
    json_to: str | None,
    reader: str | None,
    language: str,
    paper: Paper,
    creatinine: str | None,
    unit: str,
    *,
    pictures: bool,
    dicom: bool,
    report: bool,
    is_large: bool,
    force: bool,
    is_typed_right: bool,
    **given: Any,
) -> None:
    """Score the coronary calcium of the best series in PATH, found without a person's help.

    PATH is a folder (searched to any depth), one file, or a zip: DICOM, NIfTI, NRRD, MetaImage.
    """
    from corcal.pipeline import Options, score_path

    for flag, is_given in (("--pictures", pictures), ("--dicom", dicom), ("--report", report)):
        if is_given and out is None:
            msg = f"{flag} needs a folder to write into: give --out DIR"
            raise click.UsageError(msg)
    route = taken_route(given)
    if route is not None and not report:
        msg = "what fills the head of the HL7 message is for --report (or for corcal report)"
        raise click.UsageError(msg)
    facts = typed_facts(given, unit=unit, creatinine=creatinine)
    if facts and not report:
        msg = "what describes the person is for --report (or for corcal interpret, afterwards)"
        raise click.UsageError(msg)
    make_person({name: value for name, value in facts.items() if name != "creatinine"})
    layout = Layout(language=language, paper=paper, is_large=is_large) if report else None
    if layout is not None:
        layout = checked_layout(layout, chosen_formats(None, None))
    options = Options(
        annotations=annotations,
        anatomy=_source(anatomy, annotations),
        vessel_table=vessel_table,
        rule=rule,
        series=series,
        reader=reader.encode("utf-8", "replace").decode() if reader else None,
        force=force,
    )
    with progress_bar() as progress:
        check = None if layout is None or is_typed_right else _sex_check(facts)
        exam = score_path(path, options, progress=progress, check_patient=check)
    if layout is not None:
        from corcal.cli.scored_report import interpreted

        exam = interpreted(exam, facts)
    wanted = _Wanted(
        out=out, json_to=json_to, pictures=pictures, dicom=dicom, layout=layout, route=route
    )
    inputs = _check_places(wanted, exam, [path, annotations, vessel_table])
    _deliver(exam, wanted, inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is written, and where."""

    out: Path | None
    json_to: str | None
    pictures: bool
    dicom: bool
    layout: Layout | None
    route: "Route | None"


for _option in command.params:  # the person's are told in one sentence: there are thirty
    if _option.name in {*PERSON_FIELDS, "creatinine", "unit"} and isinstance(_option, click.Option):
        _option.hidden = True


def _sex_check(facts: dict[str, Any]) -> "Callable[[Patient], None]":
    """Refuse what contradicts the headers before the scan is scored."""
    from corcal.interpreted import check_sex

    return lambda patient: check_sex(patient, facts)


def _check_places(wanted: _Wanted, exam: "Exam", read: "list[Path | None]") -> list[Path]:
    """Refuse to replace the scan, or a file that was given with it; give all of these."""
    given = [path for path in read[1:] if path is not None]
    inputs = [*given, *files_of_scan(read[0] or Path(), exam.scan)]
    check_outputs(inputs, {"--json": wanted.json_to})
    if wanted.out is not None:
        from corcal.export import EXAM_FILES

        formats = () if wanted.layout is None else chosen_formats(None, exam)
        check_folder(inputs, wanted.out, (*EXAM_FILES, *files_of(formats)))
    return inputs


def _source(name: str, annotations: Path | None) -> "AnatomySource | None":
    if name == "built-in":
        return None
    if annotations is not None:
        msg = (
            f"--anatomy {name} finds the heart, which nobody looks for with --annotations: leave "
            "one of them out"
        )
        raise click.UsageError(msg)
    from corcal.anatomy.totalsegmentator import TotalSegmentatorSource

    return TotalSegmentatorSource()


def _deliver(exam: "Exam", wanted: _Wanted, inputs: list[Path]) -> None:
    """Write the files that were asked for, and say to a person what came out."""
    from corcal.result import result_json

    json_to = wanted.json_to
    written, removed = (
        ([], []) if wanted.out is None else _replace(exam, wanted.out, wanted, inputs)
    )
    if json_to == "-":
        sys.stdout.write(result_json(exam.result))
    elif json_to is not None:
        write_whole(Path(json_to), result_json(exam.result))
    warn_of_headers(exam.result.interpretation)
    if json_to != "-":
        click.echo(score_text(exam.result))
        for file in written:
            click.echo(f"wrote {plain(file)}")
        if removed:
            names = ", ".join(path.name for path in removed)
            click.echo("\n".join(wrapped(f"removed, of the score before: {names}", indent=2)))


def _replace(
    exam: "Exam", out: Path, wanted: _Wanted, inputs: list[Path]
) -> tuple[list[Path], list[Path]]:
    """Fill the folder; take out what was written there of another score, and is not now.

    Beside the new record it would be read, or sent to an archive, as if it were of this score.
    """
    from corcal.export import EXAM_FILES, PICTURE_FILES

    names = (*EXAM_FILES, *files_of(tuple(FORMATS)))
    earlier = earlier_outputs(out, names, record=RESULT_NAME, inputs=inputs)
    drawn = wanted.pictures or wanted.layout is not None
    keys = [out / name for name in PICTURE_FILES if drawn and name.startswith("key_")]
    is_new = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        # files of two scores never lie side by side: all are there before the first is replaced
        with TemporaryDirectory(prefix=".corcal-", dir=out) as beside:
            made = _write(exam, Path(beside), wanted)
            written = _moved(made, out, outdated={*earlier, *keys})
    except BaseException as exc:
        if isinstance(exc, OSError) and isinstance(exc.filename, str):
            exc.filename = str(out / Path(exc.filename).name)  # not the place beside
        if is_new:
            with suppress(OSError):
                out.rmdir()
        raise
    return written, [path for path in earlier if path not in written]


def _moved(made: list[Path], out: Path, *, outdated: set[Path]) -> list[Path]:
    """Move files into a folder, once what is outdated is gone; nothing goes if one cannot come."""
    places = [out / path.name for path in made]
    for place in places:
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(place))
    for path in outdated:
        path.unlink(missing_ok=True)
    for path, place in zip(made, places, strict=True):
        path.replace(place)
    return places


def _write(exam: "Exam", out: Path, wanted: _Wanted) -> list[Path]:
    """Fill the folder; each file is named once."""
    from corcal.export import write_exam

    pictures = wanted.pictures or wanted.layout is not None
    files = list(write_exam(exam, out, pictures=pictures, dicom=wanted.dicom).values())
    if wanted.layout is not None:
        from corcal.cli.scored_report import report_exam

        files += report_exam(exam, out, wanted.layout, route=wanted.route)
    return list(dict.fromkeys(files))
