"""Models of a few nodes, whose answers can be worked out by hand."""

import hashlib
from pathlib import Path

import onnx
from onnx import TensorProto, helper

__all__ = ["adding_model", "failing_model", "save", "sha256_of"]

OPSET = 17


def save(path: Path, nodes, inputs, outputs, *, constants=(), **metadata: str) -> Path:
    """Write a model of float32 tensors; inputs and outputs are (name, shape)."""
    graph = helper.make_graph(
        list(nodes),
        "small",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs],
        initializer=list(constants),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def adding_model(path: Path, number: float = 1.0, **metadata: str) -> Path:
    """Write the model out = volume + number."""
    constant = helper.make_tensor("number", TensorProto.FLOAT, [1], [number])
    node = helper.make_node("Add", ["volume", "number"], ["out"])
    return save(
        path,
        [node],
        [("volume", ["n"])],
        [("out", ["n"])],
        constants=[constant],
        **metadata,
    )


def failing_model(path: Path) -> Path:
    """Write the model out = a b, whose sizes are checked only when it is run."""
    node = helper.make_node("MatMul", ["a", "b"], ["out"])
    sizes = [("a", ["i", "j"]), ("b", ["k", "l"])]
    return save(path, [node], sizes, [("out", ["m", "n"])], name="failing")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
