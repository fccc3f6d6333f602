"""The roof of the left atrium over the left main: how far up its groove is filled with fat."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from corcal.phantom.course import Course
from corcal.phantom.heart import Heart
from corcal.phantom.spec import Variation

__all__ = ["with_roof"]

_RISE_MM = 2.0  # over this height the roof comes forward
_WIDE_MM, _FADE_MM = 32.0, 10.0  # around the left main, and over which it fades
_VESSELS = ("aortic_root", "ascending_aorta", "pulmonary_trunk", "right_pulmonary_artery")
_SEAM_MM = 0.8  # of fat to the great vessels
_AROUND_ARTERY_MM = 1.0
_IN_SAC_MM = 1.0


def with_roof(heart: Heart, tree: Mapping[str, Course], variation: Variation) -> Heart:
    """Let the left atrium come forward above the left main, towards aorta and pulmonary trunk.

    In the reference hearts the cleft between them stays open far above the left main. In people
    roof and appendage of the atrium, and the transverse sinus, fill it: the fat ends 3 to 6 mm
    above the artery, in six real scans that were looked at.

    Parameters
    ----------
    heart : Heart
        Distances on a grid.
    tree : mapping of Course
        The coronary arteries; around each some fat is left.
    variation : Variation
        Its ``roof_mm`` and ``roof_above_mm``.

    Returns
    -------
    Heart
        The same one if ``roof_mm`` is 0.
    """
    if not variation.roof_mm:
        return heart
    main = tree["left_main"]
    x, y, z = np.moveaxis(heart.grid.points(), -1, 0)
    middle = main.points_mm.mean(axis=0)
    start = main.points_mm[:, 2].max() + variation.roof_above_mm
    apart = np.hypot(x - middle[0], y - middle[1])
    share = np.clip((z - start) / _RISE_MM, 0, 1) * np.clip((_WIDE_MM - apart) / _FADE_MM, 0, 1)
    atrium = heart.chambers["la"]
    roof = np.where(share > 0, atrium - variation.roof_mm * share, atrium)
    vessels = np.minimum.reduce([heart.vessels[name] for name in _VESSELS])
    roof = np.maximum.reduce([roof, _SEAM_MM - vessels, heart.sac + _IN_SAC_MM])
    for course in tree.values():
        artery = course.tube.distance_on(heart.grid, reach_mm=4.0)
        np.maximum(roof, _AROUND_ARTERY_MM - artery, out=roof)
    grown = np.minimum(atrium, roof).astype(np.float32)
    return replace(
        heart,
        chambers={**heart.chambers, "la": grown},
        solid=np.minimum(heart.solid, grown),
    )
