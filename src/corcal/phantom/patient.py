"""Who is simulated: one patient, drawn from one seed, every part of which can be set."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Literal

import numpy as np

from corcal.errors import InputError
from corcal.lesions.sites import CORONARY_SITES, Site, Vessel
from corcal.phantom.spec import PatientSpec, Plaque, Triple, Variation

__all__ = ["BURDENS", "Burden", "PatientSpec", "Plaque", "Variation", "aged", "draw_patient"]

Burden = Literal["none", "mild", "moderate", "severe"]

# Coronary calcium mass in mg, lowest and highest. On the default scanner one mg scores about 3
# Agatston units (more in large plaques, less in small ones), so these are about 5 to 90, 100 to
# 390 and 450 to 1500.
BURDENS: dict[Burden, tuple[float, float]] = {
    "none": (0.0, 0.0),
    "mild": (6.0, 25.0),
    "moderate": (42.0, 100.0),
    "severe": (140.0, 420.0),
}
# How often calcium is in each vessel, and how much of it there: LAD first, left main least.
_VESSEL_WEIGHT = {Site.LM: 0.3, Site.LAD: 2.4, Site.LCX: 1.0, Site.RCA: 1.5}
# Branches that calcify, with their weight and the part of their length where calcium lies:
# plaques prefer the proximal thirds.
_LARGEST_MG = 22.0  # typical mass of the largest plaque; more calcium makes more plaques
_PLACES: dict[Site, tuple[tuple[str, float, float, float], ...]] = {
    Site.LM: (("left_main", 1.0, 0.12, 0.95),),
    Site.LAD: (("lad", 4.0, 0.03, 0.55), ("first_diagonal", 0.7, 0.1, 0.5)),
    Site.LCX: (("lcx", 3.0, 0.08, 0.75), ("first_marginal", 0.5, 0.1, 0.5)),
    Site.RCA: (("rca", 4.0, 0.08, 0.9),),
    Site.ASCENDING_AORTA: (("ascending_aorta", 1.0, 0.1, 0.7),),
    Site.DESCENDING_AORTA: (("descending_aorta", 1.0, 0.1, 0.75),),
    Site.AORTIC_VALVE: (("aortic_valve", 1.0, 0.1, 0.9),),
    Site.MITRAL_ANNULUS: (("mitral_annulus", 1.0, 0.2, 0.8),),
}


def draw_patient(
    seed: int,
    *,
    burden: Burden | Mapping[Vessel, float] = "moderate",
    variety: float = 0.0,
    **overrides: object,
) -> PatientSpec:
    """Draw a patient.

    Parameters
    ----------
    seed : int
        The same seed gives the same patient.
    burden : str or mapping
        How much coronary calcium: a word of `BURDENS`, or mg for each vessel (absent: none).
    variety : float
        0 gives common patients, 1 patients as different as people are
        (`corcal.phantom.variety`); the calcium is the same.
    **overrides
        Fields of `PatientSpec` to set instead of drawing them; what is not set stays as drawn.

    Returns
    -------
    PatientSpec
        Its first exam.

    Raises
    ------
    InputError
        For a burden or an override that does not exist.
    """
    _check(burden, overrides)
    spec = _draw_body(seed)
    preset = {k: v for k, v in overrides.items() if k in {"sex", "age_years"}}
    if preset:
        spec = _draw_body(seed, **preset)  # type: ignore[arg-type]
    rng = np.random.default_rng([seed, 2])
    plaques = (*_coronary_plaques(rng, burden), *_other_plaques(rng, spec.age_years, burden))
    spec = replace(spec, plaques=plaques)
    if variety > 0:
        from corcal.phantom.variety import varied  # it imports the placement, which needs a patient

        spec = varied(spec, variety=variety)
    return replace(spec, **overrides)  # type: ignore[arg-type]


def aged(first: PatientSpec, *, years: float = 3.0, growth: float | None = None) -> PatientSpec:
    """Give the same patient, some years on.

    Parameters
    ----------
    first : PatientSpec
        The earlier exam.
    years : float
        Time between the exams, above 0.
    growth : float, optional
        Yearly increase in the mass of each plaque, such as 0.15; if not given, each plaque has its
        own, 0.10 to 0.25.

    Returns
    -------
    PatientSpec
        All plaques grown in place, one new small coronary plaque if there was any before, the
        heart in a slightly different phase and the patient in a slightly different position.

    Raises
    ------
    InputError
        If `years` is not positive.
    """
    if years <= 0:
        msg = f"the time between two exams must be above 0 years, got {years:g}"
        raise InputError(msg)
    exam = first.exam + 1
    rng = np.random.default_rng([first.seed, 3, exam])
    rates = rng.uniform(0.10, 0.25, len(first.plaques)) if growth is None else None
    grown = tuple(
        replace(
            plaque,
            mass_mg=plaque.mass_mg * (1 + (growth or 0.0 if rates is None else rates[k])) ** years,
            density_mg_per_cm3=min(1200.0, plaque.density_mg_per_cm3 * 1.01**years),
        )
        for k, plaque in enumerate(first.plaques)
    )
    year, month, day = (int(part) for part in first.date.split("-"))
    months = month - 1 + round(12 * years)
    return replace(
        first,
        exam=exam,
        age_years=first.age_years + years,
        heart_scale=first.heart_scale * rng.uniform(0.985, 1.015),
        heart_rotation_deg=_jitter(rng, first.heart_rotation_deg, 1.2),
        heart_shift_mm=_jitter(rng, first.heart_shift_mm, 1.5),
        diaphragm_mm=first.diaphragm_mm + rng.normal(0, 3),
        table_mm=_jitter(rng, first.table_mm, 12.0),
        date=f"{year + months // 12:04d}-{months % 12 + 1:02d}-{min(day, 28):02d}",
        plaques=(*grown, *_new_plaque(rng, first, exam)),
    )


def _check(burden: object, overrides: Mapping[str, object]) -> None:
    if isinstance(burden, str) and burden not in BURDENS:
        msg = f"burden {burden!r} is unknown, allowed {', '.join(BURDENS)} or mg for each vessel"
        raise InputError(msg)
    unknown = set(overrides) - {f.name for f in fields(PatientSpec)}
    if unknown:
        msg = f"a patient has no {', '.join(sorted(unknown))}"
        raise InputError(msg)


def _jitter(rng: np.random.Generator, value: Triple, sd: float) -> Triple:
    x, y, z = (round(float(v + d), 3) for v, d in zip(value, rng.normal(0, sd, 3), strict=True))
    return x, y, z


def _draw_body(
    seed: int, *, sex: Literal["M", "F"] | None = None, age_years: float | None = None
) -> PatientSpec:
    """Everything but the calcium. Draws in a fixed order, so that overrides disturb nothing."""
    rng = np.random.default_rng([seed, 1])
    u = rng.uniform
    drawn_sex: Literal["M", "F"] = "F" if u() < 0.45 else "M"
    sex = drawn_sex if sex is None else sex
    drawn_age = float(rng.integers(45, 80))
    age = drawn_age if age_years is None else age_years
    female = sex == "F"
    size = rng.normal(0.95 if female else 1.03, 0.03)
    habitus = float(np.clip(rng.normal(0.0, 1.0), -1.8, 2.2))  # thin to obese, in SD
    scale = np.clip(
        size * (1 + rng.normal(0, 0.02, 3)) + habitus * np.array([0.02, 0.03, 0]), 0.85, 1.2
    )
    heart = (1.05 if female else 1.13) * (1 + 0.03 * habitus) * float(np.exp(rng.normal(0, 0.04)))
    fat = (17.0 if female else 12.0) * float(np.exp(0.45 * habitus + rng.normal(0, 0.15)))
    return PatientSpec(
        seed=seed,
        sex=sex,
        age_years=age,
        body_scale=(float(scale[0]), float(scale[1]), float(scale[2])),
        subcutaneous_fat_mm=float(np.clip(fat, 4, 45)),
        muscle_mm=(8.0 if female else 13.0) * u(0.75, 1.25),
        heart_scale=float(np.clip(heart, 0.9, 1.3)),
        heart_rotation_deg=(rng.normal(-2, 4), rng.normal(0, 5), rng.normal(9 + 3 * habitus, 5)),
        heart_shift_mm=(rng.normal(2, 3), rng.normal(0, 2), rng.normal(0, 3)),
        chamber_scale=(u(0.95, 1.06), u(0.95, 1.06), u(0.94, 1.1), u(0.95, 1.08)),
        aorta_scale=u(0.94, 1.08) * (1 + 0.003 * (age - 60)) * (0.95 if female else 1.03),
        epicardial_fat_mm=float(np.clip(3.4 + 1.3 * habitus + rng.normal(0, 0.6), 1.4, 8)),
        paracardial_fat_mm=float(np.clip(5 + 3.0 * habitus + rng.normal(0, 1), 1.0, 14)),
        diaphragm_mm=rng.normal(3 * habitus, 6),
        left_dominant=bool(u() < 0.1),
        blood_hu=u(36, 48),
        fat_hu=u(-112, -98),
        muscle_hu=u(48, 60),
        liver_hu=u(50, 65) if u() < 0.8 else u(20, 45),
        lung_hu=u(-885, -835),
        marrow_hu=float(np.clip(210 - 2.0 * (age - 45) + rng.normal(0, 20), 90, 260)),
        table_mm=(u(-15, 15), u(-180, -140), u(-260, -160)),
        date=f"20{rng.integers(16, 24):02d}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
        plaques=(),
    )


def _coronary_plaques(
    rng: np.random.Generator, burden: Burden | Mapping[Vessel, float]
) -> tuple[Plaque, ...]:
    if isinstance(burden, str):
        low, high = BURDENS[burden]
        total = float(np.exp(rng.uniform(np.log(low), np.log(high)))) if high > 0 else 0.0
        masses = _share_vessels(rng, total, burden)
    else:
        masses = {Site[Vessel(vessel).name]: mass for vessel, mass in burden.items()}
    return tuple(
        plaque
        for site in CORONARY_SITES
        for plaque in _vessel_plaques(rng, site, masses.get(site, 0.0))
    )


def _share_vessels(rng: np.random.Generator, total_mg: float, burden: Burden) -> dict[Site, float]:
    """Part of the mass that each vessel gets; mild disease spares some vessels."""
    if total_mg == 0:
        return {}
    weights = np.array([_VESSEL_WEIGHT[site] for site in CORONARY_SITES])
    parts = rng.gamma(1.2, weights)
    keep = {"mild": 0.45, "moderate": 0.8, "severe": 1.0}.get(burden, 1.0)
    parts[(rng.random(4) > keep) & (np.arange(4) != 1)] = 0.0  # the LAD always has some
    parts = np.maximum(parts, 0.03 * weights * (parts > 0))
    return dict(zip(CORONARY_SITES, (total_mg * parts / parts.sum()).tolist(), strict=True))


def _vessel_plaques(rng: np.random.Generator, site: Site, mass_mg: float) -> list[Plaque]:
    """Split the mass of a vessel into plaques of very different size, well apart."""
    if mass_mg <= 0:
        return []
    largest = 6 if site is not Site.LM else 2
    count = int(np.clip(rng.poisson(0.7 + 0.8 * np.log1p(mass_mg / 4)) + 1, 1, largest))
    count = max(min(count, max(1, int(mass_mg / 2.5))), int(np.ceil(mass_mg / _LARGEST_MG)))
    parts = np.exp(rng.normal(0, 0.8 if mass_mg < _LARGEST_MG else 0.3, count))
    parts *= mass_mg / parts.sum()
    return [
        _plaque(rng, f"{site.label}-{k + 1}", site, float(parts[k]), (k + 0.5) / count)
        for k in range(count)
    ]


def _plaque(
    rng: np.random.Generator, name: str, site: Site, mass_mg: float, where: float | None = None
) -> Plaque:
    """Draw one plaque; `where` (0 to 1) spreads those of a vessel along its courses."""
    places = _PLACES[site]
    weight = np.array([place[1] for place in places])
    branch, _, low, high = places[int(rng.choice(len(places), p=weight / weight.sum()))]
    at = rng.random() if where is None else float(np.clip(where + rng.normal(0, 0.06), 0, 1))
    # Larger plaques are denser (mean density 200 to 1200 mg/cm3).
    density = 350 + 150 * np.log1p(mass_mg) * np.exp(rng.normal(0, 0.3)) + rng.uniform(-150, 150)
    return Plaque(
        id=name,
        site=site,
        branch=branch,
        position=low + (high - low) * at,
        angle_deg=float(rng.uniform(0, 360)),
        mass_mg=mass_mg,
        density_mg_per_cm3=float(np.clip(density, 200, 1200)),
        seed=int(rng.integers(2**31)),
    )


def _other_plaques(
    rng: np.random.Generator, age_years: float, burden: Burden | Mapping[Vessel, float]
) -> list[Plaque]:
    """Calcium outside the coronary arteries, commoner with age and with coronary calcium."""
    grade = list(BURDENS).index(burden) if isinstance(burden, str) else 2
    chance = np.clip(0.08 + 0.012 * (age_years - 50) + 0.12 * grade, 0.05, 0.9)
    often = {
        Site.ASCENDING_AORTA: 0.5,
        Site.DESCENDING_AORTA: 1.0,
        Site.AORTIC_VALVE: 0.6,
        Site.MITRAL_ANNULUS: 0.4,
    }
    out = []
    for site, factor in often.items():
        count = int(rng.poisson(1 + grade / 2)) if rng.random() < chance * factor else 0
        for k in range(count):
            mass = float(np.exp(rng.normal(1.2, 0.8)))
            out.append(_plaque(rng, f"{site.label}-{k + 1}", site, mass))
    return out


def _new_plaque(rng: np.random.Generator, first: PatientSpec, exam: int) -> tuple[Plaque, ...]:
    coronary = [p for p in first.plaques if p.site.vessel is not None]
    if not coronary:
        return ()
    site = coronary[int(rng.integers(len(coronary)))].site
    site = Site.LAD if site is Site.LM else site
    taken = [p.position for p in coronary if p.site is site]
    tries = [_plaque(rng, f"new-{exam}", site, 1.5) for _ in range(12)]
    return (max(tries, key=lambda p: min(abs(p.position - t) for t in [*taken, 9.0])),)
