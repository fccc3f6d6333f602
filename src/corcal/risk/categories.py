"""The class of a score in every scheme in use, from one table.

Every scheme is printed for whole numbers; corcal's scores are not rounded. The gaps are closed the
same way everywhere:

- the unrounded score decides;
- a class named 0 holds exactly 0, and every score above it, however small, is in the next class;
- a scheme with classes such as 1-100 and 101-400 changes *above* 100: 100 is in the lower class,
  100.5 in the higher one;
- a scheme with classes such as 1-99 and 100-299 changes *at* 100: 99.5 is in the lower class, 100
  in the higher one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from types import MappingProxyType

from corcal.errors import InputError
from corcal.risk.checks import check_agatston
from corcal.risk.types import Category

__all__ = ["HIGH_FOR_AGE_PERCENTILE", "SCHEMES", "Band", "Scheme", "band_of", "categories"]

# "High for age, sex and race": Maron 2024 (doi:10.1016/j.jacadv.2024.101287) and the guidelines
# of 2018 and 2026
HIGH_FOR_AGE_PERCENTILE = 75
_MOST_VESSELS = 4  # LM, LAD, LCX, RCA
_SCAN_REASONS: dict[bool | None, tuple[str, ...]] = {
    True: (),
    False: ("a scan without ECG gating",),
    None: ("a scan that may be without ECG gating",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One class of a scheme; it ends where the next one begins.

    Attributes
    ----------
    low : float
        Where it begins.
    has_low : bool
        Whether `low` itself belongs to it.
    code, label, reading : str
        As in `Category`.
    from_percentile : int or None
        A score above 0 and below the band is also in it from this percentile on.
    guarded : str or None
        The reading for a person whom the score alone does not describe, with ``{reasons}`` in it;
        None where the reading holds for everybody.
    """

    low: float
    has_low: bool
    code: str
    label: str
    reading: str
    from_percentile: int | None = None
    guarded: str | None = None

    def holds(self, agatston: float) -> bool:
        """Whether a score is past the beginning of the band."""
        return agatston > self.low or (self.has_low and agatston == self.low)

    @property
    def begins(self) -> str:
        """Where it begins, in words: ``"above 100"``, ``"from 100"``, ``"exactly 0"``."""
        if self.low == 0 and self.has_low:
            return "exactly 0"
        return f"{'from' if self.has_low else 'above'} {self.low:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A way to divide scores into classes.

    Attributes
    ----------
    name : str
        Key of `SCHEMES`.
    title : str
        As a heading.
    source : str
        Key of the `Source`.
    bands : tuple of Band
        Lowest first; the first is a score of 0.
    """

    name: str
    title: str
    source: str
    bands: tuple[Band, ...]


def _zero(code: str, label: str, reading: str, guarded: str | None = None) -> Band:
    return Band(low=0, has_low=True, code=code, label=label, reading=reading, guarded=guarded)


def _above(low: float, code: str, label: str, reading: str, guarded: str | None = None) -> Band:
    return Band(low=low, has_low=False, code=code, label=label, reading=reading, guarded=guarded)


def _at(low: float, code: str, label: str, reading: str, percentile: int | None = None) -> Band:
    return Band(
        low=low,
        has_low=True,
        code=code,
        label=label,
        reading=reading,
        from_percentile=percentile,
    )


# Edges as printed by the source of each scheme; labels are the schemes', readings are corcal's.
_SCHEMES = (
    Scheme(
        name="plain",
        title="Plain guide",
        source="patient_leaflets",
        bands=(
            _zero(
                "0",
                "no detectable calcium",
                "No calcium was detected in the heart arteries: low risk of a heart attack in the "
                "next years, though not none, for plaque without calcium is not seen.",
                "No calcium was detected in the heart arteries. This does not mean a low risk for "
                "this person, because of {reasons}; plaque without calcium is not seen.",
            ),
            _above(
                0,
                "1-100",
                "mild",
                "Mild: there is some calcified plaque; by the score alone, without age and risk "
                "factors, the risk is minimal.",
                "Mild: there is some calcified plaque. A low score does not mean a low risk for "
                "this person, because of {reasons}.",
            ),
            _above(
                100,
                "101-400",
                "moderate",
                "Moderate: there is a moderate amount of calcified plaque; by the score alone, the "
                "risk is intermediate.",
                "Moderate: there is a moderate amount of calcified plaque. What the score alone "
                "would say of the risk does not hold for this person, because of {reasons}.",
            ),
            _above(
                400,
                ">400",
                "significant",
                "Significant: there is a large amount of calcified plaque; by the score alone, the "
                "risk is high, and further evaluation should be discussed.",
            ),
        ),
    ),
    Scheme(
        name="rumberger",
        title="Rumberger 1999",
        source="rumberger1999",
        bands=(
            _zero("0", "none", "No calcified plaque was seen."),
            _above(0, "1-10", "minimal", "A minimal amount of calcified plaque."),
            _above(10, "11-100", "mild", "A mild amount of calcified plaque."),
            _above(100, "101-400", "moderate", "A moderate amount of calcified plaque."),
            _above(400, ">400", "extensive", "An extensive amount of calcified plaque."),
        ),
    ),
    Scheme(
        name="cac_drs",
        title="CAC-DRS",
        source="hecht2018",  # from 300 as auc2023 prints it: hecht2018 leaves 300 itself open
        bands=(
            _zero("A0", "none", "CAC-DRS 0: no calcified plaque was seen."),
            _above(0, "A1", "mild", "CAC-DRS 1: mildly increased amount of calcified plaque."),
            _at(100, "A2", "moderate", "CAC-DRS 2: moderate amount of calcified plaque."),
            _at(300, "A3", "severe", "CAC-DRS 3: large amount of calcified plaque."),
        ),
    ),
    Scheme(
        name="cad_rads",
        title="CAD-RADS 2.0, plaque burden by score",
        source="cury2022",
        bands=(
            _zero(
                "none",
                "none",
                "CAD-RADS 2.0 has no P class for a score of 0; plaque without calcium is not seen.",
            ),
            _above(0, "P1", "mild", "Mild amount of plaque by the calcium score."),
            _above(100, "P2", "moderate", "Moderate amount of plaque by the calcium score."),
            _above(300, "P3", "severe", "Severe amount of plaque by the calcium score."),
            # printed as 301-999 and >1000: 1000 itself goes to the higher class
            _at(1000, "P4", "extensive", "Extensive amount of plaque by the calcium score."),
        ),
    ),
    Scheme(
        name="stage_2024",
        title="Stage (Maron 2024)",
        source="maron2024",
        bands=(
            _zero("0", "none", "Stage 0: no calcified plaque was seen."),
            _above(0, "1", "mild", "Stage 1: mild amount of calcified plaque."),
            _at(
                100,
                "2",
                "moderate",
                "Stage 2: moderate amount of calcified plaque, or a lower score that is high for "
                "age, sex and race.",
                HIGH_FOR_AGE_PERCENTILE,
            ),
            _at(300, "3", "severe", "Stage 3: severe amount of calcified plaque."),
            _at(1000, "4", "extensive", "Stage 4: extensive amount of calcified plaque."),
        ),
    ),
    Scheme(
        name="guideline_2026",
        title="ACC/AHA 2026",
        source="accaha2026",
        bands=(
            _zero("0", "none", "No calcified plaque was seen."),
            _above(0, "1-9", "minimal", "A minimal amount of calcified plaque."),
            _at(10, "10-99", "mild", "A mild amount of calcified plaque."),
            _at(100, "100-299", "moderate", "A moderate amount of calcified plaque."),
            _at(300, "300-999", "severe", "A severe amount of calcified plaque."),
            _at(1000, ">=1000", "extensive", "An extensive amount of calcified plaque."),
        ),
    ),
)

SCHEMES: Mapping[str, Scheme] = MappingProxyType({scheme.name: scheme for scheme in _SCHEMES})

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
    return (
        *([f"a score at percentile {percentile} for age, sex and race"] if is_high else []),
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
        said = f"raised from stage 1 by its percentile of {percentile}"
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
