"""Why a piece was decided as it was: the measurements that carried it, in words and in numbers."""

from collections.abc import Callable
from dataclasses import dataclass

from corcal.lesions.decision import Reason
from corcal.lesions.sites import Site

__all__ = ["reasons"]

_MOST_REASONS = 4
_Values = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One thing that can be said.

    Attributes
    ----------
    feature, unit : str
        What was measured.
    text : str
        With the place of the value.
    weight : callable
        How much it matters, given all values; nothing is said at 0 or below.
    scale : float
        From the value to the one that is printed.
    """

    feature: str
    unit: str
    text: str
    weight: Callable[[_Values], float]
    scale: float = 1.0


def reasons(site: Site, features: dict[str, float]) -> tuple[Reason, ...]:
    """Say why.

    Parameters
    ----------
    site : Site
        What the piece was taken for.
    features : dict
        Value of each feature of `corcal.lesions.features.FEATURE_NAMES`.

    Returns
    -------
    tuple of Reason
        One to four, strongest first.
    """
    lines = _LINES.get(site) or _coronary(site)
    said = [(line.weight(features), line) for line in (*lines, *_COMMON)]
    once = {line.feature: (weight, line) for weight, line in reversed(said) if weight > 0}
    strongest = sorted(once.values(), key=lambda pair: -pair[0])
    return tuple(_reason(line, features) for _, line in strongest[:_MOST_REASONS])


def _reason(line: _Line, features: _Values) -> Reason:
    value = features[line.feature] * line.scale
    return Reason(
        text=line.text.format(value=value, off=abs(value)),
        feature=line.feature,
        value=round(value, 3),
        unit=line.unit,
    )


_COMMON = (
    _Line(
        feature="contrast_to_noise",
        unit="",
        text="its smoothed peak stands {value:.1f} times the noise above the tissue around it",
        weight=lambda f: 1.0 if f["contrast_to_noise"] >= 10 else 0.4,
    ),
)
_IN_FAT = _Line(
    feature="fat_around",
    unit="%",
    text="{value:.0f} % of what surrounds it is fat",
    weight=lambda f: 3.0 * f["fat_around"],
    scale=100.0,
)
_OUTSIDE = _Line(
    feature="from_pericardium_mm",
    unit="mm",
    text="lies {value:.0f} mm outside of the pericardium",
    weight=lambda f: 0.3 * f["from_pericardium_mm"],
)
_BRIGHT = _Line(
    feature="bright_around",
    unit="%",
    text="{value:.0f} % of what surrounds it is as dense as bone",
    weight=lambda f: 6.0 * (f["bright_around"] - 0.05),
    scale=100.0,
)
_LUNG = _Line(
    feature="lung_around",
    unit="%",
    text="{value:.0f} % of what surrounds it is lung",
    weight=lambda f: 3.0 * (f["lung_around"] - 0.2),
    scale=100.0,
)
_LARGE = _Line(
    feature="log_lesion_volume",
    unit="ln mm3",
    text="is part of a connected structure as large as bone",
    weight=lambda f: f["log_lesion_volume"] - 7.6,
)


def _coronary(site: Site) -> tuple[_Line, ...]:
    """List what speaks for an artery."""
    name = site.name.lower()
    return (
        _Line(
            feature=f"most_height_{name}",
            unit="",
            text=f"lies on the course of the {site.label} (height {{value:.2f}} of 1)",
            weight=lambda f: 3.0 * f[f"most_height_{name}"] + 0.2,
        ),
        _IN_FAT,
        _Line(
            feature="from_heart_mm",
            unit="mm",
            text="lies {off:.1f} mm from the surface of the heart",
            weight=lambda f: 0.8 - 0.1 * abs(f["from_heart_mm"]),
        ),
        _Line(
            feature="from_ascending_wall_mm",
            unit="mm",
            text="lies {value:.1f} mm outside of the aortic wall",
            weight=lambda f: (
                f["ascending_wall_quality"] * (2.0 <= f["from_ascending_wall_mm"] < 12)
            ),
        ),
    )


def _wall(side: str) -> tuple[_Line, ...]:
    return (
        _Line(
            feature=f"from_{side}_wall_mm",
            unit="mm",
            text=f"lies {{off:.1f}} mm from the fitted wall of the {side} aorta",
            weight=lambda f: (
                2.0 * f[f"{side}_wall_quality"] + 0.5 if abs(f[f"from_{side}_wall_mm"]) < 8 else 0.0
            ),
        ),
        _Line(
            feature=f"from_{side}_aorta_mm",
            unit="mm",
            text=f"lies {{off:.1f}} mm from the surface of the {side} aorta",
            weight=lambda f: 1.2 - 0.1 * abs(f[f"from_{side}_aorta_mm"]),
        ),
    )


def _line(pathway: str, words: str) -> tuple[_Line, ...]:
    return (
        _Line(
            feature=f"height_{pathway}",
            unit="",
            text=f"lies on the {words} (height {{value:.2f}} of 1)",
            weight=lambda f: 3.0 * f[f"height_{pathway}"] + 0.2,
        ),
        _Line(
            feature="from_heart_mm",
            unit="mm",
            text="lies {off:.1f} mm deep in the heart",
            weight=lambda f: -0.2 * f["from_heart_mm"],
        ),
    )


_LINES: dict[Site, tuple[_Line, ...]] = {
    Site.ASCENDING_AORTA: _wall("ascending"),
    Site.DESCENDING_AORTA: _wall("descending"),
    Site.AORTIC_VALVE: _line("aortic_valve", "aortic valve"),
    Site.MITRAL_ANNULUS: _line("mitral_annulus", "mitral annulus"),
    Site.PERICARDIUM: (
        _Line(
            feature="from_pericardium_mm",
            unit="mm",
            text="lies {off:.1f} mm from the pericardium",
            weight=lambda f: 2.0 - 0.2 * abs(f["from_pericardium_mm"]),
        ),
    ),
    Site.BONE: (_LARGE, _BRIGHT, _OUTSIDE),
    Site.DEVICE: (
        _Line(
            feature="peak_hu",
            unit="HU",
            text="its densest voxel has {value:.0f} HU or more",
            weight=lambda f: f["peak_hu"] / 600.0,
        ),
        _Line(
            feature="darkest_around_hu",
            unit="HU",
            text="streaks around it are as dark as {value:.0f} HU",
            weight=lambda f: -0.005 * (f["darkest_around_hu"] + 150) - 3 * f["lung_around"],
        ),
        _Line(
            feature="length_mm",
            unit="mm",
            text="is {value:.0f} mm long and thin",
            weight=lambda f: f["elongation"] - 2.0,
        ),
    ),
    Site.NOISE: (
        _Line(
            feature="contrast_to_noise",
            unit="",
            text="its smoothed peak stands only {value:.1f} times the noise above the tissue",
            weight=lambda f: 3.0 if f["contrast_to_noise"] < 12 else 0.0,
        ),
        _Line(
            feature="log_area",
            unit="ln mm2",
            text="is a speck",
            weight=lambda f: 1.0 - 0.5 * f["log_area"],
        ),
        _OUTSIDE,
    ),
    Site.OTHER: (_LUNG, _OUTSIDE),
    Site.LYMPH_NODE: (_OUTSIDE, _LUNG),
}
