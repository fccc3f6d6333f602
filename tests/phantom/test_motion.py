from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.motion import STILL, Motion, MovingHeart
from corcal.phantom.physics import KERNELS, FineVolume, ImageGrid, Scanner
from corcal.phantom.protocol import draw_protocol
from corcal.phantom.shapes import Grid

PIXEL_MM = 0.5
SCANNER = Scanner(
    matrix=(128, 128),
    pixel_spacing_mm=PIXEL_MM,
    kernel=replace(KERNELS["medium"], psf_fwhm_mm=2.0),
    noise_sd_hu=0.0,
)
GRID = ImageGrid(scanner=SCANNER, origin_mm=(-32.0, -32.0, 0.0), slice_count=5)
# One 0.25 mm cell of 1000 HU in the middle of slice 2, so the image is the point spread alone.
DOT = FineVolume(
    values=np.full((1, 1, 1), 1000.0, np.float32), spacing_mm=(0.25,) * 3, origin_mm=(0, 0, 6.0)
)


def _image(motion: Motion, site: Site = Site.RCA) -> NDArray[np.float32]:
    window = MovingHeart(motion, GRID).contrast(DOT, site)
    image = np.zeros(GRID.shape, np.float32)
    image[window.slices] = window.values
    return image


def _along_x(way_mm: float, **fields: object) -> Motion:
    return Motion(way_mm=way_mm, direction=(1.0, 0.0, 0.0), seed=5, **fields)  # type: ignore[arg-type]


def test_a_still_heart_is_imaged_as_if_nothing_could_move() -> None:
    image = _image(STILL)
    expected = np.zeros(GRID.shape, np.float32)
    window = GRID.contrast(DOT)
    expected[window.slices] = window.values
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("way_mm", [0.0, 2.0, 6.0])
def test_a_moving_dot_looks_as_back_projection_of_its_moving_views_makes_it(way_mm: float) -> None:
    """Filtered back projection of analytic views of a Gaussian dot, each at its own place.

    The way of the views over half a turn is linear, from start angle to start angle + 180 degrees,
    and the doubly measured views are faded as the module says.
    """
    motion = _along_x(way_mm)
    heart = MovingHeart(motion, GRID)
    sigma = 2.0 / 2.3548
    start, step = heart._start[2], heart._step[2]
    (unit_x, unit_y), _ = heart._directions(Site.RCA)
    angles = np.arange(720) * np.pi / 720
    view = ((angles - start) % np.pi) / np.pi
    late = np.clip(1 - view / 0.15, 0, 1)
    r = (np.arange(512) - 256) * 0.25
    coordinates = -32.0 + PIXEL_MM * np.arange(128)
    ramp = np.abs(np.fft.fftfreq(512, 0.25))
    made = np.zeros((128, 128))
    for angle, s, fade in zip(angles, view, late, strict=True):
        normal = np.array([np.cos(angle), np.sin(angle)])
        profile = np.zeros(512)
        for share, time in ((1 - fade, s), (fade, s + 1)):
            way = way_mm * (time - 0.5 + step)
            at = way * (normal @ (unit_x, unit_y))
            profile += share * np.exp(-0.5 * ((r - at) / sigma) ** 2)
        filtered = np.fft.ifft(np.fft.fft(profile) * ramp).real
        place = coordinates[None, :] * normal[0] + coordinates[:, None] * normal[1]
        made += np.interp(place, r, filtered)
    made *= np.pi / 720
    image = _image(motion)[2]
    # A Gaussian's profile integrates to sqrt(2 pi) sigma, its 2-D form to 2 pi sigma^2: the scale
    # of `made` is that of a dot whose peak is 1 / (sqrt(2 pi) sigma) at rest.
    made *= _image(STILL)[2].max() * np.sqrt(2 * np.pi) * sigma
    inner = np.s_[24:104, 24:104]
    assert np.abs(image[inner] - made[inner]).max() < 0.02 * _image(STILL)[2].max()


def test_motion_in_the_slice_keeps_all_the_contrast() -> None:
    still = _image(STILL)
    for motion in (_along_x(4.0), _along_x(6.0, kind="free")):
        moved = _image(motion)
        assert moved.sum() == pytest.approx(still.sum(), rel=0.01)
        assert moved.max() < 0.9 * still.max()


def test_the_left_coronary_arteries_move_less_than_the_right_one_and_bone_not_at_all() -> None:
    still = _image(STILL).max()
    peaks = [_image(_along_x(2.0), site).max() for site in (Site.RCA, Site.LCX, Site.LAD)]
    assert peaks[0] < peaks[1] < peaks[2] < still
    assert _image(_along_x(2.0), Site.BONE).max() == still


def test_without_gating_each_slice_has_its_own_phase_and_a_gated_step_shares_one() -> None:
    free = MovingHeart(_along_x(5.0, kind="free"), GRID)
    assert len(set(free._mean_way.tolist())) == 5
    together = MovingHeart(_along_x(5.0, kind="free", slices_together=3), GRID)
    assert len(set(together._mean_way.tolist())) == 2  # slices 0-2 and 3-4


def test_a_heart_that_moves_up_and_down_puts_calcium_into_other_slices() -> None:
    motion = Motion(kind="free", way_mm=9.0, direction=(0.0, 0.0, 1.0), seed=1)
    still, moved = (_image(m).sum(axis=(1, 2)) for m in (STILL, motion))
    # 3 mm slices: the dot at rest is seen in slice 2, and hardly in its neighbours.
    assert still[2] > 20 * still[[0, 1, 3, 4]].max()
    assert np.abs(moved - still).max() > 0.3 * still[2]


def test_the_edge_of_a_moving_heart_is_blurred_and_the_rest_is_untouched() -> None:
    # A ball of 12 mm radius and 40 HU in fat, its pericardium the same ball.
    sac_grid = Grid(origin_mm=(-40.0, -40.0, -40.0), spacing_mm=(2.0,) * 3, shape=(41, 41, 41))
    sac = np.linalg.norm(sac_grid.points(), axis=-1).astype(np.float32) - np.float32(12.0)
    wide = replace(SCANNER, pixel_spacing_mm=1.0)
    grid = ImageGrid(scanner=wide, origin_mm=(-63.5, -63.5, 0.0), slice_count=1)
    r = np.hypot(*np.meshgrid(np.arange(128) - 63.5, np.arange(128) - 63.5))
    body = np.where(r < 12, 40.0, -100.0).astype(np.float32)[None]
    moved = body.copy()
    MovingHeart(_along_x(6.0), grid).blur(moved, sac, sac_grid)
    change = np.abs(moved - body)[0]
    assert change[np.abs(r - 12) < 1.5].max() > 30
    assert change[r > 40].max() == 0
    assert change[r < 6].max() < 12  # streaks only
    still = body.copy()
    MovingHeart(STILL, grid).blur(still, sac, sac_grid)
    np.testing.assert_array_equal(still, body)


def test_protocols_are_drawn_with_the_motion_of_their_kind() -> None:
    gated = [draw_protocol(seed).motion for seed in range(100)]
    free = [draw_protocol(seed, kind="chest").motion for seed in range(100)]
    assert {m.kind for m in gated} == {"gated"}
    assert np.mean([m.way_mm <= 2 for m in gated]) > 0.85
    assert {m.kind for m in free} == {"free"}
    assert all(2 <= m.way_mm <= 10 for m in free)
    for motion in gated + free:
        assert np.linalg.norm(motion.direction) == pytest.approx(1)
