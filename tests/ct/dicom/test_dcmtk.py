"""DCMTK, a second implementation of DICOM, writes; what corcal reads is always the same."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.ct.scan import CTScan
from dicom_maker import demo_hu, make_enhanced, make_series

# 40 x 36 random voxels of 12 bits are 2 to 3 kB however they are compressed: 3 fragments of 1 kB.
HU = np.clip(demo_hu((4, 40, 36)), -1024, 2047)

NATIVE = {
    "implicit": "dcmconv +ti",
    "explicit": "dcmconv +te",
    "big endian": "dcmconv +tb",
    "deflated": "dcmconv +td",
    "deflated hardly": "dcmconv +td +cl 0",
    "undefined lengths": "dcmconv +te -e",
    "implicit, undefined lengths": "dcmconv +ti -e",
    "big endian, undefined lengths": "dcmconv +tb -e",
    "group lengths": "dcmconv +te +g",
    "implicit, group lengths": "dcmconv +ti +g",
    "big endian, group lengths": "dcmconv +tb +g +e",
    "padded": "dcmconv +te +p 4096 256",
    "padded, undefined lengths": "dcmconv +ti -e +p 4096 256",
    "padded, deflated": "dcmconv +td +p 4096 256",
    "no meta, explicit": "dcmconv -F +te",
    "no meta, implicit": "dcmconv -F +ti",
    "no meta, big endian": "dcmconv -F +tb",
    "no meta, implicit, group lengths": "dcmconv -F +ti +g -e",
    "no new representations": "dcmconv +te -u",  # UN and UT become OB
    "UTF-8": "dcmconv +te +U8",
}
COMPRESSED = {
    "RLE": "dcmcrle",
    "RLE, no offset table, group lengths": "dcmcrle -ot +g -e",
    "RLE, fragments": "dcmcrle +fs 1",
    "RLE, fragments, no offset table": "dcmcrle +fs 1 -ot",
    "JPEG SV1": "dcmcjpeg +e1",
    "JPEG SV1, no offset table, padded": "dcmcjpeg +e1 -ot +p 4096 256",
    "JPEG SV1, fragments": "dcmcjpeg +e1 +fs 1",
    "JPEG SV1, fragments, no offset table": "dcmcjpeg +e1 +fs 1 -ot",
    **{f"JPEG lossless, predictor {n}": f"dcmcjpeg +el +sv {n}" for n in range(1, 8)},
    "JPEG lossless, fragments": "dcmcjpeg +el +fs 1",
    "JPEG-LS": "dcmcjpls +el",
    "JPEG-LS, cooked": "dcmcjpls +el +pc",
    "JPEG-LS, no offset table": "dcmcjpls +el -ot +g",
    "JPEG-LS, fragments": "dcmcjpls +el +fs 1",
    "JPEG-LS, fragments, no offset table": "dcmcjpls +el +fs 1 -ot",
    "JPEG-LS, odd length padded with zero": "dcmcjpls +el +pz",
}
# The "cooked" mode of DCMTK 3.6.7 crashes on signed pixels.
DEEP = [name for name in COMPRESSED if "fragments" not in name and "cooked" not in name]


def item(**elements: object) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


def rich_tags() -> dict[str, object]:
    """Tags of all kinds that a scan keeps: text, numbers, binary numbers, nested sequences."""
    inner = item(CodeValue="1", CodingSchemeDesignator="X", CodeMeaning="innermost")
    agent = item(
        CodeValue="C-B0322",
        CodingSchemeDesignator="SRT",
        CodeMeaning="Bärium",
        ContrastBolusAdministrationRouteSequence=Sequence([inner, inner]),
    )
    return {
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientName": "Müller^Zoë",
        "StudyDescription": "Herz für Kalk",
        "ProtocolName": "Größe",
        "ConvolutionKernel": "Weich-ß",
        "ScanOptions": ["HELIX", "TP70PC1300"],
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"],
        "ExposureInmAs": 37.5,
        "CTDIvol": 2.25,
        "CalciumScoringMassFactorPatient": 0.75,
        "CalciumScoringMassFactorDevice": [0.75, 0.8125, 0.875],
        "ContrastBolusAgentSequence": Sequence([agent]),
        "ReferencedImageSequence": Sequence([]),
        "ImageComments": "odd",
    }


def add_private(path: Path) -> None:
    """Private elements that DCMTK has in no dictionary, one of them a sequence."""
    ds = dcmread(path)
    block = ds.private_block(0x0021, "CORCAL TEST", create=True)
    block.add_new(0x01, "LO", "a text")
    block.add_new(0x02, "UN", b"\xfe\xff\x00\xe0\x08\x00\x00\x00")  # the beginning of an item
    block.add_new(0x03, "SQ", Sequence([item(PatientName="Somebody^Else", KVP=999)]))
    ds.save_as(path)


def convert(dcmtk_dir: Path, command: str, source: Path, target: Path) -> Path:
    """Convert each file of a folder into another folder."""
    program, *options = command.split()
    target.mkdir()
    for path in sorted(source.iterdir()):
        call = [str(dcmtk_dir / program), *options, str(path), str(target / path.name)]
        done = subprocess.run(call, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return target


def assert_same_scan(found: CTScan, expected: CTScan) -> None:
    assert found.hu.dtype == expected.hu.dtype
    np.testing.assert_array_equal(found.hu, expected.hu)
    np.testing.assert_array_equal(found.affine_lps, expected.affine_lps)
    assert found.spacing_mm == expected.spacing_mm
    assert found.slices == expected.slices
    assert found.patient == expected.patient
    assert found.series == expected.series
    assert found.acquisition == expected.acquisition
    assert found.findings == expected.findings


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the series that is converted."""
    folder = tmp_path_factory.mktemp("original")
    tags = rich_tags() | {"PixelPaddingValue": 0}
    for path in make_series(folder, hu=HU, tags=tags):
        add_private(path)
    return folder


