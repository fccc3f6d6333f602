"""The pixels that corcal reads are those that pydicom reads, after rescale and padding."""

from pathlib import Path

import pydicom
import pytest
from pydicom import dcmread

from corcal.ct.read import read_scan
from corcal.errors import SeriesError
from ct.dicom.pixel_peer import compare_frames, compare_pixels
from dicom_maker import demo_hu, make_series

PACKAGED = Path(pydicom.__file__).parent / "data"


PIXEL_FILES = (
    *(f"charset_files/chr{name}.dcm" for name in ("Arab", "H31", "X1", "X2")),
    "test_files/693_J2KI.dcm",  # 16 bits in the codestream, 14 in the header
    "test_files/CT_small.dcm",
    "test_files/J2K_pixelrep_mismatch.dcm",
    "test_files/JPEG2000.dcm",
    "test_files/JPEGLSNearLossless_08.dcm",
    "test_files/JPEGLSNearLossless_16.dcm",
    *(
        f"test_files/MR_small{name}.dcm"
        for name in (
            "",
            "_RLE",
            "_bigendian",
            "_expb",
            "_implicit",
            "_jp2klossless",
            "_jpeg_ls_lossless",
            "_padded",
        )
    ),
    *(f"test_files/dicomdirtests/77654033/CT2/{n}" for n in (17106, 17136, 17166, 17196)),
    *(f"test_files/dicomdirtests/98892001/CT2N/{n}" for n in (6293, 6924)),
    *(f"test_files/dicomdirtests/98892001/CT5N/{n}" for n in (2062, 2392, 2693, 3023, 3353)),
    *(f"test_files/dicomdirtests/77654033/CR{k}/{n}" for k, n in ((1, 6154), (2, 6247), (3, 6278))),
    "test_files/examples_overlay.dcm",
    "test_files/image_dfl.dcm",
    *(f"test_files/rtdose_{name}.dcm" for name in ("1frame", "expb_1frame", "rle_1frame")),
)


@pytest.mark.parametrize("name", PIXEL_FILES)
def test_pixels_are_those_of_pydicom(name: str) -> None:
    compare_pixels(PACKAGED / name)


@pytest.mark.shared
def test_pixels_of_odd_real_files_are_those_of_pydicom(shared_dir: Path) -> None:
    files = [path for path in (shared_dir / "data" / "dicom-odd").rglob("*") if path.is_file()]
    assert len(files) >= 17
    for path in files:
        header = dcmread(path, stop_before_pixels=True)
        if "PerFrameFunctionalGroupsSequence" in header:
            compare_frames(path)
        else:
            compare_pixels(path)


def test_a_classic_image_of_several_frames_is_refused_and_not_halved(tmp_path: Path) -> None:
    for path in make_series(tmp_path, hu=demo_hu((3, 10, 8))):
        ds = dcmread(path)
        ds.NumberOfFrames = 2
        ds.PixelData = ds.PixelData * 2
        ds.save_as(path)
    with pytest.raises(SeriesError, match=r"instance 1 \(IM-0001\.dcm\) has 2 frames"):
        read_scan(tmp_path)
