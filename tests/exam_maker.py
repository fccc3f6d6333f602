"""A small scored exam of a scan that is on disk, without the time that scoring takes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corcal.ct.read import read_scan
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Exam
from corcal.scoring.measure import measure
from result_maker import make_result

__all__ = ["SHAPE", "SPACING_MM", "exam_of", "water"]

SPACING_MM = (3.0, 0.5, 0.5)
SHAPE = (6, 32, 32)


def water(*, lesion_hu: int = 400) -> NDArray[np.int16]:
    """A block of water with one lesion of 8 pixels in two slices of the LAD."""
    hu = np.full(SHAPE, 40, dtype=np.int16)
    hu[2:4, 10:12, 10:14] = lesion_hu
    return hu


def exam_of(path: Path) -> Exam:
    """Score the scan of a path as if the lesion had been marked, with a box around it."""
    scan = read_scan(path)
    sites = np.zeros(scan.shape, dtype=np.uint8)
    sites[2:4, 9:13, 9:15] = Site.LAD
    index = np.flatnonzero(sites)
    voxels = SiteVoxels(shape=scan.shape, index=index, site=sites.reshape(-1)[index])
    measured, base, series = measure(scan, voxels), make_result(), scan.series
    identity = replace(
        base.scan,
        patient=scan.patient,
        study_instance_uid=series.study_instance_uid,
        series_instance_uid=series.series_instance_uid,
        frame_of_reference_uid=series.frame_of_reference_uid,
        shape=scan.shape,
        sop_instance_uids=tuple(one.sop_instance_uid for one in scan.slices),
    )
    record = replace(base, scan=identity, score=measured.score, lesions=measured.lesions)
    return Exam(result=record, scan=scan, voxels=voxels)
