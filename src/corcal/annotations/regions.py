"""Regions of an annotation, and how they become one set of voxels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels

__all__ = ["Annotation", "AnnotationFormat", "Region", "combine"]

AnnotationFormat = Literal["osirix", "dicom_seg", "rtstruct", "label_volume"]

CALCIUM_THRESHOLD_HU = 130  # Agatston 1990, doi:10.1016/0735-1097(90)90282-T


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What a person said about a scan: which voxels belong to which site.

    Attributes
    ----------
    voxels : SiteVoxels
        All voxels of all regions, whatever their HU: the scoring rule applies its threshold.
    format : str
        What the file was, by its content.
    region_count : int
        Regions that hold at least one voxel (ROIs, segments, structures or labels).
    findings : tuple of Finding
        What was visibly handled, with the codes of `corcal.ct.findings`.
    """

    voxels: SiteVoxels
    format: AnnotationFormat
    region_count: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Voxels of one region.

    Attributes
    ----------
    name : str
        What messages call it: ``"ROI 3"``.
    site : Site
        Where it belongs.
    index : int64 ndarray of shape (n,)
        Flat C-order indices into the scan.
    """

    name: str
    site: Site
    index: NDArray[np.int64]


def combine(
    regions: Sequence[Region],
    scan: CTScan,
    *,
    annotation_format: AnnotationFormat,
    findings: Sequence[Finding] = (),
) -> Annotation:
    """Make the annotation of a scan from its regions.

    Regions of one site are united. A voxel that regions of different sites claim goes to the
    region that comes first in the file, with the finding ``ANNOTATION_OVERLAP``.
    """
    filled = [region for region in regions if region.index.size]
    voxels, overlap = _unite(filled, scan.shape)
    found = list(findings)
    if not voxels.index.size:
        found.append(
            finding(
                "ANNOTATION_EMPTY",
                "nothing is marked in the annotation: the score is 0 for that reason",
            )
        )
    if overlap:
        message = f"{overlap} voxels are in regions of two sites; the first region in the file won"
        found.append(finding("ANNOTATION_OVERLAP", message))
    found.extend(_clipped(voxels, scan))
    return Annotation(
        voxels=voxels,
        format=annotation_format,
        region_count=len(filled),
        findings=tuple(found),
    )


def _unite(regions: Sequence[Region], shape: tuple[int, int, int]) -> tuple[SiteVoxels, int]:
    """Voxels with the site of the first region that has them, and how many were contested."""
    none = np.zeros(0, dtype=np.int64)
    claimed = np.concatenate([none, *(region.index for region in regions)])
    sites = np.repeat(
        np.array([region.site for region in regions], dtype=np.uint8),
        [region.index.size for region in regions],
    )
    index, first, position = np.unique(claimed, return_index=True, return_inverse=True)
    site = sites[first]
    contested = np.unique(position[sites != site[position]]).size
    return SiteVoxels(shape=shape, index=index, site=site), int(contested)


def _clipped(voxels: SiteVoxels, scan: CTScan) -> list[Finding]:
    """Report calcium that touches annotated calcium and is in no region."""
    count, slices = 0, 0
    size = scan.shape[1] * scan.shape[2]
    for z in np.unique(voxels.index // size):
        inside = np.zeros(size, dtype=np.bool_)
        inside[voxels.index[voxels.index // size == z] % size] = True
        left_out = _left_out(scan.hu[z] >= CALCIUM_THRESHOLD_HU, inside.reshape(scan.shape[1:]))
        count += left_out
        slices += left_out > 0
    if not count:
        return []
    area = count * scan.pixel_area_mm2
    message = (
        f"{count} voxels ({area:.1f} mm2) of at least {CALCIUM_THRESHOLD_HU} HU in {slices} slices "
        "touch annotated calcium and are in no region: they are not scored"
    )
    return [finding("ANNOTATION_CLIPS_LESION", message)]


def _left_out(dense: NDArray[np.bool_], inside: NDArray[np.bool_]) -> int:
    """Count dense pixels outside that are 8-connected, in the slice, to dense pixels inside."""
    seeds = dense & inside
    if not (_dilated(seeds) & dense & ~inside).any():
        return 0
    from scipy import ndimage  # a tenth of a second to import, and rarely needed here

    labels, _ = ndimage.label(dense, structure=np.ones((3, 3)))
    touched = np.unique(labels[seeds])
    return int(np.count_nonzero(np.isin(labels, touched) & ~inside))


def _dilated(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Grow by one pixel in all eight directions."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    wide = grown.copy()
    wide[:, 1:] |= grown[:, :-1]
    wide[:, :-1] |= grown[:, 1:]
    return wide
