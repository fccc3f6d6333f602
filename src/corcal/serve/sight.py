"""The images of exams that have no result: a reader wants to see why they cannot be scored."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.ct.series import ImageHeader, Series
from corcal.errors import GeometryError, InputError, NotFoundError, SeriesError
from corcal.serve.problems import Problem
from corcal.store.records import ExamRecord
from corcal.store.store import Store

__all__ = ["Sight", "Sights", "sight_of_scan"]

_MOST_BYTES = 512 * 2**20  # they are looked at now and then; the last one always stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What can be seen of an exam.

    Attributes
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Hounsfield units; without a volume, the slices as they can be read.
    spacing_mm : (dz, dy, dx)
        Without a volume, ``dz`` is the slice thickness or 1: the way to the eye, no distance.
    affine_lps : ndarray of shape (4, 4)
        Index (z, y, x, 1) to patient mm; without a volume, spacing alone.
    note : str or None
        Why it is no volume.
    """

    hu: NDArray[Any]
    spacing_mm: tuple[float, float, float]
    affine_lps: NDArray[np.float64]
    note: str | None = None

    @property
    def is_volume(self) -> bool:
        """Whether places and distances are those of the patient."""
        return self.note is None


class Sights:
    """The images of exams without a result, the last ones that were looked at.

    Parameters
    ----------
    store : Store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[tuple[str, int], Sight] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, exam: ExamRecord) -> Sight:
        """Give the images of an exam; one exam is read at a time.

        Raises
        ------
        NotFoundError
            If there are none any more.
        Problem
            409, if none of them can be shown.
        """
        key = exam.id, exam.event_count
        with self._lock:
            found = self._known.pop(key, None) or _read(self._store, exam)
            self._known[key] = found
            while len(self._known) > 1 and self._bytes > _MOST_BYTES:
                self._known.popitem(last=False)
            return found

    @property
    def _bytes(self) -> int:
        return sum(one.hu.nbytes for one in self._known.values())

    def forget(self, exam_id: str) -> None:
        """Take an exam out of memory, such as when it was deleted."""
        with self._lock:
            for key in [one for one in self._known if one[0] == exam_id]:
                del self._known[key]


def sight_of_scan(scan: CTScan) -> Sight:
    """Give what is seen of a scan."""
    return Sight(hu=scan.hu, spacing_mm=scan.spacing_mm, affine_lps=scan.affine_lps)


def _read(store: Store, exam: ExamRecord) -> Sight:
    from corcal.ct.find import find_series
    from corcal.ct.read import read_series

    with store.originals_folder(exam.id) as folder:
        try:
            listed = find_series(folder).series
        except InputError as exc:
            msg = "the images of this exam cannot be read any more: check the data folder"
            raise NotFoundError(msg) from exc
        wanted = max(listed, key=lambda one: (one.key == exam.series, one.slice_count))
        try:
            return sight_of_scan(read_series(wanted))
        except (SeriesError, GeometryError) as exc:
            return _slices(wanted, str(exc))


def _slices(series: Series, why: str) -> Sight:
    """Give the slices of a series that is no volume, those of the most frequent size."""
    sizes = Counter((one.rows, one.columns) for one in series.images if _has_pixels(one))
    size = sizes.most_common(1)[0][0] if sizes else None
    images = [one for one in series.images if _has_pixels(one) and (one.rows, one.columns) == size]
    planes = _planes(sorted(images, key=_height))
    if not planes:
        raise Problem(409, "no_images", f"none of the images can be shown: {why}")
    dy, dx = images[0].pixel_spacing_mm or (1.0, 1.0)
    dz = images[0].slice_thickness_mm or 1.0
    return Sight(
        hu=np.concatenate(planes),
        spacing_mm=(dz, dy, dx),
        affine_lps=np.array([[0, 0, dx, 0], [0, dy, 0, 0], [dz, 0, 0, 0], [0, 0, 0, 1]], float),
        note=f"{len(planes)} of {series.slice_count} slices, as they can be read: {why}",
    )


def _has_pixels(image: ImageHeader) -> bool:
    return bool(
        image.layout and image.rows and image.columns and image.layout.samples_per_pixel == 1
    )


def _height(image: ImageHeader) -> tuple[float, int]:
    return (image.position_mm or (0.0, 0.0, 0.0))[2], image.instance_number or 0


def _planes(images: Sequence[ImageHeader]) -> list[NDArray[Any]]:
    """Read images one by one; those that cannot be read are left out."""
    from corcal.ct.dicom.quiet import quiet_pydicom
    from corcal.ct.files import FileOpener
    from corcal.ct.geometry import PlaneAxes
    from corcal.ct.pixels import read_voxels
    from corcal.progress import no_progress

    axes = PlaneAxes(transpose=False, flip_y=False, flip_x=False)
    planes = []
    with FileOpener() as opener, quiet_pydicom():
        for one in images:
            slope, intercept = one.rescale_slope, one.rescale_intercept
            asked = replace(
                one,
                rescale_slope=1.0 if slope is None else slope,
                rescale_intercept=0.0 if intercept is None else intercept,
            )
            try:
                planes.append(read_voxels([asked], axes, opener, no_progress).hu)
            except SeriesError:
                continue
    return planes
