"""A simulated patient's scan on disk, small enough to be simulated in a few seconds."""

from dataclasses import replace

import pytest

from corcal.phantom.dicom import write_scan
from corcal.phantom.patient import draw_patient
from corcal.phantom.thorax import GATED_SCANNER, simulate_patient

# 22 slices of 5 mm and pixels just below 1 mm, the largest that are scored
SMALL = replace(
    GATED_SCANNER,
    matrix=(192, 192),
    pixel_spacing_mm=0.95,
    increment_mm=5.0,
    slice_thickness_mm=5.0,
)


@pytest.fixture(scope="session")
def patient_folder(tmp_path_factory):
    """Folder with one study of one series: calcium in all arteries."""
    spec = draw_patient(11, burden="moderate")
    simulated = simulate_patient(spec, scanner=SMALL, scan_length_mm=110.0)
    folder = tmp_path_factory.mktemp("patient")
    write_scan(folder, simulated.scan)
    return folder
