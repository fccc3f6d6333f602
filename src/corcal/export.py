"""The folder that a scored exam leaves: the record, the tables, and the pictures if wanted."""

from pathlib import Path

from corcal.interop.tables import write_exam_table, write_lesion_table
from corcal.pipeline import Exam
from corcal.result import result_json
from corcal.whole_file import write_whole

__all__ = ["write_exam"]


def write_exam(
    exam: Exam, folder: Path, *, pictures: bool = False, dicom: bool = False
) -> dict[str, Path]:
    """Write a scored exam into a folder, which is made if needed.

    Parameters
    ----------
    exam : Exam
        What `corcal.pipeline` returned.
    folder : Path
        Existing files of the same names are replaced; nothing else is touched.
    pictures : bool
        Also draw the slices and the projection, and write the page ``index.html``.
    dicom : bool
        Also write the segmentation and the structured reports.

    Returns
    -------
    dict
        Name of each output (``"result"``, ``"lesions"``, ``"exam"``, ``"slices"``,
        ``"projection"``, ``"anatomy"``, ``"decisions"``, ``"page"``, ``"segmentation"``,
        ``"structured_report"``, ``"cardiovascular_report"``) and its path.

    Raises
    ------
    InputError
        If `dicom` is asked for of a scan that has no UIDs to refer to; then nothing is written.
    """
    objects = _write_dicom(exam, folder) if dicom else {}
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        "result": folder / "result.json",
        "lesions": folder / "lesions.csv",
        "exam": folder / "exam.csv",
    }
    write_whole(written["result"], result_json(exam.result))
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
    from corcal.report.overview import ExamView, write_overview
    from corcal.report.projection import projection
    from corcal.report.slices import axial_montage
    from corcal.report.words import exam_label

    drawn = {"slices": folder / "slices.png", "projection": folder / "projection.png"}
    axial_montage(exam.result, exam.scan, exam.voxels, drawn["slices"])
    projection(exam.result, exam.scan, exam.voxels, drawn["projection"])
    label = exam_label(exam.result.scan)
    if exam.anatomy is not None and exam.detection is not None:
        from corcal.report.anatomy_montage import anatomy_montage
        from corcal.report.decision_sheet import decision_sheet

        drawn |= {"anatomy": folder / "anatomy.png", "decisions": folder / "decisions.png"}
        anatomy_montage(exam.scan, exam.anatomy, exam.detection, drawn["anatomy"])
        decision_sheet(exam.scan, exam.detection, drawn["decisions"])
    page = write_overview(folder, [ExamView(label=label, result=exam.result, pictures=drawn)])
    return drawn | {"page": page}
