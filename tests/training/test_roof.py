"""Hearts whose left atrium comes close above the left main."""

from dataclasses import replace

import numpy as np
from training.cases import draw_case
from training.roof import sometimes_roofed

from corcal.phantom.patient import draw_patient

SEEDS = range(900_000, 900_150)


def _roofs(often: float) -> np.ndarray:
    drawn = [sometimes_roofed(draw_patient(seed), seed, often=often) for seed in SEEDS]
    return np.array([(s.variation.roof_mm, s.variation.roof_above_mm) for s in drawn])


def test_as_many_as_asked_for_have_a_roof_and_the_same_ones_keep_it() -> None:
    few, many = _roofs(0.3), _roofs(0.8)
    assert 0.2 < (few[:, 0] > 0).mean() < 0.4
    assert 0.7 < (many[:, 0] > 0).mean() < 0.9
    has = few[:, 0] > 0
    assert np.array_equal(few[has], many[has])


def test_roofs_differ_in_thickness_and_height() -> None:
    thick, above = _roofs(1.0).T
    assert thick.min() > 7.0
    assert np.ptp(thick) > 8.0
    assert np.ptp(above) > 3.0


def test_nothing_else_changes() -> None:
    for seed in SEEDS:
        spec = draw_patient(seed, burden="mild", variety=0.7)
        made = sometimes_roofed(spec, seed, often=1.0)
        assert made.variation.roof_mm > 0
        back = replace(made.variation, roof_mm=0.0, roof_above_mm=0.0)
        assert replace(made, variation=back) == spec


def test_scans_of_the_classifier_have_both_kinds() -> None:
    has = [draw_case(seed)[0].variation.roof_mm > 0 for seed in range(900_000, 900_060)]
    assert 10 < sum(has) < 40
