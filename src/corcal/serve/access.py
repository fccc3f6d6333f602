"""The audit log: every access to a patient's data, written before the data are given."""

from fastapi import Request

from corcal.serve.services import Services, principal_of
from corcal.store.records import ExamRecord

__all__ = ["opened_exam", "wrote_down"]


def opened_exam(services: Services, request: Request, exam_id: str, action: str) -> ExamRecord:
    """Give an exam, and write down who did what with it.

    Raises
    ------
    NotFoundError
        If there is no such exam.
    """
    exam = services.store.exam(exam_id)
    wrote_down(services, request, action, exam=exam)
    return exam


def wrote_down(
    services: Services, request: Request, action: str, *, exam: ExamRecord | None = None
) -> None:
    """Write down who did what, where no single exam is meant or it is known already."""
    services.store.audit.record(
        by=principal_of(request).login,
        action=action,
        patient_id=None if exam is None else exam.patient.id,
        exam_id=None if exam is None else exam.id,
        origin=request.client.host if request.client else None,
    )
