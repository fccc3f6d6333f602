"""Who comes by sign-on: their account here, made, found or refused."""

from collections.abc import Mapping
from typing import Any

from corcal.errors import ConflictError
from corcal.serve.sign_on.provider import RefusedError
from corcal.serve.sign_on.settings import SignOn, claim_of
from corcal.store.people import UserChange
from corcal.store.records import Role, User
from corcal.store.store import Store
from corcal.words import is_words

__all__ = ["account_of"]

_MOST_LOGIN, _MOST_NAME, _MOST_SUBJECT = 100, 200, 255
_NO_ROLE = "you have no role here: ask an admin of this server"


def account_of(store: Store, settings: SignOn, claims: Mapping[str, Any]) -> User:
    """Give the account of somebody whom the provider has named.

    The first time it is made, with the role of their groups, or that of newcomers; afterwards
    their groups change it. Without a mapping of groups, roles are what admins make them here.

    Raises
    ------
    RefusedError
        If they have no role, the account is switched off, or their login is somebody else's.
    """
    subject = _words(claims.get("sub"), _MOST_SUBJECT)
    if subject is None:
        msg = "the provider of sign-on has not said who you are"
        raise RefusedError(msg)
    role = settings.role_of(claims)
    name = _words(claim_of(claims, settings.name_claim), _MOST_NAME)
    known = store.users.by_subject(settings.issuer, subject)
    if known is None:
        return _newcomer(store, settings, claims, subject=subject, role=role, name=name)
    if not known.is_active:
        msg = "your account is switched off: ask an admin of this server"
        raise RefusedError(msg)
    if settings.roles and role is None and settings.default_role is None:
        store.logins.end_all(known.login)
        raise RefusedError(_NO_ROLE)
    return _changed(store, known, role=role, name=name)


def _newcomer(
    store: Store,
    settings: SignOn,
    claims: Mapping[str, Any],
    *,
    subject: str,
    role: Role | None,
    name: str | None,
) -> User:
    first = role or settings.default_role
    if first is None and (settings.roles or not settings.link_accounts):
        raise RefusedError(_NO_ROLE)
    login = _words(claim_of(claims, settings.login_claim), _MOST_LOGIN)
    if login is None:
        msg = f"the provider of sign-on has told no login: see login_claim ({settings.login_claim})"
        raise RefusedError(msg)
    by = settings.issuer, subject
    try:
        if settings.link_accounts and (linked := store.users.link(login, *by)) is not None:
            return _changed(store, linked, role=role, name=name)
        if first is None:
            raise RefusedError(_NO_ROLE)
        return store.users.add(login, first, name=name, issuer=by[0], subject=by[1])
    except ConflictError:
        msg = "your login is that of another account here: ask an admin of this server"
        raise RefusedError(msg) from None


def _changed(store: Store, user: User, *, role: Role | None, name: str | None) -> User:
    if role in (None, user.role) and name in (None, user.name):
        return user
    return store.users.change(user.login, UserChange(role=role, name=name))


def _words(value: Any, most: int) -> str | None:
    """Give a claim that is text somebody can read; others are none."""
    if not isinstance(value, str):
        return None
    value = " ".join(value.split())
    return value if value and len(value) <= most and is_words(value) else None
