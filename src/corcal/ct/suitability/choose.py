"""Which series of a study is scored, and why this one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corcal.ct.scan import CTScan, Finding, Severity
from corcal.ct.series import Catalog, Series
from corcal.ct.suitability.assess import SCAN_KINDS, assess, unreadable, with_finding
from corcal.ct.suitability.naming import name_among, select_series
from corcal.ct.suitability.ranking import Judged, first_difference, ranked_candidates, rivals_of
from corcal.ct.suitability.several import several_finding
from corcal.ct.suitability.verdict import KIND_WORDS, SeriesKind, Suitability, Verdict
from corcal.errors import SeriesError, UnfitError
from corcal.progress import Progress, no_progress

__all__ = [
    "WHOLE_SERIES_ADVICE",
    "Choice",
    "Preferred",
    "Reader",
    "choose_series",
    "is_one_of_many",
    "preferred_series",
]

Reader = Callable[[Series], CTScan]

ACCEPTABLE = (
    "a CT of the whole heart without contrast agent, in contiguous axial slices of at most 5 mm"
)
WHOLE_SERIES_ADVICE = "give the folder that holds the whole series"
_MOST_ERRORS = 3  # of a series, in a message
_MAX_NAMED = 6  # series that an error message describes
_NOT_CT = frozenset({SeriesKind.NOT_CT, SeriesKind.DOSE_REPORT})


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
        The judgement on it, voxels included. A warning is among its findings if it was chosen
        from the series of several patients or studies.
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
        stacks; or the series number, if only one has it. It is assessed, and returned even if it
        is unfit.
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
        If `series` is not in the catalogue, or names several.
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
    ranked = ranked_candidates(judged)
    verdicts = {id(one): suitability for one, suitability in judged}
    failures: list[SeriesError] = []
    for place, (one, by_headers) in enumerate(ranked):
        progress(place, len(ranked), "checking series")
        try:
            scan = read(one)
        except SeriesError as exc:
            failures.append(exc)
            verdicts[id(one)] = unreadable(by_headers, str(exc))
            continue
        suitability = assess(one, scan)
        if suitability.verdict is not Verdict.UNFIT:
            progress(len(ranked), len(ranked), "checking series")
            reason = _reason(suitability, listed, ranked, place)
            warning = several_finding(one, rivals_of(ranked, place))
            if warning is not None:
                suitability = with_finding(one, suitability, warning)
            return Choice(series=one, scan=scan, suitability=suitability, reason=reason)
        verdicts[id(one)] = suitability
        del scan  # one scan in memory at a time
    if failures and len(failures) == len(ranked):
        raise failures[0]
    tried = {id(one) for one, _ in ranked}
    raise _nothing_fit([(one, verdicts[id(one)]) for one in listed], tried, read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferred:
    """The series that `choose_series` would choose.

    Attributes
    ----------
    series : Series
        Its headers.
    warning : Finding or None
        That the series are of several patients or studies.
    """

    series: Series
    warning: Finding | None


def preferred_series(judged: Sequence[Judged]) -> Preferred | None:
    """Tell which series `choose_series` would choose, of series that are judged already.

    Parameters
    ----------
    judged : sequence of (Series, Suitability)
        All series, with the judgement on their voxels where these were read.

    Returns
    -------
    Preferred or None
        ``None`` if none can be scored.
    """
    verdicts = {id(one): suitability.verdict for one, suitability in judged}
    ranked = ranked_candidates([(one, assess(one)) for one, _ in judged])
    for place, (one, _) in enumerate(ranked):
        if verdicts[id(one)] is not Verdict.UNFIT:
            return Preferred(series=one, warning=several_finding(one, rivals_of(ranked, place)))
    return None


def is_one_of_many(series: Series) -> bool:
    """Whether one DICOM slice was found where a series of them is needed."""
    codes = {item.code for item in series.findings}
    return series.format == "dicom" and "SINGLE_SLICE" in codes


def _default_reader() -> Reader:
    # imported late: reading brings decoders that judging headers does not need
    from corcal.ct.read import read_series

    return read_series


def _chosen_by_person(listed: Sequence[Series], wanted: str, read: Reader) -> Choice:
    chosen = select_series(listed, wanted)
    scan = _read_with_advice(chosen, read)
    return Choice(
        series=chosen,
        scan=scan,
        suitability=assess(chosen, scan),
        reason=f"{name_among(chosen, listed)} was chosen by the user",
    )


def _read_with_advice(series: Series, read: Reader) -> CTScan:
    try:
        return read(series)
    except SeriesError as exc:
        if is_one_of_many(series):
            msg = f"{exc}; {WHOLE_SERIES_ADVICE}"
            raise type(exc)(msg) from exc
        raise


def _require_ct(judged: Sequence[Judged]) -> None:
    if any(suitability.kind not in _NOT_CT for _, suitability in judged):
        return
    kinds = sorted({one.acquisition.modality or "unknown" for one, _ in judged})
    msg = f"no CT images were found, only modality {', '.join(kinds) or 'none'}; CT is needed"
    raise SeriesError(msg)


def _reason(
    suitability: Suitability, listed: Sequence[Series], ranked: Sequence[Judged], place: int
) -> str:
    chosen, behind = ranked[place], ranked[place + 1 :]
    what = f"{name_among(chosen[0], listed)}, {KIND_WORDS[suitability.kind]}"
    tried = [name_among(one, listed) for one, _ in ranked[:place]]
    aside = f"; {', '.join(tried)} did not stand the check of the voxels" if tried else ""
    if len(listed) == 1:
        return f"{what}: the only series"
    if not behind:
        return f"{what}: the only one of {len(listed)} series that can be scored{aside}"
    because = first_difference(chosen, behind[0])
    return f"{what}: preferred to {name_among(behind[0][0], listed)} because {because}{aside}"


def _nothing_fit(judged: Sequence[Judged], tried: set[int], read: Reader) -> Exception:
    """Make the error that says for each series what it is.

    Series that are not in `tried` (by ``id``) were judged by their headers alone; those that the
    message describes are read, as their voxels may show a plainer reason.
    """
    ct = [pair for pair in judged if pair[1].kind not in _NOT_CT]
    if not tried and all(suitability.kind is SeriesKind.UNREADABLE for _, suitability in ct):
        return _refusal(*ct[0], read)
    listed = [one for one, _ in judged]
    parts: list[str] = []
    for one, by_headers in ct[:_MAX_NAMED]:
        suitability = by_headers if id(one) in tried else _by_voxels(one, by_headers, read)
        parts.append(f"{name_among(one, listed)} is {_why(suitability)}")
    if len(ct) > len(parts):
        parts.append(f"{len(ct) - len(parts)} more series are not fit either")
    return UnfitError(f"not fit for calcium scoring: {'; '.join(parts)}; needed is {ACCEPTABLE}")


def _by_voxels(series: Series, by_headers: Suitability, read: Reader) -> Suitability:
    if by_headers.kind not in SCAN_KINDS:
        return by_headers
    try:
        return assess(series, read(series))
    except SeriesError as exc:
        return unreadable(by_headers, str(exc))


def _refusal(series: Series, suitability: Suitability, read: Reader) -> SeriesError:
    """Return the error that reading gives, so that one fault has one sentence."""
    try:
        _read_with_advice(series, read)
    except SeriesError as exc:
        return exc
    return SeriesError(suitability.summary)


def _why(suitability: Suitability) -> str:
    errors = [item.message for item in suitability.findings if item.severity is Severity.ERROR]
    reason = "; and ".join(errors[:_MOST_ERRORS])
    words = KIND_WORDS[suitability.kind]
    return f"{words}: {reason}" if reason else words
