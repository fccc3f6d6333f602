"""HL7 v2 messages over MLLP: a message, and the receiver's word that it has it.

HL7 v2.5.1 chapter 2.9 (acknowledgements); the frame is that of the Minimal Lower Layer Protocol,
release 1: 0x0B, the message, 0x1C 0x0D.
"""

import socket
import ssl
import time

from corcal.errors import PeerError

__all__ = ["send_message"]

_START, _END = b"\x0b", b"\x1c\r"
_TAKEN = ("AA", "CA")  # table 0008: application, or enhanced mode's commit, accept
_WORDS = {
    "AE": "it found an error",
    "AR": "it rejects the message",
    "CE": "it found an error",
    "CR": "it rejects the message",
}
_MOST_BYTES = 2**16
_PIECE_BYTES = 4096


def send_message(
    message: bytes,
    host: str,
    port: int,
    *,
    context: ssl.SSLContext | None = None,
    answer_s: float = 30.0,
    connect_s: float = 10.0,
) -> None:
    """Send a message, and read the receiver's acknowledgement.

    Parameters
    ----------
    message : bytes
        Segments ended by CR; MSH-10 names it.
    context : SSLContext, optional
        For an encrypted connection.

    Raises
    ------
    PeerError
        If there is no connection, no answer in time, or one that does not accept this message. What
        the receiver says in words is left out: it may repeat what it read.
    """
    where = f"{host}:{port}"
    try:
        with (
            socket.create_connection((host, port), timeout=connect_s) as plain,
            _secured(plain, context, host) as connection,
        ):
            connection.settimeout(answer_s)
            connection.sendall(_START + message + _END)
            answer = _read_frame(connection, time.monotonic() + answer_s, where)
    except TimeoutError as exc:
        msg = f"{where}: no answer within {answer_s:g} s"
        raise PeerError(msg) from exc
    except ssl.SSLError as exc:
        msg = f"{where}: no encrypted connection, or a certificate that is not trusted"
        raise PeerError(msg) from exc
    except OSError as exc:
        msg = f"{where}: no connection, or it broke ({exc.strerror or type(exc).__name__})"
        raise PeerError(msg) from exc
    _require_accepted(answer, _fields(message, "MSH")[8:9], where)


def _secured(plain: socket.socket, context: ssl.SSLContext | None, host: str) -> socket.socket:
    return plain if context is None else context.wrap_socket(plain, server_hostname=host)


def _read_frame(connection: socket.socket, until: float, where: str) -> bytes:
    """Read one frame; what stands before its beginning is passed over."""
    got = b""
    while _END not in got:
        if len(got) > _MOST_BYTES or time.monotonic() > until:
            msg = f"{where}: its answer is too long, or takes too long"
            raise PeerError(msg)
        piece = connection.recv(_PIECE_BYTES)
        if not piece:
            msg = f"{where}: it hung up without a whole answer"
            raise PeerError(msg)
        got += piece
    return got.split(_END)[0].rpartition(_START)[2]


def _require_accepted(answer: bytes, control_id: list[str], where: str) -> None:
    told = _fields(answer, "MSA")
    code = told[0] if told else ""
    if told[1:2] != control_id:
        msg = f"{where}: its answer is about another message, or none (MSA-2)"
        raise PeerError(msg)
    if code not in _TAKEN:
        msg = f"{where}: {_WORDS.get(code, 'its answer has no known code')} (MSA-1 {code[:2]})"
        raise PeerError(msg)


def _fields(message: bytes, segment: str) -> list[str]:
    """Give the fields of the first segment of a name, split at the separator that MSH names."""
    lines = message.decode("utf-8", "replace").replace("\n", "\r").split("\r")
    separator = lines[0][3:4] or "|"
    found = next((line for line in lines if line.startswith(segment + separator)), "")
    return [field.strip() for field in found.split(separator)[1:]]
