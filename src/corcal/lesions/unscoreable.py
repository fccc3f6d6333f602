"""Arteries that metal lies on: how a finding says so, and which arteries findings say it of.

One definition for who writes the finding and for who shows a score: the 0 of such an artery is not
the 0 of one that was seen.
"""

from collections.abc import Iterable

from corcal.ct.scan import Finding
from corcal.lesions.sites import CORONARY_SITES

__all__ = ["metal_words", "unscoreable_arteries"]

_CODE = "DEVICE_PRESENT"


def metal_words(slices: str, artery: str) -> str:
    """Say that metal lies on an artery: the message of a ``DEVICE_PRESENT``."""
    return f"metal in {slices}, {_on(artery)}"


def unscoreable_arteries(findings: Iterable[Finding]) -> frozenset[str]:
    """Give the labels of the arteries that are not scoreable everywhere, by what was found."""
    told = [one.message for one in findings if one.code == _CODE]
    labels = (site.label for site in CORONARY_SITES)
    return frozenset(name for name in labels if any(text.endswith(_on(name)) for text in told))


def _on(artery: str) -> str:
    return f"on the course of the {artery}: the artery is not scoreable there"
