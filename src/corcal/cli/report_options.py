"""Options that commands which write reports share: how pages look, where messages go."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from corcal.cli.report_request import PAPERS, Paper
from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.interop.hl7v2 import Route

__all__ = ["Layout", "checked_layout", "layout_options", "route_options", "taken_route"]

_DEFAULT_LANGUAGE = "en"
_TAG = re.compile("[a-z]{2,8}(-[a-z0-9]{1,8})*")  # BCP 47, of which more is not needed
_PLACES = {  # of `corcal.interop.hl7v2.Route`; who sends is always corcal (MSH-3)
    "sending_facility": "MSH-4",
    "receiving_application": "MSH-5",
    "receiving_facility": "MSH-6",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How what is written for people looks: language of the letter, paper, size of its type."""

    language: str = _DEFAULT_LANGUAGE
    paper: Paper = "a4"
    is_large: bool = False


def layout_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a `Layout`: ``language``, ``paper``, ``is_large``."""
    for option in (
        click.option(
            "--large-print",
            "is_large",
            is_flag=True,
            help="Set the patient's letter in large print.",
        ),
        click.option(
            "--paper", type=click.Choice(PAPERS), default="a4", show_default=True, help="Of PDF."
        ),
        click.option(
            "--language",
            default=_DEFAULT_LANGUAGE,
            show_default=True,
            metavar="TAG",
            help="Of the patient's letter, such as es; of a tag with a region, such as es-MX, the "
            "language.",
        ),
    ):
        command = option(command)
    return command


def route_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that fill the head of the HL7 message; `taken_route` reads them."""
    for name, field in reversed(_PLACES.items()):
        told = f"{field} of HL7: NAME or NAME^UID^ISO."
        command = click.option(_flag(name), default="", metavar="NAME", help=told)(command)
    return command


def taken_route(given: dict[str, Any]) -> "Route | None":
    """Take what `route_options` have brought out of the options; ``None`` if nothing was given.

    Raises
    ------
    InputError
        If a name is none that HL7 has room for, naming the option.
    """
    places = {name: given.pop(name) for name in _PLACES}
    if not any(places.values()):
        return None
    from corcal.interop.hl7v2 import Route

    for name, place in places.items():
        try:
            Route(**{name: place})
        except InputError as exc:
            msg = f"{_flag(name)}{str(exc).removeprefix(name)}"
            raise InputError(msg) from exc
    return Route(**places)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def checked_layout(layout: Layout, formats: tuple[str, ...]) -> Layout:
    """Find the language of the letter, before anything is written.

    A tag (BCP 47) is looked up as RFC 4647, section 3.4, has it: of ``es-MX`` the region goes if
    there is no letter of its own. The case of letters, and ``_`` for ``-``, do not matter.

    Returns
    -------
    Layout
        With the language that there is; as it was if no letter is written.

    Raises
    ------
    InputError
        Naming the languages that there are.
    """
    if "patient" not in formats or layout.language == _DEFAULT_LANGUAGE:
        return layout
    from corcal.report.letter import letter_languages

    there = {tag.casefold(): tag for tag in letter_languages()}
    given = layout.language.replace("_", "-").casefold()
    parts = given.split("-") if _TAG.fullmatch(given) else []
    for count in range(len(parts), 0, -1):
        found = there.get("-".join(parts[:count]))
        if found is not None:
            return replace(layout, language=found)
    allowed = ", ".join(there.values())
    msg = f"there is no letter in {layout.language!r}; allowed are {allowed}"
    raise InputError(msg)
