"""The volume formats, by the ends of their names: who reads the header, and who the voxels."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corcal.ct.nifti_header import read_nifti_header
from corcal.ct.text_headers import read_metaimage_header, read_nrrd_header
from corcal.ct.volume_checks import VolumeHeader

__all__ = ["FORMATS", "VolumeFormat", "volume_suffix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFormat:
    """A format.

    Attributes
    ----------
    name : str
        As `Series.format` has it.
    itk_reader : str
        The reader that SimpleITK must use: never another by its own guess.
    is_detached : bool
        Whether the voxels are in a file of their own.
    read_header : callable
        Takes the file and the suffix; raises `InputError` in words that follow the file's name.
    """

    name: Literal["nifti", "nrrd", "metaimage"]
    itk_reader: str
    is_detached: bool = False
    read_header: Callable[[Path, str], VolumeHeader]


_NIFTI = VolumeFormat(name="nifti", itk_reader="NiftiImageIO", read_header=read_nifti_header)

FORMATS: dict[str, VolumeFormat] = {
    ".nii.gz": _NIFTI,
    ".nii": _NIFTI,
    **{
        suffix: VolumeFormat(
            name="nrrd",
            itk_reader="NrrdImageIO",
            is_detached=suffix == ".nhdr",
            read_header=read_nrrd_header,
        )
        for suffix in (".nrrd", ".nhdr")
    },
    **{
        suffix: VolumeFormat(
            name="metaimage",
            itk_reader="MetaImageIO",
            is_detached=suffix == ".mhd",
            read_header=read_metaimage_header,
        )
        for suffix in (".mha", ".mhd")
    },
}


def volume_suffix(name: str) -> str | None:
    """Return the suffix of `FORMATS` that a file name has, if any."""
    lower = name.lower()
    return next((suffix for suffix in FORMATS if lower.endswith(suffix)), None)
