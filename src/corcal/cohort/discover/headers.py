"""Of which study a file is: as much of its header as that takes."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from corcal.cohort.discover.index import Part
from corcal.ct.dicom.dataset import HeaderError, read_header
from corcal.ct.dicom.opening import open_dicom
from corcal.ct.dicom.tags import Tags
from corcal.ct.files import FileOpener, SkipFile
from corcal.errors import InputError

__all__ = ["Seen", "parts_of", "study_of_file", "study_of_stream", "without"]

_STUDY_UID = 0x0020000D
_DIRECTORY_RECORDS = 0x00041220
_BROKEN = (HeaderError, zlib.error, OSError, InputError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a file is.

    Attributes
    ----------
    name : str
        In its folder or archive.
    is_image : bool
        Whether it is a DICOM object, or probably was one: text and pictures that lie about are not.
    study : str or None
        UID of its study.
    """

    name: str
    is_image: bool
    study: str | None = None


def study_of_file(name: str, path: Path, member: str | None, opener: FileOpener) -> Seen:
    """Read of which study a local file is, or a member of an archive."""
    try:
        with open_dicom(opener, path, member) as stream:
            return study_of_stream(name, stream)
    except SkipFile as skip:
        return Seen(name=name, is_image=skip.is_damaged)
    except _BROKEN:
        return Seen(name=name, is_image=True)


def study_of_stream(name: str, stream: BinaryIO) -> Seen:
    """Read of which study a DICOM file is.

    Raises
    ------
    HeaderError
        If it has no header that can be read.
    """
    tags = Tags(read_header(stream))
    if _DIRECTORY_RECORDS in tags:  # a DICOMDIR
        return Seen(name=name, is_image=False)
    return Seen(name=name, is_image=True, study=tags.uid(_STUDY_UID))


def parts_of(seen: Iterable[Seen]) -> tuple[Part, ...]:
    """Sort the files of a place by study.

    Returns
    -------
    tuple of Part
        None if there is no image. Files that cannot be read go to the study beside them, if there
        is one only: so that it is told that slices may be lost.
    """
    files: dict[str | None, list[str]] = {}
    for one in seen:
        if one.is_image:
            files.setdefault(one.study, []).append(one.name)
    named = [study for study in files if study is not None]
    if len(named) <= 1:
        return (Part(study=named[0] if named else None),) if files else ()
    return tuple(
        Part(study=study, names=tuple(names)) for study, names in files.items() if study is not None
    )


def without(parts: tuple[Part, ...], rest: list[str], apart: set[str]) -> tuple[Part, ...]:
    """Name the files of a folder in which there are archives or volumes as well."""
    if not apart:
        return parts
    return tuple(
        part if part.names is not None else Part(study=part.study, names=tuple(rest))
        for part in parts
    )
