"""The hand-made rules: which way each measurement turns a decision."""

import numpy as np
import pytest

from corcal.lesions.classifier import SITES
from corcal.lesions.feature_table import FEATURES
from corcal.lesions.features import FEATURE_NAMES, Features
from corcal.lesions.rules import RuleClassifier
from corcal.lesions.sites import CORONARY_SITES, Site

# A clear plaque of the LAD, on the heart, in fat.
PLAQUE = {
    "contrast_to_noise": 25.0,
    "most_height_lad": 0.9,
    "height_lad": 0.8,
    "fat_around": 0.5,
    "from_heart_mm": 1.0,
    "from_pericardium_mm": -5.0,
    "log_lesion_volume": 3.0,
    "peak_hu": 400.0,
}


def _judge(**changes):
    """Probabilities by site of one piece: missing everywhere but in what is said."""
    values = {row.name: row.missing for row in FEATURES} | changes
    row = np.array([[values[name] for name in FEATURE_NAMES]], np.float32)
    given = RuleClassifier().probabilities(Features(names=FEATURE_NAMES, values=row))[0]
    return dict(zip(SITES, given.tolist(), strict=True))


def _coronary(**changes):
    judged = _judge(**(PLAQUE | changes))
    return sum(judged[site] for site in CORONARY_SITES)


def test_a_clear_plaque_is_coronary_and_of_its_artery():
    judged = _judge(**PLAQUE)
    assert judged[Site.LAD] > 0.9
    assert sum(judged.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["lm", "lcx", "rca"])
def test_the_highest_line_names_the_artery(name):
    judged = _judge(**(PLAQUE | {"most_height_lad": 0.2, f"most_height_{name}": 0.9}))
    assert max(judged, key=judged.get) is Site[name.upper()]


def test_a_faint_speck_is_noise():
    assert _judge(**(PLAQUE | {"contrast_to_noise": 4.0, "fat_around": 0.1}))[Site.NOISE] > 0.5


@pytest.mark.parametrize(
    ("feature", "worse"),
    [
        ("contrast_to_noise", 6.0),
        ("fat_around", 0.0),
        ("most_height_lad", 0.03),
        ("from_pericardium_mm", 8.0),
        ("from_heart_mm", -18.0),
        ("lung_around", 0.8),
        ("bright_around", 0.6),
        ("log_lesion_volume", 9.0),
        ("from_descending_aorta_mm", -1.0),
    ],
)
def test_each_measurement_counts_against_a_coronary_artery(feature, worse):
    assert _coronary(
        **{feature: worse, "contrast_to_noise": worse if feature.startswith("contrast") else 12.0}
    ) < _coronary(contrast_to_noise=12.0)


def test_in_a_well_fitted_wall_it_is_the_aorta_and_beside_it_not():
    at_wall = {
        "ascending_wall_quality": 0.8,
        "from_aortic_root_mm": 0.0,
        "most_height_lad": 0.3,
        "fat_around": 0.3,
    }
    inside = _judge(**(PLAQUE | at_wall | {"from_ascending_wall_mm": -0.5}))
    beside = _judge(**(PLAQUE | at_wall | {"from_ascending_wall_mm": 6.0}))
    assert max(inside, key=inside.get) is Site.ASCENDING_AORTA
    assert max(beside, key=beside.get) is Site.LAD


def test_in_the_wall_an_artery_is_less_likely_than_beside_it():
    fitted = PLAQUE | {"ascending_wall_quality": 0.8, "contrast_to_noise": 8.0}
    inside = _judge(**(fitted | {"from_ascending_wall_mm": 0.3}))
    beside = _judge(**(fitted | {"from_ascending_wall_mm": 6.0}))
    # against noise, whose evidence does not depend on the wall; e^2.5 is 12
    fall = (beside[Site.LAD] / beside[Site.NOISE]) / (inside[Site.LAD] / inside[Site.NOISE])
    assert fall == pytest.approx(np.exp(2.5), rel=0.1)


def test_a_wall_that_was_hardly_seen_says_nothing():
    unseen = {"ascending_wall_quality": 0.0, "from_ascending_wall_mm": 0.5}
    assert _coronary(**unseen) == pytest.approx(_coronary(), abs=0.02)


def test_large_dense_things_outside_are_bone():
    judged = _judge(
        contrast_to_noise=60.0,
        from_pericardium_mm=9.0,
        log_lesion_volume=11.0,
        bright_around=0.5,
        from_heart_mm=15.0,
        peak_hu=900.0,
    )
    assert judged[Site.BONE] > 0.9


def test_on_the_line_of_the_valve_inside_the_root_it_is_the_valve():
    judged = _judge(
        contrast_to_noise=40.0,
        height_aortic_valve=0.9,
        from_aortic_root_mm=-6.0,
        from_heart_mm=-14.0,
        from_pericardium_mm=-24.0,
        log_lesion_volume=4.0,
    )
    assert max(judged, key=judged.get) is Site.AORTIC_VALVE


def test_on_the_mitral_annulus_it_is_the_annulus():
    judged = _judge(
        contrast_to_noise=40.0,
        height_mitral_annulus=0.9,
        most_height_lcx=0.2,
        from_heart_mm=-8.0,
        from_pericardium_mm=-20.0,
        log_lesion_volume=4.0,
    )
    assert max(judged, key=judged.get) is Site.MITRAL_ANNULUS


def test_very_dense_things_are_devices():
    judged = _judge(**(PLAQUE | {"peak_hu": 2000.0}))
    assert max(judged, key=judged.get) is Site.DEVICE


def test_no_pieces_give_no_rows():
    empty = Features(names=FEATURE_NAMES, values=np.zeros((0, len(FEATURE_NAMES)), np.float32))
    assert RuleClassifier().probabilities(empty).shape == (0, 14)
    assert RuleClassifier().record.trusted
