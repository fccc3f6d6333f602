"""Small synthetic DICOM CT series for all tests, with every fault as an option.

``make_series(folder, hu=..., spacing_mm=...)`` writes a valid series and returns its files, lowest
slice first. The voxels are given in canonical axes (z to the head, y to the back, x to the left);
the maker stores them in whatever orientation, order and compression is asked for, so that reading
must give the same array back. Faults are made by `tags` and `slice_tags` (``None`` removes a tag)
or by damaging the returned files.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    JPEG2000,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

__all__ = [
    "AXIAL",
    "PRONE",
    "CORONAL",
    "SAGITTAL",
    "NATIVE_SYNTAXES",
    "LOSSLESS_SYNTAXES",
    "demo_hu",
    "make_enhanced",
    "make_series",
]

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)  # rows to the left, columns to the back: head first, supine
PRONE = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)

NATIVE_SYNTAXES = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
LOSSLESS_SYNTAXES = (
    *NATIVE_SYNTAXES,
    RLELossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEG2000Lossless,
)
_BY_GDCM = (JPEGLossless, JPEGLosslessSV1, JPEGExtended12Bit)

STUDY_UID = "1.2.826.0.1.3680043.8.498.1"
SERIES_UID = "1.2.826.0.1.3680043.8.498.1.1"
FRAME_UID = "1.2.826.0.1.3680043.8.498.1.9"


def demo_hu(shape: tuple[int, int, int] = (5, 40, 36), *, seed: int = 1) -> NDArray[np.int16]:
    """Voxels without any symmetry: air, tissue and something dense, -1024 to 1500 HU."""
    rng = np.random.default_rng(seed)
    return rng.integers(-1024, 1500, size=shape, dtype=np.int16)


def make_series(
    folder: Path,
    *,
    hu: NDArray[Any] | None = None,
    spacing_mm: tuple[float, float, float] = (3.0, 0.5, 0.5),
    origin_mm: tuple[float, float, float] = (-50.0, -60.0, -70.0),
    orientation: Sequence[float] = AXIAL,
    tilt_deg: float = 0.0,
    heights_mm: Sequence[float] | None = None,
    transfer_syntax: str = ExplicitVRLittleEndian,
    bits_allocated: int = 16,
    bits_stored: int = 12,
    signed: bool = False,
    slope: float = 1.0,
    intercept: float = -1024.0,
    series_uid: str = SERIES_UID,
    study_uid: str = STUDY_UID,
    preamble: bool = True,
    first_instance: int = 1,
    name: str = "IM-{:04d}.dcm",
    tags: Mapping[str, Any] | None = None,
    slice_tags: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[Path]:
    """Write one CT series and return its files, lowest slice first.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    hu : ndarray of shape (n_z, n_y, n_x), optional
        Hounsfield units in canonical axes; `demo_hu` if not given. Stored as
        ``round((hu - intercept) / slope)``.
    spacing_mm, origin_mm
        ``(dz, dy, dx)``, and the patient position (x, y, z) of voxel ``[0, 0, 0]``.
    orientation : six floats
        ImageOrientationPatient: any axial signed permutation (`AXIAL`, `PRONE`, transposed ...)
        stores the same patient; `SAGITTAL` and `CORONAL` only change the tag.
    tilt_deg : float
        Gantry tilt about the x axis (only with `AXIAL`); the table moves along z by
        ``dz / cos(tilt)``, so that the increment along the normal is dz.
    heights_mm : sequence of floats, optional
        z of each slice, instead of multiples of dz.
    first_instance : int
        InstanceNumber of the lowest slice.
    name : str
        File name by InstanceNumber.
    tags, slice_tags
        DICOM keyword to value, for all slices or by index of slice; ``None`` removes the tag.
        ``PixelData`` may be replaced by bytes (native syntaxes only).
    """
    voxels = demo_hu() if hu is None else np.asarray(hu)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for k, plane in enumerate(voxels):
        stored = np.rint((plane.astype(np.float64) - intercept) / slope)
        stored, iop, ipp = _place(stored, k, spacing_mm, origin_mm, orientation, tilt_deg)
        if heights_mm is not None:
            ipp = (ipp[0], ipp[1], float(heights_mm[k]))
        ds = _ct_slice(
            stored, bits_allocated=bits_allocated, bits_stored=bits_stored, signed=signed
        )
        ds.PixelSpacing = _swap_if_transposed(spacing_mm, orientation)
        ds.ImageOrientationPatient = [float(v) for v in iop]
        ds.ImagePositionPatient = [round(float(v), 6) for v in ipp]
        ds.SliceThickness = spacing_mm[0]
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = slope, intercept, "HU"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = study_uid, series_uid
        ds.InstanceNumber = first_instance + k
        ds.SOPInstanceUID = f"{series_uid}.{first_instance + k}"
        _apply(ds, {**(tags or {}), **((slice_tags or {}).get(k, {}))})
        path = folder / name.format(first_instance + k)
        _save(ds, path, transfer_syntax, preamble=preamble)
        files.append(path)
    return files


def make_enhanced(
    path: Path,
    *,
    hu: NDArray[Any] | None = None,
    spacing_mm: tuple[float, float, float] = (3.0, 0.5, 0.5),
    origin_mm: tuple[float, float, float] = (-50.0, -60.0, -70.0),
    transfer_syntax: str = ExplicitVRLittleEndian,
    slopes: Sequence[float] | None = None,
    per_frame: bool = True,
    frame_order: Sequence[int] | None = None,
    stack_ids: Sequence[str] | None = None,
    heights_mm: Sequence[float] | None = None,
    tags: Mapping[str, Any] | None = None,
) -> Path:
    """Write one enhanced multi-frame CT object (12 bit unsigned, intercept -1024).

    Parameters
    ----------
    slopes : sequence of floats, optional
        Rescale slope of each slice (in canonical order); 1 if not given. Needs `per_frame`.
    per_frame : bool
        Put measures, orientation and rescale into the per-frame groups, else the shared ones.
    frame_order : sequence of int, optional
        Which slice is stored as first, second ... frame.
    stack_ids, heights_mm : sequences, optional
        StackID and z of each slice.
    """
    voxels = demo_hu() if hu is None else np.asarray(hu)
    order = list(range(len(voxels))) if frame_order is None else list(frame_order)
    slope = [1.0] * len(voxels) if slopes is None else list(slopes)
    stored = [np.rint((voxels[k].astype(np.float64) + 1024) / slope[k]) for k in order]
    ds = _ct_slice(np.stack(stored), bits_allocated=16, bits_stored=12, signed=False)
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = EnhancedCTImageStorage
    ds.NumberOfFrames = len(order)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = STUDY_UID, SERIES_UID
    ds.SOPInstanceUID, ds.InstanceNumber = SERIES_UID + ".1", 1
    shared = Dataset()
    common = shared if not per_frame else None
    frames = []
    for k in order:
        frame = Dataset()
        holder = frame if common is None else common
        holder.PixelMeasuresSequence = _item(
            PixelSpacing=list(spacing_mm[1:]), SliceThickness=spacing_mm[0]
        )
        holder.PlaneOrientationSequence = _item(ImageOrientationPatient=list(AXIAL))
        holder.PixelValueTransformationSequence = _item(
            RescaleSlope=slope[k], RescaleIntercept=-1024.0, RescaleType="HU"
        )
        z = origin_mm[2] + k * spacing_mm[0] if heights_mm is None else heights_mm[k]
        frame.PlanePositionSequence = _item(ImagePositionPatient=[*origin_mm[:2], float(z)])
        frame.FrameContentSequence = _item(StackID="1" if stack_ids is None else stack_ids[k])
        frames.append(frame)
    ds.SharedFunctionalGroupsSequence = DicomSequence([shared])
    ds.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
    _apply(ds, tags or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(ds, path, transfer_syntax, preamble=True)
    return path


def _item(**elements: Any) -> DicomSequence:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return DicomSequence([item])


def _place(
    stored: NDArray[np.float64],
    k: int,
    spacing_mm: tuple[float, float, float],
    origin_mm: tuple[float, float, float],
    orientation: Sequence[float],
    tilt_deg: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Store a canonical slice in another orientation: pixels, orientation, position."""
    dz, dy, dx = spacing_mm
    row_dir, col_dir = np.array(orientation[:3]), np.array(orientation[3:])
    x, y, z = origin_mm
    origin = np.array([x, y, z + k * dz])
    if tilt_deg:
        tilt = np.radians(tilt_deg)
        origin = np.array([x, y, z + k * dz / np.cos(tilt)])
        return stored, np.array([1, 0, 0, 0, np.cos(tilt), -np.sin(tilt)]), origin
    if row_dir[2] or col_dir[2]:
        return stored, np.array(orientation), origin
    n_y, n_x = stored.shape
    if abs(row_dir[1]) > abs(row_dir[0]):  # rows run along patient y
        stored = stored.T
        row_sign, col_sign = row_dir[1], col_dir[0]
        flip_x, flip_y = col_sign < 0, row_sign < 0
        stored = stored[:: -1 if flip_x else 1, :: -1 if flip_y else 1]
    else:
        flip_x, flip_y = row_dir[0] < 0, col_dir[1] < 0
        stored = stored[:: -1 if flip_y else 1, :: -1 if flip_x else 1]
    shift = [(n_x - 1) * dx if flip_x else 0, (n_y - 1) * dy if flip_y else 0, 0]
    return stored, np.array(orientation), origin + shift


