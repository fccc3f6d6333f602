"""Encrypted connections: whom we trust, and who we say that we are."""

import ssl

from corcal.errors import InputError
from corcal.interop.send.types import TlsFiles

__all__ = ["client_context", "server_context"]


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """Make the context of a connection that we open; the peer's certificate is always checked.

    Trusted is what the operating system trusts, or the given authorities alone.

    Raises
    ------
    InputError
        If a file cannot be used.
    """
    try:
        cafile = str(files.ca_file) if files.ca_file else None
        context = ssl.create_default_context(cafile=cafile)
    except OSError as exc:  # ssl.SSLError is one
        msg = "the file of authorities (--ca-file) is not there, or holds no PEM certificate"
        raise InputError(msg) from exc
    _load_own(context, files)
    return context


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Make the context of connections that the archive opens to us.

    Raises
    ------
    InputError
        If there is no certificate of ours, or a file cannot be used.
    """
    if files.client_cert is None:
        msg = "to be called back over TLS a certificate is needed (--client-cert)"
        raise InputError(msg)
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cafile=str(files.ca_file) if files.ca_file else None
    )
    if files.ca_file is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    _load_own(context, files)
    return context


def _load_own(context: ssl.SSLContext, files: TlsFiles) -> None:
    if files.client_cert is None:
        if files.client_key is not None:
            msg = "a key (--client-key) is for a certificate (--client-cert)"
            raise InputError(msg)
        return
    key = str(files.client_key) if files.client_key else None
    try:
        context.load_cert_chain(str(files.client_cert), key, password=_no_password)
    except _LockedKeyError as exc:
        msg = "the key (--client-key) is locked by a password: give one that is not"
        raise InputError(msg) from exc
    except OSError as exc:
        msg = (
            "the certificate (--client-cert) or its key (--client-key) is not there, "
            "is no PEM, or they do not belong together"
        )
        raise InputError(msg) from exc


class _LockedKeyError(Exception):
    """The key asks for a password."""


def _no_password() -> str:
    """Refuse, instead of asking at a terminal that nobody may watch."""
    raise _LockedKeyError
