"""The folder that a scored exam leaves: the record, the tables, and the pictures if wanted."""

from pathlib import Path

from corcal.exam_folder import CALCIUM_NAME, RESULT_NAME, write_calcium
from corcal.interop.tables import write_exam_table, write_lesion_table
from corcal.lesions.sites import Vessel
from corcal.pipeline import Exam
from corcal.result import result_json
from corcal.whole_file import write_whole

__all__ = ["EXAM_FILES", "PAGE_PICTURES", "PICTURE_FILES", "PLAIN_FILES", "write_exam"]

PLAIN_FILES = (RESULT_NAME, CALCIUM_NAME, "lesions.csv", "exam.csv")
"""Names of the files that every exam leaves."""

PAGE_PICTURES = ("slices", "projection", "anatomy", "decisions")
"""Names of the pictures that are part of the page."""

_KEYS = tuple(f"key_{vessel}" for vessel in Vessel)
PICTURE_FILES = (
    *(f"{name}.png" for name in (*PAGE_PICTURES, "projection_inset", *_KEYS)),
    "index.html",
)
"""Names of all files that pictures may leave."""

EXAM_FILES = (
    *(*PLAIN_FILES, *PICTURE_FILES),
    *("segmentation.dcm", "structured_report.dcm", "cardiovascular_report.dcm"),
    "presentation_state.dcm",
)
"""Names of all files that an exam may leave."""


def write_exam(
    exam: Exam, folder: Path, *, pictures: bool = False, dicom: bool = False
) -> dict[str, Path]:
    """Write a scored exam into a folder, which is made if needed.

    Parameters
    ----------
    exam : Exam
        What `corcal.pipeline` returned.
    folder : Path
        Existing files of the same names are replaced, and key images of arteries without calcium
        that an earlier exam has left are removed; nothing else is touched.
    pictures : bool
        Also draw the slices, the projection and the key images, and write the page
        ``index.html``.
    dicom : bool
        Also write the segmentation and the structured reports.

    Returns
    -------
    dict
        Name of each output (``"result"``, ``"calcium"``, ``"lesions"``, ``"exam"``, ``"slices"``,
        ``"projection"``, ``"projection_inset"``, ``"key_LM"`` ..., ``"anatomy"``,
        ``"decisions"``, ``"page"``, ``"segmentation"``, ``"structured_report"``,
        ``"cardiovascular_report"``) and its path.

    Raises
    ------
    InputError
        If `dicom` is asked for of a scan that has no UIDs to refer to; then nothing is written.
    """
    objects = _write_dicom(exam, folder) if dicom else {}
    folder.mkdir(parents=True, exist_ok=True)
    names = ("result", "calcium", "lesions", "exam")
    written = {name: folder / file for name, file in zip(names, PLAIN_FILES, strict=True)}
    write_whole(written["result"], result_json(exam.result))
    write_calcium(exam.scan, exam.voxels, written["calcium"])
    write_lesion_table(exam.result, written["lesions"])
    write_exam_table([exam.result], written["exam"])
    if pictures:
        written |= draw_exam(exam, folder)
    return written | objects


def _write_dicom(exam: Exam, folder: Path) -> dict[str, Path]:
    # highdicom and pydicom take most of a second to import
    from corcal.interop.dicom import write_dicom

    return {path.stem: path for path in write_dicom(exam, folder)}


def draw_exam(exam: Exam, folder: Path) -> dict[str, Path]:
    """Draw the pictures and the page of one exam; an automatic one shows what it saw."""
    # matplotlib takes most of a second to import: only for those who want pictures
    from corcal.report.exam_pictures import draw_pictures
    from corcal.report.overview import ExamView, write_overview
    from corcal.report.slices import axial_montage
    from corcal.report.words import exam_label

    drawn = {"slices": folder / "slices.png"}
    axial_montage(exam.result, exam.scan, exam.voxels, drawn["slices"])
    reported = draw_pictures(exam.result, exam.scan, exam.voxels)
    for name, data in reported.items():
        drawn[name] = folder / f"{name}.png"
        write_whole(drawn[name], data)
    for name in _KEYS:
        if name not in reported:
            (folder / f"{name}.png").unlink(missing_ok=True)
    if exam.anatomy is not None and exam.detection is not None:
        from corcal.report.anatomy_montage import anatomy_montage
        from corcal.report.decision_sheet import decision_sheet

        drawn |= {"anatomy": folder / "anatomy.png", "decisions": folder / "decisions.png"}
        anatomy_montage(exam.result, exam.scan, exam.anatomy, exam.detection, drawn["anatomy"])
        decision_sheet(exam.result, exam.scan, exam.detection, drawn["decisions"])
    shown = {name: drawn[name] for name in PAGE_PICTURES if name in drawn}
    label = exam_label(exam.result.scan)
    page = write_overview(folder, [ExamView(label=label, result=exam.result, pictures=shown)])
    return drawn | {"page": page}
