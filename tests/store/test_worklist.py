"""Searching, filtering, sorting and paging of exams."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from corcal.errors import InputError, NotFoundError
from corcal.store.reading import MAX_LIMIT
from corcal.store.records import ExamState, SortKey, WorklistQuery
from corcal.store.store import Store
from store.study_maker import add_exam, result_for

Exams = dict[str, str]


@pytest.fixture
def exams(store: Store, tmp_path: Path) -> Exams:
    """Four exams: two scored, one signed, one unfit; by the first letter of the patient."""
    described = {
        "a": {"name": "Ánna^Meier", "date": "20240103", "StudyDescription": "CT heart 100%"},
        "b": {"name": "bert^Huber", "date": "20240102", "StudyDescription": "CT heart"},
        "c": {"name": "Carl^Meierhofer", "date": "20240101", "slices": 11},
        "d": {"name": "Dora^X", "date": "20240101", "AccessionNumber": "ACC_7"},
    }
    made = {
        key: add_exam(store, tmp_path / key, number, **options)
        for number, (key, options) in enumerate(described.items(), start=1)
    }
    for key, agatston in (("a", 14.0), ("b", 400.0)):
        result = result_for(store, made[key], agatston=agatston)
        store.add_result(made[key], result)
    store.sign(made["b"], by="anna", version=1)
    return made


@pytest.fixture
def ask(store: Store, exams: Exams) -> Callable[..., str]:
    """Ask for exams, and give their letters in order."""
    letters = {exam: key for key, exam in exams.items()}

    def letters_of(**query: object) -> str:
        page = store.worklist(WorklistQuery(**query))  # type: ignore[arg-type]
        return "".join(letters[exam.id] for exam in page.exams)

    return letters_of


def test_exams_are_sorted_and_those_without_a_value_come_last(ask: Callable[..., str]) -> None:
    # Of c and d, both of 1 January, the later import comes first
    assert ask() == "abdc"
    assert ask(descending=False) == "dcba"
    assert ask(sort=SortKey.NAME, descending=False) == "abcd"  # no case, no accents
    assert ask(sort=SortKey.NAME) == "dcba"
    assert ask(sort=SortKey.AGATSTON) == "badc"
    assert ask(sort=SortKey.AGATSTON, descending=False) == "abdc"
    assert ask(sort=SortKey.IMPORTED, descending=False) == "abcd"
    assert ask(sort=SortKey.CHANGED)[:1] == "b"
    # waiting, to review, final, unfit: the order in which an exam goes through them
    assert ask(sort=SortKey.STATE, descending=False) == "dabc"


def test_words_are_found_wherever_they_are(ask: Callable[..., str]) -> None:
    assert ask(text="MEIER") == "ac"
    assert ask(text="meier anna") == "a"
    assert ask(text="ánna") == "a"
    assert ask(text="heart huber") == "b"
    assert ask(text="acc_7") == "d"
    assert ask(text="p3") == "c"
    assert ask(text="_") == "d"  # no wildcard
    assert ask(text="100%") == "a"
    assert ask(text="heart nobody") == ""


def test_filters_narrow_the_list(ask: Callable[..., str], store: Store, exams: Exams) -> None:
    assert ask(states=(ExamState.FINAL, ExamState.UNFIT)) == "bc"
    assert ask(date_from="2024-01-02") == "ab"
    assert ask(date_to="2024-01-02") == "bdc"
    assert ask(date_from="2024-01-02", date_to="2024-01-02") == "b"
    assert ask(agatston_min=14.0) == "ab"
    assert ask(agatston_min=14.1) == "b"
    assert ask(agatston_max=399.9) == "a"
    assert ask(verdicts=("caution",)) == "ab"
    assert ask(verdicts=("fit",)) == ""
    assert ask(patient=store.exam(exams["d"]).patient.id) == "d"


def test_pages_and_counts(store: Store, exams: Exams, ask: Callable[..., str]) -> None:
    assert (ask(limit=3), ask(offset=3), ask(offset=4)) == ("abd", "c", "")
    page = store.worklist(WorklistQuery(states=(ExamState.FINAL, ExamState.WAITING), limit=1))
    assert (len(page.exams), page.total) == (1, 2)
    assert page.counts == {
        ExamState.WAITING: 1,
        ExamState.SCORING: 0,
        ExamState.TO_REVIEW: 1,
        ExamState.FINAL: 1,
        ExamState.UNFIT: 1,
        ExamState.FAILED: 0,
    }
    assert page.exams[0].id == exams["b"]
    assert page.exams[0].latest is not None
    assert page.exams[0].latest.signature is not None
    for limit, offset in ((0, 0), (MAX_LIMIT + 1, 0), (1, -1)):
        with pytest.raises(InputError, match="a page has 1 to 500 exams"):
            store.worklist(replace(WorklistQuery(), limit=limit, offset=offset))


def test_an_exam_is_found_by_the_beginning_of_its_identifier(store: Store, exams: Exams) -> None:
    assert store.find_exam(exams["a"]) == exams["a"]
    assert store.find_exam(exams["a"][:12]) == exams["a"]
    with pytest.raises(NotFoundError, match="no such exam"):
        store.find_exam("%")
    with pytest.raises(InputError, match="several exams begin so"):
        store.find_exam("")


def test_nothing_of_a_patient_is_in_a_representation(store: Store, exams: Exams) -> None:
    shown = repr(store.worklist()) + repr(store.exam(exams["d"]))
    assert "Dora" not in shown
    assert "ACC_7" not in shown


def test_what_is_read_at_once_is_of_one_moment(store: Store, tmp_path: Path) -> None:
    exam = add_exam(store, tmp_path / "a", 1)
    with store.at_once():
        before = store.exam(exam)
        with store.at_once():
            store.set_state(exam, "failed", reason="damaged")
            assert store.exam(exam) == before
        assert store.worklist().exams == (before,)
        assert store.exams_of_patient(before.patient.id) == (before,)
    assert store.exam(exam).state == "failed"
