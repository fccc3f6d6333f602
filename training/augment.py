"""From a simulated body to a training example: turned, bent, cropped, imaged."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from training.bodies import Body

__all__ = ["IGNORE", "Example", "heart_example", "near_example", "whole_example"]

IGNORE = 255  # cells of the heart that the scan does not show
_PADDING_HU = -1024.0
_NEAR_BEND = 0.625  # a lattice that is smaller by this has bends that are as steep


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One input of a network and what it should say.

    Attributes
    ----------
    volume : float32 tensor of shape (z, y, x)
        HU; -1024 where the scan shows nothing.
    labels : uint8 tensor, same shape
        Structure or, for the locator, inside the pericardium; `IGNORE` for what of it lies outside
        the scan.
    pathways : float32 tensor of shape (6, z, y, x) or None
        Heights, 0 to 1.
    """

    volume: torch.Tensor
    labels: torch.Tensor
    pathways: torch.Tensor | None


def heart_example(body: Body, rng: np.random.Generator, *, cells: int, cell_mm: float) -> Example:
    """Give the heart on the grid of the thorax network."""
    return _example(body, rng, shape=(cells,) * 3, cell_mm=cell_mm, with_pathways=True)


def near_example(body: Body, rng: np.random.Generator, *, cells: int, cell_mm: float) -> Example:
    """Give the arteries on the grid of the arteries' network."""
    return _example(body, rng, shape=(cells,) * 3, cell_mm=cell_mm, with_pathways=True, near=True)


def whole_example(body: Body, rng: np.random.Generator, *, cells: int, cell_mm: float) -> Example:
    """Give the whole scan on the grid of the locator."""
    return _example(body, rng, shape=(cells,) * 3, cell_mm=cell_mm, with_pathways=False)


def _example(
    body: Body,
    rng: np.random.Generator,
    *,
    shape: tuple[int, int, int],
    cell_mm: float,
    with_pathways: bool,
    near: bool = False,
) -> Example:
    centre = _heart_centre(body) + rng.normal(0, (10.0, 9.0, 9.0)) * (1.0 if with_pathways else 3.0)
    points = _bent(
        _lattice(shape, cell_mm), rng, most=_NEAR_BEND if near else 1.0
    )  # mm about the heart's centre
    cell = torch.from_numpy(((points + centre) / body.cell_mm).astype(np.float32))
    volume = _look_up(torch.from_numpy(body.hu.astype(np.float32)), cell, outside=-1000.0)
    kept = body.labels if with_pathways else body.sac.astype(np.uint8)
    labels = _look_up(torch.from_numpy(kept.astype(np.float32)), cell, nearest=True).to(torch.uint8)
    pathways = None
    if with_pathways:
        local = cell - torch.tensor(body.corner, dtype=torch.float32)
        heights = torch.from_numpy(body.pathways.astype(np.float32) / 255.0)
        pathways = _look_up_all(heights, local)
    volume = _imaged(_thick(volume, rng) if near else volume, rng, cell_mm)
    seen = _field_of_view(shape, cell_mm, rng)
    volume[~seen] = _PADDING_HU
    # What the scan does not show is background for sure where it is far from the heart.
    labels[~seen & (labels > 0)] = IGNORE
    return Example(volume=volume, labels=labels, pathways=pathways)


def _heart_centre(body: Body) -> np.ndarray:
    return (np.array(body.corner) + body.heart_cells / 2) * body.cell_mm


def _lattice(shape: tuple[int, int, int], cell_mm: float) -> np.ndarray:
    axes = [(np.arange(n) - (n - 1) / 2) * cell_mm for n in shape]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).astype(np.float32)


def _bent(points: np.ndarray, rng: np.random.Generator, *, most: float) -> np.ndarray:
    """Turn by up to about 15 degrees, scale by axis, and bend smoothly by some millimetres."""
    a, b, c = rng.normal(0, np.radians((7.0, 7.0, 9.0)))
    about_x = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    scale = np.exp(rng.normal(0, 0.08) + rng.normal(0, 0.05, 3))
    out = points @ (about_x @ about_y @ about_z).T.astype(np.float32) / scale.astype(np.float32)
    if rng.random() < 0.8:
        knots = int(rng.integers(4, 8))
        amplitude = rng.uniform(0, 9.0 if knots < 6 else 4.0)
        bend = torch.from_numpy(
            rng.normal(0, amplitude, (1, 3, knots, knots, knots)).astype(np.float32)
        )
        bend = functional.interpolate(
            bend, size=points.shape[:3], mode="trilinear", align_corners=True
        )
        out = out + 0.6 * most * bend[0].movedim(0, -1).numpy()
    return out