def _swap_if_transposed(
    spacing_mm: tuple[float, float, float], orientation: Sequence[float]
) -> list[float]:
    _, dy, dx = spacing_mm
    return [dx, dy] if abs(orientation[1]) > abs(orientation[0]) else [dy, dx]


def _ct_slice(
    stored: NDArray[np.float64], *, bits_allocated: int, bits_stored: int, signed: bool
) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.Modality, ds.ImageType = (
        CTImageStorage,
        "CT",
        ["ORIGINAL", "PRIMARY", "AXIAL"],
    )
    ds.PatientID, ds.PatientName, ds.PatientSex = "SYNTHETIC-1", "Synthetic^Patient", "F"
    ds.PatientBirthDate, ds.PatientAge, ds.PatientPosition = "19500101", "075Y", "HFS"
    ds.StudyDate = ds.AcquisitionDate = "20250101"
    ds.StudyTime = ds.AcquisitionTime = "101500"
    ds.AccessionNumber, ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber = "A1", "1", 2, 1
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = FRAME_UID, ""
    ds.Manufacturer, ds.ManufacturerModelName = "corcal", "synthetic"
    ds.SeriesDescription, ds.KVP, ds.ConvolutionKernel = "CaScore 3.0", 120, "B35f"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape[-2:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits_allocated, bits_stored, bits_stored - 1
    ds.PixelRepresentation = int(signed)
    dtype = np.dtype(f"<{'i' if signed else 'u'}{bits_allocated // 8}")
    low, high = (
        (-(2 ** (bits_stored - 1)), 2 ** (bits_stored - 1) - 1)
        if signed
        else (
            0,
            2**bits_stored - 1,
        )
    )
    if stored.min() < low or stored.max() > high:
        msg = f"stored values {stored.min()} to {stored.max()} do not fit {low} to {high}"
        raise ValueError(msg)
    ds.PixelData = np.ascontiguousarray(stored).astype(dtype).tobytes()
    return ds


def _apply(ds: Dataset, tags: Mapping[str, Any]) -> None:
    for keyword, value in tags.items():
        if value is None:
            if keyword in ds:
                delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)


