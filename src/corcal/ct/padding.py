"""Pixel padding: which of it is believed, how much was set to air, and what is said of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from corcal.ct.findings import finding
from corcal.ct.scan import AIR_HU, Finding, Severity
from corcal.ct.series import ImageHeader
from corcal.ct.values import HIGHEST_HU, voxels

__all__ = [
    "PaddingCounts",
    "can_hide_tissue",
    "is_believed",
    "no_value_findings",
    "padding_findings",
    "padding_hu",
]

LEAST_TISSUE_HU = -500.0  # above: lung with its vessels, fat, blood, calcium, metal


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddingCounts:
    """How many voxels were padding.

    Attributes
    ----------
    filled : int
        Voxels without a value that were set to air.
    enclosed : int
        Those of them that are inside of the image: tissue was there.
    doubted : int
        Voxels that the tags declare to be padding, and that were kept as they are.
    """

    filled: int = 0
    enclosed: int = 0
    doubted: int = 0

    def __add__(self, other: "PaddingCounts") -> "PaddingCounts":
        return PaddingCounts(
            filled=self.filled + other.filled,
            enclosed=self.enclosed + other.enclosed,
            doubted=self.doubted + other.doubted,
        )


def padding_hu(image: ImageHeader) -> tuple[float, float] | None:
    """Return the Hounsfield units that the padding of an image would have, lowest first."""
    if image.pixel_padding is None:
        return None
    slope, intercept = image.rescale_slope or 1.0, image.rescale_intercept or 0.0
    low, high = sorted(value * slope + intercept for value in image.pixel_padding)
    return low, high


def is_believed(image: ImageHeader) -> bool:
    """Whether no tissue, calcium or metal has a value that the tags declare to be padding.

    To keep padding loses nothing: it lies outside of the reconstruction. To take calcium for
    padding loses the score.
    """
    declared = padding_hu(image)
    return declared is None or declared[1] <= LEAST_TISSUE_HU or declared[0] > HIGHEST_HU


def can_hide_tissue(image: ImageHeader) -> bool:
    """Whether padding inside of an image is a hole in it: it cannot have been air or lung."""
    declared = padding_hu(image)
    return declared is not None and (declared[1] < AIR_HU or declared[0] > HIGHEST_HU)


def padding_findings(
    counts: PaddingCounts, images: Iterable[ImageHeader], *, voxel_count: int
) -> tuple[Finding, ...]:
    """Say how much of a series was padding: a warning where it may have cost or added calcium."""
    found: list[Finding] = []
    if counts.filled:
        share = counts.filled / voxel_count
        message = f"{share:.1%} of the voxels are padding and were set to {AIR_HU} HU"
        if counts.enclosed:
            message += _enclosed_words(counts.enclosed)
        found.append(finding("PIXEL_PADDING", message, _severity(counts.enclosed)))
    if counts.doubted:
        ranges = [padding_hu(image) for image in images if not is_believed(image)]
        limits = [value for one in ranges if one is not None for value in one]
        message = (
            f"{voxels(counts.doubted)} of values that the tags declare to be padding and that "
            f"tissue or calcium has ({min(limits):g} to {max(limits):g} HU): the "
            "tags were not believed and the voxels are kept"
        )
        found.append(finding("PIXEL_PADDING", message, Severity.WARNING))
    return tuple(found)


def no_value_findings(counts: PaddingCounts) -> tuple[Finding, ...]:
    """Say how many voxels of a volume file are no numbers: a warning where tissue was there."""
    if not counts.filled:
        return ()
    message = f"{voxels(counts.filled)} without a value were set to {AIR_HU} HU"
    if counts.enclosed:
        message += _enclosed_words(counts.enclosed)
    return (finding("PIXEL_PADDING", message, _severity(counts.enclosed)),)


def _enclosed_words(count: int) -> str:
    return f", {count} of them inside of the image: calcium there is unseen"


def _severity(enclosed: int) -> Severity | None:
    return Severity.WARNING if enclosed else None
