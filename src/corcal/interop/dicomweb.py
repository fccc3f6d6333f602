"""DICOMweb as a client that fetches: QIDO-RS searches, and WADO-RS streamed into files.

A web client made for DICOM holds a whole series in memory and decodes each object; here the bytes
of an answer go to disk as they come (PS3.18 10.4, 10.6; RFC 2387).
"""

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlencode

from corcal.errors import InputError, PeerError
from corcal.interop.send.address import WebAddress, is_loopback
from corcal.interop.send.tls import client_context
from corcal.interop.send.types import Credentials, TlsFiles
from corcal.interop.send.web import opener
from corcal.interop.send.words import http_words

__all__ = ["DicomWeb", "first_text", "require_uid"]

MAX_ANSWER_BYTES = 2**26  # of a search
MAX_OBJECT_BYTES = 2**32
_PAGE = 500
_PIECE_BYTES = 2**18
_MAX_HEAD_BYTES = 2**14
_TRIES, _FIRST_WAIT_S, _MAX_WAIT_S = 4, 0.5, 30.0
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
_NO_CONTENT = 204
_JSON = "application/dicom+json"
_PARTS = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,70})"?', re.IGNORECASE)  # RFC 2046, 5.1.1
_UID = re.compile(r"[0-9.]{1,64}")  # PS3.5 9.1


class _Answer(Protocol):
    status: int
    headers: Mapping[str, str]

    def read1(self, n: int = -1, /) -> bytes: ...


