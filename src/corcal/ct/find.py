"""Find the series of what was given, by headers alone."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path, PurePosixPath

from corcal.ct.checks import check_identity, check_stack
from corcal.ct.dicom.acquisition import read_acquisition, read_identity, read_patient
from corcal.ct.dicom.enhanced import scope_of
from corcal.ct.dicom.header import Instance, read_instances, read_tags
from corcal.ct.dicom.stated import impossible_values
from corcal.ct.files import Candidate, FileOpener, SkipFile, list_candidates
from corcal.ct.findings import finding
from corcal.ct.geometry import measure_stack
from corcal.ct.scan import Finding, Severity
from corcal.ct.series import Catalog, ImageHeader, Series, SkippedFile
from corcal.ct.stacks import Stack, stacks_of
from corcal.ct.volume_files import is_volume_name, volume_series
from corcal.ct.wording import shown_code, shown_uid
from corcal.errors import InputError
from corcal.progress import Progress, no_progress

__all__ = ["find_series", "find_series_among"]

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # also the prefix of its multi-frame classes


def find_series(path: Path | str, *, progress: Progress = no_progress) -> Catalog:
    """List the series of a folder, a zip archive or a file.

    Reads headers, not pixels (apart from comparing slices that are at the same position). Nothing
    is written to disk, except a NIfTI, NRRD or MetaImage member of an archive for the moment in
    which its header is read.

    Parameters
    ----------
    path : Path or str
        A folder (searched to any depth, whatever the files are called), a zip archive, a DICOM
        file, or a NIfTI, NRRD or MetaImage file.
    progress : Progress, optional
        Called after each file.

    Returns
    -------
    Catalog
        The series, by study, number and UID, and the files that belong to none, with the reason.

    Raises
    ------
    InputError
        If the path is empty or none at all, does not exist or cannot be read, or if no series is
        in it.
    """
    given = _path(path)
    with FileOpener() as opener:
        candidates, passed_over = list_candidates(given, opener)
        return _catalog(given.name or str(given), candidates, passed_over, opener, progress)


def _path(given: Path | str) -> Path:
    """Refuse what is no path; an empty text would be the folder that the program runs in."""
    if not isinstance(given, str | PathLike):
        msg = f"a path is needed, as text or pathlib.Path, got {type(given).__name__}"
        raise InputError(msg)
    if not fspath(given) or "\0" in str(given):
        msg = "a path is needed, got an empty text" if not given else "a path holds no zero byte"
        raise InputError(msg)
    return Path(given)


def find_series_among(
    candidates: Sequence[Candidate],
    opener: FileOpener,
    *,
    called: str,
    progress: Progress = no_progress,
) -> Catalog:
    """List the series of files that are listed already, wherever each of them lies.

    Parameters
    ----------
    candidates : sequence of Candidate
        The files; the same file must not be there twice.
    opener : FileOpener
        Opens them.
    called : str
        What they are called together, for messages.
    progress : Progress, optional
        Called after each file.

    Returns
    -------
    Catalog
        As of `find_series`.

    Raises
    ------
    InputError
        If no series is among them.
    """
    return _catalog(called, candidates, (), opener, progress)


def _catalog(
    called: str,
    candidates: Sequence[Candidate],
    passed_over: Sequence[SkippedFile],
    opener: FileOpener,
    progress: Progress,
) -> Catalog:
    instances: list[Instance] = []
    series: list[Series] = []
    skipped = list(passed_over)
    damaged = 0
    for done, candidate in enumerate(candidates, start=1):
        try:
            if is_volume_name(candidate.source):
                series.append(volume_series(candidate, opener))
            else:
                instances.extend(read_instances(candidate, opener))
        except SkipFile as skip:
            skipped.append(SkippedFile(source=candidate.source, reason=skip.reason))
            damaged += skip.is_damaged
        progress(done, len(candidates), "reading headers")
    series += _dicom_series(instances, opener)
    if not series:
        raise InputError(_nothing_found(called, candidates, skipped))
    if damaged:
        series = [_with_damage(one, damaged) for one in series]
    return Catalog(series=tuple(sorted(series, key=_sort_key)), skipped=tuple(skipped))


def _sort_key(series: Series) -> tuple[str, int, str]:
    identity = series.identity
    return identity.study_instance_uid or "", identity.series_number or 0, series.key


def _nothing_found(
    called: str, candidates: Sequence[Candidate], skipped: Sequence[SkippedFile]
) -> str:
    if len(candidates) == 1 and len(skipped) == 1:
        return f"{skipped[0].source}: {skipped[0].reason}"
    example = f", first {skipped[0].source}: {skipped[0].reason}" if skipped else ""
    return (
        f"{called}: no image series in {len(candidates)} files{example}; a folder of "
        "DICOM files, a zip of them, or a NIfTI, NRRD or MetaImage file is needed"
    )


def _with_damage(series: Series, count: int) -> Series:
    what = "file was" if count == 1 else "files were"
    message = f"{count} damaged or empty {what} found beside the series: slices may be lost"
    return replace(series, findings=(*series.findings, finding("DAMAGED_FILES", message)))


def _dicom_series(instances: Sequence[Instance], opener: FileOpener) -> list[Series]:
    groups: dict[Hashable, list[Instance]] = {}
    for instance in instances:
        groups.setdefault(_series_of(instance), []).append(instance)
    series: list[Series] = []
    for group in groups.values():
        mixed = check_identity(group)
        if mixed:
            series.append(_series(Stack(instances=group, kind="mixed"), None, opener, mixed))
            continue
        stacks = stacks_of(group, opener)
        for number, stack in enumerate(stacks, start=1):
            series.append(_series(stack, str(number) if len(stacks) > 1 else None, opener))
    return series


def _series_of(instance: Instance) -> Hashable:
    """Return what tells series apart; de-identification may have removed the UIDs."""
    if instance.series_uid is not None:
        return instance.series_uid
    folder = PurePosixPath(instance.header.source).parent
    return folder, instance.study_uid, instance.series_number, instance.modality


def _series(
    stack: Stack, name: str | None, opener: FileOpener, mixed: tuple[Finding, ...] = ()
) -> Series:
    instances = sorted(stack.instances, key=_file_order)
    images = tuple(i.header for i in instances)
    spacing: tuple[float, float, float] | None = None
    findings = (*mixed, *stack.findings)
    if instances[0].series_uid is None:
        message = (
            "SeriesInstanceUID (0020,000E) is missing: files of one folder with one series number "
            "are taken as a series"
        )
        findings = (finding("MISSING_SERIES_UID", message), *findings)
    if stack.kind == "slices":
        findings += check_stack(instances)
        if not any(item.severity is Severity.ERROR for item in findings):
            geometry, seen = measure_stack(images)
            findings += seen
            if geometry is not None:
                spacing = geometry.spacing_mm
                images = tuple(images[k] for k in geometry.order)
    elif stack.kind != "mixed":
        images = tuple(i.header for i in instances if i.header.rows is not None)
        findings += (_not_slices(stack, instances),)
    first = images[0] if images else instances[0].header
    return _describe(first, images, spacing, findings, name, opener)


def _file_order(instance: Instance) -> tuple[str, int]:
    return instance.header.source, instance.header.frame_number or 0


def _not_slices(stack: Stack, instances: Sequence[Instance]) -> Finding:
    """Say why images that are no CT slices cannot be read as a scan."""
    instance = instances[0]
    sop_class = instance.header.sop_class_uid or ""
    if stack.kind == "localizer":
        message = f"the {len(instances)} images are localizers: axial slices are needed"
        return finding("LOCALIZER", message)
    if all(i.header.rows is None for i in instances):
        message = f"the objects ({shown_code(instance.modality)}) have no pixels"
        return finding("NO_IMAGES", message)
    if sop_class.startswith(_SECONDARY_CAPTURE) and instance.modality == "CT":
        message = "the images are secondary captures, pictures without HU: CT images are needed"
        return finding("SECONDARY_CAPTURE", message)
    message = (
        f"modality {shown_code(instance.modality)}, SOP class {shown_uid(sop_class)}: CT Image or "
        "Enhanced CT Image is needed"
    )
    return finding("NOT_CT", message)


def _describe(
    first: ImageHeader,
    images: tuple[ImageHeader, ...],
    spacing: tuple[float, float, float] | None,
    findings: tuple[Finding, ...],
    name: str | None,
    opener: FileOpener,
) -> Series:
    """Read acquisition and patient from one image: the lowest slice, however files are called."""
    try:
        tags = read_tags(opener, first)
    except SkipFile as skip:
        msg = f"{first.source} cannot be read any more: {skip.reason}"
        raise InputError(msg) from skip
    scope = scope_of(tags, first.frame_number)
    return Series(
        format="dicom",
        identity=read_identity(tags),
        acquisition=read_acquisition(scope),
        patient=read_patient(tags),
        images=images,
        spacing_mm=spacing,
        findings=(*findings, *impossible_values(scope)),
        stack=name,
    )
