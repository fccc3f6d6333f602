"""References of scans that are scored already: found in a table, a file or a folder.

A reference says of which scan it is by the UIDs inside of it (DICOM objects, columns of a table) or
by its name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corcal.errors import InputError
from corcal.evaluate.agreement.case_table import is_table, read_table
from corcal.evaluate.agreement.cases import (
    ANNOTATION_STEMS,
    ANNOTATION_SUFFIXES,
    entries_of,
    is_annotation,
    natural,
    stem,
)
from corcal.evaluate.agreement.records import AgatstonScores

__all__ = ["GivenReference", "annotation_beside", "find_references"]

_DICOM_SUFFIXES = ("", ".dcm", ".sr")
# orCaScore: TRV1P1CTI.mhd is the calcium scan, TRV1P1CTAI.mhd the angiogram, TRV1P1R.mhd the marks
_ORCASCORE_MARKS, _ORCASCORE_SCAN = "R", "CTI"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReference:
    """What is known of a scan, and how to find out which scan it is.

    Attributes
    ----------
    name : str
        What the study calls it.
    keys : tuple of str
        UIDs, accession number, names: the first that a scan has decides.
    names : tuple of (str, str)
        Of a line of a table: the columns that name the scan, with their values. None may name
        another scan.
    annotation : Path or None
        Which calcium is coronary, as a person marked it.
    scores : AgatstonScores or None
        Reference scores.
    patient : str or None
        Whose scan it is.
    problem : str or None
        Why it cannot be used.
    """

    name: str
    keys: tuple[str, ...]
    names: tuple[tuple[str, str], ...] = ()
    annotation: Path | None = None
    scores: AgatstonScores | None = None
    patient: str | None = None
    problem: str | None = None


def find_references(path: Path, *, orcascore: bool = False) -> tuple[GivenReference, ...]:
    """Find the references in a table, a file, or a folder with everything below it.

    Parameters
    ----------
    path : Path
        A table of `corcal.evaluate.agreement.case_table`; a DICOM Segmentation, structure set or
        structured report; any other annotation; or a folder of annotations and DICOM objects.
    orcascore : bool
        The folder is one of the orCaScore challenge: its marks have names that end in ``R``.

    Returns
    -------
    tuple of GivenReference

    Raises
    ------
    InputError
        If it does not exist, or there is none.
    """
    if not path.exists():
        msg = f"{path.name or path} does not exist; name a table, a folder or a file"
        raise InputError(msg)
    if is_table(path):
        return tuple(_rows(path))
    if path.is_file():
        return (_orcascore(path, path.parent) if orcascore else _of_file(path, path.parent),)
    found = tuple(_of_folder(path, orcascore=orcascore))
    if not found:
        msg = (
            f"no reference in the folder {path.name or path}: annotations or DICOM reports; "
            "a table is given by itself"
        )
        raise InputError(msg)
    return found


def annotation_beside(scan: Path) -> Path | None:
    """Return the annotation that lies beside a scan, or in its folder.

    Raises
    ------
    InputError
        If there are several.
    """
    for folder in (scan, scan.parent) if scan.is_dir() else (scan.parent,):
        found = sorted((one for one in entries_of(folder) if is_annotation(one)), key=natural)
        if len(found) > 1:
            names = ", ".join(one.name for one in found)
            msg = f"several annotations beside one scan: {names}; one is needed"
            raise InputError(msg)
        if found:
            return found[0]
    return None


def _rows(path: Path) -> Iterator[GivenReference]:
    for row in read_table(path):
        problem = None
        if row.annotation is None and row.scores is None:
            problem = "no reference: neither an annotation nor a score is given"
        elif row.annotation is not None and not row.annotation.is_file():
            problem = f"its annotation {row.annotation.name} is no file"
        yield GivenReference(
            name=row.key,
            keys=tuple(dict.fromkeys(one for one in (row.series, row.key) if one)),
            names=row.names,
            annotation=row.annotation,
            scores=row.scores,
            patient=row.patient,
            problem=problem,
        )


def _of_folder(folder: Path, *, orcascore: bool) -> Iterator[GivenReference]:
    for path in sorted(folder.rglob("*"), key=lambda one: (one.parent.as_posix(), *natural(one))):
        if not path.is_file() or path.name.startswith("."):
            continue
        suffix = path.suffix.lower()
        if orcascore:
            if suffix == ".mhd" and path.stem.upper().endswith(_ORCASCORE_MARKS):
                yield _orcascore(path, folder)
        elif suffix in _DICOM_SUFFIXES:
            found = _of_dicom(path, folder)
            if found is not None:
                yield found
        elif path.name.lower().endswith(ANNOTATION_SUFFIXES):
            yield _named(path, folder)


def _orcascore(path: Path, root: Path) -> GivenReference:
    patient = path.stem[: -len(_ORCASCORE_MARKS)]
    return _named(path, root, (patient + _ORCASCORE_SCAN, patient))


def _of_file(path: Path, folder: Path) -> GivenReference:
    found = _of_dicom(path, folder) if path.suffix.lower() in _DICOM_SUFFIXES else None
    return found or _named(path, folder)


def _named(path: Path, root: Path, names: tuple[str, ...] = ()) -> GivenReference:
    """Take marks for the scan of their name, or of their folder's where the name says nothing."""
    return GivenReference(
        name=path.relative_to(root).as_posix(),
        keys=names or _names(path, root),
        annotation=path,
    )


def _names(path: Path, root: Path) -> tuple[str, ...]:
    own, folder = stem(path.name), path.parent.relative_to(root).as_posix()
    of_folder = () if folder == "." else (folder, path.parent.name)
    named = (own, f"{folder}/{own}") if of_folder else (own,)
    return of_folder + named if own.lower() in ANNOTATION_STEMS else named + of_folder


def _of_dicom(path: Path, root: Path) -> GivenReference | None:
    """Read what a DICOM object is about; images and other files are passed over."""
    # pydicom is slow to import, and most references are no DICOM
    from corcal.interop.dicom.foreign_scores import read_dicom_reference

    name = path.relative_to(root).as_posix()
    try:
        found = read_dicom_reference(path)
    except InputError as exc:
        return GivenReference(name=name, keys=(), problem=str(exc))
    if found is None:
        return None
    study = () if found.study is None else (found.study,)
    keys = tuple(dict.fromkeys((*found.series, *study, *_names(path, root))))
    if found.kind == "marks":
        return GivenReference(name=name, keys=keys, annotation=path)
    scores = dict(found.scores)
    total = scores.pop("total", None)
    return GivenReference(name=name, keys=keys, scores=AgatstonScores(total=total, vessels=scores))
