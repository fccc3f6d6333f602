"""Whether a volume file is complete and stays in its folder, before a library opens it.

SimpleITK fills the voxels of a truncated NIfTI file with zeros and says nothing.
"""

import gzip
import math
import re
import struct
import zlib
from pathlib import Path

from corcal.errors import InputError

__all__ = ["DETACHED", "check_complete"]

# Formats whose voxels are in another file, and how their header names it.
DETACHED = {
    ".nhdr": re.compile(r"data ?file\s*:\s*(.+)", re.I),
    ".mhd": re.compile(r"ElementDataFile\s*=\s*(.+)", re.I),
}
_HEADER_BYTES = 2**16  # of text headers; theirs have less than 2 kB
_PIECE_BYTES = 2**20
_MAX_BYTES = 2**34  # 2**31 voxels of 8 bytes
_META_START = re.compile(r"(?s)\s*\w+\s*=.*?^\s*DimSize\s*=\s*\d", re.M)
_META_BYTES = {"CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "INT": 4, "UINT": 4, "FLOAT": 4}


def check_complete(path: Path, suffix: str) -> None:
    """Check a volume file.

    Parameters
    ----------
    path : Path
        The file.
    suffix : str
        Tells the format: ``.nii``, ``.nii.gz``, ``.nrrd``, ``.nhdr``, ``.mha``, ``.mhd``.

    Raises
    ------
    InputError
        In words that follow the file's name: if it is truncated, not of its format, or refers
        to voxels elsewhere.
    """
    if suffix.startswith(".nii"):
        _check_nifti(path, suffix)
        return
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES).decode("latin-1")
    is_nrrd = suffix in (".nrrd", ".nhdr")
    if not (header.startswith("NRRD") if is_nrrd else _META_START.match(header)):
        msg = f"not a {'NRRD' if is_nrrd else 'MetaImage'} file"
        raise InputError(msg)
    data_file = path
    if suffix in DETACHED:
        data_file = path.with_name(_detached_name(header, suffix))
        if not data_file.is_file():
            msg = f"its voxels should be in {data_file.name} beside it, which is not there"
            raise InputError(msg)
    if not is_nrrd:
        _check_metaimage(header, data_file)


def _check_nifti(path: Path, suffix: str) -> None:
    """Compare the length of a NIfTI file, unpacked, with what its header declares."""
    try:
        with gzip.open(path) if suffix == ".nii.gz" else path.open("rb") as file:
            needed = _nifti_bytes(file.read(540))
            if needed is None:
                msg = "not a NIfTI file (.nii, one file with header and voxels)"
                raise InputError(msg)
            if needed > _MAX_BYTES:
                return  # refused by its header, with the numbers
            if suffix == ".nii":
                length = path.stat().st_size
            else:
                length = file.tell()
                while length < needed and (piece := file.read(min(_PIECE_BYTES, needed - length))):
                    length += len(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        msg = "the compressed file is damaged or truncated"
        raise InputError(msg) from exc
    if length < needed:
        msg = f"the file is truncated: it has {length} bytes, {needed} are needed"
        raise InputError(msg)


def _nifti_bytes(header: bytes) -> int | None:
    """Bytes that a NIfTI file must have by its header, or ``None`` if it is none."""
    for order in "<>":
        if len(header) >= 348 and struct.unpack_from(f"{order}i", header)[0] == 348:
            dims = struct.unpack_from(f"{order}8h", header, 40)
            (bits,) = struct.unpack_from(f"{order}h", header, 72)
            (start,) = struct.unpack_from(f"{order}f", header, 108)
            is_single = header[344:348] == b"n+1\0"
        elif len(header) == 540 and struct.unpack_from(f"{order}i", header)[0] == 540:
            dims = struct.unpack_from(f"{order}8q", header, 16)
            (bits,) = struct.unpack_from(f"{order}h", header, 14)
            (start,) = struct.unpack_from(f"{order}q", header, 168)
            is_single = header[4:8] == b"n+2\0"
        else:
            continue
        sizes = dims[1 : dims[0] + 1]
        if not (is_single and 1 <= dims[0] <= 7 and min(sizes) > 0 and math.isfinite(start)):
            return None
        return int(start) + math.prod(int(n) for n in sizes) * int(bits) // 8
    return None


def _detached_name(header: str, suffix: str) -> str:
    """Name of the file with the voxels: one plain name, so that no other place is read."""
    for line in header.splitlines():
        match = DETACHED[suffix].match(line.strip())
        if match is None:
            continue
        data_name = match[1].strip()
        is_plain = data_name == Path(data_name).name and not re.search(r"[%\\:\s]", data_name)
        if is_plain and data_name.upper() not in ("LIST", "LOCAL"):
            return data_name
    msg = "its voxels must be in one file beside it"
    raise InputError(msg)


def _check_metaimage(header: str, data_file: Path) -> None:
    fields = dict(re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", header, re.M))
    if fields.get("CompressedData", "").upper() == "TRUE":
        return
    sizes = [int(n) for n in re.findall(r"\d+", fields.get("DimSize", ""))]
    width = _META_BYTES.get(fields.get("ElementType", "").removeprefix("MET_"), 1)
    needed = math.prod(sizes) * width
    length = data_file.stat().st_size
    if length < needed:
        msg = f"the voxels are truncated: {length} bytes, {needed} are needed"
        raise InputError(msg)
