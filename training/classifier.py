"""Train the classifier that says what a candidate is, on candidates of simulated scans."""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional

from corcal.lesions.devices import METAL_RARITY
from corcal.lesions.sites import Site
from training.export import record

__all__ = ["SiteNet", "train_classifier"]

_SITES = max(Site) + 1
_WIDTH, _MEMBERS = 64, 5
_STEPS, _BATCH, _RATE = 4000, 512, 2e-3
_JITTER = 0.15  # of each standardised feature: what the simulation gets wrong must not decide
_DROPPED = 0.05  # of the features of a candidate, set to their mean
_UNTOLD = 0.3  # of the candidates do not know whether their scan is gated: headers often do not say
_HELD_OUT = 0.15  # of the scans, for the temperature
# Metal is drawn for teaching in more than a quarter of the scans. Whoever has a stent or a graft
# needs no calcium score: among people who are scored it is taken to be rarer than that.
_RARER = {Site.DEVICE: 1.0 / METAL_RARITY}


class _Member(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(features, _WIDTH),
            nn.SiLU(),
            nn.Dropout(0.15),
            nn.Linear(_WIDTH, _WIDTH),
            nn.SiLU(),
            nn.Dropout(0.15),
            nn.Linear(_WIDTH, _SITES),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Give logits."""
        return self.layers(x)


class SiteNet(nn.Module):
    """An ensemble of small networks: features of candidates in, probabilities of sites out."""

    def __init__(self, mean: torch.Tensor, scale: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.register_buffer("temperature", torch.ones(()))
        prior = torch.zeros(_SITES)
        for site, ratio in _RARER.items():
            prior[int(site)] = float(np.log(ratio))
        self.register_buffer("prior", prior)
        self.members = nn.ModuleList(_Member(len(mean)) for _ in range(_MEMBERS))

    def standard(self, features: torch.Tensor) -> torch.Tensor:
        """Features without units, limited to three deviations: beyond is not told apart."""
        return torch.clamp((features - self.mean) / self.scale, -3.0, 3.0)

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Mean of the members, before the temperature."""
        x = self.standard(features)
        return torch.stack([member(x) for member in self.members]).mean(0)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Give the probability of each site."""
        # Site 0 does not exist: its column stays, so that a column's number is the site's code.
        logits = self.logits(features) / self.temperature + self.prior
        return torch.cat([logits[:, :1] * 0 - 1e4, logits[:, 1:]], dim=1).softmax(1)


def train_classifier(
    features: np.ndarray,
    sites: np.ndarray,
    weights: np.ndarray,
    scans: np.ndarray,
    *,
    seed: int = 7,
) -> SiteNet:
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
    x = torch.from_numpy(features.astype(np.float32))
    y = torch.from_numpy(sites.astype(np.int64))
    w = torch.from_numpy(weights.astype(np.float32))
    used = torch.from_numpy(~held)
    net = SiteNet(x[used].mean(0), x[used].std(0) + 1e-6)
    for member in net.members:
        _train_member(net, member, x[used], y[used], w[used], rng)
    net.eval()
    _set_temperature(net, x[~used], y[~used], w[~used])
    return net


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


def _set_temperature(net: SiteNet, x: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> None:
    """Choose the temperature under which the held-out candidates are most likely."""
    with torch.no_grad():
        logits = net.logits(x)
        tried = torch.linspace(0.5, 3.0, 51)
        losses = [
            float((functional.cross_entropy(logits / t, y, reduction="none") * w).sum())
            for t in tried
        ]
        net.temperature.fill_(float(tried[int(np.argmin(losses))]))
        p = net(x)
    right = (p.argmax(1) == y).float()
    print(
        f"held out: {len(y)} candidates, right {float(right.mean()):.3f}, weighted "
        f"{float((right * w).sum() / w.sum()):.3f}, temperature {float(net.temperature):.2f}"
    )


def export_classifier(net: SiteNet, names: list[str], models: Path, *, version: str) -> None:
    """Write ``lesions.onnx`` with the names of its features."""
    file = models / "lesions.onnx"
    torch.onnx.export(
        net,
        (torch.zeros(2, len(names)),),
        str(file),
        input_names=["features"],
        output_names=["probabilities"],
        opset_version=18,
        dynamo=False,
        dynamic_axes={"features": {0: "n"}, "probabilities": {0: "n"}},
    )
    graph = onnx.load(file)
    onnx.helper.set_model_props(
        graph, {"name": "corcal-lesions", "version": version, "features": ",".join(names)}
    )
    onnx.save(graph, file)
    record("lesions", models, version=version)


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
    net = train_classifier(features, sites, weights, np.concatenate(scans))
    export_classifier(net, names, given.models, version=given.version)


if __name__ == "__main__":
    main()
