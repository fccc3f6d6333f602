"""Uploads: what is taken, what is refused, and that names lead nowhere."""

import io
import zipfile
from pathlib import Path

import pytest

from corcal.errors import InputError
from corcal.serve.app import UPLOADS
from corcal.serve.problems import Problem
from corcal.serve.settings import Limits
from corcal.serve.taking_in import check_archives, take_in, volume_ending
from corcal.serve.uploads import IMPORT, Upload, Uploads
from corcal.serve.worker import work_once
from corcal.store.jobs import SCORE
from corcal.store.records import JobState
from corcal.store.store import Store
from serve.serve_maker import Person, write_scan


def begin(who: Person) -> str:
    return str(who.post("/uploads").json()["id"])


def put(who: Person, upload: str, number: object, data: bytes):
    return who.send("PUT", f"/uploads/{upload}/files/{number}", content=data)


def finished(who: Person, upload: str, store: Store) -> dict:
    """Finish an upload, and do its job as a worker would; the job."""
    answer = who.post(f"/uploads/{upload}/finish")
    assert answer.status_code == 202
    assert work_once(store, kinds=(IMPORT,), name="test")
    return dict(who.get(f"/jobs/{answer.json()['job_id']}").json())


def zipped(folder: Path) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, path in enumerate(sorted(folder.iterdir())):
            archive.write(path, f"../../Zacharias^Testpatient/{number}")
            archive.write(path, f"Zacharias/{number}")
    return stream.getvalue()


def test_loose_files_become_an_exam(reader: Person, store: Store, tmp_path: Path) -> None:
    write_scan(tmp_path, 501)
    upload = begin(reader)
    files = sorted(tmp_path.iterdir())
    for number, path in enumerate(files):
        answer = put(reader, upload, number, path.read_bytes())
        assert answer.json() == {
            "number": number,
            "size": path.stat().st_size,
            "files": number + 1,
        }
    job = finished(reader, upload, store)
    assert (job["state"], job["error"]) == ("done", None)
    (exam,) = job["exam_ids"]
    assert store.exam(exam).state == "waiting"
    assert [one.kind for one in store.jobs.of(exam_id=exam)] == [SCORE]
    assert not list((store.folder.root / UPLOADS).iterdir())
    row = reader.get(f"/exams/{exam}").json()["row"]
    assert row["progress"] == {"step": "waiting", "fraction": 0.0}


def test_the_same_upload_twice_is_one_exam(reader: Person, store: Store, tmp_path: Path) -> None:
    write_scan(tmp_path, 502)
    exams = []
    for _ in range(2):
        upload = begin(reader)
        put(reader, upload, 0, zipped(tmp_path))
        exams += finished(reader, upload, store)["exam_ids"]
    assert exams[0] == exams[1]
    assert len(store.jobs.of(exam_id=exams[0])) == 1


def test_finishing_twice_is_one_job(reader: Person, tmp_path: Path, store: Store) -> None:
    write_scan(tmp_path, 503)
    upload = begin(reader)
    put(reader, upload, 0, zipped(tmp_path))
    first, second = (reader.post(f"/uploads/{upload}/finish") for _ in range(2))
    assert first.json()["job_id"] == second.json()["job_id"]
    assert work_once(store, kinds=(IMPORT,), name="test")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\x00" * 4000, b"GIF89a", b"NRRD"])
def test_garbage_fails_with_a_reason(reader: Person, store: Store, content: bytes) -> None:
    upload = begin(reader)
    put(reader, upload, 0, content)
    job = finished(reader, upload, store)
    assert job["state"] == "failed"
    assert job["error"]
    assert str(store.folder.root) not in job["error"]
    assert not list((store.folder.root / UPLOADS).iterdir())


def test_an_upload_is_of_the_one_who_began_it(reader: Person, admin: Person, store: Store) -> None:
    upload = begin(reader)
    assert put(admin, upload, 0, b"x").status_code == 404
    assert admin.post(f"/uploads/{upload}/finish").status_code == 404
    assert admin.send("DELETE", f"/uploads/{upload}").status_code == 404
    assert reader.post(f"/uploads/{upload}/finish").status_code == 422
    assert reader.send("DELETE", f"/uploads/{upload}").status_code == 204
    assert put(reader, upload, 0, b"x").status_code == 404
    assert not list((store.folder.root / UPLOADS).iterdir())


@pytest.mark.parametrize(
    "number", ["-1", "..", "..%2f..%2fx", "1.5", "1000000", "%00", "a", "1/../../2"]
)
def test_a_number_is_a_number(reader: Person, number: str) -> None:
    upload = begin(reader)
    assert put(reader, upload, number, b"x").status_code in (404, 405, 422)
    reader.send("DELETE", f"/uploads/{upload}")


