"""Headers of NRRD and MetaImage files, read strictly: a path in them is never followed.

The libraries that read the voxels open whatever file such a header names. Here it is parsed as
they do, line by line, and whatever two parsers may read in two ways is refused.
"""

import math
import mmap
import re
from pathlib import Path

from corcal.ct.volume_checks import VolumeHeader
from corcal.errors import InputError

__all__ = ["read_metaimage_header", "read_nrrd_header"]

_HEADER_BYTES = 2**20  # those of 3D Slicer segmentations have up to 100 kB, others below 2 kB
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]|\r(?!\n)")
_MAX_DIMENSIONS = 16

_NRRD_BYTES = {
    **dict.fromkeys(("signedchar", "int8", "int8_t", "uchar", "unsignedchar"), 1),
    **dict.fromkeys(("uint8", "uint8_t"), 1),
    **dict.fromkeys(("short", "shortint", "signedshort", "signedshortint", "int16", "int16_t"), 2),
    **dict.fromkeys(("ushort", "unsignedshort", "unsignedshortint", "uint16", "uint16_t"), 2),
    **dict.fromkeys(("int", "signedint", "int32", "int32_t"), 4),
    **dict.fromkeys(("uint", "unsignedint", "uint32", "uint32_t", "float"), 4),
    **dict.fromkeys(("longlong", "longlongint", "signedlonglong", "signedlonglongint"), 8),
    **dict.fromkeys(("int64", "int64_t", "ulonglong", "unsignedlonglong"), 8),
    **dict.fromkeys(("unsignedlonglongint", "uint64", "uint64_t", "double"), 8),
}
_PATIENT_SPACES = frozenset(
    {"right-anterior-superior", "left-anterior-superior", "left-posterior-superior"}
    | {"ras", "las", "lps", "rast", "last", "lpst"}
)
_NRRD_FIELDS = frozenset(
    {"datafile", "sizes", "type", "encoding", "dimension", "byteskip", "lineskip"}
)
# MetaIO's own widths: its LONG has 4 bytes.
_META_BYTES = {
    **dict.fromkeys(("MET_CHAR", "MET_UCHAR"), 1),
    **dict.fromkeys(("MET_SHORT", "MET_USHORT"), 2),
    **dict.fromkeys(("MET_INT", "MET_UINT", "MET_LONG", "MET_ULONG", "MET_FLOAT"), 4),
    **dict.fromkeys(("MET_LONG_LONG", "MET_ULONG_LONG", "MET_DOUBLE"), 8),
}
_META_KEYS = {
    key.lower(): key
    for key in (
        "NDims", "DimSize", "ElementType", "ElementNumberOfChannels", "ElementDataFile",
        "BinaryData", "CompressedData", "CompressedDataSize", "HeaderSize",
    )
}  # fmt: skip


def read_nrrd_header(path: Path, suffix: str) -> VolumeHeader:
    """Read the header of a ``.nrrd`` or ``.nhdr`` file.

    Raises
    ------
    InputError
        In words that follow the file's name: if it is none, or its voxels are elsewhere than in
        the file itself (``.nrrd``) or in one file beside it (``.nhdr``).
    """
    head = _head(path)
    if not re.match(r"NRRD\d{4}\r?\n", head):
        msg = "not an NRRD file"
        raise InputError(msg)
    blank = re.search(r"(?:\r?\n){2}", head)
    text = _plain(head if blank is None else head[: blank.start()])
    fields = _nrrd_fields(re.split(r"\r?\n", text)[1:])
    is_detached = suffix == ".nhdr"
    data_file = path
    if is_detached:
        data_file = _beside(path, fields.get("datafile", ""))
    elif "datafile" in fields or blank is None:
        raise InputError(_NOT_ITSELF)
    sizes = _sizes(fields.get("sizes", ""), fields.get("dimension", ""))
    value_bytes = _NRRD_BYTES.get("".join(fields.get("type", "").lower().split()))
    if value_bytes is None:
        msg = f"values of type {fields.get('type', 'unknown')[:40]!r}: a number is needed"
        raise InputError(msg)
    _check_nrrd_spacing(fields, len(sizes))
    start = 0 if is_detached or blank is None else blank.end()
    return _nrrd_layout(fields, data_file, start, sizes, value_bytes)


