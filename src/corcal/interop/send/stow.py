"""Delivery by STOW-RS (PS3.18 10.5): files posted as they are, over the standard library's HTTP.

A web client made for DICOM decodes each object and encodes it again, holds all of a request in
memory, and gives up on an answer of 409 before reading which objects it is about; the trust store
of the operating system, where a hospital's own authorities are, is what the standard library uses.
"""

import http.client
import logging
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from corcal.errors import InputError, PeerError
from corcal.interop.send.address import WebAddress, is_loopback
from corcal.interop.send.retry import Patience
from corcal.interop.send.stow_answer import ObjectAnswer, read_answer
from corcal.interop.send.tls import client_context
from corcal.interop.send.types import Arrival, Delivery, OutgoingObject, SendOptions
from corcal.interop.send.web import FilesBody, opener
from corcal.interop.send.words import http_words
from corcal.progress import Progress

__all__ = ["echo_over_web", "store_over_web"]

_logger = logging.getLogger(__name__)

MAX_POST_BYTES = 2**26  # objects are posted together up to this; a larger one goes alone
MAX_POST_COUNT = 64
MAX_ANSWER_BYTES = 2**24
_PIECE_BYTES = 2**16
_OK = range(200, 300)
_TRANSIENT = (408, 425, 429, 502, 503, 504)
# One object may be why a whole request is refused: the others are posted without it
_DIVISIBLE = (400, 409, 413, 415, 422, 500)
_NO_SEARCH = (405, 501)
_DICOM_JSON = "application/dicom+json"
_UNREADABLE = "its file can no longer be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What came back.

    Attributes
    ----------
    status : int
        HTTP status; 0 where none came.
    body : bytes
        The answer.
    asked_s : float
        How long to wait before another attempt.
    trouble : str
        Why no status came.
    has_begun : bool
        Whether any of the objects was sent.
    """

    status: int = 0
    body: bytes = b""
    asked_s: float = 0.0
    trouble: str = ""
    has_begun: bool = True


def store_over_web(
    objects: Sequence[OutgoingObject],
    address: WebAddress,
    *,
    options: SendOptions,
    progress: Progress,
) -> tuple[Delivery, ...]:
    """Post objects to ``address/studies``.

    Returns
    -------
    tuple of Delivery
        In the order of `objects`.

    Raises
    ------
    InputError
        If credentials would travel unencrypted, or storage commitment was asked for.
    """
    if options.commit:
        msg = "storage commitment (--commit) is asked for over dicom://, not over DICOMweb"
        raise InputError(msg)
    poster = _Poster(address, options)
    told: dict[str, Delivery] = {}
    rest = ""
    for batch in _batches(objects):
        if not rest:
            rest = poster.deliver(batch, told)
            progress(len(told), len(objects), "sending")
    return tuple(
        told.get(one.sop_instance_uid) or _delivery(one, Arrival.NOT_SENT, rest) for one in objects
    )


def echo_over_web(address: WebAddress, *, options: SendOptions) -> str:
    """Ask whether a DICOMweb service is there, by a search for a study that nobody has.

    A search is what every such service can do; OPTIONS, which the standard has for the purpose,
    is answered with 404 by some that are well and there.

    Raises
    ------
    PeerError
        If it cannot be reached, or refuses.
    """
    poster = _Poster(address, options)
    query = f"?StudyInstanceUID=2.25.{uuid4().int}&limit=1"
    reply = poster.call("GET", {"Accept": _DICOM_JSON}, query=query)
    if reply.trouble:
        msg = f"{address}: {reply.trouble}"
        raise PeerError(msg)
    if reply.status in _OK:
        return f"{address} answers (HTTP {reply.status})"
    if reply.status in _NO_SEARCH:
        return f"{address} answers, but takes no searches (HTTP {reply.status}): try to send"
    msg = f"{address}: {http_words(reply.status)}"
    raise PeerError(msg)


def _batches(objects: Sequence[OutgoingObject]) -> Iterator[list[OutgoingObject]]:
    batch: list[OutgoingObject] = []
    size = 0
    for one in objects:
        if batch and (size + one.size_bytes > MAX_POST_BYTES or len(batch) == MAX_POST_COUNT):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += one.size_bytes
    yield batch


def _delivery(one: OutgoingObject, arrival: Arrival, reason: str = "") -> Delivery:
    return Delivery(
        sop_class_uid=one.sop_class_uid,
        sop_instance_uid=one.sop_instance_uid,
        arrival=arrival,
        reason=reason,
    )


class _Poster:
    """Posts to one DICOMweb service."""

    def __init__(self, address: WebAddress, options: SendOptions) -> None:
        self.url = f"{address.url}/studies"
        self.options = options
        is_here = is_loopback(address.host)
        is_private = address.is_tls or is_here or options.credentials_in_clear
        if options.credentials is not None and not is_private:
            msg = "credentials would travel unencrypted: use https:// (or --credentials-in-clear)"
            raise InputError(msg)
        context = client_context(options.tls) if address.is_tls else None
        self._opener = opener(context, is_here=is_here)

    def deliver(self, batch: Sequence[OutgoingObject], told: dict[str, Delivery]) -> str:
        """Post a batch, in halves where it is refused as a whole.

        Returns
        -------
        str
            Why nothing more needs to be tried, or nothing.
        """
        patience = Patience(self.options)
        while True:
            reply = self._post(batch)
            can_pass = reply.status in _TRANSIENT or not (reply.status or _is_unreadable(reply))
            if not can_pass or not patience.tries_again(asked_s=reply.asked_s):
                break
            _logger.info("%d objects are posted again: HTTP %d", len(batch), reply.status)
        answers = read_answer(reply.body)
        is_divisible = reply.status in _DIVISIBLE or _is_unreadable(reply)
        if is_divisible and not answers and len(batch) > 1:
            middle = len(batch) // 2
            return self.deliver(batch[:middle], told) or self.deliver(batch[middle:], told)
        for one in batch:
            told[one.sop_instance_uid] = _judge(one, reply, answers)
        return "" if answers or is_divisible else _why_all(reply)

    def _post(self, batch: Sequence[OutgoingObject]) -> _Reply:
        boundary = f"corcal-{uuid4().hex}"
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        try:
            body = FilesBody(batch, boundary)
        except OSError:
            return _Reply(trouble=_UNREADABLE, has_begun=False)
        headers = {"Content-Type": kind, "Accept": _DICOM_JSON}
        return self.call("POST", headers, body)

    def call(
        self, method: str, headers: dict[str, str], body: FilesBody | None = None, query: str = ""
    ) -> _Reply:
        """Make one request; what goes wrong on the way is a reply too."""
        headers = dict(headers)
        if body is not None:
            headers["Content-Length"] = str(body.length)
        if self.options.credentials is not None:
            headers["Authorization"] = self.options.credentials.authorization
        request = urllib.request.Request(  # noqa: S310  (the address is http or https)
            self.url + query, data=body, headers=headers, method=method
        )
        try:
            with self._opener.open(request, timeout=self.options.answer_s) as response:
                return self._reply(response)
        except urllib.error.HTTPError as exc:
            with exc:
                return self._reply(exc)
        except (OSError, http.client.HTTPException) as exc:
            has_begun = body is not None and body.has_begun
            if body is not None and body.is_unreadable:
                return _Reply(trouble=_UNREADABLE, has_begun=False)
            return _Reply(trouble=self._trouble(exc), has_begun=has_begun)

    def _trouble(self, exc: Exception) -> str:
        """Say why no answer came, without repeating what the server said."""
        cause = exc.reason if isinstance(exc, urllib.error.URLError) else exc
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not one that is trusted (--ca-file)"
        if isinstance(cause, ssl.SSLError):
            return "no encrypted connection: it speaks no TLS, or does not accept our certificate"
        if isinstance(cause, TimeoutError):
            return f"no answer within {self.options.answer_s:g} s"
        if isinstance(cause, socket.gaierror):
            return "its host name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "no connection: nobody listens there"
        return "the connection broke, or the answer was no HTTP"

    def _reply(self, response: Any) -> _Reply:
        """Read an answer, within limits of size and time."""
        body = b""
        last = time.monotonic() + self.options.answer_s
        while len(body) <= MAX_ANSWER_BYTES and time.monotonic() < last:
            piece = response.read1(_PIECE_BYTES)
            if not piece:
                break
            body += piece
        else:
            return _Reply(trouble="its answer is too long, or takes too long")
        after = str(response.headers.get("Retry-After", "")).strip()
        asked_s = float(after) if after.isascii() and after.isdigit() else 0.0
        return _Reply(status=response.status, body=body, asked_s=asked_s)


def _is_unreadable(reply: _Reply) -> bool:
    return reply.trouble == _UNREADABLE


def _why_all(reply: _Reply) -> str:
    """Say why further objects would fare no better, or nothing."""
    if reply.trouble:
        return reply.trouble
    return "" if reply.status in _OK else http_words(reply.status)


def _judge(one: OutgoingObject, reply: _Reply, answers: dict[str, ObjectAnswer]) -> Delivery:
    """Say what became of one object; what the answer says of it comes before the status."""
    answer = answers.get(one.sop_instance_uid)
    if reply.trouble:
        arrival = Arrival.UNCONFIRMED if reply.has_begun else Arrival.NOT_SENT
        return _delivery(one, arrival, reply.trouble)
    if answer is not None:
        return _delivery(one, answer.arrival, answer.reason)
    if reply.status in _OK:
        reason = f"the answer does not mention it (HTTP {reply.status})"
        return _delivery(one, Arrival.UNCONFIRMED, reason)
    return _delivery(one, Arrival.REFUSED, http_words(reply.status))
