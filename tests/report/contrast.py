"""Contrast of two colours, as WCAG 2.1 defines it (w3.org/TR/WCAG21, contrast ratio)."""

__all__ = ["contrast"]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours like ``#rgb`` or ``#rrggbb``: 1 if the same, 21 of black on white."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [value / 255 for value in bytes.fromhex(digits)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
