"""Sign-on by OpenID Connect: who is let in with which role, and what is not believed."""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey
from sqlalchemy import delete
from starlette.testclient import TestClient

from corcal.errors import InputError
from corcal.serve.app import create_app
from corcal.serve.passwords import hash_password
from corcal.serve.settings import Mode, Settings
from corcal.serve.sign_on.flow import Flow
from corcal.serve.sign_on.settings import SECRET_VARIABLE, read_sign_on
from corcal.store.people import UserChange
from corcal.store.records import Role
from corcal.store.store import Store
from corcal.store.tables import SharedRow
from serve.identity_provider import CLIENT, SECRET, IdentityProvider, running, unsigned
from serve.serve_maker import API
from store.postgres_cluster import temporary_folder

ROLES = '[roles]\ncardiac-admins = "admin"\ncardiac-readers = "reader"\nstudents = "viewer"\n'


def settings_file(folder: Path, issuer: str, more: str = ROLES) -> Path:
    (folder / "secret").write_text(SECRET + "\n")
    path = folder / "oidc.toml"
    path.write_text(
        f'issuer = "{issuer}"\nclient_id = "{CLIENT}"\nserver = "http://localhost/"\n'
        f'client_secret_file = "secret"\n{more}'
    )
    return path


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with running(IdentityProvider()) as made:
        yield made


@pytest.fixture(autouse=True)
def honest(provider: IdentityProvider, client: TestClient) -> None:
    """What a test has spoiled is whole again, and nobody has to wait for the failures of others."""
    provider.signed = None
    provider.more, provider.userinfo = {}, {}
    provider.person = {
        "sub": "17",
        "preferred_username": "anna",
        "name": "Anna R.",
        "groups": ["cardiac-readers"],
    }
    services = client.app.state.services  # type: ignore[attr-defined]
    services.provider._known.clear()
    with services.store._database.writing() as session:
        session.execute(delete(SharedRow))


@pytest.fixture(scope="module")
def make_client(provider: IdentityProvider) -> Iterator[Callable[..., TestClient]]:
    with temporary_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("CORCAL_DATABASE", raising=False)

        def made(name: str, more: str = ROLES) -> TestClient:
            (folder / name).mkdir()
            sign_on, secret = read_sign_on(settings_file(folder / name, provider.issuer, more))
            settings = Settings(
                data=folder / name / "data",
                mode=Mode.DEPARTMENT,
                workers=0,
                sign_on=sign_on,
                sign_on_secret=secret,
            )
            return TestClient(
                create_app(settings), base_url="http://localhost", follow_redirects=False
            )

        yield made


@pytest.fixture(scope="module")
def client(make_client: Callable[..., TestClient]) -> Iterator[TestClient]:
    with make_client("plain") as opened:
        yield opened


@pytest.fixture(scope="module")
def store(client: TestClient) -> Store:
    found: Store = client.app.state.services.store  # type: ignore[attr-defined]
    return found


def sign_on(client: TestClient, provider: IdentityProvider, **changed: str) -> Any:
    """Go to the provider and come back; gives the answer to the coming back."""
    client.cookies.clear()
    there = client.get("/oidc/login")
    assert there.status_code == 303
    back = provider.approve(there.headers["location"]) | changed
    return client.get("/oidc/callback", params=back)


