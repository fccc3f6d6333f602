"""The order of an exam: asked for without holding up its score, kept, and sent along."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from pydicom import dcmread
from sqlalchemy import text

from corcal.errors import StateError, StoreError
from corcal.interop.hl7v2 import hl7_message
from corcal.interop.order import Order, OrderCode
from corcal.node import orders
from corcal.node.ordered import with_order
from corcal.node.orders import ORDER, WORKLIST, Asked, OrderDesk, answer_in, is_awaited
from corcal.node.refusals import Refusals
from corcal.node.rules import NodeRules, Peer, Role, TakeRule, WorklistRule
from corcal.node.types import OrderAnswer, Question
from corcal.store.records import JobState
from corcal.store.store import AUTOMATIC, Store
from node.conftest import Scored
from node.delivering import history, route, rules_file, rules_of, work
from node.intake_maker import RULES, Receiver, receiving, sent, study
from node.test_worklist import LEFT_SOCKET
from node.worklist_maker import RIS, entry, ris, rules_text
from ports import free_port
from result_maker import make_automatic_result
from store.postgres_cluster import temporary_folder

ORDERED = Order(
    placer_number="PLACER-1",
    filler_number="FILLER^2",
    accession_number="ACC-77",
    procedure_id="RP-5",
    procedure_description="CT calcium score",
    procedure_code=OrderCode(value="CTCAC", meaning="Calcium CT", scheme="99H"),
    referring_physician="Ünal^Ada^^Dr",
)
FOUND = OrderAnswer(why="found in the worklist", order=ORDERED)
NOTICE = 'when = "automatic"\ndespite_review_advice = true\n'


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory, where there is room: each object is made durable."""
    with temporary_folder() as folder:
        yield folder


def asking(port: int, *take: TakeRule, **worklist: float) -> NodeRules:
    """Give the rules of the tests with a worklist."""
    peer = Peer(name="RIS", aet=RIS, host="127.0.0.1", port=port, roles=frozenset({Role.QUERY}))
    rule = WorklistRule(source="RIS", **worklist)
    return replace(RULES, peers=(*RULES.peers, peer), take=take, worklist=rule)


def for_procedure(pattern: str, *, score: bool = True) -> TakeRule:
    import re

    return TakeRule(procedure=re.compile(pattern), score=score)


def until(told: Callable[[], object], node: Receiver | None = None) -> object:
    """Wait until something is there."""
    for _ in range(600):
        if node is not None:
            node.intake.tick()
        found = told()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(told)


def orders_of(store: Store) -> list[dict[str, object]]:
    return [told for exam in store.worklist().exams for told in history(store, exam.id, ORDER)]


def line_of(images: list[Path], **changed: str):
    uid = str(dcmread(images[0], stop_before_pixels=True).StudyInstanceUID)
    same = {"StudyInstanceUID": uid, "PatientID": "SIMULATED-1", "PatientBirthDate": ""}
    return entry(**same | changed)


def test_an_exam_that_comes_in_gets_its_order(tmp_path: Path) -> None:
    images = study(tmp_path / "sent")
    with ris([line_of(images)]) as (port, _), receiving(tmp_path / "data", asking(port)) as node:
        sent(node.port, images)
        node.intake.tick()  # at once: nothing waits for the worklist
        (exam,) = node.store.worklist().exams
        (told,) = until(lambda: orders_of(node.store))
        assert told["why"] == "found in the worklist"
        assert answer_in(node.store.events(exam.id)) == replace(FOUND, order=ORDERED)
        (job,) = [one for one in node.store.jobs.of(exam_id=exam.id) if one.kind == WORKLIST]
        assert job.state is JobState.DONE
        # Once, however often it is wanted
        node.intake.orders.want(exam.id)
        assert len(node.store.jobs.of(exam_id=exam.id)) == 2
        assert node.refusals() == []


