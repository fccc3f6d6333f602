"""A hospital at its worst: odd encodings, clocks that go back, archives that refuse and lose."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.sop_class import (
    BasicTextSRStorage,
    ComprehensiveSRStorage,
    CTImageStorage,
    SegmentationStorage,
)
from sqlalchemy import text

from corcal.ct.read import read_scan
from corcal.node import spool
from corcal.node.outbox import revive, summary
from corcal.store.jobs import SCORE
from corcal.store.outgoing import DELIVER
from corcal.store.records import ExamState, JobState
from corcal.store.store import Store
from interop.send.peers import dicom_peer, plain_peer, web_peer
from node.conftest import Scored
from node.delivering import history, route, rules_file, work
from node.intake_maker import NODE, SCANNER, receiving, sent, study
from node.test_deliver import AT_ONCE, due_now
from node.test_messages import ACCEPT, answering
from store.postgres_cluster import temporary_folder

EXPLICIT = "1.2.840.10008.1.2.1"
# storescu's option that proposes a transfer syntax, and dcmtk's program that writes it
ENCODINGS = {
    "-xe": (),
    "-xi": ("dcmconv", "+ti"),
    "-xb": ("dcmconv", "+tb"),
    "-xr": ("dcmcrle",),
    "-xs": ("dcmcjpeg", "+e1"),
    "-xt": ("dcmcjpls",),
}


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory, where there is room: each object is made durable."""
    with temporary_folder() as folder:
        yield folder


@pytest.fixture
def store(scored: Scored) -> Store:
    return scored.store


def dcmtk(name: str) -> str:
    found = shutil.which(name, path="/usr/bin:/usr/local/bin")  # pynetdicom brings a storescu, too
    if found is None:
        pytest.skip(f"{name} is absent: install the system package dcmtk")
    return found


def storescu(port: int, option: str, *paths: Path) -> bool:
    """Send by dcmtk's own program; whether all was taken."""
    program, called = dcmtk("storescu"), ["-aet", SCANNER, "-aec", NODE, "127.0.0.1", str(port)]
    return subprocess.run([program, option, *called, *paths], capture_output=True).returncode == 0


def test_each_image_in_an_encoding_of_its_own_is_one_scan(tmp_path: Path) -> None:
    images = study(tmp_path / "sent")
    before = read_scan(tmp_path / "sent").hu
    with receiving(tmp_path / "data") as node:
        for number, image in enumerate(images):
            option, program = list(ENCODINGS.items())[number % len(ENCODINGS)]
            made = tmp_path / f"{number}.dcm"
            command = [dcmtk(program[0]), *program[1:], image, made] if program else None
            if command is None:
                shutil.copy(image, made)
            else:
                subprocess.run(command, check=True, capture_output=True)
            assert storescu(node.port, option, made), option
        node.intake.tick()
        (exam,) = node.store.worklist().exams
        assert exam.state is ExamState.WAITING
        with node.store.originals_folder(exam.id) as folder:
            assert np.array_equal(read_scan(folder).hu, before)


def test_who_offers_deflated_images_alone_is_refused_and_said(tmp_path: Path) -> None:
    """They would be inflated in memory, to whatever size they like."""
    ae = AE(ae_title=SCANNER)
    ae.add_requested_context(CTImageStorage, DeflatedExplicitVRLittleEndian)
    with receiving(tmp_path / "data") as node:
        association = ae.associate("127.0.0.1", node.port, ae_title=NODE)
        assert not association.is_established
        (told,) = node.refusals()
    kind = "CT Image Storage as Deflated Explicit VR Little Endian"
    assert told.why == f"offers nothing that is taken here: {kind}"


