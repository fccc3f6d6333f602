"""Draw patients as different as people are, and make them fit together.

The ranges are wider than any one population, so that what is trained on them has seen both sides
of every real chest. Ranges of the aorta: Wolak A et al. 2008 (doi:10.1016/j.jcmg.2007.11.005,
ascending 33 +- 4 mm without contrast); epicardial fat from almost none to more than 15 mm:
Iacobellis G and Willens HJ 2009 (doi:10.1016/j.echo.2009.10.013); left main 10.5 +- 5.3 mm long:
Medrano-Gracia P et al. 2016 (doi:10.4244/EIJV12I7A139, CT angiograms of 300 adults).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.heart_shape import HEART_COUNT, heart_shape
from corcal.phantom.placement import Placement
from corcal.phantom.spec import PatientSpec, Triple, Variation

__all__ = ["varied"]

_ELEVATIONS_DEG, _AZIMUTHS_DEG = np.arange(-75, 76, 30), np.arange(0, 360, 30)
# Where a heart must lie, reference mm: behind the sternum and in front of spine and oesophagus.
_FRONT_MM, _BACK_MM = -61.0, 66.0
_BASE_MM, _BASE_HEIGHT_MM = (12.0, 10.0, 29.0), (20.0, 39.0)  # the ostium of the left main
_LEAST_DEPTH = 0.8  # the least stretch from front to back
_MOST_SCALE = 1.4
_LEFT_MAIN_MM = (10.5, 5.3)  # mean and standard deviation


def varied(spec: PatientSpec, *, variety: float) -> PatientSpec:
    """Give another patient who is as far from the common one as `variety` says.

    Parameters
    ----------
    spec : PatientSpec
        A drawn patient; seed, sex, age and calcium are kept.
    variety : float
        0 changes nothing, 1 is the whole range of people, more is beyond it.

    Returns
    -------
    PatientSpec
        Its heart lies between sternum and spine and on the diaphragm.
    """
    if variety <= 0:
        return spec
    rng = np.random.default_rng([spec.seed, 10])
    spec = _habitus(rng, spec, variety)
    spec = _heart(rng, spec, variety)
    spec = replace(spec, variation=_variation(rng, spec, variety))
    return _on_diaphragm(_between_sternum_and_spine(_under_its_vessels(spec)))


def _habitus(rng: np.random.Generator, spec: PatientSpec, amount: float) -> PatientSpec:
    """Draw thorax, fat, muscle and tissues; everyone keeps something of what was drawn."""
    x, y, z = np.clip(spec.body_scale * np.exp(amount * rng.normal(0, 0.05, 3)), 0.8, 1.25)
    u = rng.uniform
    return replace(
        spec,
        body_scale=(float(x), float(y), float(z)),
        subcutaneous_fat_mm=_toward(rng, spec.subcutaneous_fat_mm, (2.0, 60.0), amount),
        muscle_mm=float(np.clip(spec.muscle_mm * np.exp(0.25 * amount * rng.normal()), 4, 22)),
        epicardial_fat_mm=_toward(rng, spec.epicardial_fat_mm, (0.5, 12.0), amount),
        paracardial_fat_mm=_toward(rng, spec.paracardial_fat_mm, (0.5, 30.0), amount),
        diaphragm_mm=float(spec.diaphragm_mm + amount * u(-14, 20)),
        blood_hu=float(spec.blood_hu + amount * u(-6, 6)),
        fat_hu=float(spec.fat_hu + amount * u(-8, 10)),
        muscle_hu=float(spec.muscle_hu + amount * u(-14, 6)),
        liver_hu=float(spec.liver_hu + amount * u(-15, 12)),
        lung_hu=float(spec.lung_hu + amount * u(-50, 90)),
        marrow_hu=float(np.clip(spec.marrow_hu + amount * u(-60, 80), 50, 340)),
    )


def _toward(
    rng: np.random.Generator, value: float, limits: tuple[float, float], amount: float
) -> float:
    """Move a positive quantity towards a log-uniform draw between limits."""
    low, high = np.log(limits)
    share = min(1.0, amount) * rng.uniform(0.2, 1.0)
    log = (1 - share) * np.log(value) + share * rng.uniform(low, high)
    return float(np.exp(np.clip(log, low, high)))


def _heart(rng: np.random.Generator, spec: PatientSpec, amount: float) -> PatientSpec:
    size = spec.heart_scale * np.exp(amount * float(np.clip(rng.normal(0, 0.1), -0.25, 0.22)))
    turn = np.clip(rng.normal(0, 9.0, 3), -20, 20) * amount
    turned = np.array(spec.heart_rotation_deg) + turn
    chambers = np.array(spec.chamber_scale) * np.exp(amount * rng.uniform(-0.14, 0.14, 4))
    if rng.random() < 0.3:  # one chamber is large
        chambers[rng.integers(4)] *= 1 + 0.15 * min(amount, 1.0)
    chambers = np.clip(chambers, 0.85, 1.28)
    shift = np.array(spec.heart_shift_mm) + amount * rng.normal(0, (4, 2, 5))
    return replace(
        spec,
        heart_scale=float(np.clip(size, 0.85, _MOST_SCALE)),
        heart_rotation_deg=_triple(turned),
        heart_shift_mm=_triple(shift),
        chamber_scale=(
            float(chambers[0]),
            float(chambers[1]),
            float(chambers[2]),
            float(chambers[3]),
        ),
    )


def _variation(rng: np.random.Generator, spec: PatientSpec, amount: float) -> Variation:
    u = rng.uniform
    old = float(np.clip((spec.age_years - 45.0) / 35.0, 0, 1))

    def some(chance: float) -> bool:
        return bool(rng.random() < chance * min(amount, 1.0))

    def around(spread: float) -> float:
        return float(np.exp(amount * u(-spread, spread)))

    dilated = 1 + (u(0.1, 0.4) if some(0.2) else 0.0)

    def width(drawn: float, radius_mm: float, limits_mm: tuple[float, float]) -> float:
        """Scale a vessel of this reference radius, within limits of its own radius."""
        whole = radius_mm * spec.heart_scale
        return float(np.clip(drawn, limits_mm[0] / whole, limits_mm[1] / whole))

    aorta = 16.0 * spec.aorta_scale
    return Variation(
        heart_stretch=_triple(np.exp(amount * rng.normal(0, 0.04, 3))),
        heart_reach_mm=88.0 + 14.0 * amount,
        warp_mm=1.0 + amount * u(0, 1.6),
        hearts=_weights(rng, amount),
        lv_wall_mm=9.0 + amount * u(-1.5, 6.0),
        root_scale=width(around(0.12) * (0.5 + 0.5 * dilated), aorta, (12.5, 25.0)),
        ascending_scale=width(around(0.14) * dilated, aorta, (12.0, 26.0)),
        descending_scale=width(0.92 * around(0.16), 0.81 * aorta, (9.0, 18.0)),
        pulmonary_scale=width(around(0.2), 14.0, (11.0, 21.0)),
        appendage_scale=around(0.3),
        root_tilt_mm=(amount * rng.normal(0, 3.5), amount * rng.normal(0, 3.0)),
        arch_mm=amount * u(-12, 14 + 6 * old),
        unfold_mm=amount * old * u(0, 22),
        groove_fat=around(0.4),
        dome_mm=(amount * rng.normal(0, 5), amount * rng.normal(0, 6)),
        barrel=amount * u(0, 1),
        pectus_mm=u(6, 22) if some(0.07) else 0.0,
        scoliosis_mm=amount * rng.normal(0, 6),
        osteophytes=float(np.clip(amount * old * u(-0.2, 1.2), 0, 1)),
        calcified_cartilage=float(np.clip(amount * (0.2 + 0.8 * old) * u(-0.2, 1.2), 0, 1)),
        shoulders=True,
        arms_down=some(0.35),
        table_hu=u(50, 200) if some(0.75) else None,
        pericardial_effusion_mm=u(2, 12) if some(0.12) else 0.0,
        pleural_effusion_mm=_sides(rng, (5, 45)) if some(0.18) else (0.0, 0.0),
        atelectasis_mm=_sides(rng, (3, 28)) if some(0.3) else (0.0, 0.0),
        hernia_mm=u(12, 34) if some(0.14) else 0.0,
        oesophagus_air_mm=u(1.0, 4.5) if some(0.4) else 0.0,
        liver_left_mm=amount * u(-12, 45),
        colon=some(0.3),
        left_main_mm=float(np.clip(rng.normal(*_LEFT_MAIN_MM), 2.5, 24.0)),
    )


def _weights(rng: np.random.Generator, amount: float) -> tuple[float, ...]:
    """Draw how much of each reference heart; the plain one has at least what variety leaves."""
    share = min(amount, 1.0) * rng.dirichlet(np.full(HEART_COUNT, 0.8))
    share[0] += 1.0 - share.sum()
    return tuple(share.tolist())


def _sides(rng: np.random.Generator, limits: tuple[float, float]) -> tuple[float, float]:
    """Draw a depth for the right, the left or both sides."""
    which = rng.integers(1, 4)
    right, left = rng.uniform(*limits, 2)
    return float(right * (which & 1)), float(left * (which >> 1))


def _triple(values: NDArray[np.floating]) -> Triple:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _surface(spec: PatientSpec) -> NDArray[np.float64]:
    """Points of the chambers' surface (n, 3) in the thorax's reference frame."""
    elevation, azimuth = (
        np.radians(v) for v in np.meshgrid(_ELEVATIONS_DEG, _AZIMUTHS_DEG, indexing="ij")
    )
    shape = heart_shape(spec.variation.hearts).chambers
    across = np.cos(elevation)
    ray = np.stack([across * np.cos(azimuth), across * np.sin(azimuth), np.sin(elevation)], -1)
    points = [
        (np.array(c.centre_mm) + scale * np.array(c.radii_mm)[..., None] * ray).reshape(-1, 3)
        for c, scale in zip(
            (shape[name] for name in ("lv", "rv", "la", "ra")), spec.chamber_scale, strict=True
        )
    ]
    placed = Placement(spec).to_patient(np.concatenate(points))
    return np.asarray(placed / spec.body_scale)


def _between_sternum_and_spine(spec: PatientSpec) -> PatientSpec:
    """Flatten a heart that is too deep for its chest, then move it to where it has room."""
    front = _FRONT_MM + spec.variation.pectus_mm + 0.6 * spec.epicardial_fat_mm
    for _ in range(3):
        y = _surface(spec)[:, 1]
        deep, room = float(np.ptp(y)), _BACK_MM - front
        if deep > room:
            sx, sy, sz = spec.variation.heart_stretch
            flat = max(sy * room / deep, _LEAST_DEPTH)
            wide = (sy / flat) ** 0.35  # what it loses in depth it gains in part elsewhere
            stretch = (sx * wide, flat, sz * wide)
            spec = replace(spec, variation=replace(spec.variation, heart_stretch=stretch))
            y = _surface(spec)[:, 1]
        move = max(0.0, front - float(y.min())) - max(0.0, float(y.max()) - _BACK_MM)
        dx, dy, dz = spec.heart_shift_mm
        if spec.variation.pectus_mm:
            dx += 0.15 * spec.variation.pectus_mm  # a sunken sternum pushes the heart to the left
        spec = replace(spec, heart_shift_mm=(dx, dy + move, dz))
    return spec


def _under_its_vessels(spec: PatientSpec) -> PatientSpec:
    """Keep the base where the great vessels hold it: a large heart grows down, not up."""
    place = Placement(spec).to_patient(np.array([_BASE_MM]))[0]
    height = float(place[2] / spec.body_scale[2])
    dx, dy, dz = spec.heart_shift_mm
    dz += float(np.clip(height, *_BASE_HEIGHT_MM)) - height
    return replace(spec, heart_shift_mm=(dx, dy, dz))


def _on_diaphragm(spec: PatientSpec) -> PatientSpec:
    """Let the diaphragm's tendon lie under the heart, wherever that is."""
    low = float(np.quantile(_surface(spec)[:, 2], 0.02))
    tendon = low - 1.0 - 0.3 * spec.epicardial_fat_mm - 0.4 * spec.variation.pericardial_effusion_mm
    # The domes never leave the tendon far behind.
    level = spec.diaphragm_mm + float(np.clip(tendon + 54.0 - spec.diaphragm_mm, -25, 15) * 0.5)
    variation = replace(spec.variation, tendon_mm=tendon)
    return replace(spec, diaphragm_mm=level, variation=variation)