def _save(ds: FileDataset, path: Path, transfer_syntax: str, *, preamble: bool) -> None:
    ds.file_meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", "1.2.3")
    if "PixelData" in ds and ds["PixelData"].VR not in ("OB", "OW"):
        ds["PixelData"].VR = "OW"
    if "PixelData" not in ds:
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.save_as(path, enforce_file_format=True)
    elif transfer_syntax in _BY_GDCM:
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.save_as(path, enforce_file_format=True)
        _compress_with_gdcm(path, transfer_syntax)
    elif transfer_syntax in NATIVE_SYNTAXES:
        _save_native(ds, path, transfer_syntax, preamble=preamble)
    else:
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        options: dict[str, Any] = {}
        if transfer_syntax == JPEG2000:
            options = {"j2k_psnr": [90]}
        if transfer_syntax == JPEGLSNearLossless:
            options = {"jls_error": 2}
        ds.compress(transfer_syntax, generate_instance_uid=False, **options)
        ds.save_as(path, enforce_file_format=True)


def _save_native(ds: FileDataset, path: Path, transfer_syntax: str, *, preamble: bool) -> None:
    ds.file_meta.TransferSyntaxUID = transfer_syntax
    if transfer_syntax == ExplicitVRBigEndian:
        width = ds.BitsAllocated // 8
        ds.PixelData = np.frombuffer(ds.PixelData, f"<u{width}").byteswap().tobytes()
        plain = Dataset()  # a FileDataset refuses to change its byte order
        plain.update(ds)
        plain.file_meta = ds.file_meta
        plain.save_as(path, enforce_file_format=True)
        return
    if preamble:
        ds.save_as(path, enforce_file_format=True)
        return
    ds.preamble = None
    del ds.file_meta
    implicit = transfer_syntax == ImplicitVRLittleEndian
    little = transfer_syntax != ExplicitVRBigEndian
    ds.save_as(path, implicit_vr=implicit, little_endian=little, enforce_file_format=False)


def _compress_with_gdcm(path: Path, transfer_syntax: str) -> None:
    import gdcm

    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        msg = "gdcm cannot read what was written"
        raise RuntimeError(msg)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(transfer_syntax)))
    change.SetInput(reader.GetImage())
    if not change.Change():
        msg = f"gdcm cannot encode {transfer_syntax}"
        raise RuntimeError(msg)
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        msg = "gdcm cannot write"
        raise RuntimeError(msg)
