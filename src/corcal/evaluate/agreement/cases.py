"""Which scans a study has, and where the reference of each is.

Three descriptions are read: a table (CSV) with a line a scan; a folder whose scans have an
annotation beside them; and scans with their references elsewhere, joined by name.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from corcal.ct.volume_formats import FORMATS, volume_suffix
from corcal.errors import InputError
from corcal.evaluate.agreement.case_table import TableRow, is_table, read_table, two_scans_words
from corcal.evaluate.agreement.records import AgatstonScores

__all__ = [
    "ANNOTATION_STEMS",
    "ANNOTATION_SUFFIXES",
    "Case",
    "entries_of",
    "is_annotation",
    "natural",
    "read_cases",
    "read_orcascore_cases",
    "scans_without_reference",
    "stem",
]

_ROI_SUFFIXES = (".xml", ".plist")
ANNOTATION_STEMS = ("annotation", "annotations", "calcium", "labels", "marks", "reference", "seg")
ANNOTATION_SUFFIXES = (*_ROI_SUFFIXES, ".dcm", *FORMATS)
_SCAN_FOLDERS = ("dicom", "scan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A scan and its reference.

    Attributes
    ----------
    name : str
        What the report calls it.
    patient : str
        Whose scan it is.
    scan : Path
        Folder or file.
    annotation : Path or None
        Which calcium is coronary, as a person marked it.
    scores : AgatstonScores or None
        Reference scores.
    series : str or None
        The series to score, if not the one that corcal chooses.
    problem : str or None
        Why it cannot be compared at all.
    """

    name: str
    patient: str
    scan: Path
    annotation: Path | None = None
    scores: AgatstonScores | None = None
    series: str | None = None
    problem: str | None = None


def read_cases(paths: Sequence[Path], reference: Path | None = None) -> tuple[Case, ...]:
    """Find the scans of a study and their references.

    Parameters
    ----------
    paths : sequence of Path
        Without `reference`: tables that name scans and references, or folders that hold scans with
        an annotation beside each. With it: scans, or folders of scans.
    reference : Path, optional
        A table of scores (or annotations) by scan; a folder of annotations, each with the name of
        its scan, or in a folder of this name; or, for one scan, its annotation.

    Returns
    -------
    tuple of Case
        A scan whose reference is not clear has a problem, and so has a reference without a scan.

    Raises
    ------
    InputError
        If something does not exist, a table cannot be read, or no scan is found at all.
    """
    for path in (*paths, *([] if reference is None else [reference])):
        if not path.exists():
            msg = f"{path.name or path} does not exist; name a table, a folder or a file"
            raise InputError(msg)
    if reference is None:
        return tuple(case for path in paths for case in _self_described(path))
    if reference.is_dir():
        rows = _rows_of_folder(reference)
    elif is_table(reference):
        rows = read_table(reference)
    elif len(paths) == 1:
        key = stem(paths[0].name)
        return (_case(key, paths[0], TableRow(key=key, annotation=reference)),)
    else:
        msg = f"one annotation is no reference of {len(paths)} scans; give a folder or a table"
        raise InputError(msg)
    return tuple(_once_each(_joined(row, paths) for row in rows))


def scans_without_reference(paths: Sequence[Path], cases: Sequence[Case]) -> int:
    """Count the scans that were given and that no case is of, as far as names tell.

    Parameters
    ----------
    paths : sequence of Path
        Scans, or folders of scans: in these each folder, volume and archive is one.
    cases : sequence of Case
        What `read_cases` has found of them.
    """
    known = {case.scan.resolve() for case in cases}
    scans = {
        one.resolve()
        for path in paths
        if path.resolve() not in known
        for one in (_scans_of(path) if path.is_dir() else (path,))
    }
    # as `_is_one_scan`, without a comparison of every scan with every case
    around = {folder for one in known for folder in (one, *one.parents)}
    return sum(scan not in around and known.isdisjoint(scan.parents) for scan in scans)