class DicomWeb:
    """A DICOMweb service that scans are fetched from.

    Parameters
    ----------
    address : WebAddress
        The root of the service.
    credentials : Credentials, optional
        Sent over TLS, or to this machine, alone.
    tls : TlsFiles, optional
        For ``https://``.
    answer_s : float
        How long to wait for each piece of an answer.

    Raises
    ------
    InputError
        If credentials would travel unencrypted, or a file of TLS cannot be used.
    """

    def __init__(
        self,
        address: WebAddress,
        *,
        credentials: Credentials | None = None,
        tls: TlsFiles | None = None,
        answer_s: float = 60.0,
    ) -> None:
        is_here = is_loopback(address.host)
        if credentials is not None and not (address.is_tls or is_here):
            msg = "credentials would travel unencrypted: use https://"
            raise InputError(msg)
        context = client_context(tls or TlsFiles()) if address.is_tls else None
        self._opener = opener(context, is_here=is_here)
        self._address, self._credentials, self._answer_s = address, credentials, answer_s

    def search(self, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Search, page after page.

        Parameters
        ----------
        path : str
            ``studies``, or ``studies/UID/series``.
        query : mapping of str to str
            Matching keys by keyword, and ``includefield``.

        Yields
        ------
        mapping
            Each match, in the DICOM JSON model.

        Raises
        ------
        PeerError
            If the service does not answer, or answers what is no search result.
        """
        offset, first = 0, None
        while True:
            page = self._page(path, {**query, "limit": str(_PAGE), "offset": str(offset)})
            if not page or page[0] == first:  # some services do not know what an offset is
                return
            yield from page
            offset, first = offset + len(page), page[0]

    def retrieve(self, path: str, folder: Path) -> int:
        """Fetch all objects of a study or series into a folder, ``000001.dcm`` and so on.

        Parameters
        ----------
        path : str
            ``studies/UID/series/UID``.
        folder : Path
            It exists; the names do not.

        Returns
        -------
        int
            How many objects came.

        Raises
        ------
        PeerError
            If the service does not answer, or breaks off.
        OSError
            If a file cannot be written.
        """
        headers = {"Accept": _PARTS}
        for wait_s in _waits():
            try:
                return self._fetch(path, headers, folder)
            except _AgainError as exc:
                for half in folder.iterdir():
                    half.unlink()
                if wait_s is None:
                    raise PeerError(str(exc)) from exc
                time.sleep(max(wait_s, exc.asked_s))
        raise NotImplementedError

    def _fetch(self, path: str, headers: Mapping[str, str], folder: Path) -> int:
        with self._answer(path, headers) as answer:
            kind = answer.headers.get("Content-Type", "")
            if answer.status == _NO_CONTENT:
                return 0
            found = _BOUNDARY.search(kind)
            if not kind.lower().startswith("multipart/related") or found is None:
                msg = f"{self._address}: it answers with {kind.split(';')[0]!r}, not with objects"
                raise PeerError(msg)
            try:
                return _Multipart(answer, found[1].encode()).write_to(folder)
            except (http.client.HTTPException, TimeoutError, ConnectionError) as exc:
                msg = f"{self._address}: the connection broke"
                raise _AgainError(msg) from exc

    def _page(self, path: str, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
        for wait_s in _waits():
            try:
                with self._answer(f"{path}?{urlencode(query)}", {"Accept": _JSON}) as answer:
                    return [] if answer.status == _NO_CONTENT else self._matches(answer)
            except _AgainError as exc:
                if wait_s is None:
                    raise PeerError(str(exc)) from exc
                time.sleep(max(wait_s, exc.asked_s))
        raise NotImplementedError

    def _matches(self, answer: _Answer) -> list[Mapping[str, Any]]:
        body = b""
        try:
            while len(body) <= MAX_ANSWER_BYTES and (piece := answer.read1(_PIECE_BYTES)):
                body += piece
        except (http.client.HTTPException, OSError) as exc:
            msg = f"{self._address}: the connection broke"
            raise _AgainError(msg) from exc
        try:
            found = json.loads(body) if body.strip() else []
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            msg = f"{self._address}: what it answers is no result of a search"
            raise PeerError(msg)
        return found

    @contextmanager
    def _answer(self, path: str, headers: Mapping[str, str]) -> Iterator[_Answer]:
        """Make one request."""
        sent = dict(headers)
        if self._credentials is not None:
            sent["Authorization"] = self._credentials.authorization
        url = f"{self._address.url}/{path}"
        request = urllib.request.Request(url, headers=sent)  # noqa: S310  (http or https)
        try:
            response = self._opener.open(request, timeout=self._answer_s)
        except urllib.error.HTTPError as exc:
            with exc:
                msg = f"{self._address}: {http_words(exc.code)}"
                if exc.code in _TRANSIENT:
                    raise _AgainError(msg, asked_s=_asked_s(exc.headers)) from exc
            raise PeerError(msg) from exc
        except (OSError, http.client.HTTPException) as exc:
            msg = f"{self._address}: it cannot be reached"
            raise _AgainError(msg) from exc
        with response:
            yield response


class _AgainError(Exception):
    """What may go better a little later."""

    def __init__(self, text: str, *, asked_s: float = 0.0) -> None:
        super().__init__(text)
        self.asked_s = min(asked_s, _MAX_WAIT_S)


class _Multipart:
    """The parts of an answer, written to files as they come."""

    def __init__(self, answer: _Answer, boundary: bytes) -> None:
        self._answer, self._end = answer, b"\r\n--" + boundary
        self._held = b"\r\n"  # the first boundary has no line before it

    def write_to(self, folder: Path) -> int:
        """Write each part into a file of its own; how many there were."""
        count = 0
        self._copy(None)
        while self._line() != b"--":
            while self._line():  # headers of the part: what it is, its file says itself
                pass
            count += 1
            with (folder / f"{count:06d}.dcm").open("wb") as file:
                self._copy(file)
        return count

    def _copy(self, file: BinaryIO | None) -> None:
        """Copy up to the next boundary, holding back what may be the beginning of one."""
        size = 0
        while (found := self._held.find(self._end)) < 0:
            keep = len(self._end) - 1
            size += self._give(self._held[:-keep], file)
            self._held = self._held[-keep:]
            self._more()
            if size > MAX_OBJECT_BYTES:
                msg = f"an object has more than {MAX_OBJECT_BYTES} bytes"
                raise PeerError(msg)
        self._give(self._held[:found], file)
        self._held = self._held[found + len(self._end) :]

    def _give(self, data: bytes, file: BinaryIO | None) -> int:
        return 0 if file is None else file.write(data)

    def _line(self) -> bytes:
        """Read the rest of a line; ``--`` behind the last boundary has no end of its own."""
        while b"\r\n" not in self._held:
            if self._held.startswith(b"--"):
                return b"--"
            if len(self._held) > _MAX_HEAD_BYTES:
                msg = "the headers of a part are too long"
                raise PeerError(msg)
            self._more()
        line, self._held = self._held.split(b"\r\n", 1)
        return b"--" if line.startswith(b"--") else line.strip()

    def _more(self) -> None:
        piece = self._answer.read1(_PIECE_BYTES)
        if not piece:
            msg = "it broke off before the last object"
            raise ConnectionError(msg)
        self._held += piece


def first_text(match: Mapping[str, Any], tag: str) -> str | None:
    """Give the first value of an element of a match, if it has one that is text.

    Parameters
    ----------
    match : mapping
        In the DICOM JSON model (PS3.18 F).
    tag : str
        Eight hexadecimal digits.
    """
    element = match.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    value = values[0] if isinstance(values, list) and values else None
    return value if isinstance(value, str) else None


def require_uid(text: str) -> str:
    """Give a UID back; what is none never becomes part of an address.

    Raises
    ------
    InputError
        If it is none.
    """
    if not _UID.fullmatch(text):
        msg = "a UID has 1 to 64 digits and points"
        raise InputError(msg)
    return text


def _waits() -> Iterator[float | None]:
    """Give how long to wait after each try; ``None`` after the last."""
    for number in range(_TRIES - 1):
        yield _FIRST_WAIT_S * 4**number
    yield None


def _asked_s(headers: Any) -> float:
    after = str(headers.get("Retry-After") or "").strip()
    return float(after) if after.isascii() and after.isdigit() else 0.0
