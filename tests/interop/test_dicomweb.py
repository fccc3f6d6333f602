"""Searching and fetching over DICOMweb, against a server with every fault."""

import random
from types import SimpleNamespace

import pytest

from corcal.errors import InputError, PeerError
from corcal.interop import dicomweb
from corcal.interop.dicomweb import DicomWeb, first_text, require_uid
from corcal.interop.send.address import parse_address
from corcal.interop.send.types import Credentials
from interop.dicomweb_server import FakeServer, running

UID = "0020000D"


@pytest.fixture
def fake():
    return FakeServer()


@pytest.fixture
def web(fake, monkeypatch):
    """A client of the server that waits for nothing."""
    monkeypatch.setattr(dicomweb, "time", SimpleNamespace(sleep=lambda _: None))
    with running(fake) as url:
        yield DicomWeb(parse_address(url), answer_s=10.0)


def match(number):
    return {UID: {"vr": "UI", "Value": [f"2.25.{number}"]}}


def found(web, **query):
    return [first_text(one, UID) for one in web.search("studies", query)]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
def test_all_matches_come_page_after_page_however_few_a_page_has(web, fake, count):
    fake.most = 3
    fake.matches["/studies"] = [match(number) for number in range(count)]
    assert found(web, ModalitiesInStudy="CT") == [f"2.25.{number}" for number in range(count)]
    assert all("ModalitiesInStudy=CT" in path for path in fake.asked)


def test_a_server_that_does_not_know_an_offset_is_asked_twice_and_not_for_ever(web, fake):
    fake.knows_offset = False
    fake.matches["/studies"] = [match(1), match(2)]
    assert found(web) == ["2.25.1", "2.25.2"]
    assert len(fake.asked) == 2


@pytest.mark.parametrize("body", [b"<html>", b'{"a": 1}', b"[1]", b"\xff"])
def test_what_is_no_result_of_a_search_is_said_to_be_none(web, fake, body):
    fake.body = body
    with pytest.raises(PeerError, match="what it answers is no result of a search"):
        found(web)


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(web, fake):
    fake.matches["/studies"] = [match(1)]
    fake.failures = [503, 429, 500]
    assert found(web) == ["2.25.1"]
    fake.failures = [403]
    with pytest.raises(PeerError, match="403"):
        found(web)
    fake.failures = [503] * 4
    with pytest.raises(PeerError, match="503"):
        found(web)
    assert fake.failures == []


def test_objects_are_written_as_they_are(web, fake, tmp_path):
    rng = random.Random(1)  # noqa: S311
    given = [rng.randbytes(size) for size in (0, 1, 700_000, 12)]
    given += [b"\r\n--a-b_", b"\r\n--a-b_d and more\r\n", b"ends with a line\r\n"]
    fake.objects["/studies/1/series/2"] = given
    assert web.retrieve("studies/1/series/2", tmp_path) == len(given)
    files = sorted(tmp_path.iterdir())
    assert files[0].name == "000001.dcm"
    assert [file.read_bytes() for file in files] == given


def test_a_boundary_that_is_split_between_two_pieces_is_found(web, fake, tmp_path, monkeypatch):
    given = [b"first\r\n-", b"second"]
    fake.objects["/studies/1"] = given
    monkeypatch.setattr(dicomweb, "_PIECE_BYTES", 1)
    assert web.retrieve("studies/1", tmp_path) == 2
    assert [file.read_bytes() for file in sorted(tmp_path.iterdir())] == given


def test_a_series_without_objects_gives_none(web, fake, tmp_path):
    fake.body = b""
    assert web.retrieve("studies/1", tmp_path) == 0


def test_an_answer_that_breaks_off_is_asked_for_again_and_leaves_no_half(web, fake, tmp_path):
    fake.objects["/studies/1"] = [b"x" * 1000, b"y" * 1000]
    fake.cut = 1500
    with pytest.raises(PeerError, match="the connection broke"):
        web.retrieve("studies/1", tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(fake.asked) == 4


def test_an_answer_that_has_no_last_boundary_is_not_whole(web, fake, tmp_path):
    fake.body = b"--a-b_c\r\n\r\nobject"
    with pytest.raises(PeerError, match="the connection broke"):
        web.retrieve("studies/1", tmp_path)


def test_what_is_not_in_parts_is_refused(web, fake, tmp_path):
    fake.kind, fake.body = "text/html; charset=utf-8", b"please log in"
    with pytest.raises(PeerError, match="it answers with 'text/html', not with objects"):
        web.retrieve("studies/1", tmp_path)


def test_headers_without_end_and_objects_without_end_are_refused(web, fake, tmp_path, monkeypatch):
    fake.body = b"--a-b_c\r\n" + b"h" * 40_000
    with pytest.raises(PeerError, match="the headers of a part are too long"):
        web.retrieve("studies/1", tmp_path)
    monkeypatch.setattr(dicomweb, "MAX_OBJECT_BYTES", 1000)
    monkeypatch.setattr(dicomweb, "_PIECE_BYTES", 512)
    fake.body = None
    fake.objects["/studies/1"] = [b"o" * 5000]
    with pytest.raises(PeerError, match="an object has more than 1000 bytes"):
        web.retrieve("studies/1", tmp_path)


def test_a_server_that_is_not_there_is_told_after_some_tries(monkeypatch):
    waits = []
    monkeypatch.setattr(dicomweb, "time", SimpleNamespace(sleep=waits.append))
    with running(FakeServer()) as url:
        pass
    with pytest.raises(PeerError, match="it cannot be reached"):
        found(DicomWeb(parse_address(url), answer_s=1.0))
    assert waits == [0.5, 2.0, 8.0]


def test_credentials_go_to_the_server_and_never_unencrypted_to_another_machine(fake):
    secret = Credentials(authorization="Bearer secret")
    with running(fake) as url:
        found(DicomWeb(parse_address(url), credentials=secret))
    assert fake.headers[0]["Authorization"] == "Bearer secret"
    with pytest.raises(InputError, match="credentials would travel unencrypted"):
        DicomWeb(parse_address("http://pacs.example.org/web"), credentials=secret)
    DicomWeb(parse_address("https://pacs.example.org/web"), credentials=secret)


@pytest.mark.parametrize("text", ["", "../1", "1.2?x", "1" * 65, "1.2/series"])
def test_what_is_no_uid_never_becomes_part_of_an_address(text):
    with pytest.raises(InputError, match="a UID has 1 to 64 digits and points"):
        require_uid(text)
    assert require_uid("1.2.3") == "1.2.3"


@pytest.mark.parametrize(
    "match", [{}, {UID: "x"}, {UID: {}}, {UID: {"Value": []}}, {UID: {"Value": [{"a": 1}]}}]
)
def test_a_match_without_a_value_has_none(match):
    assert first_text(match, UID) is None
