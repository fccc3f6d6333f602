"""The header of a NIfTI file, read strictly: where it contradicts itself, nothing is chosen."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corcal.ct.volume_checks import VolumeHeader
from corcal.errors import InputError

__all__ = ["read_nifti_header"]

# Bits of the codes of `datatype`, by nifti1.h (https://nifti.nimh.nih.gov/pub/dist/src/niftilib/).
_BITS = {
    2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32,
    1024: 64, 1280: 64, 2304: 32,
}  # fmt: skip
_FLOATS = {16: "f4", 64: "f8"}
_LEAST_ALONG = 0.9  # cosine of an axis in qform and sform: an affine fit shears a little
_SPACING_TOLERANCE = 0.01  # of the two places that give it; both are of single precision


def read_nifti_header(path: Path, suffix: str) -> VolumeHeader:
    """Read the header of a ``.nii`` or ``.nii.gz`` file.

    Raises
    ------
    InputError
        In words that follow the file's name: if it is none, or contradicts itself.
    """
    is_packed = suffix == ".nii.gz"
    try:
        with gzip.open(path) if is_packed else path.open("rb") as file:
            head = file.read(540)
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        msg = "the compressed file is damaged or truncated"
        raise InputError(msg) from exc
    for order in "<>":
        if len(head) >= 348 and struct.unpack_from(f"{order}i", head)[0] == 348:
            return _layout(head, order, path, is_packed=is_packed, version=1)
        if len(head) == 540 and struct.unpack_from(f"{order}i", head)[0] == 540:
            return _layout(head, order, path, is_packed=is_packed, version=2)
    raise InputError(_NOT_NIFTI)


_NOT_NIFTI = "not a NIfTI file (.nii, one file with header and voxels)"


def _layout(head: bytes, order: str, path: Path, *, is_packed: bool, version: int) -> VolumeHeader:
    is_first = version == 1
    magic = head[344:348] if is_first else head[4:8]
    dims = struct.unpack_from(order + ("8h" if is_first else "8q"), head, 40 if is_first else 16)
    sizes = dims[1 : dims[0] + 1]
    if magic != f"n+{version}\0".encode() or not 1 <= dims[0] <= 7 or min(sizes) <= 0:
        raise InputError(_NOT_NIFTI)
    code, bits = struct.unpack_from(f"{order}2h", head, 70 if is_first else 12)
    if _BITS.get(code) != bits:
        wanted = f"which has {_BITS[code]} bits" if code in _BITS else "which is not supported"
        msg = f"its header declares values of {bits} bits and datatype {code}, {wanted}"
        raise InputError(msg)
    (offset,) = struct.unpack_from(
        order + ("f" if is_first else "q"), head, 108 if is_first else 168
    )
    least = 352 if is_first else 544
    if not (math.isfinite(offset) and offset >= least and offset == int(offset)):
        msg = f"its voxels begin at byte {offset:g} (vox_offset), which must be {least} or more"
        raise InputError(msg)
    _check_spacing(head, order, len(sizes), is_first=is_first)
    return VolumeHeader(
        sizes=tuple(int(size) for size in sizes),
        value_bytes=bits // 8,
        encoding="deflated" if is_packed else "raw",
        data_file=path,
        start=0 if is_packed else int(offset),
        skip=int(offset) if is_packed else 0,
        float_type=order + _FLOATS[code] if code in _FLOATS else None,
        is_oriented=_is_oriented(head, order, is_first=is_first),
    )


def _check_spacing(head: bytes, order: str, dimension: int, *, is_first: bool) -> None:
    """Compare pixdim, from which the library takes the spacing, with the scale of the sform."""
    width = "f" if is_first else "d"
    count = min(3, dimension)
    pixdim = struct.unpack_from(f"{order}3{width}", head, 80 if is_first else 112)[:count]
    if not all(math.isfinite(step) and step > 0 for step in pixdim):
        msg = f"its spacing (pixdim) is {_numbers(pixdim)}: positive numbers are needed"
        raise InputError(msg)
    (sform_code,) = struct.unpack_from(
        order + ("h" if is_first else "i"), head, 254 if is_first else 348
    )
    if sform_code <= 0:
        return
    rows = struct.unpack_from(f"{order}12{width}", head, 280 if is_first else 400)
    matrix = np.array(rows, dtype=np.float64).reshape(3, 4)
    steps = tuple(math.sqrt(sum(float(v) ** 2 for v in matrix[:, n])) for n in range(count))
    allowed = _SPACING_TOLERANCE
    if not all(abs(a - b) <= allowed * b for a, b in zip(steps, pixdim, strict=True)):
        msg = f"its sform has a spacing of {_numbers(steps)}, its pixdim of {_numbers(pixdim)}"
        raise InputError(msg)


def _is_oriented(head: bytes, order: str, *, is_first: bool) -> bool:
    """Whether qform or sform say how the axes lie in the patient; refuse two that contradict."""
    kind, at = ("2h", 252) if is_first else ("2i", 344)
    qform_code, sform_code = struct.unpack_from(f"{order}{kind}", head, at)
    if qform_code > 0 and sform_code > 0:
        width = "f" if is_first else "d"
        qfac = struct.unpack_from(f"{order}{width}", head, 76 if is_first else 104)[0]
        b, c, d = struct.unpack_from(f"{order}3{width}", head, 256 if is_first else 352)
        rows = struct.unpack_from(f"{order}12{width}", head, 280 if is_first else 400)
        of_sform = np.array(rows, dtype=np.float64).reshape(3, 4)[:, :3]
        of_sform /= np.maximum(np.linalg.norm(of_sform, axis=0), 1e-12)
        along = (_of_quaternion(b, c, d, qfac) * of_sform).sum(axis=0)
        if not np.all(along >= _LEAST_ALONG):
            msg = "its qform and its sform contradict each other: they turn the axes differently"
            raise InputError(msg)
    return bool(qform_code > 0 or sform_code > 0)


def _of_quaternion(b: float, c: float, d: float, qfac: float) -> NDArray[np.float64]:
    """Directions of the image axes as columns: the formula of the NIfTI-1 standard."""
    a = math.sqrt(max(0.0, 1.0 - b * b - c * c - d * d))
    turned = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    turned[:, 2] *= -1.0 if qfac < 0 else 1.0
    return turned


def _numbers(steps: tuple[float, ...]) -> str:
    return " x ".join(f"{step:g}" for step in steps)
