"""Entries of a worklist, and servers that have them: pynetdicom's, dcmtk's and Orthanc's."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityWorklistInformationFind, Verification

from corcal.interop.send.association import QUIET_END
from ports import free_port
from serve.serve_maker import NAME, NUMBER

RIS = "RIS"
BIRTH_DATE, ACCESSION = "19610503", "ACC-77"
PLUGIN = Path("/usr/share/orthanc/plugins/libModalityWorklists.so")
Answers = Callable[[Dataset], Iterator[tuple[int, Dataset | None]]]


def entry(**changed: str) -> Dataset:
    """A line of the worklist, for the patient of the tests."""
    made, step, code = Dataset(), Dataset(), Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.AccessionNumber = ACCESSION
    made.ReferringPhysicianName = "Ünal^Ada^^Dr"
    made.PatientName = NAME
    made.PatientID = NUMBER
    made.PatientBirthDate = BIRTH_DATE
    made.PatientSex = "F"
    made.StudyInstanceUID = "2.25.991"
    made.RequestedProcedureID = "RP-5"
    made.RequestedProcedureDescription = "CT calcium score"
    made.RequestedProcedurePriority = "ROUTINE"
    made.PlacerOrderNumberImagingServiceRequest = "PLACER-1"
    made.FillerOrderNumberImagingServiceRequest = "FILLER^2"
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "CTCAC", "99H", "Calcium CT"
    made.RequestedProcedureCodeSequence = [code]
    step.Modality = "CT"
    step.ScheduledStationAETitle = "CT1"
    step.ScheduledProcedureStepStartDate = "20260102"
    step.ScheduledProcedureStepStartTime = "0900"
    step.ScheduledPerformingPhysicianName = "Performing^One"
    step.ScheduledProcedureStepDescription = "CT heart"
    step.ScheduledProcedureStepID = "SPS-5"
    made.ScheduledProcedureStepSequence = [step]
    for keyword, value in changed.items():
        setattr(step if keyword in step else made, keyword, value)
    return made


def write_entry(path: Path, made: Dataset) -> None:
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = ModalityWorklistInformationFind
    made.file_meta.MediaStorageSOPInstanceUID = "2.25.1234"
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.save_as(path, enforce_file_format=True)


@contextmanager
def ris(answers: Sequence[Dataset] | Answers) -> Iterator[tuple[int, list[Dataset]]]:
    """A worklist server that answers everything with these entries; what it was asked."""
    asked: list[Dataset] = []

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        asked.append(event.identifier)
        if callable(answers):
            yield from answers(event.identifier)
            return
        for one in answers:
            yield 0xFF00, one

    ae = AE(ae_title=RIS)
    ae.add_supported_context(ModalityWorklistInformationFind)
    ae.add_supported_context(Verification)
    server = ae.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, find), QUIET_END]
    )
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()


def rules_text(port: int, more: str = "") -> str:
    return f"""
[[peer]]
name = "RIS"
aet = "{RIS}"
host = "127.0.0.1"
port = {port}
roles = ["query"]
[worklist]
from = "RIS"
answer_s = 10
{more}
"""


@contextmanager
def dcmtk_ris(folder: Path, entries: Sequence[Dataset]) -> Iterator[int]:
    """The worklist server of dcmtk; the test is skipped where it is absent."""
    program = shutil.which("wlmscpfs")
    if program is None:
        pytest.skip("wlmscpfs is absent: install the system package dcmtk")
    (folder / RIS).mkdir(parents=True)
    (folder / RIS / "lockfile").touch()
    for number, one in enumerate(entries):
        write_entry(folder / RIS / f"{number}.wl", one)
    port = free_port()
    with running([program, "--single-process", "--data-files-path", str(folder), str(port)], port):
        yield port


@contextmanager
def orthanc_ris(folder: Path, entries: Sequence[Dataset], program: str) -> Iterator[int]:
    """Orthanc with its plugin for worklists; the test is skipped where that is absent."""
    if not PLUGIN.is_file():
        pytest.skip("Orthanc's plugin for worklists is absent: install the package orthanc")
    (folder / "lists").mkdir(parents=True)
    for number, one in enumerate(entries):
        write_entry(folder / "lists" / f"{number}.wl", one)
    port = free_port()
    config = {
        "Name": "worklist",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGIN)],
        "HttpServerEnabled": False,
        "DicomPort": port,
        "DicomAet": RIS,
        "DicomModalities": {"CORCAL": {"AET": "CORCAL", "Host": "127.0.0.1", "Port": 1}},
        "DicomAlwaysAllowFindWorklist": True,
        "Worklists": {"Enable": True, "Database": str(folder / "lists")},
    }
    (folder / "orthanc.json").write_text(json.dumps(config))
    with running([program, str(folder / "orthanc.json")], port):
        yield port


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[None]:
    """Run a server until the end of the test, once it listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert process.poll() is None, f"{command[0]} has ended"
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)
