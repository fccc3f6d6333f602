"""What is dense near the heart without being coronary calcium: which patient has what."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from corcal.lesions.sites import Site

if TYPE_CHECKING:  # the record of a patient holds confounders
    from corcal.phantom.spec import PatientSpec

__all__ = ["Confounder", "ConfounderKind", "draw_confounders"]


class ConfounderKind(StrEnum):
    """One kind of confounder; calcium first, devices after."""

    PERICARDIAL_SHEET = "pericardial_sheet"
    HILAR_NODE = "hilar_node"
    SUBCARINAL_NODE = "subcarinal_node"
    AORTOPULMONARY_NODE = "aortopulmonary_node"
    LUNG_GRANULOMA = "lung_granuloma"
    AIRWAY_CARTILAGE = "airway_cartilage"
    LEFT_OSTIAL_AORTA = "left_ostial_aorta"
    RIGHT_OSTIAL_AORTA = "right_ostial_aorta"
    SINOTUBULAR_JUNCTION = "sinotubular_junction"
    AORTIC_ARCH = "aortic_arch"
    BULKY_MITRAL_ANNULUS = "bulky_mitral_annulus"
    BULKY_AORTIC_VALVE = "bulky_aortic_valve"
    PAPILLARY_MUSCLE = "papillary_muscle"
    APICAL_SCAR = "apical_scar"
    STENT = "stent"
    PACEMAKER = "pacemaker"
    DEFIBRILLATOR = "defibrillator"
    RESYNCHRONISER = "resynchroniser"
    BYPASS_CLIPS = "bypass_clips"
    STERNAL_WIRES = "sternal_wires"
    AORTIC_PROSTHESIS = "aortic_prosthesis"
    MITRAL_PROSTHESIS = "mitral_prosthesis"
    PORT_CATHETER = "port_catheter"
    APPENDAGE_OCCLUDER = "appendage_occluder"

    @property
    def site(self) -> Site:
        """What it is in truth; of the aortic arch, only the front half is ascending aorta."""
        return _PROPERTIES[self].site

    @property
    def is_device(self) -> bool:
        """Whether it is metal or plastic, not calcium."""
        return self.site is Site.DEVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Properties:
    """Site, how often (part of patients of 65 years), mass range in mg, density in mg/cm3."""

    site: Site
    often: float
    mass_mg: tuple[float, float] = (0.0, 0.0)
    density_mg_per_cm3: tuple[float, float] = (250.0, 900.0)


_K, _P = ConfounderKind, _Properties
# Frequencies are for teaching, not epidemiology: rare things are drawn more often than they are.
_PROPERTIES: dict[ConfounderKind, _Properties] = {
    _K.PERICARDIAL_SHEET: _P(site=Site.PERICARDIUM, often=0.07, mass_mg=(4, 400)),
    _K.HILAR_NODE: _P(site=Site.LYMPH_NODE, often=0.13, mass_mg=(3, 250)),
    _K.SUBCARINAL_NODE: _P(site=Site.LYMPH_NODE, often=0.08, mass_mg=(3, 250)),
    _K.AORTOPULMONARY_NODE: _P(site=Site.LYMPH_NODE, often=0.08, mass_mg=(3, 150)),
    _K.LUNG_GRANULOMA: _P(site=Site.OTHER, often=0.14, mass_mg=(2, 120)),
    _K.AIRWAY_CARTILAGE: _P(
        site=Site.OTHER, often=0.12, mass_mg=(4, 80), density_mg_per_cm3=(250, 600)
    ),
    _K.LEFT_OSTIAL_AORTA: _P(site=Site.ASCENDING_AORTA, often=0.13, mass_mg=(1.0, 40)),
    _K.RIGHT_OSTIAL_AORTA: _P(site=Site.ASCENDING_AORTA, often=0.10, mass_mg=(1.0, 40)),
    _K.SINOTUBULAR_JUNCTION: _P(site=Site.ASCENDING_AORTA, often=0.13, mass_mg=(2, 90)),
    _K.AORTIC_ARCH: _P(site=Site.ASCENDING_AORTA, often=0.35, mass_mg=(2, 150)),
    _K.BULKY_MITRAL_ANNULUS: _P(site=Site.MITRAL_ANNULUS, often=0.07, mass_mg=(60, 1500)),
    _K.BULKY_AORTIC_VALVE: _P(site=Site.AORTIC_VALVE, often=0.08, mass_mg=(40, 900)),
    _K.PAPILLARY_MUSCLE: _P(site=Site.OTHER, often=0.04, mass_mg=(1, 25)),
    _K.APICAL_SCAR: _P(site=Site.OTHER, often=0.025, mass_mg=(5, 200)),
    _K.STENT: _P(site=Site.DEVICE, often=0.10),
    _K.PACEMAKER: _P(site=Site.DEVICE, often=0.03),
    _K.DEFIBRILLATOR: _P(site=Site.DEVICE, often=0.02),
    _K.RESYNCHRONISER: _P(site=Site.DEVICE, often=0.015),
    _K.BYPASS_CLIPS: _P(site=Site.DEVICE, often=0.04),
    _K.STERNAL_WIRES: _P(site=Site.DEVICE, often=0.03),
    _K.AORTIC_PROSTHESIS: _P(site=Site.DEVICE, often=0.02),
    _K.MITRAL_PROSTHESIS: _P(site=Site.DEVICE, often=0.012),
    _K.PORT_CATHETER: _P(site=Site.DEVICE, often=0.025),
    _K.APPENDAGE_OCCLUDER: _P(site=Site.DEVICE, often=0.008),
}
_OPEN_CHEST = (_K.BYPASS_CLIPS, _K.AORTIC_PROSTHESIS, _K.MITRAL_PROSTHESIS)
_LEADS = (_K.PACEMAKER, _K.DEFIBRILLATOR, _K.RESYNCHRONISER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confounder:
    """One thing that could be taken for coronary calcium.

    Attributes
    ----------
    id : str
        Unique within the patient.
    kind : ConfounderKind
        What it is, and so where.
    mass_mg, density_mg_per_cm3 : float
        Of its hydroxyapatite; 0 for a device.
    seed : int
        Of its place and shape.
    """

    id: str
    kind: ConfounderKind
    mass_mg: float = 0.0
    density_mg_per_cm3: float = 0.0
    seed: int = 0


def draw_confounders(
    spec: "PatientSpec",
    seed: int,
    *,
    chance: float = 1.0,
    chances: Mapping[ConfounderKind, float] | None = None,
) -> tuple[Confounder, ...]:
    """Draw what a patient has besides the plaques.

    Parameters
    ----------
    spec : PatientSpec
        Old patients have more calcium.
    seed : int
        The same seed and patient give the same confounders; set them by
        ``dataclasses.replace(spec, confounders=...)``.
    chance : float
        Multiplies how often each kind is there; 0 for none.
    chances : mapping of ConfounderKind to float, optional
        The same for single kinds, instead of `chance`; what else is drawn stays as it was.

    Returns
    -------
    tuple of Confounder
        At most one of each kind; wires close every chest that was opened, and there is one set of
        leads.
    """
    rng = np.random.default_rng([seed, 21])
    age = float(np.clip(1.0 + 0.035 * (spec.age_years - 65.0), 0.3, 1.6))
    drawn = []
    for kind, properties in _PROPERTIES.items():
        times = (chances or {}).get(kind, chance) * (1.0 if kind.is_device else age)
        often = times * properties.often
        here, mass, density, own = rng.random(), rng.random(), rng.random(), rng.integers(2**31)
        if here >= often:
            continue
        drawn.append(_made(kind, float(mass), float(density), int(own)))
    return _consistent(drawn)


def _made(kind: ConfounderKind, mass: float, density: float, seed: int) -> Confounder:
    """Make one, with mass and density at these parts (0 to 1) of their ranges."""
    properties = _PROPERTIES[kind]
    if kind.is_device:
        return Confounder(id=kind.value, kind=kind, seed=seed)
    low, high = properties.mass_mg
    thin, dense = properties.density_mg_per_cm3
    return Confounder(
        id=kind.value,
        kind=kind,
        mass_mg=float(low * (high / low) ** mass),
        density_mg_per_cm3=thin + (dense - thin) * density,
        seed=seed,
    )


def _consistent(drawn: list[Confounder]) -> tuple[Confounder, ...]:
    leads = [each for each in drawn if each.kind in _LEADS]
    kept = [each for each in drawn if each not in leads[1:]]
    kinds = {each.kind for each in kept}
    opened = [each for each in kept if each.kind in _OPEN_CHEST]
    if opened and _K.STERNAL_WIRES not in kinds:
        kept.append(_made(_K.STERNAL_WIRES, 0.0, 0.0, opened[0].seed + 1))
    return tuple(kept)
