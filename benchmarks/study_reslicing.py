"""How far the place of the slices moves a score: the same patient, sliced at three offsets.

Each simulated patient is imaged in 3 mm slices every 1 mm, and scored from every third slice,
beginning with the first, second and third: three contiguous scans of one patient that differ in
nothing but where the slices happen to lie (and in their noise). ``python -m
benchmarks.study_reslicing`` prints the table of docs/accuracy.md.
"""

from dataclasses import replace

import numpy as np

from corcal.ct.scan import CTScan
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.patient import draw_patient
from corcal.phantom.physics import Scanner
from corcal.phantom.thorax import simulate_patient
from corcal.scoring.measure import measure

SEEDS = range(100, 112)
BURDENS = ("mild", "moderate", "severe")
OFFSETS = 3
SCANNER = Scanner(
    noise_sd_hu=15.0,
    slice_thickness_mm=3.0,
    increment_mm=1.0,
    matrix=(512, 512),
    pixel_spacing_mm=0.43,
)


def every_third(scan: CTScan, voxels: SiteVoxels, first: int) -> tuple[CTScan, SiteVoxels]:
    """Take every third slice, beginning with slice `first`."""
    affine = scan.affine_lps.copy()
    affine[:3, 3] += first * affine[:3, 0]
    affine[:3, 0] *= OFFSETS
    dz, dy, dx = scan.spacing_mm
    hu = scan.hu[first::OFFSETS]
    labels = np.zeros(scan.shape, dtype=np.uint8)
    labels.flat[voxels.index] = voxels.site
    part = labels[first::OFFSETS]
    index = np.flatnonzero(part)
    thinned = replace(
        scan,
        hu=hu,
        spacing_mm=(OFFSETS * dz, dy, dx),
        affine_lps=affine,
        slices=scan.slices[first::OFFSETS],
    )
    return thinned, SiteVoxels(shape=hu.shape, index=index, site=part.flat[index])


def main() -> None:
    """Print mean and largest deviation of Agatston, volume and mass for each patient."""
    print(f"{'seed':>5}{'burden':>10}{'mean Agatston':>15}{'Agatston':>10}{'volume':>9}{'mass':>9}")
    for seed in SEEDS:
        burden = BURDENS[seed % len(BURDENS)]
        made = simulate_patient(
            draw_patient(seed, burden=burden), scanner=SCANNER, scan_length_mm=120.0
        )
        totals = [
            measure(*every_third(made.scan, made.voxels, first)).score.total
            for first in range(OFFSETS)
        ]
        rows = np.array([[t.agatston, t.volume_mm3, t.mass_mg] for t in totals])
        mean = rows.mean(axis=0)
        worst = np.abs(rows / mean - 1).max(axis=0) * 100
        print(
            f"{seed:5d}{burden:>10}{mean[0]:15.1f}{worst[0]:9.1f}%{worst[1]:8.1f}%{worst[2]:8.1f}%"
        )


if __name__ == "__main__":
    main()
