"""``corcal send``: what a person and a program are told, and what is refused before it is sent."""

import json
import subprocess
import sys

import pytest
from pydicom.uid import RLELossless
from pynetdicom import evt
from pynetdicom.sop_class import CTImageStorage

from dicom_maker import demo_hu, make_series
from interop.send.peers import ECHO_ONLY, dicom_peer, web_peer
from ports import free_port

PATIENT = {"PatientName": "Mustermann^Erika", "PatientID": "PAT-0815"}


def series(folder, *, count=2, number=1, syntax="1.2.840.10008.1.2.1", **tags):
    return make_series(
        folder,
        hu=demo_hu((count, 40, 36)),
        series_uid=f"1.2.826.0.1.3680043.8.498.9.{number}",
        transfer_syntax=syntax,
        tags=PATIENT | tags,
    )


@pytest.fixture
def scan(tmp_path):
    """A folder that is named after its patient."""
    folder = tmp_path / "Mustermann"
    series(folder)
    return folder


def test_each_object_is_told_with_what_became_of_it(run_corcal, scan):
    series(scan / "rle", count=1, number=2, syntax=RLELossless)
    (scan / "notes.txt").write_text("not DICOM")
    with dicom_peer() as peer:
        done = run_corcal("send", scan, "--to", peer.address, "--timeout", 5)
    assert done.code == 4
    assert done.out.splitlines() == [
        "arrived 1.2.826.0.1.3680043.8.498.9.1.1 CT Image Storage",
        "arrived 1.2.826.0.1.3680043.8.498.9.1.2 CT Image Storage",
        "refused 1.2.826.0.1.3680043.8.498.9.2.1 CT Image Storage: the archive does not take this "
        "transfer syntax; offered: RLE Lossless (1.2.840.10008.1.2.5)",
        "Passed over, being no DICOM objects: 1 file.",
        f"2 of 3 arrived at {peer.address}.",
    ]
    assert done.err == ""


def test_many_objects_of_one_fate_are_counted(run_corcal, tmp_path):
    series(tmp_path / "ct", count=21)
    with dicom_peer() as peer:
        done = run_corcal("send", tmp_path / "ct", "--to", peer.address)
    assert done.code == 0
    assert done.out.splitlines() == [
        "arrived 21 x CT Image Storage",
        f"21 of 21 arrived at {peer.address}.",
    ]


@pytest.fixture
def exam(tmp_path):
    """The folder of a scored exam, with the scan in it and below it."""
    folder = tmp_path / "exam"
    series(folder)
    series(folder / "dicom", count=1, number=2)
    (folder / "result.json").write_text("{}")
    return folder


def test_of_a_scored_exam_its_results_are_sent_and_its_images_are_not(run_corcal, exam):
    (made,) = series(exam / "made", count=1, number=3)
    made.rename(exam / "segmentation.dcm")  # a name that corcal gives; the object is an image
    with dicom_peer() as peer:
        done = run_corcal("send", exam, "--to", peer.address)
    assert done.code == 0
    assert done.out.splitlines() == [
        "arrived 1.2.826.0.1.3680043.8.498.9.3.1 CT Image Storage",
        "Of a scored exam what corcal wrote is sent; images beside it are not.",
        f"1 of 1 arrived at {peer.address}.",
    ]


def test_a_scored_exam_without_dicom_results_is_told_how_to_get_them(run_corcal, exam):
    done = run_corcal("send", exam, "--to", "dicom://PACS@localhost:9")
    assert (done.code, done.out) == (2, "")
    for way in ("--report", "--dicom", "corcal report EXAM --scan SCAN"):
        assert way in done.err


def test_a_file_given_twice_is_told(run_corcal, scan):
    with dicom_peer() as peer:
        done = run_corcal("send", scan, scan, "--to", peer.address)
    assert done.code == 0
    assert "Given more than once, sent once: 2 files." in done.out


def test_a_program_is_told_in_json(run_corcal, scan, tmp_path):
    with dicom_peer(lambda *_: 0xC000) as peer:
        shown = run_corcal("send", scan, "--to", peer.address, "--json", "-")
        written = run_corcal("send", scan, "--to", peer.address, "--json", tmp_path / "told.json")
    told = json.loads(shown.out)
    assert shown.code == written.code == 4
    assert told["complete"] is False
    assert told["address"] == str(peer.address)
    assert told["objects"][0] == {
        "sop_class_uid": CTImageStorage,
        "sop_instance_uid": "1.2.826.0.1.3680043.8.498.9.1.1",
        "arrival": "refused",
        "reason": "data set not understood (0xC000)",
        "commitment": None,
        "commitment_reason": "",
    }
    assert json.loads((tmp_path / "told.json").read_text()) == told
    assert f"wrote {tmp_path / 'told.json'}" in written.out


def test_commitment_is_told_beside_each_object(run_corcal, scan):
    with dicom_peer() as peer:
        done = run_corcal("send", scan, "--to", peer.address, "--commit")
    assert done.code == 0  # not offered is no failure
    assert done.out.splitlines()[0] == (
        "arrived 1.2.826.0.1.3680043.8.498.9.1.1 CT Image Storage "
        "[commitment: not offered, the archive does not offer storage commitment]"
    )


