"""A heart in numbers: its chambers and great vessels.

Lengths are mm in the frame of the reference thorax: ``x`` to the left from the midline, ``y`` to
the back and ``z`` to the head from the middle of the four chambers. The numbers were measured on
the male heart of the HuBMAP CCF 3D Reference Object Library (Visible Human; CC BY 4.0;
https://humanatlas.io; Boerner K et al. 2021, doi:10.1038/s41556-021-00788-6), rounded to mm, and
changed where a living, filled heart differs: valve planes are closed, the atrial appendages, the
ascending aorta and the pulmonary trunk are drawn anew, the circumflex artery is named as such, and
each vessel is a few control points of a smooth curve.
"""

from dataclasses import dataclass

__all__ = [
    "CHAMBERS",
    "GREAT_VESSELS",
    "INLETS",
    "ChamberReference",
]

Row = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChamberReference:
    """A chamber with its wall, as a star body (`corcal.phantom.shapes.StarBody`).

    Attributes
    ----------
    centre_mm : (x, y, z)
        Where its surface is seen from.
    radii_mm : 6 x 12 radii
        Elevations -75 to 75 degrees by 30, azimuths 0 to 330 degrees by 30.
    wall_mm : float
        Thickness of its wall.
    appendage : tuple of (x, y, z, radius)
        Atrial appendage, or the outflow tract of the right ventricle.
    """

    centre_mm: tuple[float, float, float]
    radii_mm: tuple[tuple[float, ...], ...]
    wall_mm: float
    appendage: tuple[Row, ...] = ()


CHAMBERS = {
    "lv": ChamberReference(
        centre_mm=(48, -5, -16),
        radii_mm=(
            (29, 28, 27, 27, 28, 29, 30, 31, 32, 32, 32, 30),
            (30, 28, 28, 30, 33, 35, 34, 31, 32, 41, 46, 38),
            (31, 30, 32, 39, 44, 43, 30, 25, 28, 40, 49, 40),
            (30, 31, 35, 41, 40, 34, 30, 24, 28, 35, 41, 35),
            (31, 32, 36, 41, 39, 36, 35, 31, 29, 32, 34, 32),
            (34, 35, 37, 39, 40, 40, 38, 35, 34, 34, 34, 33),
        ),
        wall_mm=9.0,
    ),
    "rv": ChamberReference(
        centre_mm=(18, -26, -14),
        radii_mm=(
            (38, 38, 37, 36, 36, 36, 35, 35, 35, 36, 37, 38),
            (40, 29, 28, 34, 37, 36, 38, 34, 33, 34, 39, 46),
            (28, 22, 22, 29, 22, 22, 38, 33, 28, 27, 31, 37),
            (25, 21, 22, 29, 18, 18, 34, 29, 24, 22, 24, 29),
            (32, 33, 34, 34, 32, 30, 30, 28, 24, 22, 23, 27),
            (37, 40, 42, 42, 41, 38, 35, 33, 30, 29, 30, 33),
        ),
        wall_mm=3.5,
        appendage=((19, -22, 8, 18), (20, -17, 22, 17), (20, -12, 34, 15)),
    ),
    "la": ChamberReference(
        centre_mm=(10, 34, 21),
        radii_mm=(
            (25, 28, 27, 25, 26, 28, 29, 30, 31, 28, 22, 21),
            (19, 25, 20, 18, 21, 27, 27, 20, 21, 20, 14, 15),
            (27, 25, 20, 17, 18, 28, 33, 20, 17, 18, 17, 20),
            (28, 25, 20, 17, 18, 27, 31, 21, 16, 15, 16, 21),
            (26, 23, 19, 18, 19, 22, 23, 21, 18, 16, 17, 21),
            (23, 21, 20, 20, 19, 20, 20, 20, 20, 20, 21, 23),
        ),
        wall_mm=2.0,
        appendage=((34, 30, 27, 8), (46, 20, 32, 8.5), (53, 7, 34, 7.5), (51, -4, 33, 5)),
    ),
    "ra": ChamberReference(
        centre_mm=(-20, 6, 2),
        radii_mm=(
            (27, 29, 30, 30, 29, 27, 26, 26, 26, 26, 26, 26),
            (18, 26, 30, 29, 28, 27, 28, 34, 38, 32, 22, 18),
            (18, 24, 30, 29, 24, 22, 23, 28, 33, 30, 22, 16),
            (22, 25, 28, 27, 24, 21, 22, 25, 30, 30, 24, 18),
            (22, 26, 29, 31, 28, 25, 24, 26, 29, 32, 28, 23),
            (28, 30, 33, 34, 32, 31, 31, 31, 31, 31, 30, 29),
        ),
        wall_mm=2.0,
        appendage=((-26, -14, 22, 13), (-20, -24, 28, 10), (-10, -29, 31, 7), (-4, -30, 33, 5)),
    ),
}

