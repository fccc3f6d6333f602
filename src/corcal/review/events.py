"""What a reader does in a review, as a log that is only ever appended to.

An `Event` is an edit with its number, its reader and its time. Everything that a review is follows
from its log: `corcal.review.replay` folds it into a state. Undo and redo are events of the log,
too, so nothing that was ever done is lost from it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from corcal.described import described
from corcal.errors import InputError
from corcal.lesions.sites import Site
from corcal.review.runs import SliceRuns
from corcal.scoring.rules import rule_named
from corcal.words import MAX_READER

__all__ = [
    "EVENT_SCHEMA",
    "Assign",
    "Comment",
    "Confirm",
    "Edit",
    "Event",
    "MarkRegion",
    "Redo",
    "SetRule",
    "SetThreshold",
    "SplitByBrush",
    "SplitByLine",
    "Undo",
    "edit_from",
    "event_json",
    "event_schema_json",
    "read_event",
    "read_log",
    "site_named",
]

EVENT_SCHEMA = "1.0"
MAX_POINTS = 10_000  # of a freehand region
MAX_CANDIDATES = 100_000  # in one edit
MAX_COMMENT = 10_000  # characters

Point = tuple[float, float]


class _Edit(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """One thing that a reader can do."""


class Assign(_Edit, frozen=True, tag="assign"):
    """Give candidates to a site, or take them out.

    Attributes
    ----------
    candidates : tuple of int
        Ids of candidates as they are now: one that was split has given its place to its parts.
    site : str or None
        `Site.label`; ``None`` removes: what was marked is not calcium.
    """

    candidates: tuple[int, ...]
    site: str | None

    def __post_init__(self) -> None:
        if not 0 < len(self.candidates) <= MAX_CANDIDATES:
            msg = f"{len(self.candidates)} candidates to assign; allowed 1 to {MAX_CANDIDATES}"
            raise InputError(msg)
        if self.site is not None:
            site_named(self.site)


class SplitByLine(_Edit, frozen=True, tag="split_line"):
    """Cut a candidate along a line that was drawn in a slice.

    The line stands upright on the slice and cuts the candidate in all of its slices, as long as it
    was drawn: neighbouring voxels whose connection crosses it are parted. What then hangs together
    no longer is a part of its own. So a short line across the ostium of the left main parts it
    from the wall of the aorta, and does not cut the wall a second time on its other side.

    Coordinates are voxel indices, not mm: a voxel belongs to one side by whole numbers alone, and
    no rounding of an affine, and no gantry tilt, can move it to the other when a log is replayed.

    Attributes
    ----------
    candidate : int
        Id of the candidate.
    slice : int
        Zero-based index of the slice in which the line was drawn: for the record.
    start, end : (y, x)
        Row and column of the ends of the line. Zero-based; whole numbers are pixel centres,
        fractions lie between them.
    """

    candidate: int
    slice: int
    start: Point
    end: Point

    def __post_init__(self) -> None:
        _check_points((self.start, self.end))
        if self.start == self.end:
            msg = f"a cut line needs two different points, got {self.start} twice"
            raise InputError(msg)


class SplitByBrush(_Edit, frozen=True, tag="split_brush"):
    """Part the voxels that a brush has painted from the rest of a candidate.

    Attributes
    ----------
    candidate : int
        Id of the candidate.
    voxels : tuple of SliceRuns
        Painted voxels; those that are none of the candidate's are ignored.
    """

    candidate: int
    voxels: tuple[SliceRuns, ...]

    def __post_init__(self) -> None:
        if not any(one.runs for one in self.voxels):
            msg = "a brush needs at least one painted voxel, got none"
            raise InputError(msg)


class MarkRegion(_Edit, frozen=True, tag="region"):
    """Give everything dense within a freehand polygon to a site.

    What lies inside of candidates is parted from them; voxels at or above the threshold that were
    in no candidate become new ones. A pixel is inside if its centre is, or lies on the line.

    Attributes
    ----------
    points : tuple of (y, x)
        Corners as row and column, in the coordinates of `SplitByLine`; closed by itself.
    first_slice, last_slice : int
        Zero-based; the same polygon in each slice of the range, both ends included.
    site : str or None
        As of `Assign`.
    """

    points: tuple[Point, ...]
    first_slice: int
    last_slice: int
    site: str | None

    def __post_init__(self) -> None:
        if not 3 <= len(self.points) <= MAX_POINTS:
            msg = f"a region has {len(self.points)} points; allowed 3 to {MAX_POINTS}"
            raise InputError(msg)
        _check_points(self.points)
        if not 0 <= self.first_slice <= self.last_slice:
            msg = f"a region reaches from slice {self.first_slice} to {self.last_slice}; "
            raise InputError(msg + "slices count from 0, and the first is not above the last")
        if self.site is not None:
            site_named(self.site)


class SetThreshold(_Edit, frozen=True, tag="threshold"):
    """Count voxels from another value on than the rule says.

    Attributes
    ----------
    threshold_hu : float or None
        Lowest value that counts; ``None`` goes back to that of the rule. It belongs to the rule in
        use: choosing a rule brings the threshold of that rule.
    """

    threshold_hu: float | None

    def __post_init__(self) -> None:
        if self.threshold_hu is not None and not math.isfinite(self.threshold_hu):
            msg = f"threshold_hu must be a finite number, got {self.threshold_hu}"
            raise InputError(msg)


class SetRule(_Edit, frozen=True, tag="rule"):
    """Score by another rule.

    Attributes
    ----------
    rule : str
        A key of `corcal.scoring.rules.RULES`.
    """

    rule: str

    def __post_init__(self) -> None:
        rule_named(self.rule)


class Confirm(_Edit, frozen=True, tag="confirm"):
    """Stand for everything as it is now, also for what was not touched: a complete review."""


class Undo(_Edit, frozen=True, tag="undo"):
    """Take back the last edit that is in force."""


class Redo(_Edit, frozen=True, tag="redo"):
    """Bring back the edit that was undone last, unless something else was done since."""


class Comment(_Edit, frozen=True, tag="comment"):
    """Say something; nothing changes.

    Attributes
    ----------
    text : str
        What a reader wants to be kept with the review.
    candidate : int or None
        What it is about.
    """

    text: str
    candidate: int | None = None

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > MAX_COMMENT:
            msg = f"a comment has {len(self.text)} characters; allowed 1 to {MAX_COMMENT}, not all "
            raise InputError(msg + "of them blank")


Edit = (
    Assign
    | SplitByLine
    | SplitByBrush
    | MarkRegion
    | SetThreshold
    | SetRule
    | Confirm
    | Undo
    | Redo
    | Comment
)
_KINDS: Final = tuple(str(kind.__struct_config__.tag) for kind in _Edit.__subclasses__())


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the log of a review.

    Attributes
    ----------
    sequence : int
        1 for the first event of a review, then without a gap: two readers cannot both append the
        same number, and the second is told.
    reader : str
        Who did it: the reader's identifier where the log is kept.
    when : str
        UTC time in ISO 8601, with ``Z`` or ``+00:00``.
    edit : Edit
        What was done.
    schema : str
        Version of the form of the log.
    """

    sequence: int
    reader: str = field(repr=False)
    when: str
    edit: Edit
    schema: str = EVENT_SCHEMA

    def __post_init__(self) -> None:
        if self.schema.split(".")[0] != EVENT_SCHEMA.split(".")[0]:
            msg = f"the event has schema version {self.schema}; this release reads {EVENT_SCHEMA}"
            raise InputError(msg)
        if self.sequence < 1:
            msg = f"events are numbered from 1, got {self.sequence}"
            raise InputError(msg)
        if not self.reader.strip() or len(self.reader) > MAX_READER:
            msg = f"an event needs a reader of 1 to {MAX_READER} characters, got {len(self.reader)}"
            raise InputError(msg)
        _check_time(self.when)


