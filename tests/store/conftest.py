"""A store of each kind: SQLite, and PostgreSQL where its programs are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from corcal.store.store import Store
from store.postgres_cluster import admin, bin_folder, cluster, temporary_folder
from store.study_maker import write_study


@dataclass(frozen=True)
class Place:
    """Where a store is or will be."""

    data: Path
    database: str | None

    def open(self) -> Store:
        """Open it."""
        return Store(self.data, database=self.database)

    @property
    def kind(self) -> str:
        """Its kind of database."""
        return "sqlite" if self.database is None else "postgresql"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Make an empty database at each call, in a cluster of this run."""
    programs = bin_folder()
    if programs is None:
        pytest.skip("the programs of PostgreSQL are absent: install the package postgresql")
    numbers = count(1)
    with cluster(programs) as server:

        def make() -> str:
            name = f"corcal{next(numbers)}"
            admin(server, f"CREATE DATABASE {name}")
            return f"{server}/{name}"

        yield make


@pytest.fixture
def fast_path() -> Iterator[Path]:
    """A folder in memory, where a store need not wait for a disk; on disk where there is none."""
    with temporary_folder() as folder:
        yield folder


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def new_place(
    request: pytest.FixtureRequest, fast_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Place]:
    """Make a place for a store that does not exist yet, of each kind."""
    monkeypatch.delenv("CORCAL_DATABASE", raising=False)
    monkeypatch.delenv("CORCAL_DATA", raising=False)
    numbers = count(1)

    def make() -> Place:
        data = fast_path / f"data{next(numbers)}"
        if request.param == "sqlite":
            return Place(data, None)
        return Place(data, request.getfixturevalue("postgres")())

    return make


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """A place for one store."""
    return new_place()


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An empty store, open."""
    with place.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small study that could be scored by its headers."""
    folder = tmp_path_factory.mktemp("study")
    write_study(folder)
    return folder