def test_too_much_is_refused_while_it_comes(reader: Person) -> None:
    upload = begin(reader)
    large = put(reader, upload, 0, b"x" * 2_000_001)
    assert (large.status_code, large.json()["code"]) == (413, "file_too_large")
    assert put(reader, upload, 0, b"x" * 1_900_000).status_code == 200
    assert put(reader, upload, 1, b"x" * 1_900_000).status_code == 200
    assert put(reader, upload, 1, b"x" * 1_000).json()["files"] == 2  # in place of the first one
    assert put(reader, upload, 2, b"x" * 1_900_000).status_code == 200
    more = put(reader, upload, 3, b"x" * 300_000)
    assert (more.status_code, more.json()["code"]) == (413, "upload_too_large")
    many = put(reader, upload, 50, b"x")
    assert (many.status_code, many.json()["code"]) == (413, "too_many_files")
    reader.send("DELETE", f"/uploads/{upload}")


def test_nobody_has_many_uploads_open(reader: Person) -> None:
    several = [begin(reader) for _ in range(3)]
    refused = reader.post("/uploads")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_uploads")
    for one in several:
        reader.send("DELETE", f"/uploads/{one}")


def test_an_upload_outlives_the_server(tmp_path: Path) -> None:
    first = Uploads(tmp_path, Limits())
    key = first.begin("reader")
    upload = first.get(key, "reader")
    part = upload.path(0)
    part.write_bytes(b"abc")
    upload.ended(0, part, 3, is_whole=True)
    upload.path(1).write_bytes(b"half of")
    again = Uploads(tmp_path, Limits()).get(key, "reader")
    assert isinstance(again, Upload)
    assert again.file_count == 1


def test_files_of_one_number_do_not_mix(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, Limits())
    upload = uploads.get(uploads.begin("reader"), "reader")
    both = [upload.path(0), upload.path(0)]
    for part, data in zip(both, (b"first", b"later"), strict=True):
        part.write_bytes(data)
    for part in both:
        upload.ended(0, part, 5, is_whole=True)
    assert (upload.folder / "0").read_bytes() == b"later"
    assert upload.file_count == 1


@pytest.mark.parametrize("ending", ["close", "remove"])
def test_a_file_that_comes_after_the_end_is_refused(tmp_path: Path, ending: str) -> None:
    uploads = Uploads(tmp_path, Limits())
    key = uploads.begin("reader")
    upload = uploads.get(key, "reader")
    part = upload.path(0)
    part.write_bytes(b"late")
    getattr(uploads, ending)(key)
    with pytest.raises(Problem, match="was finished or removed"):
        upload.ended(0, part, 4, is_whole=True)
    assert not part.exists()


def test_a_full_disk_is_told(reader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = reader.post("/uploads").json()["id"]
    for error, status in ((OSError(28, "No space left"), 507), (FileNotFoundError(2, "gone"), 409)):

        def full(*_: object, error: OSError = error) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", full)
            answer = reader.send("PUT", f"/uploads/{upload}/files/0", content=b"x")
        assert answer.status_code == status
    reader.send("DELETE", f"/uploads/{upload}")


def test_what_nobody_goes_on_with_is_forgotten(tmp_path: Path) -> None:
    import os

    uploads = Uploads(tmp_path, Limits())
    key = uploads.begin("reader")
    os.utime(tmp_path / key, (0, 0))
    uploads.begin("reader")
    assert not (tmp_path / key).exists()


def test_archives_that_grow_too_large_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "0", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 2_000_000)
    assert (tmp_path / "0").stat().st_size < 10_000
    with pytest.raises(InputError, match="would unpack to 2000000 bytes, allowed are 1999999"):
        check_archives(tmp_path, most_bytes=1_999_999)
    check_archives(tmp_path, most_bytes=2_000_000)
    (tmp_path / "1").write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(InputError, match="damaged"):
        check_archives(tmp_path, most_bytes=2_000_000)


@pytest.mark.parametrize(
    ("head", "ending"),
    [
        (b"NRRD0004\n", ".nrrd"),
        (b"\0" * 344 + b"n+1\0", ".nii"),
        (b"ObjectType = Image\n", ".mha"),
        (b"\x1f\x8b\x08", ".nii.gz"),
        (b"\0" * 128 + b"DICM", ""),
    ],
)
def test_formats_are_told_by_their_content(head: bytes, ending: str) -> None:
    assert volume_ending(head) == ending


def test_an_upload_whose_files_are_gone_says_so(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone: send them again"):
        take_in(store, tmp_path / "nothing", by="reader")


def test_a_job_that_nobody_knows_fails(store: Store) -> None:
    job = store.jobs.enqueue("riddle")
    assert work_once(store, kinds=("riddle",), name="test")
    found = store.jobs.get(job.id)
    assert (found.state, found.error) == (
        JobState.FAILED,
        "no worker of this release knows jobs of kind riddle",
    )
    assert not work_once(store, kinds=("riddle",), name="test")
