"""The tables of the store; what each row means, and what the database itself refuses.

The migrations in `corcal.store.migrations` make them; a test holds the two against each other.
Rules that a table alone cannot keep are triggers of the migrations: results, signatures, review
events, the audit log and tombstones are never changed, and history is deleted only together with
its patient, after the tombstone has been written.
"""

from corcal.store.tables.base import Base, new_key, now
from corcal.store.tables.exams import (
    AttachmentRow,
    EventRow,
    ExamRow,
    FileRow,
    OriginalRow,
    PatientRow,
    ResultRow,
    SignatureRow,
    StudyRow,
)
from corcal.store.tables.people import (
    AuditRow,
    ExamTombstoneRow,
    SessionRow,
    SharedRow,
    TokenRow,
    TombstoneRow,
    UserRow,
)
from corcal.store.tables.work import CommitmentRow, DeliveryRow, JobRow, RouteRow

__all__ = [
    "REVISION",
    "AttachmentRow",
    "AuditRow",
    "Base",
    "CommitmentRow",
    "DeliveryRow",
    "EventRow",
    "ExamRow",
    "ExamTombstoneRow",
    "FileRow",
    "JobRow",
    "OriginalRow",
    "PatientRow",
    "ResultRow",
    "RouteRow",
    "SessionRow",
    "SharedRow",
    "SignatureRow",
    "StudyRow",
    "TokenRow",
    "TombstoneRow",
    "UserRow",
    "new_key",
    "now",
]

REVISION = "0005"
"""The migration that makes these tables: the last one."""
