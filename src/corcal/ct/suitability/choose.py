"""Which series of a study is scored, and why this one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corcal.ct.scan import CTScan, Severity
from corcal.ct.series import Catalog, Series
from corcal.ct.suitability.assess import assess, is_only_claimed_unfit
from corcal.ct.suitability.kinds import field_of_view_mm, slice_thickness_mm
from corcal.ct.suitability.reconstruction import is_kernel_sharp
from corcal.ct.suitability.verdict import KIND_WORDS, SeriesKind, Suitability, Verdict
from corcal.errors import InputError, SeriesError, UnfitError
from corcal.progress import Progress, no_progress

__all__ = ["Choice", "Reader", "choose_series", "describe", "series_name"]

Reader = Callable[[Series], CTScan]

ACCEPTABLE = (
    "a CT of the whole heart without contrast agent, in contiguous axial slices of at most 5 mm"
)
_MAX_NAMED = 6  # series that an error message describes

_KIND_RANK = {
    SeriesKind.GATED_CALCIUM: 0,
    SeriesKind.CHEST_NONCONTRAST: 1,
    SeriesKind.PHANTOM: 2,
    SeriesKind.UNKNOWN: 3,
}
_VERDICT_RANK = {Verdict.FIT: 0, Verdict.CAUTION: 1, Verdict.UNFIT: 2}
_NOT_CT = frozenset({SeriesKind.NOT_CT, SeriesKind.DOSE_REPORT})

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The series that is scored.

    Attributes
    ----------
    series : Series
        Its headers.
    scan : CTScan
        Its voxels.
    suitability : Suitability
        The judgement on it, voxels included.
    reason : str
        One plain sentence: why this one.
    """

    series: Series
    scan: CTScan
    suitability: Suitability
    reason: str


def choose_series(
    catalog: Catalog | Sequence[Series],
    *,
    series: str | None = None,
    read: Reader | None = None,
    progress: Progress = no_progress,
) -> Choice:
    """Choose the series to score, and read it.

    Series are ranked by what their headers say; the best is read and its voxels are checked; if
    these make it unfit, the next is tried.

    Parameters
    ----------
    catalog : Catalog or sequence of Series
        From `corcal.ct.find.find_series`.
    series : str, optional
        A person's choice: `Series.key`, that is the SeriesInstanceUID, or ``UID#2`` for one of its
        stacks. It is assessed, and returned even if it is unfit.
    read : callable, optional
        Makes the scan of a series; `corcal.ct.read.read_series` if absent.
    progress : Progress, optional
        Told of each series that is read.

    Returns
    -------
    Choice
        Scan, judgement and reason.

    Raises
    ------
    InputError
        If `series` is not in the catalogue.
    SeriesError
        If there is no CT, or none of which a scan can be made.
    UnfitError
        If no series is fit for scoring.
    """
    listed = catalog.series if isinstance(catalog, Catalog) else tuple(catalog)
    read = read or _default_reader()
    if series is not None:
        return _chosen_by_person(listed, series, read)
    judged = [(one, assess(one)) for one in listed]
    _require_ct(judged)
    ranked = sorted((pair for pair in judged if _is_candidate(pair[1])), key=_rank)
    rejected: dict[str, Suitability] = {one.key: verdict for one, verdict in judged}
    failures: list[SeriesError] = []
    for done, (one, _) in enumerate(ranked):
        progress(done, len(ranked), "checking series")
        try:
            scan = read(one)
        except SeriesError as exc:
            failures.append(exc)
            continue
        suitability = assess(one, scan)
        if suitability.verdict is not Verdict.UNFIT:
            progress(len(ranked), len(ranked), "checking series")
            reason = _reason(one, suitability, listed, ranked[done + 1 :], ranked[:done])
            return Choice(series=one, scan=scan, suitability=suitability, reason=reason)
        rejected[one.key] = suitability
        del scan  # one scan in memory at a time
    raise _nothing_fit(listed, rejected, ranked, failures, read)


def series_name(series: Series) -> str:
    """Name a series as a person does: by its number, without its UID."""
    number = series.identity.series_number
    name = "the series" if number is None else f"series {number}"
    return name if series.stack is None else f"{name} (stack {series.stack})"


