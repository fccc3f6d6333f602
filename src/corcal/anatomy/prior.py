"""Where the arteries must run, by the chambers alone: a second opinion without a network.

The coronary arteries lie in the grooves on the outside of the heart, as every textbook has it: the
circumflex between left ventricle and left atrium, the right coronary artery between right
ventricle and right atrium, the anterior and the posterior descending ones between the ventricles;
the left main leaves the left side of the aortic root. That says where an artery is to a centimetre,
not to a millimetre, and knows no diagonal and no marginal branch: enough to find that a network
has gone astray, and where a source gives no pathways, better than nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.sampling import distance_map, distance_within, surrounding_box
from corcal.anatomy.types import PATHWAY_SIGMA_MM, PATHWAYS, Anatomy, Pathway, Structure
from corcal.ct.findings import finding
from corcal.ct.scan import Finding

__all__ = [
    "DISAGREEMENT_MM",
    "Agreement",
    "agreement",
    "geometric_pathways",
    "pathway_findings",
    "with_pathways",
]

GROOVE_MM = 9.0  # from cells of both chambers: in a groove; two cells, and the fat on the vessel
ORIFICE_MM = 6.0  # from cells of ventricle and atrium: the plane of the valve between them
SHELL_MM = 4.0  # of the heart's surface, on either side
# The true courses of simulated hearts are 4 to 10 mm from the geometric ones.
DISAGREEMENT_MM = 20.0
RIDGE = 0.5  # height from which a cell belongs to a pathway's course
RIM_SHARE = 0.5  # of the mitral orifice's radius: beyond it is the annulus
CONTINUITY_MM = 8.0  # from the root, atrium and ventricle meet at a curtain, not at the annulus
VALVE_MM = 10.0  # from the root's middle: the aortic leaflets
# The left main leaves the root above and behind its middle and runs to the left; mm along z, y, x.
# Measured on the simulated hearts, whose arteries are those of the Visible Human.
LEFT_MAIN_START_MM, LEFT_MAIN_LENGTH_MM = (8.0, 5.0), 20.0
ARTERIES = (Pathway.LM, Pathway.LAD, Pathway.LCX, Pathway.RCA)

_FADED_MM = 6.0 * PATHWAY_SIGMA_MM  # heights are below 2e-8 there

_LV, _RV = Structure.LEFT_VENTRICLE, Structure.RIGHT_VENTRICLE
_LA, _RA = Structure.LEFT_ATRIUM, Structure.RIGHT_ATRIUM
_VESSELS = (Structure.ASCENDING_AORTA, Structure.PULMONARY_ARTERY)
_HEART = (_LV, _RV, _LA, _RA, Structure.AORTIC_ROOT)

_Mask = NDArray[np.bool_]
_Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far the arteries of a source are from where the chambers say that they must be.

    Attributes
    ----------
    distance_mm : mapping of Pathway to float
        For each artery that both know: median distance of the groove's cells from the source's
        course. Where the source has no course at all, ``inf``.
    """

    distance_mm: Mapping[Pathway, float]

    @property
    def worst_mm(self) -> float:
        """The largest of the distances; 0 if nothing could be compared."""
        return max(self.distance_mm.values(), default=0.0)


def geometric_pathways(anatomy: Anatomy) -> NDArray[np.float32]:
    """Estimate the pathways from the chambers.

    Parameters
    ----------
    anatomy : Anatomy
        Its `labels`; the pathways, if it has any, are not looked at.

    Returns
    -------
    float32 ndarray of shape (6, n_z, n_y, n_x)
        ``exp(-d^2 / (2 s^2))`` of the distance from the estimated course, with s =
        `PATHWAY_SIGMA_MM`; 0 from 30 mm on. 0 everywhere for a pathway whose chambers are missing.
    """
    labels, spacing_mm = anatomy.labels, anatomy.spacing_mm
    away = {one: distance_within(labels == one, spacing_mm, GROOVE_MM) for one in _HEART}
    courses = _courses(anatomy, away)
    heights = np.zeros((len(PATHWAYS), *anatomy.shape), np.float32)
    for pathway, course in courses.items():
        if course.any():
            far = distance_within(course, spacing_mm, _FADED_MM)
            near = far < _FADED_MM
            heights[pathway][near] = np.exp(-0.5 * (far[near] / PATHWAY_SIGMA_MM) ** 2)
    return heights


