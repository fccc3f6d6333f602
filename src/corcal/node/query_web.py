"""An archive asked over DICOMweb: studies of a patient (QIDO-RS), and one fetched (WADO-RS)."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from corcal.errors import InputError, PeerError
from corcal.interop.dicomweb import DicomWeb, first_text, require_uid
from corcal.interop.send.address import WebAddress, parse_address
from corcal.interop.send.credentials import find_credentials
from corcal.interop.send.types import TlsFiles
from corcal.node.priors import EarlierStudy
from corcal.node.rules import NodeRules, PriorRule

__all__ = ["find_studies_web", "retrieve_study"]

_UID, _DATE, _MODALITIES = "0020000D", "00080020", "00080061"
_ID, _NAME, _BIRTH = "00100020", "00100010", "00100030"
_MOST_MATCHES = 500


def find_studies_web(
    patient_id: str, days: str, rule: PriorRule, rules: NodeRules
) -> tuple[EarlierStudy, ...]:
    """Ask which CT studies a patient has; see `corcal.node.query.find_studies`."""
    query = {"PatientID": patient_id, "ModalitiesInStudy": "CT"}
    if days:
        query["StudyDate"] = days
    query["includefield"] = _BIRTH
    matches = _service(rule, rules).search("studies", query)
    return tuple(_study(match) for match in islice(matches, _MOST_MATCHES))


def retrieve_study(study_instance_uid: str, folder: Path, rule: PriorRule, rules: NodeRules) -> int:
    """Fetch a study into a folder; how many objects came.

    Raises
    ------
    PeerError
        If the archive does not answer, or gives nothing.
    """
    path = f"studies/{require_uid(study_instance_uid)}"
    count = _service(rule, rules).retrieve(path, folder)
    if not count:
        msg = f"{rule.source} gives nothing of a study that it has named"
        raise PeerError(msg)
    return count


def _service(rule: PriorRule, rules: NodeRules) -> DicomWeb:
    peer = rules.peer(rule.source)
    address = None if peer is None or peer.dicomweb is None else parse_address(peer.dicomweb)
    if peer is None or not isinstance(address, WebAddress):
        msg = f'[priors] names "{rule.source}", which has no dicomweb address'
        raise InputError(msg)
    tls = TlsFiles() if rules.tls is None else TlsFiles(ca_file=rules.tls.server_ca)
    token = peer.token_file
    credentials = None if token is None else find_credentials({}, token_file=token)
    return DicomWeb(address, credentials=credentials, tls=tls)


def _study(match: Mapping[str, Any]) -> EarlierStudy:
    told = match.get(_MODALITIES)
    modalities = told.get("Value") if isinstance(told, dict) else None
    return EarlierStudy(
        study_instance_uid=first_text(match, _UID) or "",
        study_date=first_text(match, _DATE) or "",
        modalities=tuple(map(str, modalities)) if isinstance(modalities, list) else (),
        patient_id=first_text(match, _ID),
        name=_name(match),
        birth_date=first_text(match, _BIRTH),
    )


def _name(match: Mapping[str, Any]) -> str | None:
    element = match.get(_NAME)
    values = element.get("Value") if isinstance(element, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    name = first.get("Alphabetic") if isinstance(first, dict) else None
    return name if isinstance(name, str) else None
