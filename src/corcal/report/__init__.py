"""For people: pictures of a scored exam and the page that shows it.

Names are resolved when they are first used, so that importing this room costs nothing until a
picture is drawn (matplotlib alone takes about half a second).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corcal.report.colours import SITE_COLOURS, site_colour
    from corcal.report.overview import ExamView, write_overview
    from corcal.report.projection import projection
    from corcal.report.slices import axial_montage

__all__ = [
    "SITE_COLOURS",
    "ExamView",
    "axial_montage",
    "projection",
    "site_colour",
    "write_overview",
]

_HOMES = {
    "SITE_COLOURS": "colours",
    "ExamView": "overview",
    "axial_montage": "slices",
    "projection": "projection",
    "site_colour": "colours",
    "write_overview": "overview",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module 'corcal.report' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"corcal.report.{_HOMES[name]}"), name)
