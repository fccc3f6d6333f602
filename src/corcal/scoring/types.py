"""What measuring gives: one record a lesion, a vessel, a rule and a scan."""

from dataclasses import dataclass
from typing import Literal

from corcal.lesions.decision import Reason

__all__ = [
    "Contested",
    "Interval",
    "Lesion",
    "Origin",
    "RuleScore",
    "Score",
    "SiteScore",
    "TotalScore",
]

Origin = Literal["automatic", "annotation", "reader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A range that holds the true value of a score with a stated probability.

    Attributes
    ----------
    low, high : float
        Agatston units; ``low`` is 0 where a score of zero cannot be excluded.
    level : float
        Probability that the range holds the score of the same patient with certain decisions,
        without noise, at any place of the slices; such as 0.95.
    """

    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """A 3-D connected calcification of one site, measured by the rule of the result.

    Attributes
    ----------
    id : str
        ``"L1"``, ``"L2"`` ... in descending Agatston score within the exam.
    site : str
        `Site.label`: ``"LAD"``, ``"aortic_valve"`` ...
    agatston, volume_mm3, mass_mg
        Its part of the score, volume and mass.
    area_mm2 : float
        Sum over its slices of the calcified area.
    peak_hu, mean_hu : float
        Maximum and mean of its voxels.
    centroid_mm : (x, y, z)
        Mean of its voxel centres in the patient, LPS.
    slices : tuple of int
        Zero-based slice indices it appears in, ascending.
    voxel_count, slice_lesion_count : int
        Voxels, and 2-D lesions (one or more a slice).
    probabilities : dict or None
        By `Site.label`: how sure the automatic decision is; ``None`` where a person decided.
    why : tuple of Reason
        What carried the automatic decision, strongest first; empty where a person decided.
    origin : str or None
        Of a reviewed exam: ``"reader"`` if a reader decided about it in the review, else who had
        proposed it, ``"automatic"`` or ``"annotation"``. ``None`` if the exam was not reviewed:
        then the method of the exam says it of all.
    """

    id: str
    site: str
    agatston: float
    volume_mm3: float
    mass_mg: float
    area_mm2: float
    peak_hu: float
    mean_hu: float
    centroid_mm: tuple[float, float, float]
    slices: tuple[int, ...]
    voxel_count: int
    slice_lesion_count: int
    probabilities: dict[str, float] | None = None
    why: tuple[Reason, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contested:
    """A candidate that a reason for a review is about, whatever it was taken for.

    Noise, bone and metal are no calcium: they are not measured and no `Lesion`, and stand here
    alone. Nothing here is counted a second time.

    Attributes
    ----------
    lesion : str or None
        `Lesion.id` of the lesion that it is, or is a piece of; ``None`` if it is none.
    site : str
        `Site.label` that it was taken for.
    second_site : str or None
        What the second detector takes it for; ``None`` without one.
    agatston : float
        Textbook Agatston score of the candidate, counted or not.
    slices : tuple of int
        Zero-based slices that it lies in, ascending.
    centroid_mm : (x, y, z)
        Mean of its voxel centres in the patient, LPS.
    probabilities : dict
        By `Site.label`, every site.
    why : tuple of Reason
        What carried the decision.
    """

    lesion: str | None
    site: str
    second_site: str | None
    agatston: float
    slices: tuple[int, ...]
    centroid_mm: tuple[float, float, float]
    probabilities: dict[str, float]
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteScore:
    """The measurements of one vessel, of one non-coronary site, or of all vessels together.

    Attributes
    ----------
    agatston : float
        Agatston score by the rule of the result, unrounded.
    volume_mm3 : float
        Plain volume: voxels that count times voxel volume.
    volume_interpolated_mm3 : float
        Volume after isotropic linear interpolation between slices (Callister 1998).
    mass_mg : float
        Calcium mass, mg hydroxyapatite, threshold method (McCollough 2007).
    integrated_mass_mg, volume_fraction_mass_mg : float or None
        Threshold-free masses; ``None`` where no clean background could be measured.
    spatially_weighted : float or None
        Spatially weighted calcium score (Liang 2012); ``None`` without an insert in the scan.
    area_mm2 : float
        Calcified area summed over slices.
    mean_density_factor : float or None
        Agatston score over its area, increment scaling removed: 1 to 4; ``None`` without calcium.
    mean_hu, peak_hu : float or None
        Of the voxels that count; ``None`` without calcium.
    lesion_count, slice_lesion_count : int
        3-D lesions; 2-D lesions, one or more a slice.
    interval : Interval or None
        Of the Agatston score; ``None`` where a person decided what is coronary.
    """

    agatston: float
    volume_mm3: float
    volume_interpolated_mm3: float
    mass_mg: float
    integrated_mass_mg: float | None
    volume_fraction_mass_mg: float | None
    spatially_weighted: float | None
    area_mm2: float
    mean_density_factor: float | None
    mean_hu: float | None
    peak_hu: float | None
    lesion_count: int
    slice_lesion_count: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalScore(SiteScore):
    """All four vessels together; non-coronary calcium is never part of it.

    Attributes
    ----------
    vessels_involved : int
        Vessels with a score above zero, 0 to 4.
    diffusivity : float or None
        1 - (score of the most affected vessel / total); ``None`` without calcium.
    """

    vessels_involved: int
    diffusivity: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScore:
    """The Agatston scores under one named rule."""

    rule: str
    threshold_hu: float
    total: float
    vessels: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The coronary calcium of a scan under one rule, with its spread over all rules.

    Attributes
    ----------
    rule : str
        Name of the rule that every number outside `by_rule` follows.
    total : TotalScore
        The four vessels together.
    vessels : dict
        ``LM``, ``LAD``, ``LCX``, ``RCA``: always all four.
    other_sites : dict
        Non-coronary sites with calcium, by `Site.label`; never part of the total.
    by_rule : dict
        By name: the rule in use, those of the vendors, and the one adapted to the tube voltage.
    mass_calibration : str
        Where the mass factor came from: ``"scan"``, ``"header_patient"``, ``"header_device"`` or
        ``"default"``.
    calibration_mg_per_cm3_hu : float
        The factor itself.
    mass_calibration_detail : str
        One sentence: which of the factors, and why.
    category_probabilities : dict or None
        ``"0"``, ``"1-100"``, ``"101-400"``, ``">400"``: probability that the score without noise
        and doubt is in the category; ``None`` where a person decided what is coronary.
    """

    rule: str
    total: TotalScore
    vessels: dict[str, SiteScore]
    other_sites: dict[str, SiteScore]
    by_rule: dict[str, RuleScore]
    mass_calibration: str
    calibration_mg_per_cm3_hu: float
    mass_calibration_detail: str = ""
    category_probabilities: dict[str, float] | None = None
