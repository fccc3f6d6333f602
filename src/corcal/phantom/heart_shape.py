"""The shape of one heart: a blend of the reference hearts, and what is carried along with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.reference_heart import CHAMBERS, GREAT_VESSELS, INLETS, ChamberReference
from corcal.phantom.reference_hearts import OTHER_HEARTS

__all__ = ["HEART_COUNT", "HeartShape", "heart_shape"]

HEART_COUNT = 1 + len(OTHER_HEARTS)
_CARRY_MM = (45.0, 90.0)  # from the nearest chamber's centre: carried fully, not at all


@dataclass(frozen=True, slots=True, eq=False)
class HeartShape:
    """A reference heart, the plain one or a blend.

    Attributes
    ----------
    chambers : dict of ChamberReference
        As `corcal.phantom.reference_heart.CHAMBERS`.
    vessels : dict of ndarray of shape (n, 4)
        Great vessels, as `corcal.phantom.reference_heart.GREAT_VESSELS`.
    inlets : list of ndarray of shape (n, 4)
        As `corcal.phantom.reference_heart.INLETS`.
    shifts_mm : ndarray of shape (4, 3)
        How far the centres of the chambers lie from those of the plain reference.
    """

    chambers: dict[str, ChamberReference]
    vessels: dict[str, NDArray[np.float64]]
    inlets: list[NDArray[np.float64]]
    shifts_mm: NDArray[np.float64]

    def carried(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Move points ``(x, y, z, ...)`` of the plain reference as the chambers near them are."""
        return _carried(np.asarray(rows, np.float64), self.shifts_mm)


def _carried(rows: NDArray[np.float64], shifts_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    out = rows.copy()
    if not shifts_mm.any():
        return out
    centres = np.array([chamber.centre_mm for chamber in CHAMBERS.values()])
    away = np.linalg.norm(rows[..., None, :3] - centres, axis=-1) + 5.0
    weight = away**-2.0
    weight /= weight.sum(axis=-1, keepdims=True)
    near, far = _CARRY_MM
    fade = np.clip((far - away.min(axis=-1)) / (far - near), 0, 1)
    out[..., :3] += fade[..., None] * (weight @ shifts_mm)
    return out


@lru_cache(maxsize=4)
def heart_shape(weights: tuple[float, ...]) -> HeartShape:
    """Blend the reference hearts.

    Parameters
    ----------
    weights : tuple of float
        Of the plain reference and of each of `OTHER_HEARTS`, sum 1; those left out are 0.
    """
    share = np.zeros(HEART_COUNT)
    share[: len(weights)] = weights
    moved = np.stack([_blend(share, _centres(name)) for name in CHAMBERS])
    moved -= np.array([plain.centre_mm for plain in CHAMBERS.values()])
    if not share[1:].any():
        moved[:] = 0.0
    chambers = {
        name: _blended(name, share, step) for name, step in zip(CHAMBERS, moved, strict=True)
    }
    vessels = {}
    for name, plain_rows in GREAT_VESSELS.items():
        rows = _carried(np.array(plain_rows, np.float64), moved)
        if name in OTHER_HEARTS[0].vessels:
            rows = _blend(share, [plain_rows, *(h.vessels[name] for h in OTHER_HEARTS)])
        vessels[name] = rows
    vessels = _joined(vessels) if share[1:].any() else vessels
    inlets = [_carried(np.array(rows, np.float64), moved) for rows in INLETS]
    return HeartShape(chambers, vessels, inlets, moved)


def _blend(share: NDArray[np.float64], parts: Sequence[object]) -> NDArray[np.float64]:
    return np.asarray(np.tensordot(share, np.array(parts, np.float64), 1), np.float64)


def _centres(name: str) -> list[tuple[float, float, float]]:
    return [CHAMBERS[name].centre_mm, *(heart.chambers[name][0] for heart in OTHER_HEARTS)]


def _blended(
    name: str, share: NDArray[np.float64], step_mm: NDArray[np.float64]
) -> ChamberReference:
    """Blend one chamber; its appendage keeps its form and moves with the centre."""
    plain = CHAMBERS[name]
    radii = _blend(share, [plain.radii_mm, *(heart.chambers[name][1] for heart in OTHER_HEARTS)])
    x, y, z = (np.array(plain.centre_mm) + step_mm).tolist()
    dx, dy, dz = step_mm.tolist()
    return replace(
        plain,
        centre_mm=(x, y, z),
        radii_mm=tuple(tuple(row) for row in radii.tolist()),
        appendage=tuple((a + dx, b + dy, c + dz, r) for a, b, c, r in plain.appendage),
    )


def _joined(vessels: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Let the branches of the pulmonary trunk begin where it ends."""
    plain = np.array(GREAT_VESSELS["pulmonary_trunk"][-1][:3])
    step = vessels["pulmonary_trunk"][-1, :3] - plain
    for name in ("right_pulmonary_artery", "left_pulmonary_artery"):
        rows = vessels[name]
        fade = np.clip(1 - np.linalg.norm(rows[:, :3] - rows[0, :3], axis=1) / 40.0, 0, 1)
        rows[:, :3] = rows[:, :3] + fade[:, None] * (
            step - (rows[0, :3] - np.array(GREAT_VESSELS[name][0][:3]))
        )
    return vessels
