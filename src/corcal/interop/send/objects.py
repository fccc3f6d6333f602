"""Which files can be sent: found, read and checked before anything leaves the house.

No message names a file, since a file name may tell who the patient is: files are counted, in the
order of their names, and objects are named by their SOP Instance UID.
"""

import hashlib
import os
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from corcal.ct.dicom.dataset import (
    UNDEFINED_LENGTH,
    Element,
    HeaderError,
    RawDataset,
    parse_meta,
    read_header,
)
from corcal.ct.dicom.opening import open_dicom
from corcal.ct.dicom.tags import Tags
from corcal.ct.files import FileOpener, SkipFile
from corcal.errors import InputError
from corcal.interop.send.types import OutgoingObject

__all__ = ["FoundObjects", "find_objects"]

_DICOMDIR = "1.2.840.10008.1.3.10"
_META_CLASS, _META_INSTANCE, _META_SYNTAX = 0x00020002, 0x00020003, 0x00020010
_CLASS, _INSTANCE = 0x00080016, 0x00080018
_NAME, _ID, _ISSUER = 0x00100010, 0x00100020, 0x00100021
_META_BYTES = 2**16
_DELIMITER_BYTES = 8  # of the end of a sequence, which the parser leaves out of its length
_TAIL_BYTES = 2**16  # the delimiter of the frames is looked for here, before what may follow it
_RECORD = "result.json"  # what makes a folder the folder of an exam
_SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
_UID = re.compile(r"[0-9.]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundObjects:
    """What was found in the paths that were given.

    Attributes
    ----------
    objects : tuple of OutgoingObject
        In the order of the paths, and of names inside a folder; each SOP instance once.
    passed_over : int
        How many files inside the folders are no DICOM objects.
    repeated : int
        How many files are the same, byte for byte, as another one.
    exam_folders : int
        How many paths are folders of scored exams, of which the results alone are taken.
    """

    objects: tuple[OutgoingObject, ...]
    passed_over: int = 0
    repeated: int = 0
    exam_folders: int = 0


@dataclass(frozen=True, slots=True)
class _PatientId:
    """What tells patients apart: compared only, never shown."""

    key: str = field(repr=False)
    issuer: str = field(repr=False)


class _NotDicomError(Exception):
    """The file is no DICOM object: inside a folder it is passed over."""


class _DamagedError(Exception):
    """The file is a DICOM object that must not be sent."""


def find_objects(
    paths: Sequence[Path], *, several_patients: bool = False, results: Collection[str] = ()
) -> FoundObjects:
    """Find the DICOM objects in files and folders, by their content.

    Parameters
    ----------
    paths : sequence of Path
        A file must be a DICOM object. Of a folder, the DICOM objects in it and in its subfolders
        are taken, whatever they are called; hidden files and indices (DICOMDIR) are left.
    several_patients : bool, optional
        Whether objects of more than one patient are meant to be sent together.
    results : collection of str, optional
        Names under which results are kept: of a folder with a ``result.json`` the files of these
        names are taken alone, for the scan may lie beside them. By default all objects are.

    Raises
    ------
    InputError
        If a path does not exist, a file is no DICOM object, an object is damaged, two different
        objects have one UID, there is nothing to send, a scored exam has no DICOM results, or the
        objects belong to several patients. Then nothing has been sent.
    """
    found: dict[str, OutgoingObject] = {}
    patients: set[_PatientId] = set()
    passed_over = repeated = exams = 0
    for number, path in enumerate(paths, start=1):
        is_exam = bool(results) and (path / _RECORD).is_file()
        exams += is_exam
        files = _results(path, number, results) if is_exam else _files(path, number)
        for count, file in enumerate(files, start=1):
            try:
                one, patient = _read(file)
            except _NotDicomError as exc:
                if not path.is_dir():
                    msg = f"path {number} is not a DICOM object: {exc}"
                    raise InputError(msg) from exc
                passed_over += 1
                continue
            except _DamagedError as exc:
                place = f"file {count} (by name) of " if path.is_dir() else ""
                msg = f"{place}path {number} cannot be sent: {exc}"
                raise InputError(msg) from exc
            repeated += _keep(one, found)
            patients.add(patient)
    _check(found, patients, several_patients=several_patients)
    objects = tuple(found.values())
    return FoundObjects(
        objects=objects, passed_over=passed_over, repeated=repeated, exam_folders=exams
    )


def _keep(one: OutgoingObject, found: dict[str, OutgoingObject]) -> bool:
    """Add an object; tell whether it was there already."""
    same = found.setdefault(one.sop_instance_uid, one)
    if same is one:
        return False
    if same.size_bytes != one.size_bytes or _digest(same.path) != _digest(one.path):
        msg = f"two different files have the SOP Instance UID {one.sop_instance_uid}: give one"
        raise InputError(msg)
    return True


def _check(
    found: dict[str, OutgoingObject], patients: Iterable[_PatientId], *, several_patients: bool
) -> None:
    """Refuse to send nothing, or objects of several patients by accident."""
    if not found:
        msg = "there is no DICOM object in what was given: nothing to send"
        raise InputError(msg)
    count = _count(patients)
    if count > 1 and not several_patients:
        msg = f"the objects belong to {count} patients: give one, or allow it (--several-patients)"
        raise InputError(msg)


def _count(patients: Iterable[_PatientId]) -> int:
    """Count patients; an identifier without an issuer is the same one with an issuer."""
    issuers: dict[str, set[str]] = {}
    for patient in patients:
        issuers.setdefault(patient.key, set()).add(patient.issuer)
    return sum(len(each - {""}) or 1 for each in issuers.values())


def _results(folder: Path, number: int, names: Collection[str]) -> list[Path]:
    """Results of an exam in its folder, in the order of their names."""
    found = [folder / name for name in sorted(names) if (folder / name).is_file()]
    if not found:
        msg = (
            f"path {number} is a scored exam without DICOM results: score with --report or "
            "--dicom, or write them with corcal report EXAM --scan SCAN --out DIR"
        )
        raise InputError(msg)
    return found


def _files(path: Path, number: int) -> Iterator[Path]:
    """Files of a path, in the order of their names."""
    if not path.exists():
        msg = f"path {number} does not exist"
        raise InputError(msg)
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            file = Path(folder, name)
            if not name.startswith(".") and file.is_file():
                yield file


def _read(path: Path) -> tuple[OutgoingObject, _PatientId]:
    """Read what an object is and whose; its pixels stay where they are."""
    try:
        with path.open("rb") as file:
            head = file.read(_META_BYTES)
            size = os.fstat(file.fileno()).st_size
    except OSError as exc:
        reason = "it cannot be read"
        raise _DamagedError(reason) from exc
    if head[128:132] != b"DICM":
        reason = "no DICM at byte 128 (a file as of DICOM Part 10 is needed)"
        raise _NotDicomError(reason)
    meta = _meta(head)
    if meta.get(_META_CLASS) == _DICOMDIR:
        reason = "it is a DICOMDIR, an index"
        raise _NotDicomError(reason)
    uids = tuple(meta.get(tag) or "" for tag in (_META_CLASS, _META_INSTANCE, _META_SYNTAX))
    if not all(map(_UID.fullmatch, uids)):
        reason = "its file meta information lacks the SOP class, SOP instance or transfer syntax"
        raise _DamagedError(reason)
    sop_class, sop_instance, syntax = uids
    patient = _checked_patient(path, sop_class, sop_instance)
    one = OutgoingObject(
        path=path,
        sop_class_uid=sop_class,
        sop_instance_uid=sop_instance,
        transfer_syntax_uid=syntax,
        size_bytes=size,
    )
    return one, patient


def _meta(head: bytes) -> dict[int, str]:
    """Text of the file meta information; what reaches beyond the head is not there."""
    elements, _ = parse_meta(head)
    wanted = (_META_CLASS, _META_INSTANCE, _META_SYNTAX)
    return {tag: _text(head, elements[tag]) for tag in wanted if tag in elements}


def _text(head: bytes, element: Element) -> str:
    return head[element.start : element.start + element.length].decode("latin-1").strip(" \0")


def _checked_patient(path: Path, sop_class: str, sop_instance: str) -> _PatientId:
    """Check that an object is whole and is what its file meta information says; tell whose."""
    try:
        with FileOpener() as opener, open_dicom(opener, path, None) as file:
            ds = read_header(file)
            is_whole = _is_whole(ds, file)
    except (SkipFile, HeaderError, InputError, zlib.error, OSError) as exc:
        reason = f"{sop_instance} is damaged: its header cannot be read"
        raise _DamagedError(reason) from exc
    tags = Tags(ds)
    if (tags.text(_CLASS), tags.text(_INSTANCE)) != (sop_class, sop_instance):
        reason = f"{sop_instance}: its file meta information belongs to another object"
        raise _DamagedError(reason)
    if not is_whole:
        reason = f"{sop_instance} is damaged: the file ends early"
        raise _DamagedError(reason)
    patient_id = tags.decoded(_ID)
    key = f"id {patient_id}" if patient_id else f"name {tags.decoded(_NAME) or ''}".casefold()
    return _PatientId(key=key, issuer=tags.decoded(_ISSUER) or "")


def _is_whole(ds: RawDataset, file: BinaryIO) -> bool:
    """Whether the file reaches as far as its last element says."""
    size = file.seek(0, os.SEEK_END)
    if ds.pixels is None:
        if not ds.elements:
            return False
        last = ds.elements[max(ds.elements)]
        return size - (last.start + last.length) in (0, _DELIMITER_BYTES)
    if ds.pixels.length != UNDEFINED_LENGTH:
        return ds.pixels.start + ds.pixels.length <= size
    file.seek(max(ds.pixels.start, size - _TAIL_BYTES))
    return _SEQUENCE_END in file.read()


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
