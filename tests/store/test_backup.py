"""Backups that restore, in either database; exports; and whether everything is whole."""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, text

from corcal.errors import InputError, StoreError
from corcal.result import result_json
from corcal.store import backup as backup_module
from corcal.store.exporting import copy_checked
from corcal.store.people import UserChange
from corcal.store.records import Role
from corcal.store.store import Store
from store.conftest import Place
from store.study_maker import SLICES, VOXELS, add_exam, files_of, result_for


def fill(store: Store, folder: Path) -> str:
    """Put one of everything into a store; gives the exam that has most."""
    store.users.add("anna", Role.ADMIN, name="Änna")
    store.users.change("anna", UserChange(is_active=True))
    gone = add_exam(store, folder / "gone", 3)
    store.delete_patient(store.exam(gone).patient.id, by="anna")
    add_exam(store, folder / "unfit", 2, slices=11)
    exam = add_exam(store, folder / "in", 1, name="Müller^Eva")
    store.jobs.enqueue("score", exam_id=exam, payload={"a": [1, None]})
    held = store.jobs.claim("worker")
    candidates = {"candidates.npz": b"some"}
    store.add_result(
        exam, result_for(store, exam), voxels=VOXELS, claim=held, attachments=candidates
    )
    store.sign(exam, by="anna", version=1)
    store.add_result(exam, result_for(store, exam, agatston=0.1), "reader", by="anna")
    store.add_event(exam, "assign", by="anna", before={"x": 0.1}, after=None)
    store.audit.record(by="anna", action="open", exam_id=exam)
    return exam


def contents(store: Store, exam: str) -> object:
    """All that a store tells."""
    return (
        store.worklist(),
        store.exam(exam),
        store.versions(exam),
        [result_json(store.result(exam, n)) for n in (1, 2)],
        store.events(exam),
        store.jobs.of(),
        store.users.all(),
        store.audit.entries(),
        store.tombstones(),
        files_of(store),
    )


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def other_place(request: pytest.FixtureRequest, fast_path: Path, place: Place) -> Place:  # noqa: ARG001
    """A place for the restored store, of each kind."""
    make = request.getfixturevalue("postgres") if request.param != "sqlite" else lambda: None
    return Place(fast_path / "restored" / "data", make())


def test_a_backup_restores_in_either_database(
    store: Store, other_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_module, "_BATCH", 2)  # rows at once: several times in each table
    exam = fill(store, tmp_path)
    assert store.backup(tmp_path / "backup") == tmp_path / "backup"
    told = contents(store, exam)
    with Store.restore(
        tmp_path / "backup", other_place.data, database=other_place.database
    ) as restored:
        assert contents(restored, exam) == told
        assert restored.voxels(exam, 1) is not None
        assert restored.attachment(exam, "candidates.npz", 1) == b"some"
        assert restored.verify().is_whole
        # It lives: the next step, the next version, and history that cannot be rewritten
        assert restored.add_event(exam, "note", by="eva").sequence == len(store.events(exam)) + 1
        restored.sign(exam, by="eva", version=2)
        engine = restored._database.engine
        with pytest.raises(Exception, match="never changed"), engine.begin() as connection:
            connection.execute(text("UPDATE results SET version = 9"))


def test_restoring_refuses_what_is_not_empty(
    store: Store, new_place: Callable[[], Place], tmp_path: Path
) -> None:
    store.backup(tmp_path / "backup")
    other = new_place()
    other.data.mkdir()
    (other.data / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="exists already: give the name of something new"):
        Store.restore(tmp_path / "backup", other.data, database=other.database)
    assert (other.data / "letter.txt").read_text() == "mine"
    (other.data / "letter.txt").unlink()
    # What was refused has left nothing in the database either
    Store.restore(tmp_path / "backup", other.data, database=other.database).close()
    if other.database is not None:
        with pytest.raises(InputError, match="the database is not empty"):
            Store.restore(tmp_path / "backup", tmp_path / "third", database=other.database)
        assert not (tmp_path / "third").exists()


