"""Cases of the recommendation of 2022 for aspirin."""

CASES = {
    "uspstf2022.aspirin-40-59": (
        [{"pce": 0.10}, {"age_years": 40.0, "pce": 0.2}, {"age_years": 59.9, "pce": 0.2}],
        [
            {"pce": 0.099},
            {"age_years": 39.9, "pce": 0.2},
            {"age_years": 60.0, "pce": 0.2},
            {"pce": 0.2, "has_high_bleeding_risk": True},
            {"prevent": 0.2},
        ],
    ),
    "uspstf2022.aspirin-60": ([{"age_years": 60.0}], [{"age_years": 59.9}]),
}
