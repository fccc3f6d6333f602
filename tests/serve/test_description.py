"""Requests made of the OpenAPI description: no answer is a defect."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from starlette.testclient import TestClient

from corcal.serve.problems import MEDIA_TYPE
from serve.serve_maker import API, Person

EXAMPLES = 5  # of each operation: a run of all takes seconds
ENDLESS = f"{API}/events"


def test_no_request_of_the_description_finds_a_defect(
    client: TestClient, admin: Person, exam: str
) -> None:
    token = admin.post("/tokens", {"name": "test"}).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    description = client.get(f"{API}/openapi.json", headers=headers).json()
    del description["paths"][ENDLESS]
    client.cookies.clear()
    done: dict[str, list[int]] = {}
    for operation in schemathesis.openapi.from_dict(description).get_all_operations():
        done[operation.ok().label] = try_operation(operation.ok(), client, headers, exam)
    assert len(done) >= 40
    assert sum(any(code < 300 for code in codes) for codes in done.values()) >= 20, done


def try_operation(
    operation: Any, client: TestClient, headers: dict[str, str], exam: str
) -> list[int]:
    """Make some requests of one operation, every other one of an exam that is there."""
    codes: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        if (
            len(codes) % 2 == 0
            and operation.method != "delete"
            and "exam_id" in case.path_parameters
        ):
            case.path_parameters["exam_id"] = exam
        request = case.as_transport_kwargs(base_url="http://testserver")
        request["headers"] = dict(request["headers"]) | headers
        request.pop("cookies")
        data = request.pop("data", None)
        answer = client.request(
            request.pop("method"),
            request.pop("url"),
            **request,
            **({} if data is None else {"content": data}),
        )
        codes.append(answer.status_code)
        assert answer.status_code < 500, (operation.label, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == MEDIA_TYPE, operation.label

    run()
    return codes


def test_models_have_examples_that_fit(client: TestClient) -> None:
    """Every body that can be sent, and the main answers, show how they look."""
    schemas = client.app.openapi()["components"]["schemas"]  # type: ignore[attr-defined]
    bodies = {name for name in schemas if name.endswith(("Request", "Input")) or name in BODIES}
    for name in bodies | {"ExamRow", "SessionInfo", "ProblemInfo", "JobInfo", "ScanInfo"}:
        assert schemas[name].get("examples"), name


BODIES = {"AddEvents", "ExamSearch", "Login", "NewUser", "ChangedUser", "NewToken", "NewPassword"}
