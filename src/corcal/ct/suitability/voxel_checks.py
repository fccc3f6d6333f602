"""Checks of fitness for calcium scoring: what the voxels show.

Limits of noise follow the calibration standard of 2007 [1]_ (20 HU for small and medium patients,
23 HU for large ones). The range of blood without contrast is a choice of corcal by a line that was
fitted to 522 patients [2]_, haemoglobin in g/dL = 0.329 HU - 0.875: 20 HU are 5.7 g/dL, 70 HU are
22.2 g/dL, the one severe anaemia, the other more than polycythaemia has. The other limits are
choices of corcal, made so that each of the real scans they were tried on is well on its side.

References
----------
.. [1] McCollough CH et al. Radiology 2007;243:527-538. doi:10.1148/radiol.2432050808
.. [2] Anaemia in virtual non-contrast images of spectral CT: PMC8128794 (abstract)
"""

from collections.abc import Iterator

from corcal.ct.findings import finding
from corcal.ct.scan import Finding, Severity
from corcal.ct.suitability.thorax import ENHANCED_HU, ThoraxMeasures

__all__ = ["heart_findings", "phantom_findings", "shows_heart", "shows_phantom"]

MIN_BODY_SHARE = 0.02  # of the volume; measured 0.25 to 0.75
MIN_LUNG_ML = 200.0  # measured 600 ml and more, even in a field of view of 164 mm
MIN_LUNG_AREA_CM2 = 15.0  # gas in the bowel stays below
CHEST_LUNG_ML = 1000.0  # this much lung is a chest, even if no heart was made out in it
MIN_HEART_AREA_CM2 = 20.0  # measured 75 cm2 and more
SHORT_HEART_MM = 80.0  # from the diaphragm to the top of the scan; measured 90 to 120 mm
CUT_HEART_MM = 60.0  # the roots of the coronary arteries are not seen
CUT_BELOW_SHARE = 0.35  # lung area of the lowest slice over the largest; measured 0 to 0.05
NO_HEART_BELOW_SHARE = 0.85  # the scan begins in the middle of the heart, or above it
# Blood without contrast has 30 to 60 HU; measured 34 to 46 HU in real scans of 120 kVp and 33 to
# 53 HU in simulated ones of 80 to 140 kVp. Outside of the range every HU of the scan is in doubt.
BLOOD_RANGE_HU = (20.0, 70.0)  # [2]
NATIVE_BLOOD_HU = 80.0  # below, not even a tag that names an agent is believed
NOISE_HU = 20.0  # [1], chest up to 38 cm wide
NOISE_LARGE_HU = 23.0  # [1], wider chest
LARGE_CHEST_MM = 380.0  # [1]
MAX_NOISE_HU = 30.0  # choice: one voxel of 400 of blood then exceeds 130 HU


def shows_phantom(measures: ThoraxMeasures) -> bool:
    """Whether the voxels are those of a chest phantom: lungs and heart that never change in z."""
    return measures.is_extruded and measures.heart_area_cm2 >= MIN_HEART_AREA_CM2


def shows_heart(measures: ThoraxMeasures) -> bool:
    """Whether there are lungs, with soft tissue between them or enough of them to be a chest."""
    if measures.lung_volume_ml < MIN_LUNG_ML or measures.lung_area_cm2 < MIN_LUNG_AREA_CM2:
        return False
    return (
        measures.heart_area_cm2 >= MIN_HEART_AREA_CM2
        or measures.is_cut_laterally
        or measures.lung_volume_ml >= CHEST_LUNG_ML
    )


def phantom_findings(measures: ThoraxMeasures) -> tuple[Finding, ...]:
    """Judge the voxels of a phantom: it has neither blood nor a diaphragm."""
    noise = measures.noise_hu
    if noise is None:
        return ()
    return (finding("VOXELS_MEASURED", f"noise {noise:.0f} HU in the body of the phantom"),)