def with_pathways(anatomy: Anatomy) -> Anatomy:
    """Give an anatomy without pathways the geometric ones; one that has them stays as it is."""
    if anatomy.pathways is not None:
        return anatomy
    return replace(anatomy, pathways=geometric_pathways(anatomy))


def agreement(anatomy: Anatomy, prior: NDArray[np.float32]) -> Agreement:
    """Compare the pathways of a source with the geometric ones.

    Parameters
    ----------
    anatomy : Anatomy
        With pathways; without, there is nothing to compare.
    prior : float32 ndarray of shape (6, n_z, n_y, n_x)
        From `geometric_pathways` of the same anatomy.

    Returns
    -------
    Agreement
        From the groove to the course, not back: branches leave the grooves, arteries do not.
    """
    if anatomy.pathways is None:
        return Agreement(distance_mm={})
    distance: dict[Pathway, float] = {}
    for artery in ARTERIES:
        groove = prior[artery] > RIDGE
        if groove.any():
            course = anatomy.pathways[artery] > RIDGE
            distance[artery] = _median_distance(groove, course, anatomy)
    return Agreement(distance_mm=distance)


def pathway_findings(anatomy: Anatomy) -> tuple[Finding, ...]:
    """Find arteries that a source draws far from the grooves between the chambers.

    Parameters
    ----------
    anatomy : Anatomy
        Of a whole heart: where the scan cuts it, grooves and courses end differently.

    Returns
    -------
    tuple of Finding
        None, or one ``ANATOMY_IMPLAUSIBLE`` that names each artery farther than
        `DISAGREEMENT_MM`. The left main is left out: it is shorter than the doubt about its place.
    """
    found = agreement(anatomy, geometric_pathways(anatomy)).distance_mm
    wrong = [
        f"the {artery.name} is {_far(mm)}"
        for artery, mm in found.items()
        if artery is not Pathway.LM and mm > DISAGREEMENT_MM
    ]
    if not wrong:
        return ()
    message = f"the courses of arteries are implausible: {'; '.join(wrong)}"
    return (finding("ANATOMY_IMPLAUSIBLE", message),)


def _far(mm: float) -> str:
    if np.isinf(mm):
        return "not found"
    return f"{mm:.0f} mm from the groove that it must run in (allowed {DISAGREEMENT_MM:g})"


def _courses(
    anatomy: Anatomy, away: Mapping[Structure, NDArray[np.float64]]
) -> dict[Pathway, _Mask]:
    """Cells of each pathway's course."""
    surface = distance_map(np.isin(anatomy.labels, _HEART), anatomy.spacing_mm)
    shell = (np.abs(surface) < SHELL_MM) & ~np.isin(anatomy.labels, _VESSELS)

    def groove(one: Structure, other: Structure) -> _Mask:
        near = (away[one] < GROOVE_MM) & (away[other] < GROOVE_MM)
        return np.asarray(shell & near, np.bool_)

    circumflex, right = groove(_LV, _LA) & _left_of_root(anatomy), groove(_RV, _RA)
    anterior, posterior = _halves(groove(_LV, _RV), anatomy)
    root = anatomy.labels == Structure.AORTIC_ROOT
    annulus = (away[_LV] < ORIFICE_MM) & (away[_LA] < ORIFICE_MM)
    annulus &= away[Structure.AORTIC_ROOT] > CONTINUITY_MM
    return {
        Pathway.LM: _left_main(anatomy),
        Pathway.LAD: anterior,
        Pathway.LCX: circumflex,
        Pathway.RCA: right | posterior,
        Pathway.AORTIC_VALVE: _near_middle(root, anatomy),
        Pathway.MITRAL_ANNULUS: _rim(annulus, anatomy),
    }


