"""``corcal score``: one scan in, one explained score out."""

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.report.words import interval_words, score_name
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.anatomy.types import AnatomySource
    from corcal.pipeline import Exam
    from corcal.result import Result

__all__ = ["command", "score_text"]

_COLUMNS = 80  # of a terminal


@click.command("score")
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
@click.option("--json", "json_to", metavar="FILE", help="Write result.json here; - is stdout.")
@click.option("--reader", help="Who marked or checked the calcium; kept in the result.")
@click.option("--force", is_flag=True, help="Score a scan that is judged unfit.")
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
    *,
    pictures: bool,
    dicom: bool,
    force: bool,
) -> None:
    """Score the coronary calcium of the best series in PATH, found without a person's help.

    PATH is a folder (searched to any depth), one file, or a zip: DICOM, NIfTI, NRRD, MetaImage.
    """
    from corcal.pipeline import Options, score_path

    for flag, wanted in (("--pictures", pictures), ("--dicom", dicom)):
        if wanted and out is None:
            msg = f"{flag} needs a folder to write into: give --out DIR"
            raise click.UsageError(msg)
    options = Options(
        annotations=annotations,
        anatomy=_source(anatomy),
        vessel_table=vessel_table,
        rule=rule,
        series=series,
        reader=reader.encode("utf-8", "replace").decode() if reader else None,
        force=force,
    )
    with progress_bar() as progress:
        exam = score_path(path, options, progress=progress)
    _deliver(exam, out, json_to, pictures=pictures, dicom=dicom)


def _source(name: str) -> "AnatomySource | None":
    if name == "built-in":
        return None
    from corcal.anatomy.totalsegmentator import TotalSegmentatorSource

    return TotalSegmentatorSource()


def _deliver(
    exam: "Exam", out: Path | None, json_to: str | None, *, pictures: bool, dicom: bool
) -> None:
    """Write the files that were asked for, and say to a person what came out."""
    from corcal.result import result_json

    if json_to == "-":
        sys.stdout.write(result_json(exam.result))
    elif json_to is not None:
        write_whole(Path(json_to), result_json(exam.result))
    written: list[Path] = []
    if out is not None:
        from corcal.export import write_exam

        written = list(write_exam(exam, out, pictures=pictures, dicom=dicom).values())
    if json_to != "-":
        click.echo(score_text(exam.result))
        for file in written:
            click.echo(f"wrote {plain(file)}")


def score_text(result: "Result") -> str:
    """Describe a result in plain text for a terminal, 80 columns."""
    score, scan = result.score, result.scan
    lines = [
        f"{score_name(result)} {score.total.agatston:.1f}   ({score.rule} rule)",
        *_certainty(result),
        "",
        f"{'':8}{'Agatston':>10}{'volume mm3':>12}{'mass mg':>10}{'lesions':>9}{'peak HU':>9}",
    ]
    rows = [*score.vessels.items(), ("total", score.total)]
    for name, part in rows:
        peak = "-" if part.peak_hu is None else f"{part.peak_hu:.0f}"
        lines.append(
            f"{name:8}{part.agatston:10.1f}{part.volume_mm3:12.1f}{part.mass_mg:10.2f}"
            f"{part.lesion_count:9d}{peak:>9}"
        )
    for name, part in score.other_sites.items():
        lines.append(f"not coronary, not counted: {name} {part.agatston:.1f} Agatston")
    spread = ", ".join(f"{name} {other.total:.1f}" for name, other in score.by_rule.items())
    lines += [
        "",
        *_wrapped(f"By rule:  {spread}", indent=10),
        *_wrapped(
            f"Scan:     {scan.series_description or 'no description'}, {scan.shape[0]} slices, "
            f"increment {scan.increment_mm:g} mm, {_kvp(scan.kvp)}",
            indent=10,
        ),
        f"Verdict:  {result.suitability.verdict} ({result.suitability.kind})",
    ]
    for f in result.suitability.findings:
        lines += _wrapped(f"  {f.severity}: {f.message} [{f.code}]", indent=4)
    lines += ["", result.provenance.statement]
    return "\n".join(lines)


def _wrapped(text: str, *, indent: int) -> list[str]:
    """Break a line at 80 columns; words that are longer stay whole."""
    return textwrap.wrap(
        text,
        width=_COLUMNS,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _certainty(result: "Result") -> list[str]:
    """Say how sure an automatic score is, and that nobody has checked it."""
    score = result.score
    if score.total.interval is None or score.category_probabilities is None:
        return []
    chances = ", ".join(
        f"{name}: {100 * chance:.0f} %" for name, chance in score.category_probabilities.items()
    )
    lines = [
        f"Found automatically, not checked by a reader; {interval_words(score.total.interval)}",
        f"Probability of each category: {chances}",
    ]
    if result.review is not None and result.review.advised:
        for reason in result.review.reasons:
            lines += _wrapped(f"Review advised: {reason}", indent=2)
    return lines


def _kvp(kvp: float | None) -> str:
    return "kVp unknown" if kvp is None else f"{kvp:g} kVp"