@pytest.fixture(scope="module")
def expected(original: Path) -> CTScan:
    """Return the scan as written, checked against what was asked for."""
    scan = read_scan(original)
    np.testing.assert_array_equal(scan.hu, HU)
    assert scan.patient.name == "Müller^Zoë"
    made = scan.acquisition
    assert made.study_description == "Herz für Kalk"
    assert made.protocol_name == "Größe"
    assert made.convolution_kernel == "Weich-ß"
    assert made.contrast_agent == "Bärium"
    assert made.scan_options == ("HELIX", "TP70PC1300")
    assert made.image_type == ("ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI")
    assert (made.kvp, made.exposure_mas, made.ctdi_vol_mgy) == (120, 37.5, 2.25)
    assert made.mass_factor_patient == 0.75
    assert made.mass_factors_device == (0.75, 0.8125, 0.875)
    assert made.cardiac_phase_percent == 70
    return scan


@pytest.mark.parametrize("command", NATIVE.values(), ids=NATIVE)
def test_dcmtk_writes_another_encoding_of_the_same_scan(
    dcmtk_dir: Path, tmp_path: Path, original: Path, expected: CTScan, command: str
) -> None:
    assert_same_scan(read_scan(convert(dcmtk_dir, command, original, tmp_path / "x")), expected)


@pytest.mark.parametrize("lengths", ["+e", "-e"])
@pytest.mark.parametrize("last", ["+te", "+tb", "+td"])
def test_what_dcmtk_does_not_know_any_more_after_two_conversions_disturbs_nothing(
    dcmtk_dir: Path, tmp_path: Path, original: Path, expected: CTScan, lengths: str, last: str
) -> None:
    # Implicit has no representations: the private elements are UN from then on, little endian
    # among big endian ones.
    implicit = convert(dcmtk_dir, f"dcmconv +ti {lengths}", original, tmp_path / "a")
    folder = convert(dcmtk_dir, f"dcmconv {last} {lengths}", implicit, tmp_path / "b")
    if last != "+td":
        order = "little" if last == "+te" else "big"
        tag = (0x0021).to_bytes(2, order) + (0x1002).to_bytes(2, order)
        assert tag + b"UN" in (folder / "IM-0001.dcm").read_bytes()
    assert_same_scan(read_scan(folder), expected)


def test_one_patient_written_in_two_character_sets_is_one_patient(
    dcmtk_dir: Path, tmp_path: Path
) -> None:
    make_series(tmp_path / "a", hu=HU, tags=rich_tags() | {"PatientID": "Zoë-1"})
    expected = read_scan(tmp_path / "a")
    folder = convert(dcmtk_dir, "dcmconv +U8", tmp_path / "a", tmp_path / "b")
    for name in ("IM-0001.dcm", "IM-0003.dcm"):
        (folder / name).write_bytes((tmp_path / "a" / name).read_bytes())
    assert_same_scan(read_scan(folder), expected)