# Rows (x, y, z, radius): what closes the gaps between chambers where no fat is, at the tricuspid
# and mitral orifices, under the aortic root and in the septum between the atria.
INLETS: tuple[tuple[Row, ...], ...] = (
    ((-14, 0, -6, 19), (0, -8, -12, 19), (12, -16, -16, 19)),
    ((14, 26, 10, 15), (30, 12, 2, 18), (40, 4, -6, 20)),
    ((10, 8, 12, 12), (16, 2, 2, 14), (10, 2, -16, 13)),
    ((-10, 18, 10, 12), (0, 16, 4, 12), (8, 12, -8, 11)),
)

# Rows (x, y, z, radius).
GREAT_VESSELS: dict[str, tuple[Row, ...]] = {
    "aortic_root": ((12, 11, 15, 13), (8, 9, 23, 16), (3, 6, 32, 16), (-2, 3, 39, 15)),
    "ascending_aorta": ((-2, 3, 39, 15), (-9, 0, 52, 16), (-11, 1, 68, 16), (-7, 7, 84, 15.5)),
    "aortic_arch": ((-7, 7, 84, 15.5), (1, 18, 94, 15), (10, 36, 96, 14), (17, 54, 84, 13)),
    "descending_aorta": (
        (17, 54, 84, 13),
        (30, 64, 66, 13),
        (38, 71, 42, 13),
        (40, 75, 5, 12.5),
        (37, 74, -35, 12.5),
        (27, 68, -75, 12),
        (13, 60, -120, 11.5),
        (6, 56, -150, 11),
    ),
    "pulmonary_trunk": ((20, -12, 33, 14.5), (20, -7, 44, 14), (19, 4, 53, 13.5), (17, 16, 59, 12)),
    "right_pulmonary_artery": (
        (16, 18, 59, 10),
        (2, 26, 55, 9.5),
        (-18, 28, 50, 9.5),
        (-36, 31, 46, 8.5),
        (-46, 36, 38, 8),
        (-50, 46, 22, 7.5),
        (-51, 54, 4, 6),
        (-52, 60, -14, 4.5),
    ),
    "left_pulmonary_artery": (
        (17, 16, 59, 11),
        (28, 28, 62, 10.5),
        (44, 39, 58, 9.5),
        (56, 47, 46, 8.5),
        (61, 50, 28, 7.5),
        (65, 54, 8, 6),
        (68, 58, -10, 4.5),
    ),
    "right_anterior_trunk": ((-34, 30, 46, 7), (-46, 30, 58, 6), (-54, 28, 70, 4.5)),
    "superior_vena_cava": (
        (-28, 16, 18, 10),
        (-28, 18, 34, 9),
        (-26, 17, 54, 9),
        (-24, 14, 78, 8.5),
        (-23, 12, 110, 8.5),
    ),
    "inferior_vena_cava": (
        (-22, 26, -22, 13),
        (-22, 34, -42, 13),
        (-21, 40, -60, 12),
        (-18, 42, -90, 12),
        (-16, 42, -150, 11),
    ),
    "right_upper_pulmonary_vein": ((-16, 34, 24, 8), (-32, 34, 24, 7), (-48, 33, 32, 5.5)),
    "right_lower_pulmonary_vein": ((-12, 44, 13, 8), (-30, 51, 11, 7), (-48, 57, 2, 5.5)),
    "left_upper_pulmonary_vein": ((28, 34, 30, 8), (43, 36, 38, 6.5), (55, 30, 46, 5)),
    "left_lower_pulmonary_vein": ((26, 46, 17, 8), (40, 55, 13, 6.5), (54, 62, 2, 5)),
    "brachiocephalic_trunk": ((-5, 10, 94, 7), (-9, 10, 108, 6.5), (-12, 10, 125, 6)),
    "left_carotid_artery": ((4, 20, 100, 4.5), (8, 20, 125, 4)),
    "left_subclavian_artery": ((12, 38, 100, 5.5), (18, 36, 125, 5)),
    "left_brachiocephalic_vein": ((-22, 8, 92, 7.5), (-4, -4, 104, 7), (20, -2, 116, 6.5)),
    "azygos_vein": (
        (-5, 54, -120, 2.2),
        (-7, 64, -40, 2.5),
        (-8, 65, 40, 3),
        (-16, 50, 76, 3.5),
        (-23, 24, 78, 4),
    ),
}
