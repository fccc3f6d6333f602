"""What leaves, and what is held until somebody has signed it."""

from pathlib import Path

import pytest
from sqlalchemy import text

from corcal.node.route import begin, decide, tick
from corcal.node.rules import NodeRules
from corcal.store.outgoing import Stage
from corcal.store.store import Store
from node.conftest import Scored
from node.delivering import received, rules_of
from serve.serve_maker import scored_exam


@pytest.fixture
def store(scored: Scored) -> Store:
    return scored.store


@pytest.fixture
def exam(scored: Scored) -> str:
    return scored.exam


def sends(here: Path, more: str = "", before: str = "") -> NodeRules:
    peer = '[[peer]]\nname = "CT"\naet = "A"\n[[peer]]\nname = "MR"\naet = "B"\n'
    return rules_of(here, f'{peer}{before}\n[[send]]\nname = "out"\nto = "./out"\n{more}\n')


def why(store: Store, exam: str, rules: NodeRules, *, peer: str | None = "CT", stage="made") -> str:
    """What the rules say of the exam's latest version."""
    record = store.exam(exam)
    assert record.latest is not None
    return decide(rules, record, record.latest, stage=Stage(stage), peer=peer).why


def set_result(store: Store, **values: object) -> None:
    """Change a stored result as no program can: its triggers are taken away."""
    with store._database.writing() as session:
        session.execute(text("DROP TRIGGER IF EXISTS results_unchanging"))
        for name, value in values.items():
            session.execute(text(f"UPDATE results SET {name} = :value"), {"value": value})  # noqa: S608


def reasons(store: Store) -> list[str]:
    with store._database.reading() as session:
        return list(session.scalars(text("SELECT why FROM routes WHERE stage <> 'begun'")))


def test_by_default_nothing_leaves_before_it_is_signed(store: Store, exam: str, here: Path) -> None:
    rules = sends(here)
    assert tick(store, rules) == 0
    assert reasons(store) == ["out: held until it is signed"]
    store.sign(exam, by="anna", version=1)
    assert tick(store, rules) == 1
    assert tick(store, rules) == 0
    assert reasons(store)[1:] == ["out: to be sent"]
    (delivery,) = store.outgoing.of(exam_id=exam)
    assert (delivery.rule, delivery.version) == ("out", 1)


def test_a_rule_may_send_at_once_but_not_what_asks_for_a_look(
    store: Store, exam: str, here: Path
) -> None:
    at_once = sends(here, 'when = "automatic"')
    set_result(store, is_review_advised=False)
    assert why(store, exam, at_once) == "out: to be sent"
    set_result(store, is_review_advised=True)
    assert why(store, exam, at_once) == "out: held: a review is advised"
    set_result(store, is_review_advised=None)  # nothing is known of it: that is no permission
    assert why(store, exam, at_once) == "out: held: a review is advised"
    said = sends(here, 'when = "automatic"\ndespite_review_advice = true')
    assert why(store, exam, said) == "out: to be sent"


def test_a_readers_version_waits_for_the_signature_whatever_the_rule_says(
    store: Store, exam: str, here: Path
) -> None:
    store.add_result(exam, store.result(exam), "reader", by="anna")
    rules = sends(here, 'when = "automatic"\ndespite_review_advice = true')
    assert why(store, exam, rules) == "out: held until it is signed"
    assert why(store, exam, rules, stage="signed") == "out: to be sent"


def test_unfit_is_not_sent_unless_the_rule_names_it(store: Store, exam: str, here: Path) -> None:
    set_result(store, verdict="unfit", is_review_advised=False)
    # The [[take]] rule decides first, then the [[send]] rule
    usual = sends(here, 'when = "automatic"')
    assert "does not let leave" in why(store, exam, usual, stage="signed")
    take = '[[take]]\nsuitable = ["fit", "caution", "unfit"]'
    half = sends(here, 'when = "automatic"', take)
    assert why(store, exam, half, stage="signed") == "out: its verdict is unfit"
    both = sends(here, 'when = "automatic"\nverdict = ["unfit"]', take)
    assert why(store, exam, both) == "out: to be sent"


def test_a_score_at_the_limit_leaves_and_above_it_does_not(
    store: Store, exam: str, here: Path
) -> None:
    set_result(store, total_agatston=99.0, is_review_advised=False)
    rules = sends(here, 'when = "automatic"\nmax_agatston = 99')
    assert why(store, exam, rules) == "out: to be sent"
    set_result(store, total_agatston=99.1)
    assert why(store, exam, rules) == "out: its score is above 99"


def test_a_rule_may_be_for_some_peers_and_some_descriptions(
    store: Store, exam: str, here: Path
) -> None:
    rules = sends(here, 'from = "CT"')
    assert why(store, exam, rules, stage="signed") == "out: to be sent"
    for peer in ("MR", None):
        assert why(store, exam, rules, peer=peer, stage="signed") == (
            "out: not from one of its peers"
        )
    with store._database.writing() as session:
        session.execute(text("UPDATE exams SET series_description = 'CaScore 3mm'"))
    assert (
        why(store, exam, sends(here, 'description = "(?i)casc"'), stage="signed")
        == "out: to be sent"
    )
    assert why(store, exam, sends(here, 'description = "Lung"'), stage="signed") == (
        "out: its description is another one"
    )


def test_without_rules_nothing_is_sent(store: Store, exam: str) -> None:
    assert why(store, exam, NodeRules(), stage="signed") == "no [[send]] rules"


def test_what_was_overtaken_before_it_was_routed_stays(store: Store, exam: str, here: Path) -> None:
    store.add_result(exam, store.result(exam))
    rules = sends(here, 'when = "automatic"\ndespite_review_advice = true')
    assert tick(store, rules) == 1
    assert sorted(reasons(store)) == ["a later version is there", "out: to be sent"]
    assert [each.version for each in store.outgoing.of()] == [2]


def test_an_earlier_scan_that_was_fetched_is_not_sent(
    store: Store, exam: str, here: Path, tmp_path: Path
) -> None:
    prior = received(store, scored_exam(store, tmp_path / "prior", 2), fetched=True)
    store.sign(prior, by="anna", version=1)
    store.sign(exam, by="anna", version=1)
    assert tick(store, sends(here)) == 1
    assert [each.exam_id for each in store.outgoing.of()] == [exam]
    assert reasons(store).count("it was fetched to compare with") == 2  # made, and signed


def test_what_was_there_before_the_node_is_never_sent(tmp_path: Path) -> None:
    """A store that has been read for years does not empty itself into an archive."""
    with Store(tmp_path / "old") as old:
        signed = scored_exam(old, tmp_path / "a", 1)
        old.sign(signed, by="anna", version=1)
        rules = sends(tmp_path, 'when = "automatic"\ndespite_review_advice = true')
        assert tick(old, rules) == 0  # nothing is routed before the node has begun
        begin(old)
        begin(old)
        assert tick(old, rules) == 0
        scored_exam(old, tmp_path / "b", 2)
        assert tick(old, rules) == 1


def test_a_version_that_another_node_has_routed_is_routed_once(
    store: Store, exam: str, here: Path
) -> None:
    (one,) = store.outgoing.unrouted()
    assert store.outgoing.route(one, ["out"], why="out: to be sent", max_attempts=3) == 1
    assert store.outgoing.route(one, ["out"], why="out: to be sent", max_attempts=3) == 0
    assert len(store.outgoing.of(exam_id=exam)) == 1
    assert tick(store, sends(here)) == 0
