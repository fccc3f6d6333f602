"""Sessions, passwords, tokens, users: who comes in, and how they go out again."""

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from corcal.errors import InputError
from corcal.serve.app import create_app
from corcal.serve.passwords import GuessLimit, hash_password, is_right
from corcal.serve.sessions import digest
from corcal.serve.settings import Mode, Settings, is_loopback
from corcal.store.people import UserChange
from corcal.store.records import Role
from corcal.store.store import Store
from corcal.store.tables import SessionRow, SharedRow
from serve.serve_maker import API, NAME, NUMBER, Person, person

PASSWORD = "correct horse battery"  # noqa: S105


def log_in(client: TestClient, name: str, password: str = PASSWORD):
    client.cookies.clear()
    return client.post(f"{API}/session", json={"name": name, "password": password})


@pytest.fixture(scope="module")
def anna(store: Store) -> str:
    """A reader with a password."""
    store.users.add("anna", Role.READER, name="Anna R.", password_hash=hash_password(PASSWORD))
    return "anna"


def test_a_password_opens_a_session(client: TestClient, anna: str, settings: Settings) -> None:
    answer = log_in(client, anna)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(settings.cookie_name)
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    found = answer.json()
    assert found["user"]["name"] == "Anna R."
    assert found["mode"] == "department"
    again = client.get(f"{API}/session").json()
    assert again["csrf_token"] == found["csrf_token"]
    headers = {"X-CSRF-Token": found["csrf_token"]}
    assert client.delete(f"{API}/session", headers=headers).status_code == 204
    client.cookies.clear()
    value = answer.cookies[settings.cookie_name]
    kept = {"Cookie": f"{settings.cookie_name}={value}"}
    assert client.get(f"{API}/session", headers=kept).status_code == 401


def test_a_wrong_password_and_an_unknown_name_look_the_same(client: TestClient, anna: str) -> None:
    answers = [log_in(client, anna, "wrong"), log_in(client, "nobody", "wrong")]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_who_guesses_has_to_wait(client: TestClient, store: Store) -> None:
    store.users.add("bob", Role.VIEWER, password_hash=hash_password(PASSWORD))
    codes = [log_in(client, "bob", f"guess {n}").status_code for n in range(7)]
    assert codes[0] == 401
    assert codes[-1] == 429
    refused = log_in(client, "bob")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 301
    for _ in range(5):
        client.app.state.services.guesses.succeeded("login:bob")  # type: ignore[attr-defined]
    assert log_in(client, "bob").status_code == 200


def test_guesses_are_forgotten_after_a_while(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    began = moment = time.time()
    monkeypatch.setattr(time, "time", lambda: moment)
    limit, other_server = GuessLimit(store.shared), GuessLimit(store.shared)
    for number in range(5):
        moment = began + 10 * number
        assert limit.attempt("login:a", "from:here") == 0
    assert other_server.attempt("login:a") == 260.0  # until the first one is 300 seconds old
    assert other_server.attempt("login:b", "from:here") == 0
    moment = began + 300
    assert limit.attempt("login:a") == 0
    assert limit.attempt("login:a") == 10.0


def test_an_address_may_fail_more_often_than_an_account(store: Store) -> None:
    limit = GuessLimit(store.shared)
    assert [limit.attempt("from:there") for _ in range(20)] == [0.0] * 20
    assert limit.attempt("from:there") > 0
    limit.succeeded("from:there")
    assert limit.attempt("from:there") == 0


def test_what_is_typed_is_kept_by_its_hash(store: Store) -> None:
    GuessLimit(store.shared).attempt("login:perhaps a password")
    with store._database.reading() as session:
        kept = [row.key for row in session.scalars(select(SharedRow))]
    assert kept
    assert "perhaps" not in "".join(kept)


def test_passwords_are_hashed_with_argon2() -> None:
    hashed = hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert is_right(PASSWORD, hashed)
    assert not is_right("another one, wrong", hashed)
    assert not is_right(PASSWORD, None)
    assert not is_right(PASSWORD, "no hash")
    with pytest.raises(InputError, match="12 to 256 characters, this one 11"):
        hash_password("x" * 11)


def test_who_is_switched_off_is_out_at_once(client: TestClient, admin: Person, anna: str) -> None:
    log_in(client, anna)
    cookie = dict(client.cookies)
    users = {one["login"]: one for one in admin.get("/users").json()}
    assert users[anna]["has_password"]
    off = admin.send("PATCH", f"/users/{users[anna]['id']}", json={"is_active": False})
    assert (off.status_code, off.json()["is_active"]) == (200, False)
    header = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookie.items())}
    client.cookies.clear()
    assert client.get(f"{API}/session", headers=header).status_code == 401
    assert log_in(client, anna).status_code == 401
    admin.send("PATCH", f"/users/{users[anna]['id']}", json={"is_active": True})
    assert log_in(client, anna).status_code == 200


