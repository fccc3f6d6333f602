"""The scanner's physics, each part measured on what it makes."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import integrate, special

from corcal.errors import GeometryError, InputError
from corcal.phantom.noise import noise_volume
from corcal.phantom.physics import (
    KERNELS,
    MAX_HU,
    MIN_HU,
    FineVolume,
    Scanner,
    hydroxyapatite_hu,
    image_contrast,
    image_volume,
)

WATER = FineVolume(
    values=np.zeros((1, 1, 1), np.float32), spacing_mm=(400.0, 400.0, 400.0), origin_mm=(0, 0, 0)
)
# First Agatston thresholds that score as 130 HU does at 120 kVp: Graeni 2018 (70, 80),
# Nakazato 2009 (100), Agatston 1990 (120), MolloiLab CalciumScoring.jl (135).
KVP_THRESHOLDS = [(70, 207), (80, 177), (100, 147), (120, 130), (135, 119)]


def small(**changes):
    settings = {"matrix": (128, 128), "pixel_spacing_mm": 0.5, "noise_sd_hu": 0.0}
    return Scanner(**{**settings, **changes})


def full_width_at_half_maximum(position, profile):
    """Width between the two crossings of half the maximum, linear between samples."""
    half = profile.max() / 2
    above = np.flatnonzero(profile >= half)
    first, last = above[0], above[-1]

    def crossing(a, b):
        part = (half - profile[a]) / (profile[b] - profile[a])
        return position[a] + part * (position[b] - position[a])

    return crossing(last, last + 1) - crossing(first, first - 1)


class TestHydroxyapatite:
    def test_100_mg_per_cm3_is_130_hu_at_120_kvp(self):
        assert hydroxyapatite_hu(100.0, kvp=120) == pytest.approx(130.0)

    @pytest.mark.parametrize(("kvp", "threshold"), KVP_THRESHOLDS)
    def test_100_mg_per_cm3_meets_the_published_threshold_of_each_voltage(self, kvp, threshold):
        assert hydroxyapatite_hu(100.0, kvp=kvp) == pytest.approx(threshold, abs=3.5)

    def test_contrast_is_proportional_to_density(self):
        assert hydroxyapatite_hu(800.0, kvp=100) == pytest.approx(
            4 * hydroxyapatite_hu(200.0, kvp=100)
        )
        assert hydroxyapatite_hu(0.0, kvp=100) == 0.0

    @pytest.mark.parametrize("kvp", [69.9, 140.1])
    def test_a_voltage_without_data_is_refused(self, kvp):
        with pytest.raises(InputError, match=r"allowed 70 to 140 kVp"):
            hydroxyapatite_hu(100.0, kvp=kvp)

    @pytest.mark.parametrize("kvp", [70, 140])
    def test_the_ends_of_the_range_are_allowed(self, kvp):
        assert hydroxyapatite_hu(100.0, kvp=kvp) > 0

    def test_the_mass_factor_of_a_scanner_is_density_per_hu(self):
        # 130 HU for 100 mg/cm3, 10 % more on this scanner: 100 / 143 = 0.699 mg/cm3/HU
        assert Scanner(calcium_response=1.1).calibration_mg_per_cm3_hu == pytest.approx(100 / 143)


class TestPointSpread:
    @pytest.mark.parametrize("name", KERNELS)
    def test_a_thin_wire_is_as_wide_as_the_kernel_says(self, name):
        scanner = small(kernel=KERNELS[name], pixel_spacing_mm=0.1)
        wire = FineVolume(
            values=np.full((1, 1, 1), 1e4),
            spacing_mm=(100.0, 0.01, 0.01),
            origin_mm=(6.4, 6.4, 0.0),
        )
        image = np.zeros((128, 128))
        window = image_contrast(wire, scanner, origin_mm=(0.0, 0.0, 0.0), slice_count=1)
        image[window.slices[1:]] = window.values[0]
        position = 0.1 * np.arange(128)
        fwhm = KERNELS[name].psf_fwhm_mm
        assert full_width_at_half_maximum(position, image[64]) == pytest.approx(fwhm, rel=0.01)
        assert full_width_at_half_maximum(position, image[:, 64]) == pytest.approx(fwhm, rel=0.01)

    def test_an_edge_between_pixels_follows_the_error_function(self):
        # A half-space of 1000 HU from x = 0 on; sigma = 1.5 / 2.3548 = 0.637 mm. The pixel at
        # x = 0 sees half of it, the pixel at 0.5 mm the part ndtr(0.5 / 0.637) = 0.7838.
        half_space = FineVolume(
            values=np.full((1, 1, 1), 1000.0),
            spacing_mm=(400.0, 400.0, 200.0),
            origin_mm=(100.0, 0.0, 0.0),
        )
        scanner = small(kernel=KERNELS["medium"])
        window = image_contrast(half_space, scanner, origin_mm=(-5.0, 0.0, 0.0), slice_count=1)
        row = np.zeros(128)
        row[window.slices[2]] = window.values[0, 5]
        assert row[10] == pytest.approx(500.0, abs=0.1)  # x = -5 + 10 * 0.5 = 0
        assert row[11] == pytest.approx(783.8, abs=0.1)
        assert row[9] == pytest.approx(1000 - 783.8, abs=0.1)

    @pytest.mark.parametrize("thickness", [0.6, 3.0, 5.0])
    def test_a_thin_sheet_shows_the_slice_as_thick_as_it_is(self, thickness):
        scanner = small(
            slice_thickness_mm=thickness,
            increment_mm=0.05,
            slice_edge_sigma_mm=0.1,
            matrix=(8, 8),
        )
        sheet = FineVolume(
            values=np.full((1, 1, 1), 1e5),
            spacing_mm=(0.01, 400.0, 400.0),
            origin_mm=(0.0, 0.0, 5.0),
        )
        window = image_contrast(sheet, scanner, origin_mm=(0.0, 0.0, 0.0), slice_count=200)
        profile = np.zeros(200)
        profile[window.slices[0]] = window.values[:, 4, 4]
        position = 0.05 * np.arange(200)
        assert full_width_at_half_maximum(position, profile) == pytest.approx(thickness, abs=0.02)

    def test_a_slice_half_in_the_object_shows_half_of_it(self):
        # The object ends at z = 0 and the slice is centred there: (0 + -1000) / 2 = -500.
        slab = FineVolume(
            values=np.zeros((1, 1, 1)), spacing_mm=(200.0, 400.0, 400.0), origin_mm=(0, 0, -100.0)
        )
        hu = image_volume(slab, small(), origin_mm=(-30.0, -30.0, -3.0), slice_count=3)
        assert [hu[k, 64, 64] for k in range(3)] == [0, -500, -1000]

    def test_a_fine_grid_gives_the_same_image_as_one_large_voxel(self):
        scanner = small(matrix=(64, 64))
        fine = FineVolume(
            values=np.full((24, 40, 40), 300, np.int16),
            spacing_mm=(0.25, 0.25, 0.25),
            origin_mm=(-4.875, -4.875, -2.875),  # 10 mm x 10 mm x 6 mm about (0, 0, 0)
        )
        block = FineVolume(
            values=np.full((1, 1, 1), 300.0), spacing_mm=(6.0, 10.0, 10.0), origin_mm=(0, 0, 0)
        )
        images = [
            image_volume(
                WATER,
                scanner,
                origin_mm=(-16.1, -15.7, -6.2),
                slice_count=5,
                additions=[addition],
            )
            for addition in (fine, block)
        ]
        np.testing.assert_allclose(images[0], images[1], atol=1)  # rounding alone
        assert images[0].max() == 300

    def test_a_body_given_slice_by_slice_is_the_same_body(self):
        values = np.random.default_rng(0).integers(-100, 100, (30, 20, 25)).astype(np.int16)
        asked = []

        def slice_at(index):
            asked.append(index)
            return values[index]

        places = {"spacing_mm": (0.5, 1.0, 1.0), "origin_mm": (0.0, 0.0, 0.0)}
        whole = FineVolume(values=values, **places)
        lazy = FineVolume(values=slice_at, shape=(30, 20, 25), **places)
        scanner = small(increment_mm=1.5)
        images = [
            image_volume(body, scanner, origin_mm=(-10.0, -10.0, 1.0), slice_count=8)
            for body in (whole, lazy)
        ]
        np.testing.assert_array_equal(*images)
        assert len(asked) == len(set(asked)), "overlapping slices computed a fine slice twice"

    def test_an_object_outside_the_image_leaves_no_trace(self):
        far = FineVolume(
            values=np.full((1, 1, 1), 500.0), spacing_mm=(1.0, 1.0, 1.0), origin_mm=(900, 0, 0)
        )
        window = image_contrast(far, small(), origin_mm=(0.0, 0.0, 0.0), slice_count=2)
        assert window.values.size == 0

    def test_hu_are_rounded_and_clipped_to_twelve_bits(self):
        for value, shown in ((5000.0, MAX_HU), (-3000.0, MIN_HU), (12.6, 13), (-12.6, -13)):
            body = FineVolume(
                values=np.full((1, 1, 1), value), spacing_mm=(400.0,) * 3, origin_mm=(0, 0, 0)
            )
            hu = image_volume(body, small(), origin_mm=(-30.0, -30.0, 0.0), slice_count=1)
            assert hu.dtype == np.int16
            assert hu[0, 64, 64] == shown


class TestNoise:
    @pytest.mark.parametrize("sd", [8.0, 21.0])
    def test_the_noise_of_an_image_is_as_asked(self, sd):
        # 20 x 256 x 256 voxels, about 20 of them correlated: 65,000 independent ones give the SD
        # to 0.3 % (one standard error); 1.2 % is four of them. Rounding adds 1/12 to the variance.
        hu = image_volume(
            WATER,
            small(matrix=(256, 256), noise_sd_hu=sd),
            origin_mm=(-60.0, -60.0, 0.0),
            slice_count=20,
            rng=np.random.default_rng(1),
        )
        assert hu.std() == pytest.approx(math.hypot(sd, math.sqrt(1 / 12)), rel=0.012)
        assert abs(hu.mean()) < 0.1

    @pytest.mark.parametrize("name", KERNELS)
    def test_neighbours_correlate_as_the_spectrum_of_the_kernel_says(self, name):
        # The autocorrelation of isotropic noise is the Hankel transform of its spectrum.
        kernel = KERNELS[name]

        def correlation(distance):
            def power(f):
                drop = math.exp(-((f / kernel.noise_cutoff_per_mm) ** kernel.noise_fall))
                return f ** (1 + kernel.noise_rise) * drop * special.j0(2 * math.pi * f * distance)

            return integrate.quad(power, 0, 4.0, limit=200)[0]

        scanner = small(matrix=(256, 256), pixel_spacing_mm=0.3, kernel=kernel, noise_sd_hu=1.0)
        noise = noise_volume(scanner, slice_count=12, rng=np.random.default_rng(2))
        power = np.mean(noise**2)  # of this draw: coarse noise has few grains, so it varies
        for lag in (1, 2, 3, 5):
            measured = np.mean(noise[:, :, :-lag] * noise[:, :, lag:]) / power
            measured_down = np.mean(noise[:, :-lag] * noise[:, lag:]) / power
            expected = correlation(0.3 * lag) / correlation(0.0)
            assert measured == pytest.approx(expected, abs=0.01)
            assert measured_down == pytest.approx(expected, abs=0.01)

    def test_noise_of_the_measured_kernel_is_not_white(self):
        # On the real scan of the QRM phantom with FC12, neighbours 0.488 mm apart: 0.66 to 0.70.
        scanner = small(
            matrix=(256, 256),
            pixel_spacing_mm=0.488,
            kernel=KERNELS["medium"],
            noise_sd_hu=1.0,
        )
        noise = noise_volume(scanner, slice_count=12, rng=np.random.default_rng(3))
        assert 0.64 < np.mean(noise[:, :, :-1] * noise[:, :, 1:]) < 0.72

    @pytest.mark.parametrize(
        ("thickness", "increment", "correlation"),
        [(3.0, 1.5, 0.5), (3.0, 1.0, 2 / 3), (3.0, 4.0, 0.0), (1.0, 3.0, 0.0)],
    )
    def test_slices_share_noise_as_they_overlap(self, thickness, increment, correlation):
        scanner = small(
            slice_thickness_mm=thickness,
            increment_mm=increment,
            noise_sd_hu=1.0,
            slice_edge_sigma_mm=0.05,
        )
        noise = noise_volume(scanner, slice_count=40, rng=np.random.default_rng(4))
        measured = np.mean(noise[:-1] * noise[1:])
        assert measured == pytest.approx(correlation, abs=0.03)

    def test_many_strongly_overlapping_slices_can_be_made(self):
        scanner = small(matrix=(16, 16), increment_mm=0.1, slice_thickness_mm=5.0, noise_sd_hu=9.0)
        noise = noise_volume(scanner, slice_count=300, rng=np.random.default_rng(5))
        assert np.isfinite(noise).all()

    def test_the_same_seed_gives_the_same_scan_and_another_seed_another(self):
        def scan(seed):
            return image_volume(
                WATER,
                small(noise_sd_hu=20.0),
                origin_mm=(-30.0, -30.0, 0.0),
                slice_count=3,
                rng=np.random.default_rng(seed),
            )

        np.testing.assert_array_equal(scan(7), scan(7))
        assert np.any(scan(7) != scan(8))

    def test_noise_can_be_stronger_in_one_half(self):
        scale = np.ones((128, 128))
        scale[64:] = 2.0
        hu = image_volume(
            WATER,
            small(noise_sd_hu=10.0),
            origin_mm=(-30.0, -30.0, 0.0),
            slice_count=20,
            noise_scale=scale,
            rng=np.random.default_rng(9),
        )
        assert hu[:, 64:].std() / hu[:, :64].std() == pytest.approx(2.0, rel=0.05)

    def test_noise_without_a_generator_is_refused(self):
        with pytest.raises(InputError, match=r"noise of 20 HU needs a random generator"):
            image_volume(WATER, small(noise_sd_hu=20.0), origin_mm=(0, 0, 0), slice_count=1)


class TestWrongSettings:
    @pytest.mark.parametrize(
        "name", ["pixel_spacing_mm", "slice_thickness_mm", "increment_mm", "slice_edge_sigma_mm"]
    )
    @pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
    def test_a_length_must_be_positive(self, name, value):
        with pytest.raises(InputError, match=f"{name} must be a positive length"):
            Scanner(**{name: value})

    def test_noise_must_not_be_negative(self):
        with pytest.raises(InputError, match=r"noise_sd_hu must not be negative, got -1"):
            Scanner(noise_sd_hu=-1.0)

    def test_a_callable_needs_its_shape(self):
        with pytest.raises(GeometryError, match=r"a callable and its shape"):
            FineVolume(values=lambda _: np.zeros((2, 2)), spacing_mm=(1, 1, 1), origin_mm=(0, 0, 0))

    def test_a_flat_array_is_no_volume(self):
        with pytest.raises(GeometryError, match=r"needs a \(z, y, x\) array"):
            FineVolume(values=np.zeros((2, 2)), spacing_mm=(1, 1, 1), origin_mm=(0, 0, 0))


def test_importing_the_physics_imports_no_scipy():
    code = "import corcal.phantom.qrm, sys; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
