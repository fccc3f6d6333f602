"""A small scan with an anatomy and with decisions about what is dense in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import PATHWAYS, Anatomy, ModelRecord, Pathway, Structure
from corcal.automatic import explained_lesions
from corcal.ct.scan import CTScan, SliceSource
from corcal.lesions.decision import Decision, Detection, Reason
from corcal.lesions.sites import Site, Vessel
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result
from corcal.scoring.measure import measure
from result_maker import make_automatic_result

SPACING_MM = (3.0, 1.0, 1.0)
SHAPE = (30, 120, 120)
MODEL = ModelRecord(name="corcal-test", version="2", sha256="ab12" * 16, trusted=True)
KEPT = {Site.NOISE, Site.BONE, Site.DEVICE}  # decisions whose voxels are not in a detection


@dataclass(frozen=True, kw_only=True)
class Dense:
    """A cube of dense voxels, and what is decided about it."""

    site: Site
    at: tuple[int, int, int]
    size: int = 3
    depth: int = 1
    agatston: float = 20.0
    sure: float = 0.97
    rival: Site = Site.NOISE
    second: Site | None = None  # by the second detector: the same if not given
    why: tuple[str, ...] = ("lies in fat", "2 mm from the artery's course")

    @property
    def window(self) -> tuple[slice, slice, slice]:
        z, y, x = self.at
        return slice(z, z + self.depth), slice(y, y + self.size), slice(x, x + self.size)


FEW = [
    Dense(site=Site.LAD, at=(10, 30, 50), agatston=45.2),
    Dense(site=Site.RCA, at=(8, 60, 35), agatston=9.14, sure=0.72),
    Dense(site=Site.AORTIC_VALVE, at=(14, 60, 60), agatston=12.3),
    Dense(site=Site.MITRAL_ANNULUS, at=(5, 80, 70), agatston=30.0, sure=0.7, rival=Site.LCX),
    Dense(site=Site.NOISE, at=(6, 50, 50), size=1, agatston=1.0, sure=0.995),
]


def many(count: int) -> list[Dense]:
    """Lesions close together in a few slices: a severe case."""
    sites = (Site.LAD, Site.LCX, Site.RCA, Site.LM)
    return [
        Dense(
            site=sites[k % 4],
            at=(5 + k % 5, 32 + 9 * (k // 5 % 6), 34 + 11 * (k % 5)),
            agatston=500.0 / (k + 1),
            sure=0.99 - 0.01 * k,
        )
        for k in range(count)
    ]


def make_scan(shape: tuple[int, int, int] = SHAPE) -> CTScan:
    """Soft tissue of 40 HU."""
    dz, dy, dx = SPACING_MM
    affine = np.array([[0, 0, dx, 0], [0, dy, 0, 0], [dz, 0, 0, -100], [0, 0, 0, 1.0]])
    slices = tuple(
        SliceSource(
            source=f"{k}.dcm",
            sop_instance_uid=None,
            frame_number=None,
            instance_number=k + 1,
            position_mm=(0.0, 0.0, -100.0 + dz * k),
        )
        for k in range(shape[0])
    )
    hu = np.full(shape, 40, np.int16)
    return CTScan(hu=hu, spacing_mm=SPACING_MM, affine_lps=affine, slices=slices)


def make_anatomy(*, pathways: bool = True, heart: bool = True) -> Anatomy:
    """A left ventricle of 60 x 64 x 64 mm from (12, 28, 28) mm, cells of 4 mm; LAD at its front."""
    shape = (23, 30, 30)
    label = np.zeros(shape, np.uint8)
    if heart:
        label[3:18, 7:23, 7:23] = Structure.LEFT_VENTRICLE
        label[18:20, 10:16, 10:16] = Structure.AORTIC_ROOT
    structures = (label == np.arange(len(Structure))[:, None, None, None]).astype(np.float32)
    heights: NDArray[np.float32] | None = None
    if pathways:
        heights = np.zeros((len(PATHWAYS), *shape), np.float32)
        heights[Pathway.LAD, 5:16, 6, 14] = 1.0
        heights[Pathway.LM, 16, 8:12, 14] = 1.0
    return Anatomy(
        structures=structures,
        pathways=heights,
        origin_mm=(0.0, 0.0, 0.0),
        spacing_mm=(4.0, 4.0, 4.0),
        model=MODEL,
    )


def with_dense(
    dense: Sequence[Dense], *, shape: tuple[int, int, int] = SHAPE
) -> tuple[Result, CTScan, Detection]:
    """Put cubes of 400 HU into the scan, and decide about each as it says.

    The result has the lesions that measuring them gives, but with the scores that were given.
    """
    scan = make_scan(shape)
    hu = scan.hu.copy()
    sites = np.zeros(shape, np.uint8)
    decisions = []
    for one in dense:
        hu[one.window] = 400
        if one.site not in KEPT:
            sites[one.window] = one.site
        probabilities = dict.fromkeys((site.label for site in Site), 0.0)
        probabilities[one.rival.label] = 1.0 - one.sure
        probabilities[one.site.label] = one.sure
        decisions.append(
            Decision(
                site=one.site.label,
                probabilities=probabilities,
                agatston=one.agatston,
                centroid_mm=(0.0, 0.0, 0.0),
                voxel=int(np.ravel_multi_index(one.at, shape)),
                why=tuple(Reason(text=text, feature="f", value=1.0) for text in one.why),
            )
        )
    index = np.flatnonzero(sites)
    voxels = SiteVoxels(shape=shape, index=index, site=sites.reshape(-1)[index])
    detection = Detection(
        voxels=voxels,
        decisions=tuple(decisions),
        noise_sd_hu=20.0,
        second_sites=tuple((one.second or one.site).label for one in dense),
    )
    scan = replace(scan, hu=hu)
    return _result(scan, detection), scan, detection


def _result(scan: CTScan, detection: Detection) -> Result:
    """The lesions as measured, each with the sum of the scores of its decisions; their total."""
    measured = measure(scan, detection.voxels)
    lesions = explained_lesions(measured, detection.voxels, detection.decisions)
    label = {
        int(v): int(k) for v, k in zip(measured.voxel_index, measured.voxel_lesion, strict=True)
    }
    scores = [
        sum(one.agatston for one in detection.decisions if label.get(one.voxel) == k)
        for k in range(len(lesions))
    ]
    base = make_automatic_result()
    total = sum(
        score
        for lesion, score in zip(lesions, scores, strict=True)
        if lesion.site in Vessel.__members__
    )
    return replace(
        base,
        scan=replace(base.scan, shape=scan.shape),
        score=replace(base.score, total=replace(base.score.total, agatston=total)),
        lesions=tuple(
            replace(lesion, agatston=score) for lesion, score in zip(lesions, scores, strict=True)
        ),
    )