def test_an_admin_adds_users(client: TestClient, admin: Person) -> None:
    carl = {"login": "carl", "role": "viewer", "name": "Carl", "password": PASSWORD}
    assert admin.post("/users", carl).status_code == 201
    assert admin.post("/users", carl).status_code == 409
    assert admin.post("/users", carl | {"login": "a b"}).status_code == 422
    short = admin.post("/users", carl | {"login": "d", "password": "secret-word"})
    assert short.status_code == 422
    assert "secret-word" not in short.text
    assert log_in(client, "carl").json()["user"]["role"] == "viewer"
    assert admin.send("PATCH", f"/users/{'0' * 32}", json={}).status_code == 404


def test_the_last_admin_stays(admin: Person) -> None:
    me = next(one for one in admin.get("/users").json() if one["login"] == admin.login)
    answer = admin.send("PATCH", f"/users/{me['id']}", json={"role": "viewer"})
    assert answer.status_code == 409
    assert "last active admin" in answer.json()["detail"]


def test_one_changes_ones_password(client: TestClient, store: Store) -> None:
    store.users.add("dora", Role.VIEWER, password_hash=hash_password(PASSWORD))
    found = log_in(client, "dora").json()
    headers = {"X-CSRF-Token": found["csrf_token"]}
    change = {"old": "wrong", "new": "a new pass phrase"}
    url = f"{API}/session/password"
    assert client.post(url, json=change, headers=headers).status_code == 403
    right = change | {"old": PASSWORD}
    assert client.post(url, json=right, headers=headers).status_code == 204
    assert client.get(f"{API}/session").status_code == 401  # also this session has ended
    assert log_in(client, "dora").status_code == 401
    assert log_in(client, "dora", "a new pass phrase").status_code == 200


def test_a_token_does_what_its_owner_may(client: TestClient, viewer: Person, store: Store) -> None:
    made = viewer.post("/tokens", {"name": "export", "days": 1}).json()
    assert made["token"].startswith("corcal_")
    headers = {"Authorization": f"Bearer {made['token']}"}
    client.cookies.clear()
    assert client.post(f"{API}/exams/search", json={}, headers=headers).status_code == 200
    assert client.post(f"{API}/uploads", headers=headers).status_code == 403
    session = client.get(f"{API}/session", headers=headers).json()
    assert (session["user"]["login"], session["csrf_token"]) == (viewer.login, None)
    (listed,) = viewer.get("/tokens").json()
    assert listed["token"] is None
    assert listed["used_at"] is not None
    assert made["token"] not in str(store.logins.tokens(viewer.login))
    assert viewer.send("DELETE", f"/tokens/{made['id']}").status_code == 204
    assert client.get(f"{API}/session", headers=headers).status_code == 401
    assert viewer.send("DELETE", f"/tokens/{made['id']}").status_code == 404


def test_a_token_ends(client: TestClient, viewer: Person, store: Store) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    store.logins.add_token(digest("corcal_old"), viewer.login, name="old", expires_at=past)
    headers = {"Authorization": "Bearer corcal_old"}
    assert client.get(f"{API}/session", headers=headers).status_code == 401


def test_a_token_of_somebody_else_is_not_removed(viewer: Person, reader: Person) -> None:
    made = viewer.post("/tokens", {"name": "mine"}).json()
    assert reader.send("DELETE", f"/tokens/{made['id']}").status_code == 404


def test_the_start_link_works_once(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path / "data",
        mode=Mode.PERSONAL,
        allowed_hosts=("testserver",),
        workers=0,
        reader="me",
    )
    app = create_app(settings)
    token = app.state.services.start.token
    with TestClient(app, follow_redirects=False) as client:
        assert client.get("/start/wrong").status_code == 403
        opened = client.get(f"/start/{token}")
        assert (opened.status_code, opened.headers["location"]) == (303, "/")
        found = client.get(f"{API}/session").json()
        assert found["user"]["login"] == "me"
        assert found["user"]["role"] == "admin"
        client.cookies.clear()
        assert client.get(f"/start/{token}").status_code == 403
        assert client.get(f"{API}/session").status_code == 401


def test_department_has_no_start_link(client: TestClient) -> None:
    token = client.app.state.services.start.token  # type: ignore[attr-defined]
    assert client.get(f"/start/{token}").status_code == 403


