"""What the node takes by DICOM, and how each object ends."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.sop_class import MRImageStorage

from corcal.errors import InputError, UnavailableError
from corcal.node import receiving as receiving_module
from corcal.node import spool as spool_module
from corcal.node.intake import Intake
from corcal.node.object_header import known_objects, same_dataset
from corcal.store.jobs import SCORE
from corcal.store.records import ExamState
from corcal.store.store import Store
from node.intake_maker import (
    EXPLICIT,
    NODE,
    RULES,
    SCANNER,
    calling,
    connected,
    receiving,
    sent,
    study,
    with_limits,
)
from store.postgres_cluster import temporary_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory, where there is room: each object is made durable."""
    with temporary_folder() as folder:
        yield folder


SUCCESS, DUPLICATE, NOT_AUTHORISED, NO_ROOM, NOT_UNDERSTOOD = 0, 0x0111, 0x0124, 0xA700, 0xC000


def changed(path: Path, **elements: object) -> Path:
    """Write a file again with other elements."""
    dataset = dcmread(path)
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path)
    return path


def only_exam(store: Store) -> str:
    (exam,) = store.worklist().exams
    return exam.id


def test_a_study_is_taken_into_the_store_with_one_job_and_told_from_whom(tmp_path: Path) -> None:
    images = study(tmp_path / "sent")
    with receiving(tmp_path / "data") as node:
        assert sent(node.port, images) == [SUCCESS] * 12
        assert len(node.files("spool")) == 12
        node.intake.tick()
        assert node.files("spool", "taking", "receiving") == []
        exam = only_exam(node.store)
        assert node.store.exam(exam).state is ExamState.WAITING
        assert [job.kind for job in node.store.jobs.of(exam_id=exam)] == [SCORE]
        (told,) = (step.after for step in node.store.events(exam) if step.kind == "received")
        assert (told["peer"], told["aet"], told["images"], told["late"]) == (
            *("scanner", SCANNER, 12, False),
        )
        kept = known_objects(node.store.files_of_study(str(dcmread(images[0]).StudyInstanceUID)))
        assert len(kept) == 12
        assert all(same_dataset(kept[str(dcmread(one).SOPInstanceUID)], one) for one in images)


def test_echo_is_answered(tmp_path: Path) -> None:
    with receiving(tmp_path / "data") as node, calling(node.port) as association:
        assert association.send_c_echo().Status == SUCCESS


def test_success_is_said_after_file_and_folder_are_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = study(tmp_path / "sent", images=2)
    steps: list[str] = []
    whole, fsync, sync = Path.rename, receiving_module.os.fsync, spool_module._sync
    with receiving(tmp_path / "data") as node:
        sent(node.port, images[:1])  # the study's folder is there already

        def note_rename(self: Path, target: Path) -> Path:
            steps.append("named")
            return whole(self, target)

        monkeypatch.setattr(Path, "rename", note_rename)
        monkeypatch.setattr(
            receiving_module.os, "fsync", lambda handle: steps.append("file") or fsync(handle)
        )
        monkeypatch.setattr(
            spool_module, "_sync", lambda path: steps.append("folder") or sync(path)
        )
        assert sent(node.port, images[1:]) == [SUCCESS]
        # fsync of the file; its name; fsync of the folder, which is an fsync again
        assert steps == ["file", "named", "folder", "file"]


def test_an_object_that_comes_again_has_no_effect_and_another_of_its_uid_is_refused(
    tmp_path: Path,
) -> None:
    images = study(tmp_path / "sent")
    other = changed(study(tmp_path / "other")[0], SeriesDescription="another one")
    with receiving(tmp_path / "data") as node:
        # in the spool
        assert sent(node.port, [images[0], images[0], other]) == [SUCCESS, SUCCESS, DUPLICATE]
        assert len(node.files("spool", "receiving")) == 1
        # in the store
        sent(node.port, images)
        node.intake.tick()
        assert sent(node.port, [images[0], other]) == [SUCCESS, DUPLICATE]
        assert node.files("spool", "receiving") == []
        node.intake.tick()
        exam = only_exam(node.store)
        assert len(node.store.jobs.of(exam_id=exam)) == 1
        figures = node.intake.figures()
        assert (figures.objects_received, figures.objects_duplicate) == (12, 3)
        assert {one.why for one in node.refusals()} == {
            "another object of the same SOPInstanceUID is here"
        }


