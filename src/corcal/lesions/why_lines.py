"""What can be said for each site: which measurement, in which words, and how much it matters.

A line is told only where it speaks for its site: what the measurement says otherwise is left out.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from corcal.lesions.feature_table import FEATURES
from corcal.lesions.fields import FAR_MM
from corcal.lesions.sites import CORONARY_SITES, Site

__all__ = ["HEIGHT_UNIT", "NOISE_UNIT", "Line", "Values", "lines_of"]

Values = dict[str, float]
"""Value of each feature, by its name."""

HEIGHT_UNIT = "height, 0 to 1"
"""Of a pathway: 1 on its line, 0.5 at 6 mm and 0.1 at 11 mm where the anatomy is certain."""

NOISE_UNIT = "SD of the noise"
"""Of a contrast: what is smoothed is compared with the noise after the same smoothing."""

_ON = 0.5  # height from which a cell is on a pathway's course, as for the anatomy's own checks
_NEAR = 0.1  # 11 mm from the line where the source is certain; lower ones say nothing
_IN_FAT = 0.15  # a larger share of fat speaks for an artery, a smaller one against it
# A speck of noise is the largest of many thousand places: it stands 5 to 9 deviations out.
_NOISE_REACHES, _NOISE_AT_MOST = 9.5, 12.0
_BESIDE_HU = 100.0  # calcium goes on in the next slice, at least as a blur above soft tissue
_AT_WALL_MM = 5.0  # a cell of the anatomy and half a plaque: farther is not in the wall
# Of simulated plaques of 15 Agatston and more 93 % are less hollow and 71 % less even; of stents
# 42 % each.
_HOLLOW, _EVEN = 0.02, 0.16
_TOP = {row.name: row.high for row in FEATURES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that can be said.

    Attributes
    ----------
    feature, unit : str
        What was measured.
    text : callable
        The words, given all values.
    weight : callable
        How much it matters, given all values; nothing is said at 0 or below.
    value : callable
        From the value of the feature to the one in `unit`.
    """

    feature: str
    unit: str
    text: Callable[[Values], str]
    weight: Callable[[Values], float]
    value: Callable[[float], float] = float


def lines_of(site: Site) -> tuple[Line, ...]:
    """List what can speak for a site."""
    return _LINES.get(site) or (*_coronary(site), _STANDS_OUT)


def _percent(fraction: float) -> float:
    return 100.0 * fraction


def _beside(distance_mm: float, of: str, *, digits: int = 1) -> str:
    """Say on which side of a surface something lies; a distance below 0 is inside of it."""
    size = f"{abs(distance_mm):.{digits}f}"
    if float(size) == 0:
        return f"lies at {of}"
    far = "more than " if abs(distance_mm) >= FAR_MM else ""
    side = "outside" if distance_mm > 0 else "inside"
    return f"lies {far}{size} mm {side} of {of}"


def _times_noise(values: Values) -> str:
    contrast, top = values["contrast_to_noise"], _TOP["contrast_to_noise"]
    times = f"more than {top:.0f}" if contrast >= top else f"{contrast:.1f}"
    return f"its smoothed peak stands {times} times the noise above the tissue around it"


_STANDS_OUT = Line(
    feature="contrast_to_noise",
    unit=NOISE_UNIT,
    text=_times_noise,
    weight=lambda f: 1.0 if f["contrast_to_noise"] >= _NOISE_REACHES else 0.0,
)
_OUTSIDE = Line(
    feature="from_pericardium_mm",
    unit="mm",
    text=lambda f: _beside(f["from_pericardium_mm"], "the pericardium", digits=0),
    weight=lambda f: 0.3 * f["from_pericardium_mm"] if f["from_pericardium_mm"] >= 0.5 else 0.0,
)
_AT_ROOT = Line(
    feature="from_aortic_root_mm",
    unit="mm",
    text=lambda f: _beside(f["from_aortic_root_mm"], "the surface of the aortic root"),
    weight=lambda f: 1.2 - 0.2 * abs(f["from_aortic_root_mm"]),
)
_BRIGHT = Line(
    feature="bright_around",
    unit="%",
    text=lambda f: f"{100 * f['bright_around']:.0f} % of what surrounds it is as dense as bone",
    weight=lambda f: 6.0 * (f["bright_around"] - 0.05),
    value=_percent,
)
_LUNG = Line(
    feature="lung_around",
    unit="%",
    text=lambda f: f"{100 * f['lung_around']:.0f} % of what surrounds it is lung",
    weight=lambda f: 3.0 * (f["lung_around"] - 0.2),
    value=_percent,
)
_LARGE = Line(
    feature="log_lesion_volume",
    unit="mm3",
    text=lambda _: "is part of a connected structure as large as bone",
    weight=lambda f: f["log_lesion_volume"] - 7.6,
    value=math.exp,
)


