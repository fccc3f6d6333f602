"""What servers share for a while."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from corcal.store import shared
from corcal.store.store import Store


def test_a_value_is_kept_until_its_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.shared.get("kind", "a") is None
    assert store.shared.change("kind", "a", lambda _: [1], lasts_s=60) == [1]
    assert store.shared.change("kind", "a", lambda known: [*known, 2], lasts_s=60) == [1, 2]
    assert store.shared.get("kind", "a") == [1, 2]
    assert store.shared.get("another", "a") is None
    later = datetime.now(UTC) + timedelta(seconds=61)
    monkeypatch.setattr(shared, "now", lambda: later)
    assert store.shared.get("kind", "a") is None
    assert store.shared.change("kind", "a", lambda known: known, lasts_s=60) is None


def test_a_value_can_be_removed(store: Store) -> None:
    store.shared.change("kind", "a", lambda _: 1, lasts_s=60)
    assert store.shared.change("kind", "a", lambda _: None, lasts_s=60) is None
    assert store.shared.get("kind", "a") is None


def test_one_is_the_first_of_many(store: Store) -> None:
    answers: list[bool] = []

    def ask() -> None:
        answers.append(store.shared.is_first("kind", "a", lasts_s=60))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answers) == [False] * 5 + [True]