def read_orcascore_cases(paths: Sequence[Path], reference: Path | None = None) -> tuple[Case, ...]:
    """Find the scans of the orCaScore challenge (``TRV1P1CTI.mhd``) and their label images.

    Parameters
    ----------
    paths : sequence of Path
        Folders with scans.
    reference : Path, optional
        Folder with label images (``TRV1P1R.mhd``), or one of them; by default those of the scans.

    Returns
    -------
    tuple of Case
        A label image without its scan has a problem.

    Raises
    ------
    InputError
        If there is no label image.
    """
    from corcal.evaluate.agreement.references import find_references

    volumes = [
        one
        for path in paths
        for one in (path.rglob("*") if path.is_dir() else (path,))
        if one.suffix == ".mhd"
    ]
    folders = (reference,) if reference is not None else tuple(paths)
    cases = []
    for given in (one for folder in folders for one in find_references(folder, orcascore=True)):
        row = TableRow(key=given.keys[0], annotation=given.annotation)
        scans = [one for one in volumes if one.stem.casefold() == row.key.casefold()]
        if len(scans) == 1:
            cases.append(_case(row.key, scans[0], row))
        else:
            what = f"{len(scans)} scans named {row.key}.mhd where scans were given"
            cases.append(_problem(row, Path(row.key), what))
    return tuple(cases)


def _self_described(path: Path) -> list[Case]:
    """Read a table, or search a folder for scans with an annotation beside them."""
    if is_table(path):
        rows = read_table(path)
        if all(row.annotation is None and row.scores is None for row in rows):
            msg = f"{path.name} has no reference: it needs annotation_path, total or the arteries"
            raise InputError(msg)
        return list(_once_each(_joined(row, (path.parent,)) for row in rows))
    if not path.is_dir():
        msg = f"{path.name} is a single file: give its annotation with --reference"
        raise InputError(msg)
    cases = [_beside(folder, found, path) for folder, found in _annotated(path, set())]
    if not cases:
        msg = (
            f"no scan with an annotation beside it under {path.name or path}; give a table, or "
            "the references with --reference"
        )
        raise InputError(msg)
    return cases


def _beside(folder: Path, annotations: Sequence[Path], root: Path) -> Case:
    """Take what lies beside the annotation of a folder for its scan."""
    name = folder.relative_to(root).as_posix() if folder != root else folder.name
    row = TableRow(key=name, annotation=annotations[0])
    if len(annotations) > 1:
        names = ", ".join(one.name for one in annotations)
        what = f"several annotations beside one scan: {names}; one is needed"
        return _problem(row, folder, what)
    scan = _scan_beside(folder, entries_of(folder))
    if scan is None:
        what = f"which is the scan beside {annotations[0].name} is not clear: one folder or volume"
        return _problem(row, folder, f"{what} is needed")
    return _case(name, scan, row)


def _annotated(folder: Path, seen: set[Path]) -> Iterator[tuple[Path, list[Path]]]:
    """Yield the folders that hold annotations, with these, and nothing that lies below one.

    Links are followed; each real folder is visited once, also if a link leads back to it.
    """
    real = folder.resolve()
    if real in seen:
        return
    seen.add(real)
    entries = entries_of(folder)
    annotations = [one for one in entries if is_annotation(one)]
    if annotations:
        yield folder, annotations
        return
    for one in entries:
        if one.is_dir():
            yield from _annotated(one, seen)


def entries_of(folder: Path) -> list[Path]:
    """Return what lies in a folder, without hidden files, 2 before 10."""
    visible = (one for one in folder.iterdir() if not one.name.startswith("."))
    return sorted(visible, key=natural)


def _scans_of(folder: Path) -> list[Path]:
    """List what may each be a scan in a folder; the folder itself, if it holds one."""
    entries = [one for one in entries_of(folder) if not is_table(one)]
    scans = [one for one in entries if one.is_dir() or _is_whole_scan(one)]
    if not scans or any(is_annotation(one) for one in entries):
        return [folder] if entries else []
    return scans


def _is_whole_scan(file: Path) -> bool:
    return volume_suffix(file.name) is not None or file.suffix.lower() == ".zip"


def _scan_beside(folder: Path, entries: list[Path]) -> Path | None:
    """Tell which entry of a folder is the scan: a subfolder, a volume, or the folder itself."""
    others = [one for one in entries if not is_annotation(one)]
    folders = [one for one in others if one.is_dir()]
    named = [one for one in folders if one.name.lower() in _SCAN_FOLDERS]
    if len(named or folders) == 1:
        return (named or folders)[0]
    if folders:
        return None
    files = [one for one in others if _is_whole_scan(one)]
    if files:
        return files[0] if len(files) == 1 else None
    return folder if others else None


