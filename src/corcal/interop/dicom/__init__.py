"""An exam as DICOM objects: a Segmentation and two Structured Reports, written and read back.

highdicom and pydicom take most of a second to import: the modules of this folder import them,
this one does not.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corcal.interop.dicom.source import ScoredExam

__all__ = [
    "CARDIOVASCULAR_REPORT_NAME",
    "SEGMENTATION_NAME",
    "STRUCTURED_REPORT_NAME",
    "write_dicom",
]

SEGMENTATION_NAME = "segmentation.dcm"
STRUCTURED_REPORT_NAME = "structured_report.dcm"
CARDIOVASCULAR_REPORT_NAME = "cardiovascular_report.dcm"


def write_dicom(exam: "ScoredExam", folder: Path) -> tuple[Path, ...]:
    """Write the DICOM objects of an exam into a folder, which is made if needed.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    folder : Path
        Existing files of the same names are replaced; nothing else is touched.

    Returns
    -------
    tuple of Path
        The segmentation, the measurement report, which refers to it, and the cardiovascular
        analysis report.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to; then nothing is written.
    """
    from corcal.interop.dicom.cardiovascular_report import write_cardiovascular_report
    from corcal.interop.dicom.segmentation import write_segmentation
    from corcal.interop.dicom.source import require_dicom
    from corcal.interop.dicom.structured_report import write_structured_report

    require_dicom(exam.scan)
    folder.mkdir(parents=True, exist_ok=True)
    segmentation = write_segmentation(exam, folder / SEGMENTATION_NAME)
    report = write_structured_report(
        exam, folder / STRUCTURED_REPORT_NAME, segmentation=segmentation
    )
    scores = write_cardiovascular_report(exam, folder / CARDIOVASCULAR_REPORT_NAME)
    return segmentation, report, scores
