"""A scored exam from its folder and its scan, without scoring again.

The folder keeps the record (``result.json``) and where its calcium is (``calcium.npz``): a few
hundred voxels, the geometry of the scan and a hash of its values. Together with the scan they give
back the exam. Nothing in ``calcium.npz`` tells who the patient is.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import GeometryError, InputError, SeriesError
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.progress import Progress, no_progress
from corcal.result import Result, read_result
from corcal.whole_file import read_whole, write_whole

if TYPE_CHECKING:
    from corcal.ct.series import Series
    from corcal.pipeline import Exam

__all__ = ["CALCIUM_NAME", "RESULT_NAME", "read_exam", "write_calcium"]

RESULT_NAME = "result.json"
CALCIUM_NAME = "calcium.npz"
_FORMAT = 1  # of calcium.npz
_TOLERANCE_MM = 1e-3  # the same headers may be computed to other last digits on another machine
_AGAIN = "score the scan again with corcal score --out"
# What numpy and zipfile raise on files that are none of theirs, or damaged.
_MALFORMED = (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error)


def write_calcium(scan: CTScan, voxels: SiteVoxels, path: Path) -> None:
    """Write where the calcium of an exam is, and what tells its scan from others.

    Parameters
    ----------
    scan : CTScan
        The scan that was scored.
    voxels : SiteVoxels
        Where the calcium of each site was looked for.
    path : Path
        Replaced if it exists. The same exam gives the same bytes.

    Raises
    ------
    GeometryError
        If the voxels are those of a scan of another shape.
    """
    if voxels.shape != scan.shape:
        msg = f"voxels of shape {voxels.shape} are not of a scan of shape {scan.shape}"
        raise GeometryError(msg)
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        format=np.int64(_FORMAT),
        shape=np.array(voxels.shape, dtype="<i8"),
        index_steps=np.diff(voxels.index, prepend=0).astype("<u4"),
        site=voxels.site.astype("u1"),
        spacing_mm=np.array(scan.spacing_mm, dtype="<f8"),
        affine_lps=scan.affine_lps.astype("<f8"),
        hu_sha256=np.frombuffer(_hash(scan), dtype="u1"),
    )
    write_whole(path, stream.getvalue())


def read_exam(
    folder: Path | str,
    scan_path: Path | str,
    *,
    result: Result | None = None,
    progress: Progress = no_progress,
) -> "Exam":
    """Give back a scored exam from its folder and the scan that was scored.

    Parameters
    ----------
    folder : path
        What `corcal.export.write_exam` has written.
    scan_path : path
        The scan: a folder searched to any depth, a zip archive, or a file; it may hold other
        series as well.
    result : Result, optional
        The record, where it has been read already (such as one with its interpretation).
    progress : Progress, optional
        Told of each step's advance.

    Returns
    -------
    Exam
        Result, scan and voxels; without anatomy and detection, which are not kept.

    Raises
    ------
    InputError
        If a file is missing or damaged, the files are not of one exam, the scan is another one, or
        names the patient and the images otherwise than the record does: such as when one of both
        was de-identified.
    """
    from corcal.pipeline import Exam
    from corcal.report.calcium import lesion_positions

    folder = Path(folder)
    record = result if result is not None else read_result(folder / RESULT_NAME)
    kept = _read_calcium(folder / CALCIUM_NAME)
    if kept.voxels.shape != record.scan.shape:
        msg = f"{CALCIUM_NAME} is of another exam than the record: {_AGAIN}"
        raise InputError(msg)
    scan = _scan_of(record, kept, Path(scan_path), progress)
    lesion_positions(record, scan, kept.voxels)  # says so if they are not those of the record
    return Exam(result=record, scan=scan, voxels=kept.voxels)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The content of ``calcium.npz``."""

    voxels: SiteVoxels
    spacing_mm: NDArray[np.float64]
    affine_lps: NDArray[np.float64]
    hu_sha256: bytes

    def is_of(self, scan: CTScan) -> bool:
        """Whether the scan is the one that was scored, whatever it is called."""
        return (
            scan.shape == self.voxels.shape
            and np.allclose(scan.spacing_mm, self.spacing_mm, rtol=0, atol=_TOLERANCE_MM)
            and np.allclose(scan.affine_lps, self.affine_lps, rtol=0, atol=_TOLERANCE_MM)
            and _hash(scan) == self.hu_sha256
        )


