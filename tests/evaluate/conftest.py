"""Scans of the phantom that several tests look at, read or simulated once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from corcal.ct.read import read_scan
from corcal.ct.scan import CTScan
from corcal.evaluate.calibration import measure_insert
from corcal.evaluate.qrm import Insert, find_insert
from corcal.evaluate.report_types import InsertReport
from corcal.phantom.qrm import SimulatedQRM, simulate_qrm


@dataclass(frozen=True)
class Measured:
    """A scan with what was found in it."""

    scan: CTScan
    insert: Insert
    report: InsertReport


def measured(scan: CTScan) -> Measured:
    insert = find_insert(scan)
    return Measured(scan=scan, insert=insert, report=measure_insert(scan, insert))


@pytest.fixture(scope="session")
def canon_folder(shared_dir: Path) -> Path:
    return shared_dir / "data" / "qrm-phantom-canon" / "dicom"


@pytest.fixture(scope="session")
def canon(canon_folder: Path) -> Measured:
    return measured(read_scan(canon_folder))


@pytest.fixture(scope="session")
def simulated() -> SimulatedQRM:
    return simulate_qrm(seed=11)


@pytest.fixture(scope="session")
def simulated_measured(simulated: SimulatedQRM) -> Measured:
    return measured(simulated.scan)


def place_errors_mm(truth: SimulatedQRM, insert: Insert) -> np.ndarray:
    """Distance along each axis of every cylinder from where it was put, (9, 3)."""
    true_index = {
        (lesion.diameter_mm, lesion.density_mg_per_cm3): truth.scan.to_index(
            np.array([lesion.centre_mm])
        )[0]
        for lesion in truth.lesions
    }
    return np.array(
        [
            (
                np.array(place.index)
                - true_index[place.cylinder.diameter_mm, place.cylinder.density_mg_per_cm3]
            )
            * truth.scan.spacing_mm
            for place in insert.places
        ]
    )