def test_what_is_in_the_store_already_leaves_nothing_behind_and_is_taken_again_once_deleted(
    tmp_path: Path,
) -> None:
    images = study(tmp_path / "sent")
    rules = replace(RULES, node=replace(RULES.node, quiet_s=3600.0))
    with receiving(tmp_path / "data", rules) as node:
        sent(node.port, images)
        assert node.intake.complete(str(dcmread(images[0]).StudyInstanceUID))
        node.intake.tick()
        assert sent(node.port, images[:2]) == [SUCCESS] * 2
        assert len(list((node.folder / "spool").iterdir())) == 1
        node.store.delete_patient(node.store.exam(only_exam(node.store)).patient.id, by="tester")
        # before the study of duplicates alone is forgotten
        assert sent(node.port, images[:1]) == [SUCCESS]
        assert len(node.files("spool")) == 1


def test_a_study_of_duplicates_alone_is_forgotten_when_it_is_quiet(tmp_path: Path) -> None:
    images = study(tmp_path / "sent")
    with receiving(tmp_path / "data") as node:
        sent(node.port, images)
        node.intake.tick()
        assert sent(node.port, images[:2]) == [SUCCESS] * 2
        node.intake.tick()
        assert list((node.folder / "spool").iterdir()) == []
        assert list((node.folder / "receiving").iterdir()) == []
        assert sent(node.port, images[2:3]) == [SUCCESS]
        assert node.intake.figures().objects_duplicate == 3


def test_a_study_that_cannot_be_moved_is_taken_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = study(tmp_path / "sent")

    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with receiving(tmp_path / "data") as node:
        sent(node.port, images)
        with monkeypatch.context() as broken:
            broken.setattr(Path, "rename", failing)
            with pytest.raises(OSError, match="Input/output"):
                node.intake.tick()
        node.intake.tick()
        only_exam(node.store)


def test_an_association_that_offers_nothing_that_is_taken_is_told(tmp_path: Path) -> None:
    ae = AE(ae_title=SCANNER)
    ae.add_requested_context(MRImageStorage, EXPLICIT)
    with receiving(tmp_path / "data") as node:
        association = ae.associate("127.0.0.1", node.port, ae_title=NODE)
        assert not association.is_established  # pynetdicom aborts it: there is nothing to do
        assert [(one.kind, one.aet, one.why) for one in node.refusals()] == [
            ("association", SCANNER, "offers nothing that is taken here: MR Image Storage")
        ]


def test_the_title_alone_or_the_address_alone_lets_nobody_in(tmp_path: Path) -> None:
    with receiving(tmp_path / "data") as node:
        for aet, called in (("STRANGER", NODE), ("FAR", NODE), (SCANNER, "ANOTHER")):
            with calling(node.port, aet=aet, called=called) as association:
                assert association.is_rejected
        whys = [one.why for one in node.refusals()]
        assert whys == [
            "no peer of this AE title calls from this address",
            "no peer of this AE title calls from this address",
            "called 'ANOTHER' instead of us",
        ]


def test_no_connection_is_taken_from_an_address_of_no_peer(tmp_path: Path) -> None:
    rules = replace(RULES, peers=RULES.peers[2:])
    with receiving(tmp_path / "data", rules) as node, connected(node.port) as bare:
        assert bare.recv(1) == b""
        assert node.refusals()[0].why == "no peer calls from this address"


def test_who_may_only_be_asked_may_send_what_was_asked_for(tmp_path: Path) -> None:
    images = study(tmp_path / "sent", images=2)
    with receiving(tmp_path / "data") as node:
        assert sent(node.port, images[:1], aet="PACS") == [NOT_AUTHORISED]
        assert sent(node.port, images, aet="PACS", mover=NODE) == [SUCCESS, SUCCESS]
        (coming,) = node.intake.spool.summaries()
        assert coming.is_fetched


def test_an_object_with_pixels_cut_off_is_refused_and_nothing_of_it_stays(tmp_path: Path) -> None:
    (path,) = study(tmp_path / "sent", images=1)
    path.write_bytes(path.read_bytes()[:-100])
    with receiving(tmp_path / "data") as node:
        assert sent(node.port, [path]) == [NOT_UNDERSTOOD]
        assert node.files("spool", "receiving") == []
        assert "cut off: 100 bytes are missing" in node.refusals()[0].why


