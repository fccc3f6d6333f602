"""Sign-on at the organisation: there, back, and off."""

import hashlib
import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from corcal.errors import CorcalError, PeerError
from corcal.serve.pages import page
from corcal.serve.problems import Problem
from corcal.serve.routes.session import begin_session, count_attempt, origin_of
from corcal.serve.services import Service, Services
from corcal.serve.sign_on.flow import LASTS_S, Flow
from corcal.serve.sign_on.people import account_of
from corcal.serve.sign_on.provider import Provider, RefusedError

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_Answer = Annotated[str, Query(max_length=4096)]
_log = logging.getLogger(__name__)


@router.get("/oidc/login")
def login(services: Service, request: Request) -> Response:
    """Send a browser to the provider."""
    provider = _provider(services)
    settings = provider.settings
    if (request.url.hostname or "").lower() != settings.host:  # its cookie would not come back
        return RedirectResponse(f"{settings.server}/oidc/login", status_code=303)
    flow = Flow.begin()
    try:
        address = provider.login_address(flow)
    except CorcalError as exc:
        return _refusal(exc)
    response = RedirectResponse(address, status_code=303)
    # The provider's answer comes from another site: with "strict" this cookie would stay away
    response.set_cookie(
        _cookie(services),
        flow.cookie,
        max_age=LASTS_S,
        path="/",
        secure=services.settings.is_secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/oidc/callback")
def callback(
    services: Service,
    request: Request,
    state: _Answer = "",
    code: _Answer = "",
    error: _Answer = "",
    iss: _Answer = "",
) -> Response:
    """Take somebody in whom the provider has sent back; each answer once."""
    provider = _provider(services)
    response: Response = RedirectResponse("/", status_code=303)
    key = f"from:{origin_of(request)}"
    try:
        count_attempt(services, key)
        flow = Flow(cookie=request.cookies.get(_cookie(services), ""))
        _check_answer(services, flow, state)
        if error or not code or iss not in ("", provider.settings.issuer):
            msg = "the provider of sign-on has not let you in"
            raise RefusedError(msg)
        user = account_of(services.store, provider.settings, provider.claims(code, flow))
        begin_session(services, user, request, response)
        services.guesses.succeeded(key)
    except (CorcalError, Problem) as exc:
        _write_down(services, request, exc)
        response = _refusal(exc)
    response.delete_cookie(
        _cookie(services),
        path="/",
        secure=services.settings.is_secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/oidc/logout")
def logout(services: Service) -> Response:
    """Send a browser whose session here has ended to the provider, to end that one too."""
    try:
        address = _provider(services).logout_address()
    except CorcalError:
        address = None
    return RedirectResponse(address or "/", status_code=303)


def _provider(services: Services) -> Provider:
    if services.provider is None:
        raise Problem(404, "not_found", "this server has no sign-on")
    return services.provider


def _cookie(services: Services) -> str:
    return f"{services.settings.cookie_name}_signon"


def _check_answer(services: Services, flow: Flow, state: str) -> None:
    if not flow.is_answered_by(state):
        msg = "this sign-on was begun elsewhere or too long ago: begin again"
        raise RefusedError(msg)
    used = hashlib.sha256(state.encode()).hexdigest()
    if not services.store.shared.is_first("sign_on", used, lasts_s=LASTS_S):
        msg = "this sign-on is over: begin again"
        raise RefusedError(msg)


def _write_down(services: Services, request: Request, exc: Exception) -> None:
    """Write down who was refused; what the provider does wrong is for the log alone."""
    _log.warning("a sign-on failed: %s", exc)
    if isinstance(exc, RefusedError):
        services.store.audit.record(by="-", action="sign-on refused", origin=origin_of(request))


def _refusal(exc: Exception) -> Response:
    """Tell a person why they are not in."""
    status = 502 if isinstance(exc, PeerError) else getattr(exc, "status", 403)
    said = str(exc)[:300]
    told = f"{said[:1].upper()}{said[1:]}."
    return page(status, "You are not logged in", told, link="Back to the login")
