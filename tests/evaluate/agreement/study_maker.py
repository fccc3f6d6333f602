"""Small studies of agreement for tests: scans of a few voxels, and exams of them."""

from dataclasses import dataclass, replace

import numpy as np

from corcal.ct.scan import CTScan
from corcal.evaluate.agreement.records import AgatstonScores, ScanRow
from corcal.lesions import Site, SiteVoxels
from corcal.result import Result, ReviewAdvice
from corcal.scoring.categories import category_of
from corcal.scoring.measure import measure
from corcal.scoring.types import Interval
from result_maker import make_result
from scoring.small_scans import make_scan, voxels_of

__all__ = ["Exam", "blocks", "exam_of", "row_of"]

SPACING_MM = (3.0, 0.5, 0.5)  # a pixel of weight 1 is 0.25 Agatston; 4 pixels are the smallest


@dataclass(frozen=True)
class Exam:
    """What the pipeline returns, without the pipeline."""

    result: Result
    scan: CTScan
    voxels: SiteVoxels


def blocks(*parts: tuple[slice | int, slice, int, Site | int], slices: int = 1):
    """Make a scan of 12 x 24 pixels and the voxels of blocks (slice, columns, HU, site).

    Every block lies in row 5; site 0 is dense, but marked by nobody.
    """
    hu = np.full((slices, 12, 24), 40)
    site = np.zeros(hu.shape, dtype=np.uint8)
    for z, columns, value, where in parts:
        hu[z, 5, columns] = value
        site[z, 5, columns] = where
    return make_scan(hu, SPACING_MM), voxels_of(site)


def exam_of(
    scan: CTScan,
    voxels: SiteVoxels,
    *,
    interval: Interval | None = None,
    probabilities: dict[str, float] | None = None,
    advised: bool | None = None,
) -> Exam:
    """Measure the voxels and put them into a result."""
    measured = measure(scan, voxels)
    score = replace(
        measured.score,
        total=replace(measured.score.total, interval=interval),
        category_probabilities=probabilities,
    )
    review = None if advised is None else ReviewAdvice(advised=advised, reasons=())
    result = replace(make_result(), score=score, lesions=measured.lesions, review=review)
    return Exam(result=result, scan=scan, voxels=voxels)


def row_of(
    name: str, reference: float | None, automatic: float, patient: str | None = None, **more: object
) -> ScanRow:
    """Make a row of a study from two totals."""
    return ScanRow(
        name=name,
        patient=patient or name,
        reference=AgatstonScores(total=reference, vessels={}),
        automatic=AgatstonScores(total=automatic, vessels={}),
        reference_category=None if reference is None else category_of(reference),
        automatic_category=category_of(automatic),
        **more,
    )
