"""What a header says of each frame: classic objects, and the functional groups of enhanced CT.

An enhanced object keeps these values in sequences, either shared by all frames or one item a frame
(DICOM PS3.3 C.7.6.16 and C.8.15.3). A classic object keeps them at the top of the data set.
"""

from dataclasses import dataclass

from corcal.ct.dicom.gating import gating_of
from corcal.ct.dicom.stated import slice_thickness_mm, tube_voltage_kv
from corcal.ct.dicom.tags import Scope, Tags

__all__ = ["Frame", "Plane", "Rescale", "frames_of", "placed_count", "scope_of"]

MAX_FRAMES = 20_000  # a whole-body CT at 0.5 mm has 4000

_SHARED, _PER_FRAME = 0x52009229, 0x52009230

Position = tuple[float, float, float]
Orientation = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Where a frame is; ``None`` for what is missing or malformed."""

    position_mm: Position | None
    orientation: Orientation | None
    pixel_spacing_mm: tuple[float, float] | None
    slice_thickness_mm: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescale:
    """How stored values become HU; ``None`` for what is missing or malformed."""

    slope: float | None
    intercept: float | None
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame; `number` is one-based in enhanced objects and ``None`` in classic ones."""

    number: int | None
    plane: Plane
    rescale: Rescale
    image_type: tuple[str, ...]
    kvp: float | None
    kernel: str | None
    acquisition_number: int | None
    phase: float | None
    trigger_ms: float | None
    temporal_position: int | None
    stack_id: str | None


def frames_of(tags: Tags, *, is_enhanced: bool) -> tuple[Frame, ...]:
    """Return the frames of an object, at least one."""
    if not is_enhanced:
        return (_frame(Scope(tags), None),)
    shared, own = tags.items(_SHARED)[:1], tags.items(_PER_FRAME)
    count = max(tags.integer(0x00280008) or 1, 1)
    if count > MAX_FRAMES:
        count = 1  # enough to refuse the object by its number of frames
    return tuple(_frame(Scope(tags, (*own[k : k + 1], *shared)), k + 1) for k in range(count))


def placed_count(tags: Tags) -> int | None:
    """Return for how many frames there are items of their own, ``None`` if for none."""
    return len(tags.items(_PER_FRAME)) or None


def scope_of(tags: Tags, frame_number: int | None) -> Scope:
    """Return where to look for the attributes of a frame (one-based), or of a classic object."""
    if frame_number is None:
        return Scope(tags)
    own = tags.items(_PER_FRAME)[frame_number - 1 : frame_number]
    return Scope(tags, (*own, *tags.items(_SHARED)[:1]))


def _frame(scope: Scope, number: int | None) -> Frame:
    content = 0x00209111  # Frame Content Sequence
    acquisition = scope.find(content, 0x00209156)  # Frame Acquisition Number, a binary integer
    number_of = acquisition.ushort if 0x00209156 in acquisition else None
    return Frame(
        number=number,
        plane=_plane(scope),
        rescale=_rescale(scope),
        image_type=scope.find(0x00189329, 0x00089007).texts(0x00089007)
        or scope.top.texts(0x00080008),
        kvp=tube_voltage_kv(scope),
        kernel=scope.find(0x00189314, 0x00181210).decoded(0x00181210),
        acquisition_number=number_of(0x00209156) if number_of else scope.top.integer(0x00200012),
        phase=gating_of(scope).phase_percent,
        trigger_ms=_trigger(scope),
        temporal_position=_temporal_position(scope, content),
        stack_id=scope.find(content, 0x00209056).decoded(0x00209056),
    )


def _plane(scope: Scope) -> Plane:
    position = scope.find(0x00209113, 0x00200032).numbers(0x00200032, 3)
    orientation = scope.find(0x00209116, 0x00200037).numbers(0x00200037, 6)
    measures = scope.find(0x00289110, 0x00280030)
    spacing = measures.numbers(0x00280030, 2)
    if spacing is not None and min(spacing) <= 0:
        spacing = None
    return Plane(
        position_mm=None if position is None else (position[0], position[1], position[2]),
        orientation=None if orientation is None else _six(orientation),
        pixel_spacing_mm=None if spacing is None else (spacing[0], spacing[1]),
        slice_thickness_mm=slice_thickness_mm(scope),
    )


def _six(values: tuple[float, ...]) -> Orientation:
    a, b, c, d, e, f = values
    return a, b, c, d, e, f


def _rescale(scope: Scope) -> Rescale:
    values = scope.find(0x00289145, 0x00281053)
    slope = _one(values, 0x00281053)
    return Rescale(
        slope=slope or None,  # a slope of zero is no rescale
        intercept=_one(scope.find(0x00289145, 0x00281052), 0x00281052),
        kind=scope.find(0x00289145, 0x00281054).text(0x00281054),
    )


def _one(tags: Tags, tag: int) -> float | None:
    """Return a number of which there must not be several."""
    values = tags.numbers(tag, 1)
    return values[0] if values else None


def _trigger(scope: Scope) -> float | None:
    nominal = scope.find(0x00189118, 0x00209153).floats(0x00209153, "d")
    return nominal[0] if nominal else scope.top.number(0x00181060)


def _temporal_position(scope: Scope, content: int) -> int | None:
    index = scope.find(content, 0x00209128)
    if 0x00209128 in index:  # Temporal Position Index
        return index.ulong(0x00209128)
    return scope.top.integer(0x00200100)
