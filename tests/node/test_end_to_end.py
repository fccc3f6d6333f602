"""A study goes in from a real archive, and its results arrive there by themselves."""

import time
from pathlib import Path

import httpx2 as httpx
import pytest
from benchmarks.node_latency import (
    ask,
    put_into,
    rules,
    running_node,
    send_from,
    wait_for_results,
)
from benchmarks.serve_kills import simulated_studies

from corcal.store.records import ExamState
from corcal.store.store import Store
from interop.send.orthanc import Orthanc, free_port
from node.delivering import history

HOUR_S = 3600
UNFIT = 'verdict = ["unfit"]\n[[take]]\nsuitable = ["unfit"]'


@pytest.mark.orthanc
def test_a_study_goes_in_and_its_results_arrive_in_the_archive(
    archive: Orthanc, tmp_path: Path
) -> None:
    (images,) = simulated_studies(tmp_path / "studies", 1)
    data, port, http_port = tmp_path / "data", free_port(), free_port()
    data.mkdir()
    # Nothing ends the study but the message that it is complete. Scoring by threshold calls the
    # scan unfit, and nothing unfit leaves unless both rules name it
    text = rules(archive, port, http_port=http_port, quiet_s=HOUR_S, more=UNFIT)
    (data / "node.toml").write_text(text)
    archive.is_called_back_at(port)
    study = put_into(archive, images)
    with running_node(data, http_port=http_port, quick=True):
        send_from(archive, study)
        (uid,) = (
            one["MainDicomTags"]["StudyInstanceUID"] for one in archive.rest("/studies?expand")
        )
        told = httpx.post(
            f"http://127.0.0.1:{http_port}/studies/complete",
            json={"study_instance_uid": uid},
            trust_env=False,
        )
        assert told.status_code == 202
        assert wait_for_results(archive, study) == ["DOC", "SEG", "SR", "SR"]
        until = time.monotonic() + 10
        while b'{rule="archive",state="done"} 1' not in (text := ask(http_port, "/metrics")):
            assert time.monotonic() < until, text
            time.sleep(0.1)
        assert b"corcal_node_studies_taken_total 1" in text
        assert b"SIMULATED" not in text
    with Store(data) as store:
        (exam,) = store.worklist().exams
        assert (exam.state, exam.latest_version) == (ExamState.TO_REVIEW, 1)
        assert history(store, exam.id, "delivered") == [
            {"rule": "archive", "version": 1, "objects": 4}
        ]
    log = (tmp_path / "node.log").read_text()
    assert "SIMULATED" not in log
    assert "Simulated" not in log