def who(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{API}/session").json()
    return found


def test_who_is_not_logged_in_is_told_that_there_is_sign_on(client: TestClient) -> None:
    client.cookies.clear()
    answer = client.get(f"{API}/session")
    assert (answer.status_code, answer.json()["sign_on"]) == (401, True)


def test_the_first_sign_on_makes_the_account(
    client: TestClient, provider: IdentityProvider, store: Store
) -> None:
    provider.person["sub"] = "first"
    provider.person["preferred_username"] = "first"
    back = sign_on(client, provider)
    assert (back.status_code, back.headers["location"]) == (303, "/")
    cookies = back.headers.get_list("set-cookie")
    assert any("signon=" in one and "Max-Age=0" in one for one in cookies)
    (session,) = (one for one in cookies if "signon" not in one)
    assert "HttpOnly" in session
    assert "samesite=strict" in session.lower()
    found = who(client)
    assert (found["user"]["login"], found["user"]["name"]) == ("first", "Anna R.")
    assert (found["user"]["role"], found["sign_on"]) == ("reader", True)
    made = store.users.by_subject(provider.issuer, "first")
    assert made is not None
    assert (made.login, made.password_hash) == ("first", None)
    # No password opens it
    client.cookies.clear()
    login = {"name": "first", "password": "not of this account"}
    assert client.post(f"{API}/session", json=login).status_code == 401


def test_what_is_asked_of_the_provider(client: TestClient, provider: IdentityProvider) -> None:
    client.cookies.clear()
    there = client.get("/oidc/login")
    kept = there.headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=lax" in kept  # the provider's answer comes from another site
    address = there.headers["location"]
    for part in ("response_type=code", "scope=openid+profile+email", "code_challenge_method=S256"):
        assert part in address
    assert "redirect_uri=http%3A%2F%2Flocalhost%2Foidc%2Fcallback" in address
    assert SECRET not in address
    client.get("/oidc/callback", params=provider.approve(address))
    form, _ = provider.asked[-1]
    assert form["grant_type"] == "authorization_code"
    assert "client_secret" not in form  # it goes in the header


def test_a_provider_that_takes_the_secret_in_the_form(
    client: TestClient, provider: IdentityProvider
) -> None:
    provider.more = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    sign_on(client, provider)
    form, authorization = provider.asked[-1]
    assert (form["client_id"], form["client_secret"], authorization) == (CLIENT, SECRET, "")


STRANGER = ECKey.generate_key("P-256", {"kid": "first"})
# Each spoils one thing of an answer that would be believed
SPOILT: dict[str, tuple[str, Callable[[IdentityProvider, dict[str, Any]], Any]]] = {
    "another nonce": ("nonce", lambda p, c: p.sign(c | {"nonce": "another"})),
    "no nonce": ("nonce", lambda p, c: p.sign({k: v for k, v in c.items() if k != "nonce"})),
    "another audience": ("aud", lambda p, c: p.sign(c | {"aud": "another client"})),
    "another audience, for us": ("aud", lambda p, c: p.sign(c | {"aud": "x", "azp": CLIENT})),
    "for another party": ("azp", lambda p, c: p.sign(c | {"aud": [CLIENT, "x"], "azp": "x"})),
    "another issuer": ("iss", lambda p, c: p.sign(c | {"iss": "https://elsewhere.example"})),
    "expired": ("exp", lambda p, c: p.sign(c | {"exp": int(time.time()) - 61})),
    "without an end": ("exp", lambda p, c: p.sign({k: v for k, v in c.items() if k != "exp"})),
    "not yet": ("nbf", lambda p, c: p.sign(c | {"nbf": int(time.time()) + 120})),
    "nobody": ("sub", lambda p, c: p.sign(c | {"sub": ""})),
    "no signature": ("", lambda _, c: unsigned(c)),
    "a signature by the secret": (
        "",
        lambda p, c: p.sign(c, OctKey.import_key(SECRET + "-" * 16, {"kid": "first"})),
    ),
    "a signature by a stranger": ("", lambda p, c: p.sign(c, STRANGER)),
    "no token": ("", lambda *_: "no token"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_token_that_is_not_right_is_refused(
    client: TestClient, provider: IdentityProvider, store: Store, what: str
) -> None:
    claim, make = SPOILT[what]
    provider.person["sub"] = "nobody-yet"
    provider.person["preferred_username"] = "nobody-yet"
    provider.signed = lambda claims: make(provider, claims)
    answer = sign_on(client, provider)
    assert answer.status_code == 403
    assert "is not believed" in answer.text
    assert claim in answer.text
    assert client.get(f"{API}/session").status_code == 401
    assert store.users.by_subject(provider.issuer, "nobody-yet") is None
    assert store.audit.entries(limit=1)[0].action == "sign-on refused"


def test_an_answer_counts_once_and_in_its_own_browser(
    client: TestClient, provider: IdentityProvider
) -> None:
    client.cookies.clear()
    there = client.get("/oidc/login")
    kept = dict(client.cookies)
    back = provider.approve(there.headers["location"])
    client.cookies.clear()
    assert "begun elsewhere" in client.get("/oidc/callback", params=back).text
    client.cookies.update(kept)
    assert client.get("/oidc/callback", params=back).status_code == 303
    client.cookies.clear()
    client.cookies.update(kept)
    again = client.get("/oidc/callback", params=back)
    assert (again.status_code, "is over" in again.text) == (403, True)
    client.cookies.clear()
    assert client.get("/oidc/login").status_code == 303  # another sign-on, the old answer
    assert "begun elsewhere" in client.get("/oidc/callback", params=back).text
    assert client.get(f"{API}/session").status_code == 401


def test_a_sign_on_that_takes_too_long_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = Flow.begin()
    assert flow.is_answered_by(flow.state)
    assert not flow.is_answered_by(flow.nonce)
    began = time.time()
    monkeypatch.setattr(time, "time", lambda: began + 601)
    assert not flow.is_answered_by(flow.state)
    for cookie in ("", "x", ".", "12.", "99999999999999999999.a", "²2.a"):
        assert not Flow(cookie=cookie).is_answered_by(Flow(cookie=cookie).state)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"error": "access_denied"}, "has not let you in"),
        ({"code": ""}, "has not let you in"),
        ({"code": "made up"}, "answers 400"),
        ({"iss": "https://elsewhere.example"}, "has not let you in"),
        ({"state": "<script>alert(1)</script>"}, "begun elsewhere"),
    ],
)
def test_an_answer_that_is_none_is_refused(
    client: TestClient, provider: IdentityProvider, changed: dict[str, str], words: str
) -> None:
    answer = sign_on(client, provider, **changed)
    assert answer.status_code == 403
    assert words in answer.text
    assert "alert" not in answer.text
    assert answer.text.count("<script") == answer.text.count('<script src="/theme.js">') == 1
    assert client.get(f"{API}/session").status_code == 401


