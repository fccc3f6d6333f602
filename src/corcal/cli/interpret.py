"""``corcal interpret``: what a score means for one person."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corcal.cli import plain
from corcal.cli.outputs import check_outputs
from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.person_options import (
    has_mmol,
    make_person,
    person_options,
    trust_option,
    typed_facts,
    warn_of_headers,
)
from corcal.cli.records import RESULT_NAME, check_own_record, record_place
from corcal.errors import InputError
from corcal.risk.guidance import GUIDELINES
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.result import Result
    from corcal.risk.interpretation_types import Interpretation

__all__ = ["command"]

_OF_EGFR = ("age_years", "sex")  # what turns creatinine into an eGFR


@click.command(
    "interpret", epilog="More: docs/interpret.md, docs/guidance.md, docs/risk_models.md."
)
@click.argument("path", type=GIVEN_PATH, required=False)
@click.option("--agatston", type=float, help="The score, where there is no result: from 0 up.")
@click.option(
    "--vessel",
    "vessels",
    multiple=True,
    metavar="NAME=SCORE",
    help="Typed score of LM, LAD, LCX or RCA; once for each.",
)
@click.option(
    "--gated/--no-gated", "is_gated", default=None, help="Whether a typed score is of a gated scan."
)
@click.option("--stent", "has_stent", is_flag=True, help="A typed score leaves out a stent.")
@click.option(
    "--device",
    "has_device",
    is_flag=True,
    help="A typed score leaves out metal: a lead, a clip, a valve. It may be a stent until you say "
    "--no-known-ascvd.",
)
@person_options
@trust_option
@click.option(
    "--guideline",
    "guidelines",
    multiple=True,
    type=click.Choice(list(GUIDELINES)),
    help="Show this one; may be repeated.",
)
@click.option(
    "--details",
    is_flag=True,
    help="Also why each statement is made and what would change it, superseded guidelines, who is "
    "tested, and all sources.",
)
@click.option("--json", "json_to", metavar="FILE", help="Write JSON here; - is stdout.")
@click.option("--chart", type=GIVEN_PATH, help="Draw the score among the percentiles (PNG).")
@click.option("--into", type=GIVEN_PATH, help="Write the result with its interpretation here.")
def command(
    path: Path | None,
    agatston: float | None,
    vessels: tuple[str, ...],
    creatinine: str | None,
    unit: str,
    guidelines: tuple[str, ...],
    json_to: str | None,
    chart: Path | None,
    into: Path | None,
    *,
    is_gated: bool | None,
    has_stent: bool,
    has_device: bool,
    is_typed_right: bool,
    details: bool,
    **given: Any,
) -> None:
    """Say what a score means: categories, percentile, risk, and what guidelines say.

    PATH is a result.json or the folder of an exam; without one, give --agatston. Age and sex are
    taken from the result if it has them; options override, --sex with --trust-typed. Numbers may
    have their unit behind them: --hdl "1.3 mmol/L".
    """
    describes_scan = bool(vessels) or is_gated is not None or has_stent or has_device
    _require_one_score(path, agatston, describes_scan=describes_scan, into=into)
    into = None if into is None else record_place(into)
    _check_files(path, json_to, chart, into)
    facts = typed_facts(given, unit=unit, creatinine=creatinine)
    if has_stent:
        _know_stent(facts)
    wanted = guidelines or None
    if path is None:
        meaning = _of_typed(
            agatston,
            facts,
            vessels,
            wanted,
            is_gated=is_gated is not False,
            has_device=has_stent or has_device,
        )
    else:
        result = _result_at(path)
        if into is not None:
            check_own_record(into, result)
        if not is_typed_right:
            _check_sex(result, facts)
        meaning = _of_result(result, facts, wanted)
        warn_of_headers(meaning)
    if chart is not None:  # first, for it is the one that can be refused
        _draw(meaning, chart)
    if path is not None and into is not None:
        _keep(into, result, meaning)
    _deliver(meaning, json_to, has_details=details, in_mmol=has_mmol(given, unit=unit))
    for file in (json_to, chart, into):
        if file is not None and json_to != "-":
            click.echo(f"wrote {plain(file)}")


def _require_one_score(
    path: Path | None,
    agatston: float | None,
    *,
    describes_scan: bool,
    into: Path | None,
) -> None:
    """Refuse a call with no score, or with two."""
    if path is None and agatston is None:
        msg = "give the PATH of a result, or a score with --agatston"
        raise click.UsageError(msg)
    if path is None and into is not None:
        msg = "--into writes a result: give the PATH of one"
        raise click.UsageError(msg)
    if path is not None and (agatston is not None or describes_scan):
        msg = (
            "--agatston, --vessel, --gated, --stent and --device describe a typed score, and PATH "
            "has its own"
        )
        raise click.UsageError(msg)


def _check_files(
    path: Path | None, json_to: str | None, chart: Path | None, into: Path | None
) -> None:
    """Refuse outputs that would replace the result or one another; --into may be the result."""
    if json_to == "":
        msg = "--json is a file, or - for stdout; got an empty name"
        raise click.UsageError(msg)
    for option, file in (("--into", into), ("--chart", chart)):
        if str(file) == "-":
            msg = f"{option} is a file: - is for --json alone"
            raise click.UsageError(msg)
    read = [] if path is None else [path / RESULT_NAME if path.is_dir() else path]
    check_outputs(read, {"--json": json_to, "--chart": chart})
    check_outputs((), {"--json": json_to, "--chart": chart, "--into": into})


def _know_stent(facts: dict[str, Any]) -> None:
    """Take a stent for what it is: known disease."""
    if facts.get("has_known_ascvd") is False:
        msg = "a stent is known cardiovascular disease: --stent contradicts --no-known-ascvd"
        raise click.UsageError(msg)
    facts["has_known_ascvd"] = True


def _of_typed(
    agatston: float | None,
    facts: dict[str, Any],
    vessels: tuple[str, ...],
    guidelines: tuple[str, ...] | None,
    *,
    is_gated: bool,
    has_device: bool,
) -> "Interpretation":
    from corcal.risk.interpretation import interpret

    return interpret(
        math.nan if agatston is None else agatston,
        make_person(facts),
        vessels=_vessel_scores(vessels),
        is_gated=is_gated,
        guidelines=guidelines,
        has_device_excluded=has_device,
    )


def _vessel_scores(vessels: tuple[str, ...]) -> dict[str, float] | None:
    """Read ``LAD=100``; vessels that are not named have no calcium."""
    if not vessels:
        return None
    scores: dict[str, float] = {}
    for each in vessels:
        name, _, value = each.partition("=")
        try:
            number = float(value)
        except ValueError as exc:
            msg = f"--vessel is NAME=SCORE, such as LAD=100, got {each!r}"
            raise InputError(msg) from exc
        if name in scores:
            msg = f"--vessel {name} was given twice"
            raise InputError(msg)
        scores[name] = number
    return scores


def _result_at(path: Path) -> "Result":
    """Read a result, or the one of an exam folder."""
    from corcal.result import read_result

    if not path.is_dir():
        return read_result(path)
    if not (path / RESULT_NAME).is_file():
        msg = f"no {RESULT_NAME} in {path.name}: give a result, or the folder of corcal score --out"
        raise InputError(msg)
    return read_result(path / RESULT_NAME)


def _check_sex(result: "Result", facts: dict[str, Any]) -> None:
    from corcal.interpreted import check_sex

    check_sex(result.scan.patient, facts)


def _of_result(
    result: "Result", facts: dict[str, Any], guidelines: tuple[str, ...] | None
) -> "Interpretation":
    """Interpret a result for the person it knows, with what was typed."""
    from corcal.interpreted import interpret_result, known_facts

    known = known_facts(result)
    is_other = any(
        name in known and known[name] != facts.get(name, known[name]) for name in _OF_EGFR
    )
    if "creatinine" in facts or is_other:  # the eGFR was one of another age or sex
        known.pop("egfr", None)
    return interpret_result(result, make_person(known | facts), guidelines=guidelines)


def _keep(into: Path, result: "Result", meaning: "Interpretation") -> None:
    """Write the result with its interpretation; of a link what it leads to is replaced."""
    from corcal.interpreted import with_interpretation
    from corcal.result import result_json

    write_whole(into.resolve(), result_json(with_interpretation(result, meaning)))


def _draw(meaning: "Interpretation", chart: Path) -> None:
    """Draw the score among the curves of MESA, or of Hoff where MESA does not cover the person."""
    # matplotlib takes most of a second to import: only for those who want a picture
    from corcal.report.percentile_chart import interpretation_sheet

    interpretation_sheet(meaning).save(chart)


def _deliver(
    meaning: "Interpretation", json_to: str | None, *, has_details: bool, in_mmol: bool
) -> None:
    """Write the JSON if it was asked for, and say the rest to a person."""
    import msgspec

    from corcal.report.interpretation_text import interpretation_text
    from corcal.result import RESEARCH_USE

    told = msgspec.to_builtins(meaning) | {"statement": RESEARCH_USE}
    record = msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"
    if json_to == "-":
        sys.stdout.write(record)
        return
    if json_to is not None:
        write_whole(Path(json_to), record)
    click.echo(interpretation_text(meaning, has_details=has_details, has_mmol=in_mmol))
