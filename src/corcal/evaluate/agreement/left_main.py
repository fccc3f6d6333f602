"""References that count the left main with the LAD: both sides of a comparison are taken so.

The orCaScore challenge does (http://orcascore.isi.uu.nl/data/), and many a reader.
"""

import math
from dataclasses import replace
from typing import overload

import numpy as np

from corcal.evaluate.agreement.automatic import AutomaticScore
from corcal.evaluate.agreement.records import AgatstonScores
from corcal.lesions.sites import Site, Vessel
from corcal.lesions.voxels import SiteVoxels

__all__ = [
    "ORCASCORE_LABELS",
    "automatic_with_left_main",
    "scores_with_left_main",
    "voxels_with_left_main",
]

# As the page above has it: 1 LAD with the left main, 2 LCX, 3 RCA
ORCASCORE_LABELS = {1: "LAD", 2: "LCX", 3: "RCA"}

_LM, _LAD = Site.LM.label, Site.LAD.label


@overload
def scores_with_left_main(scores: AgatstonScores) -> AgatstonScores: ...
@overload
def scores_with_left_main(scores: None) -> None: ...
@overload
def scores_with_left_main(scores: AgatstonScores | None) -> AgatstonScores | None: ...
def scores_with_left_main(scores: AgatstonScores | None) -> AgatstonScores | None:
    """Add the left main to the LAD; an LAD that is not known stays unknown.

    If the three arteries are known and the total is not, it is their sum.
    """
    if scores is None:
        return None
    vessels = {name: value for name, value in scores.vessels.items() if name != _LM}
    if _LAD in vessels:
        vessels[_LAD] += scores.vessels.get(_LM, 0.0)
    total = scores.total
    if total is None and len(vessels) == len(Vessel) - 1:
        total = math.fsum(vessels.values())
    return AgatstonScores(total=total, vessels=vessels)


def automatic_with_left_main(automatic: AutomaticScore) -> AutomaticScore:
    """Do the same for an automatic score."""
    return replace(automatic, scores=scores_with_left_main(automatic.scores))


def voxels_with_left_main(voxels: SiteVoxels | None) -> SiteVoxels | None:
    """Give the voxels of the left main to the LAD."""
    if voxels is None:
        return None
    site = np.where(voxels.site == Site.LM, Site.LAD, voxels.site).astype(np.uint8)
    return SiteVoxels(shape=voxels.shape, index=voxels.index, site=site)
