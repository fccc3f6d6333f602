"""The application: routes, the gate before them, and the processes beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from corcal._version import __version__
from corcal.errors import NotFoundError
from corcal.result import RESEARCH_USE
from corcal.serve.facts import FactCache
from corcal.serve.gate import API, Gate
from corcal.serve.locks import Locks
from corcal.serve.models import ProblemInfo
from corcal.serve.notices import Notices
from corcal.serve.opened import OpenedExams
from corcal.serve.pages import STATIC
from corcal.serve.passwords import GuessLimit
from corcal.serve.problems import MEDIA_TYPE, install_problems
from corcal.serve.routes import (
    accounts,
    agreement,
    events,
    exams,
    meaning,
    pixels,
    review,
    session,
    sign_on,
    signing,
    uploads,
)
from corcal.serve.screen import Screen
from corcal.serve.services import Services
from corcal.serve.sessions import Sessions, StartLink
from corcal.serve.settings import Mode, Settings
from corcal.serve.sight import Sights
from corcal.serve.sign_on.provider import Provider
from corcal.serve.supervisor import Supervisor
from corcal.serve.uploads import Uploads
from corcal.store.records import Role
from corcal.store.store import Store

__all__ = ["UPLOADS", "create_app"]

UPLOADS = "uploads"
"""A folder inside the data folder."""
_PLAIN_PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>corcal</title></head>
<body><h1>corcal</h1><p>The server runs. The screen is not built into this installation; the
programming interface is at <code>{API}</code>.</p><p>{RESEARCH_USE}</p></body></html>
"""
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemInfo, "content": {MEDIA_TYPE: {}}, "description": words}
    for status, words in {
        401: "not logged in",
        403: "not allowed",
        404: "not found",
        409: "changed meanwhile, or not in this state",
        413: "too large",
        422: "not valid",
        423: "final",
        429: "too often",
        503: "the store cannot be used",
    }.items()
}


def create_app(settings: Settings) -> FastAPI:
    """Make the application; the store is opened, and the workers start with it.

    Parameters
    ----------
    settings : Settings
        What the server is told.

    Returns
    -------
    FastAPI
        ``app.state.services`` is what the routes work with.
    """
    services = _services(settings)
    app = FastAPI(
        title="corcal",
        version=__version__,
        description=f"Review of coronary calcium scores. {RESEARCH_USE}",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        lifespan=_lifespan,
    )
    app.state.services = services
    install_problems(app)
    for part in (
        session,
        exams,
        uploads,
        events,
        pixels,
        review,
        signing,
        meaning,
        accounts,
        agreement,
    ):
        app.include_router(part.router, prefix=API, responses=_ERRORS)
    app.include_router(session.start_router)
    app.include_router(sign_on.router)
    _add_screen(app)
    app.add_middleware(Gate, settings=settings, sessions=services.sessions)
    return app


def _services(settings: Settings) -> Services:
    store = Store(settings.data, database=settings.database)
    if settings.mode is Mode.PERSONAL:
        _make_reader(store, settings.reader)
    return Services(
        settings=settings,
        store=store,
        sessions=Sessions(store, settings),
        start=StartLink(),
        guesses=GuessLimit(store.shared),
        uploads=Uploads(settings.data / UPLOADS, settings.limits),
        facts=FactCache(store),
        opened=OpenedExams(store, most_bytes=settings.opened_bytes),
        locks=Locks(store.shared),
        notices=Notices(store),
        sights=Sights(store),
        provider=None
        if settings.sign_on is None
        else Provider(settings.sign_on, settings.sign_on_secret),
    )


def _make_reader(store: Store, login: str) -> None:
    try:
        store.users.get(login)
    except NotFoundError:
        store.users.add(login, Role.ADMIN)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    supervisor = Supervisor(services.settings, services.store)
    supervisor.start()
    try:
        yield
    finally:
        services.notices.close()
        supervisor.stop()
        services.store.close()


def _add_screen(app: FastAPI) -> None:
    """Serve the built screen, or a page that says that it is not built."""
    if (STATIC / "index.html").is_file():
        app.mount("/", Screen(directory=STATIC, html=True), name="screen")
        return

    @app.get("/", include_in_schema=False)
    def plain_page() -> Response:
        return HTMLResponse(_PLAIN_PAGE)
