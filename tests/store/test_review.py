"""What happens to an exam: states, versions, history, signatures."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from corcal.errors import ConflictError, InputError, NotFoundError, StateError, StoreError
from corcal.store import review
from corcal.store.records import ExamState, JobState, ResultKind
from corcal.store.review import TRANSITIONS
from corcal.store.store import Store
from store.conftest import Place
from store.study_maker import SLICES, VOXELS, files_of, result_for

NOBODY = "0" * 32


@pytest.fixture
def exam(store: Store, study: Path) -> str:
    """The exam of a small study."""
    (key,) = store.import_study(study).exams
    return key


def test_a_result_and_its_voxels_come_back_as_they_were(store: Store, exam: str) -> None:
    result = result_for(store, exam)
    version = store.add_result(exam, result, voxels=VOXELS)
    assert (version.version, version.kind, version.created_by) == (1, "automatic", "corcal")
    assert (version.total_agatston, version.verdict, version.has_voxels) == (14.0, "caution", True)
    assert (version.rule, version.method, version.is_review_advised) == (
        "textbook",
        "automatic",
        True,
    )
    assert store.result(exam) == store.result(exam, 1) == result
    found = store.voxels(exam)
    assert found is not None
    assert found.shape == VOXELS.shape
    assert found.index.tolist() == [5, 6, 100]
    assert found.site.tolist() == VOXELS.site.tolist()
    record = store.exam(exam)
    assert (record.state, record.latest_version, record.latest) == ("to_review", 1, version)
    assert store.versions(exam) == (version,)
    *_, event = store.events(exam)
    assert event.before == {"state": "waiting", "version": 0}
    assert event.after == {"state": "to_review", "version": 1, "kind": "automatic"}


def test_every_version_stays_readable(store: Store, exam: str) -> None:
    store.add_result(exam, result_for(store, exam))
    store.add_result(exam, result_for(store, exam, agatston=99.0), "reader", by="anna", note="RCA")
    assert [store.result(exam, n).score.total.agatston for n in (1, 2)] == [14.0, 99.0]
    second = store.versions(exam)[1]
    assert (second.kind, second.created_by, second.note) == (ResultKind.READER, "anna", "RCA")
    assert store.voxels(exam, 1) is None
    for wanted in (0, 3):
        with pytest.raises(NotFoundError, match=f"no result of version {wanted}; it has 2"):
            store.result(exam, wanted)


def test_a_result_that_contradicts_itself_is_not_kept(store: Store, exam: str) -> None:
    result = result_for(store, exam)
    total = replace(result.score.total, agatston=99.0)  # its interval ends at 25
    odd = replace(result, score=replace(result.score, total=total))
    with pytest.raises(InputError, match=r"score\.total\.interval does not hold its score"):
        store.add_result(exam, odd)
    assert store.exam(exam).latest_version == 0


def test_a_result_of_another_study_is_refused(store: Store, exam: str) -> None:
    result = result_for(store, exam)
    other = replace(result, scan=replace(result.scan, study_instance_uid="2.25.404"))
    with pytest.raises(InputError, match="of another study"):
        store.add_result(exam, other, voxels=VOXELS)
    assert store.exam(exam).latest_version == 0
    # A scan without UIDs cannot say whose it is
    store.add_result(
        exam,
        replace(
            result, scan=replace(result.scan, study_instance_uid=None, series_instance_uid=None)
        ),
    )


def test_the_exam_takes_the_series_that_was_scored(store: Store, exam: str) -> None:
    result = result_for(store, exam)
    store.add_result(exam, replace(result, scan=replace(result.scan, series_instance_uid="2.25.8")))
    assert store.exam(exam).series == "2.25.8"


def test_two_who_add_at_once_the_second_is_told(store: Store, exam: str) -> None:
    result = result_for(store, exam)
    store.add_result(exam, result, expected_version=0)
    store.add_result(exam, result, "reader", by="anna", expected_version=1)
    with pytest.raises(ConflictError, match=r"version 1 is not the latest.* added version 2"):
        store.add_result(exam, result, "reader", by="eva", expected_version=1)
    first = store.add_event(exam, "assign", by="anna", before="LAD", after="RCA")
    assert store.add_event(exam, "undo", by="eva", expected_sequence=first.sequence).sequence == (
        first.sequence + 1
    )
    with pytest.raises(ConflictError, match=f"step {first.sequence} is not the last one"):
        store.add_event(exam, "assign", by="anna", expected_sequence=first.sequence)
    assert len(store.events(exam)) == store.exam(exam).event_count == first.sequence + 1


def test_history_counts_without_gaps_and_keeps_any_json(store: Store, exam: str) -> None:
    before = {"lesion": "L1", "sites": ["LAD", None], "weight": 0.1}
    event = store.add_event(exam, "split", by="anna", before=before, after=[1, "ä"])
    (found,) = store.events(exam, after=1)
    assert found == event
    assert (found.sequence, found.before, found.after) == (2, before, [1, "ä"])
    assert found.at.utcoffset() is not None
    for kind in ("state", "result", "signed"):
        with pytest.raises(InputError, match=f"the store itself writes events of kind {kind}"):
            store.add_event(exam, kind, by="anna")
    with pytest.raises(NotFoundError, match="no such exam"):
        store.add_event(NOBODY, "assign", by="anna")
    with pytest.raises(NotFoundError, match="no such exam"):
        store.events(NOBODY)


def test_what_is_signed_is_final_and_a_later_change_is_an_addendum(store: Store, exam: str) -> None:
    result = result_for(store, exam)
    with pytest.raises(StateError, match="the exam is waiting: only one that is to be reviewed"):
        store.sign(exam, by="anna", version=0)
    store.add_result(exam, result)
    with pytest.raises(ConflictError, match="version 2 is not the latest"):
        store.sign(exam, by="anna", version=2)
    with pytest.raises(StateError, match="an addendum follows a signed version"):
        store.add_result(exam, result, "addendum", by="anna")
    signed = store.sign(exam, by="anna", version=1, statement="reviewed")
    assert signed.signature is not None
    assert (signed.signature.signed_by, signed.signature.statement) == ("anna", "reviewed")
    assert store.exam(exam).latest == signed
    assert (store.exam(exam).state, store.exam(exam).signed_version) == (ExamState.FINAL, 1)
    with pytest.raises(StateError, match="the exam is final"):
        store.sign(exam, by="eva", version=1)
    with pytest.raises(StateError, match="a signed exam takes no automatic result"):
        store.add_result(exam, result)
    addendum = store.add_result(exam, result, "reader", by="eva", note="a stent")
    assert (addendum.kind, addendum.version) == ("addendum", 2)
    open_one = store.exam(exam)
    assert (open_one.state, open_one.signed_version) == (ExamState.TO_REVIEW, 1)
    with pytest.raises(StateError, match="a signed exam is not scored again"):
        store.set_state(exam, ExamState.SCORING)
    store.sign(exam, by="eva", version=2)
    assert (store.exam(exam).state, store.exam(exam).signed_version) == (ExamState.FINAL, 2)
    assert store.versions(exam)[0] == signed
    assert [event.kind for event in store.events(exam)] == [
        "state",
        "result",
        "signed",
        "result",
        "signed",
    ]


def test_a_version_is_made_and_signed_in_one_step_or_not_at_all(
    store: Store, exam: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = result_for(store, exam)
    store.add_result(exam, result)
    with monkeypatch.context() as patched:
        patched.setattr(review, "sign", power_cut)
        with pytest.raises(RuntimeError, match="the power was out"):
            store.add_result(exam, result, "reader", by="anna", statement="reviewed")
    assert [one.version for one in store.versions(exam)] == [1]
    made = store.add_result(
        exam, result, "reader", by="anna", expected_version=1, statement="reviewed"
    )
    assert made.signature is not None
    assert (made.signature.signed_by, made.signature.statement) == ("anna", "reviewed")
    assert store.versions(exam)[1] == made
    assert (store.exam(exam).state, store.exam(exam).signed_version) == (ExamState.FINAL, 2)
    with pytest.raises(ConflictError, match="version 1 is not the latest"):
        store.add_result(exam, result, "reader", by="eva", expected_version=1, statement="reviewed")
    assert store.exam(exam).state is ExamState.FINAL


def power_cut(*_args: object, **_options: object) -> None:
    msg = "the power was out"
    raise RuntimeError(msg)


# What somebody with the database in their hands might try, and what it says
REWRITINGS = {
    "UPDATE results SET total_agatston = 0": "results are never changed",
    "DELETE FROM results": "deleted only with their patient|(?i:foreign key)",
    "UPDATE attachments SET name = 'x'": "attachments are never changed",
    "DELETE FROM attachments": "attachments are deleted only with their patient",
    "UPDATE signatures SET signed_by = 'eva'": "signatures are never changed",
    "DELETE FROM signatures": "signatures are deleted only with their patient",
    "UPDATE events SET kind = 'x'": "events are never changed",
    "DELETE FROM events": "events are deleted only with their patient",
    "UPDATE exams SET signed_version = NULL, state = 'waiting'": "a signature is never taken back",
    "UPDATE exams SET state = 'waiting', signed_version = 0": "a signature is never taken back",
    "UPDATE exams SET state = 'failed'": "ck_exams_reason",
    "UPDATE exams SET latest_version = 0": "ck_exams_final",
    "UPDATE exams SET state = 'to_review', latest_version = 0": "ck_exams_to_review",
    "UPDATE exams SET state = 'odd'": "ck_exams_state",
    "DELETE FROM exams": "(?i:foreign key)",
    "UPDATE audit SET action = 'x'": "audit are never changed",
    "DELETE FROM audit": "audit are never deleted",
}
EMPTYINGS = {
    "TRUNCATE events": "events are never emptied",
    "TRUNCATE attachments": "attachments are never emptied",
    "TRUNCATE audit": "audit are never emptied",
}


def test_the_database_itself_refuses_to_rewrite_history(
    store: Store, exam: str, place: Place
) -> None:
    store.add_result(exam, result_for(store, exam), attachments={"a.bin": b"a"})
    store.sign(exam, by="anna", version=1)
    store.audit.record(by="anna", action="open")
    engine = store._database.engine
    tried = REWRITINGS if place.kind == "sqlite" else REWRITINGS | EMPTYINGS
    for statement, told in tried.items():
        with pytest.raises(DBAPIError, match=told), engine.begin() as connection:
            connection.execute(text(statement))


def test_states_follow_the_table(store: Store, exam: str) -> None:
    def state_after(state: ExamState, reason: str | None = None) -> ExamState:
        return store.set_state(exam, state, by="worker", reason=reason).state

    with pytest.raises(StateError, match="an exam without a result cannot be reviewed"):
        state_after(ExamState.TO_REVIEW)
    with pytest.raises(StateError, match="becomes final by a signature"):
        state_after(ExamState.FINAL)
    with pytest.raises(InputError, match="unfit and failed need a reason"):
        state_after(ExamState.UNFIT)
    with pytest.raises(InputError, match="the others have none"):
        state_after(ExamState.SCORING, "because")
    assert state_after(ExamState.SCORING) is ExamState.SCORING
    count = len(store.events(exam))
    assert state_after(ExamState.SCORING) is ExamState.SCORING
    assert len(store.events(exam)) == count  # the same again is no event
    assert state_after(ExamState.WAITING) is ExamState.WAITING
    assert state_after(ExamState.FAILED, "disk full\n") is ExamState.FAILED
    assert store.exam(exam).reason == "disk full"
    with pytest.raises(StateError, match="is failed and cannot become unfit; it can become"):
        state_after(ExamState.UNFIT, "contrast")
    state_after(ExamState.WAITING)
    assert state_after(ExamState.UNFIT, "contrast") is ExamState.UNFIT
    store.add_result(exam, result_for(store, exam), "reader", by="anna")
    found = store.exam(exam)
    assert (found.state, found.reason) == (ExamState.TO_REVIEW, None)
    with pytest.raises(StateError, match="is to_review and cannot become waiting"):
        state_after(ExamState.WAITING)
    assert state_after(ExamState.SCORING) is ExamState.SCORING
    assert state_after(ExamState.TO_REVIEW) is ExamState.TO_REVIEW


def test_every_state_has_its_transitions() -> None:
    assert set(TRANSITIONS) == set(ExamState)
    assert [s for s in ExamState if ExamState.FINAL in TRANSITIONS[s]] == [ExamState.TO_REVIEW]


def test_a_result_and_the_end_of_its_job_are_one(store: Store, exam: str) -> None:
    store.jobs.enqueue("score", exam_id=exam)
    lost = store.jobs.claim("worker 1", lease_s=-1.0)  # taken for dead at once
    held = store.jobs.claim("worker 2")
    assert lost is not None
    assert held is not None
    with pytest.raises(StateError, match="the claim on the job is lost: it is running"):
        store.add_result(exam, result_for(store, exam), voxels=VOXELS, claim=lost)
    assert store.exam(exam).latest_version == 0
    assert len(files_of(store)) == SLICES  # its voxels are gone, too
    store.add_result(exam, result_for(store, exam), voxels=VOXELS, claim=held)
    assert store.jobs.get(held.id).state is JobState.DONE
    with pytest.raises(StateError, match="the claim on the job is lost: it is done"):
        store.add_result(exam, result_for(store, exam), claim=held)
    assert store.exam(exam).latest_version == 1


def test_files_belong_to_a_version_and_never_change(store: Store, exam: str) -> None:
    result = result_for(store, exam)
    store.add_result(exam, result, voxels=VOXELS, attachments={"candidates.npz": b"one"})
    store.add_result(exam, result, "reader", by="anna")
    store.sign(exam, by="anna", version=2)
    store.attach(exam, 2, {"report.pdf": b"%PDF", "copy.npz": b"one"})  # also when it is signed
    assert store.attachments(exam, 1) == ("candidates.npz",)
    assert store.attachments(exam) == ("copy.npz", "report.pdf")
    assert store.attachment(exam, "candidates.npz", 1) == b"one"
    assert store.attachment(exam, "report.pdf") == b"%PDF"
    assert len(files_of(store)) == SLICES + 3  # voxels, "one" and "%PDF"
    with pytest.raises(NotFoundError, match="version 2 has no file of this name"):
        store.attachment(exam, "candidates.npz")
    with pytest.raises(ConflictError, match=r"has a file report\.pdf already"):
        store.attach(exam, 2, {"report.pdf": b"other"})
    for name in ("../x", "", ".x", "a/b", "ä", "a" * 101):
        with pytest.raises(InputError, match="a file's name has up to 100 letters"):
            store.attach(exam, 2, {name: b"x"})
    with pytest.raises(NotFoundError, match="no result of version 3"):
        store.attach(exam, 3, {"x": b"lost"})
    assert len(files_of(store)) == SLICES + 3


def test_missing_or_damaged_voxels_are_told(store: Store, exam: str) -> None:
    store.add_result(exam, result_for(store, exam), voxels=VOXELS)
    sha256 = store._database.engine.connect()
    with sha256 as connection:
        (name,) = connection.execute(text("SELECT voxels_sha256 FROM results")).one()
    path = store.folder.path_of(name)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(StoreError, match="is damaged: restore a backup"):
        store.voxels(exam)
    path.unlink()
    with pytest.raises(StoreError, match="is missing from the data folder"):
        store.voxels(exam)


def test_exams_and_patients_that_are_not_there_are_told(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no such exam"):
        store.exam(NOBODY)
    with pytest.raises(NotFoundError, match="no such exam"):
        store.versions(NOBODY)
    with pytest.raises(NotFoundError, match="no such exam"):
        store.set_state(NOBODY, ExamState.SCORING)
    with pytest.raises(NotFoundError, match="no such patient"):
        store.patient(NOBODY)