def read_metaimage_header(path: Path, suffix: str) -> VolumeHeader:
    """Read the header of a ``.mha`` or ``.mhd`` file.

    Raises
    ------
    InputError
        In words that follow the file's name: if it is none, or its voxels are elsewhere than in
        the file itself (``.mha``) or in one file beside it (``.mhd``).
    """
    fields, end = _meta_fields(_head(path))
    sizes = _sizes(fields["DimSize"], fields.get("NDims", ""))
    is_detached = suffix == ".mhd"
    data_file = path
    if is_detached:
        data_file = _beside(path, fields["ElementDataFile"])
    elif fields["ElementDataFile"] not in ("LOCAL", "Local", "local"):
        raise InputError(_NOT_ITSELF)
    _check_named_once(path, end)
    kind = fields.get("ElementType", "")
    channels = _whole(fields, "ElementNumberOfChannels", 1)
    if kind not in _META_BYTES or channels < 1:
        msg = f"{channels} values of type {kind[:40]!r} a voxel: one number is needed"
        raise InputError(msg)
    value_bytes = _META_BYTES[kind] * channels
    _check_meta_spacing(fields, len(sizes))
    skip = _whole(fields, "HeaderSize", 0)
    is_packed = _is_true(fields, "CompressedData")
    is_binary = _is_true(fields, "BinaryData", default=True)
    if skip and (not is_detached or is_packed or not is_binary):
        msg = f"HeaderSize {skip}: only raw voxels beside the header may have one"
        raise InputError(msg)
    stored_bytes = _whole(fields, "CompressedDataSize", 0) if is_packed else None
    if stored_bytes is not None and stored_bytes <= 0:
        msg = "its voxels are compressed, but its header lacks their CompressedDataSize"
        raise InputError(msg)
    start = _start(data_file, skip, math.prod(sizes) * value_bytes) if is_detached else end
    return VolumeHeader(
        sizes=sizes,
        value_bytes=value_bytes,
        encoding="deflated" if is_packed else "raw" if is_binary else "text",
        data_file=data_file,
        start=start,
        stored_bytes=stored_bytes,
        is_oriented=any(key in fields for key in ("TransformMatrix", "Rotation", "Orientation")),
    )


_NOT_ITSELF = "a file of this name must hold its voxels itself"


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_HEADER_BYTES).decode("latin-1")  # a character a byte


def _plain(text: str) -> str:
    if _CONTROL.search(text) or len(text) >= _HEADER_BYTES:
        msg = f"its header is not text of less than {_HEADER_BYTES} bytes"
        raise InputError(msg)
    return text


