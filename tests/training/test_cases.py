"""The patients of the classifier's training: the last of them have what is rare."""

from dataclasses import replace

import numpy as np
from training.candidates import FIRST_SEED
from training.cases import RARE_FROM, draw_case

from corcal.phantom.confounders import ConfounderKind as K
from corcal.phantom.confounders import draw_confounders


def _share(kind: K, seeds: range) -> float:
    drawn = [draw_case(seed)[0].confounders for seed in seeds]
    return float(np.mean([kind in {each.kind for each in one} for one in drawn]))


def test_rare_patients_come_after_those_of_the_usual_kind() -> None:
    assert FIRST_SEED < RARE_FROM < FIRST_SEED + 720  # what `python -m training` asks for


def test_stents_and_ostial_wall_are_frequent_in_rare_patients_only() -> None:
    usual, rare = range(RARE_FROM - 100, RARE_FROM), range(RARE_FROM, RARE_FROM + 100)
    # one in ten patients times 1.2 or 6; three deviations of 100 patients
    assert abs(_share(K.STENT, usual) - 0.12) < 0.10
    assert abs(_share(K.STENT, rare) - 0.60) < 0.15
    assert _share(K.LEFT_OSTIAL_AORTA, rare) > 0.30 > _share(K.LEFT_OSTIAL_AORTA, usual)


def test_everything_else_of_a_rare_patient_is_drawn_as_usual() -> None:
    for seed in range(RARE_FROM, RARE_FROM + 30):
        spec, _ = draw_case(seed)
        usual = draw_confounders(replace(spec, confounders=()), seed, chance=1.2)
        kinds = {K.STENT, K.BYPASS_CLIPS, K.STERNAL_WIRES}
        kinds |= {K.LEFT_OSTIAL_AORTA, K.RIGHT_OSTIAL_AORTA}
        own = [each for each in spec.confounders if each.kind not in kinds]
        assert own == [each for each in usual if each.kind not in kinds]
