"""Train the three anatomy networks on simulated bodies."""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from corcal.anatomy.types import PATHWAYS, Structure
from training.augment import IGNORE, Example, heart_example, near_example, whole_example
from training.bodies import Body, load_bodies
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
)

_BATCH = 3
_RATE = 3e-3
_HELD_OUT = 16  # bodies that training never sees: its Dice is logged
_STRUCTURES = len(Structure)
_ON_COURSE = 0.85  # height of a pathway: within 3 mm of its course
_SAVED_EVERY = 500  # steps: what there is, for a look before the end
# The left main is 1 cm long, and right where most depends on it; the others are many cells each.
_PATHWAY_WEIGHT = torch.tensor([3.0, 1.5, 1.5, 1.5, 1.0, 1.0]).reshape(1, -1, 1, 1, 1)


def train_heart(
    bodies: list[Body], out: Path, *, steps: int, seed: int, log: Callable[[str], None]
) -> HeartNet:
    """Train `HeartNet` for a number of steps; ``out/thorax.part.pt`` is how far it has come."""
    torch.manual_seed(seed)
    net = HeartNet()
    held, used = bodies[:_HELD_OUT], bodies[_HELD_OUT:]

    def check() -> str:
        torch.save(net.state_dict(), out / "thorax.part.pt")
        return _dice(net, held)

    _train(
        net,
        _batches(used, _heart_example, seed),
        _heart_loss,
        steps,
        log,
        check,
    )
    return net


def train_arteries(
    bodies: list[Body], out: Path, *, steps: int, seed: int, log: Callable[[str], None]
) -> ArteryNet:
    """Train `ArteryNet` on near bodies, from ``out/thorax.pt`` on, for a number of steps."""
    torch.manual_seed(seed)
    net = ArteryNet()
    net.load_state_dict(torch.load(out / "thorax.pt", weights_only=True))
    held, used = bodies[:_HELD_OUT], bodies[_HELD_OUT:]

    def check() -> str:
        torch.save(net.state_dict(), out / "arteries.part.pt")
        return _heights(net, held)

    _train(net, _batches(used, _near_example, seed), _heart_loss, steps, log, check)
    return net


def train_locator(
    bodies: list[Body], *, steps: int, seed: int, log: Callable[[str], None]
) -> Locator:
    """Train `Locator` for a number of steps."""
    torch.manual_seed(seed)
    net = Locator()
    used = bodies[_HELD_OUT:]
    _train(net, _batches(used, _whole_example, seed), _locator_loss, steps, log, lambda: "")
    return net


def _heart_example(body: Body, rng: np.random.Generator) -> Example:
    return heart_example(body, rng, cells=HEART_CELLS, cell_mm=HEART_CELL_MM)


def _near_example(body: Body, rng: np.random.Generator) -> Example:
    return near_example(body, rng, cells=ARTERY_CELLS, cell_mm=ARTERY_CELL_MM)


def _whole_example(body: Body, rng: np.random.Generator) -> Example:
    return whole_example(body, rng, cells=LOCATOR_CELLS, cell_mm=LOCATOR_CELL_MM)


def _say(line: str) -> None:
    print(line, flush=True)


def _batches(
    bodies: list[Body], make: Callable[[Body, np.random.Generator], Example], seed: int
) -> Iterator[list[Example]]:
    rng = np.random.default_rng(seed)
    while True:
        yield [make(bodies[int(rng.integers(len(bodies)))], rng) for _ in range(_BATCH)]


