"""How the margin of the aperture biases the integrated mass, on simulated scans of the phantom.

Simulated scans know nothing of the masses that the real scan shows, so they tell a margin that is
right from one that happens to cancel an error there. ``python -m benchmarks.study_calibration``
prints the last table of docs/calibration.md.
"""

from dataclasses import replace

import numpy as np

from corcal.evaluate.calibration import measure_insert
from corcal.evaluate.qrm import find_insert
from corcal.phantom.physics import Scanner
from corcal.phantom.qrm import QRM_SCANNER, simulate_qrm

SCANS = 10


def main() -> None:
    """Print mean error and RMS error of the six large and medium cylinders for each margin."""
    quiet = _errors(replace(QRM_SCANNER, noise_sd_hu=0.0), seed=0)
    noisy = [_errors(QRM_SCANNER, seed=seed) for seed in range(1, SCANS + 1)]
    print(f"{'margin, FWHM':>13}{'no noise: bias':>16}{'21 HU: bias':>13}{'RMS mean (range)':>24}")
    for margin, (bias, _) in quiet.items():
        biases = [scan[margin][0] for scan in noisy]
        rms = [scan[margin][1] for scan in noisy]
        spread = f"{np.mean(rms):.2f} ({min(rms):.2f} to {max(rms):.2f})"
        print(f"{margin:13.2f}{bias:16.2f}{np.mean(biases):13.2f}{spread:>24}")


def _errors(scanner: Scanner, *, seed: int) -> dict[float, tuple[float, float]]:
    """Mean and RMS error in mg for each in-plane margin, in FWHM."""
    scan = simulate_qrm(scanner, seed=seed).scan
    report = measure_insert(scan, find_insert(scan))
    return {
        row.rule.in_plane_fwhm: (row.bias_six_mg, row.rms_six_mg)
        for row in report.sensitivity
        if row.rule == type(row.rule)(in_plane_fwhm=row.rule.in_plane_fwhm)
    }


if __name__ == "__main__":
    main()
