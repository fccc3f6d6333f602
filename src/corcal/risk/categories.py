"""The class of a score in every scheme of `corcal.risk.schemes`.

Every scheme is printed for whole numbers; corcal's scores are not rounded. The gaps are closed the
same way everywhere:

- the unrounded score decides;
- a class named 0 holds exactly 0, and every score above it, however small, is in the next class;
- a scheme with classes such as 1-100 and 101-400 changes *above* 100: 100 is in the lower class,
  100.5 in the higher one;
- a scheme with classes such as 1-99 and 100-299 changes *at* 100: 99.5 is in the lower class, 100
  in the higher one.
"""

from dataclasses import replace
from numbers import Integral

from corcal.errors import InputError
from corcal.risk.checks import check_agatston
from corcal.risk.schemes import HIGH_FOR_AGE_PERCENTILE, SCHEMES, Band, Scheme
from corcal.risk.types import Category, percentile_number

__all__ = ["HIGH_FOR_AGE_PERCENTILE", "SCHEMES", "Band", "Scheme", "band_of", "categories"]

_MOST_VESSELS = 4  # LM, LAD, LCX, RCA
_SCAN_REASONS: dict[bool | None, tuple[str, ...]] = {
    True: (),
    False: ("the missing ECG gating of the scan",),
    None: ("ECG gating that may be missing",),
}
_VISUAL_READING = (
    "CAC-DRS {level}, from a scan without ECG gating: the letter V stands for a visual estimate, "
    "but this class was derived from the Agatston-equivalent of the scan by the edges of A."
)


def band_of(scheme: str, agatston: float, *, percentile: int | None = None) -> Band:
    """Return the band that holds a score.

    Parameters
    ----------
    scheme : str
        Key of `SCHEMES`.
    agatston : float
        Unrounded, at least 0.
    percentile : int, optional
        0 to 100, where it is known; only ``"stage_2024"`` looks at it, and not for a score of 0.

    Returns
    -------
    Band
        The highest one that has begun.

    Raises
    ------
    InputError
        If the scheme is unknown, or score or percentile are out of range.

    Examples
    --------
    >>> [band_of("plain", score).code for score in (0, 0.5, 100, 100.5, 400, 400.5)]
    ['0', '1-100', '1-100', '101-400', '101-400', '>400']
    >>> [band_of("cac_drs", score).code for score in (99.5, 100, 299.5, 300)]
    ['A1', 'A2', 'A2', 'A3']
    """
    check_agatston(agatston)
    _check_whole("percentile", percentile, 100)
    if scheme not in SCHEMES:
        msg = f"no scheme is called {scheme!r}; known are {', '.join(SCHEMES)}"
        raise InputError(msg)
    found, *higher = SCHEMES[scheme].bands
    for band in higher:
        if band.holds(agatston) or (agatston > 0 and _is_raised(band, percentile)):
            found = band
    return found


def categories(
    agatston: float,
    *,
    percentile: int | None = None,
    vessel_count: int | None = None,
    is_gated: bool | None = True,
    exceptions: tuple[str, ...] = (),
) -> dict[str, Category]:
    """Return the class of a score in every scheme.

    Parameters
    ----------
    agatston : float
        Total score, unrounded, at least 0.
    percentile : int, optional
        Of the score in MESA, 0 to 100; raises the stage of a low score.
    vessel_count : int, optional
        Vessels with calcium among LM, LAD, LCX and RCA; the N of CAC-DRS.
    is_gated : bool or None
        False for a scan without ECG gating: CAC-DRS writes V instead of A, and no plain reading
        calls the risk low. None if it is not known: A, and no risk is called low either.
    exceptions : tuple of str
        What is known of the person that a score does not outweigh, in words that follow
        "because of": ``"diabetes"``, ``"symptoms"``. With one of them, and for a low score that
        is high for age, sex and race, the plain reading names it instead of a risk.

    Returns
    -------
    dict of str to Category
        By the keys of `SCHEMES`.

    Raises
    ------
    InputError
        If a number is out of range, or score and count of vessels contradict each other.

    Examples
    --------
    >>> found = categories(150.0, vessel_count=3)
    >>> found["plain"].code, found["cac_drs"].code, found["cad_rads"].code
    ('101-400', 'A2/N3', 'P2')
    """
    _check_vessels(agatston, vessel_count)
    found = {
        scheme.name: _category(scheme, band_of(scheme.name, agatston, percentile=percentile))
        for scheme in SCHEMES.values()
    }
    found["cac_drs"] = _cac_drs(found["cac_drs"], vessel_count, is_gated=is_gated)
    found["stage_2024"] = _stage(found["stage_2024"], agatston, percentile)
    reasons = (*exceptions, *_reasons(agatston, percentile, is_gated=is_gated))
    found["plain"] = _plain(found["plain"], agatston, reasons)
    return found


