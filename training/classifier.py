"""Train the classifier that says what a candidate is, on candidates of simulated scans."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

from corcal.lesions.devices import METAL_RARITY
from corcal.lesions.sites import Site
from training.export import record
from training.trees import grow_trees, trees_node

__all__ = ["Judges", "SiteNet", "train_classifier"]

_SITES = max(Site) + 1
_WIDTH, _MEMBERS = 128, 5
_STEPS, _BATCH, _RATE = 3000, 512, 2e-3
_DROPOUT = 0.2
_JITTER = 0.2  # of each standardised feature: what the simulation gets wrong must not decide
_DROPPED = 0.08  # of the features of a candidate, set to their mean
_UNTOLD = 0.3  # of the candidates do not know whether their scan is gated: headers often do not say
_TREES = 0.4  # what the trees say counts for, beside the networks
_OPSET = 18
_SAME = 1e-4  # probabilities of a file and of what it was made from
_HELD_OUT = 0.15  # of the scans, for the temperature
# What is drawn more often for teaching than people have it counts for less, by how often they have
# it over how often it is drawn. Metal as `METAL_RARITY` says. Aortic wall, because that at the left
# ostium is in 1.6 times as many scans as without `training.cases.RARE_FROM` (at the right one in
# 1.15 times); elsewhere the aorta is hardly in doubt. Left main, in 30 % of the scans with coronary
# calcium: in 21.7 % of 28 147 people with calcium (CAC Consortium,
# https://escholarship.org/uc/item/0zb117z9). Mitral annulus, in 20 % of the scans: in 9 % of people
# (MESA, Elmariah 2013, doi:10.1016/j.ahj.2013.08.015). Pericardium, in 8 % of the scans: in people
# relatively rare (Nguyen 2014, doi:10.12998/wjcc.v2.i9.455), and how rare is told nowhere that was
# found; a fifth is our own choice.
_RARER = {
    Site.DEVICE: 1.0 / METAL_RARITY,
    Site.LM: 0.217 / 0.30,
    Site.ASCENDING_AORTA: 1.0 / 1.6,
    Site.MITRAL_ANNULUS: 0.09 / 0.20,
    Site.PERICARDIUM: 0.2,
}


class _Member(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(features, _WIDTH),
            nn.SiLU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(_WIDTH, _WIDTH),
            nn.SiLU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(_WIDTH, _SITES),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give logits."""
        return self.layers(x)


