"""The node is killed while studies come in: nothing is lost, nothing is done twice."""

from collections import Counter

import pytest
from benchmarks.node_kills import run
from benchmarks.node_senders import cut_off_object, simulated_studies

from corcal import pipeline
from corcal.serve.worker import work_once
from corcal.store.store import Store
from exam_maker import exam_of
from store.postgres_cluster import temporary_folder


def test_what_was_answered_is_there_and_scored_once_though_the_node_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three studies by two associations, aborts, a stranger, and ``kill -9`` of the node."""

    def score_path(path, options=None, *, progress):  # noqa: ARG001
        return exam_of(path)

    def work(store: Store) -> None:
        while work_once(store, name="worker"):
            pass

    monkeypatch.setattr(pipeline, "score_path", score_path)
    with temporary_folder() as root:
        studies = simulated_studies(root / "studies", 3)
        outcome = run(
            root / "disk" / "data",
            studies,
            kills=1,
            seed=20260103,
            associations=2,
            cut_off=cut_off_object(root / "cut_off"),
            quiet_s=2.0,
            every_s=(0.5, 1.0),
            wait_s=120.0,
            work=work,
        )
    assert outcome.exams == Counter({"scored once": 3})
    assert (outcome.objects_answered, outcome.objects_lost, outcome.objects_changed) == (36, 0, 0)
    assert outcome.left_over == 0
    assert outcome.is_store_whole
    assert "STRANGER TAKEN" not in outcome.strangers
    assert "cut off: 0x0" not in outcome.strangers
