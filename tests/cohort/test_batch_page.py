"""The page on many scans says what the code does."""

from pathlib import Path

from corcal.cohort import local, memory, run, types
from corcal.cohort.tables import STATUS_COLUMNS
from corcal.interop.tables import columns_as_markdown

PAGE = (Path(__file__).parents[2] / "docs" / "batch.md").read_text(encoding="utf-8")


def test_the_page_has_every_column_of_the_status():
    assert columns_as_markdown(STATUS_COLUMNS) in PAGE


def test_the_page_has_every_status():
    for status in types.STATUSES:
        assert f"| `{status}` |" in PAGE


def test_the_page_has_the_limits_of_the_code():
    assert types.DEFAULT_MEMORY_MB == 3200
    assert "3.2 GB each" in PAGE
    assert (memory._BASE_MB, memory._BYTES_PER_VOXEL) == (350.0, 10.0)
    assert (memory._BYTES_PER_FLOAT_VOXEL, memory._WRITERS_MB) == (14.0, 200.0)
    assert "at most 350 MB and ten bytes a voxel (14 where HU are no integers; 200 MB" in PAGE
    assert local.MAX_ATTEMPTS == 2
    assert "`crashed` | two processes died of it" in PAGE
    assert run.MAX_PEER_ERRORS == 20
    assert "does not answer 20 studies in a row" in PAGE
    assert types.DEFAULT_TIME_LIMIT_S == 1800.0
