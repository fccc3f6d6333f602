"""What every request passes: logins, roles, tokens against forgery, names, headers."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from corcal.serve.gate import OPEN
from serve.serve_maker import API, Person

KEY = "0" * 32
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
# What changes something and yet is for everybody: one's own session and tokens, and questions
# that are asked with a body because patient data may not stand in an address
FOR_ALL = {
    ("POST", "/session"),
    ("DELETE", "/session"),
    ("POST", "/session/password"),
    ("POST", "/tokens"),
    ("DELETE", "/tokens/{token_id}"),
    ("POST", "/exams/search"),
    ("POST", "/agreement"),
}
FOR_ADMINS = {
    ("GET", "/users"),
    ("POST", "/users"),
    ("PATCH", "/users/{user_id}"),
    ("GET", "/audit"),
    ("DELETE", "/exams/{exam_id}"),
    ("DELETE", "/patients/{patient_id}"),
    ("POST", "/exams/{exam_id}/blind-reads"),
}


def all_routes(client: TestClient) -> Iterator[tuple[str, str]]:
    """Every method and path under the API, as the OpenAPI description has them."""
    app = client.app
    assert isinstance(app, FastAPI)
    for path, methods in app.openapi()["paths"].items():
        if path.startswith(API):
            for method in methods:
                yield method.upper(), path.removeprefix(API)


def filled(path: str) -> str:
    """Put something into the parameters of a path."""
    path = re.sub(r"\{(number|version)\}", "1", path)
    path = path.replace("{chart}", "percentile").replace("{name}", "report.pdf")
    return re.sub(r"\{\w+\}", KEY, path)


def test_the_description_has_every_route(client: TestClient) -> None:
    described = set(all_routes(client))
    assert len(described) >= 40
    assert {("GET", "/exams"), ("POST", "/exams/{exam_id}/sign"), ("GET", "/audit")} <= described
    app = client.app
    assert isinstance(app, FastAPI)
    for path, methods in app.openapi()["paths"].items():
        assert path.startswith(API), path
        for method, one in methods.items():
            assert one["summary"], (method, path)
            assert one["description"], (method, path)


def test_every_route_asks_for_a_login(client: TestClient) -> None:
    client.cookies.clear()
    paths = [*all_routes(client), ("GET", "/openapi.json"), ("GET", "/no/such/thing")]
    for method, path in paths:
        if (method, API + path) in OPEN:
            continue
        answer = client.request(method, API + filled(path))
        assert answer.status_code == 401, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "login"


@pytest.mark.parametrize("value", ["", "corcal_nonsense", "a.b.c", "é"])
def test_a_wrong_token_is_none(client: TestClient, value: str) -> None:
    headers = {"Authorization": f"Bearer {value}".encode()}
    assert client.get(f"{API}/exams", headers=headers).status_code == 401


def test_viewers_change_nothing(client: TestClient, viewer: Person) -> None:
    for method, path in all_routes(client):
        if method in CHANGING and (method, path) not in FOR_ALL:
            answer = viewer.send(method, filled(path), json=BODIES.get(path))
            assert (answer.status_code, answer.json()["code"]) == (403, "role"), (method, path)


def test_some_things_are_for_admins(reader: Person) -> None:
    for method, path in FOR_ADMINS:
        answer = reader.send(method, filled(path), json=BODIES.get(path))
        assert (answer.status_code, answer.json()["code"]) == (403, "role"), (method, path)


def test_what_changes_something_needs_the_token_against_forgery(
    client: TestClient, admin: Person
) -> None:
    for method, path in all_routes(client):
        if method in CHANGING and (method, API + path) not in OPEN:
            for headers in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": "é".encode()}):
                answer = admin.send(method, filled(path), csrf=False, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (403, "csrf"), (method, path)


def test_another_site_is_refused(admin: Person) -> None:
    for method, path in (("GET", "/exams"), ("POST", "/exams/search")):
        answer = admin.send(method, path, headers={"Origin": "https://elsewhere.example"})
        assert (answer.status_code, answer.json()["code"]) == (403, "origin")
    assert admin.get("/exams", headers={"Origin": "http://testserver"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("testserver", 200),
        ("TESTSERVER:8420", 200),
        ("localhost:1", 200),
        ("127.0.0.1:8420", 200),
        ("[::1]:8420", 200),
        ("10.1.2.3", 200),  # an address cannot be made to lead here by somebody's DNS
        ("evil.example", 400),
        ("testserver.evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("", 400),
    ],
)
def test_the_server_answers_to_its_own_names(client: TestClient, host: str, status: int) -> None:
    assert client.get(f"{API}/health", headers={"Host": host}).status_code == status


def test_every_answer_has_the_headers_that_protect(client: TestClient, reader: Person) -> None:
    client.cookies.clear()
    answers = [
        client.get(f"{API}/health"),
        client.get(f"{API}/exams"),
        client.get("/"),
        client.get("/no-such-page"),
        client.get("/start/wrong"),
        reader.get("/exams"),
        reader.post("/uploads", csrf=False),
        client.get(f"{API}/health", headers={"Host": "evil.example"}),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "private, no-store"


def test_no_page_is_served_from_elsewhere(client: TestClient) -> None:
    for path in ("/docs", "/redoc", "/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/%2e%2e/a"):
        assert client.get(path).status_code in (400, 404), path


BODIES: dict[str, object] = {
    "/users": {"login": "x", "role": "reader"},
    "/users/{user_id}": {},
    "/exams/{exam_id}/review/events": {"expected_sequence": 0, "events": [{"type": "undo"}]},
    "/exams/{exam_id}/sign": {"expected_sequence": 0, "statement_confirmed": True},
    "/exams/{exam_id}/addendum": {"reason": "because"},
    "/exams/{exam_id}/person": {},
    "/exams/{exam_id}/blind-reads": {"reader": "x"},
}
