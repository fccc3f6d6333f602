"""Earlier scans of a patient: which are asked for, and that they come and are not sent on."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from benchmarks.node_latency import put_into
from pydicom.dataset import Dataset

from corcal.errors import InputError, PeerError
from corcal.node import query, query_web
from corcal.node.priors import PRIORS, EarlierStudy, chosen, priors_job, wanted
from corcal.node.rules import NodeRules, PriorRule
from corcal.serve.worker import work_once
from corcal.store.records import JobState
from corcal.store.store import Store
from interop.send.orthanc import AE_TITLE, Orthanc
from node.conftest import Scored
from node.delivering import history, received, rules_file, rules_of, work
from ports import free_port
from serve.serve_maker import NAME, NUMBER, write_scan

RULE = PriorRule(source="PACS", years=5, at_most=2)
EARLIER = EarlierStudy(
    study_instance_uid="1.2.1",
    study_date="20250102",
    modalities=("CT",),
    patient_id=NUMBER,
    name=NAME,
    birth_date="19610503",
)
NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def store(scored: Scored) -> Store:
    return scored.store


@pytest.fixture
def exam(scored: Scored) -> str:
    """Scanned on 2026-01-02."""
    return scored.exam


def asks(archive_port: int, web: str, *, by: str) -> str:
    return f"""
