"""Calcium mass by the threshold method, and where its calibration comes from.

    mass (mg) = c * volume (mm3) * mean HU / 1000

over the voxels that count, with the calibration factor c in mg hydroxyapatite per cm3 and HU:
c = density / (HU of the insert - HU of water), measured on a calibration insert [1]_. The mean is
taken from 0 HU, not from the tissue around the lesion: the definition of the consensus, and the
reason why this mass is too high for lesions of low contrast.

References
----------
.. [1] McCollough CH et al. Radiology 2007;243:527-538. doi:10.1148/radiol.2432050808
.. [2] van Praagh GD et al. Med Phys 2021. doi:10.1002/mp.14912
"""

from dataclasses import dataclass
from typing import Literal, TypeGuard

import numpy as np

from corcal.ct.scan import Acquisition, CTScan
from corcal.errors import InputError
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.scoring.rules import REFERENCE_KVP, adapted_rule_for, is_kvp_independent

__all__ = [
    "DEFAULT_CALIBRATION_MG_PER_CM3_HU",
    "MassCalibration",
    "calcium_mass_mg",
    "calibration_from_insert",
    "choose_mass_calibration",
    "estimate_patient_width_mm",
]

# Median of the 40 factors measured at 120 kVp with the method of [2] on the QRM phantom, with and
# without its fat ring, on four scanners (Canon Aquilion One, GE Revolution, Philips Brilliance iCT,
# Siemens SOMATOM Force); they spread from 0.71 to 0.93.
DEFAULT_CALIBRATION_MG_PER_CM3_HU = 0.78
_DEFAULT_SPREAD = "0.71 to 0.93 over four scanners"

# What a factor can be: 0.78 times or over 1.6, the range from 70 to 150 kVp, with room to spare.
_PLAUSIBLE = (0.35, 1.4)

# Lateral width, skin to skin: DICOM CID 7042, codes DCM 113601 to 113603.
_SMALL_BELOW_MM = 320.0
_LARGE_ABOVE_MM = 380.0
_SIZES = ("small", "medium", "large")

_BODY_HU = -300.0  # halfway between lung or air and fat
_THINNEST_BODY_MM = 50.0  # a column with less is table, blanket or arm
_AIR_MARGIN_MM = 10.0  # air to see beside the body before its width is believed

