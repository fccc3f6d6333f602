"""The hospital's worklist, asked which order a study was made for (C-FIND).

Modality Worklist Information Model, PS3.4 annex K. A server may match more than it was asked for,
and an accession number may have been typed by hand: what it answers is compared again, and an order
of another patient is never used.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.sop_class import ModalityWorklistInformationFind  # type: ignore[attr-defined]

from corcal.errors import InputError, PeerError
from corcal.interop.order import Order, OrderCode
from corcal.interop.send.address import DicomAddress
from corcal.interop.send.association import Caller, NotOpened
from corcal.interop.send.words import failure_words
from corcal.node.calling import caller_options
from corcal.node.rules import NodeRules, WorklistRule
from corcal.node.types import OrderAnswer, Question

__all__ = ["Entry", "chosen", "find_order"]

_PENDING = (0xFF00, 0xFF01)
_WILD = "*?\\"  # in a query these stand for other characters, or part values (PS3.4 C.2.2.2.4)
_MOST_ENTRIES = 500
_UTF8 = "ISO_IR 192"
_WANTED = (
    *("AccessionNumber", "StudyInstanceUID", "ReferringPhysicianName"),
    *("PatientName", "PatientID", "PatientBirthDate"),
    *("RequestedProcedureID", "RequestedProcedureDescription"),
    *("PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the worklist, as far as it is looked at; never printed by ``repr``."""

    order: Order
    study_instance_uid: str | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)
    start_dates: tuple[str, ...] = field(default=(), repr=False)


def find_order(question: Question, rules: NodeRules) -> OrderAnswer:
    """Ask which order a study was made for.

    By accession number; if there is none, or nothing is found, by StudyInstanceUID; then by the
    patient's number and the day, for a CT.

    Raises
    ------
    PeerError
        If the server cannot be reached, refuses, or takes longer than the rule allows.
    """
    rule = _rule(rules)
    with _association(rule, rules) as association:
        until = time.monotonic() + rule.answer_s
        for asked in _queries(question):
            entries = tuple(_found(association, asked, until))
            fit = [one for one in entries if _is_asked_for(one, question, asked)]
            if fit:
                return chosen(fit, question)
    return OrderAnswer(why="the worklist has no entry for it")


def chosen(entries: Iterable[Entry], question: Question) -> OrderAnswer:
    """Choose the order, if there is one of this patient, and one only."""
    listed = tuple(entries)
    own = [one for one in listed if _why_other(one, question) is None]
    if not own:
        why = _why_other(listed[0], question)
        return OrderAnswer(why=f"not used, {why}", is_mismatch=True)
    orders = dict.fromkeys(one.order for one in own)  # several steps of one order are alike
    if len(orders) > 1:
        return OrderAnswer(why=f"not used, {len(orders)} orders of the worklist fit")
    return OrderAnswer(why="found in the worklist", order=next(iter(orders)))


def _why_other(one: Entry, question: Question) -> str | None:
    """Say why an entry is of another patient; ``None`` if it is of this one."""
    pairs = {
        "number": (one.patient_id, question.patient_id),
        "date of birth": (_digits(one.birth_date), _digits(question.birth_date)),
    }
    known = {what: pair for what, pair in pairs.items() if all(pair)}
    other = [what for what, (told, own) in known.items() if told != own]
    if other:
        return f"its patient has another {' and '.join(other)} in the worklist than in the images"
    return None if known else "nothing tells whether its patient is the same as in the images"


def _is_asked_for(one: Entry, question: Question, asked: Dataset) -> bool:
    """Whether an entry is what was asked for: not all servers match all keys."""
    accession = one.order.accession_number
    if asked.AccessionNumber:
        return accession == question.accession_number
    if accession and question.accession_number and accession != question.accession_number:
        return False
    if asked.StudyInstanceUID:
        return one.study_instance_uid == question.study_instance_uid
    day = _digits(question.study_date)
    return one.patient_id == question.patient_id and day in map(_digits, one.start_dates)


def _queries(question: Question) -> Iterator[Dataset]:
    """Give what is asked, one after the other."""
    if _is_plain(question.accession_number):
        yield _query(AccessionNumber=question.accession_number)
    if _is_plain(question.study_instance_uid):
        yield _query(StudyInstanceUID=question.study_instance_uid)
    day = _digits(question.study_date)
    if _is_plain(question.patient_id) and day:
        yield _query(PatientID=question.patient_id, day=day)


