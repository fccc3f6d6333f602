"""A study goes in from a real archive, and its results arrive there by themselves."""

import time
from pathlib import Path

import httpx2 as httpx
import numpy as np
import pytest
from benchmarks.node_latency import (
    ask,
    put_into,
    rules,
    running_node,
    send_from,
    wait_for_results,
)

from corcal.ct.scan import Acquisition, Patient
from corcal.phantom.dicom import write_series
from corcal.store.records import ExamState
from corcal.store.store import Store
from interop.send.orthanc import Orthanc
from node.delivering import history
from ports import free_port

HOUR_S = 3600
MORE = """
verdict = ["unfit"]
commit = true
[[take]]
suitable = ["unfit"]
[priors]
from = "PACS"
"""


@pytest.mark.orthanc
def test_a_study_goes_in_and_its_results_arrive_in_the_archive(
    archive: Orthanc, tmp_path: Path
) -> None:
    images, earlier = (write(tmp_path / name, name) for name in ("20260102", "20230102"))
    data, port, http_port = tmp_path / "data", free_port(), free_port()
    data.mkdir()
    # Nothing ends the study but the message that it is complete. Scoring by threshold calls the
    # scan unfit, and nothing unfit leaves unless both rules name it
    text = rules(archive, port, http_port=http_port, quiet_s=HOUR_S, more=MORE)
    (data / "node.toml").write_text(text)
    archive.is_called_back_at(port)
    put_into(archive, earlier)
    study = put_into(archive, images)
    with running_node(data, http_port=http_port, quick=True):
        send_from(archive, study)
        uid = archive.rest(f"/studies/{study}")["MainDicomTags"]["StudyInstanceUID"]
        told = httpx.post(
            f"http://127.0.0.1:{http_port}/studies/complete",
            json={"study_instance_uid": uid},
            trust_env=False,
        )
        assert told.status_code == 202
        assert wait_for_results(archive, study) == ["DOC", "SEG", "SR", "SR"]
        # The earlier scan came by C-MOVE to the node itself, and waits for its quiet hour
        assert is_told(http_port, b"corcal_node_studies_waiting 1")
        assert is_told(http_port, b'{rule="archive",state="done"} 1')
        figures = ask(http_port, "/metrics")
        assert b"corcal_node_studies_taken_total 1" in figures
        assert b"SIMULATED" not in figures
        wait_for_commitment(data)
    with Store(data) as store:
        (exam,) = store.worklist().exams
        assert (exam.state, exam.latest_version) == (ExamState.TO_REVIEW, 1)
        assert history(store, exam.id, "delivered") == [
            {"rule": "archive", "version": 1, "objects": 4}
        ]
        assert history(store, exam.id, "priors") == [{"from": "PACS", "found": 1, "fetched": 1}]
    log = (tmp_path / "node.log").read_text()
    assert "SIMULATED" not in log
    assert "Simulated" not in log


def write(folder: Path, day: str) -> Path:
    """Write a small scan of the one patient, made on a day."""
    hu = np.full((24, 64, 64), 40, np.int16)
    hu[8:10, 20:24, 20:24] = 300
    write_series(
        folder,
        hu,
        spacing_mm=(3.0, 0.5, 0.5),
        origin_mm=(0.0, 0.0, 0.0),
        patient=Patient(patient_id="SIMULATED-1", name="Simulated^Patient"),
        acquisition=Acquisition(modality="CT", kvp=120.0, date=f"{day[:4]}-{day[4:6]}-{day[6:]}"),
        uid_seed=int(day),
    )
    return folder


def is_told(http_port: int, text: bytes) -> bool:
    """Whether the figures of the node say so, or will soon."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if text in ask(http_port, "/metrics"):
            return True
        time.sleep(0.1)
    return False


def wait_for_commitment(data: Path) -> None:
    """Wait until the archive has said, on an association of its own, that it keeps the results."""
    until = time.monotonic() + 60
    with Store(data) as store:
        while not (delivery := store.outgoing.of()[0]).committed:
            assert time.monotonic() < until, delivery
            assert delivery.committed is None, delivery.commitment
            time.sleep(0.1)
