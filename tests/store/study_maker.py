"""Small studies and their results: 12 slices of 4 x 4 pixels pass the check of headers."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result
from corcal.store.store import Store
from dicom_maker import SERIES_UID, STUDY_UID, make_series
from result_maker import consistent, make_automatic_result

SLICES = 12  # of 5 mm: 60 mm, the least that is scored
VOXELS = SiteVoxels(
    shape=(SLICES, 4, 4),
    index=np.array([5, 6, 100], dtype=np.int64),
    site=np.array([Site.LAD, Site.LAD, Site.RCA], dtype=np.uint8),
)


def write_study(
    folder: Path,
    *,
    patient_id: str = "SYNTHETIC-1",
    name: str = "Synthetic^Patient",
    study_uid: str = STUDY_UID,
    series_uid: str = SERIES_UID,
    date: str = "20250101",
    hu: int = 40,
    slices: int = SLICES,
    **tags: object,
) -> list[Path]:
    """Write one series; other values of `hu` make other files."""
    described = {"PatientID": patient_id, "PatientName": name, "StudyDate": date}
    return make_series(
        folder,
        hu=np.full((slices, 4, 4), hu, np.int16),
        spacing_mm=(5.0, 0.5, 0.5),
        study_uid=study_uid,
        series_uid=series_uid,
        tags=described | {"AcquisitionDate": date} | tags,
    )


def result_for(store: Store, exam_id: str, *, agatston: float = 14.0) -> Result:
    """A result of the exam's own study."""
    exam, made = store.exam(exam_id), make_automatic_result()
    score = made.score
    if agatston != score.total.agatston:  # the interval and the chances belong to 14
        lad = replace(score.vessels["LAD"], agatston=agatston, interval=None)
        score = replace(
            score,
            total=replace(score.total, agatston=agatston, interval=None),
            vessels=score.vessels | {"LAD": lad},
            category_probabilities=None,
        )
        made = consistent(replace(made, score=score))
    return replace(
        made,
        scan=replace(
            made.scan,
            study_instance_uid=exam.study.study_instance_uid,
            series_instance_uid=exam.series,
            date=exam.scan_date,
        ),
    )


def files_of(store: Store) -> set[str]:
    """Names of the kept files."""
    return {path.name for path in store.folder.files.rglob("*") if path.is_file()}


def add_exam(store: Store, folder: Path, number: int, **described: object) -> str:
    """Import a study of its own and give its exam; `number` makes it differ from others."""
    described = {"patient_id": f"P{number}", "hu": number} | described
    write_study(
        folder,
        study_uid=f"2.25.{number}",
        series_uid=f"2.25.{number}.1",
        **described,  # type: ignore[arg-type]
    )
    (exam,) = store.import_study(folder).exams
    return exam