class SiteNet(nn.Module):
    """An ensemble of small networks: features of candidates in, log-odds of sites out."""

    def __init__(self, mean: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.members = nn.ModuleList(_Member(len(mean)) for _ in range(_MEMBERS))

    def standard(self, features: torch.Tensor) -> torch.Tensor:
        """Features without units, limited to three deviations: beyond is not told apart."""
        return torch.clamp((features - self.mean) / self.scale, -3.0, 3.0)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Mean of the members."""
        x = self.standard(features)
        return torch.stack([member(x) for member in self.members]).mean(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """What is asked about a candidate: networks and trees, and how sure both together may be."""

    net: SiteNet
    trees: lightgbm.Booster
    temperature: float = 1.0

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Both together, before the temperature, shape (n, sites)."""
        with torch.no_grad():
            network = self.net(torch.from_numpy(features)).numpy()
        grown = np.asarray(self.trees.predict(features, raw_score=True))
        return (1.0 - _TREES) * network + _TREES * grown


def train_classifier(
    features: np.ndarray,
    sites: np.ndarray,
    weights: np.ndarray,
    scans: np.ndarray,
    *,
    seed: int = 7,
) -> Judges:
    """Train on candidates.

    Parameters
    ----------
    features : float32 ndarray of shape (n, f)
        `corcal.lesions.features`.
    sites : int ndarray of shape (n,)
        True `Site` codes.
    weights : float ndarray of shape (n,)
        How much a candidate matters.
    scans : int ndarray of shape (n,)
        Which scan it is from: whole scans are held out.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    names = rng.permutation(np.unique(scans))
    held = np.isin(scans, names[: int(_HELD_OUT * len(names))])
    features = features.astype(np.float32)
    x = torch.from_numpy(features[~held])
    y = torch.from_numpy(sites[~held].astype(np.int64))
    w = torch.from_numpy(weights[~held].astype(np.float32))
    net = SiteNet(x.mean(0), x.std(0) + 1e-6)
    for member in net.members:
        _train_member(net, member, x, y, w, rng)
    net.eval()
    trees = grow_trees(
        features[~held], sites[~held], weights[~held], jitter=_JITTER, dropped=_DROPPED, seed=seed
    )
    return _tempered(Judges(net=net, trees=trees), features[held], sites[held], weights[held])


def _train_member(net, member, x, y, w, rng) -> None:
    """Train one member on a bootstrap of the candidates."""
    member.train()
    optimiser = torch.optim.AdamW(member.parameters(), _RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _STEPS)
    z = net.standard(x)
    drawn = torch.from_numpy(rng.integers(0, len(x), len(x)))
    for _ in range(_STEPS):
        pick = drawn[torch.from_numpy(rng.integers(0, len(drawn), _BATCH))]
        noisy = z[pick] + _JITTER * torch.randn(_BATCH, z.shape[1])
        noisy = noisy * (torch.rand_like(noisy) > _DROPPED)
        loss = (functional.cross_entropy(member(noisy), y[pick], reduction="none") * w[pick]).sum()
        optimiser.zero_grad()
        (loss / w[pick].sum()).backward()
        optimiser.step()
        schedule.step()
    member.eval()


def _tempered(judges: Judges, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> Judges:
    """Choose the temperature under which the held-out candidates are most likely."""
    logits = torch.from_numpy(judges.logits(x))
    sites, weight = torch.from_numpy(y.astype(np.int64)), torch.from_numpy(w)
    tried = torch.linspace(0.5, 3.0, 51).tolist()
    losses = [
        float((functional.cross_entropy(logits / t, sites, reduction="none") * weight).sum())
        for t in tried
    ]
    best = tried[int(np.argmin(losses))]
    right = (logits.argmax(1) == sites).double()
    print(
        f"held out: {len(y)} candidates, right {float(right.mean()):.3f}, weighted "
        f"{float((right * weight).sum() / weight.sum()):.3f}, temperature {best:.2f}, "
        f"loss {min(losses) / float(weight.sum()):.3f}"
    )
    return replace(judges, temperature=best)


def export_classifier(judges: Judges, names: list[str], models: Path, *, version: str) -> None:
    """Write ``lesions.onnx`` with the names of its features."""
    file = models / "lesions.onnx"
    torch.onnx.export(
        judges.net,
        (torch.zeros(2, len(names)),),
        str(file),
        input_names=["features"],
        output_names=["network"],
        opset_version=_OPSET,
        dynamo=False,
        dynamic_axes={"features": {0: "n"}, "network": {0: "n"}},
    )
    model = onnx.load(file)
    _append_judgement(model, judges)
    onnx.helper.set_model_props(
        model, {"name": "corcal-lesions", "version": version, "features": ",".join(names)}
    )
    onnx.checker.check_model(model)
    onnx.save(model, file)
    _check(judges, file)
    record("lesions", models, version=version)


def _check(judges: Judges, file: Path) -> None:
    """Compare the file's answers with those of what it was made from."""
    mean, scale = judges.net.mean.numpy(), judges.net.scale.numpy()
    rng = np.random.default_rng(1)
    features = (mean + scale * rng.standard_normal((200, len(mean)))).astype(np.float32)
    wanted = torch.from_numpy(judges.logits(features) / judges.temperature + _prior()).softmax(1)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (found,) = session.run(["probabilities"], {"features": features})
    worst = float(np.abs(found - wanted.numpy()).max())
    if worst > _SAME:
        msg = f"{file.name} differs from what it was made from by {worst:g}"
        raise RuntimeError(msg)


def _prior() -> np.ndarray:
    """Log-odds added for each site, shape (sites,)."""
    # Site 0 does not exist: its column stays, so that a column's number is the site's code.
    prior = np.zeros(_SITES, np.float32)
    prior[0] = -1e4
    for site, ratio in _RARER.items():
        prior[int(site)] = np.log(ratio)
    return prior


def _append_judgement(model: onnx.ModelProto, judges: Judges) -> None:
    """Add the trees to the networks' file, and make probabilities of both."""
    constants = {
        "network_share": np.float32((1.0 - _TREES) / judges.temperature),
        "trees_share": np.float32(_TREES / judges.temperature),
        "prior": _prior(),
    }
    node = onnx.helper.make_node
    graph = model.graph
    graph.initializer.extend(
        onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    graph.node.extend(
        [
            trees_node(judges.trees, given="features", out="trees"),
            node("Mul", ["network", "network_share"], ["network_part"]),
            node("Mul", ["trees", "trees_share"], ["trees_part"]),
            node("Add", ["network_part", "trees_part"], ["both"]),
            node("Add", ["both", "prior"], ["logits"]),
            node("Softmax", ["logits"], ["probabilities"], axis=1),
        ]
    )
    del graph.output[:]
    graph.output.append(
        onnx.helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, ["n", _SITES])
    )
    model.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 3))


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path, help="folder of <seed>.npz tables of candidates")
    parser.add_argument("models", type=Path)
    parser.add_argument("--version", default="1")
    given = parser.parse_args()
    torch.set_num_threads(1)  # small matrices: two threads mostly wait for each other
    parts, scans = [], []
    for number, file in enumerate(sorted(given.tables.glob("*.npz"))):
        with np.load(file) as table:
            parts.append({name: table[name] for name in ("features", "sites", "agatston", "names")})
            scans.append(np.full(len(table["sites"]), number))
    features = np.concatenate([p["features"] for p in parts])
    sites = np.concatenate([p["sites"] for p in parts])
    agatston = np.concatenate([p["agatston"] for p in parts])
    names = [str(n) for n in parts[0]["names"]]
    untold = np.random.default_rng(3).random(len(features)) < _UNTOLD
    features[untold, names.index("is_gated")] = 0.5
    # A speck of noise and a plaque of 100 must both be right; the plaque more.
    weights = 0.3 + np.log1p(np.minimum(agatston, 200.0))
    judges = train_classifier(features, sites, weights, np.concatenate(scans))
    export_classifier(judges, names, given.models, version=given.version)


if __name__ == "__main__":
    main()
