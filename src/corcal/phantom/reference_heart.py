"""A heart in numbers: its chambers, great vessels, coronary arteries and veins.

Lengths are mm in the frame of the reference thorax: ``x`` to the left from the midline, ``y`` to
the back and ``z`` to the head from the middle of the four chambers. The numbers were measured on
the male heart of the HuBMAP CCF 3D Reference Object Library (Visible Human; Browne K et al.,
Human Reference Atlas, CC BY 4.0, https://humanatlas.io/3d-reference-library), rounded to mm, and
changed where a living, filled heart differs: valve planes are closed, the atrial appendages, the
ascending aorta and the pulmonary trunk are drawn anew, the circumflex artery is named as such, and
each vessel is a few control points of a smooth curve.
"""

from dataclasses import dataclass

from corcal.lesions.sites import Site

__all__ = [
    "ANNULI",
    "BRANCHES",
    "CHAMBERS",
    "GREAT_VESSELS",
    "INLETS",
    "LEFT_DOMINANT",
    "VEINS",
    "BranchReference",
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
    radii_mm: tuple[tuple[int, ...], ...]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchReference:
    """A coronary artery or one of its branches.

    Attributes
    ----------
    site : Site
        The vessel it is counted to.
    points_mm : tuple of (x, y, z)
        Control points from its origin on.
    radius_mm : (float, float)
        Outer radius at its origin and at its end. Lumina by Dodge JT et al. 1992, Circulation
        86:232 (left main 4.5 mm, LAD 3.7 to 1.9, LCX 3.4, RCA 3.9 mm), and about 0.5 mm of wall.
    parent : str or None
        The branch it leaves; ``None`` for those that leave the aorta.
    """

    site: Site
    points_mm: tuple[tuple[float, float, float], ...]
    radius_mm: tuple[float, float]
    parent: str | None = None


BRANCHES: dict[str, BranchReference] = {
    "left_main": BranchReference(
        site=Site.LM,
        points_mm=((20, 10, 29), (25, 12, 29), (30, 12, 28)),
        radius_mm=(2.7, 2.5),
    ),
    "lad": BranchReference(
        site=Site.LAD,
        points_mm=(
            (30, 12, 28),
            (36, 8, 26),
            (39, 1, 24),
            (40, -10, 19),
            (42, -20, 13),
            (43, -29, 5),
            (45, -37, -4),
            (48, -43, -14),
            (52, -47, -26),
            (56, -48, -36),
            (60, -44, -47),
        ),
        radius_mm=(2.3, 1.2),
        parent="left_main",
    ),
    "first_diagonal": BranchReference(
        site=Site.LAD,
        points_mm=((40, -4, 22), (48, -7, 20), (56, -10, 14), (64, -14, 4), (70, -16, -8)),
        radius_mm=(1.4, 0.9),
        parent="lad",
    ),
    "second_diagonal": BranchReference(
        site=Site.LAD,
        points_mm=((44, -31, 3), (54, -33, -2), (63, -33, -12), (70, -31, -23)),
        radius_mm=(1.2, 0.8),
        parent="lad",
    ),
    "lcx": BranchReference(
        site=Site.LCX,
        points_mm=(
            (30, 12, 28),
            (33, 17, 23),
            (38, 22, 18),
            (41, 27, 13),
            (42, 32, 8),
            (41, 37, 1),
            (38, 41, -7),
            (34, 42, -13),
        ),
        radius_mm=(2.1, 1.3),
        parent="left_main",
    ),
    "first_marginal": BranchReference(
        site=Site.LCX,
        points_mm=((42, 29, 11), (51, 28, 10), (60, 23, 8), (68, 15, 0), (74, 7, -11)),
        radius_mm=(1.5, 0.9),
        parent="lcx",
    ),
    "second_marginal": BranchReference(
        site=Site.LCX,
        points_mm=((40, 38, -1), (50, 39, -6), (60, 35, -12), (70, 24, -20)),
        radius_mm=(1.2, 0.8),
        parent="lcx",
    ),
    "rca": BranchReference(
        site=Site.RCA,
        points_mm=(
            (5, -5, 25),
            (0, -11, 24),
            (-5, -17, 19),
            (-11, -21, 14),
            (-17, -25, 6),
            (-22, -27, -2),
            (-25, -28, -12),
            (-26, -28, -23),
            (-25, -24, -33),
            (-19, -17, -40),
            (-11, -9, -42),
            (-2, -2, -40),
            (6, 5, -36),
            (11, 10, -31),
        ),
        radius_mm=(2.4, 1.6),
    ),
    "acute_marginal": BranchReference(
        site=Site.RCA,
        points_mm=((-26, -28, -24), (-20, -33, -31), (-10, -36, -38), (4, -40, -44)),
        radius_mm=(1.2, 0.8),
        parent="rca",
    ),
    "pda": BranchReference(
        site=Site.RCA,
        points_mm=(
            (8, 7, -34),
            (15, 2, -39),
            (23, -5, -43),
            (32, -12, -46),
            (41, -19, -48),
            (50, -27, -50),
        ),
        radius_mm=(1.5, 0.9),
        parent="rca",
    ),
    "posterolateral": BranchReference(
        site=Site.RCA,
        points_mm=((11, 10, -31), (14, 20, -27), (21, 31, -24), (31, 36, -24), (43, 35, -26)),
        radius_mm=(1.4, 0.9),
        parent="rca",
    ),
}

# In about one heart in ten the circumflex artery gives the posterior descending one.
LEFT_DOMINANT: dict[str, BranchReference] = {
    "lcx": BranchReference(
        site=Site.LCX,
        points_mm=(
            (30, 12, 28),
            (33, 17, 23),
            (38, 22, 18),
            (41, 27, 13),
            (42, 32, 8),
            (41, 37, 1),
            (38, 41, -7),
            (33, 41, -15),
            (24, 34, -22),
            (15, 22, -27),
            (11, 12, -31),
        ),
        radius_mm=(2.4, 1.5),
        parent="left_main",
    ),
    "pda": BranchReference(
        site=Site.LCX,
        points_mm=(
            (11, 12, -31),
            (15, 2, -39),
            (23, -5, -43),
            (32, -12, -46),
            (41, -19, -48),
            (50, -27, -50),
        ),
        radius_mm=(1.4, 0.9),
        parent="lcx",
    ),
    "rca": BranchReference(
        site=Site.RCA,
        points_mm=(
            (5, -5, 25),
            (0, -11, 24),
            (-5, -17, 19),
            (-11, -21, 14),
            (-17, -25, 6),
            (-22, -27, -2),
            (-25, -28, -12),
            (-26, -28, -23),
            (-25, -24, -33),
            (-19, -17, -40),
        ),
        radius_mm=(1.8, 0.9),
    ),
}

VEINS: dict[str, tuple[Row, ...]] = {
    "great_cardiac_vein": (
        (57, -42, -42, 1),
        (52, -42, -26, 1.2),
        (47, -35, -6, 1.4),
        (46, -22, 12, 1.6),
        (45, -8, 22, 1.8),
        (45, 8, 25, 2),
        (43, 20, 21, 2.2),
        (45, 28, 13, 2.5),
        (45, 35, 4, 2.8),
        (41, 42, -5, 3.2),
    ),
    "coronary_sinus": (
        (41, 42, -5, 3.2),
        (33, 43, -13, 4),
        (21, 35, -20, 5),
        (8, 24, -23, 5.5),
        (-4, 18, -22, 5.5),
    ),
    "middle_cardiac_vein": (
        (52, -24, -49, 1),
        (38, -14, -47, 1.3),
        (24, -1, -43, 1.6),
        (14, 8, -36, 2),
        (8, 18, -27, 2.4),
    ),
    "posterior_vein": ((26, 38, -19, 2), (40, 40, -17, 1.6), (56, 35, -15, 1.3), (70, 24, -12, 1)),
    "small_cardiac_vein": (
        (-22, -29, -30, 1),
        (-21, -22, -39, 1.2),
        (-11, -11, -45, 1.4),
        (0, 3, -40, 1.6),
        (3, 14, -32, 1.8),
    ),
    "anterior_cardiac_vein": ((-17, -29, 4, 1), (-8, -36, -6, 0.9), (4, -42, -18, 0.8)),
}

# Where valves calcify: closed rings or arcs of control points (x, y, z), and the radius around
# them. The mitral ring is the posterior arc, where annular calcium lies.
ANNULI: dict[str, tuple[Site, tuple[Row, ...]]] = {
    "mitral_annulus": (
        Site.MITRAL_ANNULUS,
        (
            (38, 16, 13, 2),
            (37, 25, 9, 2),
            (35, 31, 2, 2),
            (30, 34, -6, 2),
            (23, 31, -13, 2),
            (16, 24, -15, 2),
        ),
    ),
    "aortic_valve": (
        Site.AORTIC_VALVE,
        ((17, 16, 22, 1.2), (9, 10, 22, 1.2), (15, 3, 23, 1.2), (9, 10, 22, 1.2), (1, 13, 24, 1.2)),
    ),
}
