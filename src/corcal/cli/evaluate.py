"""``corcal evaluate``: automatic scores against a reference, for a set of scans."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.evaluate.agreement.cases import Case
    from corcal.evaluate.agreement.records import AgreementReport
    from corcal.evaluate.agreement.study import Scorer
    from corcal.pipeline import Exam

__all__ = ["command"]

JSON_NAME = "agreement.json"
TEXT_NAME = "agreement.txt"


@click.command("evaluate")
@click.argument("paths", type=GIVEN_PATH, nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--reference",
    type=GIVEN_PATH,
    help="Table of scores, folder of annotations, or the annotation of the one scan.",
)
@click.option(
    "--vessel-table",
    type=GIVEN_PATH,
    help="For references that are label volumes: JSON or CSV that names the site of each label.",
)
@click.option("--rule", default="textbook", show_default=True, help="As in corcal score.")
@click.option("--force", is_flag=True, help="Score scans that are judged unfit, too.")
@click.option("--out", type=GIVEN_PATH, help="Write text, JSON and pictures here.")
@click.option("--json", "json_to", metavar="FILE", help="Write the JSON here; - is stdout.")
def command(
    paths: tuple[Path, ...],
    reference: Path | None,
    vessel_table: Path | None,
    rule: str,
    out: Path | None,
    json_to: str | None,
    *,
    force: bool,
) -> int:
    """Score the scans of a study automatically and compare them with their reference.

    PATH is a table (CSV: scan_path, then annotation_path or total, LM, LAD, LCX, RCA), or a folder
    whose scans have an annotation beside them; with --reference, scans or folders of scans.

    Ends with 2 if not one scan could be compared.
    """
    from corcal.evaluate.agreement.cases import read_cases
    from corcal.evaluate.agreement.study import evaluate_cases
    from corcal.scoring.rules import rule_named

    rule_named(rule)  # a misspelt rule is told once, not for every scan
    cases = read_cases(paths, reference)
    with progress_bar() as progress:
        report = evaluate_cases(
            cases, _scorer(rule, force=force), vessel_table=vessel_table, progress=progress
        )
    _deliver(report, out, json_to)
    return 0 if report.compared else 2


def _scorer(rule: str, *, force: bool) -> "Scorer":
    """Give what scores a case: automatically, without its reference."""
    from corcal import pipeline

    def score(case: "Case") -> "Exam":
        options = pipeline.Options(rule=rule, series=case.series, force=force)
        return pipeline.score_path(case.scan, options)

    return score


def _deliver(report: "AgreementReport", out: Path | None, json_to: str | None) -> None:
    """Write the files that were asked for, and say to a person what came out."""
    import msgspec

    from corcal.evaluate.agreement.text import agreement_text

    record = msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"
    text = agreement_text(report)
    if json_to == "-":
        sys.stdout.write(record)
    elif json_to is not None:
        write_whole(Path(json_to), record)
    written = _write(report, record, text, out)
    if json_to != "-":
        for line in text.splitlines():
            click.echo(plain_line(line))
        for file in written:
            click.echo(f"wrote {plain(file)}")


def plain_line(line: str) -> str:
    """Keep the columns of a line, but nothing in it that a terminal would obey."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)


def _write(report: "AgreementReport", record: str, text: str, out: Path | None) -> list[Path]:
    """Write the files into the folder, if one is wanted."""
    if out is None:
        return []
    from corcal.evaluate.agreement.pictures import draw_agreement

    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / JSON_NAME, record)
    write_whole(out / TEXT_NAME, text + "\n")
    return [out / JSON_NAME, out / TEXT_NAME, *draw_agreement(report, out).values()]