def _coronary(site: Site) -> tuple[Line, ...]:
    """List what speaks for an artery."""
    return (
        _near(f"most_height_{site.name.lower()}", f"course of the {site.label}"),
        Line(
            feature="fat_around",
            unit="%",
            text=lambda f: f"{100 * f['fat_around']:.0f} % of what surrounds it is fat",
            weight=lambda f: 3.0 * f["fat_around"] if f["fat_around"] >= _IN_FAT else 0.0,
            value=_percent,
        ),
        Line(
            feature="from_heart_mm",
            unit="mm",
            text=lambda f: _beside(f["from_heart_mm"], "the surface of the heart"),
            weight=lambda f: 0.8 - 0.1 * abs(f["from_heart_mm"]),
        ),
        Line(
            feature="from_ascending_wall_mm",
            unit="mm",
            text=lambda f: _beside(f["from_ascending_wall_mm"], "the wall of the aorta"),
            weight=lambda f: (
                f["ascending_wall_quality"] * (2.0 <= f["from_ascending_wall_mm"] < 12)
            ),
        ),
    )


def _near(height: str, words: str) -> Line:
    """Speak for a site by how near its pathway is."""
    return Line(
        feature=height,
        unit=HEIGHT_UNIT,
        text=lambda f: f"{_along(f[height])} the {words}, as it was found",
        weight=lambda f: 3.0 * f[height] + 0.2 if f[height] >= _NEAR else 0.0,
    )


def _along(height: float) -> str:
    return "lies on" if height >= _ON else "lies close to"


def _wall(side: str) -> tuple[Line, ...]:
    wall, surface = f"from_{side}_wall_mm", f"from_{side}_aorta_mm"
    return (
        Line(
            feature=wall,
            unit="mm",
            text=lambda f: _beside(f[wall], f"the fitted wall of the {side} aorta"),
            weight=lambda f: (
                2.0 * f[f"{side}_wall_quality"] + 0.5 if abs(f[wall]) < _AT_WALL_MM else 0.0
            ),
        ),
        Line(
            feature=surface,
            unit="mm",
            text=lambda f: _beside(f[surface], f"the surface of the {side} aorta"),
            weight=lambda f: 1.2 - 0.2 * abs(f[surface]),
        ),
        _STANDS_OUT,
    )


def _valve(pathway: str, words: str) -> tuple[Line, ...]:
    return (
        _near(f"height_{pathway}", words),
        Line(
            feature="from_heart_mm",
            unit="mm",
            text=lambda f: f"lies {abs(f['from_heart_mm']):.1f} mm deep in the heart",
            weight=lambda f: -0.2 * f["from_heart_mm"] if f["from_heart_mm"] <= -0.5 else 0.0,
        ),
        _STANDS_OUT,
    )


