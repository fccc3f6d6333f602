"""NIfTI, NRRD and MetaImage: the same axes, and nothing believed that the file cannot know."""

import gzip
import re
import struct
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.ct.scan import AIR_HU, CTScan, Severity
from corcal.errors import InputError, SeriesError
from dicom_maker import demo_hu, make_series

NAMES = ["heart.nii", "heart.nii.gz", "heart.nrrd", "heart.nhdr", "heart.mha", "heart.mhd"]


def write(path: Path, hu: np.ndarray, **geometry: tuple[float, ...]) -> Path:
    image = SimpleITK.GetImageFromArray(hu)
    image.SetSpacing(geometry.get("spacing", (0.5, 0.625, 3.0)))
    image.SetOrigin(geometry.get("origin", (-10.0, -20.0, -30.0)))
    image.SetDirection(geometry.get("direction", (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    path.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(image, str(path))
    return path


def codes(scan: CTScan) -> dict[str, Severity]:
    return {item.code: item.severity for item in scan.findings}


@pytest.mark.parametrize("name", NAMES)
def test_every_format_gives_the_same_scan(tmp_path: Path, name: str) -> None:
    hu = demo_hu((4, 7, 5))
    write(tmp_path / name, hu)
    scan = read_scan(tmp_path)
    assert scan.hu.dtype == np.int16
    np.testing.assert_array_equal(scan.hu, hu)
    assert scan.spacing_mm == (3.0, 0.625, 0.5)
    expected = [[0, 0, 0.5, -10], [0, 0.625, 0, -20], [3, 0, 0, -30], [0, 0, 0, 1]]
    np.testing.assert_allclose(scan.affine_lps, expected, atol=1e-6)
    assert codes(scan) == {"HEADER_UNKNOWN": Severity.WARNING}
    assert scan.series.series_instance_uid is None
    series = find_series(tmp_path / name).series[0]
    assert (series.key, series.slice_count) == (name, 4)
    assert series.spacing_mm == scan.spacing_mm


@pytest.mark.parametrize("axes", list(permutations(range(3))))
@pytest.mark.parametrize("signs", list(product((1, -1), repeat=3)))
def test_axes_stored_in_any_order_and_direction_are_turned(
    tmp_path: Path, axes: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    # Store the canonical volume (z, y, x) with image axis n running along patient axis axes[n].
    hu = demo_hu((4, 6, 5))
    spacing_xyz = np.array([0.5, 0.625, 3.0])
    direction = np.zeros((3, 3))
    for n, axis in enumerate(axes):
        direction[axis, n] = signs[n]
    stored = hu.transpose([2 - axis for axis in axes[::-1]])  # arrays have the last axis first
    stored = stored[tuple(slice(None, None, signs[n]) for n in (2, 1, 0))]
    size_xyz = np.array([5, 6, 4])
    origin = np.array([-10.0, -20.0, -30.0])
    for n, axis in enumerate(axes):
        if signs[n] < 0:
            origin[axis] += (size_xyz[axis] - 1) * spacing_xyz[axis]
    write(
        tmp_path / "a.mha",
        np.ascontiguousarray(stored),
        spacing=tuple(spacing_xyz[list(axes)]),
        origin=tuple(origin),
        direction=tuple(direction.ravel()),
    )
    scan = read_scan(tmp_path)
    np.testing.assert_array_equal(scan.hu, hu)
    expected = [[0, 0, 0.5, -10], [0, 0.625, 0, -20], [3, 0, 0, -30], [0, 0, 0, 1]]
    np.testing.assert_allclose(scan.affine_lps, expected, atol=1e-6)


def test_a_volume_file_and_its_dicom_series_agree(tmp_path: Path) -> None:
    make_series(tmp_path / "dicom", spacing_mm=(3.0, 0.625, 0.5), origin_mm=(-10, -20, -30))
    dicom = read_scan(tmp_path / "dicom")
    write(tmp_path / "nifti" / "a.nii", dicom.hu)
    nifti = read_scan(tmp_path / "nifti")
    np.testing.assert_array_equal(nifti.hu, dicom.hu)
    np.testing.assert_allclose(nifti.affine_lps, dicom.affine_lps, atol=1e-5)
    assert [one.position_mm for one in nifti.slices] == [
        pytest.approx(one.position_mm, abs=1e-5) for one in dicom.slices
    ]


def test_the_scale_of_a_nifti_header_is_applied(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii", np.full((3, 4, 5), 200, dtype=np.int16))
    data = bytearray(path.read_bytes())
    struct.pack_into("<2f", data, 112, 0.5, -1000.0)  # scl_slope, scl_inter
    path.write_bytes(bytes(data))
    scan = read_scan(path)
    assert scan.hu.dtype == np.int16
    assert (scan.hu == -900).all()  # 200 / 2 - 1000


def test_fractions_stay_float32_and_integers_in_floats_become_int16(tmp_path: Path) -> None:
    hu = demo_hu((3, 4, 5)).astype(np.float32)
    write(tmp_path / "a" / "a.nii", hu)
    assert read_scan(tmp_path / "a").hu.dtype == np.int16
    write(tmp_path / "b" / "b.nii", hu + np.float32(0.5))
    scan = read_scan(tmp_path / "b")
    assert scan.hu.dtype == np.float32
    np.testing.assert_array_equal(scan.hu, hu + np.float32(0.5))


def test_voxels_without_a_value_become_air_visibly(tmp_path: Path) -> None:
    hu = demo_hu((3, 4, 5)).astype(np.float32)
    hu[0, 0, :2] = np.nan, np.inf
    write(tmp_path / "a.mha", hu)  # the NIfTI library itself makes them 0
    scan = read_scan(tmp_path)
    assert (scan.hu[0, 0, :2] == AIR_HU).all()
    assert codes(scan)["PIXEL_PADDING"] is Severity.INFO


def test_voxels_without_a_value_inside_of_the_image_are_warned_of(tmp_path: Path) -> None:
    hu = demo_hu((3, 6, 7)).astype(np.float32)
    hu[:, 0] = np.nan  # padding of every slice
    hu[1, 1, 1] = np.nan  # joined to it by its corner
    hu[2, 3:5, 3] = np.nan
    write(tmp_path / "a.mha", hu)
    scan = read_scan(tmp_path)
    assert codes(scan)["PIXEL_PADDING"] is Severity.WARNING
    (said,) = (item.message for item in scan.findings if item.code == "PIXEL_PADDING")
    assert "24 voxels without a value" in said
    assert ", 2 of them inside of the image: calcium there is unseen" in said


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 255, Severity.ERROR),  # grey values
        (0, 4095, Severity.ERROR),  # stored values without their rescale
        (-1, 1500, Severity.WARNING),
        (-500, 1500, None),
        (-499, 1500, Severity.WARNING),
        (-1024, 1500, None),
    ],
)
def test_values_that_cannot_be_hu_are_seen(
    tmp_path: Path, low: int, high: int, expected: Severity | None
) -> None:
    hu = np.full((3, 4, 5), 40, dtype=np.int16)
    hu[0, 0, :2] = low, high
    write(tmp_path / "a.nii", hu)
    assert codes(read_scan(tmp_path)).get("NOT_HU_VALUES") == expected


def test_a_tilted_volume_says_so(tmp_path: Path) -> None:
    c, s = np.cos(np.radians(10)), np.sin(np.radians(10))
    write(tmp_path / "a.nii", demo_hu((3, 4, 5)), direction=(1, 0, 0, 0, c, s, 0, -s, c))
    assert codes(read_scan(tmp_path))["OBLIQUE_SLICES"] is Severity.WARNING


@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 4, 5)])
def test_other_than_three_dimensions_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    image = SimpleITK.GetImageFromArray(np.zeros(shape, np.int16), isVector=False)
    SimpleITK.WriteImage(image, str(tmp_path / "a.nii"))
    with pytest.raises(SeriesError, match="one volume of three dimensions and one component"):
        read_scan(tmp_path)


