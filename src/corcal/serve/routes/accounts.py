"""Users and tokens, and the log of who looked at what."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from corcal.errors import NotFoundError
from corcal.serve.access import wrote_down
from corcal.serve.models import Key, UserInfo, Words, example
from corcal.serve.passwords import hash_password, is_right
from corcal.serve.problems import Problem
from corcal.serve.routes.session import count_attempt
from corcal.serve.services import ADMIN, Admin, Service, Services, Viewer
from corcal.serve.sessions import TOKEN_PREFIX, digest, new_secret
from corcal.store.logins import TokenRecord
from corcal.store.people import UserChange
from corcal.store.records import AuditEntry, Role, User

__all__ = ["router"]

router = APIRouter(tags=["accounts"])
_Name = Annotated[Words, Field(min_length=1, max_length=200)]
_PASSWORD = Field(min_length=12, max_length=256, repr=False)


class UserDetail(UserInfo):
    """A user as an admin sees them."""

    is_active: bool
    has_password: bool
    created_at: datetime


class NewUser(BaseModel):
    """A user to add."""

    model_config = example(
        login="areader",
        name="A. Reader",
        role="reader",
        password="a long pass phrase",  # noqa: S106
    )

    login: Annotated[str, Field(pattern=r"^[A-Za-z0-9._@-]{1,100}$")]
    name: _Name | None = None
    role: Role
    password: Annotated[str | None, _PASSWORD] = None


class ChangedUser(BaseModel):
    """What is changed of a user; absent stays as it is."""

    model_config = example(role="viewer")

    name: _Name | None = None
    role: Role | None = None
    password: Annotated[str | None, _PASSWORD] = None
    is_active: bool | None = None


class NewPassword(BaseModel):
    """One's own password, the old and the new one."""

    model_config = example(old="the old pass phrase", new="the new pass phrase")

    old: Annotated[str, Field(max_length=256, repr=False)]
    new: Annotated[str, _PASSWORD]


class NewToken(BaseModel):
    """A token to make."""

    model_config = example(name="nightly export", days=90)

    name: _Name
    days: Annotated[int | None, Field(ge=1, le=3650)] = 365


class TokenInfo(BaseModel):
    """A token; its value is shown once, when it is made."""

    id: Key
    name: str
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    token: str | None = None


class AuditInfo(BaseModel):
    """One access."""

    at: datetime
    user: str
    action: str
    patient_id: str | None
    exam_id: str | None
    origin: str | None


@router.get("/users", response_model=list[UserDetail], summary="All users", dependencies=[ADMIN])
def users(services: Service) -> list[UserDetail]:
    """List all users."""
    return [_detail(one) for one in services.store.users.all()]


@router.post(
    "/users", response_model=UserDetail, status_code=201, summary="Add a user", dependencies=[ADMIN]
)
def add_user(services: Service, request: Request, given: NewUser) -> UserDetail:
    """Add a user, with a password or for sign-on."""
    hashed = None if given.password is None else hash_password(given.password)
    made = services.store.users.add(given.login, given.role, name=given.name, password_hash=hashed)
    wrote_down(services, request, f"add user {made.id}")
    return _detail(made)


@router.patch("/users/{user_id}", response_model=UserDetail, summary="Change a user")
def change_user(
    services: Service, who: Admin, request: Request, user_id: Key, given: ChangedUser
) -> UserDetail:
    """Change role, name or password of a user, or switch them off; their sessions end."""
    user = _by_id(services, user_id)
    changed = services.store.users.change(
        user.login,
        UserChange(
            role=given.role,
            name=given.name,
            password_hash=None if given.password is None else hash_password(given.password),
            is_active=given.is_active,
        ),
    )
    if user.login != who.login:
        services.store.logins.end_all(user.login)
    wrote_down(services, request, f"change user {user_id}")
    return _detail(changed)


@router.post("/session/password", status_code=204, summary="Change one's password")
def change_password(services: Service, who: Viewer, request: Request, given: NewPassword) -> None:
    """Change one's own password; all other sessions end."""
    key = f"login:{who.login.casefold()}"
    count_attempt(services, key)
    user = services.store.users.get(who.login)
    if not is_right(given.old, user.password_hash):
        raise Problem(403, "password", "the old password is not right")
    services.guesses.succeeded(key)
    hashed = hash_password(given.new)
    services.store.users.change(who.login, UserChange(password_hash=hashed))
    services.store.logins.end_all(who.login)
    wrote_down(services, request, "change password")


@router.get("/tokens", response_model=list[TokenInfo], summary="One's tokens")
def tokens(services: Service, who: Viewer) -> list[TokenInfo]:
    """List one's own tokens."""
    return [_token(one) for one in services.store.logins.tokens(who.login)]


@router.post("/tokens", response_model=TokenInfo, status_code=201, summary="Make a token")
def add_token(services: Service, who: Viewer, request: Request, given: NewToken) -> TokenInfo:
    """Make a token with one's own role; its value is shown now and never again."""
    value = TOKEN_PREFIX + new_secret()
    expires = None if given.days is None else datetime.now(UTC) + timedelta(days=given.days)
    made = services.store.logins.add_token(
        digest(value), who.login, name=given.name, expires_at=expires
    )
    wrote_down(services, request, "make token")
    return _token(made, value)


@router.delete("/tokens/{token_id}", status_code=204, summary="Remove a token")
def remove_token(services: Service, who: Viewer, request: Request, token_id: Key) -> None:
    """Remove one of one's own tokens."""
    services.store.logins.remove_token(token_id, who.login)
    wrote_down(services, request, "remove token")


@router.get(
    "/audit", response_model=list[AuditInfo], summary="Who looked at what", dependencies=[ADMIN]
)
def audit(
    services: Service,
    exam: Annotated[Key | None, Query()] = None,
    patient: Annotated[Key | None, Query()] = None,
    user: Annotated[Words | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> list[AuditInfo]:
    """List accesses, the latest first; of an exam those of its patient that name it."""
    of = patient if exam is None else services.store.exam(exam).patient.id
    found = services.store.audit.entries(patient_id=of, by=user, limit=limit, offset=offset)
    return [_audited(one) for one in found if exam is None or one.exam_id == exam]


def _audited(one: AuditEntry) -> AuditInfo:
    return AuditInfo(
        at=one.at,
        user=one.by,
        action=one.action,
        patient_id=one.patient_id,
        exam_id=one.exam_id,
        origin=one.origin,
    )


def _by_id(services: Services, user_id: str) -> User:
    for one in services.store.users.all():
        if one.id == user_id:
            return one
    msg = "there is no such user in the store"
    raise NotFoundError(msg)


def _detail(user: User) -> UserDetail:
    return UserDetail(
        id=user.id,
        name=user.name or user.login,
        login=user.login,
        role=user.role,
        is_active=user.is_active,
        has_password=user.password_hash is not None,
        created_at=user.created_at,
    )


def _token(one: TokenRecord, value: str | None = None) -> TokenInfo:
    return TokenInfo(
        id=one.id,
        name=one.name,
        created_at=one.created_at,
        used_at=one.used_at,
        expires_at=one.expires_at,
        token=value,
    )
