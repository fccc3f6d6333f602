"""A simulated patient, scored as corcal scores it."""

from dataclasses import replace

import pytest

from corcal.lesions.rules import RuleClassifier
from corcal.phantom.anatomy_truth import true_anatomy
from corcal.phantom.patient import draw_patient
from corcal.phantom.thorax import GATED_SCANNER, simulate_patient
from corcal.pipeline import Exam, Options, score_scan

# Pixels of 0.9 mm: quick to simulate
COARSE = replace(GATED_SCANNER, matrix=(256, 256), pixel_spacing_mm=0.9)


class Given:
    """An anatomy source that gives what it was given."""

    def __init__(self, anatomy):
        self.anatomy = anatomy

    def locate(self, _):
        return self.anatomy


@pytest.fixture(scope="session")
def exam() -> Exam:
    """With calcium in all arteries, found by the rules in the true anatomy."""
    spec = draw_patient(11, burden="moderate")
    simulated = simulate_patient(spec, scanner=COARSE)
    source = Given(true_anatomy(spec, simulated.scan))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("corcal.lesions.classifier.load_classifier", RuleClassifier)
        return score_scan(simulated.scan, Options(anatomy=source))
