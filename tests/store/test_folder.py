"""The data folder, texts, columns, connections: the small things that the rest stands on."""

import io
import stat
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, select, text

from corcal.errors import InputError, StoreError
from corcal.store.columns import UtcTime
from corcal.store.database import Database
from corcal.store.folder import DataFolder
from corcal.store.opened import default_data_folder
from corcal.store.store import Store
from corcal.store.tables import AuditRow
from corcal.store.voxel_file import read_voxel_file, voxel_file
from corcal.store.words import clean, fold, iso_date
from store.study_maker import VOXELS


def test_texts_lose_what_no_database_keeps() -> None:
    assert clean(" a\x00b\r\n  c\ud800 ") == "a b c"
    assert clean("\x00") is None
    assert clean(None) is None
    assert clean("Ä") == "Ä"


def test_texts_are_compared_without_case_accents_and_carets() -> None:
    assert fold("MÜLLER^Änne", None, "7") == "muller anne 7"
    assert fold("Straße") == "strasse"
    assert fold("Yamada^Tarou=山田^太郎") == "yamada tarou 山田 太郎"
    assert fold(None) == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [("20240229", "2024-02-29"), ("2024.02.29", "2024-02-29"), ("2024", None), (None, None)],
)
def test_dicom_dates_become_iso_dates(written: str | None, expected: str | None) -> None:
    assert iso_date(written) == expected


def test_the_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    for name in ("data", "there"):  # one that was there stays as it is; what is in it is private
        with Store(tmp_path / name) as store:
            store.users.all()
            private = [path for path in (tmp_path / name).iterdir() if path.name != "store.json"]
            assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o700, 0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_folder_of_other_files_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(InputError, match="holds other files"):
        Store(tmp_path)
    with pytest.raises(InputError, match=r"letter\.txt is a file: a folder"):
        Store(tmp_path / "letter.txt")
    Store(tmp_path / "data").close()
    (tmp_path / "data" / "store.json").write_text("{")
    with pytest.raises(StoreError, match=r"store\.json of data is damaged"):
        Store(tmp_path / "data")


def test_the_data_are_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CORCAL_DATA", str(tmp_path))
    assert default_data_folder() == tmp_path
    monkeypatch.delenv("CORCAL_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert default_data_folder().name == "corcal"


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("no url", "the database's URL is not one"),
        ("postgresql://x:y@h:port/d", "the database's URL is not one"),
        ("nothing://x", "the database's URL is not one"),
        ("mysql+nothing://x", "the database's URL is not one"),
        ("oracle://x", "PostgreSQL"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(url: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        Database(url)


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("pg8000")
    with pytest.raises(StoreError, match="the database cannot be used now") as caught:
        Store(tmp_path / "data", database="postgresql://me:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)


def test_a_database_error_shows_no_values(tmp_path: Path) -> None:
    told = r"^the database cannot be used now \(OperationalError SQLITE_ERROR\)$"
    statement = text("SELECT * FROM nothing WHERE name = :n")
    with (
        Store(tmp_path / "data") as store,
        pytest.raises(StoreError, match=told),
        store._database.writing() as session,
    ):
        session.execute(statement, {"n": "Jones"})


def test_a_question_without_an_answer_is_no_traceback(tmp_path: Path) -> None:
    with (
        Store(tmp_path / "data") as store,
        pytest.raises(StoreError, match=r"the database cannot be used \(NoResultFound\)"),
        store._database.reading() as session,
    ):
        session.scalars(select(AuditRow)).one()


def test_postgresql_without_its_driver_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pg8000", None)
    with pytest.raises(InputError, match=r"install corcal\[postgres\]"):
        Store(tmp_path / "data", database="postgresql://me@127.0.0.1:1/x")


def test_sqlite_is_set_up_for_several_processes_and_for_forgetting(tmp_path: Path) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with Store(tmp_path / "data") as store, store._database.engine.connect() as connection:
        found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
    assert found == wanted


def test_moments_keep_their_place_in_time(tmp_path: Path) -> None:
    summer = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    with Store(tmp_path / "data") as store:
        with store._database.writing() as session:
            session.add(AuditRow(at=summer, by="anna", action="open"))
        with store._database.reading() as session:
            found = session.scalars(select(AuditRow.at)).one()
    assert found == summer
    assert found.tzinfo is UTC
    dialect = create_engine("sqlite://").dialect
    with pytest.raises(ValueError, match="needs a time zone"):
        UtcTime().process_bind_param(summer.replace(tzinfo=None), dialect)


def test_the_same_voxels_are_the_same_file() -> None:
    first, second = voxel_file(VOXELS).read(), voxel_file(VOXELS).read()
    assert first == second
    assert read_voxel_file(first).index.tolist() == VOXELS.index.tolist()


@pytest.mark.parametrize(
    "arrays", [{}, {"shape": [1, 1, 1], "gaps": [5], "site": [1]}, {"shape": [1]}]
)
def test_a_file_that_holds_no_voxels_is_told(arrays: dict[str, list[int]]) -> None:
    stream = io.BytesIO()
    np.savez(stream, **{name: np.array(value) for name, value in arrays.items()})
    with pytest.raises(StoreError, match="cannot be read"):
        read_voxel_file(stream.getvalue())
    with pytest.raises(StoreError, match="cannot be read"):
        read_voxel_file(b"PK no zip")


def test_litter_without_an_owner_is_cleared(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    data.make()
    (data.root / "incoming" / "left").mkdir()
    with data.incoming() as alive:
        data.clear_litter(lambda _: None)
        assert [path.name for path in (data.root / "incoming").iterdir()] == [alive.folder.name]
