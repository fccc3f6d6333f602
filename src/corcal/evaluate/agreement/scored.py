"""Scans that are scored already, put beside their references."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from corcal.ct.scan import CTScan
from corcal.errors import InputError
from corcal.evaluate.agreement.automatic import AutomaticScore
from corcal.evaluate.agreement.case_table import two_scans_words
from corcal.evaluate.agreement.cases import is_annotation
from corcal.evaluate.agreement.records import AgreementReport, ScanRow
from corcal.evaluate.agreement.references import GivenReference, annotation_beside
from corcal.evaluate.agreement.resample import DEFAULT_RESAMPLING, Resampling
from corcal.evaluate.agreement.study import (
    Reference,
    VesselTable,
    compare_scores,
    failed_scan,
    reference_of,
    row_or_reason,
)
from corcal.evaluate.agreement.summary import summarise
from corcal.lesions.voxels import SiteVoxels
from corcal.progress import Progress, no_progress

__all__ = ["Comparison", "FinishedScan", "evaluate_finished", "references_beside"]

_NAMED = 3  # scans in a message
_MOST_PARTS = 4  # of the end of a path: data sets name their scans by file, folder, or both


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedScan:
    """A scan that was scored before, or was tried.

    Attributes
    ----------
    name : str
        What the study calls it.
    place : str
        Where the scan is: a path or URL; empty where nobody knows.
    keys : tuple of str
        UIDs of series and study, accession number.
    patient : str
        Whose scan it is.
    automatic : AutomaticScore or None
        What was found.
    failure : str or None
        Why there is no score.
    is_damaged : bool
        What is kept of it cannot be read: it is a row with its failure, whether or not a reference
        is found to be its own, as nobody can tell which it was.
    opened : callable
        Reads the scan, and where its calcium was found; ``None`` if that was not kept.
    """

    name: str
    place: str
    keys: tuple[str, ...]
    patient: str
    automatic: AutomaticScore | None
    failure: str | None = None
    is_damaged: bool = False
    opened: Callable[[], tuple[CTScan, SiteVoxels | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How scores and references are compared.

    Attributes
    ----------
    vessel_table : Path or mapping or None
        For references that are label volumes: which label is which site.
    left_main_in_lad : bool
        The reference counts the left main with the LAD: both sides are taken so.
    resampling : Resampling
        Of the bootstrap intervals.
    """

    vessel_table: VesselTable = None
    left_main_in_lad: bool = False
    resampling: Resampling = field(default=DEFAULT_RESAMPLING)


def evaluate_finished(
    finished: Sequence[FinishedScan],
    references: Sequence[GivenReference],
    *,
    comparison: Comparison | None = None,
    progress: Progress = no_progress,
) -> AgreementReport:
    """Compare scans that are scored already with their references.

    Parameters
    ----------
    finished : sequence of FinishedScan
        Of these, the scored ones without a reference are counted, the damaged ones are rows, and
        others are passed over.
    references : sequence of GivenReference
        One whose scan is not there, or not clear, is a row with the reason.
    comparison : Comparison, optional
        How.
    progress : Progress, optional
        Told after each reference.

    Returns
    -------
    AgreementReport
    """
    how = comparison or Comparison()
    index = _Index(finished)
    joined = list(_joined(references, index))
    rows: list[ScanRow] = []
    for done, (given, scan) in enumerate(joined, start=1):
        rows.append(_row(given, scan, how))
        progress(done, len(joined), "comparing")
    compared = [scan for _, scan in joined]
    rows += [
        failed_scan(scan.name, scan.failure or "not scored", patient=scan.patient)
        for scan in finished
        if scan.is_damaged and not any(scan is one for one in compared)
    ]
    report = summarise(rows, resampling=how.resampling)
    return replace(
        report,
        left_main_in_lad=how.left_main_in_lad,
        without_reference=_scored(finished) - _scored(compared),
    )


def _scored(scans: Iterable[FinishedScan | None]) -> int:
    return sum(scan is not None and scan.automatic is not None for scan in scans)


def references_beside(finished: Iterable[FinishedScan]) -> tuple[GivenReference, ...]:
    """Take the annotations that lie beside the scans themselves; scans without one have none."""
    found = []
    for scan in finished:
        place = Path(scan.place)
        if not scan.place or not place.exists() or is_annotation(place):
            continue
        try:
            annotation, problem = annotation_beside(place), None
        except InputError as exc:
            annotation, problem = None, str(exc)
        if annotation is not None or problem is not None:
            keys = (scan.place, *scan.keys)
            found.append(
                GivenReference(
                    name=scan.name,
                    keys=keys,
                    annotation=annotation,
                    patient=scan.patient,
                    problem=problem,
                )
            )
    return tuple(found)