def test_cookies_of_https_are_sent_by_https_alone(settings: Settings, tmp_path: Path) -> None:
    secure = replace(settings, data=tmp_path / "data", is_secure=True)
    with TestClient(create_app(secure), base_url="https://testserver") as client:
        client.app.state.services.store.users.add(  # type: ignore[attr-defined]
            "eve", Role.READER, password_hash=hash_password(PASSWORD)
        )
        answer = log_in(client, "eve")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-corcal=")
    assert "; Secure" in cookie
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_sessions_end(settings: Settings, tmp_path: Path) -> None:
    idle = replace(settings, data=tmp_path / "data", session_s=0)
    with TestClient(create_app(idle)) as client:
        who = person(client, Role.VIEWER)
        assert who.get("/session").status_code == 401


def test_sessions_outlive_the_server(settings: Settings, client: TestClient, anna: str) -> None:
    log_in(client, anna)
    cookies = dict(client.cookies)
    with TestClient(create_app(settings)) as again:
        again.cookies.update(cookies)
        assert again.get(f"{API}/session").status_code == 200


def test_every_access_is_written_down(
    admin: Person, reader: Person, exam: str, store: Store
) -> None:
    for path in ("", "/result", "/review", "/scan", "/review/events", "/person"):
        assert reader.get(f"/exams/{exam}{path}").status_code == 200
    found = admin.get(f"/audit?exam={exam}").json()
    mine = [one["action"] for one in found if one["user"] == reader.login]
    assert mine[:6] == ["person", "review log", "view", "review", "result", "open"]
    assert {one["patient_id"] for one in found} == {store.exam(exam).patient.id}
    everything = admin.get("/audit?limit=1000").text
    assert NAME.partition("^")[0] not in everything
    assert NUMBER not in everything


def test_no_patient_is_in_the_log_of_the_server(
    reader: Person, exam: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        reader.post("/exams/search", {"q": "Zacharias"})
        reader.get(f"/exams/{exam}")
        reader.get(f"/exams?q={NAME}")
        reader.get(f"/nothing/{NUMBER}")
        reader.post("/exams/search", {"q": ["Zacharias"]})
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("corcal"))
    assert "POST /exams/search 200" in ours
    assert "Zacharias" not in ours
    assert NUMBER not in ours


def test_a_wrong_request_is_not_repeated(reader: Person) -> None:
    answer = reader.post("/exams/search", {"q": ["Zacharias"], "Zacharias": 1})
    assert answer.status_code == 422
    assert "Zacharias" not in answer.text.replace("Zacharias: Extra inputs", "")


def test_a_large_body_is_refused(reader: Person, settings: Settings) -> None:
    most = settings.limits.body_bytes
    answer = reader.send("POST", "/exams/search", content=b" " * (most + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    def pieces():
        for _ in range(most // 65536 + 2):
            yield b" " * 65536

    assert reader.send("POST", "/exams/search", content=pieces()).status_code == 413


def test_a_defect_tells_nothing(
    client: TestClient, reader: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(NAME)

    monkeypatch.setattr(Store, "worklist", broken)
    answer = reader.get("/exams")
    assert (answer.status_code, answer.json()["code"]) == (500, "defect")
    assert NAME not in answer.text
    assert client.get(f"{API}/ready").status_code == 500


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("x", False)],  # noqa: S104
)
def test_loopback(host: str, is_here: bool) -> None:
    assert is_loopback(host) is is_here


def test_users_of_the_store_can_be_changed_outside(store: Store, client: TestClient) -> None:
    made = person(client, Role.READER, "fritz")
    store.users.change("fritz", UserChange(role=Role.VIEWER))
    assert made.get("/session").json()["user"]["role"] == "viewer"


@pytest.mark.parametrize("name", ["a\x00b", "a\u202eb", "a\nb"])
def test_names_have_no_control_characters(admin: Person, name: str) -> None:
    assert admin.post("/users", {"login": "n", "name": name, "role": "viewer"}).status_code == 422
    assert admin.post("/tokens", {"name": name}).status_code == 422
    assert admin.post("/exams/search", {"q": name}).status_code == 422
    spaces = "\u5c71\u7530\u3000\u592a\u90ce\u00a0"  # as they are typed in Japan
    assert admin.post("/exams/search", {"q": spaces}).status_code == 200


def test_listening_does_not_make_a_session_last_longer(
    client: TestClient, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = person(client, Role.VIEWER, "hanna")
    sessions = client.app.state.services.sessions  # type: ignore[attr-defined]
    headers = Headers({"Cookie": f"{settings.cookie_name}={made.cookies[settings.cookie_name]}"})
    monkeypatch.setattr("corcal.store.logins._SEEN_EVERY", timedelta(0))

    def seen() -> datetime:
        with store._database.reading() as session:
            hashed = digest(made.cookies[settings.cookie_name])
            return session.get_one(SessionRow, hashed).seen_at

    began = seen()
    assert sessions.of_request(headers, is_use=False).login == "hanna"
    assert seen() == began
    assert sessions.of_request(headers).login == "hanna"
    assert seen() > began
