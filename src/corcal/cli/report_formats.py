"""The formats of ``corcal report``: what each needs, and what writes it."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
from corcal.errors import InputError
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.interop.hl7v2 import Route
    from corcal.pipeline import Exam
    from corcal.report.document import PageStyle
    from corcal.result import Result

__all__ = [
    "FORMATS",
    "PAPERS",
    "Format",
    "Paper",
    "Request",
    "chosen_formats",
    "files_of",
    "tell_without_dicom",
    "write_report",
]

Paper = Literal["a4", "us-letter"]
PAPERS: tuple[Paper, ...] = ("a4", "us-letter")
_KEYS = ("key_LM", "key_LAD", "key_LCX", "key_RCA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a format needs to write its files.

    Attributes
    ----------
    result : Result
        The record; without what tells who the patient is, if that was asked for.
    folder : Path
        Where the files go; it exists.
    formats : tuple of str
        All that are written.
    exam : Exam or None
        The record with its scan and calcium; ``None`` where the scan was not given.
    pictures : mapping of str to bytes
        PNG by name (`corcal.report.exam_pictures`), as far as there are any.
    language : str
        Of the letter.
    paper : str
        One of `PAPERS`.
    is_large : bool
        Whether the letter is in large print.
    embeds_pdf : bool
        Whether the clinician's report is inside of what other programs take.
    route : Route or None
        From where and to where an HL7 message is sent, as far as that was said.
    made : dict
        Documents that were begun (`corcal.cli.report_documents`), by name.
    """

    result: "Result"
    folder: Path
    formats: tuple[str, ...]
    exam: "Exam | None" = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    language: str = "en"
    paper: Paper = "a4"
    is_large: bool = False
    embeds_pdf: bool = True
    route: "Route | None" = None
    made: dict[str, Setting] = field(default_factory=dict)

    @property
    def scored(self) -> "Exam":
        """The exam, for formats that cannot do without the scan."""
        if self.exam is None:
            msg = "the scan is needed: give --scan PATH"
            raise InputError(msg)
        return self.exam

    def style(self, text_pt: float | None = None) -> "PageStyle":
        """Give paper and size of the text; by default the size that reports have."""
        from corcal.report.document import PageStyle

        if text_pt is None:
            return PageStyle(paper=self.paper)
        return PageStyle(paper=self.paper, text_pt=text_pt)


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


def _write_fhir(request: Request) -> tuple[Path, ...]:
    from corcal.interop.fhir import fhir_json

    path = request.folder / "fhir.json"
    write_whole(path, fhir_json(request.result, pdf=_embedded(request)))
    return (path,)


def _write_hl7(request: Request) -> tuple[Path, ...]:
    from corcal.interop.hl7v2 import Route, hl7_message

    path = request.folder / "report.hl7"
    route = request.route or Route()
    write_whole(path, hl7_message(request.result, pdf=_embedded(request), route=route))
    return (path,)


def _begin_embedded(request: Request) -> Setting | None:
    return begin_clinician(request) if request.embeds_pdf else None


def _embedded(request: Request) -> bytes | None:
    """Give the report that is embedded; it is waited for."""
    begun = _begin_embedded(request)
    return None if begun is None else begun.pdf.result()


def _write_csv(request: Request) -> tuple[Path, ...]:
    from corcal.interop.tables import dictionary_csv, write_exam_table, write_lesion_table

    exam, lesions, dictionary = (
        request.folder / name for name in ("exam.csv", "lesions.csv", "data_dictionary.csv")
    )
    write_exam_table([request.result], exam)
    write_lesion_table(request.result, lesions)
    write_whole(dictionary, dictionary_csv())
    return exam, lesions, dictionary


def _write_parquet(request: Request) -> tuple[Path, ...]:
    from corcal.interop.parquet import write_exam_parquet, write_lesion_parquet

    exam, lesions = (request.folder / name for name in ("exam.parquet", "lesions.parquet"))
    write_exam_parquet([request.result], exam)
    write_lesion_parquet(request.result, lesions)
    return exam, lesions


def _write_seg(request: Request) -> tuple[Path, ...]:
    from corcal.interop.dicom.segmentation import write_segmentation

    return (write_segmentation(request.scored, request.folder / "segmentation.dcm"),)


def _write_labelmap(request: Request) -> tuple[Path, ...]:
    from corcal.interop.dicom.segmentation import write_segmentation

    path = request.folder / "labelmap.dcm"
    return (write_segmentation(request.scored, path, labelmap=True),)


def _write_sr(request: Request) -> tuple[Path, ...]:
    """Write both reports; the one with measurements refers to the segmentation beside it."""
    from corcal.interop.dicom.cardiovascular_report import write_cardiovascular_report
    from corcal.interop.dicom.structured_report import write_structured_report

    exam, folder = request.scored, request.folder
    segmentation = folder / "segmentation.dcm" if "seg" in request.formats else None
    return (
        write_structured_report(exam, folder / "structured_report.dcm", segmentation=segmentation),
        write_cardiovascular_report(exam, folder / "cardiovascular_report.dcm"),
    )


def _write_pdf(request: Request) -> tuple[Path, ...]:
    from corcal.interop.dicom import write_documents

    documents = {"calcium_report": begin_clinician(request).pdf.result()}
    return write_documents(request.scored, documents, request.folder)


def _write_key(request: Request) -> tuple[Path, ...]:
    from corcal.interop.dicom.key_images import write_key_images
    from corcal.interop.dicom.presentation_state import (
        can_point_at_images,
        write_presentation_state,
    )
    from corcal.report.exam_pictures import for_themselves

    exam, folder = request.scored, request.folder
    written = write_key_images(exam, for_themselves(request.pictures), folder)
    if not can_point_at_images(exam):
        return written
    return (*written, write_presentation_state(exam, folder / "presentation_state.dcm"))


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
        write=_write_fhir,
        begin=_begin_embedded,
        files=("fhir.json",),
        shows_pictures=True,
    ),
    "hl7": Format(
        help="HL7 v2.5.1 message ORU^R01",
        write=_write_hl7,
        begin=_begin_embedded,
        files=("report.hl7",),
        shows_pictures=True,
    ),
    "csv": Format(
        help="tables and their data dictionary",
        write=_write_csv,
        files=("exam.csv", "lesions.csv", "data_dictionary.csv"),
    ),
    "parquet": Format(
        help="tables with types; needs pyarrow",
        write=_write_parquet,
        files=("exam.parquet", "lesions.parquet"),
        is_default=False,
    ),
    "seg": Format(
        help="DICOM segmentation", write=_write_seg, files=("segmentation.dcm",), is_dicom=True
    ),
    "labelmap": Format(
        help="the same as a label map, for receivers that take it",
        write=_write_labelmap,
        files=("labelmap.dcm",),
        is_default=False,
        is_dicom=True,
    ),
    "sr": Format(
        help="DICOM structured reports",
        write=_write_sr,
        files=("structured_report.dcm", "cardiovascular_report.dcm"),
        is_dicom=True,
    ),
    "pdf": Format(
        help="the clinician's report as DICOM",
        write=_write_pdf,
        begin=begin_clinician,
        files=("calcium_report.dcm",),
        is_dicom=True,
        shows_pictures=True,
    ),
    "key": Format(
        help="key images and their outlines as DICOM",
        write=_write_key,
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