def test_an_object_that_is_too_large_is_refused_while_others_are_taken(tmp_path: Path) -> None:
    images = study(tmp_path / "sent", images=2)
    dataset = dcmread(images[0])
    dataset.add_new(0x00091010, "OB", bytes(2**20 + 1))
    dataset.save_as(images[0])
    with receiving(tmp_path / "data", with_limits(object_mb=1)) as node:
        assert sent(node.port, images) == [NO_ROOM, SUCCESS]
        assert node.refusals()[0].why == "an object may have 1 MB here"


def test_a_study_has_at_most_so_many_images(tmp_path: Path) -> None:
    with receiving(tmp_path / "data", with_limits(study_images=3)) as node:
        images = study(tmp_path / "sent", images=4)
        assert sent(node.port, images) == [SUCCESS, SUCCESS, SUCCESS, NO_ROOM]


def test_nothing_is_taken_where_the_disk_is_nearly_full(tmp_path: Path) -> None:
    with receiving(tmp_path / "data", with_limits(disk_free_mb=10**9)) as node:
        assert sent(node.port, study(tmp_path / "sent", images=1)) == [NO_ROOM]
        assert "MB are free here" in node.refusals()[0].why
        assert node.intake.ready() is not None
        assert node.files("spool", "receiving") == []


def test_a_disk_that_fills_up_midway_ends_in_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = study(tmp_path / "sent", images=2)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with receiving(tmp_path / "data") as node:
        with monkeypatch.context() as patch:
            patch.setattr(receiving_module.os, "fsync", full)
            assert sent(node.port, images[:1]) == [NO_ROOM]
        assert node.files("spool", "receiving") == []
        assert sent(node.port, images) == [SUCCESS, SUCCESS]


def test_objects_are_refused_for_now_while_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = study(tmp_path / "sent", images=2)

    def away(*_: object) -> None:
        msg = "the database cannot be used now"
        raise UnavailableError(msg)

    with receiving(tmp_path / "data") as node:
        with monkeypatch.context() as patch:
            patch.setattr(Store, "files_of_study", away)
            assert sent(node.port, images[:1]) == [NO_ROOM]
        assert sent(node.port, images) == [SUCCESS, SUCCESS]


def test_only_one_node_listens_at_a_port(tmp_path: Path) -> None:
    with receiving(tmp_path / "one") as node, Store(tmp_path / "two") as store:
        rules = replace(RULES, node=replace(RULES.node, port=node.port))
        with pytest.raises(InputError, match="cannot listen at port"):
            Intake(store, rules, tmp_path / "two" / "node").start()


def test_associations_beyond_the_limit_are_rejected_for_now(tmp_path: Path) -> None:
    with receiving(tmp_path / "data", with_limits(associations=1)) as node:
        with calling(node.port) as first, calling(node.port) as second:
            assert first.is_established
            assert second.is_rejected
        assert node.refusals()[0].why == "1 associations are open"


def test_a_peer_that_sends_too_fast_waits_and_is_refused_if_that_does_not_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from corcal.node import ae

    monkeypatch.setattr(ae, "_PATIENCE_S", 0.1)
    with receiving(tmp_path / "data", with_limits(objects_per_minute=2)) as node:
        images = study(tmp_path / "sent", images=3)
        assert sent(node.port, images) == [SUCCESS, SUCCESS, NO_ROOM]
        assert node.refusals()[0].why == "a peer may send 2 objects a minute"


def test_what_an_ended_association_leaves_half_is_removed(tmp_path: Path) -> None:
    (path,) = study(tmp_path / "sent", images=1)
    with receiving(tmp_path / "data") as node:
        with calling(node.port) as association:
            service = association.dul.socket
            whole = service.send

            def half(data: bytes) -> None:
                if len(data) > 1024:
                    whole(data[:600])
                    service.socket.shutdown(socket.SHUT_RDWR)
                else:
                    whole(data)

            service.send = half
            association.send_c_store(dcmread(path))
            association.abort()
        until = time.monotonic() + 10
        while node.files("receiving") and time.monotonic() < until:
            node.intake.tick()
            time.sleep(0.05)
        assert node.files("receiving", "spool") == []


def test_the_same_study_by_two_associations_at_once_is_one_study(tmp_path: Path) -> None:
    images = study(tmp_path / "sent")
    answers: list[list[int]] = []
    with receiving(tmp_path / "data") as node:
        threads = [
            threading.Thread(
                target=lambda part: answers.append(sent(node.port, part)), args=(part,)
            )
            for part in (images[:8], images[4:])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [[SUCCESS] * 8] * 2
        assert len(node.files("spool")) == 12
        node.intake.tick()
        assert node.store.worklist().total == 1
