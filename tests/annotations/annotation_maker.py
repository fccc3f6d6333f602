"""A small scan in memory, and writers that put one mask into each annotation format.

The writers are other people's programs where there are any (highdicom, SimpleITK, pydicom), and
for OsiriX the description of its brush: a contour at level 1 of a mask of 0 and 255, in pixels
that count from the centre, with mm that are half a pixel less.
"""

import plistlib
from pathlib import Path

import highdicom as hd
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from skimage.measure import find_contours

from corcal.ct.scan import CTScan, SeriesIdentity, SliceSource
from corcal.lesions.sites import Site

SHAPE = (5, 24, 32)
SPACING_MM = (3.0, 0.5, 0.4)
ORIGIN_MM = (-60.0, -210.0, -150.0)
STUDY_UID = "1.2.826.0.1.3680043.8.498.1"
SERIES_UID = "1.2.826.0.1.3680043.8.498.2"
FRAME_UID = "1.2.826.0.1.3680043.8.498.3"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"

COCA_NAMES = {
    Site.LM: "Left Coronary Artery",
    Site.LAD: "Left Anterior Descending Artery",
    Site.LCX: "Left Circumflex Artery",
    Site.RCA: "Right Coronary Artery",
}
SNOMED = {
    Site.LM: codes.SCT.LeftMainCoronaryArtery,
    Site.LAD: codes.SCT.LeftAnteriorDescendingCoronaryArtery,
    Site.LCX: codes.SCT.CircumflexCoronaryArtery,
    Site.RCA: codes.SCT.RightCoronaryArtery,
    Site.AORTIC_VALVE: codes.SCT.AorticValve,
}


def affine(spacing_mm=SPACING_MM, origin_mm=ORIGIN_MM) -> NDArray[np.float64]:
    dz, dy, dx = spacing_mm
    matrix = np.eye(4)
    matrix[:3] = [[0, 0, dx, origin_mm[0]], [0, dy, 0, origin_mm[1]], [dz, 0, 0, origin_mm[2]]]
    return matrix


def make_scan(hu: NDArray[np.int16] | None = None, *, origin_mm=ORIGIN_MM) -> CTScan:
    hu = np.zeros(SHAPE, dtype=np.int16) if hu is None else hu
    x, y, z = origin_mm
    slices = tuple(
        SliceSource(
            source=f"{k}.dcm",
            sop_instance_uid=f"{SERIES_UID}.{k + 1}",
            frame_number=None,
            instance_number=k + 1,
            position_mm=(x, y, z + k * SPACING_MM[0]),
        )
        for k in range(hu.shape[0])
    )
    series = SeriesIdentity(
        study_instance_uid=STUDY_UID,
        series_instance_uid=SERIES_UID,
        frame_of_reference_uid=FRAME_UID,
    )
    return CTScan(
        hu=hu,
        spacing_mm=SPACING_MM,
        affine_lps=affine(origin_mm=origin_mm),
        slices=slices,
        series=series,
    )


