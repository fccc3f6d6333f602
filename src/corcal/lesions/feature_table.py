"""The table of features: name, unit, range, what stands for "not measured", and meaning."""

from dataclasses import dataclass

from corcal.anatomy.types import PATHWAYS, Structure
from corcal.lesions.fields import FAR_MM

__all__ = ["FEATURES", "Feature"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column.

    Attributes
    ----------
    name : str
        Stays the same for ever: models are trained on it.
    unit : str
        ``""`` for pure numbers.
    low, high : float
        Values beyond are clipped.
    missing : float
        Value where it cannot be measured, such as outside of the anatomy's grid.
    meaning : str
        One line for the documentation.
    """

    name: str
    unit: str
    low: float
    high: float
    missing: float
    meaning: str


def _row(name: str, unit: str, low: float, high: float, missing: float, meaning: str) -> Feature:
    return Feature(name=name, unit=unit, low=low, high=high, missing=missing, meaning=meaning)


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


_WALL_MM = 15.0

_SIZE = (
    _row("log_volume", "ln mm3", -2, 10, 0, "volume of the piece"),
    _row("log_lesion_volume", "ln mm3", -2, 12, 0, "volume of the connected lesion it is part of"),
    _row("is_split", "", 0, 1, 0, "1 if the lesion was cut into pieces"),
    _row("log_agatston", "ln(1 + AU)", 0, 9, 0, "textbook Agatston score of the piece"),
    _row("log_area", "ln mm2", -3, 8, 0, "area in the slice where it is largest"),
    _row("slices", "", 1, 60, 1, "slices from its first to its last"),
    _row("extent_z_mm", "mm", 0, 80, 3, "height of its bounding box"),
    _row("extent_y_mm", "mm", 0, 80, 1, "depth of its bounding box"),
    _row("extent_x_mm", "mm", 0, 80, 1, "width of its bounding box"),
    _row("length_mm", "mm", 0, 80, 3, "four deviations along its longest axis"),
    _row("elongation", "", 1, 10, 1, "longest over middle principal deviation"),
    _row("plane_elongation", "", 1, 10, 1, "the same, longest over shortest, seen from above"),
    _row("filling", "", 0, 1, 1, "volume over that of its bounding box"),
)
_DENSITY = (
    _row("peak_hu", "HU", 130, 2000, 130, "densest voxel"),
    _row("mean_hu", "HU", 130, 1500, 130, "mean of its voxels"),
    _row("smooth_peak_hu", "HU", 0, 1500, 100, "maximum after smoothing its main slice"),
    _row("contrast_to_noise", "", -5, 60, 5, "smoothed maximum above soft tissue over its noise"),
    _row("smooth_to_peak", "", 0, 1, 0.7, "smoothed maximum over densest voxel"),
    _row("background_hu", "HU", -20, 130, 40, "median of soft tissue 1.5 to 6 mm around"),
    _row("fat_around", "", 0, 1, 0, "share of fat (-160 to -15 HU) 1.5 to 6 mm around"),
    _row("lung_around", "", 0, 1, 0, "share of lung (below -250 HU) there"),
    _row("bright_around", "", 0, 1, 0, "share of 130 HU and more there"),
    _row(
        "darkest_around_hu",
        "HU",
        -1024,
        130,
        0,
        "darkest smoothed voxel within 6 mm, off lung",
    ),
    _row("above_hu", "HU", -250, 400, 40, "mean of 2 x 2 mm about 3 mm towards the head"),
    _row("below_hu", "HU", -250, 400, 40, "the same towards the feet"),
    _row(
        "uneven",
        "",
        0,
        0.6,
        0.5,
        "deviation over mean of its HU off its edge; from 7 mm of length on",
    ),
    _row(
        "hollow", "", 0, 0.2, 0, "how much a closing of 3.2 mm fills it, over its HU; from 7 mm on"
    ),
)
_PLACE = (
    *(
        _row(f"{which}height_{p.name.lower()}", "", 0, 1, 0, f"{word} of {_words(p.name)}")
        for p in PATHWAYS
        for which, word in (("", "mean height"), ("most_", "highest height"))
    ),
    *(
        _row(f"{kind}_{s.name.lower()}", "", 0, 1, s == 0, f"{word}: {_words(s.name)}")
        for kind, word in (("share", "probability"), ("around", "blurred probability"))
        for s in Structure
    ),
    *(
        _row(f"from_{name}_mm", "mm", -FAR_MM, FAR_MM, FAR_MM, f"outside of (inside: < 0): {name}")
        for name in (
            *(s.name.lower() for s in Structure if s is not Structure.BACKGROUND),
            "heart",
            "pericardium",
        )
    ),
    *(
        row
        for side in ("ascending", "descending")
        for row in (
            _row(f"from_{side}_wall_mm", "mm", -_WALL_MM, _WALL_MM, _WALL_MM,
                 f"mean distance from the fitted wall of the {side} aorta, inside < 0"),
            _row(f"least_from_{side}_wall_mm", "mm", -_WALL_MM, _WALL_MM, _WALL_MM,
                 "least of its voxels"),
            _row(f"{side}_wall_quality", "", 0, 1, 0, "share of edges that agree with the fit"),
        )
    ),
)  # fmt: skip
_POSITION = (
    *(
        _row(f"root_{axis}", "heart sizes", -2, 2, 0, f"{word} the centre of the aortic root")
        for axis, word in (("z", "above"), ("y", "behind"), ("x", "to the left of"))
    ),
    _row("heart_long", "heart sizes", -2, 2, 0, "from the left ventricle towards the left atrium"),
    _row("heart_right", "heart sizes", -2, 2, 0, "towards the right ventricle, across it"),
    _row("heart_across", "heart sizes", -2, 2, 0, "across both"),
    _row("from_border_mm", "mm", 0, 80, 80, "from the edge of the image"),
    _row("from_scan_end_mm", "mm", 0, 80, 80, "from the first or last slice"),
)
_SCAN = (
    _row("increment_mm", "mm", 0.3, 6, 3, "distance of slices"),
    _row("thickness_mm", "mm", 0.3, 6, 3, "nominal thickness; the increment where it is unknown"),
    _row("pixel_mm", "mm", 0.2, 1, 0.4, "height of a pixel"),
    _row("noise_hu", "HU", 2, 60, 20, "noise inside the heart"),
    _row("smoothed_noise_hu", "HU", 1, 30, 10, "noise after smoothing"),
    _row("kvp", "kV", 70, 140, 120, "tube voltage"),
    _row("is_gated", "", 0, 1, 0.5, "1 gated, 0 not, 0.5 unknown"),
    _row("log_pieces", "ln(1 + n)", 0, 8, 4, "how many pieces there are"),
    _row("log_metal", "ln(1 + mm3)", 0, 10, 0, "volume as dense as metal in the other lesions"),
)

FEATURES: tuple[Feature, ...] = (*_SIZE, *_DENSITY, *_PLACE, *_POSITION, *_SCAN)
