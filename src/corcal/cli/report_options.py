"""Options that commands which write reports share: how pages look, where messages go."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from corcal.cli.report_request import PAPERS, Paper
from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.interop.hl7v2 import Route

__all__ = ["Layout", "check_layout", "layout_options", "route_options", "taken_route"]

_DEFAULT_LANGUAGE = "en"
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
            help="Of the patient's letter, such as es.",
        ),
    ):
        command = option(command)
    return command


def route_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that fill the head of the HL7 message; `taken_route` reads them."""
    for name, field in reversed(_PLACES.items()):
        flag = f"--{name.replace('_', '-')}"
        command = click.option(flag, default="", metavar="NAME", help=f"{field} of HL7.")(command)
    return command


def taken_route(given: dict[str, Any]) -> "Route | None":
    """Take what `route_options` have brought out of the options; ``None`` if nothing was given.

    Raises
    ------
    InputError
        If a name has too many parts.
    """
    places = {name: given.pop(name) for name in _PLACES}
    if not any(places.values()):
        return None
    from corcal.interop.hl7v2 import Route

    return Route(**places)


def check_layout(layout: Layout, formats: tuple[str, ...]) -> None:
    """Refuse a language without a letter, before anything is written.

    Raises
    ------
    InputError
        Naming the languages that there are.
    """
    if "patient" not in formats or layout.language == _DEFAULT_LANGUAGE:
        return
    from corcal.report.letter import letter_languages

    there = letter_languages()
    if layout.language not in there:
        msg = f"there is no letter in {layout.language!r}; allowed are {', '.join(there)}"
        raise InputError(msg)
