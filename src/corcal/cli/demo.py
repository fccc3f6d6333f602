"""``corcal demo``: the whole way on a simulated patient."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar

if TYPE_CHECKING:
    from corcal.result import Result
    from corcal.scoring.types import Score

__all__ = ["command"]


@click.command("demo")
@click.option(
    "--out",
    type=GIVEN_PATH,
    default=Path("demo"),
    show_default=True,
    help="Folder to write into.",
)
@click.option("--seed", type=int, help="Another patient than the usual one.")
def command(out: Path, seed: int | None) -> None:
    """Simulate a patient with two exams three years apart, score both, show the result.

    Both are scored from their DICOM files alone; what was simulated is told beside what was found.
    """
    from corcal.demo import DEMO_SEED, make_demo

    click.echo("Simulating a patient and two CT scans three years apart (about half a minute).")
    with progress_bar() as progress:
        demo = make_demo(out, seed=DEMO_SEED if seed is None else seed, progress=progress)
    for number, (exam, truth) in enumerate(zip(demo.exams, demo.truths, strict=True), start=1):
        click.echo(_compared(number, exam.result, truth))
    first = out / "exam-1"
    click.echo(f"\nOpen   {demo.page}")
    click.echo(f"Again  corcal score {first / 'dicom'}")
    click.echo(f"Truth  corcal score {first / 'dicom'} --annotations {first / 'marks.nrrd'}")


def _compared(number: int, result: "Result", truth: "Score") -> str:
    """Set what was found beside what was put in: the total and each artery."""
    from corcal.report.words import interval_words

    found, interval = result.score, result.score.total.interval
    certainty = f", {interval_words(interval)}" if interval is not None else ""
    lines = [
        f"exam {number}, {result.scan.date}: simulated truth {truth.total.agatston:.1f}, "
        f"found {found.total.agatston:.1f}{certainty}"
    ]
    for name, score in (("truth", truth), ("found", found)):
        parts = ", ".join(f"{key} {part.agatston:.1f}" for key, part in score.vessels.items())
        lines.append(f"  {name}  {parts}")
    return "\n".join(lines)