[[peer]]
name = "PACS"
aet = "{AE_TITLE}"
host = "127.0.0.1"
port = {archive_port}
dicomweb = "{web}"
[priors]
from = "PACS"
by = "{by}"
"""


def uids(store: Store, exam: str, *studies: EarlierStudy, known: frozenset[str] = NOBODY) -> str:
    got = chosen(studies, store.exam(exam), RULE, known=known)
    return " ".join(one.study_instance_uid.removeprefix("1.2.") for one in got)


def test_only_the_same_person_counts(store: Store, exam: str) -> None:
    assert uids(store, exam, EARLIER) == "1"
    for other in (
        {"patient_id": "PATIENT-4712"},
        {"patient_id": None},
        {"name": "Other^Person"},
        {"birth_date": "19610504"},
    ):
        assert uids(store, exam, replace(EARLIER, **other)) == "", other
    # What the archive does not tell is no contradiction; case and accents are none either
    for alike in ({"name": None}, {"birth_date": None}, {"name": NAME.lower()}):
        assert uids(store, exam, replace(EARLIER, **alike)) == "1", alike


@pytest.mark.parametrize(
    ("day", "is_asked_for"),
    [
        ("20260101", True),
        ("20260102", False),  # the day of the exam
        ("20210102", True),  # five years are 1826.25 days: 2021-01-01 and a quarter
        ("20210101", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_earlier_is_before_and_not_too_long_ago(
    store: Store, exam: str, day: str, *, is_asked_for: bool
) -> None:
    assert bool(uids(store, exam, replace(EARLIER, study_date=day))) is is_asked_for


def test_the_latest_ones_that_are_not_here_are_asked_for(store: Store, exam: str) -> None:
    several = [
        replace(EARLIER, study_instance_uid=f"1.2.{number}", study_date=f"202{number}0601")
        for number in (2, 5, 3, 4)
    ]
    assert uids(store, exam, *several, *several) == "5 4"
    assert uids(store, exam, *several, known=frozenset({"1.2.5"})) == "4 3"
    assert uids(store, exam, replace(EARLIER, modalities=("MR", "SR"))) == ""
    assert uids(store, exam, replace(EARLIER, modalities=())) == "1"


def test_they_are_wanted_once_and_not_of_what_was_fetched(
    store: Store, exam: str, tmp_path: Path
) -> None:
    rules = rules_of(tmp_path, asks(1, "https://x", by="dicom"))
    assert not wanted(store, exam, NodeRules())
    assert wanted(store, exam, rules)
    assert not wanted(store, exam, rules)
    write_scan(tmp_path / "prior", 2)
    (prior,) = store.import_study(tmp_path / "prior").exams
    assert not wanted(store, received(store, prior, fetched=True), rules)
    write_scan(tmp_path / "nobody", 3, patient="")
    (nobody,) = store.import_study(tmp_path / "nobody").exams
    assert not wanted(store, nobody, rules)


@pytest.mark.orthanc
def test_they_come_over_the_web_and_are_scored_and_stay_here(
    store: Store, exam: str, archive: Orthanc, tmp_path: Path
) -> None:
    for number, day in ((2, "20240105"), (3, "20250105"), (4, "20270105")):
        write_scan(tmp_path / str(number), number, date=day)
        put_into(archive, tmp_path / str(number))
    path = rules_file(
        tmp_path, asks(archive.dicom_port, archive.web_url, by="dicomweb") + "at_most = 1\n"
    )
    wanted(store, exam, rules_of(tmp_path, path.read_text()))
    assert work_once_of(store, path) == JobState.DONE
    assert history(store, exam, PRIORS) == [{"from": "PACS", "found": 2, "fetched": 1}]
    fetched = [one for one in store.worklist().exams if one.id != exam]
    assert [one.study.study_instance_uid for one in fetched] == ["2.25.3"]
    assert history(store, fetched[0].id, "received")[0]["fetched"] is True
    (score,) = store.jobs.of(exam_id=fetched[0].id)
    assert (score.kind, score.state) == ("score", JobState.QUEUED)
    # Again, as after a kill: nothing new is asked for, and there is still one job
    store.jobs.enqueue(PRIORS, exam_id=exam)
    query_web.retrieve_study("2.25.3", folder(tmp_path / "again"), *rule_of(path))
    assert work_once_of(store, path) == JobState.DONE
    assert len(store.jobs.of(exam_id=fetched[0].id)) == 1


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def rule_of(path: Path) -> tuple[PriorRule, NodeRules]:
    rules = rules_of(path.parent, path.read_text())
    assert rules.priors is not None
    return rules.priors, rules


def work_once_of(store: Store, path: Path) -> JobState:
    """Do the job that fetches; how it ended."""
    from functools import partial

    doings = {PRIORS: partial(priors_job, rules_path=path)}
    assert work_once(store, name="test", kinds=(PRIORS,), doings=doings)
    return next(job for job in store.jobs.of() if job.kind == PRIORS).state


@pytest.mark.orthanc
def test_an_archive_is_asked_over_dicom(
    store: Store, exam: str, archive: Orthanc, tmp_path: Path
) -> None:
    write_scan(tmp_path / "2", 2, date="20240105")
    put_into(archive, tmp_path / "2")
    path = rules_file(tmp_path, asks(archive.dicom_port, archive.web_url, by="dicom"))
    (found,) = query.find_studies(NUMBER, "-20260101", *rule_of(path))
    assert found.study_instance_uid == "2.25.2"
    assert uids(store, exam, found).endswith("2.25.2")
    # Orthanc knows us, but nobody listens where it would send to: tried again, and told
    archive.is_called_back_at(free_port())
    store.jobs.enqueue(PRIORS, exam_id=exam, max_attempts=2)
    assert work_once_of(store, path) is JobState.QUEUED
    (job,) = (job for job in store.jobs.of() if job.kind == PRIORS)
    assert "the archive does not do what it was asked" in (job.progress_text or "")


def test_a_number_with_wildcards_is_no_question(store: Store, tmp_path: Path, exam: str) -> None:
    path = rules_file(tmp_path, asks(1, "https://x", by="dicom"))
    write_scan(tmp_path / "wild", 5, patient="4*")
    (wild,) = store.import_study(tmp_path / "wild").exams
    store.jobs.enqueue(PRIORS, exam_id=wild)
    assert work_once_of(store, path) is JobState.QUEUED
    (job,) = store.jobs.of(exam_id=wild)
    assert job.progress_text == "the patient has no number, or one that no archive can be asked for"
    # Without the rule there is nothing to do any more
    store.jobs.enqueue(PRIORS, exam_id=exam)
    rules_file(tmp_path, "")
    assert work(store, path) == 1
    assert history(store, exam, PRIORS) == []


def test_answers_of_archives_are_read_with_care() -> None:
    assert query_web._study({}) == EarlierStudy(study_instance_uid="", study_date="")
    odd = {"00100010": {"Value": ["text"]}, "00080061": {"Value": "CT"}}
    assert query_web._study(odd).name is None
    match = Dataset()
    match.ModalitiesInStudy = ["CT", "SR"]
    match.StudyInstanceUID = "1.2"
    assert query._study(match).modalities == ("CT", "SR")
    assert query._study(Dataset()) == EarlierStudy(study_instance_uid="", study_date="")
    for status, text in ((None, "gives no answer"), (0xA801, "does not do what it was asked")):
        told = Dataset()
        if status is not None:
            told.Status = status
        with pytest.raises(PeerError, match=text):
            query._is_pending(told)


def test_rules_that_changed_meanwhile_are_told() -> None:
    rules = NodeRules()
    with pytest.raises(InputError, match="which has no host and port"):
        query._address(RULE, rules)
    with pytest.raises(InputError, match="which has no dicomweb address"):
        query_web._service(RULE, rules)


def test_an_archive_that_takes_no_queries_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = SimpleNamespace(is_established=False)
    monkeypatch.setattr(query, "_address", lambda *_: None)
    for answer, match in (
        (closed, "PACS takes no queries"),
        (query.NotOpened(reason="its host name is not known", is_transient=False), "host name"),
    ):
        monkeypatch.setattr(
            query, "Caller", lambda *_, a=answer: SimpleNamespace(open_patiently=lambda _: a)
        )
        with pytest.raises(PeerError, match=match):
            query.find_studies("1", "", RULE, NodeRules())
