"""The formats of ``corcal report``: what each needs, and what writes it."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corcal.cli import plain
from corcal.cli.report_documents import (
    Setting,
    begin_clinician,
    begin_letter,
    setting_ended,
    write_clinician,
    write_letter,
)
from corcal.cli.report_request import Request
from corcal.cli.report_writers import (
    begin_embedded,
    write_csv,
    write_fhir,
    write_hl7,
    write_key,
    write_labelmap,
    write_parquet,
    write_pdf,
    write_seg,
    write_sr,
)
from corcal.errors import InputError

if TYPE_CHECKING:
    from corcal.pipeline import Exam

__all__ = [
    "FORMATS",
    "Format",
    "chosen_formats",
    "files_of",
    "tell_without_dicom",
    "write_report",
]

_KEYS = ("key_LM", "key_LAD", "key_LCX", "key_RCA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: what it is, and what writes it.

    Attributes
    ----------
    help : str
        A few words.
    write : callable
        Writes the files and gives their paths. It imports what it needs when it is called.
    files : tuple of str
        Names of all files that it may write.
    begin : callable or None
        Begins what `write` waits for: other formats are written meanwhile.
    is_default : bool
        Whether it is written when nobody names a format.
    is_dicom : bool
        Whether it refers to the images that were scored: it needs the scan, and a DICOM one.
    shows_pictures : bool
        Whether it shows pictures of the scan.
    """

    help: str
    write: Callable[[Request], tuple[Path, ...]]
    files: tuple[str, ...]
    begin: Callable[[Request], Setting | None] | None = None
    is_default: bool = True
    is_dicom: bool = False
    shows_pictures: bool = False


# A format is added by a line here, and by nothing else. They are written in this order, but for
# those that wait: the segmentation before the report that refers to it.
FORMATS: dict[str, Format] = {
    "clinician": Format(
        help="report for a clinician, PDF and HTML",
        write=write_clinician,
        begin=begin_clinician,
        files=("report.pdf", "report.html"),
        shows_pictures=True,
    ),
    "patient": Format(
        help="letter to the patient, PDF and HTML",
        write=write_letter,
        begin=begin_letter,
        files=("letter.pdf", "letter.html"),
    ),
    "fhir": Format(
        help="FHIR R4 bundle",
        write=write_fhir,
        begin=begin_embedded,
        files=("fhir.json",),
        shows_pictures=True,
    ),
    "hl7": Format(
        help="HL7 v2.5.1 message ORU^R01",
        write=write_hl7,
        begin=begin_embedded,
        files=("report.hl7",),
        shows_pictures=True,
    ),
    "csv": Format(
        help="tables and their data dictionary",
        write=write_csv,
        files=("exam.csv", "lesions.csv", "data_dictionary.csv"),
    ),
    "parquet": Format(
        help="tables with types; needs pyarrow",
        write=write_parquet,
        files=("exam.parquet", "lesions.parquet"),
        is_default=False,
    ),
    "seg": Format(
        help="DICOM segmentation", write=write_seg, files=("segmentation.dcm",), is_dicom=True
    ),
    "labelmap": Format(
        help="the same as a label map, for receivers that take it",
        write=write_labelmap,
        files=("labelmap.dcm",),
        is_default=False,
        is_dicom=True,
    ),
    "sr": Format(
        help="DICOM structured reports",
        write=write_sr,
        files=("structured_report.dcm", "cardiovascular_report.dcm"),
        is_dicom=True,
    ),
    "pdf": Format(
        help="the clinician's report as DICOM",
        write=write_pdf,
        begin=begin_clinician,
        files=("calcium_report.dcm",),
        is_dicom=True,
        shows_pictures=True,
    ),
    "key": Format(
        help="key images and their outlines as DICOM",
        write=write_key,
        files=(*(f"{name}.dcm" for name in ("projection", *_KEYS)), "presentation_state.dcm"),
        is_dicom=True,
        shows_pictures=True,
    ),
}


def chosen_formats(names: tuple[str, ...] | None, exam: "Exam | None") -> tuple[str, ...]:
    """Choose the formats to write, in the order of `FORMATS`.

    Parameters
    ----------
    names : tuple of str or None
        What a person named; ``None`` for all default formats that can be written.
    exam : Exam or None
        The exam with its scan, if that was given.

    Raises
    ------
    InputError
        If a format was named that needs the scan, and there is none or it is not DICOM.
    """
    if names is None:
        has_dicom = exam is not None and _lacks_dicom(exam) is None
        return tuple(
            name
            for name, each in FORMATS.items()
            if each.is_default and (has_dicom or not each.is_dicom)
        )
    wanted = tuple(name for name in FORMATS if name in names)
    needing = [name for name in wanted if FORMATS[name].is_dicom]
    if needing and exam is None:
        verb = "needs" if len(needing) == 1 else "need"
        msg = f"{', '.join(needing)} {verb} the scan: give --scan PATH"
        raise InputError(msg)
    if needing and exam is not None:
        from corcal.interop.dicom.source import require_dicom

        require_dicom(exam.scan)
    return wanted


def files_of(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Name all files that formats may write."""
    return tuple(dict.fromkeys(name for one in formats for name in FORMATS[one].files))


def write_report(request: Request) -> tuple[Path, ...]:
    """Write a record in each of the formats into the folder, which is made if needed.

    Gives the files in the order of the formats. What another record has left there in these
    formats, and this one has not (key images of an artery without calcium), is removed.
    """
    request.folder.mkdir(parents=True, exist_ok=True)
    written = {}
    with _without_collection(), setting_ended():
        for name in request.formats:
            begin = FORMATS[name].begin
            if begin is not None:
                begin(request)
        for name in sorted(request.formats, key=_waits):
            written[name] = FORMATS[name].write(request)
    files = tuple(path for name in request.formats for path in written[name])
    for path in {request.folder / name for name in files_of(request.formats)}.difference(files):
        path.unlink(missing_ok=True)
    return files


def _waits(name: str) -> bool:
    """Tell whether a format waits for something: then it is written after those that do not."""
    return FORMATS[name].begin is not None


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no reference cycles: a tenth of the time, and nothing that a report would free.

    highdicom reads tables of 22 MB, which the collector would go through again and again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def tell_without_dicom(exam: "Exam | None") -> None:
    """Say why an exam with its scan gets no DICOM objects, where nobody named a format."""
    reason = None if exam is None else _lacks_dicom(exam)
    if reason is not None:
        click.echo(f"No DICOM objects are written. {plain(reason)}", err=True)


def _lacks_dicom(exam: "Exam") -> str | None:
    """Say why DICOM objects cannot refer to the scan; ``None`` if they can."""
    from corcal.interop.dicom.source import require_dicom

    try:
        require_dicom(exam.scan)
    except InputError as exc:
        return str(exc)
    return None
