"""What an archive has is found and fetched over DICOMweb as it was stored."""

import urllib.request

import pytest

from cohort_maker import make_study
from corcal.cohort.dicomweb import ct_studies, fetch_study
from corcal.cohort.types import Task

pytestmark = pytest.mark.orthanc


def test_a_study_that_orthanc_has_is_found_and_fetched_byte_for_byte(orthanc, tmp_path):
    files = make_study(tmp_path / "a", 1, slices=5) + make_study(tmp_path / "b", 1, series=2)
    for file in files:
        request = urllib.request.Request(
            f"http://127.0.0.1:{orthanc.http_port}/instances", data=file.read_bytes()
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request):
            pass
    assert list(ct_studies(orthanc.web_url)) == ["2.25.1001"]
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    fetch_study(Task(key="k", source=orthanc.web_url, study_instance_uid="2.25.1001"), fetched)
    found = sorted(path.read_bytes() for path in fetched.rglob("*.dcm"))
    assert found == sorted(file.read_bytes() for file in files)
