"""What a server is told of its provider of sign-on: a file, and a secret beside it."""

import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from corcal.errors import InputError
from corcal.store.records import Role

__all__ = ["SECRET_VARIABLE", "SignOn", "claim_of", "is_safe", "read_sign_on"]

SECRET_VARIABLE = "CORCAL_OIDC_SECRET"  # noqa: S105  (a name, not the secret)
_RANK = (Role.ADMIN, Role.READER, Role.VIEWER)


class SignOn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider of sign-on, and what its claims mean here: the fields of the file.

    Attributes
    ----------
    issuer : str
        As the provider calls itself; its discovery document is below it.
    client_id : str
        What the provider knows this server by.
    client_secret_file : str or None
        File with the secret, from the folder of the settings; else `SECRET_VARIABLE` has it, or
        the client is a public one.
    server : str
        How browsers call this server, without a path: the provider sends them back to
        ``{server}/oidc/callback``.
    scopes : tuple of str
        What is asked for.
    ca_file : str or None
        Authorities to trust in place of the system's.
    login_claim, name_claim, roles_claim : str
        Where login, name and groups stand; a dot leads into an object.
    roles : mapping of str to Role
        The role of each group; who is in several has the highest.
    default_role : Role or None
        Of a newcomer who is in none of the groups; ``None`` refuses them.
    link_accounts : bool
        Whether who comes for the first time takes over the account of their login, if it was made
        without a password.
    """

    issuer: str
    client_id: str
    server: str
    client_secret_file: str | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    ca_file: str | None = None
    login_claim: str = "preferred_username"
    name_claim: str = "name"
    roles_claim: str = "groups"
    roles: dict[str, Role] = {}
    default_role: Role | None = None
    link_accounts: bool = False

    @property
    def callback(self) -> str:
        """Where the provider sends browsers back to."""
        return f"{self.server}/oidc/callback"

    @property
    def host(self) -> str:
        """How browsers call this server, without a port."""
        return (urlsplit(self.server).hostname or "").lower()

    def role_of(self, claims: Mapping[str, Any]) -> Role | None:
        """Give the highest role that the groups of somebody have here, if any has one."""
        found = claim_of(claims, self.roles_claim)
        groups = found if isinstance(found, list) else [found]
        given = {self.roles.get(one) for one in groups if isinstance(one, str)}
        return next((role for role in _RANK if role in given), None)


def claim_of(claims: Mapping[str, Any], name: str) -> Any:
    """Give a claim by its name, or by the way to it (``realm_access.roles``); ``None`` for none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def read_sign_on(path: Path) -> tuple[SignOn, str | None]:
    """Read the settings of sign-on, and the secret.

    Parameters
    ----------
    path : Path
        A TOML file with the fields of `SignOn`.

    Returns
    -------
    settings : SignOn
    secret : str or None
        ``None`` for a public client.

    Raises
    ------
    InputError
        If a file cannot be read, or a field is missing, unknown or not safe.
    """
    try:
        found = msgspec.convert(tomllib.loads(_text(path)), SignOn)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as exc:
        msg = f"the settings of sign-on are not valid: {exc}"
        raise InputError(msg) from exc
    found = msgspec.structs.replace(found, server=found.server.rstrip("/"))
    for name in ("issuer", "server"):
        if not is_safe(getattr(found, name)):
            msg = f"{name} of sign-on is an address with https:// and without a query"
            raise InputError(msg)
    if urlsplit(found.server).path:
        msg = "server of sign-on is an address without a path, such as https://corcal.example"
        raise InputError(msg)
    if "openid" not in found.scopes:
        msg = 'scopes of sign-on have "openid" among them'
        raise InputError(msg)
    ca_file = None if found.ca_file is None else str(path.parent / found.ca_file)
    return msgspec.structs.replace(found, ca_file=ca_file), _secret(path, found)


def is_safe(url: str) -> bool:
    """Whether nobody listens on the way to an address: HTTPS, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _secret(path: Path, found: SignOn) -> str | None:
    """Give the secret from its file or the environment: never from the command line."""
    if found.client_secret_file is None:
        secret = os.environ.get(SECRET_VARIABLE, "")
    else:
        secret = _text(path.parent / found.client_secret_file)
    secret = secret.strip()
    if not (secret.isascii() and secret.isprintable()):
        msg = "the secret of sign-on has characters that no provider gives"
        raise InputError(msg)
    return secret or None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"the file {path.name} of sign-on cannot be read ({type(exc).__name__})"
        raise InputError(msg) from exc
