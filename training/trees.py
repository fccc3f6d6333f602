"""Boosted trees for the classifier: their errors are others than those of its networks.

Trees are trained with LightGBM on candidates whose features are shaken, so that no cut is sharper
than what the simulation can promise, and written as one ONNX node.
"""

from collections.abc import Iterator

import lightgbm
import numpy as np
import onnx
from numpy.typing import NDArray

from corcal.lesions.sites import Site

__all__ = ["grow_trees", "trees_node"]

_SITES = max(Site) + 1
_ROUNDS, _LEAVES, _RATE = 160, 12, 0.09
_LEAST_IN_LEAF = 40  # shaken candidates
_COPIES = 4  # of every candidate, each shaken anew

_Floats = NDArray[np.floating]


def grow_trees(
    features: _Floats,
    sites: NDArray[np.integer],
    weights: _Floats,
    *,
    jitter: float,
    dropped: float,
    seed: int = 7,
) -> lightgbm.Booster:
    """Grow trees on candidates.

    Parameters
    ----------
    features : float32 ndarray of shape (n, f)
        `corcal.lesions.features`.
    sites : int ndarray of shape (n,)
        True `Site` codes.
    weights : float ndarray of shape (n,)
        How much a candidate matters.
    jitter : float
        Of each feature, in its standard deviations.
    dropped : float
        Of the features of a candidate, set to their mean.
    seed : int
        The same gives the same trees.
    """
    rng = np.random.default_rng(seed)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    shaken = np.concatenate(
        [_shaken(features, mean, scale, jitter, dropped, rng) for _ in range(_COPIES)]
    )
    data = lightgbm.Dataset(
        shaken,
        np.tile(sites, _COPIES),
        weight=np.tile(weights, _COPIES),
        params={"verbose": -1},
    )
    how = {
        "objective": "multiclass",
        "num_class": _SITES,
        "num_leaves": _LEAVES,
        "learning_rate": _RATE,
        "min_data_in_leaf": _LEAST_IN_LEAF,
        "feature_fraction": 0.3,
        "bagging_fraction": 0.5,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 2,
        "seed": seed,
        "verbose": -1,
    }
    return lightgbm.train(how, data, _ROUNDS)


def _shaken(
    features: _Floats,
    mean: _Floats,
    scale: _Floats,
    jitter: float,
    dropped: float,
    rng: np.random.Generator,
) -> _Floats:
    noisy = features + jitter * scale * rng.standard_normal(features.shape)
    return np.where(rng.random(features.shape) < dropped, mean, noisy).astype(np.float32)


def trees_node(booster: lightgbm.Booster, *, given: str, out: str) -> onnx.NodeProto:
    """Write trees as a node that gives their raw sums, float32 of shape (n, sites).

    Parameters
    ----------
    booster : lightgbm.Booster
        What `grow_trees` gave.
    given, out : str
        Names of the node's input and output.
    """
    columns: dict[str, list[float]] = {name: [] for name in _NODE}
    leaves: dict[str, list[float]] = {name: [] for name in _LEAF}
    for number, tree in enumerate(booster.dump_model()["tree_info"]):
        for row in _nodes(tree["tree_structure"]):
            node, feature, value, below, above, weight = row
            columns["nodes_treeids"].append(number)
            columns["nodes_nodeids"].append(node)
            columns["nodes_featureids"].append(feature)
            columns["nodes_values"].append(value)
            columns["nodes_modes"].append("LEAF" if weight is not None else "BRANCH_LEQ")
            columns["nodes_truenodeids"].append(below)
            columns["nodes_falsenodeids"].append(above)
            if weight is not None:
                leaves["target_treeids"].append(number)
                leaves["target_nodeids"].append(node)
                leaves["target_ids"].append(number % _SITES)
                leaves["target_weights"].append(weight)
    return onnx.helper.make_node(
        "TreeEnsembleRegressor",
        [given],
        [out],
        domain="ai.onnx.ml",
        n_targets=_SITES,
        aggregate_function="SUM",
        **columns,
        **leaves,
    )


_NODE = (
    "nodes_treeids",
    "nodes_nodeids",
    "nodes_featureids",
    "nodes_values",
    "nodes_modes",
    "nodes_truenodeids",
    "nodes_falsenodeids",
)
_LEAF = ("target_treeids", "target_nodeids", "target_ids", "target_weights")


def _nodes(root: dict) -> Iterator[tuple[int, int, float, int, int, float | None]]:
    """Give number, feature, cut, node below it, node above it, and weight of a leaf."""
    waiting, used = [(0, root)], 1
    while waiting:
        number, node = waiting.pop()
        if "leaf_value" in node:
            yield number, 0, 0.0, 0, 0, float(node["leaf_value"])
            continue
        below, above = used, used + 1
        used += 2
        waiting += [(below, node["left_child"]), (above, node["right_child"])]
        yield number, int(node["split_feature"]), float(node["threshold"]), below, above, None
