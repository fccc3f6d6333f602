"""The schema's history: from nothing, and from every earlier revision with data in it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    Boolean,
    DateTime,
    Float,
    Integer,
    MetaData,
    Table,
    func,
    inspect,
    select,
    text,
)

from corcal.errors import InputError, StoreError
from corcal.store import folder as folder_module
from corcal.store.database import Database
from corcal.store.folder import DataFolder
from corcal.store.schema import revisions
from corcal.store.store import Store
from corcal.store.tables import REVISION, Base
from store.conftest import Place

KEY = "a" * 32
# Values that checks of the tables ask for
VALUES = {
    "exams": {"state": "final", "latest_version": 1, "signed_version": 1, "reason": None},
    "results": {"kind": "automatic", "version": 1, "voxels_sha256": "b" * 64},
    "jobs": {"state": "done", "error": None, "lease_until": None},
    "users": {"role": "admin"},
    "routes": {"stage": "made"},
    "shared": {"kind": "guess"},
    "attachments": {"sha256": "b" * 64},
    "files": {"sha256": "b" * 64},
    "originals": {"sha256": "b" * 64, "suffix": ".nii"},
    "audit": {"patient_id": None},
    "tombstones": {"patient_id": "c" * 32},
}


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """An empty database of each kind."""
    data = DataFolder(place.data)
    data.make()
    with closing(Database(place.database or data.database_url)) as opened:
        yield opened


def put_a_row_in_every_table(database: Database) -> list[str]:
    """Fill the tables as they are at this revision; gives their names."""
    names = []
    with database.writing() as session:
        connection = session.connection()
        metadata = MetaData()
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(table.insert(), row_of(table))
                names.append(table.name)
    return names


def row_of(table: Table) -> dict[str, object]:
    """A row that fits a table, whatever it is."""
    row: dict[str, object] = {}
    for column in table.columns:
        if isinstance(column.type, DateTime):
            row[column.name] = datetime(2026, 1, 2, 3, 4, 5)
        elif isinstance(column.type, Boolean):
            row[column.name] = True
        elif isinstance(column.type, Integer | Float):
            row[column.name] = 1
        else:
            row[column.name] = KEY
    return row | VALUES.get(table.name, {})


def differences(database: Database) -> list[object]:
    """What the tables of the code and of the migrations do not agree on."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_tables_and_migrations_agree(database: Database) -> None:
    database.upgrade()
    assert differences(database) == []
    assert database.revision() == REVISION == revisions()[-1]


def test_a_table_without_its_migration_would_be_found(database: Database) -> None:
    database.upgrade()
    with database.writing() as session:
        session.execute(text("DROP TABLE tombstones"))
    assert "add_table" in str(differences(database))


@pytest.mark.parametrize("revision", revisions())
def test_data_of_every_revision_come_through(database: Database, revision: str) -> None:
    database.upgrade(revision)
    names = put_a_row_in_every_table(database)
    assert len(names) >= 12
    database.upgrade()
    assert differences(database) == []
    with database.reading() as session:
        metadata = MetaData()
        metadata.reflect(session.connection())
        for name in names:
            count = select(func.count()).select_from(metadata.tables[name])
            assert session.scalar(count) == 1, name


def test_a_migration_that_fails_leaves_what_was_there(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        message = "refused on purpose"
        raise StoreError(message)

    monkeypatch.setattr("alembic.op.create_index", refuse)
    with pytest.raises(StoreError, match="refused on purpose"):
        database.upgrade()
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    assert database.revision() is None


def test_a_store_of_a_later_release_is_refused(place: Place) -> None:
    with place.open() as store, store._database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"revision 9999 .* made by a later release; this one"):
        place.open()


def test_an_empty_version_table_is_an_empty_database(place: Place) -> None:
    with place.open() as store, store._database.writing() as session:
        session.execute(text("DELETE FROM alembic_version"))
    with Store.__new__(Store) as closed:
        closed._database = store._database
        assert closed._database.revision() is None


def test_opening_twice_at_once_makes_one_schema(new_place: Callable[[], Place]) -> None:
    place = new_place()
    opening = f"Store({str(place.data)!r}, database={place.database!r}).close()"
    script = f"from corcal.store.store import Store; {opening}"
    both = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    with place.open() as store:
        assert store.worklist().total == 0


def test_the_revisions_are_in_the_package() -> None:
    assert (Path(folder_module.__file__).parent / "migrations" / "script.py.mako").is_file()


def test_a_folder_belongs_to_one_kind_of_database(
    tmp_path: Path, postgres: Callable[[], str]
) -> None:
    Store(tmp_path / "lite").close()
    Store(tmp_path / "post", database=postgres()).close()
    with pytest.raises(InputError, match="belong to a sqlite database, and a postgresql one"):
        Store(tmp_path / "lite", database=postgres())
    with pytest.raises(InputError, match="belong to a postgresql database, and a sqlite one"):
        Store(tmp_path / "post")
    assert not (tmp_path / "post" / "corcal.sqlite").exists()
