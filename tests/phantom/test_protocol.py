from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.lesions.sites import Site
from corcal.phantom.patient import draw_patient
from corcal.phantom.physics import Scanner
from corcal.phantom.protocol import Protocol, draw_protocol, image_origin
from corcal.phantom.scanner import tissue_hu
from corcal.phantom.thorax import simulate_exam, simulate_patient
from corcal.phantom.truth import DENSE_HU, dense_voxels

SEEDS = range(200)
SMALL = Scanner(matrix=(96, 96), pixel_spacing_mm=2.4, noise_sd_hu=0.0)


def test_a_drawn_calcium_scan_is_one_that_is_made() -> None:
    drawn = [draw_protocol(seed) for seed in SEEDS]
    for protocol in drawn:
        scanner = protocol.scanner
        assert protocol.kind == "gated"
        assert scanner.kvp in {70, 80, 100, 110, 120, 130, 140}
        assert 160 <= scanner.field_of_view_mm <= 360
        assert not 260.01 < scanner.field_of_view_mm < 299.99  # a heart's field, or a chest's
        assert 75 <= protocol.scan_length_mm <= 180
        assert scanner.increment_mm <= scanner.slice_thickness_mm <= 3.0
        if scanner.field_of_view_mm < 270:
            assert max(abs(v) for v in protocol.offset_mm[:2]) <= 25
        thick = scanner.noise_sd_hu * (scanner.slice_thickness_mm / 3.0) ** 0.42
        assert 8 * 0.75 - 0.1 <= thick <= 35.1
    assert np.mean([p.scanner.kvp == 120 for p in drawn]) > 0.55
    assert len({p.scanner.slice_thickness_mm for p in drawn}) >= 4
    assert any(p.scanner.increment_mm < p.scanner.slice_thickness_mm for p in drawn)


def test_a_drawn_chest_ct_covers_both_lungs() -> None:
    kernels = set()
    for seed in SEEDS:
        protocol = draw_protocol(seed, kind="chest")
        assert 300 <= round(protocol.scanner.field_of_view_mm, 3) <= 500
        assert 260 <= protocol.scan_length_mm <= 340
        assert 1.0 <= protocol.scanner.slice_thickness_mm <= 5.0
        assert protocol.scanner.matrix == (512, 512)
        kernels.add(protocol.scanner.kernel.name)
    assert len(kernels) == 4


def test_the_same_seed_draws_the_same_protocol_and_another_kind_another() -> None:
    assert draw_protocol(5) == draw_protocol(5)
    assert draw_protocol(5) != draw_protocol(6)
    assert draw_protocol(5).scanner.kvp in {70, 80, 100, 110, 120, 130, 140}
    assert draw_protocol(5, kind="chest").scan_length_mm > 200


def test_a_large_patient_gives_more_noise() -> None:
    lean, large = (draw_patient(1, subcutaneous_fat_mm=mm) for mm in (5.0, 40.0))
    noise = [
        [draw_protocol(seed, spec=spec).scanner.noise_sd_hu for seed in SEEDS]
        for spec in (lean, large)
    ]
    assert np.mean(noise[1]) > 1.4 * np.mean(noise[0])


def test_an_unknown_kind_of_protocol_is_refused() -> None:
    with pytest.raises(InputError, match="must be 'gated' or 'chest', got 'dental'"):
        draw_protocol(1, kind="dental")  # type: ignore[arg-type]


def test_the_offset_moves_the_middle_of_the_scan() -> None:
    spec = draw_patient(2)
    plain = image_origin(spec, Protocol(scanner=SMALL))
    moved = image_origin(spec, Protocol(scanner=SMALL, offset_mm=(10.0, -5.0, 20.0)))
    np.testing.assert_allclose(np.subtract(moved, plain), (10.0, -5.0, 20.0), atol=1e-3)


def test_a_chest_ct_says_that_it_is_one() -> None:
    protocol = Protocol(kind="chest", scanner=SMALL, scan_length_mm=30.0)
    made = simulate_exam(draw_patient(2), protocol)
    assert made.scan.acquisition.is_gated is None  # silent, as most chest CT is
    assert made.scan.acquisition.cardiac_phase_percent is None
    assert made.scan.acquisition.body_part == "CHEST"
    assert made.scan.shape == (10, 96, 96)
    gated = simulate_patient(draw_patient(2), scanner=SMALL, scan_length_mm=30.0)
    assert gated.scan.acquisition.is_gated
    assert gated.scan.series.series_instance_uid != made.scan.series.series_instance_uid
    assert gated.other_dense is None


def test_every_dense_voxel_of_a_noiseless_scan_without_calcium_is_told_and_no_other() -> None:
    spec = replace(draw_patient(2), plaques=())
    made = simulate_patient(spec, scanner=SMALL, scan_length_mm=60.0, dense_truth=True)
    assert made.other_dense is not None
    dense = np.zeros(made.scan.hu.size, bool)
    dense[made.other_dense.index] = True
    hu = made.scan.hu.ravel()
    assert set(made.other_dense.site.tolist()) == {int(Site.BONE)}
    assert dense[hu > DENSE_HU].all()  # rounding leaves the voxels at exactly 100 open
    assert not dense[hu < DENSE_HU].any()
    assert 0.01 < dense.mean() < 0.2


def test_calcium_changes_nothing_of_what_else_is_dense() -> None:
    spec = draw_patient(7, burden="severe")
    with_calcium, without = (
        simulate_patient(each, scanner=SMALL, scan_length_mm=60.0, dense_truth=True).other_dense
        for each in (spec, replace(spec, plaques=()))
    )
    assert with_calcium is not None
    assert without is not None
    np.testing.assert_array_equal(with_calcium.index, without.index)


def test_a_device_has_the_voxels_that_it_brings_over_the_limit_and_bone_the_rest() -> None:
    body = np.array([[[99.0, 100.0, 40.0, 40.0, 300.0, 300.0]]], np.float32)
    device = np.array([[[0.0, 0.0, 59.0, 60.0, 99.0, 100.0]]], np.float32)
    # 99 < 100 | bone | 40 + 59 = 99 | 40 + 60 = 100: device | bone still | device's own 100
    truth = dense_voxels(body, device)
    assert truth.index.tolist() == [1, 3, 4, 5]
    assert truth.site.tolist() == [Site.BONE, Site.DEVICE, Site.BONE, Site.DEVICE]


def test_voltage_changes_calcium_and_fat_and_leaves_water_and_air() -> None:
    painted = np.array([-1000.0, -850.0, -110.0, 0.0, 45.0, 60.0, 560.0], np.float32)
    at_80 = tissue_hu(painted, kvp=80.0)
    # Calcium at 80 kVp: 1 + 5.8e5 / 130 * (1/6400 - 1/14400) = 1.3873; fat 1 + 0.5 * 0.3873.
    np.testing.assert_allclose(at_80, [-1000, -850, -131.3, 0, 45, 60, 60 + 500 * 1.3873], atol=0.1)
    assert tissue_hu(painted, kvp=120.0) is painted
    assert tissue_hu(painted, kvp=140.0)[-1] < 560
