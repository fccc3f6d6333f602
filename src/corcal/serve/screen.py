"""The built screen, and the way to it for who has mistyped an address."""

import re

from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from corcal.serve.pages import page

__all__ = ["Screen"]

_VIEW = re.compile(r"(?:exams(?:/[0-9a-f]{32})?|agreement|settings)")
_DOOR = re.compile(r"login|logout|start|index\.html?|worklist")


class Screen(StaticFiles):
    """Files of the screen; its views have addresses after ``#``, and are found without it too."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Give a file; lead to the view that was meant; or tell that there is nothing."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as exc:
            if exc.status_code != 404:
                raise
        return _led(path.replace("\\", "/"))


def _led(path: str) -> Response:
    if _VIEW.fullmatch(path):
        return RedirectResponse(f"/#/{path}", status_code=303)
    if _DOOR.fullmatch(path):
        return RedirectResponse("/", status_code=303)
    return page(
        404,
        "There is no such page",
        "The address may be mistyped, or of another program at this machine.",
        "Worklist, agreement and settings are on the page of corcal; a program finds its interface "
        "under `/api/v1`.",
    )