def _is_plain(text: str | None) -> bool:
    return bool(text) and not any(char in _WILD for char in text or "")


def _query(*, day: str = "", **keys: str | None) -> Dataset:
    asked = Dataset()
    asked.SpecificCharacterSet = _UTF8
    for keyword in _WANTED:
        setattr(asked, keyword, keys.get(keyword) or "")
    step, code = Dataset(), Dataset()
    step.Modality = "CT" if day else ""
    step.ScheduledProcedureStepStartDate = day
    for keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"):
        setattr(code, keyword, "")
    asked.ScheduledProcedureStepSequence = [step]
    asked.RequestedProcedureCodeSequence = [code]
    return asked


def _found(association: Association, asked: Dataset, until: float) -> Iterator[Entry]:
    model = ModalityWorklistInformationFind
    for number, (status, match) in enumerate(association.send_c_find(asked, model)):
        code = status.get("Status")
        if code is None or time.monotonic() > until:
            association.abort()
            msg = "the worklist server gives no answer in time, or hung up"
            raise PeerError(msg)
        if code not in (*_PENDING, 0):
            msg = f"the worklist server does not answer the question: {failure_words(code)}"
            raise PeerError(msg)
        if number >= _MOST_ENTRIES:
            association.abort()
            msg = f"the worklist server finds more than {_MOST_ENTRIES} entries for one study"
            raise PeerError(msg)
        if match is not None and code in _PENDING:
            yield _entry(match)


def _entry(match: Dataset) -> Entry:
    steps = match.get("ScheduledProcedureStepSequence") or ()
    order = Order(
        placer_number=_text(match, "PlacerOrderNumberImagingServiceRequest"),
        filler_number=_text(match, "FillerOrderNumberImagingServiceRequest"),
        accession_number=_text(match, "AccessionNumber"),
        procedure_id=_text(match, "RequestedProcedureID"),
        procedure_description=_text(match, "RequestedProcedureDescription"),
        procedure_code=_code(match),
        referring_physician=_text(match, "ReferringPhysicianName"),
    )
    return Entry(
        order=order,
        study_instance_uid=_text(match, "StudyInstanceUID"),
        patient_id=_text(match, "PatientID"),
        birth_date=_text(match, "PatientBirthDate"),
        start_dates=tuple(
            filter(None, (_text(step, "ScheduledProcedureStepStartDate") for step in steps))
        ),
    )


def _code(match: Dataset) -> OrderCode | None:
    for item in match.get("RequestedProcedureCodeSequence") or ():
        value = _text(item, "CodeValue")
        if value:
            return OrderCode(
                value=value,
                meaning=_text(item, "CodeMeaning") or "",
                scheme=_text(item, "CodingSchemeDesignator") or "",
            )
    return None


def _text(item: Dataset, keyword: str) -> str | None:
    return str(item.get(keyword) or "").strip() or None


def _digits(text: str | None) -> str:
    return "".join(char for char in text or "" if char.isdigit())


@contextmanager
def _association(rule: WorklistRule, rules: NodeRules) -> Iterator[Association]:
    options = caller_options(rules, answer_s=rule.answer_s, connect_s=rule.answer_s)
    association = Caller(_address(rule, rules), options).open(
        [build_context(ModalityWorklistInformationFind)]
    )
    if isinstance(association, NotOpened):
        msg = f"{rule.source}: {association.reason}"
        raise PeerError(msg)
    if not association.is_established:
        msg = f"{rule.source} takes no worklist queries (C-FIND)"
        raise PeerError(msg)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def _rule(rules: NodeRules) -> WorklistRule:
    if rules.worklist is None:
        msg = "the rules name no worklist"
        raise InputError(msg)
    return rules.worklist


def _address(rule: WorklistRule, rules: NodeRules) -> DicomAddress:
    peer = rules.peer(rule.source)
    if peer is None or peer.host is None or peer.port is None:
        msg = f'[worklist] names "{rule.source}", which has no host and port'
        raise InputError(msg)
    return DicomAddress(called=peer.aet, host=peer.host, port=peer.port, is_tls=peer.is_tls)
