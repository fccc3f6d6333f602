"""Users, and the log of what they looked at."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from corcal.errors import ConflictError, CorcalError, NotFoundError, StateError
from corcal.store.people import UserChange
from corcal.store.records import Role
from corcal.store.store import Store

HASH = "$argon2id$x"


def test_users_are_added_found_and_changed(store: Store) -> None:
    anna = store.users.add("anna", Role.ADMIN, name="Anna", password_hash=HASH)
    assert store.users.get("anna") == anna
    assert "argon2" not in repr(anna)
    eva = store.users.add("eva", Role.READER, issuer="https://id", subject="7")
    assert store.users.by_subject("https://id", "7") == eva
    assert store.users.by_subject("https://id", "8") is None
    assert [user.login for user in store.users.all()] == ["anna", "eva"]
    changed = store.users.change("eva", UserChange(role=Role.VIEWER, name="Eva"))
    assert (changed.role, changed.name, changed.issuer) == (Role.VIEWER, "Eva", "https://id")
    assert changed.changed_at > eva.changed_at
    with pytest.raises(NotFoundError, match="no such user"):
        store.users.get("otto")
    with pytest.raises(ConflictError, match="the login is taken"):
        store.users.add("anna", Role.VIEWER)
    with pytest.raises(ConflictError, match="contradicts what is there"):
        store.users.add("otto", Role.VIEWER, issuer="https://id", subject="7")


def test_the_last_admin_stays(store: Store) -> None:
    store.users.add("anna", Role.ADMIN)
    store.users.add("eva", Role.ADMIN)
    store.users.change("eva", UserChange(is_active=False))
    for change in (UserChange(role=Role.READER), UserChange(is_active=False)):
        with pytest.raises(StateError, match="the last active admin"):
            store.users.change("anna", change)
    assert store.users.change("anna", UserChange(password_hash=HASH)).role is Role.ADMIN
    assert store.users.get("anna").is_active


def test_accesses_are_listed_latest_first(store: Store) -> None:
    store.audit.record(by="anna", action="open", patient_id="a" * 32, exam_id="b" * 32)
    store.audit.record(by="eva", action="list", origin="127.0.0.1")
    latest, first = store.audit.entries()
    assert (first.by, first.action, first.patient_id) == ("anna", "open", "a" * 32)
    assert (latest.by, latest.origin, latest.exam_id) == ("eva", "127.0.0.1", None)
    assert store.audit.entries(patient_id="a" * 32) == (first,)
    assert store.audit.entries(by="eva") == (latest,)
    assert store.audit.entries(limit=1, offset=1) == (first,)
    assert store.audit.entries(since=datetime.now(UTC) + timedelta(days=1)) == ()


def test_accesses_that_come_at_once_are_all_written_down(store: Store) -> None:
    threads = [
        threading.Thread(target=store.audit.record, kwargs={"by": f"reader {n}", "action": "open"})
        for n in range(12)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {one.by for one in store.audit.entries()} == {f"reader {n}" for n in range(12)}


def test_an_access_that_cannot_be_written_down_hinders_no_other(store: Store) -> None:
    with pytest.raises(CorcalError, match="the database"):
        store.audit.record(by=None, action="open")  # type: ignore[arg-type]
    # One that waits for its turn while the next one writes for both
    store.audit._waiting.append({"id": "x", "at": datetime.now(UTC), "by": None, "action": "open"})
    store.audit.record(by="anna", action="open")
    assert [one.by for one in store.audit.entries()] == ["anna"]
