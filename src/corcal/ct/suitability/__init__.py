"""Which series, and is it fit for calcium scoring: the public names of this question.

What a series is: `kinds`. What its headers say: `tag_checks`. What its voxels show: `thorax`
measures, `voxel_checks` judges. All together: `assess`; the best of several: `choose`. The codes of
findings: `corcal.ct.findings`.
"""

from corcal.ct.suitability.assess import SCAN_KINDS, assess, assess_scan, unreadable
from corcal.ct.suitability.choose import Choice, choose_series, describe, series_name
from corcal.ct.suitability.verdict import KIND_WORDS, SeriesKind, Suitability, Verdict

__all__ = [
    "KIND_WORDS",
    "SCAN_KINDS",
    "Choice",
    "SeriesKind",
    "Suitability",
    "Verdict",
    "assess",
    "assess_scan",
    "choose_series",
    "describe",
    "series_name",
    "unreadable",
]