def test_a_fourth_dimension_of_one_is_no_dimension(tmp_path: Path) -> None:
    hu = demo_hu((1, 4, 6, 5))
    image = SimpleITK.GetImageFromArray(hu, isVector=False)
    SimpleITK.WriteImage(image, str(tmp_path / "a.nii"))
    scan = read_scan(tmp_path)
    # Without its directions set, ITK's axes are LPS already.
    np.testing.assert_array_equal(scan.hu, hu[0])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "heart.nhdr"])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, demo_hu((6, 40, 30)))
    victim = path.with_suffix(".raw") if name.endswith("mhd") else path
    victim.write_bytes(victim.read_bytes()[:-3000])
    with pytest.raises((SeriesError, InputError), match=r"^heart\.(nii|nrrd|mha|mhd)"):
        read_scan(path)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"no image", bytes(5000)])
def test_a_file_that_only_has_the_name_is_refused(
    tmp_path: Path, name: str, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"^{name}: "):
        read_scan(tmp_path / name)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("place", ["/etc/passwd", "../secret.raw", "a/b.raw", "LIST", "s%d.raw"])
def test_voxels_elsewhere_are_not_read(tmp_path: Path, place: str) -> None:
    (tmp_path / "a.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
        f"ElementDataFile = {place}\n"
    )
    (tmp_path / "a.nhdr").write_text(
        f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: {place}\n"
    )
    for name in ("a.mhd", "a.nhdr"):
        with pytest.raises(InputError, match="its voxels must be in one file beside it"):
            read_scan(tmp_path / name)


