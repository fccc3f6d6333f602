"""Write the model card: what the shipped models are made of, how, and how good they are."""

import argparse
import json
import re
from pathlib import Path

__all__ = ["write_card"]

_TEXT = """# Model card

This page is written by the training itself, from its log.

Three small networks come with corcal, in the ONNX format, run by onnxruntime on two processor cores:

| file | what it does | size | version | SHA-256 |
|---|---|---|---|---|
{files}

corcal refuses a file whose hash is not in this table, unless told to trust it.

## Data

- Simulated patients only (`corcal.phantom`): no scan of any person, no annotation by any reader, no weights of others.
  The reference anatomy behind the simulation is that of the Visible Human (HuBMAP CCF 3D Reference Object Library, CC BY
  4.0) and of the whole-heart templates of HeartDeformNets (Apache-2.0), as numbers in the source.
- Anatomy: {bodies} simulated bodies from seed {body_seed} on, each bent, turned, scaled, cropped and imaged anew every
  time it is shown.
- Classifier: candidates of {scans} simulated scans from seed {scan_seed} on, three in four gated, one in four chest CT without
  gating, with confounders (aortic wall, valves, annulus, pericardium, nodes, bone, metal), as the trained anatomy
  networks see them.
- Seeds below 1 000 000 are never used in training.

## Method

- `locator.onnx`: 3-D U-Net on cells of 8 mm; inside of the pericardium.
- `thorax.onnx`: 3-D U-Net on cells of 4 mm, 48 cells a side around the heart; nine structures and background, and the
  heights of six pathways (four arteries, aortic valve, mitral annulus).
- `lesions.onnx`: five small perceptrons on the measurements of a candidate, their mean, and a temperature chosen on
  scans held out.
- `python -m training` makes all three from fixed seeds on two processor cores.

## Figures of the training

They are of simulated data that training did not see, and say little about real scans: those are in
[accuracy](accuracy.md).

```
{log}
```

## Limits

- What the simulation does not know, the models have never seen: congenital heart disease, operated anatomy, situs inversus,
  contrast agent.
- Probabilities are calibrated on simulated candidates.
- For research use only. Not a medical device; not for diagnosis.
"""
_TELLING = re.compile(r"(HeartNet|Locator) step (\d+) of \2,|held out:|bodies$|took \d+ s")
_WHAT = {
    "locator": "finds the heart in a scan",
    "thorax": "finds chambers, great vessels and the courses of the arteries",
    "lesions": "says what a candidate is",
}


def write_card(
    models: Path, log: Path, out: Path, *, bodies: int, scans: int, seeds: tuple[int, int]
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
    bodies, scans : int
        How many were simulated.
    seeds : (int, int)
        First seed of each.
    """
    known = json.loads((models / "known.json").read_text())
    rows = [
        f"| `{known[name]['file']}` | {what} | "
        f"{(models / known[name]['file']).stat().st_size / 1e6:.1f} MB | {known[name]['version']} | "
        f"`{known[name]['sha256']}` |"
        for name, what in _WHAT.items()
    ]
    lines = [line for line in log.read_text().splitlines() if _TELLING.search(line)]
    body_seed, scan_seed = seeds
    text = _TEXT.format(
        files="\n".join(rows),
        bodies=bodies,
        scans=scans,
        body_seed=body_seed,
        scan_seed=scan_seed,
        log="\n".join(lines),
    )
    out.write_text(text)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bodies", type=int, required=True)
    parser.add_argument("--scans", type=int, required=True)
    given = parser.parse_args()
    write_card(
        given.models,
        given.log,
        given.out,
        bodies=given.bodies,
        scans=given.scans,
        seeds=(1_000_000, 2_000_000),
    )


if __name__ == "__main__":
    main()
