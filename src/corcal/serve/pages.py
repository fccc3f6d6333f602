"""Pages for people whom the screen cannot tell: a link that is used up, an address with nothing."""

import html
import re
from pathlib import Path

from starlette.responses import HTMLResponse

from corcal.result import RESEARCH_USE

__all__ = ["STATIC", "is_for_people", "page", "problem_page"]

STATIC = Path(__file__).parent / "static"
"""The built screen."""
_ADDRESSES_OF_PROGRAMS = "/api/"
_HEAD = re.compile(r'<link rel="(?:stylesheet|icon)"[^>]*>|<script src="/theme\.js"></script>')


def is_for_people(path: str) -> bool:
    """Whether an address is one that people open: all but those of the programming interface."""
    return not path.startswith(_ADDRESSES_OF_PROGRAMS)


def page(
    status: int, title: str, *paragraphs: str, link: str = "Go to corcal", to: str = "/"
) -> HTMLResponse:
    """Make a page, in the clothes of the screen where it is built.

    Parameters
    ----------
    status : int
        HTTP status.
    title : str
        What has happened, in a few words.
    *paragraphs : str
        More of it, and what to do. What stands between backquotes is typed at a keyboard; nothing
        else in them is markup.
    link, to : str
        The way out.

    Returns
    -------
    HTMLResponse
        It needs no script, and no login.
    """
    told = "".join(f"<p>{_marked(one)}</p>" for one in paragraphs)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)} · corcal</title>"
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="dark light">{_clothes()}</head>'
        f'<body><main class="login"><div class="card card-told">'
        f'<p class="brand"><img src="/favicon.svg" alt="" width="24" height="24"> corcal</p>'
        f"<h1>{html.escape(title)}</h1>{told}"
        f'<a class="button button-main" href="{html.escape(to)}">{html.escape(link)}</a></div>'
        f'<footer class="statement">{html.escape(RESEARCH_USE)}</footer></main></body></html>',
        status_code=status,
    )


def problem_page(status: int, detail: str) -> HTMLResponse:
    """Make the page of an error that a person has met outside of the programming interface."""
    title = "There is no such page" if status == 404 else "This did not work"
    return page(status, title, f"{detail[:1].upper()}{detail[1:300]}.")


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _clothes() -> str:
    """Give the lines of the screen's own page that dress it."""
    index = STATIC / "index.html"
    return "".join(_HEAD.findall(index.read_text(encoding="utf-8"))) if index.is_file() else ""
