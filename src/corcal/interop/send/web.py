"""HTTP for STOW-RS: a request with many files, and connections that hear an early answer."""

import http.client
import ssl
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corcal.interop.send.types import OutgoingObject

__all__ = ["FilesBody", "opener"]

_PIECE_BYTES = 2**16


def opener(context: ssl.SSLContext | None, *, is_here: bool) -> urllib.request.OpenerDirector:
    """Make what opens requests.

    Parameters
    ----------
    context : SSLContext or None
        For ``https://``.
    is_here : bool
        Whether the server is on this machine: then no proxy of the environment is asked.
    """
    handlers: list[urllib.request.BaseHandler] = [_Http(), _Https(context), _Stay()]
    if is_here:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


class FilesBody:
    """A request with several files, given piece by piece: no file is ever whole in memory.

    Raises
    ------
    OSError
        When made, if a file is not there.
    """

    def __init__(self, batch: Sequence[OutgoingObject], boundary: str) -> None:
        self.paths = [one.path for one in batch]
        self.heads = [_part_head(boundary) for _ in batch]
        self.heads[0] = self.heads[0].removeprefix(b"\r\n")
        self.end = f"\r\n--{boundary}--\r\n".encode()
        sizes = sum(path.stat().st_size for path in self.paths)
        self.length = sizes + sum(map(len, self.heads)) + len(self.end)
        self.has_begun = False
        self.is_unreadable = False

    def __iter__(self) -> Iterator[bytes]:
        """Give the pieces."""
        self.has_begun = True
        for path, head in zip(self.paths, self.heads, strict=True):
            yield head
            yield from self._file(path)
        yield self.end

    def _file(self, path: Path) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    yield piece
        except OSError:
            self.is_unreadable = True
            raise


def _part_head(boundary: str) -> bytes:
    # Without the parameter transfer-syntax, which the file has inside: some servers pass over a
    # part that has it, and answer that all is well.
    return f"\r\n--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()


class _EarlyAnswer:
    """A connection that hears the answer of a server that hangs up before all was sent.

    A server may refuse by the headers alone (credentials, size), and read no more.
    """

    has_hung_up = False

    def send(self, data: Any) -> None:
        """Send, as long as somebody takes it."""
        if self.has_hung_up:
            return
        try:
            super().send(data)  # type: ignore[misc]
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            self.has_hung_up = True


class _HttpConnection(_EarlyAnswer, http.client.HTTPConnection):
    pass


class _HttpsConnection(_EarlyAnswer, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_HttpConnection, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(context=context)
        self.context = context

    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_HttpsConnection, req, context=self.context)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: objects and credentials go where they were sent, or nowhere."""

    def redirect_request(self, *_args: Any) -> None:
        return None
