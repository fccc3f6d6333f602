"""A real archive: Orthanc, started for the tests on free ports of this machine, and stopped."""

import contextlib
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ports import free_port

PROGRAM_NAMES = ("Orthanc", "/usr/sbin/Orthanc")
DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
AE_TITLE = "ORTHANC"
OUR_AE_TITLES = ("CORCAL", "STORESCP")  # the others are unknown to it
START_S = 60.0
STARTS = 3  # a free port may be taken by somebody else before Orthanc has it


@dataclass(frozen=True, kw_only=True)
class Orthanc:
    """A running archive."""

    dicom_port: int
    http_port: int

    @property
    def dicom_url(self) -> str:
        return f"dicom://{AE_TITLE}@127.0.0.1:{self.dicom_port}"

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def rest(self, path: str, *, method: str = "GET", body: object = None) -> object:
        """Ask Orthanc's own interface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}{path}", data=data, method=method
        )
        with _direct().open(request, timeout=10) as response:
            return json.loads(response.read() or b"null")

    def raw(self, path: str) -> bytes:
        """Fetch a file as it is stored."""
        with _direct().open(f"http://127.0.0.1:{self.http_port}{path}", timeout=10) as response:
            return response.read()

    def forget_everything(self) -> None:
        """Remove all objects."""
        for patient in self.rest("/patients"):
            self.rest(f"/patients/{patient}", method="DELETE")

    def is_called_back_at(self, port: int, *, called: str = "CORCAL") -> None:
        """Tell where we listen."""
        self.rest(
            f"/modalities/{called}",
            method="PUT",
            body={"AET": called, "Host": "127.0.0.1", "Port": port},
        )


def installed_orthanc() -> str:
    """Give the path of the program; the test is skipped where it or its plugin is absent."""
    program = next(filter(None, map(shutil.which, PROGRAM_NAMES)), None)
    if program is None or not DICOMWEB_PLUGIN.is_file():
        pytest.skip("Orthanc is absent: install the system packages orthanc and orthanc-dicomweb")
    return program


@contextmanager
def running_orthanc(program: str, folder: Path) -> Iterator[Orthanc]:
    """Start Orthanc with storage of its own, and stop it at the end."""
    for attempt in range(STARTS):
        orthanc = Orthanc(dicom_port=free_port(), http_port=free_port())
        config = folder / f"orthanc{attempt}.json"
        config.write_text(json.dumps(_config(orthanc, folder / f"storage{attempt}")))
        log = folder / f"orthanc{attempt}.log"
        with log.open("wb") as output:
            process = subprocess.Popen([program, config], stdout=output, stderr=output)
        try:
            if _is_up(orthanc, process):
                yield orthanc
                return
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    msg = f"Orthanc did not start: {log.read_text(errors='replace')[-2000:]}"
    raise RuntimeError(msg)


def _is_up(orthanc: Orthanc, process: "subprocess.Popen[bytes]") -> bool:
    last = time.monotonic() + START_S
    while time.monotonic() < last and process.poll() is None:
        with contextlib.suppress(OSError):
            orthanc.rest("/system")
            return True
        time.sleep(0.05)
    return False


def _config(orthanc: Orthanc, storage: Path) -> dict[str, object]:
    """Nobody but this machine, and the AE titles of the tests, is served."""
    return {
        "Name": "corcal tests",
        "StorageDirectory": str(storage),
        "IndexDirectory": str(storage),
        "Plugins": [str(DICOMWEB_PLUGIN)],
        "HttpPort": orthanc.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomPort": orthanc.dicom_port,
        "DicomAet": AE_TITLE,
        "DicomCheckCalledAet": True,
        "DicomCheckModalityHost": True,
        "DicomAlwaysAllowStore": False,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowGet": False,
        "DicomModalities": {
            title: {"AET": title, "Host": "127.0.0.1", "Port": 1} for title in OUR_AE_TITLES
        },
        "UnknownSopClassAccepted": False,
        "OverwriteInstances": True,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }


def _direct() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