def _device() -> tuple[Line, ...]:
    return (
        Line(
            feature="peak_hu",
            unit="HU",
            text=lambda f: f"its densest voxel has {f['peak_hu']:.0f} HU or more",
            weight=lambda f: (f["peak_hu"] - 500.0) / 500.0,  # calcium often has as much
        ),
        Line(
            feature="darkest_around_hu",
            unit="HU",
            text=lambda f: f"streaks around it are as dark as {f['darkest_around_hu']:.0f} HU",
            weight=lambda f: -0.005 * (f["darkest_around_hu"] + 150) - 3 * f["lung_around"],
        ),
        Line(
            feature="length_mm",
            unit="mm",
            text=lambda f: f"is {f['length_mm']:.0f} mm long and thin",
            weight=lambda f: f["elongation"] - 2.0,
        ),
        Line(
            feature="hollow",
            unit="%",
            text=lambda f: (
                f"is {100 * f['hollow']:.0f} % darker inside than around it, as a tube is"
            ),
            weight=lambda f: 30.0 * (f["hollow"] - _HOLLOW),
            value=_percent,
        ),
        Line(
            feature="uneven",
            unit="%",
            text=lambda f: (
                f"its density differs by only {100 * f['uneven']:.0f} % inside, as mesh does"
            ),
            weight=lambda f: 8.0 * (_EVEN - f["uneven"]),
            value=_percent,
        ),
        _STANDS_OUT,
    )


def _noise() -> tuple[Line, ...]:
    """List what speaks for noise, blur and what else has no place of its own."""
    return (
        Line(
            feature="contrast_to_noise",
            unit=NOISE_UNIT,
            text=lambda f: (
                f"its smoothed peak stands only {f['contrast_to_noise']:.1f} times the noise above "
                "the tissue around it, as specks of noise do"
            ),
            weight=lambda f: 3.0 if f["contrast_to_noise"] < _NOISE_AT_MOST else 0.0,
        ),
        Line(
            feature="slices",
            unit="slices",
            text=lambda _: "is seen in one slice alone, with nothing dense above or below it",
            weight=lambda f: (
                1.5 * (f["slices"] == 1 and max(f["above_hu"], f["below_hu"]) < _BESIDE_HU)
            ),
        ),
        *(_off_artery(site) for site in CORONARY_SITES),
        Line(
            feature="fat_around",
            unit="%",
            text=lambda f: (
                f"only {100 * f['fat_around']:.0f} % of what surrounds it is fat, in which "
                "arteries run"
            ),
            weight=lambda f: 0.8 * (f["fat_around"] < _IN_FAT),
            value=_percent,
        ),
        Line(
            feature="log_area",
            unit="mm2",
            text=lambda f: f"is a speck of {math.exp(f['log_area']):.1f} mm²",
            weight=lambda f: 1.0 - 0.5 * f["log_area"],
            value=math.exp,
        ),
        _OUTSIDE,
    )


def _off_artery(site: Site) -> Line:
    """Say that no artery runs there, the nearest being this one."""
    names = {one: f"most_height_{one.name.lower()}" for one in CORONARY_SITES}
    own = names[site]

    def text(f: Values) -> str:
        if f[own] < _NEAR:
            return "lies near the course of no artery"
        return f"lies on the course of no artery (the nearest is the {site.label})"

    def weight(f: Values) -> float:
        is_nearest = max(names.values(), key=f.__getitem__) == own
        return 2.0 * (_ON - f[own]) * is_nearest

    return Line(feature=own, unit=HEIGHT_UNIT, text=text, weight=weight)


_LINES: dict[Site, tuple[Line, ...]] = {
    Site.ASCENDING_AORTA: (*_wall("ascending"), _AT_ROOT),
    Site.DESCENDING_AORTA: _wall("descending"),
    Site.AORTIC_VALVE: _valve("aortic_valve", "aortic valve"),
    Site.MITRAL_ANNULUS: _valve("mitral_annulus", "mitral annulus"),
    Site.PERICARDIUM: (
        Line(
            feature="from_pericardium_mm",
            unit="mm",
            text=lambda f: _beside(f["from_pericardium_mm"], "the pericardium"),
            weight=lambda f: 2.0 - 0.2 * abs(f["from_pericardium_mm"]),
        ),
        _STANDS_OUT,
    ),
    Site.BONE: (_LARGE, _BRIGHT, _OUTSIDE, _STANDS_OUT),
    Site.DEVICE: _device(),
    Site.NOISE: _noise(),
    Site.OTHER: (_LUNG, _OUTSIDE, _STANDS_OUT),
    Site.LYMPH_NODE: (_OUTSIDE, _LUNG, _STANDS_OUT),
}
