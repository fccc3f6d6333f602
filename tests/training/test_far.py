"""Calcium far down the arteries, which the classifier must have seen."""

import numpy as np
from training.far import sometimes_far, sometimes_left_dominant

from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.phantom.patient import draw_patient
from corcal.phantom.reference_coronaries import BRANCHES, LEFT_DOMINANT

_SEEDS = range(2_900_000, 2_900_080)


def _pairs():
    for seed in _SEEDS:
        spec = draw_patient(seed, burden="severe")
        yield spec, sometimes_far(spec, seed)


def test_every_plaque_stays_in_a_branch_of_its_own_artery_also_in_left_dominant_hearts() -> None:
    dominant = 0
    for _, spec in _pairs():
        branches = {**BRANCHES, **(LEFT_DOMINANT if spec.left_dominant else {})}
        dominant += spec.left_dominant
        for plaque in spec.plaques:
            if plaque.site in CORONARY_SITES:
                assert branches[plaque.branch].site is plaque.site
    assert dominant > 0  # one heart in ten: else the rule for them was not tried


def test_a_quarter_of_the_plaques_moves_and_the_left_main_keeps_its_own() -> None:
    moved = []
    for before, after in _pairs():
        assert len(before.plaques) == len(after.plaques)
        for old, new in zip(before.plaques, after.plaques, strict=True):
            if old.site in (Site.LAD, Site.LCX, Site.RCA):
                moved.append(old.position != new.position)
            else:
                assert old == new
    assert len(moved) > 400
    # three standard deviations of a share of 0.25
    assert abs(np.mean(moved) - 0.25) < 3 * np.sqrt(0.25 * 0.75 / len(moved))


def test_moved_plaques_reach_the_far_half_and_the_branches_at_the_back() -> None:
    far = [
        new
        for before, after in _pairs()
        for old, new in zip(before.plaques, after.plaques, strict=True)
        if old.position != new.position
    ]
    assert {"pda", "posterolateral", "second_marginal"} <= {one.branch for one in far}
    assert any(one.branch == "lad" and one.position > 0.8 for one in far)
    assert max(one.mass_mg for one in far) <= 6.0


def test_the_same_seed_moves_the_same_plaques() -> None:
    spec = draw_patient(5, burden="moderate")
    assert sometimes_far(spec, 5) == sometimes_far(spec, 5)


def test_three_of_ten_right_dominant_hearts_are_turned_and_no_left_dominant_one_back() -> None:
    before = [draw_patient(seed, burden="mild") for seed in range(2_900_000, 2_900_200)]
    after = [sometimes_left_dominant(spec, spec.seed) for spec in before]
    assert any(spec.left_dominant for spec in before)
    assert all(
        new.left_dominant for old, new in zip(before, after, strict=True) if old.left_dominant
    )
    right = [k for k, spec in enumerate(before) if not spec.left_dominant]
    turned = np.mean([after[k].left_dominant for k in right])
    assert abs(turned - 0.3) < 3 * np.sqrt(0.3 * 0.7 / len(right))