def _halves(groove: _Mask, anatomy: Anatomy) -> tuple[_Mask, _Mask]:
    """Split the groove between the ventricles into its anterior and its posterior part.

    The plane that splits it holds the long axis of the left ventricle (from the middle of the
    atrium to that of the ventricle) and the direction from one ventricle to the other.
    """
    labels = anatomy.labels
    middles = [_middle(labels == one, anatomy) for one in (_LV, _RV, _LA)]
    cells = np.argwhere(groove)
    if len(cells) == 0 or any(middle is None for middle in middles):
        return groove, np.zeros_like(groove)
    left, right, atrium = (np.asarray(middle) for middle in middles)
    upward = np.cross(left - atrium, right - left)
    if upward[0] - upward[1] < 0:  # anterior is up and to the front
        upward = -upward
    side = (cells * np.array(anatomy.spacing_mm) - 0.5 * (left + right)) @ upward
    anterior, posterior = np.zeros_like(groove), np.zeros_like(groove)
    anterior[tuple(cells[side > 0].T)] = True
    posterior[tuple(cells[side <= 0].T)] = True
    return anterior, posterior


def _left_of_root(anatomy: Anatomy) -> _Mask:
    """Cells further to the left than the root's wall; all, if there is no root."""
    columns = np.flatnonzero((anatomy.labels == Structure.AORTIC_ROOT).any(axis=(0, 1)))
    is_left = np.arange(anatomy.shape[2]) > (columns[-1] if len(columns) else -1)
    return np.asarray(np.broadcast_to(is_left, anatomy.shape), np.bool_)


def _near_middle(mask: _Mask, anatomy: Anatomy) -> _Mask:
    """Cells within `VALVE_MM` of the middle of a mask."""
    near = np.zeros_like(mask)
    middle = _middle(mask, anatomy)
    if middle is not None:
        cells = np.argwhere(mask)
        offset = cells * np.array(anatomy.spacing_mm) - middle
        near[tuple(cells[np.linalg.norm(offset, axis=1) < VALVE_MM].T)] = True
    return near


def _left_main(anatomy: Anatomy) -> _Mask:
    """Cells of a straight line to the left from the upper half of the root's left wall."""
    root = np.asarray(anatomy.labels == Structure.AORTIC_ROOT, np.bool_)
    course = np.zeros(anatomy.shape, np.bool_)
    middle = _middle(root, anatomy)
    if middle is None:
        return course
    step = np.array(anatomy.spacing_mm)
    start = np.rint((middle[:2] + LEFT_MAIN_START_MM) / step[:2]).astype(int)
    z, y = np.clip(start, 0, np.array(anatomy.shape[:2]) - 1)
    row = np.flatnonzero(root[z, y])
    first = int(row[-1]) + 1 if len(row) else round(float(middle[2] / step[2]))
    course[z, y, first : first + round(LEFT_MAIN_LENGTH_MM / step[2])] = True
    return course


def _rim(orifice: _Mask, anatomy: Anatomy) -> _Mask:
    """Keep the outer part of a disc of cells."""
    middle = _middle(orifice, anatomy)
    if middle is None:
        return orifice
    cells = np.argwhere(orifice)
    radius = np.linalg.norm(cells * np.array(anatomy.spacing_mm) - middle, axis=1)
    rim = np.zeros_like(orifice)
    rim[tuple(cells[radius >= RIM_SHARE * radius.max()].T)] = True
    return rim


def _middle(mask: _Mask, anatomy: Anatomy) -> _Points | None:
    """Centre of mass in mm from the first cell; ``None`` of nothing."""
    cells = np.argwhere(mask)
    return cells.mean(axis=0) * np.array(anatomy.spacing_mm) if len(cells) else None


def _median_distance(cells: _Mask, course: _Mask, anatomy: Anatomy) -> float:
    """Median distance of cells from those of a course, in mm; ``inf`` if there is no course."""
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    if not course.any():
        return np.inf
    box = surrounding_box(cells | course, (0, 0, 0))
    away = ndimage.distance_transform_edt(~course[box], sampling=anatomy.spacing_mm)
    return float(np.median(away[cells[box]]))
