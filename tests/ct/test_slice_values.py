"""Slices that cannot be of one scan: lost, repeated, or of other values than their neighbours."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corcal.ct.read import read_scan
from corcal.ct.scan import Severity
from corcal.ct.slice_values import slice_findings
from dicom_maker import make_series

N_Z = 9


@pytest.fixture
def chest() -> NDArray[np.int16]:
    """Air, a body of soft tissue with lung, and noise."""
    rng = np.random.default_rng(5)
    hu = np.full((N_Z, 240, 240), -1000)
    hu[:, 20:220, 20:220] = 40
    hu[:, 50:190, 50:120] = -850
    return (hu + np.rint(rng.normal(0, 15, hu.shape))).clip(-1024).astype(np.int16)


def codes(hu: NDArray[np.int16]) -> list[str]:
    return [one.code for one in slice_findings(hu)]


def test_a_scan_as_it_was_made_is_told_nothing(chest: NDArray[np.int16]) -> None:
    assert codes(chest) == []


def test_an_image_that_was_lost_between_others_is_an_error(chest: NDArray[np.int16]) -> None:
    chest[4] = -1000
    [found] = slice_findings(chest)
    assert (found.code, found.severity) == ("EMPTY_SLICES", Severity.ERROR)
    assert found.message.startswith("slice 4 of 9 ")
    chest[5:7] = -1024
    [found] = slice_findings(chest)
    assert found.message.startswith("slices 4, 5, 6 of 9 ")


def test_slices_of_air_above_and_below_a_body_are_no_loss(chest: NDArray[np.int16]) -> None:
    chest[:2] = -1000
    chest[-1] = -1000
    assert codes(chest) == []
    assert codes(np.full_like(chest, -1000)) == []


def test_the_same_image_at_two_places_is_told_near_or_far(chest: NDArray[np.int16]) -> None:
    chest[4] = chest[3]
    chest[8] = chest[0]
    [found] = slice_findings(chest)
    assert found.code == "REPEATED_SLICES"
    assert found.message.startswith("slices 3 and 4, 0 and 8 (")
    chest[4, 50, 50] += 1  # between the places that are compared first
    [found] = slice_findings(chest)
    assert found.message.startswith("slices 0 and 8 (")


def test_drawn_slices_without_noise_may_be_alike() -> None:
    hu = np.full((5, 60, 60), 40, np.int16)
    assert codes(hu) == []


@pytest.mark.parametrize(("step", "told"), [(-120, True), (30, True), (1024, True), (12, False)])
def test_slices_of_another_rescale_are_told(
    chest: NDArray[np.int16], step: int, *, told: bool
) -> None:
    chest[3:6] += np.int16(step)
    found = slice_findings(chest)
    assert bool(found) is told
    if told:
        [one] = found
        assert (one.code, one.severity) == ("VALUES_JUMP", Severity.WARNING)
        assert "2 to 3 by " in one.message
        assert "5 to 6 by " in one.message


def test_every_second_slice_of_another_rescale_is_told(chest: NDArray[np.int16]) -> None:
    chest[::2] += 30
    [found] = slice_findings(chest)
    assert "and 5 more" in found.message


def test_another_tissue_is_no_other_rescale(chest: NDArray[np.int16]) -> None:
    soft = chest > -200
    chest[4:][soft[4:]] -= 80  # fat for muscle, and the lung as before
    assert codes(chest) == []


def test_a_body_that_fades_in_is_no_other_rescale(chest: NDArray[np.int16]) -> None:
    for k in range(4):
        chest[k] -= np.int16(30 * (4 - k))
    assert codes(chest) == []


def test_without_lung_nothing_is_told_of_a_jump(chest: NDArray[np.int16]) -> None:
    cut = chest[:, 20:220, 121:220].copy()
    cut[4:] += 60
    assert codes(cut) == []
    cut[4:] += 964  # an intercept that is missing: no tissue explains it
    assert codes(cut) == ["VALUES_JUMP"]


def test_a_series_of_files_is_looked_at(tmp_path: Path, chest: NDArray[np.int16]) -> None:
    chest[4] = chest[3]
    make_series(tmp_path, hu=chest, signed=True, bits_stored=16, intercept=0)
    assert "REPEATED_SLICES" in [one.code for one in read_scan(tmp_path).findings]
