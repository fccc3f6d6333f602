"""Header values that no scanner can have: taken as not stated, and told.

De-identification and careless export leave zeros and negative numbers. Taken at their word they
would move what is computed from them (the HU that calcium should have, the chances of a candidate),
while a reader of the report is told nothing.
"""

from corcal.ct.dicom.tags import Scope
from corcal.ct.findings import finding
from corcal.ct.scan import Finding, Severity

__all__ = ["TUBE_VOLTAGES_KV", "impossible_values", "slice_thickness_mm", "tube_voltage_kv"]

TUBE_VOLTAGES_KV = (40.0, 200.0)
"""What a tube may have; own limits, around the 70 to 150 kV of the CT scanners that there are."""

_X_RAY_DETAILS, _KVP = 0x00189325, 0x00180060
_PIXEL_MEASURES, _SLICE_THICKNESS = 0x00289110, 0x00180050


def tube_voltage_kv(scope: Scope) -> float | None:
    """Read KVP (0018,0060); ``None`` where it is missing or no tube has it."""
    value = _stated_kvp(scope)
    return value if value is not None and _is_voltage(value) else None


def slice_thickness_mm(scope: Scope) -> float | None:
    """Read SliceThickness (0018,0050); ``None`` where it is missing or not above 0."""
    value = _stated_thickness(scope)
    return value if value is not None and value > 0 else None


def impossible_values(scope: Scope) -> tuple[Finding, ...]:
    """Tell which of these values the header states and corcal does not take.

    Returns
    -------
    tuple of Finding
        ``KVP_UNKNOWN`` and ``THICKNESS_UNKNOWN``, as information: that the value is not known is
        weighed where the series is judged.
    """
    found = []
    kvp, thickness = _stated_kvp(scope), _stated_thickness(scope)
    if kvp is not None and not _is_voltage(kvp):
        low, high = TUBE_VOLTAGES_KV
        message = (
            f"the header states a tube voltage of {kvp:g} kV, which no tube has ({low:g} to "
            f"{high:g} kV are accepted): it is taken as missing"
        )
        found.append(finding("KVP_UNKNOWN", message, Severity.INFO))
    if thickness is not None and thickness <= 0:
        message = (
            f"the header states a slice thickness of {thickness:g} mm, which no slice has (above 0 "
            "is accepted): it is taken as missing"
        )
        found.append(finding("THICKNESS_UNKNOWN", message, Severity.INFO))
    return tuple(found)


def _is_voltage(value: float) -> bool:
    return TUBE_VOLTAGES_KV[0] <= value <= TUBE_VOLTAGES_KV[1]


def _stated_kvp(scope: Scope) -> float | None:
    return scope.find(_X_RAY_DETAILS, _KVP).number(_KVP)


def _stated_thickness(scope: Scope) -> float | None:
    return scope.find(_PIXEL_MEASURES, _SLICE_THICKNESS).number(_SLICE_THICKNESS)
