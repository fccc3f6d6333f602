"""Noise inside the heart."""

import numpy as np
import pytest

from corcal.lesions.fields import make_fields
from corcal.lesions.noise import SMOOTHING_MM, UNKNOWN_NOISE_HU, measure_noise
from lesions.heart_maker import empty_anatomy, make_anatomy, make_hu, make_scan

FIELDS = make_fields(make_anatomy())


@pytest.mark.parametrize("sd", [8.0, 25.0])
def test_white_noise_is_measured(sd):
    noise = measure_noise(make_scan(make_hu(noise_hu=sd)), FIELDS)
    assert noise.patches > 20
    assert noise.sd_hu == pytest.approx(sd, rel=0.06)


def test_smoothing_white_noise_leaves_what_theory_says():
    # A Gaussian of sigma s pixels leaves 1 / (2 s sqrt(pi)) of white noise: 0.3526 for 0.8 pixels.
    # A patch of 9 x 9 mm holds about 81 / (4 pi s^2) = 10 independent values, and its plane takes
    # three of them: sqrt(7 / 10) is left.
    noise = measure_noise(make_scan(make_hu(noise_hu=20.0)), FIELDS)
    expected = 20.0 / (2 * SMOOTHING_MM * np.sqrt(np.pi))
    assert 0.8 * expected < noise.smoothed_sd_hu < expected


def test_a_slope_across_the_heart_is_no_noise():
    # 3 HU a pixel over 9 pixels is a deviation of 7.7 HU: with it, 10 HU would be 12.6
    slope = np.clip(3 * (np.arange(128) - 75), -75, 75).astype(np.int16)
    hu = make_hu(noise_hu=10.0) + slope
    assert measure_noise(make_scan(hu), FIELDS).sd_hu == pytest.approx(10.0, rel=0.08)


def test_calcium_in_the_heart_is_no_noise():
    hu = make_hu(noise_hu=10.0)
    hu[10:25:3, 50:70:9, 60:90:9] = 900
    assert measure_noise(make_scan(hu), FIELDS).sd_hu == pytest.approx(10.0, rel=0.1)


def test_without_a_heart_the_noise_is_the_usual_one():
    noise = measure_noise(make_scan(make_hu(noise_hu=10.0)), make_fields(empty_anatomy()))
    assert (noise.sd_hu, noise.patches) == (UNKNOWN_NOISE_HU, 0)


def test_an_enhanced_heart_has_no_place_to_measure():
    hu = make_hu(noise_hu=10.0) + np.int16(200)
    assert measure_noise(make_scan(hu), FIELDS).patches == 0
