"""Reviews over the wire: edits, conflicts, undo, replay, signing, addenda."""

import base64
import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from starlette.testclient import TestClient

from corcal.review import read_event, replay
from corcal.serve.app import create_app
from corcal.serve.doing import DOCUMENTS
from corcal.serve.services import Services
from corcal.serve.settings import Settings
from corcal.store.jobs import SCORE
from corcal.store.people import UserChange
from corcal.store.records import ExamState, ResultVersion, Role
from corcal.store.store import Store
from serve.serve_maker import (
    SHAPE,
    SPACING_MM,
    Person,
    given_result,
    hu,
    person,
    scored_exam,
    write_scan,
)

# 32 voxels of 0.75 mm3; two slices of 4 mm2: LAD 2 x 4 x 4, RCA 2 x 4 x 2
LAD, RCA = 32.0, 16.0


@pytest.fixture
def fresh(store: Store, tmp_path: Path) -> str:
    """An exam that nobody has touched."""
    fresh.number += 1  # type: ignore[attr-defined]
    return scored_exam(store, tmp_path / "scan", 100 + fresh.number)  # type: ignore[attr-defined]


fresh.number = 0  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def second(client: TestClient) -> Person:
    """Another reader."""
    return person(client, Role.READER, "second-reader")


def candidate_of(review: dict, site: str) -> dict:
    """The candidate that was proposed for a site."""
    return next(one for one in review["candidates"] if one["proposed_site"] == site)


def edit(who: Person, exam: str, sequence: int, *events: dict):
    return who.post(
        f"/exams/{exam}/review/events", {"expected_sequence": sequence, "events": list(events)}
    )


def assign(number: int, site: str | None) -> dict:
    return {"type": "assign", "candidates": [number], "site": site}


def test_a_review_begins_with_what_was_proposed(reader: Person, fresh: str) -> None:
    review = reader.get(f"/exams/{fresh}/review").json()
    assert review["sequence"] == 0
    assert not review["can_undo"]
    assert not review["is_final"]
    assert review["score"]["total"]["agatston"] == LAD + RCA
    assert review["score"]["vessels"]["LAD"]["agatston"] == LAD
    assert review["score"]["total"]["category"] == "1-100"
    lad = candidate_of(review, "LAD")
    assert (lad["site"], lad["probability"], lad["origin"]) == ("LAD", 0.9, "automatic")
    assert lad["why"] == ["was put there"]
    assert lad["slices"] == [4, 5]
    assert [one["key"] for one in review["sites"][:4]] == ["1", "2", "3", "4"]


def test_an_edit_answers_what_changed(reader: Person, fresh: str) -> None:
    review = reader.get(f"/exams/{fresh}/review").json()
    lad = candidate_of(review, "LAD")["id"]
    answer = edit(reader, fresh, 0, assign(lad, "LCX")).json()
    assert answer["sequence"] == 1
    assert [one["id"] for one in answer["changed"]] == [lad]
    assert answer["changed"][0]["origin"] == "reader"
    assert not answer["labels_changed"]
    table = answer["score"]
    assert (table["vessels"]["LCX"]["agatston"], table["vessels"]["LAD"]["agatston"]) == (LAD, 0.0)
    assert table["vessels"]["LAD"]["automatic_agatston"] == LAD
    assert table["changed_by_reader"] == 1
    assert table["automatic"] == {"total_agatston": LAD + RCA}
    gone = edit(reader, fresh, 1, assign(lad, None)).json()["score"]
    assert gone["total"]["agatston"] == RCA


def test_undo_and_redo_go_back_and_forth(reader: Person, fresh: str) -> None:
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    edit(reader, fresh, 0, assign(lad, None))
    undone = edit(reader, fresh, 1, {"type": "undo"}).json()
    assert undone["score"]["total"]["agatston"] == LAD + RCA
    assert (undone["can_undo"], undone["can_redo"]) == (False, True)
    redone = edit(reader, fresh, 2, {"type": "redo"}).json()
    assert redone["score"]["total"]["agatston"] == RCA
    refused = edit(reader, fresh, 3, {"type": "redo"})
    assert refused.status_code == 422
    assert "nothing to redo" in refused.json()["detail"]


