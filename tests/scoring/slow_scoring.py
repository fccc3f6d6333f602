"""The scores once more, slowly and by the letter: loops over pixels, exact fractions, no numpy.

Written from the definitions, not from the library, so that a mistake would have to be made twice.
"""

from collections.abc import Iterator
from fractions import Fraction

WEIGHTS = {
    "textbook": (130, 200, 300, 400),
    "ge": (130, 200, 300, 400),
    "siemens": (130, 200, 300, 400),
    "philips": (130, 200, 300, 400),
    "canon": (130, 200, 300, 400),
    "kvp70": (207, 318, 477, 636),
    "kvp80": (177, 271, 408, 544),
    "kvp100": (147, 226, 339, 452),  # 200, 300, 400 times 147/130 = 226.2, 339.2, 452.3
    "kvp135": (119, 183, 274, 364),
    "sn100": (143, 220, 330, 440),  # times 143/130 = 220, 330, 440
}


def is_large_enough(rule: str, pixels: int, pixel_area: Fraction) -> bool:
    """Whether a group of pixels is a lesion."""
    if rule == "siemens":
        return pixels > 0
    if rule == "canon":
        return pixels >= 3
    if rule == "philips":
        return pixels * pixel_area > Fraction(1, 2)
    if rule == "ge":
        return pixels * pixel_area > 1
    return pixels * pixel_area >= 1


def groups(pixels: set[tuple[int, int]]) -> Iterator[set[tuple[int, int]]]:
    """Split pixels into 8-connected groups by flooding."""
    rest = set(pixels)
    while rest:
        group, front = set(), [rest.pop()]
        while front:
            y, x = front.pop()
            group.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & rest
            rest -= near
            front.extend(near)
        yield group


def slow_lesions(
    hu: list, site: list, spacing: tuple[Fraction, Fraction, Fraction], rule: str
) -> Iterator[tuple[int, int, int, set[tuple[int, int]]]]:
    """Yield site, slice, weight and pixels of each slice lesion that counts."""
    bounds = WEIGHTS[rule]
    for z, (slice_hu, slice_site) in enumerate(zip(hu, site, strict=True)):
        for code in {code for row in slice_site for code in row} - {0}:
            dense = {
                (y, x)
                for y, row in enumerate(slice_site)
                for x, there in enumerate(row)
                if there == code and slice_hu[y][x] >= bounds[0]
            }
            for group in groups(dense):
                if is_large_enough(rule, len(group), spacing[1] * spacing[2]):
                    peak = max(slice_hu[y][x] for y, x in group)
                    yield code, z, sum(peak >= bound for bound in bounds), group


def slow_agatston(
    hu: list, site: list, spacing: tuple[Fraction, Fraction, Fraction], rule: str
) -> dict[int, Fraction]:
    """Return the Agatston score of each site code."""
    dz, dy, dx = spacing
    scores: dict[int, Fraction] = {}
    for code, _, weight, group in slow_lesions(hu, site, spacing, rule):
        scores[code] = scores.get(code, Fraction(0)) + weight * len(group) * dy * dx * dz / 3
    return scores


def slow_volume_and_hu(
    hu: list, site: list, spacing: tuple[Fraction, Fraction, Fraction], rule: str
) -> dict[int, tuple[Fraction, int, int]]:
    """Return volume, sum of HU and peak of the voxels that count, for each site code."""
    dz, dy, dx = spacing
    found: dict[int, tuple[Fraction, int, int]] = {}
    for code, z, _, group in slow_lesions(hu, site, spacing, rule):
        volume, total, peak = found.get(code, (Fraction(0), 0, -2000))
        values = [hu[z][y][x] for y, x in group]
        found[code] = (
            volume + len(group) * dz * dy * dx,
            total + sum(values),
            max(peak, *values),
        )
    return found
