"""TotalSegmentator is called as it documents, and what it leaves is read as it documents.

Its command line and class names: README of github.com/wasserth/TotalSegmentator, version 2.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from anatomy.block_heart import BLOCKS_MM
from corcal.anatomy import Structure
from corcal.anatomy import totalsegmentator as module
from corcal.anatomy.totalsegmentator import TotalSegmentatorSource
from corcal.errors import InputError
from scoring.small_scans import make_scan

S = Structure
FAKE = Path(__file__).with_name("fake_totalsegmentator.py")
SPACING_MM = (4.0, 3.0, 3.0)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a command that stands in for TotalSegmentator on the path, which does as told."""

    def install_case(case):
        command = tmp_path / "bin" / "TotalSegmentator"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE}" {case} "$@"\n')
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")
        monkeypatch.setenv("FAKE_LOG", str(tmp_path / "log.json"))
        monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
        (tmp_path / "scratch").mkdir()
        monkeypatch.setattr(module.tempfile, "tempdir", None)
        return tmp_path

    return install_case


def scan_of_blocks(*, heart=True):
    """The heart of blocks with chambers at 300, aorta at 600 and an appendage at 800 HU."""
    axes = [np.arange(-120 + d / 2, 120, d) for d in SPACING_MM]
    hu = np.full([len(axis) for axis in axes], 20, np.int16)
    chambers = (S.LEFT_VENTRICLE, S.RIGHT_VENTRICLE, S.LEFT_ATRIUM, S.RIGHT_ATRIUM)
    painted = {one: 300 if one in chambers else 600 for one in BLOCKS_MM}
    for structure, ranges in BLOCKS_MM.items():
        inside = [(a >= lo) & (a < hi) for a, (lo, hi) in zip(axes, ranges, strict=True)]
        if heart or painted[structure] != 300:
            hu[np.ix_(*inside)] = painted[structure]
    hu[36:40, 35:42, 52:59] = 800  # z 24..40, y -15..6, x 36..57 mm: above the ventricle
    hu[:, :, :8] = -850  # lung, far from the heart
    return make_scan(hu, SPACING_MM)


def label_at(anatomy, place_mm):
    first = -120 + np.array(SPACING_MM) / 2
    index = np.rint((np.array(place_mm) - first - anatomy.origin_mm) / 4.0).astype(int)
    return Structure(int(anatomy.labels[tuple(index)]))


def test_label_maps_become_an_anatomy(install):
    install("works")
    anatomy = TotalSegmentatorSource().locate(scan_of_blocks())
    assert label_at(anatomy, (-10, 10, 30)) is S.EPICARDIAL_FAT  # in the left ventricle
    assert label_at(anatomy, (30, -5, -5)) is S.AORTIC_ROOT
    assert label_at(anatomy, (70, -5, -5)) is S.ASCENDING_AORTA
    assert label_at(anatomy, (0, 80, 20)) is S.DESCENDING_AORTA
    assert label_at(anatomy, (32, -5, 46)) is S.LEFT_ATRIUM
    assert label_at(anatomy, (-70, 0, 0)) is S.BACKGROUND
    np.testing.assert_allclose(anatomy.structures.sum(axis=0), 1.0, atol=1e-5)
    assert anatomy.pathways is None
    assert anatomy.findings == ()
    assert anatomy.model.name == "totalsegmentator"
    assert not anatomy.model.trusted


def test_the_sac_reaches_8_mm_around_the_heart(install):
    install("works")
    anatomy = TotalSegmentatorSource().locate(scan_of_blocks())
    # The left ventricle ends at x = 60 mm.
    assert label_at(anatomy, (-10, 10, 64)) is S.EPICARDIAL_FAT
    assert label_at(anatomy, (-10, 10, 74)) is S.BACKGROUND


def test_only_the_open_task_is_started_and_nothing_of_the_patient_is_left(install):
    folder = install("works")
    TotalSegmentatorSource().locate(scan_of_blocks())
    log = json.loads((folder / "log.json").read_text())
    arguments = log["arguments"]
    assert arguments[arguments.index("--task") + 1] == "total"
    assert "--fast" in arguments
    assert arguments[arguments.index("--device") + 1] == "cpu"
    assert arguments[-3:] == ["heart", "aorta", "atrial_appendage_left"]
    assert log["mode"] == 0o700
    assert log["files"] == ["scan.nii"]
    assert list((folder / "scratch").iterdir()) == []


def test_the_model_of_full_resolution_can_be_asked_for(install):
    folder = install("works")
    TotalSegmentatorSource(fast=False, device="gpu").locate(scan_of_blocks())
    arguments = json.loads((folder / "log.json").read_text())["arguments"]
    assert "--fast" not in arguments
    assert arguments[arguments.index("--device") + 1] == "gpu"


def test_a_scan_without_a_heart_is_all_background_with_an_error(install):
    install("works")
    anatomy = TotalSegmentatorSource().locate(scan_of_blocks(heart=False))
    assert [item.code for item in anatomy.findings] == ["HEART_NOT_FOUND"]
    assert (anatomy.labels == S.BACKGROUND).all()


def test_without_the_software_the_message_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="pip install TotalSegmentator"):
        TotalSegmentatorSource().locate(scan_of_blocks())


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("fails", "ended with code 3: RuntimeError: no weights in <folder>"),
        ("old", r"left no heart\.nii\.gz; version 2"),
        ("cropped", r"of shape \(59, 80, 80\), the scan's is \(60, 80, 80\)"),
        ("damaged", r"left a heart\.nii\.gz that cannot be read"),
    ],
)
def test_what_is_not_as_documented_is_refused_and_nothing_is_left(install, case, words):
    folder = install(case)
    with pytest.raises(InputError, match=words):
        TotalSegmentatorSource().locate(scan_of_blocks())
    assert list((folder / "scratch").iterdir()) == []


def test_a_run_that_does_not_end_is_stopped(install):
    install("works")
    with pytest.raises(InputError, match=r"did not end within 0\.01 s"):
        TotalSegmentatorSource(timeout_s=0.01).locate(scan_of_blocks())