def _train(net, batches, loss_of, steps, log, check) -> None:
    net.train()
    net.to(memory_format=torch.channels_last_3d)
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min(1.0, (k + 1) / 50) * (0.5 + 0.5 * np.cos(np.pi * k / steps)) + 5e-3
    )
    started, recent = time.monotonic(), []
    for step in range(1, steps + 1):
        batch = next(batches)
        volume = torch.stack([e.volume for e in batch])[:, None]
        loss = loss_of(net(volume.to(memory_format=torch.channels_last_3d)), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        recent.append(float(loss.detach()))
        # the last one always: a short run goes through all that a long one does
        is_checked = step % _SAVED_EVERY == 0 or step == steps
        if step in (20, 100) or is_checked:
            log(
                f"{type(net).__name__} step {step} of {steps}, {time.monotonic() - started:.0f} s, "
                f"loss {np.mean(recent[-100:]):.3f} {check() if is_checked else ''}"
            )
            net.train()
    net.eval()


def _heart_loss(out: torch.Tensor, batch: list[Example]) -> torch.Tensor:
    labels = torch.stack([e.labels for e in batch]).long()
    pathways = torch.stack([e.pathways for e in batch])
    seen = labels != IGNORE
    target = torch.where(seen, labels, -100)
    structures, heights = out[:, :_STRUCTURES], out[:, _STRUCTURES:]
    entropy = functional.cross_entropy(structures, target)
    p = structures.softmax(1) * seen[:, None]
    q = functional.one_hot(torch.where(seen, labels, 0), _STRUCTURES).movedim(-1, 1) * seen[:, None]
    axes = (0, 2, 3, 4)
    dice = 1 - ((2 * (p * q).sum(axes) + 50) / ((p + q).sum(axes) + 50))[1:].mean()
    # A cell on any artery counts for all of them: to take one for another is the worst mistake.
    nearest = pathways.amax(1, keepdim=True)
    weight = (1 + 10 * nearest) * seen[:, None] * _PATHWAY_WEIGHT
    along = functional.binary_cross_entropy_with_logits(heights, pathways, reduction="none")
    return entropy + dice + 2 * (along * weight).mean()


def _locator_loss(out: torch.Tensor, batch: list[Example]) -> torch.Tensor:
    labels = torch.stack([e.labels for e in batch])
    seen = (labels != IGNORE).float()
    inside = (labels == 1).float()
    entropy = functional.binary_cross_entropy_with_logits(out[:, 0], inside, weight=seen)
    p = out[:, 0].sigmoid() * seen
    return entropy + 1 - (2 * (p * inside).sum() + 50) / ((p + inside).sum() + 50)


def _heights(net: ArteryNet, held: list[Body]) -> str:
    """Mean height of each pathway where its own course is."""
    net.eval()
    rng = np.random.default_rng(1)
    own: list[list[float]] = [[] for _ in PATHWAYS]
    with torch.no_grad():
        for body in held:
            example = _near_example(body, rng)
            (heights,) = net.read(net(example.volume[None, None]))
            said = heights[0]
            for k in range(len(PATHWAYS)):
                there = (example.pathways[k] > _ON_COURSE) & (example.labels != IGNORE)
                if there.any():
                    own[k].append(float(said[k][there].mean()))
    return "heights " + " ".join(f"{np.mean(v):.2f}" for v in own)


def _dice(net: HeartNet, held: list[Body]) -> str:
    net.eval()
    rng = np.random.default_rng(1)
    both, sizes = np.zeros(_STRUCTURES), np.zeros(_STRUCTURES)
    with torch.no_grad():
        for body in held:
            example = _heart_example(body, rng)
            said = net(example.volume[None, None])[0, :_STRUCTURES].argmax(0)
            seen = example.labels != IGNORE
            for k in range(_STRUCTURES):
                a, b = (said == k) & seen, (example.labels == k) & seen
                both[k] += 2 * float((a & b).sum())
                sizes[k] += float(a.sum() + b.sum())
    return "Dice " + " ".join(f"{v:.2f}" for v in (both / np.maximum(sizes, 1))[1:])


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bodies", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--locator-steps", type=int, default=1200)
    parser.add_argument("--most", type=int)
    parser.add_argument("--near", type=Path, help="folder of near bodies, for the arteries")
    parser.add_argument("--artery-steps", type=int, default=1000)
    parser.add_argument("--only", choices=["heart", "locator", "arteries"])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    wanted = (
        [given.only] if given.only else ["locator", "heart", *(["arteries"] * bool(given.near))]
    )
    bodies = load_bodies(given.bodies, most=given.most) if wanted != ["arteries"] else []
    print(f"{len(bodies)} bodies", flush=True)
    if "locator" in wanted:
        net = train_locator(bodies, steps=given.locator_steps, seed=given.seed, log=_say)
        torch.save(net.state_dict(), given.out / "locator.pt")
    if "heart" in wanted:
        net = train_heart(bodies, given.out, steps=given.steps, seed=given.seed, log=_say)
        torch.save(net.state_dict(), given.out / "thorax.pt")
    if "arteries" in wanted:
        near = load_bodies(given.near)
        print(f"{len(near)} near bodies", flush=True)  # the model card quotes it
        net = train_arteries(near, given.out, steps=given.artery_steps, seed=given.seed, log=_say)
        torch.save(net.state_dict(), given.out / "arteries.pt")


if __name__ == "__main__":
    main()
