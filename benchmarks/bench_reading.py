"""Reading a series: corcal with all its checks beside SimpleITK and a plain pydicom loop."""

from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk

from benchmarks.harness import compare, gated_scan_folder, machine
from corcal.ct.find import find_series
from corcal.ct.read import read_series

__all__ = ["main"]


def main() -> None:
    """Print the comparison."""
    folder = gated_scan_folder()
    if folder is None:
        print("reading: skipped, the real scans of CORCAL_SHARED are absent")
        return
    dicom = folder / "dicom"

    def with_corcal() -> np.ndarray:
        return read_series(find_series(dicom).series[0]).hu

    def with_simpleitk() -> np.ndarray:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(dicom)))
        return sitk.GetArrayFromImage(reader.Execute())

    def with_pydicom() -> np.ndarray:
        return _plain_loop(dicom)

    if not np.array_equal(with_corcal(), with_simpleitk()):
        msg = "corcal and SimpleITK read different voxels: the times cannot be compared"
        raise RuntimeError(msg)
    compare(
        f"read {sum(1 for _ in dicom.iterdir())} slices of 512 x 512",
        {
            "corcal find + check + read": with_corcal,
            "SimpleITK (no checks)": with_simpleitk,
            "plain pydicom loop (no checks)": with_pydicom,
        },
    )


def _plain_loop(folder: Path) -> np.ndarray:
    """Read as most scripts do: dcmread, sort by position, rescale, stack."""
    datasets = sorted(
        (pydicom.dcmread(path) for path in folder.iterdir()),
        key=lambda ds: float(ds.ImagePositionPatient[2]),
    )
    return np.stack(
        [
            ds.pixel_array.astype(np.int16) * int(ds.RescaleSlope) + int(ds.RescaleIntercept)
            for ds in datasets
        ]
    )


if __name__ == "__main__":
    print(machine())
    main()
