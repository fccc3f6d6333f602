"""Credentials for DICOMweb: from the environment or from a file, never from the command line."""

import base64
from collections.abc import Mapping
from pathlib import Path

from corcal.errors import InputError
from corcal.interop.send.types import Credentials

__all__ = ["PASSWORD_VARIABLE", "TOKEN_VARIABLE", "USER_VARIABLE", "find_credentials"]

TOKEN_VARIABLE = "CORCAL_SEND_TOKEN"  # noqa: S105  (the name of a variable)
USER_VARIABLE = "CORCAL_SEND_USER"
PASSWORD_VARIABLE = "CORCAL_SEND_PASSWORD"  # noqa: S105
_MAX_FILE_BYTES = 2**16


def find_credentials(
    environ: Mapping[str, str],
    *,
    token_file: Path | None = None,
    password_file: Path | None = None,
) -> Credentials | None:
    """Find the credentials of the caller.

    Parameters
    ----------
    environ : mapping of str to str
        ``CORCAL_SEND_TOKEN``, or ``CORCAL_SEND_USER`` and ``CORCAL_SEND_PASSWORD``; a file comes
        before them.
    token_file : Path, optional
        File with a bearer token on one line.
    password_file : Path, optional
        File with ``user:password`` on one line.

    Returns
    -------
    Credentials or None
        ``None`` if there are none anywhere.

    Raises
    ------
    InputError
        If there are two kinds of them, or a file or variable holds something else.
    """
    if token_file is not None and password_file is not None:
        msg = "give a token (--token-file) or a password (--password-file), not both"
        raise InputError(msg)
    if token_file is not None:
        return _bearer(_line(token_file, "--token-file"), "the file of --token-file")
    if password_file is not None:
        return _basic(_line(password_file, "--password-file"), "the file of --password-file")
    token, user = environ.get(TOKEN_VARIABLE), environ.get(USER_VARIABLE)
    if token and user:
        msg = f"{TOKEN_VARIABLE} and {USER_VARIABLE} are both set: unset one"
        raise InputError(msg)
    if token:
        return _bearer(token.strip(), TOKEN_VARIABLE)
    if user:
        pair = f"{user}:{environ.get(PASSWORD_VARIABLE, '')}"
        return _basic(pair, f"{USER_VARIABLE} and {PASSWORD_VARIABLE}")
    return None


def _bearer(token: str, source: str) -> Credentials:
    """Make the header of a token: visible ASCII without a gap (RFC 6750, 2.1)."""
    if not token or not all("!" <= char <= "~" for char in token):
        msg = f"{source} must hold one token, of ASCII characters without a space"
        raise InputError(msg)
    return Credentials(authorization=f"Bearer {token}")


def _basic(pair: str, source: str) -> Credentials:
    """Make the header of a user and a password (RFC 7617)."""
    if not pair.isprintable() or pair.startswith(":") or ":" not in pair:
        msg = f"{source} must hold a user and a password (user:password)"
        raise InputError(msg)
    return Credentials(authorization="Basic " + base64.b64encode(pair.encode()).decode())


def _line(path: Path, option: str) -> str:
    """Read the one line of a file."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_FILE_BYTES).decode()
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"the file of {option} cannot be read as text"
        raise InputError(msg) from exc
    return text.strip("\r\n")