def test_a_header_that_declares_too_much_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii", demo_hu((3, 4, 5)))
    data = bytearray(path.read_bytes())
    struct.pack_into("<4h", data, 40, 3, 30000, 30000, 30000)
    packed = tmp_path / "b.nii.gz"
    packed.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(SeriesError, match=r"b\.nii\.gz declares 30000 x 30000 x 30000 voxels"):
        read_scan(packed)


def changed(path: Path, old: str, new: str) -> Path:
    """Replace a line of a text header that stands before the voxels."""
    data = path.read_bytes()
    assert data.count(old.encode()) == 1
    path.write_bytes(data.replace(old.encode(), new.encode()))
    return path


def header_line(path: Path, key: str) -> str:
    lines = path.read_bytes().split(b"\n")
    return next(line.decode() for line in lines if line.startswith(key.encode())) + "\n"


@pytest.mark.parametrize(
    ("name", "key", "line", "told"),
    [
        ("a.mhd", "ElementSpacing", "", "gives no spacing (ElementSpacing)"),
        ("a.mhd", "ElementSpacing", "ElementSpacing = 0.5 nan 3\n", "spacing is '0.5 nan 3'"),
        ("a.mhd", "ElementSpacing", "ElementSpacing = 0.5 0 3\n", "spacing is '0.5 0 3'"),
        ("a.mhd", "ElementSpacing", "ElementSpacing = 0.5 0.6\n", "3 positive numbers"),
        ("a.mhd", "ElementSpacing", "ElementSpacing =\n", "3 positive numbers"),
        ("a.nhdr", "space directions", "spacings:\n", "3 positive numbers"),
        ("a.nhdr", "space directions", "space directions: (1,0,0) (0,1,0) (0,0,0)\n", "positive"),
        ("a.nhdr", "space directions", "", "gives no spacing (space directions or spacings)"),
        ("a.nhdr", "space directions", "spacings: 0.5 0.5 NaN\n", "spacing is '0.5 0.5 NaN'"),
        ("a.nhdr", "space directions", "space directions: (1,0,0) (0,1,0) (0,0,nan)\n", "nan)'"),
    ],
)
def test_a_spacing_that_is_unknown_is_refused_and_not_taken_for_1_mm(
    tmp_path: Path, name: str, key: str, line: str, told: str
) -> None:
    path = write(tmp_path / name, demo_hu((4, 7, 5)))
    changed(path, header_line(path, key), line)
    with pytest.raises(InputError, match=re.escape(told)):
        read_scan(path)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("a.mhd", (("TransformMatrix", ""),)),
        ("a.nhdr", (("space directions", "spacings: 0.5 0.625 3\n"), ("space:", ""))),
        ("a.nhdr", (("space:", "space: scanner-xyz\n"),)),
    ],
)
def test_a_volume_that_does_not_say_how_it_lies_says_so(tmp_path, name, changes) -> None:
    path = write(tmp_path / name, demo_hu((4, 7, 5)))
    for key, line in changes:
        changed(path, header_line(path, key), line)
    if name == "a.nhdr" and "space:" in dict(changes):
        origin = header_line(path, "space origin")
        changed(path, origin, "" if dict(changes)["space:"] == "" else origin)
    assert codes(read_scan(path))["ORIENTATION_ASSUMED"] is Severity.WARNING


def nifti(path: Path, *, codes: tuple[int, int], mirrored: bool = False) -> Path:
    write(path, demo_hu((4, 7, 5)))
    data = bytearray(path.read_bytes())
    struct.pack_into("<2h", data, 252, *codes)
    row = struct.unpack_from("<4f", data, 280)
    if mirrored:
        struct.pack_into("<4f", data, 280, -row[0], *row[1:])
    path.write_bytes(data)
    return path


def test_a_nifti_without_a_form_says_that_its_orientation_is_assumed(tmp_path: Path) -> None:
    assert "ORIENTATION_ASSUMED" in codes(read_scan(nifti(tmp_path / "a.nii", codes=(0, 0))))
    assert "ORIENTATION_ASSUMED" not in codes(read_scan(nifti(tmp_path / "b.nii", codes=(1, 0))))


def test_a_nifti_whose_forms_mirror_each_other_is_refused(tmp_path: Path) -> None:
    read_scan(nifti(tmp_path / "a.nii", codes=(1, 1)))
    with pytest.raises(InputError, match="qform and its sform contradict each other"):
        read_scan(nifti(tmp_path / "b.nii", codes=(1, 1), mirrored=True))
