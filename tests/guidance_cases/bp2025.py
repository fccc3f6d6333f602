"""Cases of the guideline of 2025 for blood pressure."""

from guidance_cases.people import CALCIUM, KNOWN, STAGE_1, YOUNG_WOMAN

CASES = {
    "ahaacc2025_bp.stage-2": (
        [{"systolic_mmhg": 140.0}, {"systolic_mmhg": 140.0} | KNOWN],
        [
            {"systolic_mmhg": 139.9},
            {"systolic_mmhg": 140.0, "takes_bp_medication": True},
            {"systolic_mmhg": 140.0, "is_pregnant": True} | YOUNG_WOMAN,
        ],
    ),
    "ahaacc2025_bp.stage-1-drug": (
        [
            STAGE_1 | {"prevent_cvd": 0.075},
            {"systolic_mmhg": 139.9, "prevent_cvd": 0.075},
            STAGE_1 | {"has_diabetes": True},
            STAGE_1 | {"egfr": 59.9},
            STAGE_1 | KNOWN,
        ],
        [
            STAGE_1 | {"prevent_cvd": 0.074},
            STAGE_1 | {"egfr": 60.0},
            STAGE_1 | {"pce": 0.3},
            {"systolic_mmhg": 129.9, "prevent_cvd": 0.075},
            {"systolic_mmhg": 140.0, "prevent_cvd": 0.075},
            STAGE_1 | {"prevent_cvd": 0.075, "takes_bp_medication": True},
            STAGE_1 | {"has_known_ascvd": None, "has_device_excluded": True},
        ],
    ),
    "ahaacc2025_bp.stage-1-lifestyle": (
        [STAGE_1 | {"prevent_cvd": 0.074}, {"systolic_mmhg": 139.9, "prevent_cvd": 0.01}, STAGE_1],
        [
            STAGE_1 | {"prevent_cvd": 0.075},
            STAGE_1 | {"has_diabetes": True},
            STAGE_1 | KNOWN,
            STAGE_1 | {"egfr": 59.0},
            {"systolic_mmhg": 129.9},
            {"systolic_mmhg": 140.0},
            STAGE_1 | {"takes_bp_medication": True},
        ],
    ),
    "ahaacc2025_bp.above-goal": (
        [STAGE_1 | {"takes_bp_medication": True}],
        [
            {"systolic_mmhg": 129.9, "takes_bp_medication": True},
            STAGE_1,
            STAGE_1 | {"takes_bp_medication": None},
        ],
    ),
    "ahaacc2025_bp.elevated": (
        [{"systolic_mmhg": 120.0}, {"systolic_mmhg": 129.9}],
        [
            {"systolic_mmhg": 119.9},
            STAGE_1,
            {"systolic_mmhg": None},
            {"systolic_mmhg": 120.0, "takes_bp_medication": True},
        ],
    ),
    "ahaacc2025_bp.calcium": (
        [
            {"agatston": 0.05, "systolic_mmhg": 130.0, "prevent_cvd": 0.0749},
            {"agatston": 50, "systolic_mmhg": 139.95, "prevent_cvd": 0.0749},
        ],
        [
            STAGE_1 | {"prevent_cvd": 0.0749},
            CALCIUM | STAGE_1,
            *(
                CALCIUM | STAGE_1 | {"prevent_cvd": 0.0749} | other
                for other in (
                    {"prevent_cvd": 0.075},
                    {"systolic_mmhg": 129.95},
                    {"systolic_mmhg": 140.0},
                    {"has_diabetes": True},
                    {"egfr": 59.9},
                    {"takes_bp_medication": True},
                )
            ),
        ],
    ),
    "ahaacc2025_bp.salt-and-weight": (
        [{}],
        [{"guidelines": ()}, YOUNG_WOMAN | {"is_pregnant": True}],
    ),
    "ahaacc2025_bp.stress": ([{}], [{"guidelines": ()}]),
}