def test_an_order_of_another_patient_is_refused_in_the_log_and_in_the_status(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    images = study(tmp_path / "sent")
    other = line_of(images, PatientID="SIMULATED-2")
    with ris([other]) as (port, _), receiving(tmp_path / "data", asking(port)) as node:
        sent(node.port, images)
        node.intake.tick()
        (told,) = until(lambda: orders_of(node.store))
        assert told["order"] is None
        (refusal,) = until(node.refusals)
        assert (refusal.kind, refusal.aet) == ("order", "CT1")
        assert refusal.why == (
            "not used, its patient has another number in the worklist than in the images; "
            "it is sent without one"
        )
    assert "its patient has another number" in caplog.text
    assert "SIMULATED" not in caplog.text


@pytest.mark.parametrize(
    ("rules", "is_taken"),
    [
        ((for_procedure("(?i)calcium score"),), True),
        ((for_procedure("^CTCAC$"),), True),
        ((for_procedure("^RP-5$"),), True),
        ((for_procedure("(?i)angio"),), False),
        ((for_procedure("(?i)calcium", score=False), TakeRule()), False),
        ((for_procedure("(?i)angio", score=False), TakeRule()), True),
    ],
)
def test_a_study_is_taken_by_the_procedure_that_was_ordered(
    tmp_path: Path, rules: tuple[TakeRule, ...], is_taken: bool
) -> None:
    images = study(tmp_path / "sent", images=3)
    with (
        ris([line_of(images)]) as (port, _),
        receiving(tmp_path / "data", asking(port, *rules)) as node,
    ):
        sent(node.port, images)
        until(lambda: not node.files("spool", "taking"), node)
        assert len(node.store.worklist().exams) == is_taken
        assert [one.kind for one in node.refusals()] == ([] if is_taken else ["study"])
        # The answer is there already: nobody asks again
        assert len(orders_of(node.store)) == is_taken
        assert all(job.kind != WORKLIST for job in node.store.jobs.of())


@LEFT_SOCKET
@pytest.mark.parametrize(("score", "is_taken"), [(True, True), (False, False)])
def test_a_worklist_that_is_away_costs_no_study(
    tmp_path: Path, score: bool, is_taken: bool
) -> None:
    # A rule that takes studies takes it; one that passes over does not, and the next one decides
    rules = (for_procedure("angio", score=score), replace(TakeRule(), score=not is_taken))
    images = study(tmp_path / "sent")
    with receiving(tmp_path / "data", asking(free_port(), *rules)) as node:
        sent(node.port, images)
        until(lambda: not node.files("spool", "taking"), node)
        (exam,) = node.store.worklist().exams
        kinds = {job.kind for job in node.store.jobs.of(exam_id=exam.id)}
        assert kinds == {"score", WORKLIST}  # it is asked again later


def desk_of(scored: Scored, folder: Path, rules: NodeRules) -> OrderDesk:
    (folder / "node").mkdir(exist_ok=True)
    return OrderDesk(scored.store, rules, Refusals(folder / "node"))


@LEFT_SOCKET
def test_what_is_sent_waits_for_the_order_as_long_as_the_rule_says(
    scored: Scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, exam = scored.store, scored.exam
    monkeypatch.setattr(orders, "_AWAY_S", 0.0)
    send = f'[[send]]\nname = "out"\nto = "./out"\nformats = ["hl7"]\n{NOTICE}'
    path = rules_file(tmp_path, rules_text(free_port(), "wait_minutes = 3\n" + send))
    rules = rules_of(tmp_path, path.read_text())
    desk = desk_of(scored, tmp_path, rules)
    desk.want(exam)
    assert is_awaited(store, exam, rules)
    assert route(store, path) == 0
    desk._do_job()
    (job,) = store.jobs.of(exam_id=exam)
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert history(store, exam, ORDER) == []
    desk._do_job()  # not before its time
    assert store.jobs.get(job.id).attempts == 1
    # The stated time is over: it is sent, whether anybody asks or not
    with store._database.writing() as session:
        ago = datetime.now(UTC) - timedelta(minutes=3, seconds=1)
        session.execute(
            text("UPDATE jobs SET created_at = :ago, not_before = NULL"),
            {"ago": ago.strftime("%Y-%m-%d %H:%M:%S.%f")},
        )
    assert not is_awaited(store, exam, rules)
    assert route(store, path) == 1
    desk._do_job()
    (told,) = history(store, exam, ORDER)
    assert told == {"why": "the worklist did not answer within 3 minutes", "order": None}
    assert work(store, path) == 1
    message = (tmp_path / "out" / exam / "v1" / "report.hl7").read_bytes()
    assert message == store.attachment(exam, "report.hl7", 1)


def test_nothing_waits_where_nothing_that_is_sent_names_an_order(
    scored: Scored, tmp_path: Path
) -> None:
    send = f'[[send]]\nname = "out"\nto = "./out"\nformats = ["sr"]\n{NOTICE}'
    rules = rules_of(tmp_path, rules_text(free_port(), send))
    desk_of(scored, tmp_path, rules).want(scored.exam)
    assert not is_awaited(scored.store, scored.exam, rules)
    assert not is_awaited(scored.store, scored.exam, NodeRules())


def test_the_order_goes_with_the_message_and_the_bundle(scored: Scored, tmp_path: Path) -> None:
    store, exam = scored.store, scored.exam
    send = f'[[send]]\nname = "out"\nto = "./out"\nformats = ["hl7", "fhir", "pdf"]\n{NOTICE}'
    with ris([entry(AccessionNumber="", StudyInstanceUID="2.25.1")]) as (port, _):
        path = rules_file(tmp_path, rules_text(port, send))
        desk = desk_of(scored, tmp_path, rules_of(tmp_path, path.read_text()))
        desk.want(exam)
        desk._do_job()
    assert (route(store, path), work(store, path)) == (1, 1)
    folder = tmp_path / "out" / exam / "v1"
    before = store.attachment(exam, "report.hl7", 1).decode().split("\r")
    after = (folder / "report.hl7").read_bytes().decode().split("\r")
    fields = {line[:3]: line.split("|") for line in after if line[:3] in ("ORC", "OBR", "PV1")}
    # The component separator of a number is escaped: it is no second component
    assert (fields["ORC"][2], fields["ORC"][3]) == ("PLACER-1", r"FILLER\S\2")
    assert (fields["OBR"][2], fields["OBR"][3]) == ("PLACER-1", r"FILLER\S\2")
    assert fields["OBR"][44] == "CTCAC^Calcium CT^99H"
    assert (fields["PV1"][2], fields["PV1"][8]) == ("U", "^Ünal^Ada^^^Dr")
    assert [line[:3] for line in after[:4]] == ["MSH", "PID", "PV1", "ORC"]
    others = [line for line in after if line[:3] not in fields]
    assert others == [line for line in before if line[:3] not in ("ORC", "OBR")]
    bundle = json.loads((folder / "fhir.json").read_text())
    based = {
        one["resource"]["resourceType"]: one["resource"]["basedOn"]
        for one in bundle["entry"]
        if "basedOn" in one["resource"]
    }
    assert set(based) == {"DiagnosticReport", "ImagingStudy"}
    (reference,) = based["DiagnosticReport"]
    assert reference["identifier"]["value"] == "PLACER-1"
    assert reference["identifier"]["type"]["coding"][0]["code"] == "PLAC"
    assert (folder / "report.pdf").read_bytes() == store.attachment(exam, "report.pdf", 1)


def test_what_is_not_known_of_an_order_leaves_the_files_as_they_are() -> None:
    message = b"MSH|^~\\&|CORCAL\rPID|1\rORC|RE|ACC-1|OURS\rOBR|1|ACC-1|OURS|CODE\r"
    assert with_order("report.hl7", message, Order()) == message
    assert with_order("x.dcm", b"DICM", ORDERED) == b"DICM"
    bundle = b'{"entry": [{"resource": {"resourceType": "DiagnosticReport"}}]}'
    assert with_order("fhir.json", bundle, Order()) == bundle
    filler = json.loads(with_order("fhir.json", bundle, Order(filler_number="F")))
    (reference,) = filler["entry"][0]["resource"]["basedOn"]
    assert reference["identifier"]["type"]["coding"][0]["code"] == "FILL"
    words = with_order("report.hl7", message, Order(procedure_id="5", procedure_description="CT"))
    assert b"OBR|1|ACC-1|OURS|CODE" in words
    assert words.endswith(b"|5^CT\r")


def test_another_parser_finds_the_message_valid_and_the_order_in_it() -> None:
    plain = hl7_message(make_automatic_result()).encode()
    message = with_order("report.hl7", plain, ORDERED).decode()
    parsed = parse_message(message, validation_level=VALIDATION_LEVEL.STRICT)
    assert parsed.validate()
    order = parsed.oru_r01_patient_result.oru_r01_order_observation
    assert order.orc.orc_2.orc_2_1.value == "PLACER-1"
    assert order.obr.obr_44.obr_44_1.value == "CTCAC"
    visit = parsed.oru_r01_patient_result.oru_r01_patient.oru_r01_visit.pv1
    assert visit.pv1_8.pv1_8_2.value == "Ünal"


def test_nobody_asks_for_what_was_fetched(
    scored: Scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = scored.store
    desk = desk_of(scored, tmp_path, asking(free_port()))
    (told,) = [each for each in store.events(scored.exam) if each.kind == "received"]
    fetched = replace(told, after=told.after | {"fetched": True})
    monkeypatch.setattr(store, "events", lambda _: (fetched,))
    desk.want(scored.exam)
    assert store.jobs.of(exam_id=scored.exam) == ()


def test_a_question_has_an_answer_or_time_is_up(
    scored: Scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(scored, tmp_path, asking(1, answer_s=5.0))
    clock = [100.0]
    monkeypatch.setattr(orders.time, "monotonic", lambda: clock[0])
    assert desk.ask("a", Question()) is Asked.WAITING
    clock[0] = 110.0
    assert desk.ask("a", Question()) is Asked.WAITING
    clock[0] = 110.1  # twice the time that one answer may take
    assert desk.ask("a", Question()) is Asked.AWAY
    desk.forget("a")
    assert desk.ask("a", Question()) is Asked.WAITING


def test_the_thread_goes_on_although_a_step_of_it_fails(
    scored: Scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    desk = desk_of(scored, tmp_path, asking(1))
    monkeypatch.setattr(orders, "_AWAY_S", 0.0)
    errors = [StoreError("the disk"), KeyError("4711"), None]

    def step() -> None:
        error = errors.pop(0)
        if error is None:
            desk._over.set()
            return
        raise error

    monkeypatch.setattr(desk, "_step", step)
    desk._run()
    assert errors == []
    assert "the worklist could not be asked now: the disk" in caplog.text
    assert "a defect of corcal: KeyError at" in caplog.text
    assert "4711" not in caplog.text


def test_an_answer_to_a_lost_claim_is_let_go(
    scored: Scored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(scored, tmp_path, asking(1))
    desk.want(scored.exam)

    def lost(*_: object) -> None:
        msg = "the claim is lost"
        raise StateError(msg)

    monkeypatch.setattr(desk, "_answer", lambda _: FOUND)
    monkeypatch.setattr(desk, "_end", lost)
    desk._do_job()
    assert history(scored.store, scored.exam, ORDER) == []


def test_the_history_without_an_order_says_nothing(scored: Scored) -> None:
    assert answer_in(scored.store.events(scored.exam)) is None
    scored.store.add_event(scored.exam, ORDER, by=AUTOMATIC, after={"why": "none", "order": None})
    assert answer_in(scored.store.events(scored.exam)) == OrderAnswer(why="none")
