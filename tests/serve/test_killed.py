"""Processes that are killed: nothing is lost, nothing is done twice."""

from pathlib import Path

from benchmarks.serve_kills import run, simulated_studies


def test_what_was_uploaded_is_scored_once_whatever_is_killed(tmp_path: Path) -> None:
    """Five uploads, and kill -9 of the server, a worker, the server and a worker."""
    studies = simulated_studies(tmp_path / "studies", 5)
    assert run(tmp_path / "data", studies, kills=4, seed=20260102) == {"scored once": 5}