def test_a_backup_goes_where_nothing_is(store: Store, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with pytest.raises(InputError, match="taken exists already"):
        store.backup(tmp_path / "taken")
    with pytest.raises(InputError, match="the folder of b does not exist"):
        store.backup(tmp_path / "nowhere" / "b")
    (tmp_path / "empty").mkdir()
    store.backup(tmp_path / "empty")
    assert (tmp_path / "empty" / "backup.json").is_file()


def test_a_store_that_is_not_whole_gives_no_backup(store: Store, tmp_path: Path) -> None:
    add_exam(store, tmp_path / "in", 1)
    first, second = sorted(files_of(store))[:2]
    store.folder.path_of(first).unlink()
    with pytest.raises(StoreError, match=f"the file {first} is missing"):
        store.backup(tmp_path / "backup")
    store.folder.path_of(second).write_bytes(b"other")
    report = store.verify()
    assert (report.file_count, report.missing, report.damaged) == (SLICES, (first,), (second,))
    assert not report.is_whole
    assert not list(tmp_path.glob("*backup*"))
    # Importing the same study again heals what is missing
    store.import_study(tmp_path / "in")
    assert store.verify().missing == ()


def test_a_damaged_backup_is_refused_and_nothing_is_made(store: Store, tmp_path: Path) -> None:
    add_exam(store, tmp_path / "in", 1)
    backup = store.backup(tmp_path / "backup")

    def refusal(match: str) -> None:
        with pytest.raises((InputError, StoreError), match=match):
            Store.restore(backup, tmp_path / "data")
        assert not (tmp_path / "data").exists()

    file = next(path for path in (backup / "files").rglob("*") if path.is_file())
    content = file.read_bytes()
    file.write_bytes(b"other")
    refusal("is damaged")
    file.write_bytes(content)
    table = backup / "tables" / "patients.jsonl"
    content = table.read_bytes()
    table.write_bytes(content.replace(b"P1", b"P2"))
    refusal("the table patients is not as it was written")
    table.unlink()
    refusal("the table patients is missing")
    table.write_bytes(content)
    manifest = json.loads((backup / "backup.json").read_text())
    (backup / "backup.json").write_text(json.dumps(manifest | {"revision": "9999"}))
    refusal("revision 9999 of the schema, made by a later release")
    tables = {name: what for name, what in manifest["tables"].items() if name != "users"}
    (backup / "backup.json").write_text(json.dumps(manifest | {"tables": tables}))
    refusal("its tables are not those of its revision")
    (backup / "backup.json").unlink()
    refusal("is no backup of corcal")


@pytest.mark.parametrize("name", ["../../../outside", "A" * 64, "0" * 63, ""])
def test_a_file_of_the_store_has_no_name_but_a_hash(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="SHA-256 of 64 hexadecimal digits"):
        store.folder.path_of(name)


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(StoreError, match="is a link"):
        copy_checked(tmp_path / "link", tmp_path / "copy", "0" * 64)
    assert not (tmp_path / "copy").exists()


def test_a_backup_is_of_one_moment_while_others_write(store: Store, tmp_path: Path) -> None:
    exam = fill(store, tmp_path)
    told = contents(store, exam)
    patient = store.exam(exam).patient.id

    def interfere(done: int, _total: int, _what: str) -> None:
        if done == 1:  # the tables are written, the files are being copied
            add_exam(store, tmp_path / "late", 77)
            store.delete_patient(patient, by="anna")

    store.backup(tmp_path / "backup", progress=interfere)
    assert store.worklist().total == 2
    assert store.verify().is_whole
    assert len(files_of(store)) == 11 + SLICES  # the deleted ones went when the backup was done
    with Store.restore(tmp_path / "backup", tmp_path / "restored") as restored:
        assert contents(restored, exam) == told


def test_tables_are_of_one_moment_while_others_write(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_exam(store, tmp_path / "in", 1)
    real = backup_module._rows

    def interfere(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
        if table.name == "studies":  # patients are written already
            add_exam(store, tmp_path / "late", 2)
        return real(connection, table)

    monkeypatch.setattr(backup_module, "_rows", interfere)
    store.backup(tmp_path / "backup")
    with Store.restore(tmp_path / "backup", tmp_path / "restored") as restored:
        assert restored.worklist().total == 1
    assert store.worklist().total == 2


def test_verify_finds_a_result_that_was_changed_behind_the_back(
    store: Store, tmp_path: Path, place: Place
) -> None:
    exam = fill(store, tmp_path)
    with store._database.engine.begin() as connection:
        if place.kind == "sqlite":
            connection.execute(text("DROP TRIGGER results_unchanging"))
        else:
            connection.execute(text("ALTER TABLE results DISABLE TRIGGER results_unchanging"))
        connection.execute(text("UPDATE results SET record = record || ' ' WHERE version = 1"))
    report = store.verify()
    assert report.damaged_results == (store.versions(exam)[0].id,)
    assert report.result_count == 2


@pytest.mark.parametrize("name", ["exam.zip", "exam"])
def test_an_export_holds_all_that_belongs_to_an_exam(
    store: Store, tmp_path: Path, name: str
) -> None:
    exam = fill(store, tmp_path)
    target = store.export(exam, tmp_path / name)
    if name.endswith(".zip"):
        with zipfile.ZipFile(target) as archive:
            archive.extractall(tmp_path / "unpacked")
        target = tmp_path / "unpacked"
    originals = [path for path in (target / "originals").rglob("*") if path.is_file()]
    assert {path.read_bytes() for path in originals} == {
        path.read_bytes() for path in (tmp_path / "in").iterdir()
    }
    assert (target / "results" / "v1.json").read_text() == result_json(store.result(exam, 1))
    assert sorted(path.name for path in (target / "results").iterdir()) == [
        "v1.json",
        "v1_attachments",
        "v1_voxels.npz",
        "v2.json",
    ]
    assert (target / "results" / "v1_attachments" / "candidates.npz").read_bytes() == b"some"
    described = json.loads((target / "exam.json").read_text())
    assert described["exam"]["patient"]["name"] == "Müller^Eva"
    assert [version["kind"] for version in described["versions"]] == ["automatic", "addendum"]
    events = json.loads((target / "events.json").read_text())
    assert [event["sequence"] for event in events] == list(range(1, len(store.events(exam)) + 1))


@pytest.mark.parametrize("name", ["exam.zip", "exam"])
def test_an_export_of_what_is_not_whole_is_not_made(
    store: Store, tmp_path: Path, name: str
) -> None:
    exam = add_exam(store, tmp_path / "in", 1)
    first, second = sorted(files_of(store))[:2]
    store.folder.path_of(first).write_bytes(b"other")
    with pytest.raises(StoreError, match="is damaged"):
        store.export(exam, tmp_path / name)
    store.folder.path_of(first).unlink()
    store.folder.path_of(second).unlink()
    with pytest.raises(StoreError, match="is missing"):
        store.export(exam, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
