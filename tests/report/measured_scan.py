"""Small scans with calcium, and the result that measuring them really gives."""

from collections.abc import Mapping
from dataclasses import replace

from corcal.ct.scan import CTScan
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result
from corcal.scoring.measure import measure
from report.scored_scan import Box, with_calcium


def with_measured(
    pieces: Mapping[Site, list[Box]], *, hu: int = 500
) -> tuple[Result, CTScan, SiteVoxels]:
    """Put boxes of calcium into the ball of `with_calcium`, and measure them."""
    result, scan, voxels = with_calcium(pieces, hu=hu)
    measured = measure(scan, voxels)
    identity = replace(
        result.scan, sop_instance_uids=tuple(one.sop_instance_uid for one in scan.slices)
    )
    record = replace(result, scan=identity, score=measured.score, lesions=measured.lesions)
    return record, scan, voxels