def test_nothing_of_the_patient_is_told_nor_logged(run_corcal, scan, caplog):
    caplog.set_level("INFO")
    (scan / "broken.dcm").write_bytes((scan / "IM-0001.dcm").read_bytes()[:-20])
    outcomes = [run_corcal("send", scan, "--to", "dicom://PEER@127.0.0.1:1")]
    (scan / "broken.dcm").unlink()
    with dicom_peer(lambda *_: 0xC000) as peer:
        outcomes.append(run_corcal("send", scan, "--to", peer.address))
    with web_peer(lambda *_: (500, {}, b"Mustermann^Erika")) as server:
        outcomes.append(run_corcal("send", scan, "--to", server.address))
    assert [one.code for one in outcomes] == [2, 4, 4]
    for text in (caplog.text, *(one.out + one.err for one in outcomes)):
        for secret in ("Mustermann", "Erika", "PAT-0815", "IM-0001"):
            assert secret not in text


def test_objects_of_several_patients_are_sent_where_that_is_meant(run_corcal, scan):
    series(scan / "other", count=1, number=2, PatientID="PAT-0816")
    with dicom_peer() as peer:
        refused = run_corcal("send", scan, "--to", peer.address)
        assert (refused.code, peer.stored) == (2, [])
        assert "belong to 2 patients" in refused.err
        sent = run_corcal("send", scan, "--to", peer.address, "--several-patients")
        assert (sent.code, len(peer.stored)) == (0, 3)


def test_who_calls_is_said_to_the_archive(run_corcal, scan):
    callers = []

    def asked(event):
        callers.append(event.assoc.requestor.ae_title)

    with dicom_peer(handlers=[(evt.EVT_ACCEPTED, asked)]) as peer:
        run_corcal("send", scan, "--to", peer.address)
        run_corcal("send", scan, "--to", peer.address, "--calling", "CT1")
    assert callers == ["CORCAL", "CT1"]


def test_an_archive_is_asked_whether_it_is_there(run_corcal):
    with dicom_peer(contexts=ECHO_ONLY) as peer:
        done = run_corcal("send", "--echo", "--to", peer.address)
    assert (done.code, done.out) == (0, f"{peer.address} answers (C-ECHO)\n")
    address = f"http://127.0.0.1:{free_port()}"
    gone = run_corcal("send", "--echo", "--to", address)
    assert (gone.code, gone.out) == (4, "")
    assert gone.err == f"corcal: {address}: no connection: nobody listens there\n"


def test_a_token_comes_from_the_environment_or_a_file(run_corcal, scan, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("from-a-file\n")
    with web_peer(lambda *_: (200, {}, b"[]")) as server:
        monkeypatch.setenv("CORCAL_SEND_TOKEN", "from-the-environment")
        first = run_corcal("send", scan, "--to", server.address)
        second = run_corcal(
            "send", scan, "--to", server.address, "--token-file", tmp_path / "token"
        )
    assert [headers["Authorization"] for *_, headers, _ in server.requests] == [
        "Bearer from-the-environment",
        "Bearer from-a-file",
    ]
    for done in (first, second):
        assert "from-" not in done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--to", "dicom://PACS@h"], "what is to be sent? Give a DICOM file or a folder"),
        (["x", "--to", "pacs"], "the address has no known scheme"),
        (["x"], "Missing option '--to'"),
        (["x", "--to", "dicom://PACS@h", "--echo"], "--echo sends nothing"),
        (["--to", "dicom://PACS@h", "--echo", "--commit"], "--echo sends nothing"),
        (["x", "--to", "dicom://PACS@h", "--calling", "A" * 17], "the AE title of --calling"),
        (["x", "--to", "dicom://PACS@h", "--listen", "104"], "--listen is for --commit"),
        (["x", "--to", "dicom://PACS@h", "--commit", "--listen", "h"], "--listen needs a port"),
        (["x", "--to", "dicom://PACS@h", "--commit", "--listen", "0"], "--listen needs a port"),
        (["x", "--to", "dicom://PACS@h", "--commit", "--listen", "65536"], "--listen needs a port"),
        (["x", "--to", "dicom://PACS@h", "--timeout", "601"], "601 is not in the range 1<=x<=600"),
        (["x", "--to", "dicom://PACS@h", "--attempts", "0"], "0 is not in the range 1<=x<=10"),
        (["x", "--to", "dicom://PACS@h"], "path 1 does not exist"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(run_corcal, arguments, reason):
    done = run_corcal("send", *arguments)
    assert done.code == 2
    assert reason in done.err
    assert done.err.count("\n") == 1


def test_where_we_listen_may_name_an_address(run_corcal, scan):
    with dicom_peer() as peer:
        for place in (str(free_port()), f"127.0.0.1:{free_port()}"):
            done = run_corcal("send", scan, "--to", peer.address, "--commit", "--listen", place)
            assert "[commitment: not offered" in done.out


def test_the_report_does_not_replace_what_is_sent(run_corcal, scan):
    file = scan / "IM-0001.dcm"
    done = run_corcal("send", file, "--to", "dicom://PACS@h", "--json", file)
    assert done.code == 2
    assert "would replace what is read" in done.err


def test_asking_for_help_imports_nothing_of_the_network():
    code = (
        "import sys; from corcal.cli import main; main(['--help']); main(['send', '--help']); "
        "print([name for name in ('pynetdicom', 'pydicom', 'ssl', 'http.client') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
