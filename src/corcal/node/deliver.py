"""The job that brings a version where a rule says, again and again until it is there.

What is sent are the files of the version, made once and kept: however often they are sent, they are
the same objects, messages and resources under the same identifiers, so that a receiver that had
them already has them once.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from corcal.errors import CorcalError, InputError, PeerError, StateError
from corcal.interop.send.address import DicomAddress
from corcal.interop.send.credentials import find_credentials
from corcal.interop.send.types import Arrival, Credentials, SendOptions
from corcal.interop.send.types import Delivery as Sent
from corcal.interop.send.words import failure_words
from corcal.node.calling import tls_files
from corcal.node.destinations import Destination, Kind, destination_of, files_for
from corcal.node.ordered import with_order
from corcal.node.orders import answer_in
from corcal.node.outbox import SUPERSEDED, pause_s
from corcal.node.rules import NodeRules, SendRule, read_rules
from corcal.serve.documents import RESULT
from corcal.serve.doing import Beat, make_documents
from corcal.store.outgoing import Delivery
from corcal.store.records import Job
from corcal.store.store import AUTOMATIC, Store

__all__ = ["DELIVERED", "deliver_job"]

DELIVERED = "delivered"
"""The step of an exam's history that tells that a version has arrived."""
_ATTEMPTS = 2  # within one attempt of the job, for a connection that breaks by chance
_THERE_ALREADY = failure_words(0x0111)  # duplicate SOP instance, PS3.7 C.5.13
_log = logging.getLogger(__name__)


def deliver_job(store: Store, job: Job, beat: Beat, *, rules_path: Path) -> None:
    """Deliver a version; what goes wrong is tried again later.

    Parameters
    ----------
    rules_path : Path
        Read anew each time: an address that was corrected counts at once.
    """
    delivery = store.outgoing.get(str((job.payload or {})["delivery"]))
    what = {"rule": delivery.rule, "version": delivery.version}
    if store.outgoing.is_superseded(delivery):
        store.outgoing.finish(job, SUPERSEDED, by=AUTOMATIC, after=what)
        return
    try:
        count = _deliver(store, delivery, beat, rules_path)
    except StateError:
        raise
    except (CorcalError, OSError) as exc:
        _again(store, job, delivery, exc)
        return
    store.outgoing.finish(job, DELIVERED, by=AUTOMATIC, after=what | {"objects": count})
    _log.info(
        "delivered",
        extra={"rule": delivery.rule, "exam": delivery.exam_id, "version": delivery.version},
    )


def _again(store: Store, job: Job, delivery: Delivery, exc: Exception) -> None:
    text = f"the disk or a folder refuses: {exc.strerror}" if isinstance(exc, OSError) else str(exc)
    wait_s = pause_s(job.attempts)
    _log.warning(
        "not delivered: %s",
        text,
        extra={"rule": delivery.rule, "exam": delivery.exam_id, "attempt": job.attempts},
    )
    store.jobs.fail(job, text, retry=not isinstance(exc, _GoneError), delay_s=wait_s)


class _GoneError(InputError):
    """No further attempt would fare better."""


def _deliver(store: Store, delivery: Delivery, beat: Beat, rules_path: Path) -> int:
    rules = read_rules(rules_path)
    rule = next((one for one in rules.send if one.name == delivery.rule), None)
    if rule is None:
        msg = "there is no [[send]] rule of this name any more"
        raise _GoneError(msg)
    destination = destination_of(rule.to, rules.peers, base=rules_path.parent)
    files = _files(store, delivery, rule, destination, beat)
    beat.step(0.6, "sending")
    return _WAYS[destination.kind](store, files, destination, rule, rules, delivery)


def _files(
    store: Store, delivery: Delivery, rule: SendRule, destination: Destination, beat: Beat
) -> dict[str, bytes]:
    """Give the files that the rule sends; they are made if nobody has made them yet."""
    exam, version = delivery.exam_id, delivery.version
    if RESULT not in store.attachments(exam, version):
        make_documents(store, exam, version, beat)
    names = files_for(rule, destination.kind, store.attachments(exam, version))
    if not names:
        msg = "the version has none of the files that the rule sends: its scan is not DICOM"
        raise _GoneError(msg)
    kept = {name: store.attachment(exam, name, version) for name in names}
    answer = answer_in(store.events(exam))
    if answer is None or answer.order is None:
        return kept
    return {name: with_order(name, data, answer.order) for name, data in kept.items()}


