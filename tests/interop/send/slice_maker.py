"""CT slices to send."""

from pathlib import Path

from dicom_maker import demo_hu, make_series
from interop.dicom.dicom_exams import PATIENT

SAME_PATIENT = {"PatientID": PATIENT.patient_id, "PatientName": PATIENT.name}


def make_slice(folder: Path, *, number: int = 1, syntax: str | None = None, **tags: str) -> Path:
    """One CT slice with a UID of its own."""
    options = {} if syntax is None else {"transfer_syntax": syntax}
    (path,) = make_series(
        folder,
        hu=demo_hu((1, 40, 36), seed=number),
        series_uid=f"1.2.826.0.1.3680043.8.498.7.{number}",
        tags=SAME_PATIENT | tags,
        **options,
    )
    return path