def _look_up(
    values: torch.Tensor, cell: torch.Tensor, *, outside: float = 0.0, nearest: bool = False
) -> torch.Tensor:
    return _look_up_all((values - outside)[None], cell, nearest=nearest)[0] + outside


def _look_up_all(
    values: torch.Tensor, cell: torch.Tensor, *, nearest: bool = False
) -> torch.Tensor:
    size = torch.tensor(values.shape[1:], dtype=torch.float32)
    grid = (2.0 * cell / (size - 1) - 1.0).flip(-1)[None]
    mode = "nearest" if nearest else "bilinear"
    return functional.grid_sample(
        values[None], grid, mode=mode, padding_mode="zeros", align_corners=True
    )[0]


def _imaged(volume: torch.Tensor, rng: np.random.Generator, cell_mm: float) -> torch.Tensor:
    """Blur as thick slices and motion do, shift the HU scale, add what noise survives the mean."""
    # A cell of the product is a mean over the cell; here it is a point: a little blur, always.
    volume = _blurred(volume, rng.uniform(0.05, 0.3), axes=(0, 1, 2))
    if rng.random() < 0.5:
        volume = _blurred(volume, rng.uniform(0.2, 1.0), axes=(0,))
    if rng.random() < 0.4:
        volume = _blurred(volume, rng.uniform(0.1, 0.7), axes=(1, 2))
    volume = volume * (1.0 + rng.normal(0, 0.02)) + rng.normal(0, 6.0)
    noise = torch.from_numpy(rng.standard_normal(tuple(volume.shape), dtype=np.float32))
    if rng.random() < 0.5:
        noise = _blurred(noise, rng.uniform(0.3, 1.0), axes=(0, 1, 2))
        noise = noise / noise.std()
    volume = volume + noise * float(rng.gamma(2.0, 3.0)) * (4.0 / cell_mm)
    shading = torch.from_numpy(rng.normal(0, 5.0, (1, 1, 3, 3, 3)).astype(np.float32))
    smooth = functional.interpolate(
        shading, size=volume.shape, mode="trilinear", align_corners=True
    )
    return torch.clamp(volume + smooth[0, 0], min=_PADDING_HU)


def _thick(volume: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Blur along z as slices do that are thicker than cells, and in all axes as motion does."""
    for axes, chance in (((0,), 0.5), ((0, 1, 2), 0.3)):
        if rng.random() < chance:
            volume = _blurred(volume, rng.uniform(0.2, 1.0), axes=axes)
    return volume


def _blurred(volume: torch.Tensor, weight: float, *, axes: tuple[int, ...]) -> torch.Tensor:
    for axis in axes:
        pair = torch.roll(volume, 1, axis) + torch.roll(volume, -1, axis)
        volume = (volume + weight * 0.5 * pair) / (1.0 + weight)
    return volume


def _field_of_view(
    shape: tuple[int, int, int], cell_mm: float, rng: np.random.Generator
) -> torch.Tensor:
    """Cut as a gated scan's field and length do, or not at all."""
    seen = np.ones(shape, bool)
    if rng.random() < 0.3:
        return torch.from_numpy(seen)
    half = np.array([rng.uniform(52, 95), *(2 * (rng.uniform(80, 130),))])
    middle = rng.normal(0, (8.0, 12.0, 12.0))
    middle[0] = np.clip(middle[0], -(half[0] - 45), half[0] - 45)
    for axis, n in enumerate(shape):
        place = (np.arange(n) - (n - 1) / 2) * cell_mm
        inside = np.abs(place - middle[axis]) <= half[axis]
        seen &= inside.reshape([-1 if k == axis else 1 for k in range(3)])
    if rng.random() < 0.4:  # a round reconstruction field
        y, x = (np.arange(n) - (n - 1) / 2 for n in shape[1:])
        round_field = np.hypot(
            (y * cell_mm - middle[1])[:, None], (x * cell_mm - middle[2])[None, :]
        )
        seen &= (round_field <= half[1] * 1.1)[None]
    return torch.from_numpy(seen)
