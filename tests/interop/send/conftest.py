"""An archive, objects to send, and certificates."""

import io
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from corcal.interop.dicom import write_dicom
from corcal.interop.send.objects import find_objects
from interop.dicom.dicom_exams import make_exam
from interop.send.orthanc import Orthanc, installed_orthanc, running_orthanc
from interop.send.slice_maker import make_slice

CT_SYNTAXES = {"explicit": None, "j2k": JPEG2000Lossless, "jls": JPEGLSLossless, "rle": RLELossless}


@pytest.fixture(scope="session")
def _orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running_orthanc(installed_orthanc(), tmp_path_factory.mktemp("orthanc")) as orthanc:
        yield orthanc


@pytest.fixture
def orthanc(_orthanc: Orthanc) -> Orthanc:
    """An archive with nothing in it."""
    _orthanc.forget_everything()
    return _orthanc


@pytest.fixture(scope="session")
def exam_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kinds of objects that corcal writes, and a CT slice in each of four encodings."""
    folder = tmp_path_factory.mktemp("exam")
    picture = io.BytesIO()
    Image.new("RGB", (24, 16), (200, 30, 30)).save(picture, format="PNG")
    write_dicom(
        make_exam(automatic=True),
        folder / "objects",
        pictures={"projection": picture.getvalue()},
        documents={"calcium_report": b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"},
    )
    for number, (name, syntax) in enumerate(CT_SYNTAXES.items(), start=1):
        make_slice(folder / "ct" / name, number=number, syntax=syntax)
    return folder


@pytest.fixture
def slices(tmp_path: Path):
    """Make objects to send: one CT slice for each transfer syntax (``None``: explicit)."""

    def make(*syntaxes: str | None):
        for number, syntax in enumerate(syntaxes, start=1):
            make_slice(tmp_path / "slices" / str(number), number=number, syntax=syntax)
        return find_objects([tmp_path / "slices"]).objects

    return make


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """PEM files of an authority, of a server at 127.0.0.1 and of a client."""

    authority: Path
    server: Path
    client: Path
    client_alone: Path
    client_key: Path
    locked_key: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Made for this run: no key is kept anywhere."""
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is absent: install the system package openssl")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*args: object) -> None:
        done = subprocess.run(["openssl", *map(str, args)], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def key(name: str) -> Path:
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / name)
        return folder / name

    authority, authority_key = folder / "authority.pem", key("authority.key")
    openssl(
        *("req", "-x509", "-new", "-key", authority_key, "-out", authority, "-days", 2),
        *("-subj", "/CN=corcal tests", "-addext", "basicConstraints=critical,CA:TRUE"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    files = {}
    for name in ("server", "client"):
        own = key(f"{name}.key")
        request, alone = folder / f"{name}.csr", folder / f"{name}_alone.pem"
        extensions = folder / f"{name}.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("req", "-new", "-key", own, "-out", request, "-subj", f"/CN={name}")
        openssl(
            *("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key),
            *("-CAcreateserial", "-out", alone, "-days", 2, "-extfile", extensions),
        )
        files[name] = folder / f"{name}.pem"
        files[name].write_bytes(alone.read_bytes() + own.read_bytes())
    locked = folder / "locked.key"
    openssl("ec", "-in", folder / "client.key", "-aes128", "-passout", "pass:x", "-out", locked)
    return Certificates(
        authority=authority,
        server=files["server"],
        client=files["client"],
        client_alone=folder / "client_alone.pem",
        client_key=folder / "client.key",
        locked_key=locked,
    )


@pytest.fixture(scope="session")
def by_uid(exam_folder: Path):
    """Data sets of the exam's objects, by SOP Instance UID."""
    files = sorted(exam_folder.rglob("*.dcm"))
    return {str(one.SOPInstanceUID): one for one in map(dcmread, files)}
