"""Errors as answers: RFC 9457 problem details, a sentence for a person, no patient data."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from corcal.error_place import place_of
from corcal.errors import (
    ConflictError,
    CorcalError,
    InputError,
    NotFoundError,
    PeerError,
    StateError,
    StoreError,
    UnfitError,
)
from corcal.serve.pages import is_for_people, problem_page

__all__ = ["MEDIA_TYPE", "Problem", "install_problems", "problem"]

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)

# The first that fits: the narrower ones stand first
_STATUS: tuple[tuple[type[CorcalError], int, str], ...] = (
    (NotFoundError, 404, "not_found"),
    (ConflictError, 409, "conflict"),
    (StateError, 409, "state"),
    (StoreError, 503, "store"),
    (UnfitError, 422, "unfit"),
    (PeerError, 502, "peer"),
    (InputError, 422, "input"),
)


class Problem(Exception):  # noqa: N818  (the word of RFC 9457)
    """An answer that is an error; the handler writes it.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        A word for programs.
    detail : str
        A sentence for a person, without patient data.
    headers : dict, optional
        Of the answer.
    more : JSON values
        Further members.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers, self.more = headers, more


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> JSONResponse:
    """Make the answer."""
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return JSONResponse(
        content | (more or {}), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def install_problems(app: FastAPI) -> None:
    """Make every error of an application such an answer; for people, a page that says the same."""
    app.add_exception_handler(Problem, _of_problem)
    app.add_exception_handler(CorcalError, _of_corcal)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_defect)


def _answer(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> Response:
    """Tell a program by problem details, and a person by a page."""
    if not is_for_people(request.url.path):
        return problem(status, code, detail, headers=headers, more=more)
    found = problem_page(status, detail)
    found.headers.update(headers or {})
    return found


def _of_problem(request: Request, exc: Exception) -> Response:
    if not isinstance(exc, Problem):  # the handler is installed for this kind alone
        raise exc
    return _answer(request, exc.status, exc.code, exc.detail, headers=exc.headers, more=exc.more)


def _of_corcal(request: Request, exc: Exception) -> Response:
    for kind, status, code in _STATUS:
        if isinstance(exc, kind):
            return _answer(request, status, code, str(exc))
    return _answer(request, 500, "error", str(exc))


def _of_validation(request: Request, exc: Exception) -> Response:
    """Say where a request is wrong, and never what stood there: it may be a patient's name."""
    errors = exc.errors() if isinstance(exc, RequestValidationError) else []
    places = [
        f"{'.'.join(str(part) for part in one['loc'][1:]) or one['loc'][0]}: {one['msg']}"
        for one in errors[:5]
    ]
    detail = f"the request is not valid: {'; '.join(places)}"[:500]
    return _answer(request, 422, "invalid", detail)


def _of_http(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    headers = dict(exc.headers or {}) if isinstance(exc, HTTPException) else {}
    words = {
        404: "there is nothing at this address",
        405: "this cannot be done at this address",
        408: "the request did not come in time",
        413: "the request is too large",
    }
    detail = words.get(status, HTTPStatus(status).phrase.lower())
    return _answer(request, status, HTTPStatus(status).name.lower(), detail, headers=headers)


def _of_defect(request: Request, exc: Exception) -> Response:
    # Only the kind: the text of an error of another library may hold what was sent
    _log.error("a defect: %s at %s", type(exc).__name__, place_of(exc))
    return _answer(request, 500, "defect", "a defect of corcal: the server's log has more")
