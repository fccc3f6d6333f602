"""Small studies for the tests of the cohort."""

from pathlib import Path

import numpy as np

from dicom_maker import make_series

__all__ = ["make_study"]


def make_study(folder: Path, number: int = 1, *, series: int = 1, slices: int = 3, **options):
    """Write a CT of some slices of water: read, and never fit for scoring. Its files."""
    study = f"2.25.{1000 + number}"
    uid = f"{study}.{series}"
    hu = np.full((slices, 8, 8), 40 + number % 7, np.int16)
    return make_series(folder, hu=hu, study_uid=study, series_uid=uid, **options)
