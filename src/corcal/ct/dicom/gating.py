"""Whether the headers prove, or exclude, that a scan was gated by the ECG, and at which phase."""

import re
from dataclasses import dataclass

from corcal.ct.dicom.tags import Scope

__all__ = ["GATED_SCAN_OPTIONS", "Gating", "gating_of"]

# CardiacSynchronizationTechnique (0018,9037), DICOM PS3.3 C.7.6.18.1: REALTIME is an acquisition
# shorter than a heart beat, to which no gating is applied.
_TECHNIQUES = {
    "NONE": False,
    "REALTIME": False,
    "PROSPECTIVE": True,
    "RETROSPECTIVE": True,
    "PACED": True,
}

# Values of ScanOptions (0018,0022) that only a gated scan carries, and who writes them. The first
# group of a pattern, if it has one, is the phase in per cent of the RR interval.
GATED_SCAN_OPTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    # TP70PC1300: reconstructed at 70 % of a cycle of 1300 ms (46 beats a minute)
    (re.compile(r"TP(\d{1,3})PC\d+$"), "Siemens"),
    (re.compile(r"OSCRATE(?:MIN|MAX|AVG)\d+BPM$"), "Siemens"),  # heart rate during the scan
    (re.compile(r"CARDIAC[ _].*"), "GE"),
    (re.compile(r"(?:ECG|EKG)(?!.*(?:OFF|NONE)).*"), "Canon, Philips"),
)
# Third value of ImageType (0008,0008), DICOM PS3.3 C.8.16.1.3
_GATED_IMAGE_TYPES = frozenset({"CARDIAC_GATED", "CARDRESP_GATED"})
# Numbers that exist only if an ECG was recorded, when they are greater than zero.
_ECG_NUMBERS = (
    0x00181060,  # TriggerTime
    0x00181062,  # NominalInterval
    0x00181081,  # LowRRValue
    0x00181088,  # HeartRate
)
_CARDIAC_SYNCHRONIZATION = 0x00189118  # functional group of enhanced objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Gating:
    """What the tags say; ``None`` where they are silent, which proves nothing.

    Attributes
    ----------
    is_gated : bool or None
        True if a tag proves ECG gating, false if a tag excludes it.
    phase_percent : float or None
        Of the RR interval.
    """

    is_gated: bool | None
    phase_percent: float | None


def gating_of(scope: Scope) -> Gating:
    """Read the gating of an image from its tags."""
    phase = _nominal_phase(scope)
    proven = phase is not None
    for option in scope.top.texts(0x00180022):
        for pattern, _ in GATED_SCAN_OPTIONS:
            match = pattern.match(option.upper())
            if match is None:
                continue
            proven = True
            if phase is None and match.groups() and float(match[1]) <= 100:
                phase = float(match[1])
    proven = proven or bool(_GATED_IMAGE_TYPES.intersection(scope.top.texts(0x00080008)))
    proven = proven or any((scope.top.number(tag) or 0) > 0 for tag in _ECG_NUMBERS)
    technique = (scope.find(_CARDIAC_SYNCHRONIZATION, 0x00189037).text(0x00189037) or "").upper()
    stated = _TECHNIQUES.get(technique)
    return Gating(is_gated=stated if stated is not None else proven or None, phase_percent=phase)


def _nominal_phase(scope: Scope) -> float | None:
    """NominalPercentageOfCardiacPhase (0020,9241), FL."""
    item = scope.find(_CARDIAC_SYNCHRONIZATION, 0x00209241)
    values = item.floats(0x00209241, "f")
    return values[0] if values else None
