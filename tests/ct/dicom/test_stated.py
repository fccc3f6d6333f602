"""Values that no scanner can have are those of a header that is silent, and are told."""

from pathlib import Path

import pytest

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.ct.scan import Finding, Severity
from corcal.ct.suitability import assess
from dicom_maker import make_series


def _told(folder: Path, code: str) -> list[Finding]:
    (series,) = find_series(folder).series
    return [item for item in series.findings if item.code == code]


@pytest.mark.parametrize("kvp", ["0", "-120", "39.9", "200.1", "1e9"])
def test_a_voltage_that_no_tube_has_is_taken_as_missing_and_told(tmp_path: Path, kvp: str) -> None:
    make_series(tmp_path / "odd", tags={"KVP": kvp})
    make_series(tmp_path / "silent", tags={"KVP": None})
    odd, silent = read_scan(tmp_path / "odd"), read_scan(tmp_path / "silent")
    assert odd.acquisition == silent.acquisition
    assert odd.acquisition.kvp is None
    (said,) = _told(tmp_path / "odd", "KVP_UNKNOWN")
    assert f"a tube voltage of {float(kvp):g} kV, which no tube has (40 to 200 kV" in said.message
    assert said.severity is Severity.INFO
    assert not _told(tmp_path / "silent", "KVP_UNKNOWN")
    assert said in odd.findings


@pytest.mark.parametrize("kvp", [40, 70, 120, 200])
def test_a_voltage_that_a_tube_may_have_is_taken(tmp_path: Path, kvp: float) -> None:
    make_series(tmp_path, tags={"KVP": kvp})
    assert read_scan(tmp_path).acquisition.kvp == kvp
    assert not _told(tmp_path, "KVP_UNKNOWN")


@pytest.mark.parametrize("thickness", ["-3", "0"])
def test_a_thickness_that_no_slice_has_is_taken_as_missing_and_told(
    tmp_path: Path, thickness: str
) -> None:
    make_series(tmp_path, tags={"SliceThickness": thickness})
    (series,) = find_series(tmp_path).series
    assert series.acquisition.slice_thickness_mm is None
    assert {image.slice_thickness_mm for image in series.images} == {None}
    (said,) = _told(tmp_path, "THICKNESS_UNKNOWN")
    assert f"a slice thickness of {float(thickness):g} mm, which no slice has" in said.message


def test_what_was_found_stands_beside_the_verdict_and_does_not_change_it(tmp_path: Path) -> None:
    verdicts = []
    for name, kvp in (("odd", "0"), ("silent", None)):
        make_series(tmp_path / name, tags={"KVP": kvp})
        (series,) = find_series(tmp_path / name).series
        verdicts.append(assess(series))
    odd, silent = verdicts
    assert (odd.verdict, odd.summary) == (silent.verdict, silent.summary)
    assert [item.code for item in odd.findings].count("KVP_UNKNOWN") == 2