def test_the_series_that_is_scored_may_come_hours_after_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [datetime(2026, 1, 2, 8, tzinfo=UTC)]
    monkeypatch.setattr(spool, "_now", lambda: clock[0])
    localizer = study(tmp_path / "first", images=2, series=1)
    scan = study(tmp_path / "second", images=12, series=2)
    with receiving(tmp_path / "data") as node:
        sent(node.port, localizer)
        node.intake.tick()
        assert [job.kind for job in node.store.jobs.of()] == []  # nothing in it to be scored
        clock[0] += timedelta(hours=5)
        sent(node.port, scan)
        for _ in range(3):
            node.intake.tick()
        waiting = [one for one in node.store.worklist().exams if one.state is ExamState.WAITING]
        assert len(waiting) == 1
        assert [job.kind for job in node.store.jobs.of()] == [SCORE]
        with node.store.originals_folder(waiting[0].id) as folder:
            assert sum(path.is_file() for path in folder.rglob("*")) == 14
        told = history(node.store, waiting[0].id, "received")[-1]
        assert (told["images"], told["late"]) == (12, True)


def test_a_clock_that_is_put_back_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [datetime(2026, 10, 25, 2, 59, tzinfo=UTC)]
    monkeypatch.setattr(spool, "_now", lambda: clock[0])
    images = study(tmp_path / "sent")
    with receiving(tmp_path / "data") as node:
        sent(node.port, images[:6])
        clock[0] -= timedelta(hours=1)
        sent(node.port, images[6:])
        node.intake.tick()
        (exam,) = node.store.worklist().exams
        assert [job.kind for job in node.store.jobs.of(exam_id=exam.id)] == [SCORE]


def test_a_delivery_is_tried_although_the_clock_was_put_back_by_a_year(
    store: Store, tmp_path: Path
) -> None:
    """An attempt was set for a moment that is now far away: no pause is so long."""
    path = rules_file(tmp_path, f'[[send]]\nname = "out"\nto = "./out"\n{AT_ONCE}')
    assert route(store, path) == 1
    for ahead, done in ((timedelta(minutes=59), 0), (timedelta(days=365), 1)):
        moment = (datetime.now(UTC) + ahead).strftime("%Y-%m-%d %H:%M:%S.%f")
        with store._database.writing() as session:
            session.execute(text("UPDATE jobs SET not_before = :at"), {"at": moment})
        assert work(store, path) == done, ahead


def archive(port: int, more: str = "") -> str:
    return (
        f'[[peer]]\nname = "PACS"\naet = "PEER"\nhost = "127.0.0.1"\nport = {port}\n'
        f'[[send]]\nname = "out"\nto = "PACS"\nformats = ["sr", "seg"]\n{AT_ONCE}\n{more}'
    )


OUR_CLASSES = {
    uid: [EXPLICIT]
    for uid in (
        *(ComprehensiveSRStorage, BasicTextSRStorage, SegmentationStorage),
        *("1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.88.22"),
    )
}


def test_an_archive_that_is_full_gets_it_when_it_has_room(
    store: Store, scored: Scored, tmp_path: Path
) -> None:
    room = [False]

    def stored(*_: Any) -> int:
        return 0 if room[0] else 0xA700

    with dicom_peer(stored, contexts=OUR_CLASSES) as peer:
        path = rules_file(tmp_path, archive(peer.address.port))
        route(store, path)
        work(store, path)
        (_, waits) = summary(store)
        assert "0 of 3 objects have arrived: out of resources (0xA700)" in waits
        room[0] = True
        due_now(store)
        work(store, path)
        assert summary(store) == ("out: 1 sent",)
        assert len(peer.stored) == 3
    assert [one["objects"] for one in history(store, scored.exam, "delivered")] == [3]


def test_an_archive_that_says_duplicate_has_what_a_killed_attempt_had_sent(
    store: Store, tmp_path: Path
) -> None:
    first: list[str] = []

    def stored(event: Any, _: Any) -> int:
        first.append(str(event.request.AffectedSOPInstanceUID))
        return 0x0111 if len(first) == 1 else 0

    with dicom_peer(stored, contexts=OUR_CLASSES) as peer:
        path = rules_file(tmp_path, archive(peer.address.port))
        route(store, path)
        work(store, path)
    assert summary(store) == ("out: 1 sent",)


