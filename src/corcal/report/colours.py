"""One colour for each artery, the same in every picture and on every page.

Yellow, vermilion and sky blue follow Okabe and Ito's set (Color Universal Design, 2008,
jfly.uni-koeln.de/color). Its bluish green does not: a reader with deuteranopia sees it as grey,
which is what a CT is made of. Violet takes its place. The four stay apart from each other and from
every grey in protanopia, deuteranopia and tritanopia, as simulated by Machado et al. 2009
(doi:10.1109/TVCG.2009.113).
"""

from types import MappingProxyType

from corcal.lesions.sites import Site

__all__ = ["OTHER_SITE_COLOUR", "SITE_COLOURS", "rgb", "site_colour"]

SITE_COLOURS = MappingProxyType(
    {
        Site.LM: "#F5D90A",  # yellow
        Site.LAD: "#F0512B",  # vermilion
        Site.LCX: "#4CC3F7",  # sky blue
        Site.RCA: "#B552FF",  # violet
    }
)
OTHER_SITE_COLOUR = "#FFFFFF"  # calcium that does not count: an outline, never a fill


def site_colour(site: Site) -> str:
    """Colour of a site as ``#RRGGBB``: one for each artery, one for everything else."""
    return SITE_COLOURS.get(site, OTHER_SITE_COLOUR)


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#RRGGBB``, each 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
