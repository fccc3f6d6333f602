"""Health, readiness, figures for Prometheus, and "this study is complete"."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from corcal.errors import InputError, StoreError
from corcal.node import http
from corcal.node.http import NodeHttp
from corcal.node.metrics import metrics_text
from corcal.node.rules import NodeRules, NodeSettings
from corcal.store.store import Store
from node.conftest import Scored
from node.delivering import route, rules_file
from ports import free_port

UID = "1.2.840.99"


@dataclass(frozen=True)
class Figures:
    is_listening: bool = True
    associations_open: int = 2
    objects_received: int = 57
    disk_free_mb: int = 1024
    note: str = "no number"


class Intake:
    """Stands for the intake."""

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.completed: list[str] = []

    def ready(self) -> str | None:
        return self.trouble

    def figures(self) -> Figures:
        return Figures()

    def complete(self, study_instance_uid: str) -> bool:
        self.completed.append(study_instance_uid)
        return study_instance_uid == UID


@pytest.fixture
def intake() -> Intake:
    return Intake()


@pytest.fixture
def served(scored: Scored, intake: Intake) -> Iterator[httpx.Client]:
    made = http.start(NodeRules(node=NodeSettings(http_port=free_port())), intake, scored.store)
    assert isinstance(made, NodeHttp)
    with httpx.Client(base_url=f"http://127.0.0.1:{made.port}", trust_env=False) as client:
        yield client
    made.stop()


def test_alive_ready_and_not_ready_with_the_reason(
    served: httpx.Client, intake: Intake, scored: Scored, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.get("/health").json() == {"status": "alive"}
    assert served.get("/ready").json() == {"ready": True, "why": None}
    intake.trouble = "12 MB of the disk are free, 1024 needed"
    answer = served.get("/ready")
    assert (answer.status_code, answer.json()["why"]) == (503, intake.trouble)
    intake.trouble = None

    def refuse() -> None:
        raise StoreError(UID)

    monkeypatch.setattr(scored.store.jobs, "counts", refuse)
    answer = served.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"error": "the store cannot be used now"})


def test_figures_are_what_prometheus_reads(
    served: httpx.Client, scored: Scored, tmp_path: Path
) -> None:
    route(
        scored.store,
        rules_file(
            tmp_path,
            '[[send]]\nname = "a\\u0020b"\nto = "./x"\n'
            'when = "automatic"\ndespite_review_advice = true',
        ),
    )
    answer = served.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    assert families["corcal_node_objects_received"].type == "counter"
    assert families["corcal_node_objects_received"].samples[0].value == 57
    assert families["corcal_node_disk_free_mb"].type == "gauge"
    assert families["corcal_node_is_listening"].samples[0].value == 1
    assert "corcal_node_note" not in families
    states = {one.labels["state"]: one.value for one in families["corcal_exams"].samples}
    assert states["to_review"] == 1
    (delivery,) = families["corcal_deliveries"].samples
    assert (delivery.labels, delivery.value) == ({"rule": "a b", "state": "queued"}, 1)
    (job,) = families["corcal_jobs"].samples
    assert (job.labels, job.value) == ({"kind": "deliver", "state": "queued"}, 1)
    assert families["corcal_outbox_oldest_seconds"].samples[0].value > 0
    # Nothing of the patient, nor of the exam
    for told in ('"4711"', "Zacharias", "2.25.1", scored.exam):
        assert told not in answer.text


def test_figures_of_an_empty_store(store: Store) -> None:
    text = metrics_text(Figures(), store)
    families = {one.name: one.samples for one in text_string_to_metric_families(text)}
    assert families["corcal_outbox_oldest_seconds"][0].value == 0
    assert families["corcal_deliveries"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps({"study_instance_uid": UID}), 202),
        (json.dumps({"study_instance_uid": "1.2.3"}), 404),
        (json.dumps({"study_instance_uid": "../../etc"}), 422),
        (json.dumps({"study_instance_uid": 7}), 422),
        (json.dumps([UID]), 422),
        ("{", 422),
        (" " * 100_000, 422),
    ],
)
def test_a_study_may_be_called_complete(served: httpx.Client, body: str, status: int) -> None:
    assert served.post("/studies/complete", content=body).status_code == status


def test_other_places_are_not_there(served: httpx.Client) -> None:
    assert served.get("/studies/complete").status_code == 404
    assert "GET /metrics" in served.get("/").json()["error"]


def test_the_message_needs_a_token_where_others_can_send_it(
    store: Store, intake: Intake, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    settings = NodeSettings(http_port=free_port(), http_token_file=tmp_path / "token")
    made = NodeHttp(settings, intake, store)
    assert made.port == 0
    assert made._may_complete({b"authorization": b"Bearer s3cret"})
    assert not made._may_complete({b"authorization": b"Bearer other"})
    assert not made._may_complete({})
    everywhere = NodeHttp(NodeSettings(http_host="0.0.0.0"), intake, store)  # noqa: S104
    assert not everywhere._may_complete({})  # without a token nobody may, but on this machine
    made.start()
    answer = httpx.post(
        f"http://127.0.0.1:{made.port}/studies/complete",
        json={"study_instance_uid": UID},
        trust_env=False,
    )
    made.stop()
    assert (answer.status_code, intake.completed) == (401, [])


def test_what_cannot_be_served_is_said(store: Store, intake: Intake, tmp_path: Path) -> None:
    assert http.start(NodeRules(node=NodeSettings(http_port=0)), intake, store) is None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        rules = NodeRules(node=NodeSettings(http_port=taken.getsockname()[1]))
        with pytest.raises(InputError, match=r"cannot listen at port \d+ of 127.0.0.1 \(http_port"):
            http.start(rules, intake, store)
    for text, match in ((None, "cannot be read: No such file"), ("\n", "is empty")):
        if text is not None:
            (tmp_path / "token").write_text(text)
        with pytest.raises(InputError, match=match):
            NodeHttp(NodeSettings(http_token_file=tmp_path / "token"), intake, store)
