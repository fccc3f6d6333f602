"""Label volumes in NIfTI, NRRD and MetaImage, with 3D Slicer's segment names if it has them."""

import importlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.annotations.lattice import lattice_of
from corcal.annotations.nifti import GZIP_MAGIC, is_nifti
from corcal.annotations.regions import Annotation, Region, combine
from corcal.annotations.tables import LabelTable, label_table, segment_table
from corcal.ct.quiet_itk import quiet_itk
from corcal.ct.scan import CTScan
from corcal.ct.volume_checks import VolumeHeader, check_data, not_finite
from corcal.ct.volume_formats import FORMATS, volume_suffix
from corcal.errors import AnnotationError, InputError

__all__ = ["read_label_volume"]

MAX_LAYERS = 64  # of a 3D Slicer segmentation whose segments overlap
MAX_LABEL = 2**31 - 1  # of those stored as floats; tables have up to thousands

_WHERE = "the label volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Volume:
    """Labels (layer, z, y, x) in the file's own axes, and where they lie."""

    labels: NDArray[np.integer]
    origin_mm: NDArray[np.float64]
    axes_mm: NDArray[np.float64]  # columns: steps of z, y, x of the array
    metadata: dict[str, str]


def read_label_volume(
    path: Path, head: bytes, scan: CTScan, *, vessel_table: Path | Mapping[int, str] | None
) -> Annotation:
    """Read a label volume.

    Parameters
    ----------
    path : Path
        The file.
    head : bytes
        Its first bytes, by which its format is told; those of a gzip file are its magic and
        then the first bytes of what it holds.
    scan : CTScan
        What was labelled. The volume may have other axes and another extent, but the same voxels.
    vessel_table : Path or mapping of int to str, optional
        See `read_annotation`.

    Raises
    ------
    AnnotationError
        If the file is damaged, its labels are not whole numbers or not in the table, or its
        voxels are not the scan's.
    """
    volume = _load(path, head, scan)
    table = label_table(vessel_table) if vessel_table is not None else None
    table = table or segment_table(volume.metadata) or label_table(None)
    regions = _regions(volume, table, scan)
    return combine(regions, scan, annotation_format="label_volume")


def _regions(volume: _Volume, table: LabelTable, scan: CTScan) -> list[Region]:
    present = [
        (layer, int(value))
        for layer, labels in enumerate(volume.labels)
        for value in np.unique(labels)
        if value
    ]
    if not present:
        return []
    sites = table.sites(present)
    lattice = lattice_of(
        scan,
        origin_mm=volume.origin_mm,
        axes_mm=volume.axes_mm,
        shape=volume.labels.shape[1:],
        where=_WHERE,
    )
    regions = []
    for (layer, value), site in zip(present, sites, strict=True):
        index = lattice.voxels(np.argwhere(volume.labels[layer] == value), scan, where=_WHERE)
        regions.append(Region(name=f"label {value}", site=site, index=index))
    return regions


def _load(path: Path, head: bytes, scan: CTScan) -> _Volume:
    try:
        with tempfile.TemporaryDirectory() as folder, quiet_itk():
            return _load_named(_with_suffix(path, head, Path(folder)), scan)
    except AnnotationError:
        raise
    except InputError as exc:
        msg = f"{_WHERE} is damaged or not supported: {exc}"
        raise AnnotationError(msg) from exc
    except (RuntimeError, OSError) as exc:
        detail = next((line for line in reversed(str(exc).splitlines()) if line.strip()), "")
        msg = f"{_WHERE} is damaged or not supported: {_without_path(detail, path)}"
        raise AnnotationError(msg) from exc


def _without_path(detail: str, path: Path) -> str:
    """Shorten an ITK message to its last sentence, without the folders of this machine."""
    return detail.split("): ", 1)[-1].replace(str(path), "the file").strip()[:120]


def _with_suffix(path: Path, head: bytes, folder: Path) -> Path:
    """Give the file the name that ITK wants for its content: a link, so nothing is copied."""
    compressed = head.startswith(GZIP_MAGIC)
    wanted: tuple[str, ...]
    if head.startswith(b"NRRD"):
        wanted = (".nrrd", ".nhdr")
    elif compressed:
        wanted = (".nii.gz",)
    elif is_nifti(head):
        wanted = (".nii",)
    else:
        wanted = (".mha", ".mhd")
    if path.name.lower().endswith(wanted):
        return path
    link = folder / f"labels{wanted[0]}"
    link.symlink_to(path.resolve())
    return link


def _load_named(path: Path, scan: CTScan) -> _Volume:
    sitk: Any = importlib.import_module("SimpleITK")  # has no types
    suffix = volume_suffix(path.name) or ""
    header = FORMATS[suffix].read_header(path, suffix)
    reader = sitk.ImageFileReader()
    reader.SetImageIO(FORMATS[suffix].itk_reader)
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    size = reader.GetSize()
    layers = reader.GetNumberOfComponents()
    metadata = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
    if len(size) != 3:
        msg = f"{_WHERE} has {len(size)} dimensions, three are needed"
        raise AnnotationError(msg)
    if layers > 1 and (layers > MAX_LAYERS or "Segment0_Name" not in metadata):
        msg = f"{_WHERE} has {layers} values a voxel; one label a voxel is needed"
        raise AnnotationError(msg)
    if int(np.prod(size)) > 8 * int(np.prod(scan.shape)):
        msg = f"{_WHERE} declares {size} voxels (x, y, z), the scan has {scan.shape[::-1]}"
        raise AnnotationError(msg)
    _check_voxels(header)
    image = reader.Execute()
    values = sitk.GetArrayFromImage(image)
    values = values[None] if layers == 1 else np.moveaxis(values, -1, 0)
    direction = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    return _Volume(
        labels=_whole(values),
        origin_mm=np.array(image.GetOrigin()),
        axes_mm=direction[:, ::-1],
        metadata=metadata,
    )


def _check_voxels(header: VolumeHeader) -> None:
    check_data(header)
    wrong = not_finite(header).size  # the NIfTI library makes them 0: calcium would be lost
    if wrong:
        msg = f"{_WHERE} holds {wrong} values that are not finite; whole numbers are needed"
        raise AnnotationError(msg)


def _whole(values: NDArray[np.generic]) -> NDArray[np.integer]:
    """Labels as whole numbers; programs often store them as floats."""
    if np.issubdtype(values.dtype, np.integer):
        return np.asarray(values)
    if not np.issubdtype(values.dtype, np.floating):
        msg = f"{_WHERE} holds {values.dtype} values; whole numbers are needed"
        raise AnnotationError(msg)
    wrong = values[~(np.isfinite(values) & (values == np.rint(values)))]
    if wrong.size:
        msg = (
            f"{_WHERE} holds {wrong.size} values that are not whole numbers, the first "
            f"{wrong.flat[0]:g}: a resampled mask or a probability; labels are needed"
        )
        raise AnnotationError(msg)
    beyond = values[np.abs(values) > MAX_LABEL]
    if beyond.size:
        msg = f"{_WHERE} holds the label {beyond.flat[0]:g}; at most {MAX_LABEL} is a label"
        raise AnnotationError(msg)
    return values.astype(np.int64)