def heart_findings(measures: ThoraxMeasures, *, claims_contrast: bool) -> tuple[Finding, ...]:
    """Judge the voxels of a person's scan.

    Parameters
    ----------
    measures : ThoraxMeasures
        From `corcal.ct.suitability.thorax.measure_thorax`.
    claims_contrast : bool
        A tag names a contrast agent.

    Returns
    -------
    tuple of Finding
        Codes of the catalogue.
    """
    if measures.body_share < MIN_BODY_SHARE:
        message = "the voxels show nothing but air; a CT of the chest is needed"
        return (finding("NO_BODY", message),)
    if not shows_heart(measures):
        message = (
            f"{measures.lung_volume_ml:.0f} ml of lung and no heart between lungs in the image; "
            "a CT of the chest is needed"
        )
        return (finding("NOT_HEART", message),)
    return (
        *_about_coverage(measures),
        *_about_blood(measures, claims_contrast=claims_contrast),
        *_about_noise(measures),
    )


def _about_coverage(measures: ThoraxMeasures) -> Iterator[Finding]:
    if measures.heart_area_cm2 < MIN_HEART_AREA_CM2:
        yield finding(
            "HEART_NOT_CONFIRMED",
            "lungs are seen, but no soft tissue with lung on both sides: see that it is the heart",
        )
        return
    height = measures.heart_height_mm
    if height < SHORT_HEART_MM:
        yield finding(
            "HEART_CUT_ABOVE",
            f"the scan ends {height:.0f} mm above the lowest level of the heart; the coronary "
            "arteries need about 90 mm",
            Severity.ERROR if height < CUT_HEART_MM else None,
        )
    if measures.bottom_lung_share >= CUT_BELOW_SHARE:
        yield finding(
            "HEART_CUT_BELOW",
            "the lowest slice is above the diaphragm: the lower part of the heart is not seen",
            Severity.ERROR if measures.bottom_lung_share >= NO_HEART_BELOW_SHARE else None,
        )


def _about_blood(measures: ThoraxMeasures, *, claims_contrast: bool) -> Iterator[Finding]:
    blood = measures.blood_hu
    if blood is None:
        yield finding(
            "BLOOD_POOL_NOT_FOUND",
            "the blood pool could not be located, so that contrast cannot be excluded",
        )
    elif blood >= ENHANCED_HU or (blood >= NATIVE_BLOOD_HU and claims_contrast):
        yield finding(
            "CONTRAST_MEASURED",
            f"the blood pool has {blood:.0f} HU: contrast agent hides calcium (metal, and an image "
            "that is turned, can look the same); without contrast it has 30 to 60 HU, up to "
            f"{BLOOD_RANGE_HU[1]:g} is accepted",
        )
    elif blood > BLOOD_RANGE_HU[1]:
        yield finding(
            "BLOOD_POOL_BRIGHT",
            f"the blood pool has {blood:.0f} HU, not 30 to 60: perhaps contrast of an earlier "
            "scan, or the rescale or the calibration of the scanner is wrong; scores are too high",
        )
    elif blood < BLOOD_RANGE_HU[0]:
        yield finding(
            "BLOOD_POOL_DARK",
            f"the blood pool has {blood:.0f} HU, not 30 to 60: the rescale or the calibration of "
            "the scanner may be wrong, and calcium is missed then",
        )


def _about_noise(measures: ThoraxMeasures) -> Iterator[Finding]:
    noise, blood = measures.noise_hu, measures.blood_hu
    if noise is None or blood is None or blood >= ENHANCED_HU:
        return  # filled and unfilled chambers side by side are not noise
    yield finding("VOXELS_MEASURED", f"blood pool {blood:.0f} HU, noise {noise:.0f} HU")
    is_large = measures.is_cut_laterally or measures.body_width_mm > LARGE_CHEST_MM
    limit = NOISE_LARGE_HU if is_large else NOISE_HU
    if noise > MAX_NOISE_HU:
        yield finding(
            "NOISE_TOO_HIGH",
            f"the noise is {noise:.0f} HU: above {MAX_NOISE_HU:g} HU it looks like small lesions "
            "(thicker slices or a smoother kernel have less)",
        )
    elif noise > limit:
        yield finding(
            "NOISE_HIGH", f"the noise is {noise:.0f} HU, above the {limit:g} HU of the standard"
        )
