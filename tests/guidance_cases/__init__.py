"""For every statement: cases in which it is made and in which it is not, beside each number.

Each case changes a healthy White man of 55 years with a gated scan, a score of 0 and no estimate of
risk, of whom everything is known. One module for each of `corcal.risk.guidance`.
"""

from guidance_cases import (
    accaha2018,
    accaha2026,
    bp2025,
    europe,
    general,
    nla2020,
    older,
    uspstf2022,
)

__all__ = ["CASES"]

CASES = (
    accaha2026.CASES
    | europe.CASES
    | bp2025.CASES
    | uspstf2022.CASES
    | nla2020.CASES
    | accaha2018.CASES
    | older.CASES
    | general.CASES
)
