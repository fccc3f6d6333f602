"""The demonstration: a simulated patient with two exams three years apart, scored and shown.

It walks the same way as a real patient's scans: DICOM files are written, found, read, checked and
scored from the files, and nobody marks anything. What was really put in is told beside it.
"""

from dataclasses import dataclass
from pathlib import Path

from corcal.annotations.write import write_label_volume
from corcal.export import PAGE_PICTURES, write_exam
from corcal.phantom.dicom import write_scan
from corcal.phantom.patient import PatientSpec, aged, draw_patient
from corcal.phantom.scanner import Scanner
from corcal.phantom.thorax import GATED_SCANNER, simulate_patient
from corcal.pipeline import Exam, score_path
from corcal.progress import Progress, no_progress
from corcal.report.overview import ExamView, write_overview
from corcal.scoring.measure import measure
from corcal.scoring.types import Score

__all__ = ["DEMO_SEED", "Demo", "make_demo"]

DEMO_SEED = 11  # calcium in all four arteries and in the aortic wall
YEARS_BETWEEN = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the demonstration left.

    Attributes
    ----------
    exams : tuple of Exam
        Scored automatically; oldest first.
    truths : tuple of Score
        Of the same scans, if exactly the calcium that was put in is marked.
    page : Path
        The page that shows both.
    """

    exams: tuple[Exam, ...]
    truths: tuple[Score, ...]
    page: Path


def make_demo(
    folder: Path,
    *,
    seed: int = DEMO_SEED,
    scanner: Scanner = GATED_SCANNER,
    progress: Progress = no_progress,
) -> Demo:
    """Simulate a patient, write both scans as DICOM, score them, and show the result.

    Each exam's folder has the DICOM files, what a score leaves, and the true calcium as
    ``marks.nrrd``, so that ``corcal score --annotations`` can be compared.

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
        Both exams, their truth, and the page.

    Raises
    ------
    InputError
        If a model is missing or its hash is unknown.
    """
    first = draw_patient(seed, burden="moderate")
    specs = (first, aged(first, years=YEARS_BETWEEN))
    exams, truths, views = [], [], []
    for number, spec in enumerate(specs, start=1):
        name = f"exam {number} of {len(specs)}"
        part = folder / f"exam-{number}"
        exam, truth = _make_exam(part, spec, scanner, _steps(progress, name))
        exams.append(exam)
        truths.append(truth)
        views.append(_shown(exam, part))
    page = write_overview(folder, views)
    return Demo(exams=tuple(exams), truths=tuple(truths), page=page)


def _steps(progress: Progress, name: str) -> Progress:
    """Tell each step's advance under the exam's name."""

    def told(done: int, total: int, what: str) -> None:
        progress(done, total, f"{name}: {what}")

    return told


def _make_exam(
    folder: Path, spec: PatientSpec, scanner: Scanner, progress: Progress
) -> tuple[Exam, Score]:
    """Simulate and write one scan, and score it from its files; also give the true score."""
    simulated = simulate_patient(spec, scanner=scanner, progress=progress)
    dicom = folder / "dicom"
    write_scan(dicom, simulated.scan, progress=progress)
    write_label_volume(folder / "marks.nrrd", simulated.scan, simulated.voxels)
    exam = score_path(dicom, progress=progress)
    return exam, measure(simulated.scan, simulated.voxels).score


def _shown(exam: Exam, folder: Path) -> ExamView:
    """Write what a score leaves, and give it to the page of both exams."""
    written = write_exam(exam, folder, pictures=True)
    pictures = {name: written[name] for name in PAGE_PICTURES if name in written}
    return ExamView(
        label=exam.result.scan.date or folder.name, result=exam.result, pictures=pictures
    )
