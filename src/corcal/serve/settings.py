"""What a server is told when it starts."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from corcal.serve.sign_on.settings import SignOn

__all__ = ["Limits", "Mode", "Settings", "is_loopback"]

_DAY_S = 24 * 3600


class Mode(StrEnum):
    """Who may come in, and how."""

    PERSONAL = "personal"  # one person at this machine, by a one-time link
    DEPARTMENT = "department"  # accounts with passwords or sign-on


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a client may send.

    Attributes
    ----------
    file_bytes, upload_bytes : int
        Of one file, and of all files of one upload.
    files : int
        Of one upload.
    unpacked_bytes : int
        What the archives of one upload may unpack to.
    open_uploads : int
        Uploads of one user that are not finished.
    body_bytes : int
        Of a request that is no upload.
    """

    file_bytes: int = 4 * 2**30
    upload_bytes: int = 8 * 2**30
    files: int = 20_000
    unpacked_bytes: int = 16 * 2**30
    open_uploads: int = 20
    body_bytes: int = 4 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server is told when it starts.

    Attributes
    ----------
    data : Path
        The data folder of the store.
    database : str or None
        URL of a PostgreSQL database, as of `corcal.store.store.Store`.
    mode : Mode
        Personal or department.
    host, port
        Where it listens; the port makes the name of the cookie, too.
    allowed_hosts : tuple of str
        Names by which it may be called, besides addresses and those of this machine.
    is_secure : bool
        Whether browsers come by HTTPS: cookies are then sent by HTTPS alone.
    reader : str
        Login of the one person of personal mode.
    session_s : int
        Seconds after which a session that nobody uses ends.
    session_most_s : int
        Seconds after which any session ends.
    workers : int
        Processes that score; 0 leaves that to ``corcal serve-worker`` elsewhere.
    opened_bytes : int
        Memory for the voxels of exams that are open: 2 GB hold some sixty scans of 60 slices.
    send_to : mapping of str to str
        Archives by the name that the screen shows.
    node_rules : Path or None
        Rules of the DICOM node whose deliveries the workers make, too.
    sign_on : SignOn or None
        The provider of sign-on, if there is one.
    sign_on_secret : str or None
        What this server proves itself to it by.
    """

    data: Path
    database: str | None = field(default=None, repr=False)
    mode: Mode = Mode.PERSONAL
    host: str = "127.0.0.1"
    port: int = 8420
    allowed_hosts: tuple[str, ...] = ()
    is_secure: bool = False
    reader: str = "reader"
    session_s: int = 12 * 3600
    session_most_s: int = 7 * _DAY_S
    workers: int = 1
    opened_bytes: int = 2 * 2**30
    send_to: dict[str, str] = field(default_factory=dict)
    node_rules: Path | None = None
    limits: Limits = field(default_factory=Limits)
    sign_on: SignOn | None = None
    sign_on_secret: str | None = field(default=None, repr=False)

    @property
    def cookie_name(self) -> str:
        """Name of the session's cookie: servers on other ports of this machine have others."""
        return "__Host-corcal" if self.is_secure else f"corcal_{self.port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens at `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
