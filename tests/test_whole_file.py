"""A file is whole or absent."""

import errno
import os
from pathlib import Path

import pytest

from corcal import whole_file
from corcal.whole_file import read_whole, write_whole


def test_a_file_is_read_up_to_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_file, "MOST_MB", 1)
    path = tmp_path / "a.json"
    path.write_bytes(b"x" * 10**6)
    assert read_whole(path) == b"x" * 10**6
    path.write_bytes(b"x" * (10**6 + 1))
    with pytest.raises(OSError, match="it has more than 1 MB") as caught:
        read_whole(path)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))


def test_what_is_no_regular_file_is_not_read_and_a_folder_says_that_it_is_one(tmp_path):
    pipe, link = tmp_path / "pipe.json", tmp_path / "link.json"
    os.mkfifo(pipe)  # who opens it waits for somebody to write
    link.symlink_to(pipe)
    for path in (pipe, link, Path("/dev/zero")):
        with pytest.raises(OSError, match="it is no regular file") as caught:
            read_whole(path)
        assert (caught.value.errno, caught.value.filename) == (errno.EINVAL, str(path))
    with pytest.raises(IsADirectoryError):
        read_whole(tmp_path)
    link.unlink()
    (tmp_path / "a.json").write_bytes(b"x")
    link.symlink_to(tmp_path / "a.json")
    assert read_whole(link) == b"x"


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    write_whole(path, "new")
    assert path.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_what_cannot_be_finished_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(path, "new")
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, "text")


def test_a_name_that_is_not_utf8_does_not_stop_the_writing(tmp_path):
    write_whole(tmp_path / "a.json", "name \udcff")
    assert (tmp_path / "a.json").read_bytes() == b"name ?"


def test_bytes_are_written_as_they_are(tmp_path):
    write_whole(tmp_path / "a.png", b"\x89PNG\r\n\x00\xff")
    assert (tmp_path / "a.png").read_bytes() == b"\x89PNG\r\n\x00\xff"
