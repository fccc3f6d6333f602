"""Measuring calcium: scores, volumes and masses, by vessel and in total, under declared rules."""

from corcal.scoring.mass import MassCalibration, choose_mass_calibration
from corcal.scoring.measure import Measurement, measure
from corcal.scoring.rules import DEFAULT_RULE, RULES, ScoringRule, adapted_rule_for, rule_named

__all__ = [
    "DEFAULT_RULE",
    "RULES",
    "MassCalibration",
    "Measurement",
    "ScoringRule",
    "adapted_rule_for",
    "choose_mass_calibration",
    "measure",
    "rule_named",
]
