"""The words of a verdict: what a series is, whether it can be scored, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from corcal.ct.scan import Finding, Severity

__all__ = [
    "KIND_WORDS",
    "SeriesKind",
    "Suitability",
    "Verdict",
    "by_severity",
    "verdict_of",
    "verdict_with",
]


class SeriesKind(StrEnum):
    """What a series is, as far as coronary calcium is concerned."""

    GATED_CALCIUM = "gated_calcium"
    CHEST_NONCONTRAST = "chest_noncontrast"
    CONTRAST_CT = "contrast_ct"
    NOT_HEART = "not_heart"
    PHANTOM = "phantom"
    NOT_CT = "not_ct"
    LOCALIZER = "localizer"
    DOSE_REPORT = "dose_report"
    DERIVED = "derived"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"


KIND_WORDS: dict[SeriesKind, str] = {
    SeriesKind.GATED_CALCIUM: "an ECG-gated calcium scan",
    SeriesKind.CHEST_NONCONTRAST: "a non-gated CT of the chest without contrast",
    SeriesKind.CONTRAST_CT: "a CT with contrast agent",
    SeriesKind.NOT_HEART: "a CT that does not show the heart",
    SeriesKind.PHANTOM: "a scan of a phantom",
    SeriesKind.NOT_CT: "not a CT",
    SeriesKind.LOCALIZER: "a localizer (scout, topogram)",
    SeriesKind.DOSE_REPORT: "a dose sheet",
    SeriesKind.DERIVED: "a picture derived from other images",
    SeriesKind.UNREADABLE: "a CT whose images do not form a readable volume",
    SeriesKind.UNKNOWN: "a CT of unknown kind",
}
"""Each kind in the words of a person, after "is"."""


class Verdict(StrEnum):
    """Whether a series can be scored, the best first."""

    FIT = "fit"
    CAUTION = "caution"  # can be scored, and must be read with care
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suitability:
    """The judgement on one series.

    Attributes
    ----------
    kind : SeriesKind
        What it is.
    verdict : Verdict
        Whether it can be scored.
    findings : tuple of Finding
        All that was found while reading and judging; errors first, then warnings, then the rest.
    summary : str
        One plain sentence for a person.
    """

    kind: SeriesKind
    verdict: Verdict
    findings: tuple[Finding, ...]
    summary: str


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put errors first, then warnings, then the rest; what was found twice stands once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda item: _RANK[item.severity]))


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Any error makes a series unfit, any warning asks for caution."""
    severities = {found.severity for found in findings}
    if Severity.ERROR in severities:
        return Verdict.UNFIT
    return Verdict.CAUTION if Severity.WARNING in severities else Verdict.FIT


def verdict_with(verdict: Verdict, later: Iterable[Finding]) -> Verdict:
    """Return what a verdict becomes by findings that were made after it: it is never a better one.

    Parameters
    ----------
    verdict : Verdict
        Of a series, before it was scored.
    later : iterable of Finding
        Of the anatomy, the detection, the annotation, the measuring.
    """
    return max(verdict, verdict_of(later), key=list(Verdict).index)
