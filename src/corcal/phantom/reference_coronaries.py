"""Coronary arteries, cardiac veins and valve rings in numbers.

The frame, the source and its licence are those of `corcal.phantom.reference_heart`: HuBMAP CCF 3D
Reference Object Library (Visible Human), CC BY 4.0, measured, rounded to mm and changed. The second
diagonal, the marginals and the posterolateral branch were drawn anew.
"""

from dataclasses import dataclass

from corcal.lesions.sites import Site

__all__ = ["ANNULI", "BRANCHES", "LEFT_DOMINANT", "VEINS", "BranchReference"]

Row = tuple[float, float, float, float]


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
        Outer radius at its origin and at its end. Lumina by Dodge JT et al. 1992,
        doi:10.1161/01.CIR.86.1.232 (left main 4.5 mm, LAD 3.7 to 1.9, LCX 3.4, RCA
        3.9 mm), and about 0.5 mm of wall.
    parent : str or None
        The branch it leaves; ``None`` for those that leave the aorta.
    groove : (chamber, chamber) or None
        Between which it runs, from the first to the second part of its length in `groove_part`.
    """

    site: Site
    points_mm: tuple[tuple[float, float, float], ...]
    radius_mm: tuple[float, float]
    parent: str | None = None
    groove: tuple[str, str] | None = None
    groove_part: tuple[float, float] = (0.0, 1.0)


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
        groove=("lv", "rv"),
        groove_part=(0.15, 0.75),
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
        groove=("la", "lv"),
        groove_part=(0.3, 1.0),
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
        groove=("ra", "rv"),
        groove_part=(0.25, 0.85),
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
        groove=("lv", "rv"),
        groove_part=(0.25, 0.8),
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
        groove=("la", "lv"),
        groove_part=(0.2, 0.8),
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
        groove=("lv", "rv"),
        groove_part=(0.25, 0.8),
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
        groove=("ra", "rv"),
        groove_part=(0.25, 0.85),
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
