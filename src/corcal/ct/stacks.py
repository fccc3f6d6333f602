"""Which images of one SeriesInstanceUID belong together: copies dropped, stacks told apart."""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corcal.ct.dicom.header import CT_CLASSES, Instance
from corcal.ct.dicom.opening import open_dicom
from corcal.ct.files import FileOpener
from corcal.ct.findings import finding
from corcal.ct.geometry import heights_of, label, same_position
from corcal.ct.scan import Finding, Severity
from corcal.ct.wording import shown_text

__all__ = ["Stack", "stacks_of"]


@dataclass(slots=True, kw_only=True)
class Stack:
    """Images that may form a volume, and what happened on the way to them."""

    instances: list[Instance]
    kind: str  # "slices", "localizer" or "other"
    findings: list[Finding] = field(default_factory=list)


# By what a series of several stacks may be told apart, in this order. The first key by which
# every group has one image at each position, and covers at least half of the positions, is taken.
_SPLIT_KEYS: tuple[tuple[str, Callable[[Instance], Hashable]], ...] = (
    ("kernel", lambda i: i.kernel or ""),
    ("tube voltage", lambda i: i.kvp or 0.0),
    ("frame of reference", lambda i: i.frame_of_reference or ""),
    ("image type", lambda i: i.header.image_type),
    ("cardiac phase", lambda i: -1.0 if i.phase is None else i.phase),
    ("trigger time", lambda i: -1.0 if i.trigger_ms is None else i.trigger_ms),
    ("temporal position", lambda i: i.temporal_position or 0),
    ("acquisition number", lambda i: i.header.acquisition_number or 0),
    ("acquisition time", lambda i: i.acquisition_time or ""),
)
_UNSHOWN_KEYS = ("frame of reference", "acquisition time")  # long numbers that help nobody
# A stack that lacks one slice has a gap of twice its increment; a slab between two others, more.
_MAX_GAP_INCREMENTS = 2.5


def stacks_of(instances: Sequence[Instance], opener: FileOpener) -> tuple[Stack, ...]:
    """Divide the images of one series UID into stacks.

    Localizers and images that are no CT slices are set apart; identical copies of slices are
    dropped, with a finding; repeated acquisitions and phases are told apart if that gives stacks
    with one slice at each position, and otherwise left together, to be refused. So are acquisitions
    whose slices lie between each other's, which would else pass for one stack of thinner slices.

    Returns
    -------
    tuple of Stack
        Slices first.
    """
    slices = [i for i in instances if _kind(i) == "slices"]
    localizers = [i for i in instances if _kind(i) == "localizer"]
    others = [i for i in instances if _kind(i) == "other"]
    stacks: list[Stack] = []
    for group in _by_stack_id(slices):
        kept, dropped = _drop_copies(group, opener)
        stacks.extend(_split(kept, dropped))
    _report_several(stacks)
    stacks += [Stack(instances=i, kind="localizer") for i in (localizers,) if i]
    stacks += [Stack(instances=i, kind="other") for i in (others,) if i]
    if localizers and slices:
        message = f"{len(localizers)} localizer images of this series UID are listed apart"
        for stack in stacks:
            if stack.kind == "slices":
                stack.findings.append(finding("LOCALIZER", message, Severity.INFO))
    return tuple(stacks)


def _kind(instance: Instance) -> str:
    if instance.modality != "CT" or instance.header.sop_class_uid not in CT_CLASSES:
        return "other"
    is_localizer = any(value.upper() == "LOCALIZER" for value in instance.header.image_type)
    return "localizer" if is_localizer else "slices"


def _by_stack_id(instances: Sequence[Instance]) -> list[list[Instance]]:
    """Tell apart the stacks that enhanced objects name themselves, if they name all of them."""
    if not instances:
        return []
    if any(instance.stack_id is None for instance in instances):
        return [list(instances)]
    groups: dict[str, list[Instance]] = {}
    for instance in instances:
        groups.setdefault(instance.stack_id or "", []).append(instance)
    return [groups[key] for key in sorted(groups)]


def _drop_copies(
    instances: Sequence[Instance], opener: FileOpener
) -> tuple[list[Instance], tuple[Finding, ...]]:
    """Keep one of several images with the same position and the same pixels."""
    kept: list[Instance] = []
    dropped: list[tuple[Instance, Instance]] = []
    for cluster in _clusters(instances):
        originals: dict[bytes, Instance] = {}
        for instance in cluster:
            digest = _pixel_digest(instance, opener) if len(cluster) > 1 else b""
            if digest in originals:
                dropped.append((instance, originals[digest]))
            else:
                originals[digest] = instance
        kept.extend(originals.values())
    if not dropped:
        return list(instances), ()
    copy, original = dropped[0]
    more = f", and {len(dropped) - 1} more" if len(dropped) > 1 else ""
    message = (
        f"{label(copy.header)} is an identical copy of {label(original.header)}{more}: copies "
        "were dropped"
    )
    return kept, (finding("DUPLICATE_SLICES", message),)


