"""Write trained networks as ONNX files, checked against what they were made from."""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from training.flat import FlatUNet
from training.networks import (
    ARTERY_CELL_MM,
    ARTERY_CELLS,
    HEART_CELL_MM,
    HEART_CELLS,
    LOCATOR_CELL_MM,
    LOCATOR_CELLS,
    ArteryNet,
    HeartNet,
    Locator,
    UNet,
)

__all__ = ["export_networks", "record"]

_OPSET = 18


class _Answer(nn.Module):
    """What a trained network says, as onnxruntime computes it fastest."""

    def __init__(self, net: UNet) -> None:
        super().__init__()
        self.logits = FlatUNet(net)
        self.read = net.read

    def forward(self, volume: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.read(self.logits(volume))


def export_networks(weights: Path, models: Path, *, version: str) -> None:
    """Export ``locator.pt``, ``thorax.pt`` and ``arteries.pt``, and record their hashes."""
    _export(
        Locator(), "locator", ("heart",), LOCATOR_CELLS, LOCATOR_CELL_MM, weights, models, version
    )
    _export(
        HeartNet(),
        "thorax",
        ("structures", "pathways"),
        HEART_CELLS,
        HEART_CELL_MM,
        weights,
        models,
        version,
    )
    _export(
        ArteryNet(),
        "arteries",
        ("pathways",),
        ARTERY_CELLS,
        ARTERY_CELL_MM,
        weights,
        models,
        version,
    )


def record(name: str, models: Path, *, version: str) -> None:
    """Write the hash of a model file into the table of the ones that corcal knows."""
    table = models / "known.json"
    known = json.loads(table.read_text()) if table.exists() else {}
    file = models / f"{name}.onnx"
    known[name] = {
        "file": file.name,
        "version": version,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    table.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def _export(
    net: UNet,
    name: str,
    outputs: tuple[str, ...],
    cells: int,
    cell_mm: float,
    weights: Path,
    models: Path,
    version: str,
) -> None:
    net.load_state_dict(torch.load(weights / f"{name}.pt", weights_only=True))
    net.eval()
    answer = _Answer(net).eval()
    example = torch.zeros(1, 1, cells, cells, cells)
    file = models / f"{name}.onnx"
    sides = {2: "z", 3: "y", 4: "x"}
    torch.onnx.export(
        answer,
        (example,),
        str(file),
        input_names=["volume"],
        output_names=list(outputs),
        dynamic_axes={"volume": sides} | dict.fromkeys(outputs, sides),
        opset_version=_OPSET,
        dynamo=False,
    )
    _fold_constants(file)
    graph = onnx.load(file)
    facts = {
        "name": f"corcal-{name}",
        "version": version,
        "spacing_mm": str(cell_mm),
        "box": str(cells),
    }
    onnx.helper.set_model_props(graph, facts)
    onnx.save(graph, file)
    _check(net, file, cells)
    record(name, models, version=version)


def _fold_constants(file: Path) -> None:
    """Compute once what is the same every time: a file so written opens in a third of the time."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(file)  # of this level: the same on every processor
    onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])


def _check(net: UNet, file: Path, cells: int) -> None:
    """Compare the file's answers with the network's, also on another size than it was traced at."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    for side in (cells, cells + 8):
        volume = (
            np.random.default_rng(1).normal(0, 200, (1, 1, side, side, side)).astype(np.float32)
        )
        with torch.no_grad():
            wanted = net.read(net(torch.from_numpy(volume)))
        for ours, theirs in zip(session.run(None, {"volume": volume}), wanted, strict=True):
            worst = float(np.abs(ours - theirs.numpy()).max())
            if worst > 1e-4:
                msg = f"{file.name} differs from its network by {worst:g}"
                raise RuntimeError(msg)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--version", default="1")
    given = parser.parse_args()
    export_networks(given.weights, given.models, version=given.version)


if __name__ == "__main__":
    main()