def _read_calcium(path: Path) -> _Kept:
    if not path.is_file():
        folder = path.parent.resolve().name  # "." has no name of its own
        msg = f"no {path.name} in {folder}: it says where the calcium is; {_AGAIN}"
        raise InputError(msg)
    try:
        # from memory: numpy leaves the file open where it is no archive
        with np.load(io.BytesIO(read_whole(path)), allow_pickle=False) as stored:
            return _kept(stored, path.name)
    except (*_MALFORMED, GeometryError) as exc:
        msg = f"{path.name} is damaged, or none of corcal's files: {_AGAIN}"
        if isinstance(exc, OSError) and exc.strerror:
            msg = f"{path.name} cannot be read: {exc.strerror}"
        raise InputError(msg) from exc


def _kept(stored: Mapping[str, NDArray[Any]], name: str) -> _Kept:
    version = int(stored["format"])
    if version != _FORMAT:
        msg = f"{name} has format {version}; this release reads {_FORMAT}"
        raise InputError(msg)
    site = stored["site"].astype(np.uint8)
    if not np.isin(site, list(Site)).all():
        msg = f"{name} has a site that this release does not know"
        raise InputError(msg)
    n_z, n_y, n_x = (int(size) for size in stored["shape"])
    index = np.cumsum(stored["index_steps"], dtype=np.int64)
    return _Kept(
        voxels=SiteVoxels(shape=(n_z, n_y, n_x), index=index, site=site),
        spacing_mm=stored["spacing_mm"].reshape(3),
        affine_lps=stored["affine_lps"].reshape(4, 4),
        hu_sha256=stored["hu_sha256"].astype(np.uint8).tobytes(),
    )


def _scan_of(record: Result, kept: _Kept, path: Path, progress: Progress) -> CTScan:
    """Find and read the series that was scored; of one that is called otherwise say so."""
    from corcal.ct.find import find_series
    from corcal.ct.read import read_series

    failures: list[SeriesError] = []
    for series in _likely_first(find_series(path, progress=progress).series, record):
        try:
            scan = read_series(series, progress=progress)
        except SeriesError as exc:
            if _is_called_alike(series, record):
                failures.append(exc)
            continue
        if kept.is_of(scan):
            _require_one_name(record, scan)
            return scan
    if failures:
        raise failures[0]
    msg = f"the scan in {path.name} is not the one of the record: give the one that was scored"
    raise InputError(msg)


def _likely_first(listed: "tuple[Series, ...]", record: Result) -> "list[Series]":
    """Order the series by how likely each is the scored one; leave out what cannot be."""
    named = [one for one in listed if _is_called_alike(one, record)]
    as_long = [
        one for one in listed if one not in named and one.slice_count == record.scan.shape[0]
    ]
    named.sort(key=lambda one: one.slice_count != record.scan.shape[0])
    return named + as_long


def _is_called_alike(series: "Series", record: Result) -> bool:
    return series.identity.series_instance_uid == record.scan.series_instance_uid


def _require_one_name(record: Result, scan: CTScan) -> None:
    """Refuse a scan whose patient or images are not called as in the record.

    What is written of such an exam would mix both: names that were taken out of one would come back
    from the other.
    """
    known, series = record.scan, scan.series
    pairs = {
        "patient": (known.patient, scan.patient),
        "study": (known.study_instance_uid, series.study_instance_uid),
        "series": (known.series_instance_uid, series.series_instance_uid),
        "images": (known.sop_instance_uids, tuple(one.sop_instance_uid for one in scan.slices)),
    }
    other = [what for what, (in_record, in_scan) in pairs.items() if in_record != in_scan]
    if other:
        verb = "is" if len(other) == 1 and other != ["images"] else "are"
        msg = (
            f"the scan is the one that was scored, but its {' and '.join(other)} {verb} called "
            "otherwise than in the record, as when one of both was de-identified or corrected: "
            "score this scan again, or give the other one"
        )
        raise InputError(msg)


def _hash(scan: CTScan) -> bytes:
    """Hash the values of a scan, whatever the order of bytes of the machine."""
    little = scan.hu.astype(scan.hu.dtype.newbyteorder("<"), copy=False)
    hasher = hashlib.sha256(f"{little.dtype.kind}{little.dtype.itemsize}{scan.shape}".encode())
    hasher.update(np.ascontiguousarray(little).data)
    return hasher.digest()
