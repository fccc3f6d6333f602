"""How a number is shown to a person: the same in every picture and on every page."""

__all__ = ["shown", "shown_change", "shown_percent", "shown_position", "shown_site"]

_MINUS = "\N{MINUS SIGN}"
_SAME = 1e-9  # below what any score, volume or mass can differ by; sums leave such remainders


def shown(value: float | None, digits: int = 1) -> str:
    """Write a measured amount.

    Parameters
    ----------
    value : float or None
        An Agatston score, a volume, a mass: never negative. ``None`` if it was not measured.
    digits : int
        Decimals.

    Returns
    -------
    str
        ``"0"`` for zero alone: what is larger but would round to zero is ``"<0.1"``. A dash if
        there is no value.

    Examples
    --------
    >>> shown(366.4918), shown(0.0), shown(0.04), shown(None)
    ('366.5', '0', '<0.1', '–')
    """
    if value is None:
        return "\N{EN DASH}"
    if value == 0:
        return "0"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return f"<{10.0**-digits:.{digits}f}"
    return text


def shown_change(before: float, after: float, digits: int = 1) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> shown_change(100.0, 112.34), shown_change(3.0, 3.0), shown_change(3.0, 1.0)
    ('+12.3', '0', '−2.0')
    """
    change = after - before
    if abs(change) < _SAME:
        return "0"
    return ("+" if change > 0 else _MINUS) + shown(abs(change), digits)


def shown_percent(probability: float) -> str:
    """Write a probability; certainty alone is 0 or 100: ``97 %``, ``>99 %``.

    Examples
    --------
    >>> shown_percent(0.97), shown_percent(0.9999), shown_percent(0.001), shown_percent(1.0)
    ('97 %', '>99 %', '<1 %', '100 %')
    """
    percent = 100.0 * probability
    if 99.5 <= percent < 100.0:
        return ">99 %"
    if 0.0 < percent < 0.5:
        return "<1 %"
    return f"{percent:.0f} %"


def shown_position(value_mm: float) -> str:
    """Write a coordinate in mm, which may be negative: ``-127.8`` as ``"−127.8"``."""
    return f"{value_mm:.1f}".replace("-", _MINUS)


def shown_site(label: str) -> str:
    """Write the name of a site: ``"aortic_valve"`` as ``"aortic valve"``."""
    return label.replace("_", " ")