def test_what_an_archive_took_and_lost_is_said_and_can_be_sent_again(
    store: Store, scored: Scored, tmp_path: Path
) -> None:
    with dicom_peer(None, contexts=OUR_CLASSES) as peer:
        path = rules_file(tmp_path, archive(peer.address.port, "commit = true\n"))
        route(store, path)
        work(store, path)
        rule, lost = summary(store)
        assert rule == "out: 1 sent"
        assert lost.startswith(f"not committed: out, exam {scored.exam[:8]}, version 1")
        assert "the archive does not offer storage commitment" in lost
        (delivery,) = store.outgoing.of()
        assert revive(store) == 0  # it has arrived: only who names it sends it again
        assert revive(store, delivery.id[:7]) == 0
        assert revive(store, delivery.id[:8]) == 1
        work(store, path)
        assert len(peer.stored) == 6
    assert store.outgoing.get(delivery.id).state is JobState.DONE


@pytest.mark.parametrize("word", [b"|AE|", b"|AR|"])
def test_a_message_that_was_not_accepted_is_sent_again(
    store: Store, scored: Scored, tmp_path: Path, word: bytes
) -> None:
    control_id = store.attachment(scored.exam, "report.hl7", 1).split(b"|")[9]
    accepted = ACCEPT.replace(b"ID7", control_id)
    answers = iter([accepted.replace(b"|AA|", word), accepted])

    def talk(connection: Any, got: list[bytes]) -> None:
        answering(next(answers))(connection, got)

    with plain_peer(talk) as (port, got):
        send = f'[[send]]\nname = "his"\nto = "mllp://127.0.0.1:{port}"\n{AT_ONCE}'
        path = rules_file(tmp_path, send)
        route(store, path)
        work(store, path)
        assert "1 waiting" in summary(store)[0]
        due_now(store)
        work(store, path)
    assert summary(store) == ("his: 1 sent",)
    assert got[0] == got[1]  # the same message, by which its receiver knows it again


@pytest.mark.parametrize("status", [401, 409, 413, 500])
def test_a_server_that_refuses_is_asked_again_and_gets_nothing_twice(
    store: Store, tmp_path: Path, status: int
) -> None:
    answers = iter([(status, {}, b"PATIENT-4711 is wrong"), None])
    with web_peer(lambda *_: next(answers)) as seen:
        path = rules_file(tmp_path, f'[[send]]\nname = "ehr"\nto = "{seen.address}"\n{AT_ONCE}')
        route(store, path)
        work(store, path)
        first = summary(store)[1]
        due_now(store)
        work(store, path)
    assert f"(HTTP {status})" in first
    assert "4711" not in first
    (one,) = store.outgoing.of()
    assert (one.state, one.attempts) == (JobState.QUEUED, 2)
    assert seen.requests[0][3] == seen.requests[1][3]
    assert [job.kind for job in store.jobs.of(states=(JobState.QUEUED,))] == [DELIVER]


def test_other_pixels_under_a_uid_of_the_store_change_nothing(tmp_path: Path) -> None:
    """Also hours later, when the study has been in the store for long."""
    images = study(tmp_path / "sent")
    with receiving(tmp_path / "data") as node:
        sent(node.port, images)
        node.intake.tick()
        (exam,) = node.store.worklist().exams
        forged: Dataset = dcmread(images[4])
        forged.PixelData = bytes(len(forged.PixelData))
        forged.save_as(images[4])
        assert sent(node.port, [images[4]]) == [0x0111]
        node.intake.tick()
        with node.store.originals_folder(exam.id) as folder:
            assert read_scan(folder).hu.max() == 400
        assert [job.kind for job in node.store.jobs.of(exam_id=exam.id)] == [SCORE]
        (told,) = node.refusals()
        assert told.why == "another object of the same SOPInstanceUID is here"