def _nrrd_fields(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith("#") or not line:
            continue
        name, colon, value = line.partition(":")
        key = "".join(name.split()).lower()
        is_pair = value.startswith("=")  # of the user, unless it looks like a field
        if not colon or key in fields or (is_pair and key in _NRRD_FIELDS):
            raise InputError(_unclear(name))
        if not is_pair:
            fields[key] = value.strip()
    return fields


def _check_nrrd_spacing(fields: dict[str, str], count: int) -> None:
    """Refuse a spacing that is unknown: the library would take it for 1 mm."""
    if "spacedirections" in fields:
        told = fields["spacedirections"]
        vectors = re.findall(r"\(([^()]*)\)", told)  # an axis outside of the space has "none"
        steps = [_length(vector.split(",")) for vector in vectors]
        _check_steps(steps, told, min(count, 3))
    elif "spacings" in fields:
        told = fields["spacings"]
        steps = [_length([word]) for word in told.split()]
        if count > 3:  # an axis that is none of the space may have NaN
            steps = [step for step in steps if not math.isnan(step)]
        _check_steps(steps, told, min(count, 3))
    else:
        msg = "its header gives no spacing (space directions or spacings)"
        raise InputError(msg)


def _check_meta_spacing(fields: dict[str, str], count: int) -> None:
    """Refuse a spacing that is unknown: the library would take it for 1 mm.

    Or, where there are too few numbers, for what stands in the next line.
    """
    told = fields.get("ElementSpacing", fields.get("ElementSize"))  # as MetaIO chooses
    if told is None:
        msg = "its header gives no spacing (ElementSpacing)"
        raise InputError(msg)
    _check_steps([_length([word]) for word in told.split()], told, count)


def _check_steps(steps: list[float], told: str, least: int) -> None:
    if len(steps) < least or not all(math.isfinite(step) and step > 0 for step in steps):
        msg = f"its spacing is {told[:60]!r}: {least} positive numbers are needed"
        raise InputError(msg)


def _length(words: list[str]) -> float:
    """Length of a vector, with the sign of a single number; NaN where a word is none."""
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return math.nan
    return numbers[0] if len(numbers) == 1 else math.hypot(*numbers)


def _nrrd_layout(
    fields: dict[str, str], data_file: Path, start: int, sizes: tuple[int, ...], value_bytes: int
) -> VolumeHeader:
    written = fields.get("encoding", "").lower()
    if written not in ("raw", "gzip", "gz", "ascii", "text", "txt"):
        msg = f"encoding {written[:40]!r}: accepted are raw, gzip and ascii"
        raise InputError(msg)
    is_packed = written.startswith("gz")
    skip = _whole(fields, "byteskip", 0)
    if _whole(fields, "lineskip", 0) or (skip and written != "raw" and not is_packed):
        msg = "its header skips lines or text before the voxels, which is not supported"
        raise InputError(msg)
    if written == "raw":
        start, skip = start + _start(data_file, skip, math.prod(sizes) * value_bytes, start), 0
    elif skip < 0:
        msg = f"byte skip {skip}: only raw voxels may be at the end of a file"
        raise InputError(msg)
    return VolumeHeader(
        sizes=sizes,
        value_bytes=value_bytes,
        encoding="raw" if written == "raw" else "deflated" if is_packed else "text",
        data_file=data_file,
        start=start,
        skip=skip,
        is_oriented=fields.get("space", "").lower().removesuffix("-time") in _PATIENT_SPACES,
    )


def _meta_fields(head: str) -> tuple[dict[str, str], int]:
    """Fields up to the one that names the voxels, and where they begin."""
    fields: dict[str, str] = {}
    position = 0
    while "ElementDataFile" not in fields:
        end = head.find("\n", position)
        line = head[position : end if end >= 0 else len(head)]
        match = re.fullmatch(r"\s*(\w+)\s*=(.*)", _plain(f"{line}\n").rstrip())
        if match is None and (end < 0 or line.strip() or not fields):
            msg = "not a MetaImage file" if "DimSize" not in fields else _unclear(line)
            raise InputError(msg)
        if match is not None:
            key = match[1]
            if key in fields or _META_KEYS.get(key.lower(), key) != key:
                raise InputError(_unclear(key))
            fields[key] = match[2].strip()
        position = end + 1 if end >= 0 else len(head)
    if "DimSize" not in fields:
        msg = "not a MetaImage file"
        raise InputError(msg)
    return fields, position


def _check_named_once(path: Path, end: int) -> None:
    """Refuse a second name of the data file, anywhere.

    MetaIO reads numbers over the ends of lines: a field with too few of them swallows the next
    line, and the header goes on in what are the voxels for everybody else.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"ElementDataFile", end) >= 0:
            raise InputError(_unclear("ElementDataFile"))


def _unclear(key: str) -> str:
    """Name a field of the format alone: other lines may hold what is of the patient."""
    plain = "".join(key.split()).lower()
    shown = f" {key.strip()!r}" if plain in _NRRD_FIELDS or plain in _META_KEYS else ""
    return f"its header has an unclear or repeated line{shown}"


def _sizes(text: str, dimension: str) -> tuple[int, ...]:
    words = text.split()
    if not (
        words
        and all(re.fullmatch(r"\d{1,18}", word, re.A) for word in words)
        and dimension == str(len(words))
        and len(words) <= _MAX_DIMENSIONS
        and min(int(word) for word in words) > 0
    ):
        msg = f"it declares {dimension[:20]!r} dimensions of the sizes {text[:40]!r}"
        raise InputError(msg)
    return tuple(int(word) for word in words)


def _whole(fields: dict[str, str], key: str, default: int) -> int:
    value = fields.get(key, str(default))
    if not re.fullmatch(r"-1|\d{1,18}", value, re.A):
        msg = f"{key} {value[:20]!r}: a whole number is needed"
        raise InputError(msg)
    return int(value)


def _is_true(fields: dict[str, str], key: str, *, default: bool = False) -> bool:
    """MetaIO takes T, t and 1 for true, and whatever else for false; here it must be clear."""
    value = fields.get(key, str(default)).lower()
    if value not in ("true", "false"):
        msg = f"{key} {value[:20]!r}: True or False is needed"
        raise InputError(msg)
    return value == "true"


def _start(data_file: Path, skip: int, needed: int, behind: int = 0) -> int:
    """Bytes before raw voxels; -1 says that they are the last ones of the file."""
    if skip >= 0:
        return skip
    return max(0, data_file.stat().st_size - needed - behind)


def _beside(path: Path, name: str) -> Path:
    """Return the file with the voxels: one plain name, so that no other place is read."""
    is_plain = name == Path(name).name and not re.search(r"[%\\:\s]", name)
    if not is_plain or name.upper() in ("", ".", "..", "LIST", "LOCAL"):
        msg = "its voxels must be in one file beside it"
        raise InputError(msg)
    data_file = path.with_name(name)
    if data_file.resolve().parent != path.parent.resolve() or not data_file.is_file():
        msg = f"its voxels should be in {name} beside it, which is not there or no plain file"
        raise InputError(msg)
    return data_file
