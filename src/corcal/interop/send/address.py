"""Where an archive is: ``dicom://AET@host:port`` or ``https://host/dicom-web``."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from corcal.errors import InputError

__all__ = ["Address", "DicomAddress", "WebAddress", "ae_title", "is_loopback", "parse_address"]

DICOM_PORT = 104  # PS3.8 9.1.1
DICOM_TLS_PORT = 2762  # PS3.15 B.1
# 16 characters of the default repertoire without backslash and control characters (PS3.5 6.2, AE)
_AE_TITLE = re.compile(r"[\x20-\x5B\x5D-\x7E]{1,16}")
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")
_VISIBLE = re.compile(r"[\x21-\x7E]*")
_FORMS = (
    "dicom://AET@host:port, dicoms://AET@host:port (TLS), https://host/path or http://host/path"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomAddress:
    """An application entity that takes C-STORE.

    Attributes
    ----------
    called : str
        Its application entity title.
    host : str
        Name or number.
    port : int
        TCP port.
    is_tls : bool
        Whether the connection is encrypted.
    """

    called: str
    host: str
    port: int
    is_tls: bool = False

    def __str__(self) -> str:
        """Write the address as it is given on the command line."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "dicoms" if self.is_tls else "dicom"
        return f"{scheme}://{quote(self.called)}@{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """The root of a DICOMweb service.

    Attributes
    ----------
    url : str
        Without a slash at its end; objects are posted to ``url/studies``.
    host : str
        The host in it.
    is_tls : bool
        Whether the connection is encrypted.
    """

    url: str
    host: str
    is_tls: bool

    def __str__(self) -> str:
        """Write the address as it was given."""
        return self.url


Address = DicomAddress | WebAddress


def parse_address(text: str) -> Address:
    """Read the address of an archive.

    Raises
    ------
    InputError
        If it is none. What was given is not repeated: somebody may have put a password into it.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as exc:
        msg = f"the address cannot be read; allowed are {_FORMS}"
        raise InputError(msg) from exc
    if parts.scheme not in ("dicom", "dicoms", "http", "https"):
        msg = f"the address has no known scheme; allowed are {_FORMS}"
        raise InputError(msg)
    if not parts.hostname or not _HOST.fullmatch(parts.hostname) or port == 0:
        msg = f"the address names no host, or port 0; allowed are {_FORMS}"
        raise InputError(msg)
    if not _VISIBLE.fullmatch(parts.path):
        msg = f"the path of the address must be encoded as in a browser; allowed are {_FORMS}"
        raise InputError(msg)
    if parts.query or parts.fragment or parts.password is not None:
        msg = f"an address has no password, ? or #; allowed are {_FORMS}"
        raise InputError(msg)
    if parts.scheme.startswith("http"):
        return _web(parts)
    return _dicom(parts, port)


def ae_title(text: str, *, of: str) -> str:
    """Check an application entity title; `of` says whose it is, for the message.

    Raises
    ------
    InputError
        If it is none.
    """
    title = text.strip(" ")
    if not title or not _AE_TITLE.fullmatch(title):
        msg = f"the AE title {of} must have 1 to 16 ASCII characters, and no backslash"
        raise InputError(msg)
    return title


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whose traffic nobody else can read."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _dicom(parts: SplitResult, port: int | None) -> DicomAddress:
    if parts.path.strip("/"):
        msg = f"the address of an application entity has no path; allowed are {_FORMS}"
        raise InputError(msg)
    is_tls = parts.scheme == "dicoms"
    default = DICOM_TLS_PORT if is_tls else DICOM_PORT
    return DicomAddress(
        called=ae_title(unquote(parts.username or ""), of="before the @ of the address"),
        host=str(parts.hostname),
        port=port or default,
        is_tls=is_tls,
    )


def _web(parts: SplitResult) -> WebAddress:
    if parts.username is not None:
        msg = "a user does not belong into the address: use the environment, or --password-file"
        raise InputError(msg)
    return WebAddress(
        url=f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}",
        host=str(parts.hostname),
        is_tls=parts.scheme == "https",
    )
