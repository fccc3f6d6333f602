"""The demonstration: a simulated patient with two exams three years apart, scored and shown.

It walks the same way as a real patient's scans: DICOM files are written, found, read, checked and
scored from the files. Only the marks that say which calcium is coronary come from the simulation.
"""

from dataclasses import dataclass
from pathlib import Path

from corcal.annotations.write import write_label_volume
from corcal.export import write_exam
from corcal.phantom.dicom import write_scan
from corcal.phantom.patient import PatientSpec, aged, draw_patient
from corcal.phantom.scanner import Scanner
from corcal.phantom.thorax import GATED_SCANNER, simulate_patient
from corcal.pipeline import Exam, Options, score_path
from corcal.progress import Progress, no_progress
from corcal.report.overview import ExamView, write_overview

__all__ = ["DEMO_SEED", "Demo", "make_demo"]

DEMO_SEED = 11  # calcium in all four arteries and in the aortic wall
YEARS_BETWEEN = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the demonstration left.

    Attributes
    ----------
    exams : tuple of Exam
        Oldest first.
    page : Path
        The page that shows both.
    """

    exams: tuple[Exam, ...]
    page: Path


def make_demo(
    folder: Path,
    *,
    seed: int = DEMO_SEED,
    scanner: Scanner = GATED_SCANNER,
    progress: Progress = no_progress,
) -> Demo:
    """Simulate a patient, write both scans as DICOM, score them, and show the result.

    Parameters
    ----------
    folder : Path
        Made if needed. Files of an earlier demonstration are replaced.
    seed : int
        Of the patient: the same seed gives the same scans and scores.
    scanner : Scanner
        Both scans are made with it.
    progress : Progress, optional
        Told of each step's advance.

    Returns
    -------
    Demo
        Both exams and the page.
    """
    first = draw_patient(seed, burden="moderate")
    specs = (first, aged(first, years=YEARS_BETWEEN))
    exams, views = [], []
    for number, spec in enumerate(specs, start=1):
        name = f"exam {number} of {len(specs)}"
        exam, view = _make_exam(folder / f"exam-{number}", spec, scanner, _steps(progress, name))
        exams.append(exam)
        views.append(view)
    page = write_overview(folder, views)
    return Demo(exams=tuple(exams), page=page)


def _steps(progress: Progress, name: str) -> Progress:
    """Tell each step's advance under the exam's name."""

    def told(done: int, total: int, what: str) -> None:
        progress(done, total, f"{name}: {what}")

    return told


def _make_exam(
    folder: Path, spec: PatientSpec, scanner: Scanner, progress: Progress
) -> tuple[Exam, ExamView]:
    simulated = simulate_patient(spec, scanner=scanner, progress=progress)
    dicom, marks = folder / "dicom", folder / "marks.nrrd"
    write_scan(dicom, simulated.scan, progress=progress)
    write_label_volume(marks, simulated.scan, simulated.voxels)
    exam = score_path(dicom, Options(annotations=marks, reader="simulation"), progress=progress)
    written = write_exam(exam, folder, pictures=True)
    pictures = {name: written[name] for name in ("slices", "projection")}
    label = exam.result.scan.date or folder.name
    return exam, ExamView(label=label, result=exam.result, pictures=pictures)
