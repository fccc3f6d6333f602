"""Which order a study was made for: asked of a worklist, and never of another patient."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from corcal.errors import InputError, PeerError
from corcal.interop.order import OrderCode
from corcal.node import worklist
from corcal.node.rules import NodeRules
from corcal.node.types import OrderAnswer, Question
from corcal.node.worklist import find_order
from interop.send.orthanc import installed_orthanc
from node.delivering import rules_of
from node.worklist_maker import (
    ACCESSION,
    BIRTH_DATE,
    dcmtk_ris,
    entry,
    orthanc_ris,
    ris,
    rules_text,
)
from ports import free_port
from serve.serve_maker import NUMBER

QUESTION = Question(
    accession_number=ACCESSION,
    study_instance_uid="2.25.991",
    patient_id=NUMBER,
    birth_date="1961-05-03",
    study_date="2026-01-02",
)
BY_UID = replace(QUESTION, accession_number=None)
BY_PATIENT = replace(BY_UID, study_instance_uid=None)


def asked(folder: Path, port: int, question: Question = QUESTION) -> OrderAnswer:
    return find_order(question, rules_of(folder, rules_text(port)))


def answered(folder: Path, *entries: Dataset, question: Question = QUESTION) -> OrderAnswer:
    with ris(entries) as (port, _):
        return asked(folder, port, question)


def test_the_order_comes_with_its_numbers_its_procedure_and_who_referred(tmp_path: Path) -> None:
    with ris([entry()]) as (port, questions):
        answer = asked(tmp_path, port)
    order = answer.order
    assert order is not None
    assert (order.placer_number, order.filler_number) == ("PLACER-1", "FILLER^2")
    assert (order.procedure_id, order.procedure_description) == ("RP-5", "CT calcium score")
    assert order.procedure_code == OrderCode(value="CTCAC", meaning="Calcium CT", scheme="99H")
    assert order.referring_physician == "Ünal^Ada^^Dr"
    (question,) = questions
    assert (question.AccessionNumber, question.PatientID) == (ACCESSION, "")
    # Nobody reads of a patient in a log, whatever is printed
    assert NUMBER not in repr((answer, QUESTION))
    assert "PLACER" not in repr(answer)


def test_it_is_asked_by_accession_number_then_by_uid_then_by_patient_and_day(
    tmp_path: Path,
) -> None:
    nothing: list[Dataset] = []
    with ris(nothing) as (port, questions):
        answer = asked(tmp_path, port)
    assert (answer.order, answer.why) == (None, "the worklist has no entry for it")
    keys = [(each.AccessionNumber, each.StudyInstanceUID, each.PatientID) for each in questions]
    assert keys == [(ACCESSION, "", ""), ("", "2.25.991", ""), ("", "", NUMBER)]
    step = questions[2].ScheduledProcedureStepSequence[0]
    assert (step.Modality, step.ScheduledProcedureStepStartDate) == ("CT", "20260102")
    # What could stand for other values is no question
    with ris(nothing) as (port, questions):
        asked(tmp_path, port, Question(accession_number="A*", patient_id="47?"))
    assert questions == []


@pytest.mark.parametrize("question", [BY_UID, BY_PATIENT])
def test_each_of_the_other_questions_finds_it(tmp_path: Path, question: Question) -> None:
    assert answered(tmp_path, entry(), question=question).order is not None


@pytest.mark.parametrize(
    ("changed", "question"),
    [
        ({"AccessionNumber": "ACC-78"}, QUESTION),
        ({"AccessionNumber": "ACC-78"}, replace(BY_UID, accession_number="A*")),
        ({"StudyInstanceUID": "2.25.992"}, BY_UID),
        ({"ScheduledProcedureStepStartDate": "20260103"}, BY_PATIENT),
        ({"PatientID": "4712"}, BY_PATIENT),
    ],
)
def test_a_server_that_answers_something_else_is_not_believed(
    tmp_path: Path, changed: dict[str, str], question: Question
) -> None:
    last = replace(question, patient_id=NUMBER if question == BY_PATIENT else None)
    found = answered(tmp_path, entry(**changed), question=last)
    assert found.why == "the worklist has no entry for it"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"PatientID": "4712"}, "another number in the worklist"),
        ({"PatientBirthDate": "19610504"}, "another date of birth in the worklist"),
        ({"PatientID": "4712", "PatientBirthDate": ""}, "another number in the worklist"),
        (
            {"PatientID": "4712", "PatientBirthDate": "19610504"},
            "another number and date of birth in the worklist",
        ),
        ({"PatientID": "", "PatientBirthDate": ""}, "nothing tells whether its patient is"),
    ],
)
def test_an_order_of_another_patient_is_not_used(
    tmp_path: Path, changed: dict[str, str], why: str
) -> None:
    found = answered(tmp_path, entry(**changed))
    assert (found.order, found.is_mismatch) == (None, True)
    assert why in found.why
    assert "4712" not in found.why


def test_one_of_number_and_date_of_birth_is_enough_where_the_other_is_not_known(
    tmp_path: Path,
) -> None:
    assert answered(tmp_path, entry(PatientBirthDate="")).order is not None
    assert answered(tmp_path, entry(PatientID="")).order is not None


def test_several_steps_of_one_order_are_one_and_several_orders_are_none(tmp_path: Path) -> None:
    step = entry(ScheduledProcedureStepID="SPS-6")
    assert answered(tmp_path, entry(), step).order is not None
    other = entry(PlacerOrderNumberImagingServiceRequest="PLACER-2")
    found = answered(tmp_path, entry(), other)
    assert (found.order, found.why) == (None, "not used, 2 orders of the worklist fit")
    # One of another patient under the same accession number does not take it away
    stranger = entry(PatientID="4712", PlacerOrderNumberImagingServiceRequest="PLACER-3")
    assert answered(tmp_path, stranger, entry()).order is not None


# pynetdicom leaves a socket that was never connected to the garbage collector
LEFT_SOCKET = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning",
    "ignore:unclosed <socket.socket:ResourceWarning",
)


@LEFT_SOCKET
def test_a_server_that_is_away_or_refuses_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PeerError, match="RIS: no connection"):
        asked(tmp_path, free_port())

    def refusing(_: Dataset) -> Iterator[tuple[int, None]]:
        yield 0xA700, None

    with (
        ris(refusing) as (port, _),
        pytest.raises(PeerError, match=r"does not answer the question: out of resources \(0xA700"),
    ):
        asked(tmp_path, port)
    monkeypatch.setattr(worklist, "_MOST_ENTRIES", 2)
    with (
        ris([entry()] * 3) as (port, _),
        pytest.raises(PeerError, match="more than 2 entries for one study"),
    ):
        asked(tmp_path, port)


def test_an_answer_takes_no_longer_than_the_rule_says(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 11.0])  # the question is put, and its first answer comes after 11 s
    monkeypatch.setattr(worklist.time, "monotonic", lambda: next(clock, 11.0))
    entries = worklist._found(Answering([entry()]), Dataset(), worklist.time.monotonic() + 10)
    with pytest.raises(PeerError, match="gives no answer in time"):
        list(entries)


class Answering:
    """An association that answers at once."""

    def __init__(self, entries: list[Dataset]) -> None:
        self.entries = entries

    def send_c_find(self, *_: object) -> Iterator[tuple[Dataset, Dataset]]:
        for one in self.entries:
            status = Dataset()
            status.Status = 0xFF00
            yield status, one

    def abort(self) -> None:
        self.entries = []


def test_an_archive_that_has_no_worklist_is_told(tmp_path: Path) -> None:
    from node.intake_maker import RULES, receiving

    peers = tuple(replace(one, aet="CORCAL") for one in RULES.peers[:1])
    rules = replace(RULES, peers=peers)
    text = rules_text(1).replace('aet = "RIS"', 'aet = "CORCAL"')
    with receiving(tmp_path / "data", rules) as node:
        given = rules_of(tmp_path, text.replace("port = 1", f"port = {node.port}"))
        with pytest.raises(PeerError, match="RIS takes no worklist queries"):
            find_order(QUESTION, given)


def test_rules_that_changed_meanwhile_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name no worklist"):
        find_order(QUESTION, NodeRules())
    rules = replace(rules_of(tmp_path, rules_text(104)), peers=())
    with pytest.raises(InputError, match='names "RIS", which has no host and port'):
        find_order(QUESTION, rules)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('[worklist]\nfrom = "X"', 'worklist.from names "X", and there is no'),
        (
            '[[peer]]\nname = "X"\naet = "X"\nroles = ["send"]\naddresses = ["10.1.1.1"]\n'
            '[worklist]\nfrom = "X"',
            'does not have the role "query"',
        ),
        ('[[peer]]\nname = "X"\naet = "X"\n[worklist]\nfrom = "X"', "has no host and port"),
        ('[worklist]\nfrom = "X"\nanswer_s = 11', "is a number from 0.5 to 10"),
        ('[[take]]\nprocedure = "CAC"', "is what the worklist says: name one"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        rules_of(tmp_path, text)


def test_the_worklist_of_dcmtk_is_understood(tmp_path: Path) -> None:
    others = [entry(AccessionNumber="ACC-1", PatientID="4799", StudyInstanceUID="2.25.5")]
    with dcmtk_ris(tmp_path / "lists", [*others, entry()]) as port:
        for question in (QUESTION, BY_PATIENT):
            found = asked(tmp_path, port, question)
            assert found.order is not None, found.why
            assert found.order.placer_number == "PLACER-1"
        wrong = asked(tmp_path, port, replace(QUESTION, birth_date="19700101"))
        assert wrong.is_mismatch


@pytest.mark.orthanc
def test_the_worklist_of_orthanc_is_understood(tmp_path: Path) -> None:
    program = installed_orthanc()
    others = [entry(AccessionNumber="ACC-1", PatientID="4799", StudyInstanceUID="2.25.5")]
    with orthanc_ris(tmp_path / "lists", [*others, entry()], program) as port:
        for question in (QUESTION, BY_UID, BY_PATIENT):
            found = asked(tmp_path, port, question)
            assert found.order is not None, found.why
            assert found.order.filler_number == "FILLER^2"
        assert BIRTH_DATE not in found.why
