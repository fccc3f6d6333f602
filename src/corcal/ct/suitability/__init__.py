"""Which series, and is it fit for calcium scoring: the public names of this question.

What a series is: `kinds`. What its headers say: `tag_checks`. What its voxels show: `thorax`
measures, `voxel_checks` judges. All together: `assess`. The best of several: `ranking` orders them,
`several` warns if they are of several people or exams, `choose` takes one; `naming` tells them
apart. The codes of findings: `corcal.ct.findings`.
"""

from corcal.ct.suitability.assess import SCAN_KINDS, assess, assess_scan, statement, unreadable
from corcal.ct.suitability.choose import (
    WHOLE_SERIES_ADVICE,
    Choice,
    Preferred,
    choose_series,
    is_one_of_many,
    preferred_series,
)
from corcal.ct.suitability.naming import (
    describe,
    name_among,
    series_folder,
    series_label,
    series_name,
)
from corcal.ct.suitability.verdict import KIND_WORDS, SeriesKind, Suitability, Verdict

__all__ = [
    "KIND_WORDS",
    "SCAN_KINDS",
    "WHOLE_SERIES_ADVICE",
    "Choice",
    "Preferred",
    "SeriesKind",
    "Suitability",
    "Verdict",
    "assess",
    "assess_scan",
    "choose_series",
    "describe",
    "is_one_of_many",
    "name_among",
    "preferred_series",
    "series_folder",
    "series_label",
    "series_name",
    "statement",
    "unreadable",
]
