"""From the numbered files of an upload into the store."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from corcal.ct.archive import is_archive
from corcal.errors import InputError
from corcal.progress import Progress, no_progress
from corcal.store.jobs import SCORE
from corcal.store.store import Store

__all__ = ["check_archives", "take_in", "volume_ending"]

_GZIP = b"\x1f\x8b"
_NIFTI_MAGIC_AT = 344
_NIFTI_MAGICS = (b"n+1\0", b"ni1\0")
_HEAD_BYTES = 1024


def take_in(
    store: Store, folder: Path, *, by: str, progress: Progress = no_progress
) -> tuple[str, ...]:
    """Import an upload: loose files together, each archive by itself.

    Parameters
    ----------
    store : Store
        Where to.
    folder : Path
        The upload: files that are called by numbers.
    by : str
        Who uploaded.
    progress : Progress, optional
        Told of each file.

    Returns
    -------
    tuple of str
        The exams, new or known.

    Raises
    ------
    InputError
        If nothing of it is usable; the reason of the first part that is not.
    """
    exams: list[str] = []
    problems: list[InputError] = []
    for path in _parts(folder):
        try:
            report = store.import_study(path, by=by, job_kind=SCORE, progress=progress)
        except InputError as exc:
            problems.append(exc)
        else:
            exams += report.exams
    if not exams:
        raise problems[0] if problems else InputError("the upload has no files")
    return tuple(dict.fromkeys(exams))


def check_archives(folder: Path, *, most_bytes: int) -> None:
    """Refuse archives that would unpack to more than is allowed.

    Raises
    ------
    InputError
        If they declare more; what is read is never more than what is declared.
    """
    total = 0
    for path in sorted(folder.iterdir()):
        if not path.name.isdigit() or not is_archive(path):
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                total += sum(one.file_size for one in archive.infolist())
        except (zipfile.BadZipFile, OSError, ValueError) as exc:
            msg = "an archive is damaged or incomplete"
            raise InputError(msg) from exc
    if total > most_bytes:
        msg = f"the archives would unpack to {total} bytes, allowed are {most_bytes}"
        raise InputError(msg)


def volume_ending(head: bytes) -> str:
    """Tell a volume format by how the file begins: the ending that its reader goes by, or none."""
    if head.startswith(b"NRRD"):
        return ".nrrd"
    if head[_NIFTI_MAGIC_AT : _NIFTI_MAGIC_AT + 4] in _NIFTI_MAGICS:
        return ".nii"
    if head.startswith(b"ObjectType") or head.startswith(b"NDims"):
        return ".mha"
    return ".nii.gz" if head.startswith(_GZIP) else ""


def _parts(folder: Path) -> Iterator[Path]:
    """Give each archive, and a folder of everything else."""
    if not folder.is_dir():
        msg = "the files of the upload are gone: send them again"
        raise InputError(msg)
    loose = folder / "loose"
    loose.mkdir(exist_ok=True)
    for path in sorted(folder.iterdir()):
        if not path.name.isdigit():
            continue
        if is_archive(path):
            yield path
        else:
            with path.open("rb") as file:
                ending = volume_ending(file.read(_HEAD_BYTES))
            (loose / f"{path.name}{ending}").unlink(missing_ok=True)
            (loose / f"{path.name}{ending}").hardlink_to(path)
    if any(loose.iterdir()):
        yield loose
