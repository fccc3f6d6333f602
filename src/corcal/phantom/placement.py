"""Where the reference anatomy lies in one patient: size, turn and place of thorax and heart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.shapes import FloatArray, Grid
from corcal.phantom.spec import PatientSpec

__all__ = ["Placement"]

_HEART_CORE_MM = 45.0  # within: turned as one; beyond `Variation.heart_reach_mm`: not at all
_WAVES = 4  # of the smooth warp that makes each heart its own
_COARSE_STEP = 4  # cells of a grid between the points where the placement is inverted


@dataclass(frozen=True, slots=True)
class _Warp:
    """A sum of smooth waves, (waves, 3) each: wave vectors, phases and amplitudes."""

    waves: NDArray[np.float32]
    phases: NDArray[np.float32]
    amplitudes_mm: NDArray[np.float32]

    def __call__(self, points: FloatArray) -> FloatArray:
        out = np.zeros_like(points)
        for wave, phase, amplitude in zip(self.waves, self.phases, self.amplitudes_mm, strict=True):
            out += np.sin((points @ wave)[..., None] + phase) * amplitude
        return out


class Placement:
    """The map between the reference frame and the patient.

    The whole thorax is scaled; the heart within it is scaled, turned and shifted about its middle,
    and warped a little. The turn fades with distance from the heart, so that the great vessels
    bend and meet the rest of the body where it is.
    """

    def __init__(self, spec: PatientSpec) -> None:
        rng = np.random.default_rng([spec.seed, 4])
        self._body = np.asarray(spec.body_scale, np.float32)
        # A heart's size is its own, not that of the thorax.
        self._turn = _rotation(spec.heart_rotation_deg) * spec.heart_scale / spec.reference_mm
        self._turn = self._turn * np.asarray(spec.variation.heart_stretch, np.float32)
        self._reach_mm = (_HEART_CORE_MM, spec.variation.heart_reach_mm)
        self._shift = np.asarray(spec.heart_shift_mm, np.float32)
        self._pivot = np.array([18.0, 5.0, 0.0], np.float32)
        self._warp = _Warp(
            waves=rng.normal(0, 1 / 28.0, (_WAVES, 3)).astype(np.float32),
            phases=rng.uniform(0, 2 * np.pi, (_WAVES, 3)).astype(np.float32),
            amplitudes_mm=rng.normal(0, spec.variation.warp_mm, (_WAVES, 3)).astype(np.float32),
        )

    @property
    def body_scale(self) -> FloatArray:
        """Patient mm for a reference mm, by axis."""
        return self._body

    @property
    def heart_mm(self) -> float:
        """Patient mm for a reference mm at the heart."""
        return float(np.mean(self._body) * np.cbrt(np.linalg.det(self._turn)))

    def to_patient(self, reference_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points (..., 3) of heart and great vessels from the reference to the patient."""
        points = np.asarray(reference_mm, np.float32)
        return np.asarray((points + self._displacement(points)) * self._body, np.float64)

    def rows_to_patient(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """As `to_patient` for rows ``(x, y, z, radius)``; radii are scaled as the heart is."""
        rows = np.asarray(rows, np.float64)
        place = self.to_patient(rows[:, :3])
        return np.concatenate([place, rows[:, 3:] * self.heart_mm], axis=1)

    def thorax_points(self, patient_mm: FloatArray) -> FloatArray:
        """Map patient points to the reference frame of the thorax, where no heart is turned."""
        return np.asarray(patient_mm / self._body)

    def heart_points(self, grid: Grid) -> FloatArray:
        """Map the cells of a grid to the reference frame of the heart: (n_z, n_y, n_x, 3)."""
        step = _COARSE_STEP
        n_z, n_y, n_x = ((n - 1) // step + 2 for n in grid.shape)
        dz, dy, dx = grid.spacing_mm
        coarse = Grid(
            origin_mm=grid.origin_mm,
            spacing_mm=(dz * step, dy * step, dx * step),
            shape=(n_z, n_y, n_x),
        )
        found = self._inverse(coarse.points() / self._body)
        for axis, n in enumerate(grid.shape):
            found = _finer(found, axis, n, step)
        return found

    def _inverse(self, target: FloatArray) -> FloatArray:
        guess = target.copy()
        for _ in range(25):
            miss = guess + self._displacement(guess) - target
            guess -= np.float32(0.8) * miss
        return guess

    def _displacement(self, points: FloatArray) -> FloatArray:
        arm = points - self._pivot
        reach = np.sqrt((arm * arm).sum(axis=-1, keepdims=True))
        near, far = self._reach_mm
        t = np.clip((far - reach) / (far - near), 0, 1)
        weight = t * t * (3 - 2 * t)
        turned = arm @ self._turn.T.astype(np.float32) - arm + self._shift + self._warp(points)
        return np.asarray(weight * turned, np.float32)


def _finer(field: FloatArray, axis: int, n: int, step: int) -> FloatArray:
    at = np.arange(n, dtype=np.float32) / step
    low = at.astype(np.intp)
    shape = [1] * field.ndim
    shape[axis] = n
    t = (at - low).reshape(shape)
    first = np.take(field, low, axis=axis)
    return np.asarray(first + t * (np.take(field, low + 1, axis=axis) - first), np.float32)


def _rotation(degrees: tuple[float, float, float]) -> FloatArray:
    """Turn about x, then y, then z; a positive z turns the apex (in front) to the left."""
    a, b, c = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, np.float32)
