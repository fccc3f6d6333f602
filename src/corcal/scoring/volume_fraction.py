"""Volume fraction calcium mass: each voxel is part calcium of a known kind, part background.

A voxel of which the fraction f is a calcified material of S_c HU, in tissue of S_b HU, shows
S = f S_c + (1 - f) S_b. So [1]_

    mass (mg) = sum over voxels of (HU - S_b)/(S_c - S_b) * voxel volume (mm3) * density / 1000

with the density of the material in mg/cm3. Fractions are not clipped to 0...1: clipping would turn
the noise of empty voxels into calcium, and calcium denser than the material into too little.

Over the same voxels it differs from the integrated mass by one constant alone: there, calcium
displaces nothing (its contrast is counted from water); here, it displaces the tissue. With the
insert of 200 mg/cm3 and tissue of 40 HU the two lie 17 to 19 % apart.

References
----------
.. [1] Black D et al. J Med Imaging 2023;10:043502. doi:10.1117/1.JMI.10.4.043502
"""

from corcal.errors import InputError

__all__ = ["REFERENCE_DENSITY_MG_PER_CM3", "fraction_mass_of_excess"]

REFERENCE_DENSITY_MG_PER_CM3 = (
    200.0  # the insert that calibrates mass, doi:10.1148/radiol.2432050808
)


def fraction_mass_of_excess(
    excess_hu: float,
    *,
    background_hu: float,
    calcium_hu: float,
    calcium_density_mg_per_cm3: float,
    voxel_volume_mm3: float,
) -> float:
    """Return the mass that a sum of (HU - background) stands for by volume fraction.

    Parameters
    ----------
    excess_hu : float
        Sum over voxels of HU above background.
    background_hu : float
        HU of the tissue that calcium displaces.
    calcium_hu, calcium_density_mg_per_cm3 : float
        The calcified material that the voxels are filled with.
    voxel_volume_mm3 : float
        Pixel area times increment.

    Returns
    -------
    float
        mg of hydroxyapatite; negative where noise outweighs the calcium.

    Raises
    ------
    InputError
        If the calcified material is not denser than the background.

    Examples
    --------
    Two voxels of 1.5 mm3 half filled with 200 mg/cm3: 2 * 0.5 * 1.5 * 200 / 1000.

    >>> fraction_mass_of_excess(
    ...     240.0,
    ...     background_hu=40.0,
    ...     calcium_hu=280.0,
    ...     calcium_density_mg_per_cm3=200.0,
    ...     voxel_volume_mm3=1.5,
    ... )
    0.3
    """
    if not calcium_hu > background_hu:
        msg = f"calcium of {calcium_hu:g} HU is not denser than its background, {background_hu:g}"
        raise InputError(msg)
    fraction_sum = excess_hu / (calcium_hu - background_hu)
    return fraction_sum * voxel_volume_mm3 * calcium_density_mg_per_cm3 / 1000.0
