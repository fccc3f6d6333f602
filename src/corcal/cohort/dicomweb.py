"""Studies of a DICOMweb server: which there are, and the CT series of one, fetched."""

import os
from collections.abc import Iterator
from pathlib import Path

from corcal.cohort.types import Task
from corcal.errors import InputError
from corcal.interop.dicomweb import DicomWeb, first_text, require_uid
from corcal.interop.send.address import WebAddress, parse_address
from corcal.interop.send.credentials import find_credentials

__all__ = ["ct_studies", "fetch_study"]

_STUDY_UID, _SERIES_UID, _MODALITY = "0020000D", "0020000E", "00080060"


def ct_studies(url: str) -> Iterator[str]:
    """Search for the studies that have CT images.

    Parameters
    ----------
    url : str
        The root of the service. Credentials come from the environment, as for `corcal send`.

    Yields
    ------
    str
        StudyInstanceUID.

    Raises
    ------
    InputError
        If the address is none, or credentials would travel unencrypted.
    PeerError
        If the service does not answer.
    """
    for match in _service(url).search("studies", {"ModalitiesInStudy": "CT"}):
        uid = first_text(match, _STUDY_UID)
        if uid is not None:
            yield require_uid(uid)


def fetch_study(task: Task, folder: Path) -> None:
    """Fetch the CT series of a study, or the one that is wanted, into folders of their own.

    Raises
    ------
    InputError
        If the task names no study, or the study has no CT images.
    PeerError
        If the service does not answer.
    """
    if task.study_instance_uid is None:
        msg = "of a DICOMweb server a study is named by its UID: the list needs that column"
        raise InputError(msg)
    service = _service(task.source)
    study = f"studies/{require_uid(task.study_instance_uid)}"
    wanted = [task.series_instance_uid] if task.series_instance_uid else _series(service, study)
    for number, series in enumerate(wanted, start=1):
        place = folder / f"{number:03d}"
        place.mkdir()
        service.retrieve(f"{study}/series/{require_uid(series)}", place)


def _series(service: DicomWeb, study: str) -> list[str]:
    """List the CT series of a study."""
    found = service.search(f"{study}/series", {"Modality": "CT"})
    uids = [
        uid
        for match in found
        if first_text(match, _MODALITY) in ("CT", None)
        and (uid := first_text(match, _SERIES_UID)) is not None
    ]
    if not uids:
        msg = "the server has no CT series of the study"
        raise InputError(msg)
    return uids


def _service(url: str) -> DicomWeb:
    address = parse_address(url)
    if not isinstance(address, WebAddress):
        msg = "scans are fetched over DICOMweb: the address begins with https:// or http://"
        raise InputError(msg)
    return DicomWeb(address, credentials=find_credentials(os.environ))
