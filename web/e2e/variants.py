"""Awkward exams made of a simulated one: ``python web/e2e/variants.py DICOM OUT NAME...``.

Each is a folder of DICOM files with identifiers of its own: a name that is long or written from
right to left, no calcium, far more of it, metal, missing slices, noise that looks like calcium.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset
from pydicom.uid import generate_uid

Voxels = np.ndarray  # (z, y, x) in HU, slices towards the head


def _same(hu: Voxels) -> Voxels:
    return hu


def _no_calcium(hu: Voxels) -> Voxels:
    """Leave nothing in the chest as dense as calcium, but the bones."""
    inside = hu[:, 90:350, 90:430]
    inside[inside > 100] = 60
    return hu


def _much_calcium(hu: Voxels) -> Voxels:
    """Add twenty-five plaques, in rows along the heart."""
    for k in range(25):
        z = 8 + 3 * (k % 13)
        y, x = 150 + 7 * (k % 9), 210 + 9 * (k // 3)
        hu[z : z + 2, y : y + 3, x : x + 4] = 180 + 25 * k
    return hu


def _metal(hu: Voxels) -> Voxels:
    """Put a thick lead through the right heart, with dark and bright rays beside it."""
    for z in range(6, 50):
        y, x = 220 + z // 3, 180 + z // 2
        hu[z, y : y + 6, x : x + 6] = 3000
        hu[z, y + 2 : y + 4, x - 40 : x - 2] += 160
        hu[z, y - 14 : y - 10, x - 30 : x + 40] -= 180
    return hu


def _noise(hu: Voxels) -> Voxels:
    """Add noise that reaches the threshold in every patch of muscle."""
    return hu + np.random.default_rng(7).normal(0, 90, hu.shape)


def _gap(images: list[FileDataset]) -> list[FileDataset]:
    """Leave out five slices in the middle."""
    middle = len(images) // 2
    return images[:middle] + images[middle + 5 :]


def _all(images: list[FileDataset]) -> list[FileDataset]:
    return images


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """How an exam differs from the simulated one."""

    name: str
    number: str
    date: str = "20260103"
    paint: Callable[[Voxels], Voxels] = _same
    choose: Callable[[list[FileDataset]], list[FileDataset]] = _all


LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh^Hubert Blaine Maximilian^Ferdinand"
VARIANTS = {
    "plain": Variant(name="Plain^Anna", number="PLAIN-1"),
    "second": Variant(name="Second^Bertha", number="SECOND-1"),
    "third": Variant(name="Third^Clara", number="THIRD-1"),
    "long": Variant(name=LONG, number="A-VERY-LONG-NUMBER-0123456789-0123456789-0123456789-XYZ"),
    "rtl": Variant(name="عبد الرحمن^محمد بن عبد الله", number="RTL-1"),
    "hebrew": Variant(name="כהן-לוי^רחל אסתר", number="RTL-2"),
    "none": Variant(name="Nothing^Nora", number="NONE-1", paint=_no_calcium),
    "many": Variant(name="Many^Martin", number="MANY-1", paint=_much_calcium),
    "metal": Variant(name="Metal^Mona", number="METAL-1", paint=_metal),
    "unfit": Variant(name="Gap^Gustav", number="GAP-1", choose=_gap),
    "noisy": Variant(name="Noise^Nils", number="NOISE-1", paint=_noise),
} | {
    f"year-{year}": Variant(name="Often^Olga", number="OFTEN-1", date=f"{year}0611")
    for year in range(2015, 2026)
}


def main(source: Path, out: Path, names: list[str]) -> None:
    """Write the named variants, or all."""
    files = [pydicom.dcmread(path) for path in sorted(source.iterdir())]
    files.sort(key=lambda image: float(image.ImagePositionPatient[2]))
    hu = np.stack([image.pixel_array.astype(np.float64) for image in files])
    hu += float(files[0].RescaleIntercept)
    for name in names or list(VARIANTS):
        _write(VARIANTS[name], files, hu, out / name)


def _write(variant: Variant, files: list[FileDataset], hu: Voxels, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    painted = variant.paint(hu.copy())
    # the last painted slice tells two variants of one picture apart: files are kept by their bytes
    study, series = (generate_uid(entropy_srcs=[variant.number, variant.date, k]) for k in "ab")
    images = [
        _image(image, variant, values, study, series)
        for image, values in zip(files, painted, strict=True)
    ]
    for number, image in enumerate(variant.choose(images), start=1):
        image.save_as(folder / f"{number:04}.dcm")


def _image(
    source: FileDataset, variant: Variant, hu: Voxels, study: str, series: str
) -> FileDataset:
    """Copy one image, with other identifiers and other pixels."""
    image = pydicom.dcmread(source.filename)
    low, high = (-32768, 32767) if image.PixelRepresentation else (0, 65535)
    stored = np.clip(np.rint(hu - float(image.RescaleIntercept)), low, high)
    image.PixelData = stored.astype(image.pixel_array.dtype).tobytes()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.PatientName, image.PatientID = variant.name, variant.number
    image.StudyDate = image.SeriesDate = image.AcquisitionDate = image.ContentDate = variant.date
    image.StudyInstanceUID, image.SeriesInstanceUID = study, series
    image.FrameOfReferenceUID = generate_uid(entropy_srcs=[study])
    image.SOPInstanceUID = generate_uid(entropy_srcs=[series, image.SOPInstanceUID])
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    return image


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
