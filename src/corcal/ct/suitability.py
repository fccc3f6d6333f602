"""Which series, and is it fit for calcium scoring: the public names of this question.

What a series is: `corcal.ct.kinds`. What its headers say: `corcal.ct.tag_checks`. What its voxels
show: `corcal.ct.thorax` measures, `corcal.ct.voxel_checks` judges. Codes: `corcal.ct.findings`.
"""

from corcal.ct.assess import SCAN_KINDS, assess, assess_scan, unreadable
from corcal.ct.choose import Choice, choose_series, describe, series_name
from corcal.ct.verdict import KIND_WORDS, SeriesKind, Suitability, Verdict

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