def is_annotation(path: Path) -> bool:
    """Whether what lies beside a scan is an annotation, by its name."""
    lower = path.name.lower()
    if not path.is_file():
        return False
    if lower.endswith(_ROI_SUFFIXES):
        return True
    return lower.split(".")[0] in ANNOTATION_STEMS and lower.endswith(ANNOTATION_SUFFIXES)


def _rows_of_folder(folder: Path) -> list[TableRow]:
    """Take every annotation of a folder for the scan of the same name, or of its folder's name."""
    files = [
        one
        for one in entries_of(folder)
        if one.is_file() and one.name.lower().endswith(ANNOTATION_SUFFIXES)
    ]
    rows = [TableRow(key=stem(one.name), annotation=one) for one in files] or [
        TableRow(key=_name_of(one, folder), annotation=one)
        for _, found in _annotated(folder, set())
        for one in found
    ]
    if not rows:
        msg = (
            f"no annotation in the folder {folder.name or folder} given as reference, nor in those "
            "below it"
        )
        raise InputError(msg)
    return rows


def _name_of(annotation: Path, root: Path) -> str:
    """Name of the scan that an annotation in a folder below is of: calcium.xml says nothing."""
    own = stem(annotation.name)
    is_common = own.lower() in ANNOTATION_STEMS
    return annotation.parent.relative_to(root).as_posix() if is_common else own


def _once_each(cases: Iterable[Case]) -> Iterator[Case]:
    """Give a second reference of a scan, or of a series that is named, its problem."""
    names: dict[tuple[Path, str | None], str] = {}
    for case in cases:
        series = (case.scan, case.series)
        if case.problem is None and series in names:
            problem = f"its scan has another reference already: {names[series]}"
            yield replace(case, problem=problem)
            continue
        if case.problem is None:
            names[series] = case.name
        yield case


def _joined(row: TableRow, paths: Sequence[Path]) -> Case:
    """Find the scan that a row means."""
    found = _named(row.key, paths)
    if not found:
        return _problem(row, Path(row.key), "no scan of this name where scans were given")
    if len(found) > 1:
        return _problem(row, found[0], f"{len(found)} scans of this name; it must be one")
    for other in row.names[1:]:
        others = _named(other[1], paths)
        if others and not any(_is_one_scan(found[0], one) for one in others):
            return _problem(row, found[0], two_scans_words(row.names[0], other))
    return _case(row.key, _without_annotation(found[0]), row)


def _named(name: str, paths: Sequence[Path]) -> list[Path]:
    """Find what has a name, or is at a path, where scans were given."""
    found: list[Path] = []
    for path in paths:
        if (path / name).exists():
            found.append(path / name)
        elif name in {path.name, stem(path.name)}:
            found.append(path)
        elif path.is_dir():
            found += [one for one in path.iterdir() if one.is_file() and stem(one.name) == name]
    return found


def _is_one_scan(one: Path, other: Path) -> bool:
    """Whether two places are the same, or one is inside the other, as 7/dicom in 7."""
    one, other = one.resolve(), other.resolve()
    return one == other or one in other.parents or other in one.parents


def _without_annotation(scan: Path) -> Path:
    """Pass by an annotation beside a scan: a label volume would be taken for a second scan."""
    if not scan.is_dir():
        return scan
    entries = entries_of(scan)
    beside = any(is_annotation(one) for one in entries)
    return (_scan_beside(scan, entries) or scan) if beside else scan


def _case(name: str, scan: Path, row: TableRow) -> Case:
    if row.annotation is None and row.scores is None:
        return _problem(row, scan, "no reference: neither an annotation nor a score is given")
    if row.annotation is not None and not row.annotation.is_file():
        return _problem(row, scan, f"its annotation {row.annotation.name} is no file")
    return Case(
        name=name,
        patient=row.patient or str(scan.resolve()),
        scan=scan,
        annotation=row.annotation,
        scores=row.scores,
        series=row.series,
    )


def _problem(row: TableRow, scan: Path, problem: str) -> Case:
    return Case(name=row.key, patient=row.patient or row.key, scan=scan, problem=problem)


def stem(name: str) -> str:
    """Name without the suffix of a volume, an archive or an annotation."""
    suffix = volume_suffix(name)
    return name[: -len(suffix)] if suffix else Path(name).stem


def natural(path: Path) -> tuple[int, str]:
    """Order names that are numbers by their size: 2 before 10."""
    return (int(path.stem) if path.stem.isdecimal() else -1, path.name)
