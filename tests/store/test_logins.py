"""Sessions and tokens: known by their hashes, and gone when they end."""

from datetime import UTC, datetime, timedelta

import pytest

from corcal.errors import NotFoundError
from corcal.store import logins
from corcal.store.people import UserChange
from corcal.store.records import Role
from corcal.store.store import Store
from corcal.store.tables import SessionRow

HASH = "a" * 64
LONG = {"idle_s": 100.0, "most_s": 1000.0}


@pytest.fixture
def anna(store: Store) -> str:
    """A user."""
    return store.users.add("anna", Role.READER).login


def age(store: Store, *, began_s: float, seen_s: float) -> None:
    """Make the session begin and be seen so long ago."""
    with store._database.writing() as session:
        row = session.get_one(SessionRow, HASH)
        now = datetime.now(UTC)
        row.began_at = now - timedelta(seconds=began_s)
        row.seen_at = now - timedelta(seconds=seen_s)


def test_a_session_is_of_its_user(store: Store, anna: str) -> None:
    store.logins.begin(HASH, anna)
    found = store.logins.user_of_session(HASH, **LONG)
    assert found is not None
    assert found.login == anna
    assert store.logins.user_of_session("b" * 64, **LONG) is None
    store.logins.end(HASH)
    assert store.logins.user_of_session(HASH, **LONG) is None


@pytest.mark.parametrize(
    ("began_s", "seen_s", "lives"),
    [(999, 99, True), (999, 101, False), (1001, 1, False)],
)
def test_a_session_ends(
    store: Store, anna: str, began_s: float, seen_s: float, *, lives: bool
) -> None:
    store.logins.begin(HASH, anna)
    age(store, began_s=began_s, seen_s=seen_s)
    assert (store.logins.user_of_session(HASH, **LONG) is not None) is lives


def test_a_session_that_is_used_lives_on(store: Store, anna: str) -> None:
    store.logins.begin(HASH, anna)
    age(store, began_s=500, seen_s=90)
    assert store.logins.user_of_session(HASH, **LONG) is not None
    with store._database.reading() as session:
        seen = session.get_one(SessionRow, HASH).seen_at
    assert datetime.now(UTC) - seen < timedelta(seconds=60)


def test_sessions_that_have_ended_are_deleted(store: Store, anna: str) -> None:
    store.logins.begin(HASH, anna)
    store.logins.begin("b" * 64, anna)
    age(store, began_s=500, seen_s=101)
    store.logins.forget_ended(**LONG)
    with store._database.reading() as session:
        assert session.get(SessionRow, HASH) is None
        assert session.get(SessionRow, "b" * 64) is not None


def test_all_sessions_of_a_user_end(store: Store, anna: str) -> None:
    store.users.add("bob", Role.VIEWER)
    store.logins.begin(HASH, anna)
    store.logins.begin("b" * 64, "bob")
    store.logins.end_all(anna)
    assert store.logins.user_of_session(HASH, **LONG) is None
    assert store.logins.user_of_session("b" * 64, **LONG) is not None


def test_who_is_switched_off_has_no_session_and_no_token(store: Store, anna: str) -> None:
    store.logins.begin(HASH, anna)
    store.logins.add_token("t" * 64, anna, name="export")
    store.users.change(anna, UserChange(is_active=False))
    assert store.logins.user_of_session(HASH, **LONG) is None
    assert store.logins.user_of_token("t" * 64) is None


def test_nobody_has_no_logins(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no such user"):
        store.logins.begin(HASH, "nobody")
    with pytest.raises(NotFoundError, match="no such user"):
        store.logins.add_token(HASH, "nobody", name="x")


def test_a_token_is_of_its_user_until_it_ends(store: Store, anna: str) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    made = store.logins.add_token(HASH, anna, name="export", expires_at=soon)
    store.logins.add_token("b" * 64, anna, name="old", expires_at=soon - timedelta(minutes=6))
    found = store.logins.user_of_token(HASH)
    assert found is not None
    assert found.login == anna
    assert store.logins.user_of_token("b" * 64) is None
    listed = {one.name: one for one in store.logins.tokens(anna)}
    assert listed["export"].used_at is not None
    assert listed["old"].used_at is None
    store.logins.remove_token(made.id, anna)
    assert store.logins.user_of_token(HASH) is None
    with pytest.raises(NotFoundError, match="no such token"):
        store.logins.remove_token(made.id, anna)


def test_a_use_is_written_down_now_and_then(
    store: Store, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.logins.add_token(HASH, anna, name="export")
    store.logins.user_of_token(HASH)
    first = store.logins.tokens(anna)[0].used_at
    store.logins.user_of_token(HASH)
    assert store.logins.tokens(anna)[0].used_at == first
    monkeypatch.setattr(logins, "_SEEN_EVERY", timedelta(0))
    store.logins.user_of_token(HASH)
    assert store.logins.tokens(anna)[0].used_at != first


def test_steps_of_one_kind_are_found_over_all_exams(store: Store, study) -> None:
    (exam,) = store.import_study(study).exams
    store.add_event(exam, "blind_read", by="anna", after={"reader": "bob"})
    store.add_event(exam, "assign", by="anna")
    found = store.events_of_kind("blind_read")
    assert [(one.exam_id, one.after) for one in found] == [(exam, {"reader": "bob"})]