def event_json(event: Event) -> str:
    """Serialise an event: JSON on one line, without a final newline."""
    return msgspec.json.encode(event).decode()


def read_event(text: str | bytes) -> Event:
    """Read one event back.

    Raises
    ------
    InputError
        If it is no event, of an unknown type, or its numbers cannot be.
    """
    raw = _raw(text, "an event")
    if isinstance(raw, dict):
        _known_kind(raw.get("edit"))
    event: Event = _converted(raw, Event, "an event")
    return event


def edit_from(text: str | bytes) -> Edit:
    """Read what a reader wants to do, before it has a number, a reader and a time.

    Raises
    ------
    InputError
        As of `read_event`.
    """
    raw = _raw(text, "an edit")
    _known_kind(raw)
    edit: Edit = _converted(raw, Edit, "an edit")
    return edit


def read_log(text: str | bytes) -> tuple[Event, ...]:
    """Read a log, one event a line; empty lines are skipped.

    Raises
    ------
    InputError
        As of `read_event`, with the number of the line.
    """
    events = []
    lines: Sequence[str | bytes] = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                events.append(read_event(line))
            except InputError as exc:
                msg = f"line {number}: {exc}"
                raise InputError(msg) from exc
    return tuple(events)


def event_schema_json() -> str:
    """Give the JSON schema (draft 2020-12) of an event, as text with a final newline."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Event))).decode() + "\n"


def site_named(label: str) -> Site:
    """Return the site with a label.

    Raises
    ------
    InputError
        If there is none; the message lists all labels.
    """
    try:
        return _SITES[label]
    except KeyError:
        msg = f"no site {label!r}; the sites are {', '.join(_SITES)}"
        raise InputError(msg) from None


_SITES: Final = {site.label: site for site in Site}


def _check_points(points: tuple[Point, ...]) -> None:
    if not all(math.isfinite(value) and abs(value) < 1e6 for point in points for value in point):
        msg = "points need finite rows and columns, below a million"
        raise InputError(msg)


def _check_time(when: str) -> None:
    try:
        time = datetime.fromisoformat(when)
    except ValueError:
        time = None
    if time is None or time.utcoffset() != timedelta(0):
        msg = f"the time of an event is {when!r}; allowed is ISO 8601 in UTC, 2026-01-02T11:00:00Z"
        raise InputError(msg)


def _raw(text: str | bytes, what: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as exc:
        msg = f"this is not {what}: {exc}"
        raise InputError(msg) from exc


def _known_kind(raw: Any) -> None:
    kind = raw.get("type") if isinstance(raw, dict) else None
    if kind not in _KINDS:
        found = "no type" if kind is None else f"the type {str(kind)[:40]!r}"
        msg = f"an edit has {found}; the types are {', '.join(_KINDS)}"
        raise InputError(msg)


def _converted(raw: Any, kind: Any, what: str) -> Any:
    try:
        return msgspec.convert(raw, described(kind))
    except msgspec.ValidationError as exc:
        msg = f"this is not {what}: {exc}"
        raise InputError(msg) from exc
