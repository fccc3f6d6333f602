"""Coming in and going out: health, login, the one-time link."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from corcal._version import __version__
from corcal.errors import NotFoundError
from corcal.result import RESEARCH_USE
from corcal.serve.gate import PRINCIPAL
from corcal.serve.models import Health, Login, SessionInfo, UserInfo
from corcal.serve.pages import page
from corcal.serve.passwords import is_right
from corcal.serve.problems import Problem
from corcal.serve.services import Service, Services, Viewer
from corcal.serve.sessions import Principal
from corcal.serve.settings import Mode
from corcal.store.records import User, WorklistQuery

__all__ = ["begin_session", "count_attempt", "origin_of", "router", "start_router"]

router = APIRouter(tags=["session"])
start_router = APIRouter(include_in_schema=False)


@router.get("/health", response_model=Health, summary="Whether the server answers")
def health() -> Health:
    """Say that the server answers; open to all."""
    return Health(status="ok", version=__version__)


@router.get("/ready", response_model=Health, summary="Whether the server can work")
def ready(services: Service) -> Health:
    """Ask the database and the data folder; 503 if one of them cannot be used; open to all."""
    services.store.worklist(WorklistQuery(limit=1))
    if not services.store.folder.files.is_dir():
        raise Problem(503, "data_folder", "the data folder cannot be used")
    return Health(status="ok", version=__version__)


@router.get("/session", response_model=SessionInfo, summary="Who is logged in")
def session(services: Service, who: Viewer) -> SessionInfo:
    """Say who makes this request."""
    return _info(services, who)


@router.post("/session", response_model=SessionInfo, summary="Log in")
def login(services: Service, given: Login, request: Request, response: Response) -> SessionInfo:
    """Begin a session by name and password; 429 after too many failures."""
    keys = (f"login:{given.name.casefold()}", f"from:{origin_of(request)}")
    count_attempt(services, *keys)
    user = _user(services, given.name)
    if not is_right(given.password, None if user is None else user.password_hash) or user is None:
        services.store.audit.record(
            by="-" if user is None else user.login,
            action="login refused",
            origin=origin_of(request),
        )
        raise Problem(401, "login", "name or password is not right")
    services.guesses.succeeded(*keys)
    return begin_session(services, user, request, response)


@router.delete("/session", status_code=204, summary="Log out")
def logout(services: Service, who: Viewer, response: Response) -> None:
    """End the session."""
    if who.session is not None:
        services.sessions.end(who.session)
    response.delete_cookie(services.settings.cookie_name, path="/")


@start_router.get("/start/{token}")
def start(services: Service, token: str, request: Request) -> Response:
    """Begin the session of the one person of personal mode, by a link that works once."""
    response: Response = RedirectResponse("/", status_code=303)
    if services.sessions.of_request(request.headers) is not None:
        return response  # who is in, is in: such as who loads the page of the link again
    if services.settings.mode is not Mode.PERSONAL:
        return _has_accounts()
    if not services.start.use(token):
        return _is_used()
    begin_session(services, services.store.users.get(services.settings.reader), request, response)
    return response


def _is_used() -> Response:
    return page(
        403,
        "This link no longer opens corcal",
        "It opens one browser, once. It was used before, or it is of a server that was started "
        "again since.",
        "For a new link: in the terminal where corcal runs, stop it with `Ctrl` `C`, type "
        "`corcal serve`, and open the link that it prints. Nothing that was uploaded, read or "
        "signed is lost by that.",
        "The browser that the link has opened stays logged in: there, corcal itself will do.",
    )


def _has_accounts() -> Response:
    return page(
        403,
        "This server has accounts",
        "Links that open it without a password are of a server for one person. Here, people log in "
        "with their name and password; whoever runs the server can tell you yours.",
        link="Log in",
    )


def _user(services: Services, login: str) -> User | None:
    try:
        found = services.store.users.get(login)
    except NotFoundError:
        return None
    return found if found.is_active else None


def count_attempt(services: Services, *keys: str) -> None:
    """Count an attempt to come in, before it is looked at.

    Raises
    ------
    Problem
        429, if too many have failed.
    """
    wait = services.guesses.attempt(*keys)
    if wait > 0:
        raise Problem(
            429,
            "too_many_logins",
            f"too many failed logins: try again in {wait:.0f} s",
            headers={"Retry-After": str(int(wait) + 1)},
        )


def begin_session(
    services: Services, user: User, request: Request, response: Response
) -> SessionInfo:
    """Begin a session of a user: its cookie is in the response."""
    value, who = services.sessions.begin(user)
    settings = services.settings
    response.set_cookie(
        settings.cookie_name,
        value,
        max_age=settings.session_most_s,
        path="/",
        secure=settings.is_secure,
        httponly=True,
        samesite="strict",
    )
    services.store.audit.record(by=user.login, action="login", origin=origin_of(request))
    request.scope[PRINCIPAL] = who
    return _info(services, who)


def _info(services: Services, who: Principal) -> SessionInfo:
    settings = services.settings
    return SessionInfo(
        user=UserInfo(id=who.user_id, name=who.name, login=who.login, role=who.role),
        csrf_token=who.csrf,
        version=__version__,
        research_use=RESEARCH_USE,
        mode=settings.mode.value,
        send_to=sorted(settings.send_to),
        sign_on=who.has_sign_on,
    )


def origin_of(request: Request) -> str:
    """Say where a request comes from."""
    return request.client.host if request.client else "-"
