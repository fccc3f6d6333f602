"""Gating is proven or excluded by tags; silence proves nothing."""

from pathlib import Path

import pytest

from corcal.ct.find import find_series
from dicom_maker import make_series

CASES: list[tuple[dict[str, object], bool | None, float | None]] = [
    ({}, None, None),
    ({"CardiacSynchronizationTechnique": "NONE"}, False, None),
    ({"CardiacSynchronizationTechnique": "REALTIME"}, False, None),
    ({"CardiacSynchronizationTechnique": "PROSPECTIVE"}, True, None),
    ({"CardiacSynchronizationTechnique": "RETROSPECTIVE"}, True, None),
    ({"CardiacSynchronizationTechnique": "PACED"}, True, None),
    ({"ScanOptions": ["TP70PC1300", "OSCRATEAVG046BPM"]}, True, 70),
    ({"ScanOptions": ["OSCRATEAVG046BPM"]}, True, None),
    ({"ScanOptions": ["SYNCUSREDIT_NO"]}, None, None),
    ({"ScanOptions": "CARDIAC_CINE"}, True, None),
    ({"ScanOptions": "ECG_GATED"}, True, None),
    ({"ScanOptions": "ECG_OFF"}, None, None),
    ({"ScanOptions": "HELIX"}, None, None),
    ({"ScanOptions": "HELICAL MODE"}, None, None),
    ({"ScanOptions": "VOLUME_CT"}, None, None),
    ({"NominalPercentageOfCardiacPhase": 75.0}, True, 75),
    ({"TriggerTime": 600}, True, None),
    ({"TriggerTime": 0}, None, None),
    ({"HeartRate": 61}, True, None),
    ({"ImageType": ["ORIGINAL", "PRIMARY", "CARDIAC_GATED"]}, True, None),
    ({"ImageType": ["ORIGINAL", "PRIMARY", "CARDIAC"]}, None, None),
    # A statement outweighs a hint.
    ({"CardiacSynchronizationTechnique": "NONE", "HeartRate": 61}, False, None),
]


@pytest.mark.parametrize(("tags", "is_gated", "phase"), CASES)
def test_gating_is_what_the_tags_prove(
    tmp_path: Path, tags: dict[str, object], is_gated: bool | None, phase: float | None
) -> None:
    make_series(tmp_path, tags=tags)
    acquisition = find_series(tmp_path).series[0].acquisition
    assert acquisition.is_gated is is_gated
    assert acquisition.cardiac_phase_percent == phase
