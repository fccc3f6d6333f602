"""The places where calcium can be: the four coronary arteries and everything else."""

from enum import IntEnum, StrEnum

__all__ = ["CORONARY_SITES", "Site", "Vessel"]


class Vessel(StrEnum):
    """A coronary artery as calcium scoring counts them."""

    LM = "LM"  # left main
    LAD = "LAD"  # left anterior descending, with its diagonals
    LCX = "LCX"  # left circumflex, with its marginals
    RCA = "RCA"  # right coronary, with the posterior descending


class Site(IntEnum):
    """A vessel or one of the non-coronary places; the number is the code in label arrays.

    Zero is kept for "no site".
    """

    LM = 1
    LAD = 2
    LCX = 3
    RCA = 4
    ASCENDING_AORTA = 5
    DESCENDING_AORTA = 6
    AORTIC_VALVE = 7
    MITRAL_ANNULUS = 8
    PERICARDIUM = 9
    BONE = 10
    DEVICE = 11
    NOISE = 12
    OTHER = 13  # calcium that is none of these, such as a granuloma of the lung
    LYMPH_NODE = 14

    @property
    def vessel(self) -> Vessel | None:
        """The coronary artery, or ``None`` for a non-coronary site."""
        return Vessel(self.name) if self.name in Vessel.__members__ else None

    @property
    def label(self) -> str:
        """The site's name in a result: ``"LAD"``, ``"aortic_valve"``."""
        return self.name if self.vessel is not None else self.name.lower()


CORONARY_SITES = (Site.LM, Site.LAD, Site.LCX, Site.RCA)
