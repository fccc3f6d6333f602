"""From the spool into the store: when a study is complete, and that each is taken once."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import InstanceAvailabilityNotification

from corcal.errors import InputError
from corcal.node import spool as spool_module
from corcal.store.records import JobState
from corcal.store.store import Store
from node.intake_maker import (
    NODE,
    RULES,
    SCANNER,
    Receiver,
    receiving,
    sent,
    study,
)
from node.test_intake import SUCCESS, changed, only_exam
from store.postgres_cluster import temporary_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory, where there is room: each object is made durable."""
    with temporary_folder() as folder:
        yield folder


def test_what_was_received_is_found_again_after_a_restart(tmp_path: Path) -> None:
    images = study(tmp_path / "sent")
    with receiving(tmp_path / "data") as node:
        sent(node.port, images)
        (node.folder / "receiving" / "half").write_bytes(b"of an object")
        (node.folder / "spool" / "empty").mkdir()
    with receiving(tmp_path / "data") as node:
        (coming,) = node.intake.spool.summaries()
        assert (coming.images, coming.peer, coming.modalities) == (12, "scanner", ("CT",))
        assert node.files("receiving") == []
        node.intake.tick()
        assert node.store.worklist().total == 1


@pytest.mark.parametrize("step", ["import_study", "add_event", "files_of_study"])
def test_a_study_is_imported_once_wherever_the_node_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The node dies before and after the import, and after the exam was told its sender."""
    images = study(tmp_path / "sent")
    whole = getattr(Store, step)

    def die(self: Store, *args: object, **kwargs: object) -> object:
        if step == "add_event":
            whole(self, *args, **kwargs)
        raise KeyboardInterrupt

    with receiving(tmp_path / "data") as node:
        sent(node.port, images)
        target = (Store, step) if step != "files_of_study" else (spool_module.Spool, "end")
        with monkeypatch.context() as patch:
            patch.setattr(*target, die)
            with pytest.raises(KeyboardInterrupt):
                node.intake.tick()
        assert len(node.files("taking")) == 12
    with receiving(tmp_path / "data") as node:
        node.intake.tick()
        exam = only_exam(node.store)
        assert [job.state for job in node.store.jobs.of(exam_id=exam)] == [JobState.QUEUED]
        kinds = [step.kind for step in node.store.events(exam)]
        assert kinds.count("received") == 1
        assert node.files("taking", "spool", "receiving") == []


def test_a_study_is_complete_when_it_was_quiet_or_somebody_says_so(tmp_path: Path) -> None:
    images = study(tmp_path / "sent")
    uid = str(dcmread(images[0]).StudyInstanceUID)
    rules = replace(RULES, node=replace(RULES.node, quiet_s=3600.0))
    with receiving(tmp_path / "data", rules) as node:
        assert not node.intake.complete(uid)
        sent(node.port, images)
        node.intake.tick()
        assert node.store.worklist().total == 0
        assert node.intake.complete(uid)
        node.intake.tick()
        assert node.store.worklist().total == 1


def notified(node: Receiver, notification: Dataset) -> int:
    ae = AE(ae_title=SCANNER)
    ae.add_requested_context(InstanceAvailabilityNotification)
    association = ae.associate("127.0.0.1", node.port, ae_title=NODE)
    status, _ = association.send_n_create(notification, InstanceAvailabilityNotification, "1.2.3")
    association.release()
    return int(status.Status)


def test_a_notification_completes_a_study_once_all_came_that_it_names(tmp_path: Path) -> None:
    images = study(tmp_path / "sent")
    uids = {path: str(dcmread(path).SOPInstanceUID) for path in images}
    notification, series = Dataset(), Dataset()
    notification.StudyInstanceUID = str(dcmread(images[0]).StudyInstanceUID)
    notification.ReferencedSeriesSequence = [series]
    series.ReferencedSOPSequence = []
    for uid in uids.values():
        item = Dataset()
        item.ReferencedSOPInstanceUID = uid
        series.ReferencedSOPSequence.append(item)
    rules = replace(RULES, node=replace(RULES.node, quiet_s=3600.0))
    with receiving(tmp_path / "data", rules) as node:
        sent(node.port, images[:-1])
        assert notified(node, notification) == SUCCESS
        assert node.intake.spool.complete(3600.0) == ()
        sent(node.port, images[-1:])
        assert notified(node, notification) == SUCCESS
        assert len(node.intake.spool.complete(3600.0)) == 1
        del notification.ReferencedSeriesSequence
        assert notified(node, notification) == 0x0115


def test_a_study_that_is_not_wanted_is_removed_and_told(tmp_path: Path) -> None:
    images = [changed(path, Modality="MR") for path in study(tmp_path / "sent", images=2)]
    with receiving(tmp_path / "data") as node:
        sent(node.port, images)
        node.intake.tick()
        assert node.files("spool", "taking", "set_aside") == []
        (refusal,) = node.refusals()
        assert (refusal.kind, refusal.why) == ("study", "it holds no CT images")


def test_a_study_of_which_nothing_can_be_kept_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = study(tmp_path / "sent", images=2)

    def nothing(*_: object, **__: object) -> None:
        msg = "nothing that can be kept was found"
        raise InputError(msg)

    with receiving(tmp_path / "data") as node:
        sent(node.port, images)
        monkeypatch.setattr(Store, "import_study", nothing)
        node.intake.tick()
        assert len(node.files("set_aside")) == 2
        assert node.refusals()[0].why == "set aside: nothing that can be kept was found"


def test_a_study_waits_while_the_store_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = study(tmp_path / "sent")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with receiving(tmp_path / "data") as node:
        sent(node.port, images)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "import_study", full)
            node.intake.tick()
        assert len(node.files("taking")) == 12
        node.intake.tick()  # not before its time
        assert node.store.worklist().total == 0
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 2.0)
        node.intake.tick()
        assert node.store.worklist().total == 1
