"""Make the models that come with corcal: `python -m training`, under three hours on two cores.

Bodies, the three anatomy networks, candidates of simulated scans as those networks see them, and
the classifier of candidates; everything from fixed seeds, nothing from any patient. What exists in
the work folder is kept, so that an interrupted run goes on where it stopped.
"""

import argparse
import logging
import subprocess
import sys
import time
from pathlib import Path

_HERE = Path(__file__).parent
_MODELS = _HERE.parent / "src" / "corcal" / "models"


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=_HERE / "made")
    parser.add_argument("--models", type=Path, default=_MODELS)
    parser.add_argument("--version", default="11")
    parser.add_argument("--bodies", type=int, default=420)
    parser.add_argument("--near-bodies", type=int, default=240)
    parser.add_argument("--scans", type=int, default=720)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--locator-steps", type=int, default=600)
    parser.add_argument("--artery-steps", type=int, default=1000)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    given.models.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        handlers=[logging.StreamHandler(), logging.FileHandler(given.work / "training.log")],
    )
    _make(given)


def _make(given: argparse.Namespace) -> None:
    """Run the steps in order: each one needs what those before it made."""
    work, models = str(given.work), str(given.models)
    scans, tables = f"{work}/scans", f"{work}/candidates"
    _run("training.bodies", f"{work}/bodies", "--count", str(given.bodies))
    _run("training.bodies", f"{work}/near", "--near", "--count", str(given.near_bodies))
    _train(given, work)
    _run("training.export", f"{work}/weights", models, "--version", given.version)
    _run("training.candidates", "simulate", scans, "--count", str(given.scans))
    _run("training.candidates", "describe", scans, "--tables", tables, "--count", str(given.scans))
    _run("training.classifier", tables, models, "--version", given.version)
    _run(
        "training.card",
        models,
        f"{work}/training.log",
        str(_HERE.parent / "docs" / "model_card.md"),
        "--bodies",
        str(given.bodies),
        "--near-bodies",
        str(given.near_bodies),
        "--scans",
        str(given.scans),
    )


def _train(given: argparse.Namespace, work: str) -> None:
    """Train what has no weights yet: the arteries' network starts from the thorax's."""
    weights = given.work / "weights"
    common = [f"{work}/bodies", str(weights), "--most", str(given.bodies)]
    for name, only, steps in (
        ("locator", "locator", ["--locator-steps", str(given.locator_steps)]),
        ("thorax", "heart", ["--steps", str(given.steps)]),
        (
            "arteries",
            "arteries",
            ["--near", f"{work}/near", "--artery-steps", str(given.artery_steps)],
        ),
    ):
        if (weights / f"{name}.pt").exists():
            logging.info("the weights of %s in %s are kept", name, weights)
        else:
            _run("training.train", *common, "--only", only, *steps)


def _run(module: str, *arguments: str) -> None:
    """Run one step in a process of its own: its memory is free when the next one starts."""
    started = time.monotonic()
    logging.info("%s %s", module, " ".join(arguments))
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            logging.info("  %s", line.rstrip())
    if process.returncode:
        raise SystemExit(process.returncode)
    logging.info("%s took %.0f s", module, time.monotonic() - started)


if __name__ == "__main__":
    main()
