"""Noisier scans than are drawn, which the classifier must have seen."""

import numpy as np
from training.noisy import sometimes_noisy

from corcal.phantom.protocol import draw_protocol

_SEEDS = range(2_900_000, 2_900_300)


def test_an_eighth_of_the_scans_reaches_what_none_was_drawn_with() -> None:
    before = [draw_protocol(seed) for seed in _SEEDS]
    after = [sometimes_noisy(one, seed) for one, seed in zip(before, _SEEDS, strict=True)]
    noise = np.array([[one.scanner.noise_sd_hu for one in part] for part in (before, after)])
    assert (noise[1] >= noise[0]).all()
    changed = noise[1] > noise[0]
    assert 0.06 < changed.mean() < 0.18
    assert noise[1][changed].min() >= 35.0
    assert 60.0 < noise[1].max() <= 80.0


def test_only_the_noise_changes() -> None:
    for seed in _SEEDS:
        before = draw_protocol(seed)
        after = sometimes_noisy(before, seed)
        if after != before:
            break
    assert after.scanner.kernel == before.scanner.kernel
    assert after.motion == before.motion
    assert sometimes_noisy(before, seed) == after
