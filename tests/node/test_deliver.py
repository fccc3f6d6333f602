"""A result goes where the rules say, once, and is tried again until it is there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from corcal.errors import StateError
from corcal.node.deliver import _options, deliver_job
from corcal.node.metrics import metrics_text
from corcal.node.outbox import pause_s, revive, states, summary
from corcal.store.outgoing import Delivery
from corcal.store.records import JobState
from corcal.store.store import Store
from interop.send.orthanc import AE_TITLE, Orthanc
from node.conftest import Scored
from node.delivering import history, route, rules_file, rules_of, work
from node.test_http import Figures
from ports import free_port

AT_ONCE = 'when = "automatic"\ndespite_review_advice = true'


@pytest.fixture
def store(scored: Scored) -> Store:
    """A store with one exam that came to the node, was scored, and has its files."""
    return scored.store


@pytest.fixture
def exam(scored: Scored) -> str:
    """The exam."""
    return scored.exam


def peers(port: int) -> str:
    return f"""
[[peer]]
name = "PACS"
aet = "{AE_TITLE}"
host = "127.0.0.1"
port = {port}
"""


def sends(to: object, more: str = "", *, name: str = "out") -> str:
    return f'[[send]]\nname = "{name}"\nto = "{to}"\n{AT_ONCE}\n{more}\n'


def only(store: Store) -> Delivery:
    (delivery,) = store.outgoing.of()
    return delivery


def due_now(store: Store) -> None:
    """Let the pause between two attempts be over."""
    with store._database.writing() as session:
        session.execute(text("UPDATE jobs SET not_before = NULL"))


def modalities(archive: Orthanc) -> list[str]:
    series = archive.rest("/series?expand")
    assert isinstance(series, list)
    return sorted(one["MainDicomTags"]["Modality"] for one in series)


@pytest.mark.orthanc
def test_reports_and_segmentation_arrive_in_the_archive_once(
    store: Store, exam: str, archive: Orthanc, here: Path
) -> None:
    path = rules_file(here, peers(archive.dicom_port) + sends("PACS"))
    assert (route(store, path), work(store, path)) == (1, 1)
    # Two structured reports, the segmentation, and the report as an encapsulated PDF
    assert modalities(archive) == ["DOC", "SEG", "SR", "SR"]
    (study,) = archive.rest("/studies?expand")
    assert study["MainDicomTags"]["StudyInstanceUID"] == "2.25.1"
    assert history(store, exam, "delivered") == [{"rule": "out", "version": 1, "objects": 4}]
    # Nothing is left to be done, however often one asks
    assert (route(store, path), work(store, path)) == (0, 0)
    # What is sent again, as after a kill between its arrival and the note of it, is there once
    there = archive.rest("/instances")
    store.jobs.enqueue("deliver", exam_id=exam, payload={"delivery": only(store).id})
    assert work(store, path) == 1
    assert sorted(archive.rest("/instances")) == sorted(there)


@pytest.mark.orthanc
def test_a_peer_without_a_port_gets_it_over_the_web(
    store: Store, exam: str, archive: Orthanc, here: Path
) -> None:
    peer = f'[[peer]]\nname = "WEB"\naet = "WEB"\ndicomweb = "{archive.web_url}"\n'
    path = rules_file(here, peer + sends("WEB", 'formats = ["seg"]'))
    assert (route(store, path), work(store, path)) == (1, 1)
    assert modalities(archive) == ["SEG"]
    assert history(store, exam, "delivered")[0]["objects"] == 1


def test_a_receiver_that_is_away_gets_it_later(store: Store, exam: str, here: Path) -> None:
    path = rules_file(here, sends(f"mllp://127.0.0.1:{free_port()}"))
    assert (route(store, path), work(store, path)) == (1, 1)
    before = only(store)
    assert (before.state, before.attempts) == (JobState.QUEUED, 1)
    assert "no connection, or it broke (Connection refused)" in (before.error or "")
    assert before.next_at is not None
    wait = before.next_at - datetime.now(UTC)
    assert timedelta(0) < wait <= timedelta(seconds=pause_s(1))
    assert work(store, path) == 0  # not before its time
    (rule, waits) = summary(store)
    assert rule == "out: 1 waiting"
    assert waits.startswith(f"waits: out, exam {exam[:8]}, version 1, 1 attempts, again at 20")
    # The address is corrected in the file, and counts at once
    rules_file(here, sends("./out"))
    due_now(store)
    assert work(store, path) == 1
    assert only(store).state is JobState.DONE
    assert summary(store) == ("out: 1 sent",)


def test_what_was_given_up_is_a_dead_letter_until_it_is_tried_again(
    store: Store, exam: str, here: Path
) -> None:
    path = rules_file(here, sends(f"mllp://127.0.0.1:{free_port()}"))
    route(store, path)
    with store._database.writing() as session:
        session.execute(text("UPDATE jobs SET max_attempts = 1"))
    work(store, path)
    (rule, dead) = summary(store)
    assert rule == "out: 1 given up"
    assert dead.startswith(f"given up: out, exam {exam[:8]}, version 1, 1 attempts: 127.0.0.1:")
    assert only(store).finished_at is not None
    assert revive(store, "f" * 32) == 0
    rules_file(here, sends("./out"))
    assert (revive(store), work(store, path)) == (1, 1)
    assert only(store).state is JobState.DONE


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause_s(n) for n in (1, 2, 3, 10, 11, 33)] == [5, 10, 20, 2560, 3600, 3600]


def test_a_rule_that_is_gone_ends_in_a_dead_letter(store: Store, here: Path) -> None:
    path = rules_file(here, sends("./out"))
    route(store, path)
    rules_file(here, "")
    work(store, path)
    dead = only(store)
    assert (dead.state, dead.attempts) == (JobState.FAILED, 1)
    assert dead.error == "there is no [[send]] rule of this name any more"


def test_a_rules_file_that_is_broken_for_a_while_costs_nothing(store: Store, here: Path) -> None:
    path = rules_file(here, sends("./out"))
    route(store, path)
    rules_file(here, "[[send")
    work(store, path)
    assert only(store).state is JobState.QUEUED
    assert "the rules file node.toml is not TOML" in (only(store).error or "")


def test_a_folder_gets_a_version_whole_and_its_names_tell_nothing(
    store: Store, exam: str, here: Path
) -> None:
    path = rules_file(here, sends("./out", 'formats = ["pdf", "hl7"]'))
    route(store, path)
    work(store, path)
    target = here / "out" / exam / "v1"
    assert {each.name for each in target.iterdir()} == {
        "report.pdf",
        "calcium_report.dcm",
        "report.hl7",
    }
    assert [each.name for each in target.parent.iterdir()] == ["v1"]
    # An attempt that was killed after the files were there ends well
    store.jobs.enqueue("deliver", exam_id=exam, payload={"delivery": only(store).id})
    work(store, path)
    assert len(history(store, exam, "delivered")) == 2


def test_a_folder_that_cannot_be_written_is_tried_again(store: Store, here: Path) -> None:
    (here / "out").write_text("a file where the folder should be")
    path = rules_file(here, sends("./out"))
    route(store, path)
    work(store, path)
    assert only(store).state is JobState.QUEUED
    assert "the disk or a folder refuses: Not a directory" in (only(store).error or "")


def test_a_version_that_was_overtaken_is_not_sent(store: Store, exam: str, here: Path) -> None:
    path = rules_file(here, sends("./out"))
    route(store, path)
    store.add_result(
        exam, store.result(exam, 1), attachments={"result.json": b"{}", "fhir.json": b"2"}
    )
    route(store, path)
    assert work(store, path) == 2
    assert [each.name for each in (here / "out" / exam).iterdir()] == ["v2"]
    assert history(store, exam, "superseded") == [{"rule": "out", "version": 1}]
    assert summary(store) == ("out: 1 sent, 1 overtaken by a later version",)
    assert states(store) == {("out", "done"): 1, ("out", "overtaken"): 1}
    lines = metrics_text(Figures(), store).splitlines()
    assert 'corcal_deliveries{rule="out",state="overtaken"} 1' in lines
    assert 'corcal_deliveries{rule="out",state="done"} 1' in lines


def test_a_scan_without_dicom_has_nothing_for_an_archive(
    store: Store, exam: str, here: Path
) -> None:
    store.add_result(exam, store.result(exam, 1), attachments={"result.json": b"{}"})
    path = rules_file(here, peers(1) + sends("PACS"))
    route(store, path)
    work(store, path)
    assert only(store).state is JobState.FAILED
    assert "none of the files that the rule sends" in (only(store).error or "")


def test_files_that_nobody_made_yet_are_made_first(
    store: Store, exam: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter([("result.json", b"{}"), ("report.hl7", b"MSH|")])
    monkeypatch.setattr("corcal.serve.documents.documents_of", lambda _exam: made)
    monkeypatch.setattr("corcal.serve.scans.scan_of_version", lambda *_: None)
    store.add_result(exam, store.result(exam, 1), voxels=store.voxels(exam, 1))
    path = rules_file(here, sends("./out", 'formats = ["hl7"]'))
    route(store, path)
    work(store, path)
    assert (here / "out" / exam / "v2" / "report.hl7").read_bytes() == b"MSH|"
    assert store.attachment(exam, "report.hl7", 2) == b"MSH|"


def test_a_patient_who_is_deleted_takes_the_outbox_along(
    store: Store, exam: str, here: Path
) -> None:
    path = rules_file(here, sends("./out"))
    route(store, path)
    store.outgoing.ask_commitment(only(store).id, "2.25.77", 4)
    store.delete_patient(store.exam(exam).patient.id, by="eva")
    assert store.outgoing.of() == ()
    assert (route(store, path), work(store, path)) == (0, 0)


@pytest.mark.orthanc
def test_an_archive_that_is_called_wrongly_gets_nothing(
    store: Store, archive: Orthanc, here: Path
) -> None:
    wrong = peers(archive.dicom_port).replace(AE_TITLE, "NOBODY")
    path = rules_file(here, wrong + sends("PACS"))
    route(store, path)
    work(store, path)
    assert only(store).state is JobState.QUEUED
    assert "0 of 4 objects have arrived: the archive rejects" in (only(store).error or "")


@pytest.mark.orthanc
def test_the_archive_is_asked_to_keep_what_has_arrived(
    store: Store, archive: Orthanc, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corcal.node.commitment._HERE_S", 0.05)
    path = rules_file(here, peers(archive.dicom_port) + sends("PACS", "commit = true"))
    route(store, path)
    work(store, path)
    # It answers on an association of its own, for which nobody listens here
    assert (only(store).state, only(store).committed) == (JobState.DONE, None)
    with store._database.reading() as session:
        assert session.scalar(text("SELECT objects FROM commitments")) == 4


def test_who_has_lost_the_job_notes_nothing(store: Store, exam: str, here: Path) -> None:
    path = rules_file(here, sends("./out"))
    route(store, path)
    late = store.jobs.claim("a", kinds=["deliver"], lease_s=-1)
    assert late is not None
    assert work(store, path) == 1  # another worker took it for dead, and delivers
    with pytest.raises(StateError, match="the claim on the job is lost"):
        deliver_job(store, late, Quiet(), rules_path=path)
    assert len(history(store, exam, "delivered")) == 1


class Quiet:
    """Hears how far a job is."""

    def step(self, fraction: float, text: str) -> None: ...

    def reading(self, done: int, total: int, what: str) -> None: ...


def test_our_certificate_goes_with_what_we_send(here: Path, tmp_path: Path) -> None:
    for name in ("c", "k", "ca"):
        (tmp_path / name).write_text("x")
    tls = '[tls]\ncertificate = "c"\nkey = "k"\nclient_ca = "ca"\nserver_ca = "ca"\n'
    rules = rules_of(here, tls + peers(1) + sends("PACS"))
    options = _options(rules.send[0], rules)
    assert (options.tls.client_cert, options.tls.ca_file) == (here / "c", here / "ca")
    assert (options.calling, options.credentials) == ("CORCAL", None)


def test_a_long_list_of_trouble_is_cut(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corcal.node.outbox._MOST_SHOWN", 1)
    (one,) = store.outgoing.unrouted()
    store.outgoing.route(one, ["a", "b", "c"], why="all", max_attempts=1)
    for _ in range(3):
        claim = store.jobs.claim("w", kinds=["deliver"])
        assert claim is not None
        store.jobs.fail(claim, "away")
    assert len(summary(store)) == 5  # a line a rule, one of trouble, and the rest of it
    assert summary(store)[-1] == "and 2 more"