def three_lesions() -> NDArray[np.uint8]:
    """Site codes: a square and a lone pixel, a diagonal shape over two slices, a line."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[1, 3:6, 4:8] = Site.LAD
    labels[1, 20, 30] = Site.LAD
    for step in range(4):
        labels[2:4, 8 + step, 10 + step : 13 + step] = Site.RCA
    labels[4, 0, 0:6] = Site.LM  # at the edge of the image
    return labels


def ct_datasets(scan: CTScan) -> list[Dataset]:
    """The CT images that a Segmentation refers to."""
    datasets = []
    for k, source in enumerate(scan.slices):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID = CT_IMAGE, source.sop_instance_uid
        ds.StudyInstanceUID, ds.SeriesInstanceUID = STUDY_UID, SERIES_UID
        ds.FrameOfReferenceUID, ds.Modality = FRAME_UID, "CT"
        ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.PatientSex = "P1", "P^1", "", "O"
        ds.AccessionNumber, ds.StudyID, ds.StudyDate, ds.StudyTime = "", "1", "20200101", "120000"
        ds.PositionReferenceIndicator = ""
        ds.InstanceNumber, ds.SeriesNumber = k + 1, 1
        ds.ImagePositionPatient = list(source.position_mm)
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = list(scan.spacing_mm[1:]), scan.spacing_mm[0]
        ds.Rows, ds.Columns = scan.shape[1:]
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 1, 1
        ds.PhotometricInterpretation = "MONOCHROME2"
        ds.RescaleSlope, ds.RescaleIntercept = 1, 0
        ds.PixelData = scan.hu[k].tobytes()
        datasets.append(ds)
    return datasets


def write_seg(
    path: Path,
    labels: NDArray[np.uint8],
    scan: CTScan,
    *,
    kind: str = "BINARY",
    fractions: NDArray[np.float32] | None = None,
    segment_labels: dict[Site, str] | None = None,
    type_codes: dict[Site, object] | None = None,
) -> Path:
    """One segment a site, by highdicom."""
    sites = [Site(v) for v in np.unique(labels) if v]
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=(segment_labels or {}).get(site, site.label),
            segmented_property_category=codes.SCT.AnatomicalStructure,
            segmented_property_type=(type_codes or SNOMED)[site],
            algorithm_type="MANUAL",
        )
        for number, site in enumerate(sites, 1)
    ]
    masks = np.stack([labels == site for site in sites], axis=-1).astype(np.uint8)
    pixels = masks if fractions is None else fractions
    if kind == "LABELMAP":
        pixels = (masks * np.arange(1, len(sites) + 1, dtype=np.uint8)).sum(axis=-1, dtype=np.uint8)
    hd.seg.Segmentation(
        source_images=ct_datasets(scan),
        pixel_array=pixels,
        segmentation_type=kind,
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="corcal tests",
        manufacturer_model_name="none",
        software_versions="1",
        device_serial_number="1",
    ).save_as(path)
    return path


def structure_set(
    contours: dict[str, list[NDArray[np.float64]]], *, kind: str = "CLOSED_PLANAR"
) -> Dataset:
    """Structures by name, each a list of contours (n, 3) in mm."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = RT_STRUCTURE_SET
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.Modality, ds.StructureSetLabel = "RTSTRUCT", "calcium"
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = SERIES_UID
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = FRAME_UID
    frame.RTReferencedStudySequence = [study]
    ds.ReferencedFrameOfReferenceSequence = [frame]
    ds.StructureSetROISequence, ds.ROIContourSequence = [], []
    for number, (name, outlines) in enumerate(contours.items(), 1):
        roi, entry = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, FRAME_UID
        entry.ReferencedROINumber, entry.ContourSequence = number, []
        for points in outlines:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
            contour.ContourData = [f"{v:.4f}" for v in np.asarray(points).ravel()]
            entry.ContourSequence.append(contour)
        ds.StructureSetROISequence.append(roi)
        ds.ROIContourSequence.append(entry)
    return ds


def write_rtstruct(path: Path, labels: NDArray[np.uint8], scan: CTScan) -> Path:
    """Contours half way between pixels inside and outside, as most programs draw them."""
    contours: dict[str, list[NDArray[np.float64]]] = {}
    for site in [Site(v) for v in np.unique(labels) if v]:
        for z, xy in outlines(labels == site, level=0.5):
            index = np.column_stack((np.full(len(xy), z), xy[:, 1], xy[:, 0]))
            contours.setdefault(site.label, []).append(scan.to_patient_mm(index))
    structure_set(contours).save_as(path, enforce_file_format=True)
    return path


def outlines(mask: NDArray[np.bool_], *, level: float, inside: float = 1.0):
    """Slice and (x, y) corners of every contour of a mask, whole numbers at pixel centres."""
    for z, plane in enumerate(mask):
        padded = np.pad(plane * inside, 1)
        for contour in find_contours(padded, level, fully_connected="high"):
            yield z, contour[:-1, ::-1] - 1


def osirix_roi(name: str, px: NDArray[np.float64], scan: CTScan, z: int, **extra) -> dict:
    """A brush as the viewer writes it: its pixels from the centre, its mm half a pixel less."""
    index = np.column_stack((np.full(len(px), z), px[:, 1] - 0.5, px[:, 0] - 0.5))
    return {
        "Name": name,
        "Type": 20,
        "NumberOfPoints": len(px),
        "Point_px": [f"({x:.6f}, {y:.6f})" for x, y in px],
        "Point_mm": [f"({x:.6f}, {y:.6f}, {w:.6f})" for x, y, w in scan.to_patient_mm(index)],
        **extra,
    }


def osirix_list(labels: NDArray[np.uint8], scan: CTScan) -> dict:
    """The list of a scan's ROIs in the layout of COCA."""
    images: dict[int, list[dict]] = {}
    for site in [Site(v) for v in np.unique(labels) if v]:
        for z, px in outlines(labels == site, level=1.0, inside=255.0):
            roi = osirix_roi(COCA_NAMES[site], px, scan, z)
            images.setdefault(z, []).append(roi)
    return {
        "Images": [
            {"ImageIndex": z, "NumberOfROIs": len(rois), "ROIs": rois}
            for z, rois in sorted(images.items())
        ]
    }


def write_plist(path: Path, content: object, *, binary: bool = False) -> Path:
    fmt = plistlib.FMT_BINARY if binary else plistlib.FMT_XML
    path.write_bytes(plistlib.dumps(content, fmt=fmt))
    return path


def label_image(labels: NDArray[np.generic], *, spacing_mm=SPACING_MM, origin_mm=ORIGIN_MM):
    """An image on the grid of the scan."""
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing(spacing_mm[::-1])
    image.SetOrigin(origin_mm)
    return image


def write_image(path: Path, image) -> Path:
    sitk.WriteImage(image, str(path))
    return path
