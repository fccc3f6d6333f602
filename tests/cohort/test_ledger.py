"""The ledger: a scan is finished exactly when its line is whole."""

import resource

import pytest

from cohort_scorers import scored, task_of
from corcal.cohort.ledger import LEDGER_NAME, Ledger, read_outcomes
from corcal.cohort.types import OutputError, ended


def unfit(name, **options):
    return ended(task_of(name), "unfit", "too thick", **options)


def test_what_was_added_is_finished_also_for_the_next_run(tmp_path):
    with Ledger(tmp_path) as ledger:
        assert ledger.finished() == set()
        ledger.add(scored(task_of("a")))
        ledger.add(unfit("b"))
    with Ledger(tmp_path) as ledger:
        assert ledger.finished() == {task_of("a").key, task_of("b").key}


def test_an_outcome_is_read_as_it_was_written(tmp_path):
    outcome = scored(task_of("a"), agatston=0.1 + 0.2)
    with Ledger(tmp_path) as ledger:
        ledger.add(outcome)
    assert list(read_outcomes(tmp_path)) == [outcome]


def test_outcomes_come_by_source_whoever_was_first(tmp_path):
    with Ledger(tmp_path) as ledger:
        for name in ("c", "a", "b"):
            ledger.add(unfit(name))
    assert [one.source for one in read_outcomes(tmp_path)] == ["a", "b", "c"]


def test_a_folder_without_a_ledger_has_no_outcomes(tmp_path):
    assert list(read_outcomes(tmp_path)) == []


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_a_torn_last_line_is_left_out_and_its_scan_is_not_finished(tmp_path, kept):
    path = tmp_path / LEDGER_NAME
    with Ledger(tmp_path) as ledger:
        ledger.add(unfit("a"))
        whole = path.read_bytes()
        ledger.add(unfit("b"))
    torn = path.read_bytes()[len(whole) :][:kept]  # -1: all but its end
    path.write_bytes(whole + torn)
    assert [one.source for one in read_outcomes(tmp_path)] == ["a"]
    with Ledger(tmp_path) as ledger:
        assert ledger.finished() == {task_of("a").key}
        ledger.add(unfit("b"))
    assert [one.source for one in read_outcomes(tmp_path)] == ["a", "b"]


def test_a_line_of_zeros_that_a_power_cut_left_is_passed_over(tmp_path):
    path = tmp_path / LEDGER_NAME
    with Ledger(tmp_path) as ledger:
        ledger.add(unfit("a"))
    path.write_bytes(path.read_bytes() + bytes(3000) + b"\n")
    with Ledger(tmp_path) as ledger:
        ledger.add(unfit("b"))
        assert ledger.finished() == {task_of("a").key, task_of("b").key}
    assert [one.source for one in read_outcomes(tmp_path)] == ["a", "b"]


def test_a_torn_line_longer_than_what_is_read_at_once_is_found(tmp_path):
    path = tmp_path / LEDGER_NAME
    path.write_bytes(b"x" * (2**20 + 5))
    with Ledger(tmp_path) as ledger:
        assert path.stat().st_size == 0
        ledger.add(unfit("a"))
    assert len(list(read_outcomes(tmp_path))) == 1


def test_two_runs_into_one_folder_are_refused(tmp_path):
    with (
        Ledger(tmp_path),
        pytest.raises(OutputError, match="another run is writing into this folder"),
    ):
        Ledger(tmp_path)
    Ledger(tmp_path).close()  # given back


def test_a_status_that_is_to_be_tried_again_is_not_finished(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.add(unfit("a"))
        ledger.add(scored(task_of("b")))
        assert ledger.finished(again=frozenset({"unfit"})) == {task_of("b").key}


def test_what_failed_for_a_server_that_was_away_is_not_finished(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.add(ended(task_of("a"), "failed", "away", error="PeerError"))
        ledger.add(ended(task_of("b"), "failed", "defect", error="KeyError"))
        assert ledger.finished() == {task_of("b").key}


def test_of_a_scan_that_was_done_again_the_last_outcome_counts(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.add(unfit("a"))
        ledger.add(scored(task_of("a")))
        assert ledger.finished(again=frozenset({"unfit"})) == {task_of("a").key}
    assert [one.status for one in read_outcomes(tmp_path)] == ["scored"]


def test_a_disk_that_is_full_in_the_middle_of_a_line_loses_nothing_of_the_others(tmp_path):
    path = tmp_path / LEDGER_NAME
    with Ledger(tmp_path) as ledger:
        ledger.add(unfit("a"))
        whole = path.read_bytes()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 20, hard))
        try:
            with pytest.raises(OutputError, match="file too large; what is finished stays"):
                ledger.add(unfit("b"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert path.read_bytes() == whole
        ledger.add(unfit("c"))
    assert [one.source for one in read_outcomes(tmp_path)] == ["a", "c"]


def test_a_full_disk_is_told_with_what_to_do(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path)
    monkeypatch.setattr("os.fsync", _no_space)
    with pytest.raises(OutputError, match="no space left on device; make room and give the same"):
        ledger.add(unfit("a"))
    with pytest.raises(OutputError, match="no space left"):
        ledger.close()
    ledger.close()  # it is closed already


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out is a file; results need a folder"):
        Ledger(tmp_path / "out")


def _no_space(_):
    raise OSError(28, "No space left on device")
