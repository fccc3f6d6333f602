"""The voxels that were scored, as a DICOM Segmentation: a segment a site.

Only frames with calcium are written. Their geometry is that of the scan's canonical axes, at the
positions of the images that they refer to.
"""

from collections.abc import Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage

from corcal._version import __version__
from corcal.ct.scan import CTScan
from corcal.errors import GeometryError
from corcal.interop.dicom.identity import (
    MANUFACTURER,
    exam_key,
    made_uid,
    reader_name,
    segmentation_uid,
    site_tracking,
    stamp,
)
from corcal.interop.dicom.save import save_whole
from corcal.interop.dicom.source import (
    ScoredExam,
    header_values,
    name_patient,
    refer_as_stored,
    require_dicom,
    source_image,
)
from corcal.interop.dicom.terms import (
    ARTIFICIAL_INTELLIGENCE,
    EMPTY_SEGMENT_SITES,
    MANUAL_PROCESSING,
    SITE_TERMS,
)
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.rules import rule_named

__all__ = ["SEGMENTATION_KINDS", "counted_voxels", "write_segmentation"]

SERIES_NUMBER = 9001
_BINARY, _LABELMAP = "BINARY", "LABELMAP"
SEGMENTATION_KINDS = {
    str(SegmentationStorage): _BINARY,
    "1.2.840.10008.5.1.4.1.1.66.7": _LABELMAP,  # Label Map Segmentation; not in every pydicom
}
"""How a segmentation is encoded, by its SOP class; part of its name."""


def write_segmentation(exam: ScoredExam, path: Path, *, labelmap: bool = False) -> Path:
    """Write the voxels that count as a DICOM Segmentation.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    path : Path
        File to write; replaced if it exists.
    labelmap : bool
        Write a Label Map Segmentation (DICOM Supplement 243) instead of a binary one. Fewer
        receivers take it.

    Returns
    -------
    Path
        The file. Reading it with `corcal.annotations.read_annotation` gives the same voxels.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to.
    GeometryError
        If result, scan and voxels are not of the same shape.
    """
    require_dicom(exam.scan)
    voxels = counted_voxels(exam)
    kind = _LABELMAP if labelmap else _BINARY
    with header_values():
        segmentation = _segmentation(exam, voxels, kind)
        _refer_as_stored(segmentation, exam.scan)
        segmentation.ContentCreatorName = reader_name(exam.result)
        stamp(segmentation, exam.result)
        name_patient(segmentation, exam.scan)
        save_whole(segmentation, path)
    return path


def counted_voxels(exam: ScoredExam) -> SiteVoxels:
    """Return the voxels that count under the result's rule, of all sites that can be a segment.

    Raises
    ------
    GeometryError
        If result, scan and voxels are not of the same shape.
    """
    result, scan, voxels = exam.result, exam.scan, exam.voxels
    if not result.scan.shape == scan.shape == voxels.shape:
        msg = (
            f"a result of shape {result.scan.shape} does not belong to a scan of shape "
            f"{scan.shape} with voxels of shape {voxels.shape}"
        )
        raise GeometryError(msg)
    values = scan.hu.reshape(-1)[voxels.index]
    rule = rule_named(result.score.rule)
    counted = find_slice_lesions(values, voxels, rule=rule, spacing_mm=scan.spacing_mm).voxel
    index, site = voxels.index[counted], voxels.site[counted]
    kept = np.isin(site, [int(one) for one in SITE_TERMS])
    return SiteVoxels(shape=scan.shape, index=index[kept], site=site[kept])


