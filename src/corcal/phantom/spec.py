"""The record of one simulated patient: every number that the phantom is built from."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from corcal.lesions.sites import Site
from corcal.phantom.confounders import Confounder

__all__ = ["PatientSpec", "Plaque", "Triple", "Variation"]

Triple = tuple[float, float, float]
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plaque:
    """One calcification to be made, in words of anatomy.

    Attributes
    ----------
    id : str
        Unique within the patient, the same in each exam.
    site : Site
        The vessel or other place it is counted to.
    branch : str
        The course it lies on (`corcal.phantom.reference_coronaries`).
    position : float
        Along that course, 0 to 1.
    angle_deg : float
        Around it: the side of the wall that it sits on.
    mass_mg : float
        Hydroxyapatite.
    density_mg_per_cm3 : float
        Mean density.
    seed : int
        Of its irregular shape. The same seed with more mass is the same plaque, grown.
    """

    id: str
    site: Site
    branch: str
    position: float
    angle_deg: float
    mass_mg: float
    density_mg_per_cm3: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """How a patient differs from the common one; the defaults are the common one.

    Attributes
    ----------
    heart_stretch : (x, y, z)
        Of the heart along its own axes, besides its size.
    heart_reach_mm : float
        Reference distance from the heart's middle beyond which nothing is turned with it.
    warp_mm : float
        Amplitude of each wave of the smooth warp of the heart.
    hearts : tuple of float
        Weights of the reference hearts (`corcal.phantom.heart_shape`), sum 1.
    lv_wall_mm : float
        Thickness of the left ventricle's wall.
    root_scale, ascending_scale, descending_scale, pulmonary_scale, appendage_scale : float
        Width of the parts of the aorta, of the pulmonary trunk, of the left atrial appendage.
    root_tilt_mm : (x, y)
        Where the top of the aortic root lies relative to the reference.
    arch_mm, unfold_mm : float
        How much higher the arch is; how far the ascending aorta bulges to the right and the
        descending one to the left and back.
    groove_fat : float
        How far fat fills the grooves, relative to the reference.
    sunk_mm : float
        How deep the arteries lie in the muscle under them, at most: it changes along each. Above 0,
        no fat is left either where an artery is pinched between chambers.
    artery_scale, vein_scale : float
        Width of the coronary arteries, walls included, and of the cardiac veins, relative to the
        reference.
    ring_off_mm : float
        Distance at least of the mitral annulus from the wall of the circumflex artery; 0: the ring
        lies where atrium and ventricle meet, however near that is.
    left_main_mm : float or None
        Length of the left main at most; ``None``: that of the reference, about 15 mm.
    tendon_mm : float or None
        Height of the diaphragm under the heart, reference mm; ``None``: that of the reference.
        If set, the heart also indents the diaphragm.
    dome_mm : (right, left)
        Height of each dome relative to its place.
    barrel : float
        Part by which the upper chest is deeper.
    pectus_mm : float
        How far the sternum is sunken.
    scoliosis_mm : float
        Sideways amplitude of the spine.
    osteophytes, calcified_cartilage : float
        From 0, none, to 1.
    shoulders : bool
        Whether shoulders and neck are there; without them the chest goes on upwards.
    arms_down : bool
        Arms beside the chest; otherwise above the head.
    table_hu : float or None
        Attenuation of the table's surface; ``None``: no table.
    pericardial_effusion_mm : float
        Thickness behind and below the heart.
    pleural_effusion_mm, atelectasis_mm : (right, left)
        Depth of the fluid, and of collapsed lung above it.
    hernia_mm : float
        Radius of the part of the stomach that lies behind the heart; 0 for none.
    oesophagus_air_mm : float
        Radius of the air in it.
    liver_left_mm : float
        How much further to the left the liver reaches.
    colon : bool
        Whether colon with gas lies under the left dome.
    """

    heart_stretch: Triple = (1.0, 1.0, 1.0)
    heart_reach_mm: float = 88.0
    warp_mm: float = 1.0
    hearts: tuple[float, ...] = (1.0,)
    lv_wall_mm: float = 9.0
    root_scale: float = 1.0
    ascending_scale: float = 1.0
    descending_scale: float = 1.0
    pulmonary_scale: float = 1.0
    appendage_scale: float = 1.0
    root_tilt_mm: Pair = (0.0, 0.0)
    arch_mm: float = 0.0
    unfold_mm: float = 0.0
    groove_fat: float = 1.0
    sunk_mm: float = 0.0
    artery_scale: float = 1.0
    vein_scale: float = 1.0
    ring_off_mm: float = 0.0
    left_main_mm: float | None = None
    tendon_mm: float | None = None
    dome_mm: Pair = (0.0, 0.0)
    barrel: float = 0.0
    pectus_mm: float = 0.0
    scoliosis_mm: float = 0.0
    osteophytes: float = 0.0
    calcified_cartilage: float = 0.0
    shoulders: bool = False
    arms_down: bool = False
    table_hu: float | None = None
    pericardial_effusion_mm: float = 0.0
    pleural_effusion_mm: Pair = (0.0, 0.0)
    atelectasis_mm: Pair = (0.0, 0.0)
    hernia_mm: float = 0.0
    oesophagus_air_mm: float = 0.0
    liver_left_mm: float = 0.0
    colon: bool = False

    @property
    def is_common(self) -> bool:
        """Whether nothing differs: the arteries need not look for their grooves."""
        return self == Variation()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientSpec:
    """A simulated patient in one exam.

    Attributes
    ----------
    seed : int
        Everything that is not in the other fields (courses of small vessels, textures, noise)
        follows from it.
    exam : int
        0 for the first exam; another exam has other noise and another position.
    sex, age_years
        As in the header.
    body_scale : (x, y, z)
        Size of the thorax relative to the reference, about 1.
    subcutaneous_fat_mm, muscle_mm : float
        Thickness at the front of the chest.
    heart_scale : float
        Size of the heart relative to the reference.
    heart_rotation_deg : (x, y, z)
        Turn of the heart about the axes; positive ``z`` turns the apex to the left.
    heart_shift_mm : (x, y, z)
        Place of the heart relative to the reference.
    chamber_scale : (lv, rv, la, ra)
        Size of each chamber.
    aorta_scale : float
        Width of the aorta.
    epicardial_fat_mm, paracardial_fat_mm : float
        Typical thickness inside and outside the pericardium.
    diaphragm_mm : float
        Level of the diaphragm relative to the reference, positive towards the head.
    left_dominant : bool
        Whether the circumflex artery gives the posterior descending one.
    blood_hu, fat_hu, muscle_hu, liver_hu, lung_hu, marrow_hu : float
        Tissue attenuation.
    table_mm : (x, y, z)
        Where the scanner says that the reference point is.
    date : str
        Of the exam, YYYY-MM-DD.
    plaques : tuple of Plaque
        Its calcium.
    variation : Variation
        What is not as in the common patient.
    confounders : tuple of Confounder
        What else is dense: `corcal.phantom.confounders.draw_confounders`.
    """

    seed: int
    exam: int = 0
    sex: Literal["M", "F"]
    age_years: float
    body_scale: Triple
    subcutaneous_fat_mm: float
    muscle_mm: float
    heart_scale: float
    heart_rotation_deg: Triple
    heart_shift_mm: Triple
    chamber_scale: tuple[float, float, float, float]
    aorta_scale: float
    epicardial_fat_mm: float
    paracardial_fat_mm: float
    diaphragm_mm: float
    left_dominant: bool
    blood_hu: float
    fat_hu: float
    muscle_hu: float
    liver_hu: float
    lung_hu: float
    marrow_hu: float
    table_mm: Triple
    date: str
    plaques: tuple[Plaque, ...]
    variation: Variation = field(default_factory=Variation)
    confounders: tuple[Confounder, ...] = ()

    @property
    def reference_mm(self) -> float:
        """Mean size of the thorax relative to the reference."""
        return float(np.mean(self.body_scale))
