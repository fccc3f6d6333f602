"""Write the model card: what the shipped models are made of, how, and how good they are."""

import argparse
import json
import re
from pathlib import Path

__all__ = ["write_card"]

_TEMPLATE = Path(__file__).with_name("card.md.txt")
# Of the log: how many bodies a network saw, the last step of each, and the classifier held out.
# "25 of 420 bodies" is progress. A run in one call logs the time before each line.
_TELLING = re.compile(
    r"(?:HeartNet|Locator|ArteryNet) step (\d+) of \1,.*|held out:.*"
    r"|(?<!of )\b[1-9]\d* (?:near )?bodies$"
)
_WHAT = {
    "locator": "finds the heart in a scan",
    "thorax": "finds chambers, great vessels and the courses of the arteries",
    "arteries": "finds the courses of the arteries again, on finer cells",
    "lesions": "says what a candidate is",
}


def write_card(
    models: Path,
    log: Path,
    out: Path,
    *,
    counts: tuple[int, int, int],
    seeds: tuple[int, int, int],
) -> None:
    """Write the card of the models in a folder.

    Parameters
    ----------
    models : Path
        With ``known.json``.
    log : Path
        What the training printed.
    out : Path
        The page.
    counts : (bodies, near bodies, scans)
        How many were simulated.
    seeds : (bodies, near bodies, scans)
        First seed of each.
    """
    known = json.loads((models / "known.json").read_text())
    rows = [_row(models, what, **known[name]) for name, what in _WHAT.items()]
    lines = _telling(log.read_text())
    text = _TEMPLATE.read_text().format(
        files="\n".join(rows),
        bodies=counts[0],
        near_bodies=counts[1],
        scans=counts[2],
        body_seed=seeds[0],
        near_seed=seeds[1],
        scan_seed=seeds[2],
        log="\n".join(lines),
    )
    out.write_text(text)


def _telling(log: str) -> list[str]:
    """Give the lines that say how the training went, each once, without their time."""
    found = (_TELLING.search(line) for line in log.splitlines())
    return list(dict.fromkeys(match[0] for match in found if match))


def _row(models: Path, what: str, *, file: str, version: str, sha256: str) -> str:
    size_mb = (models / file).stat().st_size / 1e6
    return f"| `{file}` | {what} | {size_mb:.1f} MB | {version} | `{sha256}` |"


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bodies", type=int, required=True)
    parser.add_argument("--near-bodies", type=int, required=True)
    parser.add_argument("--scans", type=int, required=True)
    given = parser.parse_args()
    write_card(
        given.models,
        given.log,
        given.out,
        counts=(given.bodies, given.near_bodies, given.scans),
        seeds=(1_000_000, 1_500_000, 2_000_000),
    )


if __name__ == "__main__":
    main()
