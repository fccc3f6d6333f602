"""Decisions as a detector makes them, in a few words."""

from corcal.ct.scan import Finding
from corcal.lesions import SiteVoxels
from corcal.lesions.decision import Decision, Detection

__all__ = ["decision", "detection"]


def decision(
    agatston: float, probabilities: dict[str, float], *, site: str | None = None, voxel: int = 0
) -> Decision:
    """Make a decision; its site is the most probable one if none is given."""
    return Decision(
        site=site or max(probabilities, key=probabilities.__getitem__),
        probabilities=probabilities,
        agatston=agatston,
        centroid_mm=(1.0, 2.0, 3.0),
        voxel=voxel,
        why=(),
    )


def detection(
    voxels: SiteVoxels, *decisions: Decision, findings: tuple[Finding, ...] = ()
) -> Detection:
    """Make a detection with 20 HU of noise."""
    return Detection(voxels=voxels, decisions=decisions, noise_sd_hu=20.0, findings=findings)
