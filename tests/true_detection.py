"""Automatic detection that is right: what it would find if it knew the truth of a scan."""

import numpy as np

from corcal.anatomy.types import Anatomy, ModelRecord
from corcal.automatic import Automatic
from corcal.ct.scan import CTScan
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.decision import Decision, Detection, Reason
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.scoring.measure import measure

DETECTOR = ModelRecord(name="truth", version="1", sha256=None, trusted=True)
SURE = 0.96  # said of each lesion; the rest is said to be noise


def detection_of(scan: CTScan, voxels: SiteVoxels, *, noise_sd_hu: float = 20.0) -> Detection:
    """A decision for each true lesion that scores, found by its densest voxel."""
    dense = scan.hu.reshape(-1)[voxels.index] >= CALCIUM_THRESHOLD_HU
    found = SiteVoxels(shape=scan.shape, index=voxels.index[dense], site=voxels.site[dense])
    measured = measure(scan, found)
    decisions = []
    for row, lesion in enumerate(measured.lesions):
        mine = measured.voxel_index[measured.voxel_lesion == row]
        probabilities = dict.fromkeys((site.label for site in Site), 0.0)
        probabilities["noise"] = 1.0 - SURE
        probabilities[lesion.site] = SURE
        decisions.append(
            Decision(
                site=lesion.site,
                probabilities=probabilities,
                agatston=lesion.agatston,
                centroid_mm=lesion.centroid_mm,
                voxel=int(mine[np.argmax(scan.hu.reshape(-1)[mine])]),
                why=(Reason(text=f"{lesion.id} was put there", feature="truth", value=1.0),),
            )
        )
    return Detection(voxels=found, decisions=tuple(decisions), noise_sd_hu=noise_sd_hu)


def automatic_of(scan: CTScan, voxels: SiteVoxels, anatomy: Anatomy) -> Automatic:
    """What `corcal.automatic.find_calcium` would return."""
    return Automatic(anatomy=anatomy, detection=detection_of(scan, voxels), detector=DETECTOR)