@pytest.mark.parametrize("command", COMPRESSED.values(), ids=COMPRESSED)
def test_dcmtk_compresses_the_same_scan_without_loss(
    dcmtk_dir: Path, tmp_path: Path, original: Path, expected: CTScan, command: str
) -> None:
    folder = convert(dcmtk_dir, command, original, tmp_path / "x")
    data = (folder / "IM-0001.dcm").read_bytes()
    pixels = data[data.index(b"\xe0\x7f\x10\x00") :]
    # An offset table, one fragment or several, a delimiter
    assert (pixels.count(b"\xfe\xff\x00\xe0") > 2) == ("+fs" in command)
    assert_same_scan(read_scan(folder), expected)


@pytest.mark.parametrize("command", [COMPRESSED[name] for name in DEEP])
@pytest.mark.parametrize(
    ("bits_stored", "signed", "intercept"),
    [(12, True, 0), (16, True, 0), (16, False, -32768), (13, True, -24)],
)
def test_signed_and_deep_pixels_compressed_by_dcmtk_are_the_same(
    dcmtk_dir: Path, tmp_path: Path, command: str, bits_stored: int, signed: bool, intercept: int
) -> None:
    hu = HU[:2]
    make_series(tmp_path / "a", hu=hu, bits_stored=bits_stored, signed=signed, intercept=intercept)
    scan = read_scan(convert(dcmtk_dir, command, tmp_path / "a", tmp_path / "b"))
    np.testing.assert_array_equal(scan.hu, hu)


@pytest.mark.parametrize(
    ("encode", "decode", "signed"),
    [
        ("dcmcjpeg +ee +q 95", "dcmdjpeg", False),
        ("dcmcjpeg +ee +q 95", "dcmdjpeg", True),
        ("dcmcjpls +en +md 3", "dcmdjpls", False),  # DCMTK refuses signed pixels here
    ],
)
def test_loss_is_found_and_decoded_to_the_values_that_dcmtk_decodes(
    dcmtk_dir: Path, tmp_path: Path, encode: str, decode: str, signed: bool
) -> None:
    row, column = np.mgrid[0:48, 0:40]
    plane = 100 * np.sin(column / 7) + 50 * np.cos(row / 5) + 300
    hu = np.stack([plane, plane + 20]).round().astype(np.int16)
    make_series(tmp_path / "a", hu=hu, signed=signed, intercept=0 if signed else -1024)
    lossy = convert(dcmtk_dir, encode, tmp_path / "a", tmp_path / "b")
    decoded = convert(dcmtk_dir, decode, lossy, tmp_path / "c")
    scan, by_dcmtk = read_scan(lossy), read_scan(decoded)
    assert "LOSSY_COMPRESSION" in {found.code for found in scan.findings}
    assert "LOSSY_COMPRESSION" in {found.code for found in by_dcmtk.findings}
    assert 0 < np.abs(scan.hu - hu).max() <= 4
    np.testing.assert_array_equal(scan.hu, by_dcmtk.hu)


@pytest.mark.parametrize("encode", ["dcmcjpeg +ee", "dcmcjpls +en"])
def test_loss_is_found_by_the_transfer_syntax_where_the_tag_is_missing(
    dcmtk_dir: Path, tmp_path: Path, encode: str
) -> None:
    make_series(tmp_path / "a", hu=HU[:2])
    lossy = convert(dcmtk_dir, encode, tmp_path / "a", tmp_path / "b")
    files = [str(path) for path in lossy.iterdir()]
    subprocess.run([str(dcmtk_dir / "dcmodify"), "-nb", "-ea", "(0028,2110)", *files], check=True)
    assert "LossyImageCompression" not in dcmread(files[0])
    assert "LOSSY_COMPRESSION" in {found.code for found in read_scan(lossy).findings}