def _to_archive(
    store: Store,
    files: Mapping[str, bytes],
    destination: Destination,
    rule: SendRule,
    rules: NodeRules,
    delivery: Delivery,
) -> int:
    # pynetdicom takes a second to import: only where something is sent
    from corcal.interop.send import deliver
    from corcal.interop.send.objects import find_objects

    if destination.archive is None:
        raise TypeError
    with tempfile.TemporaryDirectory() as made:
        for name, data in files.items():
            (Path(made) / name).write_bytes(data)
        report = deliver(
            find_objects([Path(made)]).objects,
            destination.archive,
            options=_options(rule, rules),
        )
    missing = [one for one in report.deliveries if not _is_there(one)]
    if missing:
        count = len(report.deliveries)
        msg = f"{count - len(missing)} of {count} objects have arrived: {missing[0].reason}"
        raise PeerError(msg)
    if rule.commit and isinstance(destination.archive, DicomAddress):
        from corcal.node.commitment import ask

        ask(store, delivery, report.deliveries, destination.archive, _options(rule, rules))
    return len(report.deliveries)


def _is_there(one: Sent) -> bool:
    """Whether an archive has an object: it says so now, or that it had it already.

    What is sent under a UID is always the same file, so that "duplicate" can only be the answer to
    an attempt that was killed before it was noted.
    """
    return one.arrival is Arrival.ARRIVED or one.reason == _THERE_ALREADY


def _options(rule: SendRule, rules: NodeRules) -> SendOptions:
    peer = rules.peer(rule.to)
    return SendOptions(
        calling=rules.node.aet,
        attempts=_ATTEMPTS,
        tls=tls_files(rules),
        credentials=_credentials(peer.token_file if peer is not None else None),
    )


def _credentials(token_file: Path | None) -> Credentials | None:
    return None if token_file is None else find_credentials({}, token_file=token_file)


def _to_fhir(
    _store: Store,
    files: Mapping[str, bytes],
    destination: Destination,
    rule: SendRule,
    rules: NodeRules,
    _delivery: Delivery,
) -> int:
    from corcal.interop.send.tls import client_context
    from corcal.node.fhir_post import post_bundle

    for bundle in files.values():
        post_bundle(
            bundle,
            destination.url,
            context=client_context(tls_files(rules)) if destination.is_tls else None,
            is_here=not destination.is_tls,
            credentials=_credentials(rule.token_file),
        )
    return len(files)


def _to_hl7(
    _store: Store,
    files: Mapping[str, bytes],
    destination: Destination,
    _rule: SendRule,
    rules: NodeRules,
    _delivery: Delivery,
) -> int:
    from corcal.interop.send.tls import client_context
    from corcal.node.mllp import send_message

    for message in files.values():
        send_message(
            message,
            destination.host,
            destination.port,
            context=client_context(tls_files(rules)) if destination.is_tls else None,
        )
    return len(files)


def _to_folder(
    _store: Store,
    files: Mapping[str, bytes],
    destination: Destination,
    _rule: SendRule,
    _rules: NodeRules,
    delivery: Delivery,
) -> int:
    """Put a folder of the version there: whole, or not at all; names tell nothing of a patient."""
    if destination.folder is None:
        raise TypeError
    target = destination.folder / delivery.exam_id / f"v{delivery.version}"
    if target.is_dir():  # an attempt that was killed after the move
        return len(files)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for name, data in files.items():
        with (part / name).open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    part.replace(target)
    return len(files)


_Way = Callable[[Store, Mapping[str, bytes], Destination, SendRule, NodeRules, Delivery], int]
_WAYS: Mapping[Kind, _Way] = {
    Kind.DICOM: _to_archive,
    Kind.FHIR: _to_fhir,
    Kind.HL7: _to_hl7,
    Kind.FOLDER: _to_folder,
}
