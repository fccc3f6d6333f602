"""The scoring rules: one declared table of what counts as calcium, and with what weight.

Agatston's definition leaves room that vendors have filled differently: the smallest lesion that
counts moves small scores between zero and more than zero, and another tube voltage moves the whole
scale of Hounsfield units. A rule fixes all of it, and a result names its rule.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import Acquisition
from corcal.errors import InputError
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU

__all__ = [
    "DEFAULT_RULE",
    "LOWEST_THRESHOLD_HU",
    "REFERENCE_KVP",
    "RULES",
    "VENDOR_RULES",
    "ScoringRule",
    "adapted_rule_for",
    "is_kvp_independent",
    "rule_named",
    "rule_with_threshold",
]

REFERENCE_KVP = 120.0  # the tube voltage that 130/200/300/400 HU are defined for
LOWEST_THRESHOLD_HU = 100.0  # that a reader can choose: unenhanced blood and its noise end below
_AT = "@"  # between a rule and another threshold
_KVP_TOLERANCE = 0.5  # headers round the tube voltage to whole kilovolts

_AGATSTON_BOUNDS_HU = (CALCIUM_THRESHOLD_HU, 200.0, 300.0, 400.0)  # weights 1, 2, 3, 4
_AGATSTON = "Agatston 1990, doi:10.1016/0735-1097(90)90282-T"
_PHANTOM_CODE = "van Praagh 2021, doi:10.1002/mp.14912, with its published code"
_GRAENI = "Gräni 2018, doi:10.1093/ehjci/jey019, as tabulated by CalciumScoring.jl"

# An area is a whole number of pixels times a product of decimal spacings: 9 pixels of a third of a
# millimetre are 1 mm2, whatever their floating-point product says.
_AREA_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRule:
    """One complete definition of the Agatston score.

    Attributes
    ----------
    name : str
        By which the command line and a result know it.
    weight_bounds_hu : (w1, w2, w3, w4)
        Lowest peak of a slice lesion that has weight 1, 2, 3, 4. The first is the threshold: a
        voxel counts if its value is equal to it or above, without rounding.
    min_area_mm2 : float
        Smallest area of a slice lesion that counts; 0 if pixels are counted instead.
    area_must_exceed : bool
        Whether a lesion of exactly `min_area_mm2` is too small.
    min_pixels : int
        Smallest number of connected pixels that counts, whatever their area.
    connectivity_2d : 4 or 8
        Which pixels of a slice are connected.
    source : str
        Where the numbers were published.
    note : str
        What corcal decided where the source leaves room.
    """

    name: str
    weight_bounds_hu: tuple[float, float, float, float]
    min_area_mm2: float = 0.0
    area_must_exceed: bool = False
    min_pixels: int = 1
    connectivity_2d: Literal[4, 8] = 8
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        bounds = self.weight_bounds_hu
        if not all(low < high for low, high in itertools.pairwise(bounds)):
            msg = f"weight bounds of rule {self.name!r} must ascend, got {bounds}"
            raise InputError(msg)
        if self.min_area_mm2 < 0 or self.min_pixels < 1:
            msg = f"rule {self.name!r} needs an area >= 0 and pixels >= 1"
            raise InputError(msg)

    @property
    def base_name(self) -> str:
        """Its name without a threshold that a reader chose: a key of `RULES`."""
        return self.name.split(_AT)[0]

    @property
    def threshold_hu(self) -> float:
        """Lowest value of a voxel that counts."""
        return self.weight_bounds_hu[0]

    def smallest_lesion_pixels(self, pixel_area_mm2: float) -> int:
        """Return the smallest number of connected pixels that counts.

        Parameters
        ----------
        pixel_area_mm2 : float
            Area of one pixel.

        Returns
        -------
        int
            At least 1.

        Examples
        --------
        >>> rule_named("textbook").smallest_lesion_pixels(0.25)
        4
        >>> rule_named("ge").smallest_lesion_pixels(0.25)
        5
        """
        pixels = self.min_area_mm2 / pixel_area_mm2
        if self.area_must_exceed:
            by_area = math.floor(pixels * (1 + _AREA_TOLERANCE)) + 1
        else:
            by_area = math.ceil(pixels * (1 - _AREA_TOLERANCE))
        return max(by_area, self.min_pixels)

    def density_factor(self, peak_hu: NDArray[np.number]) -> NDArray[np.int64]:
        """Return the weight, 1 to 4, of slice lesions with these peaks (0 below the threshold).

        Parameters
        ----------
        peak_hu : ndarray of any shape
            Maximum of each slice lesion, compared as it is: 199.9 HU has weight 1.

        Returns
        -------
        int64 ndarray of the same shape
        """
        return np.searchsorted(np.array(self.weight_bounds_hu), peak_hu, side="right")


def _scaled_bounds(threshold_hu: float) -> tuple[float, float, float, float]:
    """Scale the weight bounds of 120 kVp to another threshold, to whole HU (corcal's decision)."""
    one, two, three, four = (
        float(round(bound * threshold_hu / CALCIUM_THRESHOLD_HU)) for bound in _AGATSTON_BOUNDS_HU
    )
    return one, two, three, four


_SCALED = (
    "only the threshold is published; corcal scales the bounds 200/300/400 HU with it and rounds "
    "them to whole HU"
)

_TABLE = (
    ScoringRule(
        name="textbook",
        weight_bounds_hu=_AGATSTON_BOUNDS_HU,
        min_area_mm2=1.0,
        source=_AGATSTON,
        note="a lesion of exactly 1 mm2 counts, a voxel of exactly 130 HU counts",
    ),
    ScoringRule(
        name="ge",
        weight_bounds_hu=_AGATSTON_BOUNDS_HU,
        min_area_mm2=1.0,
        area_must_exceed=True,
        source=_PHANTOM_CODE,
        note="as that code compares: a lesion must be larger than 1 mm2",
    ),
    ScoringRule(
        name="siemens",
        weight_bounds_hu=_AGATSTON_BOUNDS_HU,
        source=_PHANTOM_CODE,
        note="no smallest lesion: a single pixel counts",
    ),
    ScoringRule(
        name="philips",
        weight_bounds_hu=_AGATSTON_BOUNDS_HU,
        min_area_mm2=0.5,
        area_must_exceed=True,
        source=_PHANTOM_CODE,
        note="as that code compares: a lesion must be larger than 0.5 mm2",
    ),
    ScoringRule(
        name="canon",
        weight_bounds_hu=_AGATSTON_BOUNDS_HU,
        min_pixels=3,
        source=_PHANTOM_CODE,
        note="three connected pixels count, as that code says; as it compares, it needs four",
    ),
    ScoringRule(
        name="kvp70",
        weight_bounds_hu=(207.0, 318.0, 477.0, 636.0),
        min_area_mm2=1.0,
        source=_GRAENI,
    ),
    ScoringRule(
        name="kvp80",
        weight_bounds_hu=(177.0, 271.0, 408.0, 544.0),
        min_area_mm2=1.0,
        source=_GRAENI,
    ),
    ScoringRule(
        name="kvp100",
        weight_bounds_hu=_scaled_bounds(147.0),
        min_area_mm2=1.0,
        source="Nakazato 2009, doi:10.1016/j.jcct.2009.10.002",
        note=_SCALED,
    ),
    ScoringRule(
        name="kvp135",
        weight_bounds_hu=(119.0, 183.0, 274.0, 364.0),
        min_area_mm2=1.0,
        source="CalciumScoring.jl, fit over the tube voltages of Gräni 2018",
    ),
    ScoringRule(
        name="sn100",
        weight_bounds_hu=_scaled_bounds(143.0),
        min_area_mm2=1.0,
        source="base of 95 + 48 HU in a comment of the code of van Praagh 2021",
        note="100 kVp with tin filter; a weak source: not published as a threshold. " + _SCALED,
    ),
)

RULES: Mapping[str, ScoringRule] = MappingProxyType({rule.name: rule for rule in _TABLE})
DEFAULT_RULE = "textbook"
VENDOR_RULES = ("textbook", "ge", "siemens", "philips", "canon")

_ADAPTED: dict[tuple[float, bool], str] = {
    (70.0, False): "kvp70",
    (80.0, False): "kvp80",
    (100.0, False): "kvp100",
    (135.0, False): "kvp135",
    (100.0, True): "sn100",
}
_KVP_INDEPENDENT_KERNELS = ("SA36",)  # Siemens


def rule_named(name: str) -> ScoringRule:
    """Return the rule of that name.

    Parameters
    ----------
    name : str
        A key of `RULES`, in any case; or the name of a rule with another threshold, as
        `rule_with_threshold` gives it: ``"textbook@150hu"``.

    Returns
    -------
    ScoringRule

    Raises
    ------
    InputError
        If there is no such rule; the message lists all names.
    """
    base, at, own = name.lower().partition(_AT)
    try:
        rule = RULES[base]
        return rule_with_threshold(rule, float(own.removesuffix("hu"))) if at else rule
    except (KeyError, ValueError):
        msg = f"no scoring rule {name!r}; the rules are {', '.join(RULES)}"
        raise InputError(msg) from None


def rule_with_threshold(rule: ScoringRule, threshold_hu: float) -> ScoringRule:
    """Return a rule that counts from another value on; its weights stay as they are.

    Parameters
    ----------
    rule : ScoringRule
        One of `RULES`.
    threshold_hu : float
        Lowest value of a voxel that counts; at least 100 HU and below the bound of weight 2.

    Returns
    -------
    ScoringRule
        Under a name of its own, ``"textbook@150hu"``, which `rule_named` knows; the rule itself
        if the threshold is its own.

    Raises
    ------
    InputError
        If the threshold is outside of that range.
    """
    _, two, three, four = rule.weight_bounds_hu
    if not LOWEST_THRESHOLD_HU <= threshold_hu < two:
        msg = (
            f"a threshold of {threshold_hu:g} HU for rule {rule.name}; allowed "
            f"{LOWEST_THRESHOLD_HU:g} HU to below {two:g} HU, where weight 2 begins"
        )
        raise InputError(msg)
    if threshold_hu == rule.threshold_hu:
        return rule
    return replace(
        rule,
        name=f"{rule.name}{_AT}{float(threshold_hu)!r}hu".replace(".0hu", "hu"),
        weight_bounds_hu=(float(threshold_hu), two, three, four),
        note=f"counts from {threshold_hu:g} HU on, chosen by a reader; weights as by {rule.name}",
    )


def adapted_rule_for(acquisition: Acquisition) -> ScoringRule | None:
    """Return the rule whose thresholds are adapted to a tube voltage, if one is published.

    It is an offer: corcal scores by the rule of the user, and shows the adapted one beside it.

    Parameters
    ----------
    acquisition : Acquisition
        Its tube voltage, filter (tin hardens the beam) and kernel.

    Returns
    -------
    ScoringRule or None
        ``None`` at 120 kVp, where no threshold is published, and where the kernel needs none.
    """
    kvp = acquisition.kvp
    if kvp is None or is_kvp_independent(acquisition.convolution_kernel):
        return None
    for (known_kvp, known_tin), name in _ADAPTED.items():
        if abs(kvp - known_kvp) <= _KVP_TOLERANCE and acquisition.has_tin_filter is known_tin:
            return RULES[name]
    return None


def is_kvp_independent(kernel: str | None) -> bool:
    """Whether a DICOM ConvolutionKernel shows calcium as at 120 kVp, whatever the tube voltage."""
    return (kernel or "").upper().startswith(_KVP_INDEPENDENT_KERNELS)