ENHANCED = {
    **{name: command for name, command in NATIVE.items() if name != "UTF-8"},
    "RLE": "dcmcrle",
    "RLE, no offset table": "dcmcrle -ot",
    "JPEG SV1": "dcmcjpeg +e1",
    "JPEG SV1, no offset table": "dcmcjpeg +e1 -ot",
    "JPEG SV1, fragments": "dcmcjpeg +e1 +fs 1",
    "JPEG lossless": "dcmcjpeg +el +sv 6",
    "JPEG-LS, fragments": "dcmcjpls +el +fs 1",
    "JPEG-LS, fragments, no offset table": "dcmcjpls +el +fs 1 -ot",
}


@pytest.mark.parametrize("per_frame", [True, False])
@pytest.mark.parametrize("command", ENHANCED.values(), ids=ENHANCED)
def test_dcmtk_converts_an_enhanced_object_to_the_same_scan(
    dcmtk_dir: Path, tmp_path: Path, command: str, per_frame: bool
) -> None:
    order = [2, 0, 3, 1]
    make_enhanced(tmp_path / "a" / "all.dcm", hu=HU, per_frame=per_frame, frame_order=order)
    expected = read_scan(tmp_path / "a")
    np.testing.assert_array_equal(expected.hu, HU)
    converted = convert(dcmtk_dir, command, tmp_path / "a", tmp_path / "b")
    assert_same_scan(read_scan(converted), expected)


@pytest.mark.parametrize(
    "character_set",
    ["ISO_IR 192", "ISO_IR 100", "ISO_IR 101", "ISO_IR 148", "GB18030"],
)
def test_dcmtk_converts_a_name_to_another_character_set(
    dcmtk_dir: Path, tmp_path: Path, character_set: str
) -> None:
    make_series(tmp_path / "a", hu=HU[:2], tags=rich_tags() | {"PatientName": "Müller^Käthe"})
    (tmp_path / "b").mkdir()
    for path in (tmp_path / "a").iterdir():
        call = [str(dcmtk_dir / "dcmconv"), "+C", character_set, str(path)]
        done = subprocess.run(
            [*call, str(tmp_path / "b" / path.name)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    data = (tmp_path / "b" / "IM-0001.dcm").read_bytes()
    assert character_set.encode() in data
    series = find_series(tmp_path / "b").series[0]
    assert series.patient.name == "Müller^Käthe"
    assert series.acquisition.convolution_kernel == "Weich-ß"
    assert series.acquisition.protocol_name == "Größe"


def test_a_series_rebuilt_from_its_text_dump_is_the_same(
    dcmtk_dir: Path, tmp_path: Path, original: Path, expected: CTScan
) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "b").mkdir()
    for path in sorted(original.iterdir()):
        call = [str(dcmtk_dir / "dcmdump"), "+L", "-q", "+W", str(tmp_path / "raw"), str(path)]
        dump = subprocess.run(call, check=True, capture_output=True).stdout
        text = tmp_path / f"{path.name}.txt"
        text.write_bytes(dump)
        call = [str(dcmtk_dir / "dump2dcm"), "+l", "65536", str(text)]
        done = subprocess.run(
            [*call, str(tmp_path / "b" / path.name)], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert_same_scan(read_scan(tmp_path / "b"), expected)


def test_what_dcmodify_changes_is_read_as_changed(
    dcmtk_dir: Path, tmp_path: Path, original: Path, expected: CTScan
) -> None:
    folder = convert(dcmtk_dir, "dcmconv +tb -e", original, tmp_path / "x")
    changes = {
        "(0018,0060)": "100.5",
        "(0018,9345)": "3.125",
        "(0018,9352)": "0.5\\0.25\\0.125",
        "(0018,0012)[0].(0008,0104)": "Gadolinium",
        "(0010,0010)": "Other^Name",
        "(0028,1052)": "-1000",
    }
    options = [part for tag, value in changes.items() for part in ("-i", f"{tag}={value}")]
    files = [str(path) for path in sorted(folder.iterdir())]
    subprocess.run([str(dcmtk_dir / "dcmodify"), "-nb", *options, *files], check=True)
    scan = read_scan(folder)
    padded = expected.hu == -1024
    np.testing.assert_array_equal(scan.hu, np.where(padded, -1024, expected.hu + 24))
    assert scan.patient == replace(expected.patient, name="Other^Name")
    assert scan.acquisition == replace(
        expected.acquisition,
        kvp=100.5,
        ctdi_vol_mgy=3.125,
        mass_factors_device=(0.5, 0.25, 0.125),
        contrast_agent="Gadolinium",
    )
