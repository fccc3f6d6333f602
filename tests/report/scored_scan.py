"""Small scans with calcium where a test wants it, and the result that belongs to them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from corcal.ct.scan import CTScan, SliceSource
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result
from result_maker import make_result

SPACING_MM = (3.0, 1.0, 1.0)
SHAPE = (20, 96, 96)
MIDDLE = (10, 44, 52)
RADIUS_MM = 24.0

Box = tuple[slice, slice, slice]


def make_scan() -> CTScan:
    """A ball of soft tissue (40 HU) of 24 mm in air of the lung (-800 HU)."""
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    distance = sum(
        ((i - middle) * step) ** 2
        for i, middle, step in zip((z, y, x), MIDDLE, SPACING_MM, strict=True)
    )
    hu = np.where(distance <= RADIUS_MM**2, 40, -800).astype(np.int16)
    affine = np.array([[0, 0, 1.0, -50], [0, 1.0, 0, -40], [3.0, 0, 0, -100], [0, 0, 0, 1]])
    slices = tuple(
        SliceSource(
            source=f"{k}.dcm",
            sop_instance_uid=f"2.25.{k + 1}",
            frame_number=None,
            instance_number=k + 1,
            position_mm=(-50.0, -40.0, -100.0 + 3.0 * k),
        )
        for k in range(SHAPE[0])
    )
    return CTScan(hu=hu, spacing_mm=SPACING_MM, affine_lps=affine, slices=slices)


def with_calcium(
    pieces: Mapping[Site, list[Box]], *, hu: int = 500
) -> tuple[Result, CTScan, SiteVoxels]:
    """Put boxes of calcium into the ball; the numbers of the result are not those of the boxes."""
    scan = make_scan()
    values = scan.hu.copy()
    sites = np.zeros(SHAPE, dtype=np.uint8)
    for site, boxes in pieces.items():
        for box in boxes:
            values[box] = hu
            sites[box] = site
    index = np.flatnonzero(sites)
    voxels = SiteVoxels(shape=SHAPE, index=index, site=sites.reshape(-1)[index])
    return _result(pieces), replace(scan, hu=values), voxels


def _result(pieces: Mapping[Site, list[Box]]) -> Result:
    base = make_result()
    some, nothing = base.score.vessels["LAD"], base.score.vessels["RCA"]
    vessels = {s.label: some if s in pieces else nothing for s in CORONARY_SITES}
    total = sum(score.agatston for score in vessels.values())
    score = replace(
        base.score,
        total=replace(base.score.total, agatston=total),
        vessels=vessels,
        other_sites={s.label: some for s in pieces if s not in CORONARY_SITES},
    )
    lesions = tuple(
        replace(
            base.lesions[0],
            id=f"L{number}",
            site=site.label,
            slices=tuple(range(box[0].start, box[0].stop)),
        )
        for number, (site, box) in enumerate(
            ((site, box) for site, boxes in pieces.items() for box in boxes), start=1
        )
    )
    scan = replace(base.scan, shape=SHAPE, increment_mm=3.0, pixel_spacing_mm=(1.0, 1.0))
    return replace(base, score=score, lesions=lesions, scan=scan)


def box(z: int, y: int, x: int, size: int = 4, depth: int = 1) -> Box:
    """A box of voxels from its lowest corner."""
    return slice(z, z + depth), slice(y, y + size), slice(x, x + size)
