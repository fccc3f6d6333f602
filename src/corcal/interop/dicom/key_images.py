"""Pictures of an exam as Secondary Capture images, for viewers that show nothing else."""

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pydicom.dataset import Dataset

from corcal.errors import InputError
from corcal.interop.dicom.identity import exam_key, made_uid, stamp
from corcal.interop.dicom.own_object import BODY_PART, equipment
from corcal.interop.dicom.save import save_whole
from corcal.interop.dicom.source import (
    ScoredExam,
    header_values,
    may_name_patient,
    name_patient,
    refer_as_stored,
    require_dicom,
    source_image,
)
from corcal.interop.dicom.terms import SITE_TERMS
from corcal.lesions.sites import Site, Vessel
from corcal.report.key_lesions import largest_lesions

__all__ = ["KEY_PREFIX", "PROJECTION", "write_key_images"]

SERIES_NUMBER = 9005
PROJECTION = "projection"
KEY_PREFIX = "key_"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_KEYS = {f"{KEY_PREFIX}{vessel}": vessel for vessel in Vessel}


def write_key_images(
    exam: ScoredExam, images: Mapping[str, bytes], folder: Path
) -> tuple[Path, ...]:
    """Write pictures as Secondary Capture images of the exam's study.

    Each refers to the slices that it was made of: ``key_LAD`` to those of the largest lesion of the
    left anterior descending artery, every other picture to all slices of the scan.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    images : mapping of str to bytes
        PNG files by name: ``"projection"``, ``"key_LM"``, ``"key_LAD"``, ``"key_LCX"``,
        ``"key_RCA"``, or another name of letters, digits and underscores.
    folder : Path
        Exists; ``NAME.dcm`` is replaced.

    Returns
    -------
    tuple of Path
        One a picture, in the order given.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to, a name is none, a picture is no PNG, or one is of an
        artery in which the result has no lesion; then nothing is written.
    """
    require_dicom(exam.scan)
    for name in images:
        if not _NAME.fullmatch(name):
            msg = f"{name[:40]!r} is no name of a picture: letters, digits and underscores are"
            raise InputError(msg)
    with header_values():
        written = [
            (folder / f"{name}.dcm", _capture(exam, name, png, number))
            for number, (name, png) in enumerate(images.items(), 1)
        ]
        for path, capture in written:
            save_whole(capture, path)
    return tuple(path for path, _ in written)


def _capture(exam: ScoredExam, name: str, png: bytes, number: int) -> Dataset:
    scan, key = exam.scan, exam_key(exam.result)
    slices, words = _about(exam, name)
    pixels = _pixels(name, png)
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    sources = [source_image(scan, k) for k in slices]
    capture = hd.sc.SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "P"),
        study_instance_uid=str(scan.series.study_instance_uid),
        series_instance_uid=made_uid("picture series", key),
        series_number=SERIES_NUMBER,
        series_description="corcal pictures (research use only)",
        sop_instance_uid=made_uid("picture", key, name, digest),
        instance_number=number,
        patient_id="",
        patient_name="",
        patient_birth_date="",
        patient_sex="",
        specific_character_set="ISO_IR 192",
        **equipment(),
    )
    capture.BodyPartExamined = BODY_PART
    # Letters in the picture tell it; its margins have none.
    capture["PatientOrientation"].value = ""
    capture.ConversionType = "WSD"  # by a workstation
    is_nameless = name == PROJECTION or name in _KEYS  # a lesion and numbers, no person, no date
    capture.BurnedInAnnotation = "NO" if is_nameless else may_name_patient(scan)
    capture.DerivationDescription = words
    capture.SourceImageSequence = [_reference(image) for image in sources]
    refer_as_stored(capture, scan, frames=True)
    stamp(capture, exam.result)
    name_patient(capture, scan)
    return capture


def _about(exam: ScoredExam, name: str) -> tuple[Sequence[int], str]:
    """Return the slices that a picture was made of, and what it shows in words."""
    every = range(len(exam.scan.slices))
    if name == PROJECTION:
        return every, "Projection of the scan; calcium that counts in the colour of its artery"
    vessel = _KEYS.get(name)
    if vessel is None:
        return every, f"Picture of the scored scan: {name.replace('_', ' ')}"
    number, region = largest_lesions(exam.result).get(vessel), SITE_TERMS[Site[vessel]].region
    if number is None or region is None:
        msg = f"there is a picture {name}, and no lesion of the {vessel} in the result"
        raise InputError(msg)
    lesion = exam.result.lesions[number]
    return lesion.slices, f"{region.meaning}: lesion {lesion.id}, the largest, outlined"


def _pixels(name: str, png: bytes) -> NDArray[np.uint8]:
    """Decode a PNG to red, green and blue; transparent parts become black."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            return np.asarray(picture.convert("RGB"), dtype=np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as exc:
        msg = f"the picture {name} is not a PNG file that can be read"
        raise InputError(msg) from exc


def _reference(image: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = image.SOPClassUID
    item.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return item
