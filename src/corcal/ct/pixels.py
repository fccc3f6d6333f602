"""The voxels of a stack: stored values read, decoded, rescaled to HU, and padding set to air."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.checks import NATIVE_SYNTAXES
from corcal.ct.dicom.codecs import DecodeError, check_encapsulation, decode_frame
from corcal.ct.dicom.opening import open_dicom
from corcal.ct.files import FileOpener, SkipFile
from corcal.ct.geometry import PlaneAxes, label
from corcal.ct.padding import PaddingCounts, can_hide_tissue, is_believed
from corcal.ct.scan import AIR_HU
from corcal.ct.series import ImageHeader, PixelLayout
from corcal.ct.values import enclosed_count
from corcal.errors import InputError, SeriesError
from corcal.progress import Progress

__all__ = ["Voxels", "fit_int16", "read_voxels"]

_THREADS = 4  # at most: reading is limited by the disk and by memory, not by the processor
_DEFLATED = "1.2.840.10008.1.2.1.99"
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voxels:
    """Hounsfield units in canonical axes, and how many of them were padding."""

    hu: NDArray[np.int16] | NDArray[np.float32]
    padding: PaddingCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slice:
    """One slice to read, and the plane of the volume to fill."""

    index: int
    image: ImageHeader
    layout: PixelLayout


class _NotInt16(Exception):  # noqa: N818
    """The HU of a slice are not integers of 16 bits."""


def read_voxels(
    images: Sequence[ImageHeader], axes: PlaneAxes, opener: FileOpener, progress: Progress
) -> Voxels:
    """Read the voxels of a stack.

    Parameters
    ----------
    images : sequence of ImageHeader
        Lowest slice first; they passed the checks of `corcal.ct.checks`.
    axes : PlaneAxes
        From stored to canonical slices.
    opener : FileOpener
        Opens files and members of archives.
    progress : Progress
        Called after each slice.

    Returns
    -------
    Voxels
        ``int16`` if all HU are integers that fit, else ``float32``.

    Raises
    ------
    SeriesError
        If pixels cannot be read or decoded; names the image.
    """
    slices = [_Slice(index=k, image=image, layout=_layout(image)) for k, image in enumerate(images)]
    rows, columns = images[0].rows or 0, images[0].columns or 0
    shape = (len(images), *((columns, rows) if axes.transpose else (rows, columns)))
    if all(_has_integer_rescale(image) for image in images):
        try:
            hu = np.empty(shape, dtype=np.int16)
            return Voxels(hu=hu, padding=_fill(hu, slices, axes, opener, progress))
        except _NotInt16:
            pass  # once more, in a type that holds them
    exact = np.empty(shape, dtype=np.float32)
    padding = _fill(exact, slices, axes, opener, progress)
    return Voxels(hu=fit_int16(exact), padding=padding)


def fit_int16(hu: NDArray[np.float32]) -> NDArray[np.int16] | NDArray[np.float32]:
    """Return HU as ``int16`` if all of them are integers that fit, else unchanged."""
    if hu.min() < _INT16.min or hu.max() > _INT16.max:
        return hu
    whole = hu.astype(np.int16)
    return whole if np.array_equal(whole, hu) else hu


def _layout(image: ImageHeader) -> PixelLayout:
    if image.layout is None:
        msg = f"{label(image)} has no pixel data"
        raise SeriesError(msg)
    return image.layout


def _has_integer_rescale(image: ImageHeader) -> bool:
    values = (image.rescale_slope, image.rescale_intercept)
    return all(value is not None and value.is_integer() for value in values)


def _fill(
    hu: NDArray[Any],
    slices: Sequence[_Slice],
    axes: PlaneAxes,
    opener: FileOpener,
    progress: Progress,
) -> PaddingCounts:
    """Fill the volume, several files at a time; count its padding."""
    workers = min(_THREADS, os.cpu_count() or 1)
    padding, done = PaddingCounts(), 0
    with ThreadPoolExecutor(workers) as pool:
        tasks: dict[Future[PaddingCounts], int] = {}
        for file_slices in _by_file(slices, opener):
            task = pool.submit(_fill_from_file, hu, file_slices, axes, opener)
            tasks[task] = len(file_slices)
        try:
            for task in as_completed(tasks):
                padding += task.result()
                done += tasks[task]
                progress(done, len(slices), "reading slices")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return padding


def _by_file(slices: Sequence[_Slice], opener: FileOpener) -> Iterable[list[_Slice]]:
    """Group the frames of one file, so that it is opened once; open archives beforehand."""

    def file_of(one: _Slice) -> tuple[Path, str]:
        return one.image.path, one.image.member or ""

    for (path, member), group in groupby(sorted(slices, key=file_of), key=file_of):
        if member:
            opener.archive(path)  # threads must not open it at the same time
        yield list(group)


def _fill_from_file(
    hu: NDArray[Any], slices: Sequence[_Slice], axes: PlaneAxes, opener: FileOpener
) -> PaddingCounts:
    first = slices[0]
    try:
        if first.image.transfer_syntax_uid in NATIVE_SYNTAXES:
            return _fill_native(hu, slices, axes, opener)
        return _fill_compressed(hu, slices, axes, opener)
    except (OSError, SkipFile) as exc:
        msg = f"{label(first.image)} cannot be read any more: {type(exc).__name__}"
        raise SeriesError(msg) from exc
    except DecodeError as exc:
        msg = f"{label(first.image)}: {exc}"
        raise SeriesError(msg) from exc
    except SeriesError:
        raise
    except InputError as exc:  # a damaged member of an archive
        raise SeriesError(str(exc)) from exc


def _fill_native(
    hu: NDArray[Any], slices: Sequence[_Slice], axes: PlaneAxes, opener: FileOpener
) -> PaddingCounts:
    """Read uncompressed frames straight from their place in the file."""
    image, layout = slices[0].image, slices[0].layout
    rows, columns = image.rows or 0, image.columns or 0
    dtype = _stored_dtype(layout)
    frame_bytes = rows * columns * dtype.itemsize
    padding = PaddingCounts()
    is_deflated = image.transfer_syntax_uid == _DEFLATED
    with (
        open_dicom(opener, image.path, image.member)
        if is_deflated
        else opener.open(image.path, image.member)
    ) as file:
        for one in slices:
            target = hu[one.index]
            direct = axes.is_identity and target.dtype.itemsize == dtype.itemsize == 2
            stored = target.view(dtype) if direct else np.empty((rows, columns), dtype)
            file.seek(layout.offset + ((one.image.frame_number or 1) - 1) * frame_bytes)
            count = file.readinto(stored.data.cast("B"))  # type: ignore[attr-defined]
            if count != frame_bytes:
                msg = (
                    f"{label(one.image)}: the file is truncated: a slice has {frame_bytes} bytes, "
                    f"{count} are there"
                )
                raise SeriesError(msg)
            if not layout.is_little_endian:
                stored.byteswap(inplace=True)
            padding += _to_hu(stored, one, axes, target)
    return padding


def _fill_compressed(
    hu: NDArray[Any], slices: Sequence[_Slice], axes: PlaneAxes, opener: FileOpener
) -> PaddingCounts:
    image, layout = slices[0].image, slices[0].layout
    with opener.open(image.path, image.member) as file:
        file.seek(layout.offset)
        data = file.read()
    check_encapsulation(data, layout.frame_count)
    padding = PaddingCounts()
    for one in slices:
        plane = decode_frame(data, one.image, one.layout)
        stored = plane.astype(_stored_dtype(layout))  # a copy: decoders return read-only buffers
        padding += _to_hu(stored, one, axes, hu[one.index])
    return padding


def _stored_dtype(layout: PixelLayout) -> np.dtype[Any]:
    return np.dtype(f"{'i' if layout.is_signed else 'u'}{layout.bits_allocated // 8}")


def _to_hu(
    stored: NDArray[Any], one: _Slice, axes: PlaneAxes, target: NDArray[Any]
) -> PaddingCounts:
    """Turn stored values (changed in place) into the HU of one canonical plane."""
    image, layout = one.image, one.layout
    padding = _is_padding(stored, image)
    _clear_unused_bits(stored, layout)
    if image.pixel_padding is not None:
        # Padding may lie outside of the stored bits (63536 in 12 bits): look before and after.
        padding = padding | _is_padding(stored, image)
    counts = _counted(padding, image)
    if counts.doubted:
        padding = np.zeros((), dtype=np.bool_)
    slope, intercept = image.rescale_slope or 1.0, image.rescale_intercept or 0.0
    if target.dtype == np.float32:
        values: NDArray[Any] = (stored * np.float64(slope) + intercept).astype(np.float32)
    elif slope == 1 and _surely_int16(layout, intercept):
        values = stored.view(np.int16) if stored.dtype.itemsize == 2 else stored.astype(np.int16)
        values += np.int16(intercept)
    else:
        wide = stored.astype(np.int64) * int(slope) + int(intercept)
        wide[padding] = AIR_HU
        if wide.min() < _INT16.min or wide.max() > _INT16.max:
            raise _NotInt16
        values = wide
    if counts.filled:
        values[padding] = AIR_HU
    if not np.may_share_memory(values, target):
        target[...] = axes.apply(values)
    return counts


def _is_padding(stored: NDArray[Any], image: ImageHeader) -> NDArray[np.bool_]:
    if image.pixel_padding is None:
        return np.zeros((), dtype=np.bool_)
    low, high = image.pixel_padding
    return np.asarray((stored >= low) & (stored <= high))


def _counted(padding: NDArray[np.bool_], image: ImageHeader) -> PaddingCounts:
    count = int(np.count_nonzero(padding))
    if not count:
        return PaddingCounts()
    if not is_believed(image):
        return PaddingCounts(doubted=count)
    enclosed = enclosed_count(padding[None]) if can_hide_tissue(image) else 0
    return PaddingCounts(filled=count, enclosed=enclosed)


def _clear_unused_bits(stored: NDArray[Any], layout: PixelLayout) -> None:
    """Remove what lies outside of the stored bits (overlays of old objects), extend the sign."""
    above = layout.bits_allocated - 1 - layout.high_bit
    unused = layout.bits_allocated - layout.bits_stored
    if not unused:
        return
    if above:
        np.left_shift(stored, above, out=stored)
    np.right_shift(stored, unused, out=stored)


def _surely_int16(layout: PixelLayout, intercept: float) -> bool:
    """Whether no stored value can leave ``int16`` when the intercept is added."""
    bits = layout.bits_stored
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if layout.is_signed else (0, 2**bits - 1)
    # The stored value itself must fit as well, since it is added to in place.
    fits = low + intercept >= _INT16.min and high + intercept <= _INT16.max
    return fits and high <= _INT16.max and abs(intercept) <= _INT16.max
