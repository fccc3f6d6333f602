"""How good the masses of coronary lesions are in simulated patients, by how much tissue is around.

Coronary arteries lie in fat, so the background of a lesion is often a mixture. The threshold-free
masses refuse a lesion around which less than a fraction of the ring is tissue; this study says what
the fraction buys. ``python -m benchmarks.study_patient_mass`` prints the table of docs/accuracy.md.
"""

from dataclasses import dataclass

import numpy as np

from corcal.lesions.sites import CORONARY_SITES
from corcal.phantom.patient import draw_patient
from corcal.phantom.thorax import simulate_patient
from corcal.phantom.types import SimulatedLesion, SimulatedScan
from corcal.scoring import surround
from corcal.scoring.mass import MassCalibration
from corcal.scoring.measure import measure
from corcal.scoring.types import SiteScore

SEEDS = range(200, 212)
BURDENS = ("mild", "moderate", "severe")
FRACTIONS = (0.5, 0.35, 0.2, 0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vessel:
    """One calcified vessel of one patient."""

    true_mg: float
    score: SiteScore


def vessels_of(made: SimulatedScan) -> list[Vessel]:
    """Measure every vessel of a patient that has a score, with the scan's own mass factor."""
    factors = made.scan.acquisition.mass_factors_device
    factor = factors[1] if factors else 0.75
    calibration = MassCalibration(
        calibration_mg_per_cm3_hu=factor, source="scan", detail="of the simulation"
    )
    score = measure(made.scan, made.voxels, calibration=calibration).score
    return [
        Vessel(true_mg=_true_mass(made.lesions, site.label), score=score.vessels[site.label])
        for site in CORONARY_SITES
        if score.vessels[site.label].agatston > 0
    ]


def _true_mass(lesions: tuple[SimulatedLesion, ...], label: str) -> float:
    return sum(lesion.mass_mg for lesion in lesions if lesion.site.label == label)


def main() -> None:
    """Print, for each fraction, how many vessels have a mass and how far it is off."""
    patients = [
        simulate_patient(draw_patient(seed, burden=BURDENS[seed % len(BURDENS)])) for seed in SEEDS
    ]
    print(
        f"{'tissue':>7}{'vessels':>9}{'with mass':>11}{'integrated/true':>17}{'rms mg':>8}"
        f"{'threshold/true':>16}{'rms mg':>8}   (of the same vessels)"
    )
    for fraction in FRACTIONS:
        surround.MIN_TISSUE_FRACTION = fraction  # the study's one knob
        vessels = [vessel for made in patients for vessel in vessels_of(made)]
        kept = [one for one in vessels if one.score.integrated_mass_mg is not None]
        true = np.array([one.true_mg for one in kept])
        integrated = np.array([one.score.integrated_mass_mg for one in kept])
        threshold = np.array([one.score.mass_mg for one in kept])
        print(
            f"{fraction:7.2f}{len(vessels):9d}{len(kept):11d}{integrated.sum() / true.sum():17.2f}"
            f"{_rms(integrated - true):8.2f}{threshold.sum() / true.sum():16.2f}"
            f"{_rms(threshold - true):8.2f}"
        )


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


if __name__ == "__main__":
    main()
