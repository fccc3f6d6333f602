"""In which order series are tried: what is compared between two of them, first to last."""

from collections.abc import Callable, Sequence

from corcal.ct.scan import Severity
from corcal.ct.series import Series
from corcal.ct.suitability.assess import is_only_claimed_unfit
from corcal.ct.suitability.kinds import field_of_view_mm, slice_thickness_mm
from corcal.ct.suitability.reconstruction import is_kernel_sharp
from corcal.ct.suitability.verdict import SeriesKind, Suitability, Verdict

__all__ = ["Judged", "first_difference", "ranked_candidates", "rivals_of"]

Judged = tuple[Series, Suitability]

_KIND_RANK = {
    SeriesKind.GATED_CALCIUM: 0,
    SeriesKind.CHEST_NONCONTRAST: 1,
    SeriesKind.PHANTOM: 2,
    SeriesKind.UNKNOWN: 3,
}
_VERDICT_RANK = {Verdict.FIT: 0, Verdict.CAUTION: 1, Verdict.UNFIT: 2}

# What is compared between two series, first to last, and how a person says it. A larger number is
# worse.
_CRITERIA: tuple[tuple[str, Callable[[Series, Suitability], float]], ...] = (
    ("its verdict is better", lambda _, judged: _VERDICT_RANK[judged.verdict]),
    (
        "it is closer to an ECG-gated calcium scan",
        lambda _, judged: _KIND_RANK.get(judged.kind, 4),
    ),
    ("its slices are nearer 3 mm", lambda series, _: _thickness_distance(series)),
    ("its kernel is not a sharp one", lambda series, _: float(_is_sharp(series))),
    ("its tube voltage is nearer 120 kVp", lambda series, _: _kvp_distance(series)),
    ("fewer warnings speak against it", lambda _, judged: float(_warning_count(judged))),
    ("its field of view is smaller", lambda series, _: field_of_view_mm(series) or 1000.0),
    ("it has more slices", lambda series, _: -float(series.slice_count)),
)


def ranked_candidates(judged: Sequence[Judged]) -> list[Judged]:
    """Sort the series that may be chosen, best first.

    Parameters
    ----------
    judged : sequence of (Series, Suitability)
        All series, with the judgement on their headers.

    Returns
    -------
    list of (Series, Suitability)
        Those that are not unfit, or are so by claims of tags alone.
    """
    return sorted((pair for pair in judged if _is_candidate(pair[1])), key=_rank)


def rivals_of(ranked: Sequence[Judged], chosen: int) -> list[Series]:
    """Return the series behind the chosen one whose headers are as little against them."""
    is_claimed_unfit = ranked[chosen][1].verdict is Verdict.UNFIT
    behind = ranked[chosen + 1 :]
    return [one for one, by in behind if is_claimed_unfit or by.verdict is not Verdict.UNFIT]


def first_difference(better: Judged, worse: Judged) -> str:
    """Say what places one candidate before another."""
    ours, theirs = _rank(better), _rank(worse)
    words = [text for (text, _), a, b in zip(_CRITERIA, ours, theirs, strict=True) if a < b]
    return words[0] if words else "it comes first"


def _is_candidate(suitability: Suitability) -> bool:
    return suitability.verdict is not Verdict.UNFIT or is_only_claimed_unfit(suitability)


def _rank(pair: Judged) -> tuple[float, ...]:
    return tuple(worse(*pair) for _, worse in _CRITERIA)


def _thickness_distance(series: Series) -> float:
    thickness = slice_thickness_mm(series) or (series.spacing_mm[0] if series.spacing_mm else None)
    return 100.0 if thickness is None else round(abs(thickness - 3.0), 1)


def _kvp_distance(series: Series) -> float:
    kvp = series.acquisition.kvp
    return 1000.0 if kvp is None else abs(kvp - 120.0)


def _is_sharp(series: Series) -> bool:
    kernel = series.acquisition.convolution_kernel
    return bool(kernel) and is_kernel_sharp(kernel or "", series.acquisition.manufacturer)


def _warning_count(suitability: Suitability) -> int:
    return sum(item.severity is Severity.WARNING for item in suitability.findings)
