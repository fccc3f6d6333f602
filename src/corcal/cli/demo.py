"""``corcal demo``: the whole way on a simulated patient."""

from pathlib import Path

import click

from corcal.cli.parameters import GIVEN_PATH
from corcal.cli.progress import progress_bar

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
    """Simulate a patient with two exams three years apart, score both, show the result."""
    from corcal.demo import DEMO_SEED, make_demo

    click.echo("Simulating a patient and two CT scans three years apart (about half a minute).")
    with progress_bar() as progress:
        demo = make_demo(out, seed=DEMO_SEED if seed is None else seed, progress=progress)
    for number, exam in enumerate(demo.exams, start=1):
        scan, score = exam.result.scan, exam.result.score
        parts = ", ".join(f"{name} {part.agatston:.1f}" for name, part in score.vessels.items())
        click.echo(f"exam {number}, {scan.date}: Agatston {score.total.agatston:.1f} ({parts})")
    click.echo(f"\nOpen   {demo.page}")
    click.echo(
        f"Again  corcal score {out / 'exam-1' / 'dicom'} "
        f"--annotations {out / 'exam-1' / 'marks.nrrd'}"
    )
