"""Ribs with their cartilages, sternum, vertebrae and scapulae, as distances in one plane.

Bones are thin, so they are computed where they lie at full resolution, from smooth coordinates:
ribs from the depth under the chest wall and the height along the rib cage, vertebrae and sternum
from the distance to the midline. Lengths are mm of the reference thorax.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.abdomen import spine_y_mm
from corcal.phantom.body import CAVITY_CENTRE_Y_MM
from corcal.phantom.illness import spine_shift_mm
from corcal.phantom.shapes import FAR_MM, FloatArray
from corcal.phantom.spec import Variation

__all__ = ["BonePlane", "bone_plane"]

Plane = NDArray[np.floating]

_VERTEBRA_MM = 23.0  # height of a vertebra with its disc
_DISC_MM = 5.0
_NOTCH_MM, _SCAPULA_TOP_MM = 122.0, 150.0
_RIB_DEPTH_MM = 5.6  # from the pleura to the rib's middle
_RIB_HALF_MM = (3.7, 6.6)  # thickness, height
_CARTILAGE_HALF_MM = (5.0, 7.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class BonePlane:
    """Signed distances in one plane, (n_y, n_x) each, mm.

    Attributes
    ----------
    bone : ndarray
        Ribs, sternum, vertebral bodies and arches, scapulae: outer surface.
    dense : ndarray of shape (n_y, n_x)
        Where bone is dense through and through: end plates and arches.
    cartilage, disc, canal : ndarray
        Costal cartilage, discs between vertebrae, the spinal canal.
    """

    bone: FloatArray
    dense: FloatArray
    cartilage: FloatArray
    disc: FloatArray
    canal: FloatArray


def bone_plane(
    z_mm: float,
    x_mm: FloatArray,
    y_mm: FloatArray,
    *,
    cavity: FloatArray,
    angle_deg: FloatArray,
    phase: float,
    variation: Variation,
) -> BonePlane:
    """Compute the bones of one plane.

    Parameters
    ----------
    z_mm : float
        Height of the plane, reference mm.
    x_mm, y_mm : ndarray of shape (n_x,), (n_y,)
        Cells, reference mm.
    cavity, angle_deg : ndarray of shape (n_y, n_x)
        `corcal.phantom.body.Body`, reference mm.
    phase : float
        0 to 1: where along a vertebra the reference plane lies.
    variation : Variation
        Sternum and spine of this patient.
    """
    x, y = x_mm[None, :], y_mm[:, None]
    aside = x - spine_shift_mm(z_mm, variation)
    ribs, cartilage = _ribs(z_mm, x, cavity, angle_deg, phase)
    body, end_plate, disc = _vertebral_body(z_mm, aside, y, phase, variation.osteophytes)
    arch, canal = _arch(z_mm, aside, y, phase)
    sternum = _sternum(z_mm, x, y, variation)
    bone = _united(ribs, body, arch, sternum, _scapula(z_mm, cavity, angle_deg))
    return BonePlane(
        bone=bone,
        dense=np.minimum(end_plate, arch + np.float32(1.0)),
        cartilage=np.maximum(cartilage, -bone),
        disc=disc,
        canal=canal,
    )


def _ribs(
    z: float, x: FloatArray, cavity: FloatArray, angle: FloatArray, phase: float
) -> tuple[FloatArray, FloatArray]:
    """Ribs slope down from the spine forward; their cartilages rise to the sternum."""
    forward = np.clip(angle / 142.0, 0, 1)
    drop = 122.0 * forward ** np.float32(1.15)
    t = np.clip((angle - 134.0) / 42.0, 0, 1)
    rise = t * t * (3 - 2 * t) * np.clip(45.0 - 0.45 * z, 10.0, 75.0)
    pitch = _VERTEBRA_MM + 4.0 * forward
    turn = (z + drop - rise) / pitch + phase
    along = (turn - np.rint(turn)) * pitch
    slope = np.where(angle < 134, 0.88, 0.78)
    deep = cavity - np.float32(_RIB_DEPTH_MM)
    # Where rib turns to cartilage: further back for the lower ribs.
    joint = 146.0 + 0.12 * np.clip(z, -90, 60)
    rib = _oval(deep, along * slope, _RIB_HALF_MM)
    rib = _common(rib, (angle - joint) * 1.6, 27.0 - np.abs(x))
    soft = _oval(deep, along * slope, _CARTILAGE_HALF_MM)
    soft = _common(soft, (joint - angle) * 1.6, 15.0 - np.abs(x))
    return np.asarray(rib, np.float32), np.asarray(soft, np.float32)


def _oval(u: FloatArray, v: FloatArray, half_mm: tuple[float, float]) -> FloatArray:
    a, b = half_mm
    rho = np.sqrt((u / a) ** 2 + (v / b) ** 2)
    slope = np.sqrt((u / a**2) ** 2 + (v / b**2) ** 2) / np.maximum(rho, 0.05)
    return np.asarray((rho - 1) / np.maximum(slope, 1 / (2 * b)), np.float32)


def _vertebral_body(
    z: float, x: FloatArray, y: FloatArray, phase: float, osteophytes: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    middle = float(spine_y_mm(z))
    height = ((z / _VERTEBRA_MM + phase + 0.5) % 1.0 - 0.5) * _VERTEBRA_MM
    from_disc = abs(height) - 0.5 * (_VERTEBRA_MM - _DISC_MM)  # negative inside the vertebra
    waist = 1.5 * (1.0 - min(1.0, abs(height) / 8.0))
    v = (y - middle) / (15.5 - 0.6 * waist)
    u = x / (18.5 - waist)
    outline = ((np.abs(u) ** 2.3 + np.abs(v) ** 2.3) ** (1 / 2.3) - 1) * 16.0
    behind = y - (middle + 13.0 + 0.006 * x * x)  # hollow towards the canal
    if osteophytes:
        # Spurs at the end plates, in front and more on the right, where no aorta beats.
        side = 0.5 + 0.5 * np.sin(
            np.arctan2(-v, -u) * 2.0 + 1.3 * np.rint(z / _VERTEBRA_MM + phase)
        )
        spur = 7.5 * osteophytes * side * np.clip(-v + 0.4, 0, 1)
        outline = outline - spur * float(np.exp(-0.5 * (from_disc / 3.2) ** 2))
    outline = np.asarray(np.maximum(outline, behind), np.float32)
    body = np.maximum(outline, np.float32(from_disc))
    end_plate = np.maximum(outline, np.float32(abs(from_disc + 0.9) - 0.9))
    disc = np.maximum(outline, np.float32(-from_disc))
    return body, end_plate, disc


def _arch(z: float, x: FloatArray, y: FloatArray, phase: float) -> tuple[FloatArray, FloatArray]:
    """Pedicles, laminae, transverse and spinous processes, and the canal between."""
    middle = float(spine_y_mm(z))
    height = ((z / _VERTEBRA_MM + phase + 0.5) % 1.0 - 0.5) * _VERTEBRA_MM
    back = y - (middle + 22.0)  # from the canal's middle
    canal = np.asarray(np.sqrt(x * x + (back * 1.1) ** 2) - 8.2, np.float32)
    ring = np.sqrt(x * x + (back * 1.1) ** 2) - 14.0
    side = np.abs(x)
    lamina = _common(ring, -back - 1.0, abs(height + 2.0) - 8.5)
    pedicle = _common(np.abs(side - 11.5) - 3.2, np.abs(back + 6.0) - 9.0, abs(height - 4.0) - 5.5)
    joint = np.sqrt((side - 13.0) ** 2 + (back - 4.0) ** 2) - 5.2
    facet = _common(joint, abs(abs(height) - 9.0) - 4.5)
    arch = _united(
        lamina,
        pedicle,
        facet,
        _transverse(side, back, height),
        _spinous(side, back, height),
        # The slanted process of a vertebra reaches behind the next one.
        _spinous(side, back, height - _VERTEBRA_MM),
    )
    return np.asarray(np.maximum(arch, -canal - 0.2), np.float32), canal


def _transverse(side: Plane, back: Plane, height: float) -> FloatArray:
    """Transverse process, and the neck of the rib in front of it."""
    reach = np.clip((side - 12.0) / 24.0, 0, 1)
    rod = np.sqrt((back - 3.0 - 8.0 * reach) ** 2 + (height - 3.0 - 2.0 * reach) ** 2) - 5.0
    process = _common(rod, side - 36.0)
    reach = np.clip((side - 18.0) / 18.0, 0, 1)
    neck = np.sqrt(0.5 * (back + 13.0 - 19.0 * reach) ** 2 + (height - 3.0) ** 2) - 4.2
    return _united(process, _common(neck, side - 38.0, 17.0 - side))


def _spinous(side: Plane, back: Plane, height: float) -> FloatArray:
    tilt = np.clip((back - 12.0) / 30.0, 0, 1)
    return _common(
        side - 2.6 - 1.2 * (tilt > 0.8),
        np.abs(back - 27.0) - 17.0,
        np.abs(height + 3.0 + 22.0 * tilt) - 6.5,
    )


def _common(*parts: Plane | float) -> FloatArray:
    """Distance to what is inside all parts."""
    return np.asarray(reduce(np.maximum, parts))


def _united(*parts: Plane) -> FloatArray:
    """Distance to what is inside any part."""
    return np.asarray(reduce(np.minimum, parts))


def _sternum(z: float, x: FloatArray, y: FloatArray, variation: Variation) -> FloatArray:
    """Manubrium, body and xiphoid, in front of the cavity."""
    up = float(np.clip(z / 140.0, 0, 1)) ** 1.5
    deep = (89.0 - 15.0 * up) * (1 + 0.12 * variation.barrel * float(np.clip(z / 60.0, 0, 1)))
    front = CAVITY_CENTRE_Y_MM - deep - 6.5
    front += variation.pectus_mm * float(np.exp(-0.5 * ((z + 20.0) / 45.0) ** 2))
    if z > _NOTCH_MM:
        return np.full(np.broadcast_shapes(x.shape, y.shape), FAR_MM, np.float32)
    if z > -42.0:
        width, depth = 15.5 + 11.0 * float(np.clip((z - 70.0) / 30.0, 0, 1)), 5.6
        width += 2.5 * float(np.clip((10.0 - z) / 40.0, 0, 1))
    elif z > -66.0:
        width, depth = 7.5, 3.0
    else:
        return np.full(np.broadcast_shapes(x.shape, y.shape), FAR_MM, np.float32)
    u, v = np.abs(x) / width, np.abs(y - front) / depth
    return np.asarray(((u**3.2 + v**3.2) ** (1 / 3.2) - 1) * depth, np.float32)


def _scapula(z: float, cavity: FloatArray, angle: FloatArray) -> FloatArray:
    if z < 5.0 or z > _SCAPULA_TOP_MM:
        return np.full(cavity.shape, FAR_MM, np.float32)
    inner = 44.0 - 0.2 * min(z - 5.0, 80.0)
    blade = np.abs(cavity - 21.0) - 2.0
    return _common(blade, (inner - angle) * 1.5, (angle - 62.0) * 1.5)