def _segmentation(exam: ScoredExam, voxels: SiteVoxels, kind: str) -> hd.seg.Segmentation:
    scan, result = exam.scan, exam.result
    sites = [Site(code) for code in np.unique(voxels.site)] or list(EMPTY_SEGMENT_SITES)
    slices, labels = _labels(voxels, sites)
    key = exam_key(result)
    segmentation = hd.seg.Segmentation(
        source_images=[source_image(scan, k) for k in slices],
        pixel_array=labels,
        segmentation_type=kind,
        segment_descriptions=_descriptions(sites, scan, result),
        series_instance_uid=made_uid("segmentation series", kind, key),
        series_number=SERIES_NUMBER,
        sop_instance_uid=segmentation_uid(kind, key),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        device_serial_number=__version__,
        content_label="CALCIUM",
        content_description="Calcium that counts, by site. For research use only.",
        series_description="corcal calcium (research use only)",
        omit_empty_frames=bool(voxels.index.size),
    )
    dimensions = made_uid("segmentation dimensions", kind, key)  # highdicom's is another each time
    for item in (*segmentation.DimensionOrganizationSequence, *segmentation.DimensionIndexSequence):
        item.DimensionOrganizationUID = dimensions
    return segmentation


def _labels(voxels: SiteVoxels, sites: Sequence[Site]) -> tuple[list[int], NDArray[np.uint8]]:
    """Segment numbers of the slices with calcium; without any, the middle slice, empty.

    Returns
    -------
    slices : list of int
        Zero-based, ascending.
    labels : uint8 ndarray of shape (len(slices), n_y, n_x)
        Number of the segment, counted from one, or 0.
    """
    n_z, n_y, n_x = voxels.shape
    z, place = np.divmod(voxels.index, n_y * n_x)
    slices = np.unique(z) if z.size else np.array([n_z // 2])
    number = np.zeros(max(Site) + 1, dtype=np.uint8)
    for position, site in enumerate(sites, 1):
        number[site] = position
    labels = np.zeros((slices.size, n_y * n_x), dtype=np.uint8)
    labels[np.searchsorted(slices, z), place] = number[voxels.site]
    return [int(k) for k in slices], labels.reshape(-1, n_y, n_x)


def _descriptions(
    sites: Sequence[Site], scan: CTScan, result: Result
) -> list[hd.seg.SegmentDescription]:
    is_automatic = result.provenance.is_automatic
    algorithm = hd.AlgorithmIdentificationSequence(
        name=MANUFACTURER,
        family=ARTIFICIAL_INTELLIGENCE if is_automatic else MANUAL_PROCESSING,
        version=result.provenance.software_version,
        source=MANUFACTURER,
        parameters={"rule": result.score.rule, "method": result.provenance.method},
    )
    described = []
    for number, site in enumerate(sites, 1):
        terms, tracking = SITE_TERMS[site], site_tracking(scan, site.label)
        described.append(
            hd.seg.SegmentDescription(
                segment_number=number,
                segment_label=site.label,
                segmented_property_category=terms.category,
                segmented_property_type=terms.kind,
                # A person's marks are cut at the threshold of the rule.
                algorithm_type="AUTOMATIC" if is_automatic else "SEMIAUTOMATIC",
                algorithm_identification=algorithm,
                tracking_uid=tracking.uid,
                tracking_id=tracking.identifier,
                anatomic_regions=[terms.region] if terms.region is not None else None,
            )
        )
    return described


def _refer_as_stored(segmentation: Dataset, scan: CTScan) -> None:
    """Make the references those of the stored images.

    A frame of a multi-frame source comes where `source_image` had an image stand for it. That
    pixels lie where those of the source lie is not said: the scan's axes are canonical, and its
    images may have been stored turned.
    """
    frames = {
        str(source_image(scan, k).SOPInstanceUID): source.frame_number
        for k, source in enumerate(scan.slices)
        if source.frame_number is not None
    }
    for group in segmentation.PerFrameFunctionalGroupsSequence:
        for derivation in group.get("DerivationImageSequence", []):
            for item in derivation.SourceImageSequence:
                item.pop("SpatialLocationsPreserved", None)
                number = frames.get(str(item.ReferencedSOPInstanceUID))
                if number is not None:
                    item.ReferencedFrameNumber = number
    refer_as_stored(segmentation, scan, frames=False)
