"""An object store that speaks the protocol of S3, over the network of this machine."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cohort_maker import make_study
from cohort_scorers import options_for
from corcal.cohort.discover import Index, find_tasks
from corcal.cohort.ledger import LEDGER_NAME
from corcal.cohort.objects import GoneError, fetch_places
from corcal.cohort.score_task import score_task

s3fs = pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")

BUCKET = "cohort"


@pytest.fixture(scope="module")
def endpoint():
    """Host and port of a server with no bucket."""
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()
    server.stop()


@pytest.fixture
def environment(endpoint, monkeypatch):
    """Credentials as the tools of the store take them, and none of this machine's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    values = {
        "AWS_ENDPOINT_URL": "http://{}:{}".format(*endpoint),
        "AWS_ACCESS_KEY_ID": "researcher",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    yield endpoint
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def store(environment):
    """Client of a store with one empty bucket."""
    told(environment, "reset")
    client = s3fs.S3FileSystem(use_listings_cache=False)
    client.mkdir(BUCKET)
    return client


def told(endpoint, command, body=b""):
    """Have the server do what no client of a store may ask for."""
    connection = http.client.HTTPConnection(*endpoint)
    connection.request("POST", f"/moto-api/{command}", body)
    assert connection.getresponse().status == 200
    connection.close()


@pytest.fixture
def strict(store, endpoint):
    """The store from the moment on at which the server asks who somebody is: it knows nobody."""
    told(endpoint, "reset-auth", b"0")
    yield store
    told(endpoint, "reset-auth", b"inf")


def put(store, files, folder):
    for file in files:
        store.pipe_file(f"{BUCKET}/{folder}/{file.name}", file.read_bytes())


def found_in(url, index_path):
    with Index(index_path, url) as index:
        return list(find_tasks(url, index, storage={}).tasks)


def test_studies_of_a_bucket_are_found_and_read(store, tmp_path):
    put(store, make_study(tmp_path / "a", 1, series=1), "all/p1/näkymä 1")
    put(store, make_study(tmp_path / "b", 1, series=2), "all/p1/s2")
    put(store, make_study(tmp_path / "c", 2), "all/p2")
    store.pipe_file(f"{BUCKET}/all/p2/", b"")  # what some tools leave for a folder
    store.pipe_file(f"{BUCKET}/all/p2/00empty", b"")
    store.pipe_file(f"{BUCKET}/all/p3/a.nii", b"no volume")
    first, second, third = found_in(f"s3://{BUCKET}/all", tmp_path / "found.sqlite")
    assert [place.path for place in first.places] == [
        f"s3://{BUCKET}/all/p1/näkymä 1",
        f"s3://{BUCKET}/all/p1/s2",
    ]
    outcomes = [score_task(task, options_for(tmp_path)) for task in (first, second, third)]
    assert [one.status for one in outcomes] == ["unfit", "unfit", "unreadable"]
    assert [one.study_instance_uid for one in outcomes] == ["2.25.1001", "2.25.1002", None]


@pytest.mark.usefixtures("store")
def test_a_folder_of_more_objects_than_an_answer_lists_is_whole(tmp_path):
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    (file,) = make_study(tmp_path / "a", 1, slices=1)
    data = file.read_bytes()
    kept = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for number in range(1100):  # an answer lists 1000
        kept.put_object(BUCKET, f"many/{number:04d}.dcm", data)
    looked, url = [], f"s3://{BUCKET}/many"
    with Index(tmp_path / "found.sqlite", url) as index:
        found = find_tasks(url, index, looked=lambda *counts: looked.append(counts))
        (task,) = found.tasks
    assert looked[-1] == (1100, 1)
    assert task.places[0].names is None
    some = replace(task, places=(replace(task.places[0], names=("0003.dcm", "1099.dcm")),))
    folder = tmp_path / "copies"
    folder.mkdir()
    (place,) = fetch_places(some, folder, {})
    assert [file.name for file in sorted(Path(place.path).iterdir())] == ["0003.dcm", "1099.dcm"]


def test_an_object_that_vanishes_between_listing_and_reading_is_looked_for_again(
    store, tmp_path, monkeypatch
):
    put(store, make_study(tmp_path / "a", 1), "all/a")
    (task,) = found_in(f"s3://{BUCKET}/all", tmp_path / "found.sqlite")
    real = s3fs.S3FileSystem._get_file

    async def get_file(self, path, *rest, **options):
        if path.endswith("2.dcm"):
            await self._rm_file(path)
        return await real(self, path, *rest, **options)

    monkeypatch.setattr(s3fs.S3FileSystem, "_get_file", get_file)
    outcome = score_task(task, options_for(tmp_path))
    assert (outcome.status, outcome.error) == ("failed", "GoneError")
    assert (
        outcome.reason == "s3: the store does not have it, or no longer; the next run looks again"
    )


def test_a_study_that_is_gone_altogether_is_told_the_same(store, tmp_path):
    put(store, make_study(tmp_path / "a", 1), "all/a")
    (task,) = found_in(f"s3://{BUCKET}/all", tmp_path / "found.sqlite")
    store.rm(f"{BUCKET}/all/a", recursive=True)
    folder = tmp_path / "copies"
    folder.mkdir()
    with pytest.raises(GoneError, match=r"^s3: the store does not have it"):
        fetch_places(task, folder, {})


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("url", ["s3://nobody-has-this/all", f"s3://{BUCKET}/nothing"])
def test_a_bucket_or_folder_that_is_not_there_is_told_before_anything_is_written(
    run_corcal, tmp_path, url
):
    outcome = run_corcal("batch", url, "--out", tmp_path / "out")
    assert outcome.code == 2
    assert outcome.err == (
        "corcal: nothing is there: a folder of an object store, such as s3://bucket/folder, is "
        "needed\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("strict")
def test_a_store_that_refuses_access_is_told_without_what_it_said(run_corcal, tmp_path):
    outcome = run_corcal("batch", f"s3://{BUCKET}/all", "--out", tmp_path / "out")
    assert outcome.code == 4
    assert outcome.err == (
        "corcal: s3: the store refuses access: check the credentials of its own tools, and that "
        "they may list and read there\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("environment")
def test_credentials_that_are_missing_are_told(run_corcal, tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    outcome = run_corcal("batch", f"s3://{BUCKET}/all", "--out", tmp_path / "out")
    assert outcome.code == 4
    assert "corcal: s3: no credentials were found: set those of the store's own" in outcome.err
    assert "--storage anon=true" in outcome.err


@pytest.mark.usefixtures("environment")
def test_a_store_that_is_away_is_told(run_corcal, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    outcome = run_corcal("batch", f"s3://{BUCKET}/all", "--out", tmp_path / "out")
    assert outcome.code == 4
    assert "corcal: s3: the store does not answer (EndpointConnectionError)" in outcome.err


def test_a_run_that_is_killed_goes_on_where_it_was(store, tmp_path):
    for number in range(20):
        put(
            store,
            make_study(tmp_path / "data" / f"{number}", number, slices=1),
            f"all/{number:02d}",
        )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "corcal", "batch", f"s3://{BUCKET}/all", "--out", out]
    command += ["--workers", "1", "--tables", "csv"]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ledger = out / LEDGER_NAME
    while killed.poll() is None and not (ledger.is_file() and ledger.read_bytes().count(b"\n") > 2):
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    finished = ledger.read_bytes().count(b"\n")
    assert 2 < finished < 20
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{finished} were finished before" in again.stdout
    keys = [json.loads(line)["key"] for line in ledger.read_bytes().splitlines()]
    assert len(keys) == len(set(keys)) == 20
    assert not (out / "scratch").exists()
