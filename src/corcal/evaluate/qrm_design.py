"""The QRM cardiac phantom as it was made: what its calcium insert and its rods are.

A cylinder of tissue-equivalent resin, 100 mm wide, holds nine small cylinders of hydroxyapatite on
three spokes 120 degrees apart: on each spoke one density, and from the rim inwards 5, 3 and 1 mm of
diameter and length, 12.5 mm apart [1]_ [2]_. Further along its axis it holds two rods of 20 mm: 200
mg/cm3 hydroxyapatite in the middle, and water-equivalent resin beside it, 23 mm off the axis [2]_.

References
----------
.. [1] McCollough CH et al. Radiology 2007;243:527-538. doi:10.1148/radiol.2432050808
.. [2] van Praagh GD et al. Med Phys 2021. doi:10.1002/mp.14912 (dimensions as in its code)
"""

import math
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "CYLINDERS",
    "Cylinder",
    "Density",
    "LARGE_RADIUS_MM",
    "ROD_DENSITY_MG_PER_CM3",
    "ROD_DIAMETER_MM",
    "ROD_MEASURED_RADIUS_MM",
    "STEP_MM",
    "Size",
    "WATER_ROD_OFFSET_MM",
    "cylinder_named",
]

STEP_MM = 12.5  # between neighbours on a spoke [2]
LARGE_RADIUS_MM = 37.5  # from the axis to the large cylinders: three steps
ROD_DIAMETER_MM = 20.0
ROD_MEASURED_RADIUS_MM = 6.9  # of the disc that is averaged in a rod [2]
ROD_DENSITY_MG_PER_CM3 = 200.0
WATER_ROD_OFFSET_MM = 23.0


class Size(StrEnum):
    """Diameter and length of a cylinder."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"


class Density(StrEnum):
    """Hydroxyapatite density of a cylinder."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


DIAMETER_MM = {Size.LARGE: 5.0, Size.MEDIUM: 3.0, Size.SMALL: 1.0}
DENSITY_MG_PER_CM3 = {Density.LOW: 200.0, Density.MEDIUM: 400.0, Density.HIGH: 800.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cylinder:
    """One of the nine calcifications; as long as it is wide."""

    size: Size
    density: Density

    @property
    def name(self) -> str:
        """``"large high"``."""
        return f"{self.size} {self.density}"

    @property
    def diameter_mm(self) -> float:
        """Diameter, and length along the axis."""
        return DIAMETER_MM[self.size]

    @property
    def density_mg_per_cm3(self) -> float:
        """Hydroxyapatite per volume."""
        return DENSITY_MG_PER_CM3[self.density]

    @property
    def mass_mg(self) -> float:
        """Hydroxyapatite: pi/4 d^2 times length times density.

        Examples
        --------
        >>> round(cylinder_named("large", "high").mass_mg, 1)
        78.5
        """
        volume_mm3 = math.pi / 4 * self.diameter_mm**3
        return volume_mm3 * self.density_mg_per_cm3 / 1000.0

    @property
    def steps_inwards(self) -> int:
        """Steps from the large cylinder of its spoke towards the axis."""
        return list(Size).index(self.size)


CYLINDERS = tuple(Cylinder(size=size, density=density) for size in Size for density in Density)


def cylinder_named(size: str, density: str) -> Cylinder:
    """Return the cylinder of this size and density."""
    return Cylinder(size=Size(size), density=Density(density))
