"""What the routes work with, made once for an application."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from corcal.serve.facts import FactCache
from corcal.serve.gate import PRINCIPAL
from corcal.serve.locks import Locks
from corcal.serve.notices import Notices
from corcal.serve.opened import OpenedExams
from corcal.serve.passwords import GuessLimit
from corcal.serve.problems import Problem
from corcal.serve.sessions import Principal, Sessions, StartLink
from corcal.serve.settings import Settings
from corcal.serve.sight import Sights
from corcal.serve.sign_on.provider import Provider
from corcal.serve.uploads import Uploads
from corcal.store.records import Role
from corcal.store.store import Store

__all__ = ["ADMIN", "READER", "Admin", "Reader", "Service", "Services", "Viewer", "principal_of"]

_RANK = {Role.VIEWER: 0, Role.READER: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the routes work with."""

    settings: Settings
    store: Store
    sessions: Sessions
    start: StartLink
    guesses: GuessLimit
    uploads: Uploads
    facts: FactCache
    opened: OpenedExams
    locks: Locks
    notices: Notices
    provider: Provider | None
    sights: Sights


def principal_of(request: Request) -> Principal:
    """Give who a request is from."""
    who = request.scope.get(PRINCIPAL)
    if not isinstance(who, Principal):
        raise Problem(401, "login", "log in first")
    return who


class _Needs:
    """Refuses those whose role is below one."""

    def __init__(self, role: Role) -> None:
        self.role = role

    def __call__(self, request: Request) -> Principal:
        who = principal_of(request)
        if _RANK[who.role] < _RANK[self.role]:
            raise Problem(403, "role", f"this needs the role {self.role}, yours is {who.role}")
        return who


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Service = Annotated[Services, Depends(_services)]
Viewer = Annotated[Principal, Depends(_Needs(Role.VIEWER))]
Reader = Annotated[Principal, Depends(_Needs(Role.READER))]
READER = Depends(_Needs(Role.READER))
"""For routes that need a reader and do not ask who it is."""
ADMIN = Depends(_Needs(Role.ADMIN))
Admin = Annotated[Principal, Depends(_Needs(Role.ADMIN))]
