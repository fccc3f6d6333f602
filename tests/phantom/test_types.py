"""UIDs and scans of simulated volumes."""

import numpy as np
import pytest

from corcal.ct.scan import SeriesIdentity
from corcal.phantom.scanner import Scanner
from corcal.phantom.types import scan_from_volume, simulated_acquisition, simulated_uid

ACQUISITION = simulated_acquisition(Scanner(), date="2026-01-02")


def make(**changes):
    settings = {
        "spacing_mm": (3.0, 0.5, 0.4),
        "origin_mm": (-10.0, -20.0, 100.0),
        "acquisition": ACQUISITION,
        "uid_seed": 1,
    }
    return scan_from_volume(np.zeros((4, 5, 6), np.int16), **{**settings, **changes})


def test_the_same_words_give_the_same_valid_uid():
    uid = simulated_uid(1, "study")
    assert uid == simulated_uid(1, "study")
    assert uid != simulated_uid(2, "study")
    assert uid.startswith("2.25.")
    assert len(uid) <= 44
    assert 0 < int(uid.removeprefix("2.25.")) < 2**128


def test_the_affine_maps_indices_to_the_patient():
    # z = 100 + 3 * 2, y = -20 + 0.5 * 4, x = -10 + 0.4 * 5
    position = make().to_patient_mm(np.array([[2.0, 4.0, 5.0]]))
    np.testing.assert_allclose(position, [[-8.0, -18.0, 106.0]])


def test_every_slice_knows_its_place_and_uid():
    scan = make()
    assert [one.position_mm for one in scan.slices] == [
        (-10.0, -20.0, 100.0 + 3 * k) for k in range(4)
    ]
    assert len({one.sop_instance_uid for one in scan.slices}) == 4
    assert [one.instance_number for one in scan.slices] == [1, 2, 3, 4]


def test_series_of_one_seed_share_the_study_and_the_frame_of_reference():
    first, second = make(), make(series_number=2)
    assert first.series.study_instance_uid == second.series.study_instance_uid
    assert first.series.frame_of_reference_uid == second.series.frame_of_reference_uid
    assert first.series.series_instance_uid != second.series.series_instance_uid
    assert not {s.sop_instance_uid for s in first.slices} & {
        s.sop_instance_uid for s in second.slices
    }


def test_a_given_identity_wins_where_it_speaks():
    given = SeriesIdentity(study_instance_uid="2.25.7", accession_number="A1")
    series = make(series=given).series
    assert (series.study_instance_uid, series.accession_number) == ("2.25.7", "A1")
    assert series.series_instance_uid == make().series.series_instance_uid


def test_the_voxels_of_a_scan_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        make().hu[0, 0, 0] = 1


def test_the_header_says_what_the_scanner_was_and_that_it_was_none():
    scanner = Scanner(kvp=100.0, slice_thickness_mm=2.5, matrix=(512, 512), pixel_spacing_mm=0.43)
    acquisition = simulated_acquisition(scanner, date="2026-01-02")
    assert acquisition.kvp == 100.0
    assert acquisition.convolution_kernel == "FC12"
    assert acquisition.slice_thickness_mm == 2.5
    assert acquisition.reconstruction_diameter_mm == pytest.approx(512 * 0.43)
    assert acquisition.is_gated is True
    assert acquisition.series_description == "SIMULATED calcium score 2.5 mm"
    assert "SIMULATED" in acquisition.study_description


def test_a_scan_that_is_not_gated_claims_no_phase():
    acquisition = simulated_acquisition(Scanner(), date="2026-01-02", is_gated=None)
    assert acquisition.is_gated is None
    assert acquisition.cardiac_phase_percent is None
    assert acquisition.scan_options == ()