def test_groups_give_the_role_at_every_sign_on(
    client: TestClient, provider: IdentityProvider, store: Store
) -> None:
    provider.person |= {"sub": "role", "preferred_username": "role"}
    roles = []
    for groups in (["students", "cardiac-readers"], "students", ["students", 7, "cardiac-admins"]):
        provider.person["groups"] = groups
        assert sign_on(client, provider).status_code == 303
        roles.append(who(client)["user"]["role"])
    assert roles == ["reader", "viewer", "admin"]
    store.users.add("another-admin", Role.ADMIN)
    cookies = dict(client.cookies)
    provider.person["groups"] = ["others"]
    refused = sign_on(client, provider)
    assert (refused.status_code, "You have no role here" in refused.text) == (403, True)
    client.cookies.update(cookies)
    assert client.get(f"{API}/session").status_code == 401  # the old session has ended, too


def test_without_a_role_nobody_comes_in(
    client: TestClient, provider: IdentityProvider, store: Store
) -> None:
    provider.person |= {"sub": "none", "groups": []}
    assert "You have no role here" in sign_on(client, provider).text
    assert store.users.by_subject(provider.issuer, "none") is None


def test_the_login_of_another_account_is_not_taken_over(
    client: TestClient, provider: IdentityProvider, store: Store
) -> None:
    store.users.add("bert", Role.ADMIN, password_hash=hash_password("a long pass phrase"))
    store.users.add("carla", Role.ADMIN)
    for login in ("bert", "carla"):
        provider.person |= {"sub": f"not {login}", "preferred_username": login}
        assert "that of another account" in sign_on(client, provider).text
        assert store.users.get(login).subject is None
    provider.person |= {"sub": "strange", "preferred_username": "a\u202eb"}
    assert "has told no login" in sign_on(client, provider).text


def test_who_is_switched_off_does_not_come_in(
    client: TestClient, provider: IdentityProvider, store: Store
) -> None:
    provider.person |= {"sub": "off", "preferred_username": "off"}
    assert sign_on(client, provider).status_code == 303
    store.users.change("off", UserChange(is_active=False))
    assert "is switched off" in sign_on(client, provider).text


def test_claims_may_come_from_the_place_for_them(
    client: TestClient, provider: IdentityProvider
) -> None:
    provider.person = {"sub": "far"}
    provider.userinfo = {"preferred_username": "far", "groups": ["students"]}
    assert sign_on(client, provider).status_code == 303
    assert who(client)["user"] | {"id": ""} == {
        "id": "",
        "login": "far",
        "name": "far",
        "role": "viewer",
    }
    provider.userinfo["sub"] = "somebody else"
    assert "has told of somebody else" in sign_on(client, provider).text


def test_keys_that_are_new_are_asked_for(
    client: TestClient, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.person |= {"sub": "keys", "preferred_username": "keys"}
    assert sign_on(client, provider).status_code == 303
    asked = provider.key_requests
    monkeypatch.setattr(
        provider, "keys", [*provider.keys, ECKey.generate_key("P-256", {"kid": "next"})]
    )
    assert sign_on(client, provider).status_code == 403  # they were asked for a moment ago
    assert provider.key_requests == asked
    monkeypatch.setattr("corcal.serve.sign_on.provider._AGAIN_S", 0.0)
    assert sign_on(client, provider).status_code == 303
    assert provider.key_requests == asked + 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"issuer": "https://elsewhere.example"}, "another issuer"),
        ({"authorization_endpoint": "http://elsewhere.example/a"}, "no authorization_endpoint"),
        ({"authorization_endpoint": None}, "no authorization_endpoint"),
    ],
)
def test_a_discovery_document_that_is_not_right(
    client: TestClient, provider: IdentityProvider, more: dict[str, Any], words: str
) -> None:
    provider.more = more
    answer = client.get("/oidc/login")
    assert (answer.status_code, words in answer.text) == (502, True)


def test_a_provider_that_is_away_is_told(client: TestClient, provider: IdentityProvider) -> None:
    there = client.get("/oidc/login")
    provider.more = {"token_endpoint": f"{provider.issuer}/nothing/here"}
    found = client.app.state.services.provider  # type: ignore[attr-defined]
    found._known.clear()
    back = provider.approve(there.headers["location"])
    provider.more = {"token_endpoint": "http://127.0.0.1:1/token"}
    assert client.get("/oidc/callback", params=back).status_code == 502