def test_a_cut_relabels_its_voxels(reader: Person, fresh: str) -> None:
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    line = {"type": "split_line", "candidate": lad, "z": 4, "from": [0, 5.5], "to": [31, 5.5]}
    answer = edit(reader, fresh, 0, line).json()
    assert answer["removed"] == [lad]
    assert len(answer["changed"]) == 2
    index, owner = unpacked(base64.b64decode(answer["labels_patch"]))
    assert index.size == 2 * 16
    assert set(owner.tolist()) == {one["id"] for one in answer["changed"]}
    whole, owners = unpacked(reader.get(f"/exams/{fresh}/review/labels").content)
    assert np.array_equal(owners[np.isin(whole, index)], owner[np.argsort(index)])


def unpacked(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Take labels apart."""
    words = np.frombuffer(data, "<u4")
    count = int(words[0])
    assert words.size == 1 + 2 * count
    return words[1 : 1 + count], words[1 + count :]


def test_labels_follow_the_threshold(reader: Person, fresh: str) -> None:
    before, _ = unpacked(reader.get(f"/exams/{fresh}/review/labels").content)
    answer = edit(reader, fresh, 0, {"type": "threshold", "hu": 150}).json()
    assert (answer["labels_changed"], answer["labels_patch"]) == (True, None)
    assert answer["threshold_hu"] == 150
    painted = {"type": "region", "z0": 20, "z1": 20, "polygon": [[0, 0], [0, 3], [3, 3]]}
    nothing = edit(reader, fresh, 1, painted | {"site": "LAD"})
    assert nothing.status_code == 422
    assert "nothing at or above" in nothing.json()["detail"]
    assert before.size == 2 * (16 + 16 + 32)


def test_a_region_that_is_undone_takes_its_voxels_back(reader: Person, fresh: str) -> None:
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")
    painted = {"type": "region", "z0": 4, "z1": 4, "polygon": [[7, 3], [7, 12], [12, 12], [12, 3]]}
    answer = edit(reader, fresh, 0, painted | {"site": "LM"}).json()
    assert answer["score"]["vessels"]["LM"]["agatston"] == LAD / 2
    undone = edit(reader, fresh, 1, {"type": "undo"}).json()
    index, owner = unpacked(base64.b64decode(undone["labels_patch"]))
    assert set(owner.tolist()) == {lad["id"]}
    assert index.size == 32


def test_brushed_voxels_outside_of_the_scan_are_refused(reader: Person, fresh: str) -> None:
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    brush = {"type": "split_brush", "candidate": lad, "voxels": [int(np.prod(SHAPE))]}
    assert edit(reader, fresh, 0, brush).status_code == 422
    inside = 4 * 32 * 32 + 8 * 32 + 4
    answer = edit(reader, fresh, 0, brush | {"voxels": [inside, inside + 1]}).json()
    assert len(answer["changed"]) == 2


def test_edits_are_all_or_none(reader: Person, fresh: str) -> None:
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    assert edit(reader, fresh, 0, assign(lad, None), assign(999_999, "LAD")).status_code == 422
    review = reader.get(f"/exams/{fresh}/review").json()
    assert (review["sequence"], review["score"]["total"]["agatston"]) == (0, LAD + RCA)


def test_the_second_reader_is_told_and_nothing_is_lost(
    reader: Person, second: Person, fresh: str
) -> None:
    review = reader.get(f"/exams/{fresh}/review").json()
    lad, rca = (candidate_of(review, site)["id"] for site in ("LAD", "RCA"))
    assert edit(reader, fresh, 0, assign(lad, "LM")).status_code == 200
    late = edit(second, fresh, 0, assign(rca, None))
    assert late.status_code == 409
    assert late.json()["code"] == "conflict"
    assert late.json()["sequence"] == 1
    assert late.json()["user"] == reader.login
    assert edit(second, fresh, 1, assign(rca, None)).status_code == 200
    log = reader.get(f"/exams/{fresh}/review/events").json()
    assert [(one["sequence"], one["user"], one["type"]) for one in log] == [
        (1, reader.login, "assign"),
        (2, second.login, "assign"),
    ]


def test_many_edits_at_once_are_one_after_the_other(
    client: TestClient, reader: Person, second: Person, fresh: str, settings: Settings
) -> None:
    """Two servers at one store, each with a reader who tries until each of five edits is in."""
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    done: list[str] = []
    with TestClient(create_app(settings)) as other:
        twin = Person(second.login, other, second.cookies, second.csrf)

        def work(who: Person) -> None:
            for number in range(5):
                sequence = 0
                while True:
                    answer = edit(who, fresh, sequence, assign(lad, ("LM", "LCX")[number % 2]))
                    if answer.status_code == 200:
                        done.append(who.login)
                        break
                    assert answer.status_code == 409, answer.text
                    sequence = answer.json()["sequence"]

        threads = [threading.Thread(target=work, args=(who,)) for who in (reader, twin)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    log = reader.get(f"/exams/{fresh}/review/events").json()
    assert [one["sequence"] for one in log] == list(range(1, 11))
    assert sorted(one["user"] for one in log) == sorted(done)
    assert len(client.app.state.services.store.events(fresh)) >= 10  # type: ignore[attr-defined]


def test_a_replay_gives_the_same_score_to_the_digit(
    client: TestClient, reader: Person, fresh: str
) -> None:
    review = reader.get(f"/exams/{fresh}/review").json()
    lad, rca = (candidate_of(review, site)["id"] for site in ("LAD", "RCA"))
    line = {"type": "split_line", "candidate": lad, "z": 4, "from": [0, 5.5], "to": [31, 5.5]}
    live = edit(reader, fresh, 0, line, assign(rca, "LCX"), {"type": "undo"}, {"type": "redo"})
    parts = [one["id"] for one in live.json()["changed"] if one["id"] not in (lad, rca)]
    live = edit(reader, fresh, 4, assign(parts[0], None), {"type": "threshold", "hu": 140})
    services: Services = client.app.state.services  # type: ignore[attr-defined]
    steps = services.store.events_of_kind("review")
    log = [
        read_event(json.dumps(one))
        for step in steps
        if step.exam_id == fresh
        for one in step.after["events"]
    ]
    services.opened.forget(fresh)
    opened = services.opened.get(fresh)
    state = replay(opened.review().state.proposals, opened.scan, log)
    assert opened.measured(state).score.total.agatston == live.json()["score"]["total"]["agatston"]
    again = reader.get(f"/exams/{fresh}/review").json()
    assert again["score"] == live.json()["score"]
    assert again["sequence"] == len(log) == 6


def test_signing_freezes_a_version(reader: Person, second: Person, fresh: str) -> None:
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    edit(reader, fresh, 0, assign(lad, None))
    late = {"expected_sequence": 0, "statement_confirmed": True}
    assert second.post(f"/exams/{fresh}/sign", late).status_code == 409
    unsure = {"expected_sequence": 1, "statement_confirmed": False}
    assert reader.post(f"/exams/{fresh}/sign", unsure).status_code == 422
    signed = reader.post(f"/exams/{fresh}/sign", late | {"expected_sequence": 1})
    assert (signed.status_code, signed.json()) == (201, {"version": 2})
    detail = reader.get(f"/exams/{fresh}").json()
    assert detail["row"]["state"] == "final"
    assert detail["row"]["signed_by"] == reader.login
    assert [(one["kind"], one["agatston"]) for one in detail["versions"]] == [
        ("automatic", LAD + RCA),
        ("final", RCA),
    ]
    record = reader.get(f"/exams/{fresh}/result").json()
    assert record["provenance"]["method"] == "reviewed"
    assert record["provenance"]["reviewed"]["is_complete"]
    assert record["interpretation"]["agatston"] == RCA
    assert edit(second, fresh, 2, assign(lad, "LM")).status_code == 423
    assert reader.post(f"/exams/{fresh}/rescore").status_code == 423
    assert reader.post(f"/exams/{fresh}/sign", late).status_code == 423
    before = reader.get(f"/exams/{fresh}/result?version=1").json()
    assert before["provenance"]["method"] == "automatic"


def test_an_addendum_goes_on_from_the_signed_review(
    reader: Person, store: Store, fresh: str
) -> None:
    assert reader.post(f"/exams/{fresh}/addendum", {"reason": "too early"}).status_code == 409
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    sign = {"expected_sequence": 0, "statement_confirmed": True}
    assert reader.post(f"/exams/{fresh}/sign", sign).json() == {"version": 2}
    why = "The calcium of the LAD is in the pericardium."
    turned = {"reason": "what is \u202edias is turned"}
    assert reader.post(f"/exams/{fresh}/addendum", turned).status_code == 422
    broken = reader.post(f"/exams/{fresh}/addendum", {"reason": "two\nlines"})
    assert (broken.status_code, "reason has the character U+000A" in broken.text) == (422, True)
    assert ("allowed is one line of text" in broken.text, "a name" in broken.text) == (True, False)
    unseen = reader.post(f"/exams/{fresh}/addendum", {"reason": "\u200b\u2060\u200b"})
    assert (unseen.status_code, "reason shows nothing" in unseen.text) == (422, True)
    assert reader.post(f"/exams/{fresh}/addendum", {"reason": why}).status_code == 201
    assert edit(reader, fresh, 1, assign(lad, "pericardium")).status_code == 200
    again = reader.post(f"/exams/{fresh}/sign", sign | {"expected_sequence": 2})
    assert again.json() == {"version": 3}
    versions = reader.get(f"/exams/{fresh}").json()["versions"]
    assert [(one["kind"], one["note"]) for one in versions[1:]] == [
        ("final", None),
        ("addendum", why),
    ]
    first = reader.get(f"/exams/{fresh}/result?version=2").json()
    assert first["score"]["total"]["agatston"] == LAD + RCA
    assert first["provenance"]["amendment"] is None
    corrected = reader.get(f"/exams/{fresh}/result?version=3").json()
    told = corrected["provenance"]["amendment"]
    assert (told["reason"], told["agatston_before"]) == (why, LAD + RCA)
    assert told["reader_before"] == first["provenance"]["reader"]
    signed = store.versions(fresh)[1].signature.signed_at
    assert datetime.fromisoformat(told["signed_before"]) == signed.replace(microsecond=0)
    assert told["record_before"] is not None
    assert corrected["score"]["total"]["agatston"] == RCA


def test_a_volume_file_without_a_name_or_a_study_has_an_addendum(
    reader: Person, store: Store, tmp_path: Path
) -> None:
    image = sitk.GetImageFromArray(hu(7))
    image.SetSpacing(SPACING_MM[::-1])
    (tmp_path / "scan").mkdir()
    sitk.WriteImage(image, str(tmp_path / "scan" / "scan.nii.gz"))
    exam = given_result(store, tmp_path / "scan")
    sign = {"expected_sequence": 0, "statement_confirmed": True}
    assert reader.post(f"/exams/{exam}/sign", sign).json() == {"version": 2}
    scan = store.result(exam, 2).scan
    assert (scan.study_instance_uid, scan.patient.patient_id, scan.date) == (None, None, None)
    assert (
        reader.post(f"/exams/{exam}/addendum", {"reason": "Bone was counted."}).status_code == 201
    )
    lad = candidate_of(reader.get(f"/exams/{exam}/review").json(), "LAD")["id"]
    assert edit(reader, exam, 1, assign(lad, "pericardium")).status_code == 200
    again = reader.post(f"/exams/{exam}/sign", sign | {"expected_sequence": 2})
    assert again.json() == {"version": 3}
    told = store.result(exam, 3).provenance.amendment
    assert told is not None
    assert (told.reason, told.agatston_before) == ("Bone was counted.", LAD + RCA)


def test_an_exam_that_late_images_opened_again_says_so_when_it_is_signed(
    reader: Person, store: Store, fresh: str
) -> None:
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    sign = {"expected_sequence": 0, "statement_confirmed": True}
    assert reader.post(f"/exams/{fresh}/sign", sign).json() == {"version": 2}
    reader.post(f"/exams/{fresh}/addendum", {"reason": "of the second signature"})
    assert edit(reader, fresh, 1, assign(lad, "pericardium")).status_code == 200
    again = reader.post(f"/exams/{fresh}/sign", sign | {"expected_sequence": 2})
    assert again.json() == {"version": 3}
    late = {"content": "ab", "reason": "Two images came late.", "job_kind": SCORE}
    assert store.take_late_images(fresh, expected_version=3, **late)
    there = reader.get(f"/exams/{fresh}/review").json()["sequence"]
    last = reader.post(f"/exams/{fresh}/sign", sign | {"expected_sequence": there})
    assert last.json() == {"version": 4}
    told = store.result(fresh, 4).provenance.amendment
    assert told is not None
    assert (told.reason, told.agatston_before) == ("Two images came late.", RCA)


def test_signing_asks_a_worker_for_the_files(reader: Person, store: Store, fresh: str) -> None:
    unknown = {"expected_sequence": 0, "statement_confirmed": True, "send_to": "nowhere"}
    assert reader.post(f"/exams/{fresh}/sign", unknown).status_code == 422
    reader.post(f"/exams/{fresh}/sign", unknown | {"send_to": None})
    files = reader.get(f"/exams/{fresh}/versions/2/files").json()
    assert files == {
        "state": "making",
        "files": [{"name": "result.json", "media_type": "application/json"}],
    }
    (job,) = [one for one in store.jobs.of(exam_id=fresh) if one.kind == DOCUMENTS]
    assert job.payload == {"version": 2, "send_to": None, "address": None}
    answer = reader.get(f"/exams/{fresh}/versions/2/files/result.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="v2_result.json"'
    for name in ("candidates.npz", "thumbnail.png", "report.pdf"):
        assert reader.get(f"/exams/{fresh}/versions/1/files/{name}").status_code == 404
    assert reader.get(f"/exams/{fresh}/versions/9/files").status_code == 404


def test_voxels_are_those_of_the_scan(reader: Person, fresh: str) -> None:
    info = reader.get(f"/exams/{fresh}/scan").json()
    assert info["shape"] == list(SHAPE)
    assert info["spacing_mm"] == pytest.approx(SPACING_MM)
    assert info["direction"] == pytest.approx([1, 0, 0, 0, 1, 0, 0, 0, 1])
    assert info["origin_mm"] == pytest.approx([-50, -60, -70])
    data = reader.get(f"/exams/{fresh}/scan/voxels", params={"z0": 4, "z1": 6}).content
    found = np.frombuffer(data, "<i2").reshape(2, *SHAPE[1:])
    assert np.array_equal(found, hu()[4:6])
    assert reader.get(f"/exams/{fresh}/scan/voxels?z0=24").status_code == 422
    assert reader.get(f"/exams/{fresh}/thumbnail.png").content.startswith(b"\x89PNG")


def test_locks_are_advice(reader: Person, second: Person, fresh: str) -> None:
    assert reader.get(f"/exams/{fresh}/review").json()["lock"] is None
    assert reader.post(f"/exams/{fresh}/review/lock").json()["user"] == reader.login
    assert second.get(f"/exams/{fresh}/review").json()["lock"]["user"] == reader.login
    assert second.get(f"/exams/{fresh}").json()["lock"]["user"] == reader.login
    assert reader.get(f"/exams/{fresh}").json()["lock"] is None
    lad = candidate_of(second.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    assert edit(second, fresh, 0, assign(lad, "LM")).status_code == 200
    assert reader.send("DELETE", f"/exams/{fresh}/review/lock").status_code == 204
    assert second.get(f"/exams/{fresh}").json()["lock"] is None


def test_an_exam_without_a_result_has_no_review(
    reader: Person, store: Store, tmp_path: Path
) -> None:
    write_scan(tmp_path / "scan", 999)
    (waiting,) = store.import_study(tmp_path / "scan").exams
    answer = reader.get(f"/exams/{waiting}/review")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_result")
    assert reader.get(f"/exams/{waiting}/thumbnail.png").status_code == 200  # its images are there


def test_a_new_score_begins_a_new_review(reader: Person, store: Store, fresh: str) -> None:
    lad = candidate_of(reader.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    edit(reader, fresh, 0, assign(lad, None))
    first = store.exam(fresh)
    kept = {name: store.attachment(fresh, name, 1) for name in ("candidates.npz", "thumbnail.png")}
    store.add_result(fresh, store.result(fresh, 1), voxels=store.voxels(fresh, 1), attachments=kept)
    assert store.exam(fresh).latest_version == first.latest_version + 1
    review = reader.get(f"/exams/{fresh}/review").json()
    assert (review["sequence"], review["score"]["total"]["agatston"]) == (0, LAD + RCA)


def test_an_exam_is_scored_again_once(reader: Person, store: Store, fresh: str) -> None:
    first, second = (reader.post(f"/exams/{fresh}/rescore") for _ in range(2))
    assert first.status_code == 202
    assert first.json() == second.json()
    (job,) = store.jobs.of(exam_id=fresh)
    assert job.id == first.json()["job_id"]


def test_a_failed_exam_waits_again(reader: Person, store: Store, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan", 998)
    (exam,) = store.import_study(tmp_path / "scan").exams
    store.set_state(exam, ExamState.FAILED, reason="the power was out")
    assert reader.post(f"/exams/{exam}/rescore").status_code == 202
    assert store.exam(exam).state is ExamState.WAITING


def test_files_of_an_unsigned_version_are_made_when_asked_for(
    reader: Person, store: Store, fresh: str
) -> None:
    assert reader.get(f"/exams/{fresh}/versions/1/files").json()["state"] == "none"
    for _ in range(2):
        asked = reader.post(f"/exams/{fresh}/versions/1/files")
        assert (asked.status_code, asked.json()["state"]) == (202, "making")
    assert len(store.jobs.of(exam_id=fresh)) == 1


def test_rule_comment_and_confirmation(reader: Person, fresh: str) -> None:
    answer = edit(
        reader,
        fresh,
        0,
        {"type": "rule", "rule": "ge"},
        {"type": "comment", "text": "motion at the RCA"},
        {"type": "confirm"},
    ).json()
    assert (answer["sequence"], answer["rule"]) == (3, "ge")
    assert answer["score"]["is_complete"]
    signed = {"expected_sequence": 3, "statement_confirmed": True}
    assert reader.post(f"/exams/{fresh}/sign", signed).status_code == 201
    assert reader.get(f"/exams/{fresh}/review").json()["sequence"] == 3  # confirmed already


def test_who_signs_too_late_is_told_who_signed_and_when(
    client: TestClient, second: Person, store: Store, fresh: str
) -> None:
    first = person(client, Role.READER, "first-signer")
    store.users.change(first.login, UserChange(name="Frieda First"))
    lad = candidate_of(first.get(f"/exams/{fresh}/review").json(), "LAD")["id"]
    sequence = edit(first, fresh, 0, assign(lad, None)).json()["sequence"]
    given = {"expected_sequence": sequence, "statement_confirmed": True}
    assert first.post(f"/exams/{fresh}/sign", given).status_code == 201
    answers = [
        second.post(f"/exams/{fresh}/sign", given),
        edit(second, fresh, sequence + 1, assign(lad, "LAD")),
        edit(second, fresh, sequence, assign(lad, "LAD")),
    ]
    for answer in answers:
        told = answer.json()
        assert (answer.status_code, told["code"]) == (423, "final")
        assert told["signed_by"] == "Frieda First"
        assert told["signed_by_login"] == first.login
        assert (told["version"], told["agatston"]) == (2, RCA)
        assert told["signed_at"][:16].replace("T", " ") in told["detail"]
    versions = first.get(f"/exams/{fresh}").json()["versions"]
    assert [one["author_name"] for one in versions] == ["corcal", "Frieda First"]


def test_nobody_signs_between_a_version_and_its_signature(
    reader: Person,
    second: Person,
    settings: Settings,
    fresh: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another server's reader comes at the worst moment: as soon as the first one's version is."""
    sequence = edit(reader, fresh, 0, {"type": "confirm"}).json()["sequence"]
    given = {"expected_sequence": sequence, "statement_confirmed": True}
    answers: list[int] = []
    add_result = Store.add_result
    with TestClient(create_app(settings)) as other:
        twin = Person(second.login, other, second.cookies, second.csrf)

        def interrupted(store: Store, *args: Any, **options: Any) -> ResultVersion:
            made = add_result(store, *args, **options)
            monkeypatch.undo()
            answers.append(twin.post(f"/exams/{fresh}/sign", given).status_code)
            return made

        monkeypatch.setattr(Store, "add_result", interrupted)
        answers.append(reader.post(f"/exams/{fresh}/sign", given).status_code)
    assert answers == [423, 201]
    versions = reader.get(f"/exams/{fresh}").json()["versions"]
    assert [(one["number"], one["is_signed"]) for one in versions] == [(1, False), (2, True)]


def test_of_two_who_sign_at_once_one_has_signed(
    reader: Person, second: Person, settings: Settings, fresh: str
) -> None:
    """A review that was confirmed before leaves nothing in the log to tell the two apart by."""
    sequence = edit(reader, fresh, 0, {"type": "confirm"}).json()["sequence"]
    given = {"expected_sequence": sequence, "statement_confirmed": True}
    answers: list[int] = []
    with TestClient(create_app(settings)) as other:
        twin = Person(second.login, other, second.cookies, second.csrf)
        start = threading.Barrier(2)

        def work(who: Person) -> None:
            start.wait()
            answers.append(who.post(f"/exams/{fresh}/sign", given).status_code)

        threads = [threading.Thread(target=work, args=(who,)) for who in (reader, twin)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert sorted(answers) in ([201, 409], [201, 423])
    versions = reader.get(f"/exams/{fresh}").json()["versions"]
    assert [(one["number"], one["is_signed"]) for one in versions] == [(1, False), (2, True)]
