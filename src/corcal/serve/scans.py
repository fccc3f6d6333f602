"""The scan that a version of an exam's result was made from, read again from its originals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.ct.series import Catalog, Series
from corcal.errors import InputError, NotFoundError, SeriesError
from corcal.review import Candidates
from corcal.review.candidates_file import candidates_from_bytes
from corcal.serve.files import CANDIDATES
from corcal.store import records
from corcal.store.store import Store

__all__ = ["pixels_int16", "scan_of_candidates", "scan_of_version"]


def scan_of_version(store: Store, exam_id: str, version: int) -> CTScan:
    """Read the scan of a version, by the automatic one that it goes back to.

    Raises
    ------
    NotFoundError
        If it cannot be read any more.
    """
    automatic = [
        one.version
        for one in store.versions(exam_id)
        if one.kind is records.ResultKind.AUTOMATIC and one.version <= version
    ]
    if not automatic:
        msg = f"version {version} of the exam goes back to no automatic result"
        raise NotFoundError(msg)
    data = store.attachment(exam_id, CANDIDATES, automatic[-1])
    return scan_of_candidates(store, exam_id, automatic[-1], candidates_from_bytes(data))


def scan_of_candidates(store: Store, exam_id: str, base: int, candidates: Candidates) -> CTScan:
    """Read the series that was scored: the one that the candidates are of."""
    from corcal.ct.find import find_series

    scored = store.result(exam_id, base).scan
    with store.originals_folder(exam_id) as folder:
        try:
            catalog = find_series(folder)
            scan = _first_of(catalog.series, candidates, scored.series_instance_uid)
            if scan is None and _later_removed(catalog, frozenset(scored.sop_instance_uids)):
                series = find_series(folder).series
                scan = _first_of(series, candidates, scored.series_instance_uid)
        except InputError:  # not one image is left
            scan = None
    if scan is not None:
        return scan
    msg = "the images of this exam cannot be read any more: check the data folder"
    raise NotFoundError(msg)


def _first_of(
    listed: Sequence[Series], candidates: Candidates, series_instance_uid: str | None
) -> CTScan | None:
    """Read the series that candidates are of; the one of this UID is tried first."""
    from corcal.ct.read import read_series

    uid = series_instance_uid
    alike = [one for one in listed if one.slice_count == candidates.shape[0]]
    for one in sorted(alike, key=lambda each: each.identity.series_instance_uid != uid):
        try:
            scan = read_series(one)
            candidates.check_scan(scan)
        except (SeriesError, InputError):
            continue
        return scan
    return None


def _later_removed(catalog: Catalog, scored: frozenset[str | None]) -> bool:
    """Remove the links to images that came after a version was scored; whether there were any."""
    later = {
        image.path
        for series in catalog.series
        for image in series.images
        if image.sop_instance_uid not in scored
    }
    for path in later:
        path.unlink()
    return bool(later)


def pixels_int16(hu: NDArray[Any]) -> NDArray[np.int16]:
    """Give Hounsfield units as little-endian 16-bit integers: for the eye, not for a score."""
    if hu.dtype == np.int16:
        return np.ascontiguousarray(hu, dtype="<i2")
    rounded: NDArray[np.int16] = np.clip(np.rint(hu), -32768, 32767).astype("<i2")
    return rounded
