"""The schemes that divide scores into classes, as one table: edges, labels, readings, sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["HIGH_FOR_AGE_PERCENTILE", "SCHEMES", "Band", "Scheme"]

# "High for age, sex and race": Maron 2024 (doi:10.1016/j.jacadv.2024.101287) and the guidelines
# of 2018 and 2026
HIGH_FOR_AGE_PERCENTILE = 75


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
                # not "no detectable calcium": thick slices and a beating heart hide small calcium
                "no calcium that counts",
                "No calcium that reaches the limit of counting was found in the heart arteries: "
                "low risk of a heart attack in the next years, though not none, for plaque without "
                "calcium is not seen.",
                "No calcium that reaches the limit of counting was found in the heart arteries. "
                "This does not mean a low risk for this person, because of {reasons}; plaque "
                "without calcium is not seen.",
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
            _zero("0", "none", "No calcified plaque that counts was seen."),
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
            _zero("A0", "none", "CAC-DRS 0: no calcified plaque that counts was seen."),
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
            _zero("0", "none", "Stage 0: no calcified plaque that counts was seen."),
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
            _zero("0", "none", "No calcified plaque that counts was seen."),
            _above(0, "1-9", "minimal", "A minimal amount of calcified plaque."),
            _at(10, "10-99", "mild", "A mild amount of calcified plaque."),
            _at(100, "100-299", "moderate", "A moderate amount of calcified plaque."),
            _at(300, "300-999", "severe", "A severe amount of calcified plaque."),
            _at(1000, ">=1000", "extensive", "An extensive amount of calcified plaque."),
        ),
    ),
)

SCHEMES: Mapping[str, Scheme] = MappingProxyType({scheme.name: scheme for scheme in _SCHEMES})
