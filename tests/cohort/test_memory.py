"""What a scan needs is told before it is read, and no process uses much more than it may."""

import multiprocessing
from dataclasses import replace
from mmap import mmap

import pytest

from cohort_scorers import allocate, options_for
from corcal.cohort import memory
from corcal.cohort.memory import (
    PeakMemory,
    TooLargeError,
    available_mb,
    needed_mb,
    require_room,
)
from suitability_maker import make_series_header

MB = 2**20


def header(slices, **options):
    made = make_series_header(slice_count=slices)
    images = tuple(
        replace(one, rescale_slope=options.get("slope", 1.0), rescale_intercept=-1024.0)
        for one in made.images
    )
    return replace(made, images=images)


def test_a_thousand_thin_slices_fit_into_what_a_worker_may_use(tmp_path):
    options = options_for(tmp_path)
    # 350 MB, and ten bytes for each of 1000 x 512 x 512 voxels, which are 2500 MB
    assert needed_mb(header(1000), options) == 2850.0
    require_room(header(1000), options)
    assert needed_mb(header(1000), replace(options, pictures=True)) == 3050.0
    require_room(header(1000), replace(options, pictures=True, segmentations=True))


def test_the_limit_is_where_it_is_said_to_be(tmp_path):
    options = options_for(tmp_path, memory_mb=600)
    require_room(header(100), options)  # 350 + 250
    with pytest.raises(TooLargeError, match="101 slices of 512 x 512 need up to 602 MB, a worker"):
        require_room(header(101), options)


def test_voxels_that_are_no_integers_take_more(tmp_path):
    # 14 bytes a voxel: 100 slices of a quarter of a million are 350 MB
    assert needed_mb(header(100, slope=0.5), options_for(tmp_path)) == 700.0


def test_the_peak_is_that_since_it_was_asked_for():
    watch = PeakMemory()
    before = watch.mb()
    # pages of its own: a heap that was large before would give memory that is counted already
    with mmap(-1, 80 * MB) as block:
        for _ in range(80):
            block.write(b"x" * MB)
        peak = watch.mb()
    assert 60 < peak - before < 120
    assert PeakMemory().mb() < peak - 60


def test_where_the_mark_cannot_be_set_back_the_peak_is_that_of_the_whole_life(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(memory, "_CLEAR", tmp_path / "no" / "such")
    assert PeakMemory().mb() > 10


def test_where_the_status_is_not_told_the_peak_is_that_of_the_whole_life(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "nothing")
    assert PeakMemory().mb() > 10


@pytest.mark.parametrize(("wanted_mb", "answer"), [(300, 300 * MB), (3000, "refused")])
def test_a_process_gets_no_more_than_its_limit(wanted_mb, answer):
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=allocate, args=(800, wanted_mb, theirs))
    process.start()
    theirs.close()
    assert ours.recv() == answer
    process.join()


def test_free_memory_is_the_least_of_machine_and_control_group(monkeypatch):
    assert available_mb() > 0
    monkeypatch.setattr(memory, "_machine_mb", lambda: 5000.0)
    monkeypatch.setattr(memory, "_group_mb", lambda: 700.0)
    assert available_mb() == 700.0
    monkeypatch.setattr(memory, "_machine_mb", lambda: None)
    monkeypatch.setattr(memory, "_group_mb", lambda: None)
    assert available_mb() is None


def test_the_memory_of_a_control_group_is_what_is_left_of_it(tmp_path):
    (tmp_path / "memory.max").write_text(f"{900 * MB}\n")
    (tmp_path / "memory.current").write_text(f"{200 * MB}\n")
    assert memory._group_mb(tmp_path) == 700.0
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._group_mb(tmp_path) is None
