"""What a reader is told who comes too late: who has signed an exam, and when."""

from corcal.errors import NotFoundError
from corcal.serve.problems import Problem
from corcal.store.records import ExamRecord, ExamState, ResultVersion
from corcal.store.store import Store

__all__ = ["name_of", "require_unsigned"]


def require_unsigned(store: Store, exam: ExamRecord) -> None:
    """Refuse to change an exam that is signed, and tell whose signature it is.

    Raises
    ------
    Problem
        423, with ``signed_by``, ``signed_at``, ``version`` and ``agatston`` of what was signed.
    """
    if exam.state is not ExamState.FINAL:
        return
    signed = _signed_version(store, exam)
    if signed is None or signed.signature is None:
        raise Problem(423, "final", "the exam is signed: open an addendum to change it")
    by, at = signed.signature.signed_by, signed.signature.signed_at
    name = name_of(store, by)
    raise Problem(
        423,
        "final",
        f"{name} signed this exam at {at:%Y-%m-%d %H:%M} UTC, as version {signed.version}: "
        "open an addendum to change it",
        signed_by=name,
        signed_by_login=by,
        signed_at=at.isoformat(),
        version=signed.version,
        agatston=signed.total_agatston,
    )


def name_of(store: Store, login: str) -> str:
    """Give the name of a user as people read it; the login where there is none."""
    try:
        return store.users.get(login).name or login
    except NotFoundError:
        return login


def _signed_version(store: Store, exam: ExamRecord) -> ResultVersion | None:
    versions = store.versions(exam.id)
    return next((one for one in versions if one.version == exam.signed_version), None)
