"""The trained classifier: which files it takes, and what it makes of them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from corcal.errors import InputError
from corcal.lesions.classifier import SITES, load_classifier
from corcal.lesions.features import FEATURE_NAMES, Features
from corcal.lesions.sites import Site


def _model(path, *, columns=15, names=FEATURE_NAMES, softmax=True):
    """A linear model that prefers the site of code 2 (LAD) in every row."""
    weights = np.zeros((len(FEATURE_NAMES), columns), np.float32)
    bias = np.full(columns, 0.0, np.float32)
    bias[2 if columns == 15 else 1] = 5.0
    bias[0] = -1e4 if columns == 15 else 0.0
    nodes = [helper.make_node("Gemm", ["features", "w", "b"], ["logits"])]
    last = "Softmax" if softmax else "Identity"
    nodes.append(helper.make_node(last, ["logits"], ["probabilities"]))
    graph = helper.make_graph(
        nodes,
        "lesions",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", len(FEATURE_NAMES)])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", columns])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"name": "corcal-lesions", "features": ",".join(names)})
    onnx.save(model, path)
    return path


def _features(count=3):
    return Features(names=FEATURE_NAMES, values=np.zeros((count, len(FEATURE_NAMES)), np.float32))


@pytest.mark.parametrize("columns", [14, 15])
def test_a_model_with_or_without_a_column_for_no_site_gives_all_sites(tmp_path, columns):
    file = _model(tmp_path / "lesions.onnx", columns=columns)
    given = load_classifier(path=file, trust_unknown=True).probabilities(_features())
    assert given.shape == (3, 14)
    assert given.sum(axis=1) == pytest.approx([1.0, 1.0, 1.0])
    assert SITES[int(given[0].argmax())] is Site.LAD


def test_a_model_of_unknown_hash_is_refused_unless_told(tmp_path):
    file = _model(tmp_path / "lesions.onnx")
    with pytest.raises(InputError, match="SHA-256"):
        load_classifier(path=file)
    assert not load_classifier(path=file, trust_unknown=True).record.trusted


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (FEATURE_NAMES[:-1], f"it lacks {FEATURE_NAMES[-1]}"),
        ((*FEATURE_NAMES, "mood"), "it wants mood"),
        (FEATURE_NAMES[::-1], "in another order"),
    ],
)
def test_a_model_of_other_features_is_refused(tmp_path, names, message):
    file = _model(tmp_path / "lesions.onnx", names=names)
    with pytest.raises(InputError, match=message):
        load_classifier(path=file, trust_unknown=True).probabilities(_features())


def test_numbers_that_are_no_probabilities_are_refused(tmp_path):
    file = _model(tmp_path / "lesions.onnx", softmax=False)
    with pytest.raises(InputError, match="probabilities of 14 sites are needed"):
        load_classifier(path=file, trust_unknown=True).probabilities(_features())


def test_no_pieces_give_no_rows(tmp_path):
    file = _model(tmp_path / "lesions.onnx")
    given = load_classifier(path=file, trust_unknown=True).probabilities(_features(0))
    assert given.shape == (0, 14)