Source = Literal["scan", "header_patient", "header_device", "default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MassCalibration:
    """A mass factor, and where it comes from.

    Attributes
    ----------
    calibration_mg_per_cm3_hu : float
        c: mg of hydroxyapatite per cm3 and HU.
    source : str
        ``"scan"``: an insert in the same scan; ``"header_patient"``: (0018,9351);
        ``"header_device"``: (0018,9352); ``"default"``: the literature.
    detail : str
        One sentence: which of the factors, and why.
    """

    calibration_mg_per_cm3_hu: float
    source: Source
    detail: str

    def __post_init__(self) -> None:
        value = self.calibration_mg_per_cm3_hu
        if not (np.isfinite(value) and value > 0):
            msg = f"a mass factor must be a positive number of mg/cm3/HU, got {value}"
            raise InputError(msg)


def calcium_mass_mg(
    hu_sum: float, *, calibration_mg_per_cm3_hu: float, voxel_volume_mm3: float
) -> float:
    """Return the calcium mass of voxels that count.

    Parameters
    ----------
    hu_sum : float
        Sum of their Hounsfield units: their number times their mean.
    calibration_mg_per_cm3_hu : float
        The factor c.
    voxel_volume_mm3 : float
        Pixel area times increment.

    Returns
    -------
    float
        mg of hydroxyapatite.

    Examples
    --------
    Ten voxels of 1 mm3 with a mean of 250 HU: 0.8 * 10 * 250 / 1000.

    >>> calcium_mass_mg(2500, calibration_mg_per_cm3_hu=0.8, voxel_volume_mm3=1.0)
    2.0
    """
    return calibration_mg_per_cm3_hu * hu_sum * voxel_volume_mm3 / 1000.0


def calibration_from_insert(
    *, density_mg_per_cm3: float, insert_hu: float, water_hu: float
) -> MassCalibration:
    """Return the factor that an insert of known density and the water insert beside it give.

    Parameters
    ----------
    density_mg_per_cm3 : float
        Hydroxyapatite of the insert (200 in the QRM phantom).
    insert_hu, water_hu : float
        Mean HU of the two.

    Returns
    -------
    MassCalibration

    Raises
    ------
    InputError
        If the insert is not denser than water.

    Examples
    --------
    >>> round(
    ...     calibration_from_insert(
    ...         density_mg_per_cm3=200, insert_hu=260, water_hu=4
    ...     ).calibration_mg_per_cm3_hu,
    ...     5,
    ... )
    0.78125
    """
    if not insert_hu > water_hu:
        msg = f"an insert of {insert_hu} HU is not denser than water of {water_hu} HU"
        raise InputError(msg)
    return MassCalibration(
        calibration_mg_per_cm3_hu=density_mg_per_cm3 / (insert_hu - water_hu),
        source="scan",
        detail=f"insert of {density_mg_per_cm3:g} mg/cm3 in the scan: "
        f"{insert_hu:.1f} HU, water {water_hu:.1f} HU",
    )


def choose_mass_calibration(scan: CTScan) -> MassCalibration:
    """Choose the best mass factor that comes with a scan.

    In this order: the factor of the patient (0018,9351); the factor of the device (0018,9352) for
    the size of the patient, where the body is wholly in the field of view, else the one for medium
    size; the default of the literature. An insert in the scan is better than all of these, and is
    given to `corcal.scoring.measure.measure` by whoever measured it.

    Parameters
    ----------
    scan : CTScan
        Only its header and, for the size, its body outline are used.

    Returns
    -------
    MassCalibration
    """
    acquisition = scan.acquisition
    of_patient = acquisition.mass_factor_patient
    if _is_plausible(of_patient):
        return MassCalibration(
            calibration_mg_per_cm3_hu=float(of_patient),
            source="header_patient",
            detail="factor of the patient in the header (0018,9351)",
        )
    of_device = acquisition.mass_factors_device
    if of_device is not None and all(_is_plausible(factor) for factor in of_device):
        return _calibration_of_device(of_device, estimate_patient_width_mm(scan))
    refused = of_patient is not None or of_device is not None
    return _default_calibration(acquisition, refused=refused)


def estimate_patient_width_mm(scan: CTScan) -> float | None:
    """Return the lateral width of the body, if the field of view contains it wholly.

    Measured in the slice a quarter of the way down from the head end, near the proximal ascending
    aorta in a cardiac scan. A column of the image belongs to the body if at least 50 mm of it are
    denser than -300 HU, which the table is not.

    Parameters
    ----------
    scan : CTScan
        Scan in canonical axes.

    Returns
    -------
    float or None
        Width in mm; ``None`` if less than 10 mm of air are seen on either side, as in the small
        field of view of nearly every calcium scan.
    """
    _, dy, dx = scan.spacing_mm
    body = scan.hu[(3 * (scan.shape[0] - 1)) // 4] > _BODY_HU
    columns = np.flatnonzero(body.sum(axis=0) * dy >= _THINNEST_BODY_MM)
    if not columns.size:
        return None
    left, right = int(columns[0]), int(columns[-1])
    if min(left, scan.shape[2] - 1 - right) * dx < _AIR_MARGIN_MM:
        return None
    return float((right - left + 1) * dx)


def _is_plausible(factor: float | None) -> TypeGuard[float]:
    return factor is not None and _PLAUSIBLE[0] <= factor <= _PLAUSIBLE[1]


def _calibration_of_device(
    factors: tuple[float, float, float], width_mm: float | None
) -> MassCalibration:
    """Take the device's factor for the size of the patient."""
    if width_mm is None:
        size, why = 1, "a size assumed because the field of view cuts the body"
    else:
        size = int(width_mm >= _SMALL_BELOW_MM) + int(width_mm > _LARGE_ABOVE_MM)
        why = f"{width_mm:.0f} mm wide"
    return MassCalibration(
        calibration_mg_per_cm3_hu=float(factors[size]),
        source="header_device",
        detail=f"factor of the device for a {_SIZES[size]} patient (0018,9352), {why}",
    )


def _default_calibration(acquisition: Acquisition, *, refused: bool) -> MassCalibration:
    """Fall back on the literature, scaled to the tube voltage where a threshold is published.

    The adapted thresholds are where 100 mg/cm3 of hydroxyapatite lie at each voltage, so the factor
    is inverse to them: corcal's own inference, said in the detail.
    """
    kvp, kernel = acquisition.kvp, acquisition.convolution_kernel
    adapted = adapted_rule_for(acquisition)
    scale = CALCIUM_THRESHOLD_HU / adapted.threshold_hu if adapted else 1.0
    if adapted:
        ratio = f"{CALCIUM_THRESHOLD_HU:g}/{adapted.threshold_hu:g} HU"
        what = f"120 kVp, scaled to {kvp:g} kVp by {ratio}"
    elif kvp is None or abs(kvp - REFERENCE_KVP) < 1.0:
        what = "120 kVp"
    elif is_kvp_independent(kernel):
        what = f"120 kVp, as the kernel {kernel} shows calcium at any kVp"
    else:
        what = f"120 kVp, though the scan has {kvp:g} kVp"
    detail = f"median of published phantom scans at {what} ({_DEFAULT_SPREAD})"
    if refused:
        low, high = _PLAUSIBLE
        detail += f"; the factors in the header are not between {low:g} and {high:g} mg/cm3/HU"
    return MassCalibration(
        calibration_mg_per_cm3_hu=DEFAULT_CALIBRATION_MG_PER_CM3_HU * scale,
        source="default",
        detail=detail,
    )
