"""From the units of a laboratory report to the units of the models."""

import math

from corcal.errors import InputError
from corcal.risk.types import Sex

__all__ = [
    "CHOLESTEROL_MMOL_L_PER_MG_DL",
    "cholesterol_to_mg_dl",
    "cholesterol_to_mmol_l",
    "creatinine_to_mg_dl",
    "egfr_ckd_epi_2021",
    "hba1c_to_percent",
    "uacr_to_mg_g",
]

# The factor with which PREVENT was published, Khan 2024, doi:10.1161/CIRCULATIONAHA.123.067626
# (total, HDL and LDL cholesterol alike); one factor both ways, so that a value comes back.
CHOLESTEROL_MMOL_L_PER_MG_DL = 0.02586
CREATININE_UMOL_L_PER_MG_DL = 88.4  # molar mass 113.12 g/mol
# NGSP from IFCC, the master equation of Hoelzel 2004, doi:10.1373/clinchem.2003.024802
NGSP_PERCENT_PER_MMOL_MOL = 0.09148
NGSP_OFFSET_PERCENT = 2.152

# CKD-EPI 2021 without race, Inker 2021, doi:10.1056/NEJMoa2102953
_KAPPA_MG_DL = {Sex.FEMALE: 0.7, Sex.MALE: 0.9}
_ALPHA = {Sex.FEMALE: -0.241, Sex.MALE: -0.302}
_FACTOR = {Sex.FEMALE: 1.012, Sex.MALE: 1.0}


def cholesterol_to_mg_dl(mmol_l: float) -> float:
    """Convert total, HDL, LDL or non-HDL cholesterol from mmol/L.

    Parameters
    ----------
    mmol_l : float
        In mmol/L.

    Returns
    -------
    float
        In mg/dL; not rounded.

    Examples
    --------
    >>> round(cholesterol_to_mg_dl(5.2))
    201
    """
    return mmol_l / CHOLESTEROL_MMOL_L_PER_MG_DL


def cholesterol_to_mmol_l(mg_dl: float) -> float:
    """Convert total, HDL, LDL or non-HDL cholesterol to mmol/L.

    Parameters
    ----------
    mg_dl : float
        In mg/dL.

    Returns
    -------
    float
        In mmol/L; not rounded.

    Examples
    --------
    >>> round(cholesterol_to_mmol_l(200), 3)
    5.172
    """
    return mg_dl * CHOLESTEROL_MMOL_L_PER_MG_DL


def creatinine_to_mg_dl(umol_l: float) -> float:
    """Convert creatinine from umol/L.

    Parameters
    ----------
    umol_l : float
        In umol/L.

    Returns
    -------
    float
        In mg/dL; not rounded.

    Examples
    --------
    >>> creatinine_to_mg_dl(88.4)
    1.0
    """
    return umol_l / CREATININE_UMOL_L_PER_MG_DL


def hba1c_to_percent(mmol_mol: float) -> float:
    """Convert HbA1c from mmol/mol (IFCC) to percent (NGSP).

    Parameters
    ----------
    mmol_mol : float
        In mmol/mol.

    Returns
    -------
    float
        In percent; not rounded.

    Examples
    --------
    >>> round(hba1c_to_percent(48), 1)
    6.5
    """
    return NGSP_PERCENT_PER_MMOL_MOL * mmol_mol + NGSP_OFFSET_PERCENT


def uacr_to_mg_g(mg_mmol: float) -> float:
    """Convert a urinary albumin-creatinine ratio from mg/mmol.

    Parameters
    ----------
    mg_mmol : float
        In mg of albumin per mmol of creatinine.

    Returns
    -------
    float
        In mg/g; not rounded.

    Examples
    --------
    >>> round(uacr_to_mg_g(3.4))
    30
    """
    return mg_mmol * CREATININE_UMOL_L_PER_MG_DL / 10


def egfr_ckd_epi_2021(creatinine_mg_dl: float, *, age_years: float, sex: Sex) -> float:
    """Estimate the glomerular filtration rate from creatinine: CKD-EPI 2021, without race [1].

    Parameters
    ----------
    creatinine_mg_dl : float
        Serum creatinine, mg/dL, 0.1 to 30; `creatinine_to_mg_dl` converts from umol/L.
    age_years : float
        From 18, the ages of the equation.
    sex : Sex
        As the equation needs it.

    Returns
    -------
    float
        mL/min/1.73 m2; not rounded.

    Raises
    ------
    InputError
        If creatinine or age is outside its range.

    References
    ----------
    .. [1] Inker LA et al. N Engl J Med 2021;385:1737-1749. doi:10.1056/NEJMoa2102953

    Examples
    --------
    >>> round(egfr_ckd_epi_2021(1.0, age_years=50, sex=Sex.MALE))
    92
    """
    if not 0.1 <= creatinine_mg_dl <= 30:
        hint = "; it looks like umol/L" if 30 < creatinine_mg_dl < 2000 else ""
        msg = f"creatinine of {creatinine_mg_dl:g} mg/dL is outside 0.1 to 30 mg/dL{hint}"
        raise InputError(msg)
    if not (math.isfinite(age_years) and age_years >= 18):
        msg = f"CKD-EPI 2021 is of adults from 18 years, got {age_years:g}"
        raise InputError(msg)
    ratio = creatinine_mg_dl / _KAPPA_MG_DL[sex]
    return float(
        142
        * min(ratio, 1.0) ** _ALPHA[sex]
        * max(ratio, 1.0) ** -1.200
        * 0.9938**age_years
        * _FACTOR[sex]
    )
