"""What people see whom the screen cannot tell: pages, and never what programs read."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from corcal.serve.app import create_app
from corcal.serve.pages import STATIC, page, problem_page
from corcal.serve.settings import Mode, Settings
from serve.serve_maker import API

EXAM = "0123456789abcdef0123456789abcdef"


def words(answer) -> str:
    """The text of a page, for a person; fails on anything else."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return re.sub(r"<[^>]+>", " ", answer.text)


@pytest.fixture
def own(tmp_path: Path):
    """A server for one person, and the token of its link."""
    settings = Settings(
        data=tmp_path / "data",
        mode=Mode.PERSONAL,
        allowed_hosts=("testserver",),
        workers=0,
        reader="me",
    )
    app = create_app(settings)
    with TestClient(app, follow_redirects=False) as client:
        yield client, app.state.services.start.token


def test_a_link_that_is_used_up_says_what_to_do(own: tuple[TestClient, str]) -> None:
    client, token = own
    assert client.get(f"/start/{token}").status_code == 303
    client.cookies.clear()
    for link in (token, "of-an-older-server"):
        answer = client.get(f"/start/{link}")
        assert answer.status_code == 403
        said = words(answer)
        assert "This link no longer opens corcal" in said
        assert "corcal serve" in said
        assert "Nothing that was uploaded, read or signed is lost" in said
        assert 'href="/"' in answer.text
        assert link not in answer.text


def test_who_loads_the_link_again_stays_where_they_are(own: tuple[TestClient, str]) -> None:
    client, token = own
    client.get(f"/start/{token}")
    again = client.get(f"/start/{token}")
    assert (again.status_code, again.headers["location"]) == (303, "/")
    assert client.get(f"{API}/session").json()["user"]["login"] == "me"


def test_a_link_to_a_server_with_accounts_leads_to_the_login(client: TestClient) -> None:
    client.cookies.clear()
    answer = client.get("/start/anything")
    assert answer.status_code == 403
    assert "This server has accounts" in words(answer)
    assert "Log in" in words(answer)


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/agreement", "/#/agreement"),
        ("/agreement/", "/#/agreement"),
        ("/settings", "/#/settings"),
        ("/exams", "/#/exams"),
        (f"/exams/{EXAM}", f"/#/exams/{EXAM}"),
        ("/login", "/"),
        ("/start", "/"),
    ],
)
def test_a_view_is_found_without_its_mark(client: TestClient, path: str, leads_to: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)


@pytest.mark.parametrize(
    "path", ["/agreemnt", "/exams/1", "/assets/none.js", "/exams%00", "/%2e%2e/a", "/apis", "/<b>"]
)
def test_what_is_not_there_is_told_by_a_page(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 404
    assert "There is no such page" in words(answer)
    assert "<b>" not in answer.text


def test_programs_read_problems(client: TestClient) -> None:
    client.cookies.clear()
    for path in (f"{API}/nothing", f"{API}/session", "/api/v2/exams", "/api/"):
        answer = client.get(path)
        kind = answer.headers["content-type"]
        if path.startswith(API):
            assert (answer.status_code, kind) == (401, "application/problem+json"), path


def test_errors_outside_of_the_interface_are_pages(client: TestClient) -> None:
    wrong_host = client.get("/", headers={"Host": "evil.example"})
    assert wrong_host.status_code == 400
    assert "--allowed-host" in words(wrong_host)
    assert client.post("/agreement").status_code == 405
    assert "This cannot be done" in words(client.post("/agreement"))
    sign_on = client.get("/oidc/login")
    assert sign_on.status_code == 404
    assert "This server has no sign-on" in words(sign_on)


def test_a_page_holds_no_markup_of_others() -> None:
    made = page(403, "<i>", "`a<b`", link="<u>", to='/"x').body.decode()
    assert "<code>a&lt;b</code>" in made
    for bad in ("<i>", "<u>", '"/"x"', "<script>"):
        assert bad not in made
    assert "&lt;s&gt;" in problem_page(500, "<s>").body.decode()


def test_a_page_is_dressed_as_the_screen() -> None:
    made = page(404, "title").body.decode()
    (style,) = re.findall(r'<link rel="stylesheet"[^>]*href="([^"]+)"', made)
    assert (STATIC / style.removeprefix("/")).is_file()
