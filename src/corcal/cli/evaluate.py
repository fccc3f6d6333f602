"""``corcal evaluate``: automatic scores against a reference, for a set of scans."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli import plain
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar
from corcal.errors import InputError
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.evaluate.agreement.cases import Case
    from corcal.evaluate.agreement.records import AgreementReport
    from corcal.evaluate.agreement.study import Scorer, VesselTable
    from corcal.pipeline import Exam

__all__ = ["command"]

JSON_NAME = "agreement.json"
TEXT_NAME = "agreement.txt"
PAGE_NAME = "agreement.html"


@click.command("evaluate")
@click.argument("paths", type=GIVEN_PATH, nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--reference",
    type=GIVEN_PATH,
    help="Table of scores, folder of annotations or DICOM objects, or that of the one scan.",
)
@click.option(
    "--vessel-table",
    type=GIVEN_PATH,
    help="For references that are label volumes: JSON or CSV that names the site of each label.",
)
@click.option(
    "--orcascore",
    is_flag=True,
    help="The reference is label images of orCaScore: 1 LAD with the left main, 2 LCX, 3 RCA.",
)
@click.option(
    "--left-main-in-lad",
    is_flag=True,
    help="The reference counts the left main with the LAD: take both sides so.",
)
@click.option(
    "--scans", type=GIVEN_PATH, help="Of exam folders: where the scans are, to compare with marks."
)
@click.option("--rule", help="As in corcal score; of scans that are yet to be scored.")
@click.option("--force", is_flag=True, help="Score scans that are judged unfit, too.")
@click.option("--out", type=GIVEN_PATH, help="Write the report as HTML, text, JSON and pictures.")
@click.option("--json", "json_to", metavar="FILE", help="Write the JSON here; - is stdout.")
def command(paths: tuple[Path, ...], out: Path | None, json_to: str | None, **how: Any) -> int:
    """Compare automatic scores with a reference.

    PATH is what is scored already: the output of corcal batch, or exam folders of corcal score.
    Its reference is beside the scans, or given by --reference. Or PATH is what is yet to be scored:
    a table (CSV: scan_path, then annotation_path or total, LM, LAD, LCX, RCA), or a folder whose
    scans have an annotation beside them; with --reference, scans or folders of scans.

    Ends with 2 if not one scan could be compared.
    """
    from corcal.cohort.finished import is_finished

    wanted = _Wanted(**how)
    finished = [is_finished(path) for path in paths]
    if any(finished) and not all(finished):
        msg = "some of the paths are scored already and some are not: evaluate them apart"
        raise InputError(msg)
    report = _of_finished(paths, wanted) if any(finished) else _of_scans(paths, wanted)
    _deliver(report, out, json_to)
    return 0 if report.compared else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """The options of the comparison."""

    reference: Path | None
    vessel_table: Path | None
    orcascore: bool
    left_main_in_lad: bool
    scans: Path | None
    rule: str | None
    force: bool

    def labels(self) -> "VesselTable":
        """Give what the labels of label volumes mean."""
        from corcal.evaluate.agreement.left_main import ORCASCORE_LABELS

        if self.orcascore and self.vessel_table is None:
            return ORCASCORE_LABELS
        return self.vessel_table


def _of_finished(paths: tuple[Path, ...], wanted: _Wanted) -> "AgreementReport":
    """Compare what is scored already."""
    from corcal.cohort.finished import finished_scans
    from corcal.evaluate.agreement.references import find_references
    from corcal.evaluate.agreement.scored import Comparison, evaluate_finished, references_beside

    if wanted.rule is not None or wanted.force:
        msg = "--rule and --force are for scans that are yet to be scored; these are scored"
        raise InputError(msg)
    finished = [one for path in paths for one in finished_scans(path, scans=wanted.scans)]
    references = (
        references_beside(finished)
        if wanted.reference is None
        else find_references(wanted.reference, orcascore=wanted.orcascore)
    )
    if not references:
        msg = "no annotation beside the scans that were scored: give the reference by --reference"
        raise InputError(msg)
    comparison = Comparison(
        vessel_table=wanted.labels(),
        left_main_in_lad=wanted.left_main_in_lad or wanted.orcascore,
    )
    with progress_bar() as progress:
        return evaluate_finished(finished, references, comparison=comparison, progress=progress)


def _of_scans(paths: tuple[Path, ...], wanted: _Wanted) -> "AgreementReport":
    """Score and compare."""
    from corcal.evaluate.agreement.cases import (
        read_cases,
        read_orcascore_cases,
        scans_without_reference,
    )
    from corcal.evaluate.agreement.study import evaluate_cases
    from corcal.scoring.rules import DEFAULT_RULE, rule_named

    if wanted.scans is not None:
        msg = "--scans is for exam folders; these are scans"
        raise InputError(msg)
    rule = wanted.rule or DEFAULT_RULE
    rule_named(rule)  # a misspelt rule is told once, not for every scan
    cases = (
        read_orcascore_cases(paths, wanted.reference)
        if wanted.orcascore
        else read_cases(paths, wanted.reference)
    )
    is_joined = wanted.reference is not None and not wanted.orcascore
    with progress_bar() as progress:
        return evaluate_cases(
            cases,
            _scorer(rule, force=wanted.force),
            vessel_table=wanted.labels(),
            left_main_in_lad=wanted.left_main_in_lad or wanted.orcascore,
            without_reference=scans_without_reference(paths, cases) if is_joined else 0,
            progress=progress,
        )


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
    from corcal.evaluate.agreement.page import agreement_document
    from corcal.evaluate.agreement.pictures import draw_agreement
    from corcal.report.document_html import document_html

    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / JSON_NAME, record)
    write_whole(out / TEXT_NAME, text + "\n")
    drawn = draw_agreement(report, out)
    pictures = {name: path.read_bytes() for name, path in drawn.items()}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    write_whole(out / PAGE_NAME, document_html(agreement_document(report, pictures, created=now)))
    return [out / PAGE_NAME, out / JSON_NAME, out / TEXT_NAME, *drawn.values()]