def test_logout_goes_on_to_the_provider(client: TestClient, provider: IdentityProvider) -> None:
    address = client.get("/oidc/logout").headers["location"]
    assert address.startswith(f"{provider.issuer}/off?tenant=1&client_id={CLIENT}")
    assert "post_logout_redirect_uri=http%3A%2F%2Flocalhost%2F" in address


def test_logout_ends_here_where_the_provider_has_none(
    client: TestClient, provider: IdentityProvider
) -> None:
    provider.more = {"end_session_endpoint": None}
    assert client.get("/oidc/logout").headers["location"] == "/"


def test_a_sign_on_begins_where_it_comes_back_to(client: TestClient) -> None:
    answer = client.get("/oidc/login", headers={"Host": "127.0.0.1"})
    assert answer.headers["location"] == "http://localhost/oidc/login"
    assert "set-cookie" not in answer.headers


def test_nothing_of_a_sign_on_is_in_the_log(
    client: TestClient, provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = [SECRET]
    with caplog.at_level(logging.DEBUG):
        sign_on(client, provider)
        provider.signed = lambda claims: (
            secrets.append(claims["nonce"]) or provider.sign(claims | {"nonce": "another"})
        )
        there = client.get("/oidc/login")
        back = provider.approve(there.headers["location"])
        client.get("/oidc/callback", params=back)
        secrets += back.values()
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("corcal"))
    assert "GET /oidc/callback 403" in ours
    assert not [one for one in secrets if one in ours]
    assert SECRET not in repr(client.app.state.services.settings)  # type: ignore[attr-defined]


def test_accounts_that_wait_for_sign_on_are_taken_over_where_it_is_wanted(
    make_client: Callable[..., TestClient], provider: IdentityProvider
) -> None:
    provider.person["groups"] = ["nothing here"]
    with make_client("linked", "link_accounts = true\n") as client:
        store = client.app.state.services.store  # type: ignore[attr-defined]
        assert "You have no role here" in sign_on(client, provider).text
        store.users.add("anna", Role.ADMIN)
        for _ in range(2):  # afterwards they are known
            assert sign_on(client, provider).status_code == 303
            assert who(client)["user"]["role"] == "admin"
        assert len(store.users.all()) == 1


def test_newcomers_may_have_a_role(
    make_client: Callable[..., TestClient], provider: IdentityProvider
) -> None:
    del provider.person["groups"]
    with make_client("newcomers", 'default_role = "viewer"\n') as client:
        store = client.app.state.services.store  # type: ignore[attr-defined]
        assert sign_on(client, provider).status_code == 303
        assert who(client)["user"]["role"] == "viewer"
        store.users.change("anna", UserChange(role=Role.READER))
        assert sign_on(client, provider).status_code == 303
        assert who(client)["user"]["role"] == "reader"  # as the admin has made it


def test_a_server_without_sign_on_has_none(settings_without: Settings) -> None:
    with TestClient(create_app(settings_without), base_url="http://localhost") as client:
        assert client.get(f"{API}/session").json()["sign_on"] is False
        for path in ("login", "callback", "logout"):
            assert client.get(f"/oidc/{path}").status_code == 404


@pytest.fixture
def settings_without(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", mode=Mode.DEPARTMENT, workers=0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('issuer = "https://login.example"', "", "missing required field `issuer`"),
        ("https://login.example", "http://login.example", "issuer of sign-on is an address"),
        ("https://login.example", "https://login.example?a=1", "issuer of sign-on is an address"),
        ("https://login.example", "https://[bad", "issuer of sign-on is an address"),
        ("http://localhost/", "http://localhost/corcal", "without a path"),
        ("client_id", "client", "unknown field `client`"),
        ('"secret"', '"nothing"', "nothing of sign-on cannot be read"),
        ('"admin"', '"root"', "Invalid enum value 'root'"),
        ("[roles]", 'scopes = ["email"]\n[roles]', '"openid" among them'),
        ("[roles]", "[roles", "not valid"),
    ],
)
def test_settings_that_are_not_right_are_refused(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    path = settings_file(tmp_path, "https://login.example")
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=words):
        read_sign_on(path)


def test_the_secret_may_be_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settings_file(tmp_path, "https://login.example")
    path.write_text(path.read_text().replace('client_secret_file = "secret"', ""))
    assert read_sign_on(path)[1] is None
    monkeypatch.setenv(SECRET_VARIABLE, "from outside")
    assert read_sign_on(path)[1] == "from outside"
    monkeypatch.setenv(SECRET_VARIABLE, "a\nb")
    with pytest.raises(InputError, match="characters that no provider gives"):
        read_sign_on(path)
