"""Studies of a DICOMweb server: found, fetched, and scored."""

from dataclasses import replace

import pytest

from cohort_maker import make_study
from cohort_scorers import options_for
from corcal.cohort.discover import Index, find_tasks, require_root
from corcal.cohort.score_task import score_task
from corcal.cohort.types import Task
from corcal.errors import InputError, PeerError
from interop.dicomweb_server import FakeServer, running


def element(value):
    return {"Value": [value]}


@pytest.fixture
def server(tmp_path):
    """Two studies: of CT images, and of which the server has only reports."""
    fake = FakeServer()
    study, report = "2.25.1001", "2.25.1002"
    fake.matches["/studies"] = [
        {"0020000D": element(study)},
        {"00080050": element("no UID")},
        {"0020000D": element(report)},
    ]
    ct, scout = f"{study}.1", f"{study}.2"
    fake.matches[f"/studies/{study}/series"] = [
        {"0020000E": element(ct), "00080060": element("CT")},
        {"0020000E": element(scout)},
        {"0020000E": element("2.25.9"), "00080060": element("SR")},
    ]
    for number, uid in enumerate((ct, scout), start=1):
        files = make_study(tmp_path / uid, 1, series=number)
        fake.objects[f"/studies/{study}/series/{uid}"] = [file.read_bytes() for file in files]
    with running(fake) as url:
        yield fake, url


def tasks_of(url, path):
    with Index(path, url) as index:
        found = find_tasks(url, index)
        tasks = list(found.tasks)
        assert found.total == len(tasks)
        return tasks


def test_the_ct_series_of_a_study_are_fetched_and_scored_and_nothing_stays(server, tmp_path):
    fake, url = server
    first, second = tasks_of(url, tmp_path / "found.sqlite")
    assert first == Task(key=first.key, source=url, study_instance_uid="2.25.1001")
    options = options_for(tmp_path, scratch=str(tmp_path / "scratch"))
    outcome = score_task(first, options)
    assert (outcome.status, outcome.study_instance_uid) == ("unfit", "2.25.1001")
    assert "series" in outcome.reason
    assert not [path for path in fake.asked if path.endswith("2.25.9")]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert score_task(second, options).reason == "the server has no CT series of the study"


def test_a_series_that_is_named_is_fetched_alone(server, tmp_path):
    fake, url = server
    task = Task(
        key="k", source=url, study_instance_uid="2.25.1001", series_instance_uid="2.25.1001.2"
    )
    assert score_task(task, options_for(tmp_path)).status == "unfit"
    assert fake.asked == ["/studies/2.25.1001/series/2.25.1001.2"]
    nameless = replace(task, study_instance_uid=None)
    outcome = score_task(nameless, options_for(tmp_path))
    assert outcome.reason.startswith("of a DICOMweb server a study is named by its UID")


def test_a_server_that_is_away_is_told_before_anything_is_found(server, tmp_path):
    fake, url = server
    require_root(url, {})
    assert len(fake.asked) == 1
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="the folder nothing cannot be searched"):
        require_root(str(tmp_path / "nothing"), {})
    with pytest.raises(PeerError, match=r"127\.0\.0\.1"):
        require_root("http://127.0.0.1:1/web", {})


def test_what_is_no_address_of_a_server_is_refused(tmp_path):
    with pytest.raises(InputError, match="an address has no password"):
        tasks_of("http://user:secret@host/web", tmp_path / "found.sqlite")