def _is_raised(band: Band, percentile: int | None) -> bool:
    limit = band.from_percentile
    return limit is not None and percentile is not None and percentile >= limit


def _category(scheme: Scheme, band: Band) -> Category:
    return Category(
        scheme=scheme.name,
        code=band.code,
        label=band.label,
        reading=band.reading,
        source=scheme.source,
    )


def _cac_drs(category: Category, vessel_count: int | None, *, is_gated: bool | None) -> Category:
    """Write ``A2/N3``, or ``V2/N3`` without gating; nothing is counted where nothing is seen."""
    suffix = f"/N{vessel_count}" if vessel_count else ""
    if is_gated is not False:
        return replace(category, code=category.code + suffix)
    level = category.code.removeprefix("A")
    reading = _VISUAL_READING.format(level=level)
    return replace(category, code=f"V{level}{suffix}", reading=reading)


def _reasons(agatston: float, percentile: int | None, *, is_gated: bool | None) -> tuple[str, ...]:
    """Return why a score does not tell the risk, as far as score, percentile and scan show it."""
    limit = HIGH_FOR_AGE_PERCENTILE
    is_high = agatston > 0 and percentile is not None and percentile >= limit
    place = percentile_number(percentile or 0)
    return (
        *([f"a score at percentile {place} for age, sex and race"] if is_high else []),
        # the plain guide ends its class above 100, the stages begin theirs at 100
        *(["a score that is stage 2"] if agatston == 100 and not is_high else []),
        *_SCAN_REASONS[is_gated],
    )


def _plain(category: Category, agatston: float, reasons: tuple[str, ...]) -> Category:
    """Name the reasons for which the score alone does not tell the risk."""
    guarded = band_of("plain", agatston).guarded
    if not reasons or guarded is None:
        return category
    *others, last = dict.fromkeys(reasons)
    joined = f"{', '.join(others)} and {last}" if others else last
    return replace(category, reading=guarded.format(reasons=joined))


def _stage(category: Category, agatston: float, percentile: int | None) -> Category:
    """Say what the percentile did to the stage, or would do if it were known."""
    band = next(band for band in SCHEMES["stage_2024"].bands if band.from_percentile is not None)
    if agatston == 0 or band.holds(agatston):
        return category
    if percentile is None:
        said = (
            "by the score alone, without a percentile; from the "
            f"{band.from_percentile}th on it would be stage {band.code}"
        )
    elif _is_raised(band, percentile):
        said = f"raised from stage 1 by its percentile of {percentile_number(percentile)}"
    else:
        return category
    return replace(category, reading=f"{category.reading.removesuffix('.')}; {said}.")


def _check_vessels(agatston: float, vessel_count: int | None) -> None:
    check_agatston(agatston)
    _check_whole("number of vessels with calcium", vessel_count, _MOST_VESSELS)
    if vessel_count is not None and (vessel_count == 0) != (agatston == 0):
        allowed = "0" if agatston == 0 else f"1 to {_MOST_VESSELS}"
        msg = (
            f"{vessel_count} vessels with calcium contradict a score of {agatston:g}; "
            f"allowed are {allowed}"
        )
        raise InputError(msg)


def _check_whole(name: str, value: int | None, most: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Integral) or not 0 <= value <= most:
        msg = f"the {name} is a whole number from 0 to {most}, got {value}"
        raise InputError(msg)