def _clusters(instances: Sequence[Instance]) -> list[list[Instance]]:
    """Group images by position; those without one stay alone."""
    placed = [i for i in instances if i.header.position_mm is not None]
    clusters = [[i] for i in instances if i.header.position_mm is None]
    placed.sort(key=lambda i: (i.header.position_mm or (0.0, 0.0, 0.0))[::-1])
    for instance in placed:
        # Slices 0.02 mm apart do not exist, so that comparing with the last cluster is enough.
        if clusters and same_position(clusters[-1][0].header, instance.header):
            clusters[-1].append(instance)
        else:
            clusters.append([instance])
    return clusters


def _pixel_digest(instance: Instance, opener: FileOpener) -> bytes:
    """Fingerprint of the stored pixels and of how they become HU."""
    image, layout = instance.header, instance.header.layout
    recipe = repr(
        (
            image.rescale_slope,
            image.rescale_intercept,
            image.pixel_padding,
            image.orientation,
            image.pixel_spacing_mm,
            image.transfer_syntax_uid,
            None
            if layout is None
            else (layout.bits_allocated, layout.bits_stored, layout.high_bit, layout.is_signed),
        )
    ).encode()
    digest = hashlib.sha256(recipe)
    if layout is None:
        return digest.digest()
    with open_dicom(opener, image.path, image.member) as file:
        if image.frame_number is None or layout.length is None:
            file.seek(layout.offset)
            digest.update(file.read() if layout.length is None else file.read(layout.length))
            digest.update(str(image.frame_number).encode())
        else:
            size = layout.length // layout.frame_count
            file.seek(layout.offset + (image.frame_number - 1) * size)
            digest.update(file.read(size))
    return digest.digest()


def _split(instances: list[Instance], dropped: tuple[Finding, ...]) -> list[Stack]:
    """Tell apart repeated acquisitions: positions occupied more than once, or interleaved."""
    positions = _clusters(instances)
    is_repeated = len(positions) < len(instances)
    for name, key in _SPLIT_KEYS:
        groups: dict[Hashable, list[Instance]] = {}
        for instance in instances:
            groups.setdefault(key(instance), []).append(instance)
        if len(groups) < 2:
            continue
        if is_repeated:
            is_split = all(_is_stack(g, len(positions)) for g in groups.values())
        else:
            is_split = _are_interleaved(list(groups.values()))
        if not is_split:
            continue
        ordered = sorted(groups.items(), key=lambda item: _sort_key(item[0]))
        return [
            Stack(
                instances=group,
                kind="slices",
                findings=[*dropped, _told_apart(name, len(groups), value)],
            )
            for value, group in ordered
        ]
    return [Stack(instances=instances, kind="slices", findings=list(dropped))]


def _is_stack(group: Sequence[Instance], position_count: int) -> bool:
    """One image at each position, at two positions at least, and at half of all."""
    return len(_clusters(group)) == len(group) >= max(2, (position_count + 1) // 2)


def _are_interleaved(groups: Sequence[Sequence[Instance]]) -> bool:
    """Whether every group is a stack of its own that lies between the slices of another.

    Acquisitions that follow each other (step-and-shoot), a number for each slice, and slabs of one
    phase before and after a slab of another are one stack.
    """
    if any(len(group) < 2 for group in groups):
        return False
    first = groups[0][0].header
    if any(i.header.position_mm is None for group in groups for i in group):
        return False
    heights = [np.sort(heights_of([i.header for i in group], first)) for group in groups]
    if not all(_has_no_slab_missing(each) for each in heights):
        return False
    return all(
        any(_overlap(one, other) for other in heights if other is not one) for one in heights
    )


def _has_no_slab_missing(heights: NDArray[np.float64]) -> bool:
    gaps = np.diff(heights)
    return float(gaps.max()) <= _MAX_GAP_INCREMENTS * float(np.median(gaps))


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two ranges share at least half of the shorter one."""
    shared = min(one[-1], other[-1]) - max(one[0], other[0])
    return bool(shared > 0 and shared >= min(np.ptp(one), np.ptp(other)) / 2)


def _sort_key(value: Hashable) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, repr(value))


def _told_apart(name: str, count: int, value: Hashable) -> Finding:
    shown = "" if name in _UNSHOWN_KEYS else f": this one has {_text(value)}"
    message = f"the series UID holds {count} stacks of slices that differ in {name}{shown}"
    return finding("MULTIPLE_ACQUISITIONS", message)


def _text(value: Hashable) -> str:
    if isinstance(value, tuple):
        return shown_text("\\".join(str(part) for part in value))
    return f"{value:g}" if isinstance(value, int | float) else shown_text(str(value)) or "none"


def _report_several(stacks: Sequence[Stack]) -> None:
    """Say that there are several stacks where nothing has said so yet (named by the object)."""
    if len(stacks) < 2:
        return
    for stack in stacks:
        if not any(item.code == "MULTIPLE_ACQUISITIONS" for item in stack.findings):
            name = shown_text(str(stack.instances[0].stack_id))
            message = f"the series UID holds {len(stacks)} stacks: this one is StackID {name}"
            stack.findings.append(finding("MULTIPLE_ACQUISITIONS", message))