def _joined(
    references: Sequence[GivenReference], index: "_Index"
) -> Iterator[tuple[GivenReference, FinishedScan | None]]:
    """Find the scan of each reference; marks and scores of one scan become one reference."""
    by_scan: dict[int, GivenReference] = {}
    for given in references:
        if given.problem is not None:
            yield given, None
            continue
        places = index.find(given.keys) or _only_one(references, index)
        if len(places) != 1:
            yield replace(given, problem=_unclear(len(places), index.finished)), None
        elif (problem := _contradiction(given, places[0], index)) is not None:
            yield replace(given, problem=problem), None
        elif (known := by_scan.get(places[0])) is None:
            by_scan[places[0]] = given
        elif (both := _together(known, given)) is not None:
            by_scan[places[0]] = both
        else:
            problem = f"its scan has another reference already: {known.name}"
            yield replace(given, problem=problem), None
    for place, given in by_scan.items():
        yield given, index.finished[place]


def _contradiction(given: GivenReference, place: int, index: "_Index") -> str | None:
    """Tell two columns apart that name different scans, of which `place` is one."""
    found = [(name, index.find((name[1],))) for name in given.names]
    others = [name for name, places in found if places and place not in places]
    if not others:
        return None
    own = next(name for name, places in found if place in places)
    return two_scans_words(own, others[0])


def _only_one(references: Sequence[GivenReference], index: "_Index") -> list[int]:
    """Take marks of one scan to be those of the only scored scan, whatever their names are."""
    is_one = len(references) == len(index.finished) == 1 and references[0].annotation is not None
    return [0] if is_one and not references[0].names else []


def _unclear(count: int, finished: Sequence[FinishedScan]) -> str:
    if count:
        return f"{count} scored scans of this name; it must be one"
    names = [scan.name for scan in finished if scan.automatic is not None] or ["none"]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"no scored scan of this name or UID; scored are {', '.join(names[:_NAMED])}{more}"


def _together(one: GivenReference, other: GivenReference) -> GivenReference | None:
    """Join marks and scores of a scan; there is no way to join marks and marks."""
    if (one.annotation and other.annotation) or (one.scores and other.scores):
        return None
    return replace(
        one,
        annotation=one.annotation or other.annotation,
        scores=one.scores or other.scores,
        patient=one.patient or other.patient,
    )


def _row(given: GivenReference, scan: FinishedScan | None, how: Comparison) -> ScanRow:
    """Compare a reference with its scan."""
    if scan is None:
        reason = given.problem or _unclear(0, ())
        return failed_scan(given.name, reason, patient=given.patient or given.name)
    patient, automatic = given.patient or scan.patient, scan.automatic
    if automatic is None:
        return failed_scan(scan.name, scan.failure or "not scored", patient=patient)
    return row_or_reason(
        lambda: _compared(scan, automatic, given, patient, how), scan.name, patient
    )


def _compared(
    scan: FinishedScan,
    automatic: AutomaticScore,
    given: GivenReference,
    patient: str,
    how: Comparison,
) -> ScanRow:
    image: CTScan | None = None
    voxels: SiteVoxels | None = None
    reference = Reference(scores=given.scores)
    if given.annotation is not None:
        image, voxels = scan.opened()
        reference = reference_of(given.annotation, given.scores, image, how.vessel_table)
    return compare_scores(
        scan.name,
        automatic,
        reference,
        patient=patient,
        scan=image,
        voxels=voxels,
        left_main_in_lad=how.left_main_in_lad,
    )


class _Index:
    """Which scan a key means: a UID, else a part of its path, the nearer to the end the better."""

    def __init__(self, finished: Sequence[FinishedScan]) -> None:
        self.finished = finished
        self._by_key: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, scan in enumerate(finished):
            for key, distance in _keys(scan):
                self._by_key[key].append((distance, place))

    def find(self, keys: Sequence[str]) -> list[int]:
        """Find the scans that the first known key means."""
        for key in keys:
            found = self._by_key.get(_normal(key))
            if found:
                nearest = min(distance for distance, _ in found)
                near = sorted({place for distance, place in found if distance == nearest})
                # a run may have tried the marks beside a scan as a scan
                scored = [place for place in near if self.finished[place].automatic is not None]
                return scored or near
        return []


def _keys(scan: FinishedScan) -> Iterator[tuple[str, int]]:
    """Names of a scan, each with its distance from the best one."""
    for key in (*scan.keys, scan.place, scan.name):
        if key:
            yield _normal(key), 0
    parts = [one for one in PurePath(scan.place).parts if one not in {"/", "\\"}]
    for end in range(len(parts), max(len(parts) - _MOST_PARTS, 0), -1):
        for begin in range(max(end - _MOST_PARTS, 0), end):
            run = "/".join(parts[begin:end])
            distance = 1 + len(parts) - end
            yield _normal(run), distance
            if end == len(parts):
                yield _normal(run[: len(run) - len(PurePath(run).suffix)]), distance


def _normal(key: str) -> str:
    return key.strip().strip("/").casefold()
