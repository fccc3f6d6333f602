"""What a score means, comparisons, agreement, blind reads, deletion."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from corcal.serve.agreement import Pair, agreement_of, told_of
from corcal.store.records import ExamState, Role
from corcal.store.store import Store
from serve.serve_maker import Person, person, scored_exam


@pytest.fixture(scope="module")
def second(client: TestClient) -> Person:
    """Another reader."""
    return person(client, Role.READER, "second-reader")


def test_what_is_told_of_a_person_is_kept(reader: Person, exam: str) -> None:
    fields = {one["name"]: one for one in reader.get("/person-fields").json()}
    assert fields["systolic_mmhg"]["unit"] == "mmHg"
    assert fields["sex"]["choices"] == ["female", "male"]
    assert reader.get(f"/exams/{exam}/person").json() == {"age_years": 64.67, "sex": "female"}
    told = {"systolic_mmhg": 130, "smokes": False, "race": "white"}
    answer = reader.post(f"/exams/{exam}/person", told)
    assert answer.status_code == 200
    meaning = answer.json()
    assert meaning["person"]["systolic_mmhg"] == 130
    assert meaning["person"]["age_years"] == 64.67
    assert meaning["percentile"]
    assert reader.get(f"/exams/{exam}/person").json()["smokes"] is False
    assert reader.get(f"/exams/{exam}/interpretation").json() == meaning


def test_what_nobody_can_have_is_refused(reader: Person, exam: str) -> None:
    before = reader.get(f"/exams/{exam}/person").json()
    for wrong, words in (
        ({"systolic_mmhg": 13}, "60 to 260 mmHg"),
        ({"total_cholesterol_mg_dl": 5.2}, "mmol/L"),
        ({"sdi_decile": 2.5}, "whole number"),
        ({"shoe_size": 42}, "not valid"),
        ({"sex": "other"}, "not valid"),
    ):
        answer = reader.post(f"/exams/{exam}/person", wrong)
        assert (answer.status_code, words in answer.json()["detail"]) == (422, True), answer.text
    assert reader.get(f"/exams/{exam}/person").json() == before


def test_charts_are_drawn_or_say_what_they_lack(reader: Person, exam: str) -> None:
    drawn = reader.get(f"/exams/{exam}/charts/percentile.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert b"<svg" in drawn.content
    small = reader.get(f"/exams/{exam}/charts/percentile.svg?size=small")
    assert small.headers["content-type"] == "image/svg+xml"
    assert b'width="470"' in small.content
    assert reader.get(f"/exams/{exam}/charts/percentile.svg?size=tiny").status_code == 422
    missing = reader.get(f"/exams/{exam}/charts/history.svg")
    assert missing.status_code == 404
    assert "earlier exams" in missing.json()["detail"]
    assert "corcal compare" not in missing.json()["detail"]


def test_exams_of_a_patient_are_compared(reader: Person, store: Store, tmp_path: Path) -> None:
    first = scored_exam(store, tmp_path / "a", 301, patient="F", date="20220103")
    assert reader.get(f"/exams/{first}/followup").status_code == 404
    later = scored_exam(store, tmp_path / "b", 302, patient="F", date="20260103")
    found = reader.get(f"/exams/{later}/followup").json()
    assert [one["date"] for one in found["exams"]] == ["2022-01-03", "2026-01-03"]
    assert "research use" in found["statement"]
    assert [one["id"] for one in reader.get(f"/exams/{later}").json()["previous"]] == [first]
    for size in ("full", "small"):
        path = f"/exams/{later}/charts/history.svg?size={size}"
        assert reader.get(path).status_code == 200


def test_the_worklist_is_searched_sorted_and_paged(
    reader: Person, store: Store, tmp_path: Path
) -> None:
    for number in (311, 312, 313):
        scored_exam(store, tmp_path / str(number), number, patient=f"PAGE-{number}")
    found = reader.post("/exams/search", {"q": "page-31", "limit": 2, "sort": "name"}).json()
    assert (found["total"], len(found["items"])) == (3, 2)
    assert found["counts"]["to_review"] == 3
    assert reader.post("/exams/search", {"q": "zacharias page-312"}).json()["total"] == 1
    assert reader.get("/exams?state=final&state=unfit").json()["total"] == 0
    assert reader.get("/exams?from=2026-01-03&to=2026-01-01").json()["total"] == 0
    row = found["items"][0]
    assert (row["agatston"], row["category"], row["verdict"]) == (48.0, "1-100", "caution")
    assert row["patient"]["patient_id"].startswith("PAGE")
    for wrong in ("limit=0", "limit=501", "offset=-1", "sort=shoes", "state=lost", "from=x"):
        assert reader.get(f"/exams?{wrong}").status_code == 422, wrong


def test_a_deleted_patient_is_gone_everywhere(
    admin: Person, reader: Person, store: Store, tmp_path: Path
) -> None:
    first = scored_exam(store, tmp_path / "a", 321, patient="GONE")
    second = scored_exam(store, tmp_path / "b", 322, patient="GONE")
    patient = reader.get(f"/exams/{first}").json()["row"]["patient"]["id"]
    reader.get(f"/exams/{first}/review")
    third = scored_exam(store, tmp_path / "d", 324, patient="GONE")
    assert admin.send("DELETE", f"/exams/{third}").status_code == 204
    assert reader.get(f"/exams/{third}/review").status_code == 404
    assert len(reader.get(f"/exams/{first}").json()["previous"]) == 1
    assert admin.send("DELETE", f"/patients/{patient}").status_code == 204
    for path in ("", "/result", "/review", "/scan", "/scan/voxels", "/review/labels"):
        assert reader.get(f"/exams/{first}{path}").status_code == 404, path
    assert reader.get(f"/exams/{second}").status_code == 404
    assert admin.send("DELETE", f"/patients/{patient}").status_code == 404
    assert patient in {stone.patient_id for stone in store.tombstones()}
    single = scored_exam(store, tmp_path / "c", 323, patient="ALONE")
    assert admin.send("DELETE", f"/exams/{single}").status_code == 204


def candidate_of(who: Person, exam: str, z: int) -> int:
    """The candidate that begins in a slice."""
    review = who.get(f"/exams/{exam}/review").json()
    return next(one["id"] for one in review["candidates"] if one["slices"][0] == z)


def edits(who: Person, exam: str, *pairs: tuple[int, str | None]) -> int:
    sequence = who.get(f"/exams/{exam}/review").json()["sequence"]
    events = [
        {"type": "assign", "candidates": [candidate_of(who, exam, z)], "site": site}
        for z, site in pairs
    ]
    given = {"expected_sequence": sequence, "events": events}
    answer = who.post(f"/exams/{exam}/review/events", given)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["sequence"])


def sign(who: Person, exam: str, sequence: int) -> dict:
    given = {"expected_sequence": sequence, "statement_confirmed": True}
    answer = who.post(f"/exams/{exam}/sign", given)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_blind_reader_sees_nothing_of_other_reads(
    admin: Person, reader: Person, second: Person, store: Store, tmp_path: Path
) -> None:
    exam = scored_exam(store, tmp_path, 331, patient="BLIND")
    assert admin.post(f"/exams/{exam}/blind-reads", {"reader": "nobody"}).status_code == 404
    assert admin.post(f"/exams/{exam}/blind-reads", {"reader": second.login}).status_code == 201
    assert admin.post(f"/exams/{exam}/blind-reads", {"reader": second.login}).status_code == 409
    assert [one["exam_id"] for one in second.get("/blind-reads").json()] == [exam]
    assert reader.get("/blind-reads").json() == []
    sign(reader, exam, edits(reader, exam, (4, None)))  # 16 of the RCA stay
    late = admin.post(f"/exams/{exam}/blind-reads", {"reader": reader.login})
    assert late.status_code == 409
    detail = second.get(f"/exams/{exam}").json()
    assert (detail["row"]["agatston"], detail["versions"]) == (None, [])
    rows = second.post("/exams/search", {"q": "blind"}).json()["items"]
    assert [one["agatston"] for one in rows] == [None]
    for path in ("/result", "/versions/2/files", "/interpretation", "/charts/percentile.svg"):
        assert second.get(f"/exams/{exam}{path}").status_code == 403, path
    reason = {"reason": "to change what others have signed"}
    assert second.post(f"/exams/{exam}/addendum", reason).status_code == 403
    assert second.post(f"/exams/{exam}/rescore").status_code == 403
    assert store.exam(exam).state is ExamState.FINAL
    assert second.post("/agreement", {"kind": "reader_reader"}).status_code == 403
    review = second.get(f"/exams/{exam}/review").json()
    assert (review["is_blind"], review["sequence"], review["is_final"]) == (True, 0, False)
    assert review["score"]["total"]["agatston"] == 0
    assert {one["site"] for one in review["candidates"]} == {None}
    assert {tuple(one["why"]) for one in review["candidates"]} == {()}
    assert sign(second, exam, edits(second, exam, (4, "LAD"), (10, "RCA"))) == {"version": None}
    assert second.get("/blind-reads").json() == []
    assert second.get(f"/exams/{exam}/result").json()["score"]["total"]["agatston"] == 16
    assert store.exam(exam).signed_version == 2
    found = reader.post("/agreement", {"kind": "reader_reader"}).json()
    assert found["n"] == 1
    (point,) = found["bland_altman"]["points"]
    assert (point["mean"], point["difference"]) == (32, 32)  # 16 signed, 48 read blind


def test_automatic_scores_are_compared_with_signed_ones(
    reader: Person, store: Store, tmp_path: Path
) -> None:
    for number, taken in ((341, 4), (342, 10)):
        exam = scored_exam(store, tmp_path / str(number), number, patient=f"A{number}")
        sign(reader, exam, edits(reader, exam, (taken, None)))
    asked = {"kind": "automatic_reader", "readers": [reader.login]}
    found = reader.post("/agreement", asked).json()
    by_exam = {one["difference"] for one in found["bland_altman"]["points"]}
    assert {32.0, 16.0} <= by_exam  # LAD 32 and RCA 16 were taken out
    assert sum(map(sum, found["table"]["counts"])) == found["n"]
    nobody = reader.post("/agreement", asked | {"readers": ["nobody"]}).json()
    assert (nobody["n"], nobody["icc"]["value"], nobody["kappa"]["value"]) == (0, None, None)
    assert (nobody["patients"], nobody["least_patients"]) == (0, 10)
    assert nobody["bland_altman"]["lacks"] == "10 patients are needed; there are 0"
    before = reader.post("/agreement", asked | {"to": "2000-01-01"}).json()
    assert before["n"] == 0


def pairs_of(scores: list[tuple[float, float]], patients: int) -> list[Pair]:
    return [
        Pair(exam_id=str(n), patient_id=str(n % patients), first=a, second=b)
        for n, (a, b) in enumerate(scores)
    ]


def test_few_patients_have_a_mean_difference_and_no_statistics_of_chance() -> None:
    """Twelve exams of nine patients are still nine; of ten, all is told."""
    scores = [(40.0 * n, 40.0 * n + 10) for n in range(12)]
    few, lacks = told_of(agreement_of(pairs_of(scores, 9)))
    assert few.bias.value == 10
    assert few.table.sum() == 12
    for one in (few.icc, few.kappa, few.lower_limit, few.upper_limit):
        assert one.value is None
    needed = "10 patients are needed; there are 9"
    assert (lacks.bias, lacks.limits, lacks.icc, lacks.kappa) == (None, needed, needed, needed)
    enough, lacks = told_of(agreement_of(pairs_of(scores, 10)))
    assert (lacks.bias, lacks.limits, lacks.icc, lacks.kappa) == (None, None, None, None)
    for one in (enough.icc, enough.kappa, enough.lower_limit):
        assert one.value is not None


def test_what_is_undefined_says_why() -> None:
    same, lacks = told_of(agreement_of(pairs_of([(0.0, 0.0)] * 10, 10)))
    assert (same.icc.value, lacks.icc) == (None, "undefined: all scores are the same")
    assert (same.kappa.value, lacks.kappa) == (None, "undefined: all scores are in one category")
    assert (same.lower_limit.value, lacks.limits) == (0, None)
    one, lacks = told_of(agreement_of(pairs_of([(5.0, 7.0)], 1)))
    assert (one.bias.value, lacks.icc) == (2, "10 patients are needed; there is 1")
    _, lacks = told_of(agreement_of([]))
    assert lacks.bias == "1 exam is needed; there is none"


def test_statistics_are_those_of_the_evaluation() -> None:
    """Differences 10, -10, 20, 0 of four exams: bias 5."""
    scores = ((0, 10), (110, 100), (200, 220), (500, 500))
    pairs = [
        Pair(exam_id=str(n), patient_id=str(n), first=a, second=b)
        for n, (a, b) in enumerate(scores)
    ]
    found = agreement_of(pairs)
    assert found.bias.value == 5
    # sd of (5, -15, 15, -5): sqrt(500 / 3) = 12.91; limits 5 -+ 1.96 sd
    assert found.lower_limit.value == pytest.approx(5 - 1.96 * 12.9099, abs=1e-3)
    assert found.icc.value == pytest.approx(0.9980, abs=1e-3)
    # categories (0, 101-400, 101-400, >400) and (1-100, 1-100, 101-400, >400): two one apart.
    # observed 2/4; rows (1,0,2,1), columns (0,2,1,1): expected (2*1+1*2+1*3 + 2*(2*1+0+1*1)
    # + 1*(2*2+1*0+1*1)) / 16 = (7 + 6 + 5) / 16 -> 1 - 0.5 / 1.125
    assert found.kappa.value == pytest.approx(1 - 0.5 / 1.125)


def test_the_report_of_an_exam_knows_nothing_of_later_ones(
    reader: Person, store: Store, tmp_path: Path
) -> None:
    first = scored_exam(store, tmp_path / "a", 303, patient="L", date="20220103")
    later = scored_exam(store, tmp_path / "b", 304, patient="L", date="20260103")
    for exam in (first, later):
        sign(reader, exam, 0)
    assert reader.get(f"/exams/{first}/result").json()["followup"] is None
    followup = reader.get(f"/exams/{later}/result").json()["followup"]
    assert [one["date"] for one in followup["exams"]] == ["2022-01-03", "2026-01-03"]
    assert reader.get(f"/exams/{first}/followup").status_code == 200  # the screen shows all