def describe(series: Series, suitability: Suitability) -> str:
    """Say in a few words which series this is, what, and how large."""
    count = series.slice_count
    size = f"{count} slice{'' if count == 1 else 's'}"
    return f"{series_name(series)} is {KIND_WORDS[suitability.kind]}, {size}"


def _default_reader() -> Reader:
    # imported late: reading brings decoders that judging headers does not need
    from corcal.ct.read import read_series

    return read_series


def _chosen_by_person(listed: Sequence[Series], wanted: str, read: Reader) -> Choice:
    found = [one for one in listed if wanted in (one.key, one.identity.series_instance_uid)]
    exact = [one for one in found if one.key == wanted] or found
    if len(exact) != 1:
        there = ", ".join(one.key for one in (exact or listed)) or "none"
        what = "is not in the input" if not exact else "holds several stacks"
        msg = f"series {wanted} {what}; there are: {there}"
        raise InputError(msg)
    scan = read(exact[0])
    return Choice(
        series=exact[0],
        scan=scan,
        suitability=assess(exact[0], scan),
        reason=f"{series_name(exact[0])} was chosen by the user",
    )


def _is_candidate(suitability: Suitability) -> bool:
    return suitability.verdict is not Verdict.UNFIT or is_only_claimed_unfit(suitability)


def _require_ct(judged: Sequence[tuple[Series, Suitability]]) -> None:
    if any(suitability.kind not in _NOT_CT for _, suitability in judged):
        return
    kinds = sorted({one.acquisition.modality or "unknown" for one, _ in judged})
    msg = f"no CT images were found, only modality {', '.join(kinds) or 'none'}; CT is needed"
    raise SeriesError(msg)


def _rank(pair: tuple[Series, Suitability]) -> tuple[float, ...]:
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


def _reason(
    chosen: Series,
    suitability: Suitability,
    listed: Sequence[Series],
    behind: Sequence[tuple[Series, Suitability]],
    before: Sequence[tuple[Series, Suitability]],
) -> str:
    what = f"{series_name(chosen)}, {KIND_WORDS[suitability.kind]}"
    tried = [series_name(one) for one, _ in before]
    aside = f"; {', '.join(tried)} did not stand the check of the voxels" if tried else ""
    if len(listed) == 1:
        return f"{what}: the only series"
    if not behind:
        return f"{what}: the only one of {len(listed)} series that can be scored{aside}"
    ours = _rank((chosen, assess(chosen)))
    theirs = _rank(behind[0])
    words = [text for (text, _), a, b in zip(_CRITERIA, ours, theirs, strict=True) if a < b]
    because = words[0] if words else "it comes first"
    return f"{what}: preferred to {series_name(behind[0][0])} because {because}{aside}"


def _nothing_fit(
    listed: Sequence[Series],
    rejected: dict[str, Suitability],
    ranked: Sequence[tuple[Series, Suitability]],
    failures: Sequence[SeriesError],
    read: Reader,
) -> Exception:
    """Make the error that says for each series what it is."""
    if failures and len(failures) == len(ranked):
        return failures[0]
    unreadable = [one for one in listed if rejected[one.key].kind is SeriesKind.UNREADABLE]
    ct = [one for one in listed if rejected[one.key].kind not in _NOT_CT]
    if not ranked and unreadable and len(unreadable) == len(ct):
        return _refusal(unreadable[0], rejected, read)
    named = ct[:_MAX_NAMED]
    parts = [f"{series_name(one)} is {_why(rejected[one.key])}" for one in named]
    if len(ct) > len(named):
        parts.append(f"{len(ct) - len(named)} more series are not fit either")
    return UnfitError(f"not fit for calcium scoring: {'; '.join(parts)}; needed is {ACCEPTABLE}")


def _refusal(series: Series, rejected: dict[str, Suitability], read: Reader) -> SeriesError:
    """Return the error that reading gives, so that one fault has one sentence."""
    try:
        read(series)
    except SeriesError as exc:
        return exc
    return SeriesError(rejected[series.key].summary)


def _why(suitability: Suitability) -> str:
    errors = (item for item in suitability.findings if item.severity is Severity.ERROR)
    reason = next((item.message for item in errors), "")
    words = KIND_WORDS[suitability.kind]
    return f"{words}: {reason}" if reason else words
