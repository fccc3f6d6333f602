"""An archive asked over DICOM: which studies a patient has (C-FIND), and have one come (C-MOVE)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import build_context
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelMove,
)

from corcal.errors import InputError, PeerError
from corcal.interop.send.address import DicomAddress
from corcal.interop.send.association import Caller, NotOpened
from corcal.interop.send.words import failure_words
from corcal.node.calling import caller_options
from corcal.node.priors import EarlierStudy
from corcal.node.rules import NodeRules, PriorRule

__all__ = ["find_studies", "move_study"]

_PENDING = (0xFF00, 0xFF01)
_ANSWER_S = 120.0  # an archive may first fetch a study from tape
_MOST_MATCHES = 500


def find_studies(
    patient_id: str, days: str, rule: PriorRule, rules: NodeRules
) -> tuple[EarlierStudy, ...]:
    """Ask which CT studies a patient has.

    Parameters
    ----------
    patient_id : str
        Without wildcards.
    days : str
        Range of study dates, as DICOM writes it; empty for all.

    Raises
    ------
    PeerError
        If the archive cannot be reached, or refuses.
    """
    asked = Dataset()
    asked.QueryRetrieveLevel = "STUDY"
    asked.PatientID = patient_id
    asked.StudyDate = days
    asked.ModalitiesInStudy = "CT"
    for keyword in ("StudyInstanceUID", "PatientName", "PatientBirthDate"):
        setattr(asked, keyword, "")
    found: list[EarlierStudy] = []
    model = StudyRootQueryRetrieveInformationModelFind
    with _association(model, rule, rules) as association:
        for status, match in association.send_c_find(asked, model):
            if _is_pending(status) and match is not None and len(found) < _MOST_MATCHES:
                found.append(_study(match))
    return tuple(found)


def move_study(study_instance_uid: str, rule: PriorRule, rules: NodeRules) -> None:
    """Have a study sent to ourselves; it arrives at the node's own port.

    Raises
    ------
    PeerError
        If the archive cannot be reached, does not know us, or could not send everything.
    """
    asked = Dataset()
    asked.QueryRetrieveLevel = "STUDY"
    asked.StudyInstanceUID = study_instance_uid
    model = StudyRootQueryRetrieveInformationModelMove
    with _association(model, rule, rules) as association:
        for status, _ in association.send_c_move(asked, rules.node.aet, model):
            _is_pending(status)


@contextmanager
def _association(model: Any, rule: PriorRule, rules: NodeRules) -> Iterator[Association]:
    caller = Caller(_address(rule, rules), caller_options(rules, answer_s=_ANSWER_S))
    association = caller.open_patiently([build_context(model)])
    if isinstance(association, NotOpened):
        msg = f"{rule.source}: {association.reason}"
        raise PeerError(msg)
    if not association.is_established:
        msg = f"{rule.source} takes no queries (C-FIND, C-MOVE)"
        raise PeerError(msg)
    try:
        yield association
    finally:
        association.release()


def _is_pending(status: Dataset) -> bool:
    """Whether more is to come; what is no success ends here."""
    code = status.get("Status")
    if code is None:
        msg = "the archive gives no answer, or hung up"
        raise PeerError(msg)
    if code in _PENDING:
        return True
    if code != 0:
        msg = f"the archive does not do what it was asked: {failure_words(code)}"
        raise PeerError(msg)
    return False


def _study(match: Dataset) -> EarlierStudy:
    modalities = match.get("ModalitiesInStudy") or ()
    several = [modalities] if isinstance(modalities, str) else modalities
    return EarlierStudy(
        study_instance_uid=str(match.get("StudyInstanceUID", "")),
        study_date=str(match.get("StudyDate") or ""),
        modalities=tuple(map(str, several)),
        patient_id=str(match.get("PatientID") or "").strip() or None,
        name=str(match.get("PatientName") or "").split("=")[0] or None,
        birth_date=str(match.get("PatientBirthDate") or "") or None,
    )


def _address(rule: PriorRule, rules: NodeRules) -> DicomAddress:
    peer = rules.peer(rule.source)
    if peer is None or peer.host is None or peer.port is None:
        msg = f'[priors] names "{rule.source}", which has no host and port'
        raise InputError(msg)
    return DicomAddress(called=peer.aet, host=peer.host, port=peer.port, is_tls=peer.is_tls)
