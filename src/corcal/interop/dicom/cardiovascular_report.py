"""The scores of an exam as a CT/MR Cardiovascular Analysis Report (TID 3900 with TID 3905).

For receivers that take calcium scores from the template made for them. It has the total and the
arteries, no lesions and no places: those are in the measurement report
(`corcal.interop.dicom.structured_report`). Rows as in TID 3900, 3902, 3905, 3906 and 3927.
"""

from pathlib import Path

import highdicom as hd

from corcal.interop.dicom.document import container, observation_context, save_document, text
from corcal.interop.dicom.groups import measurement
from corcal.interop.dicom.source import ScoredExam, header_values, require_dicom
from corcal.interop.dicom.statements import interval_statement, statements
from corcal.interop.dicom.terms import (
    AGATSTON_THRESHOLD,
    ANALYSIS_PERFORMED,
    CALCIUM_SCORING,
    CALIBRATION,
    CALIBRATION_UNIT,
    CARDIOVASCULAR_CT,
    CARDIOVASCULAR_REPORT,
    COMMENT,
    CORONARY_ARTERY,
    FINDING_SITE,
    FINDINGS,
    HOUNSFIELD_UNIT,
    SITE_TERMS,
    SUMMARY,
    TEMPLATE_3905_MEASURES,
    VASCULAR_MORPHOLOGY,
)
from corcal.lesions.sites import CORONARY_SITES
from corcal.result import Result
from corcal.scoring.types import SiteScore

__all__ = ["write_cardiovascular_report"]

SERIES_NUMBER = 9003


def write_cardiovascular_report(exam: ScoredExam, path: Path) -> Path:
    """Write the scores of an exam in DICOM's template for calcium scoring.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    path : Path
        File to write (Comprehensive SR); replaced if it exists.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to.
    """
    require_dicom(exam.scan)
    with header_values():
        return save_document(
            hd.sr.ComprehensiveSR,
            _content(exam.result),
            exam,
            path,
            name="calcium score report",
            series_number=SERIES_NUMBER,
        )


def _content(result: Result) -> hd.sr.ContainerContentItem:
    """Make the tree of TID 3900."""
    root = hd.sr.ContainerContentItem(name=CARDIOVASCULAR_REPORT, template_id="3900")
    procedure = hd.sr.CodeContentItem(
        name=hd.sr.CodedConcept("121058", "DCM", "Procedure Reported"),
        value=CARDIOVASCULAR_CT,
        relationship_type="HAS CONCEPT MOD",
    )
    language = hd.sr.LanguageOfContentItemAndDescendants(
        hd.sr.CodedConcept("en-US", "RFC5646", "English (United States)")
    )
    sentences = [text(SUMMARY, sentence) for sentence in statements(result)]
    root.ContentSequence = hd.sr.ContentSequence(
        [
            procedure,
            *language,
            *observation_context(result),
            _analysis(result),
            container(SUMMARY, *sentences),
        ]
    )
    return root


def _analysis(result: Result) -> hd.sr.ContainerContentItem:
    """Make TID 3902: the total, then the arteries as a section of it."""
    performed = hd.sr.CodeContentItem(
        name=ANALYSIS_PERFORMED, value=VASCULAR_MORPHOLOGY, relationship_type="HAS CONCEPT MOD"
    )
    arteries = [
        container(
            FINDINGS,
            hd.sr.CodeContentItem(
                name=FINDING_SITE,
                value=SITE_TERMS[site].region or CORONARY_ARTERY,
                relationship_type="HAS CONCEPT MOD",
            ),
            _calcium_scoring(result.score.vessels[site.label]),
        )
        for site in CORONARY_SITES
    ]
    return container(
        FINDINGS,
        performed,
        _calcium_scoring(result.score.total, result),
        container(CORONARY_ARTERY, *arteries),
    )


def _calcium_scoring(score: SiteScore, how: Result | None = None) -> hd.sr.ContainerContentItem:
    """Make TID 3905; of the total it also says how it was scored."""
    analysis = hd.sr.CodeContentItem(
        name=ANALYSIS_PERFORMED, value=CALCIUM_SCORING, relationship_type="CONTAINS"
    )
    made: list[hd.sr.Measurement] = []
    if how is not None:
        made += [
            hd.sr.Measurement(
                name=AGATSTON_THRESHOLD,
                value=float(how.provenance.threshold_hu),
                unit=HOUNSFIELD_UNIT,
            ),
            hd.sr.Measurement(
                name=CALIBRATION,
                value=float(how.score.calibration_mg_per_cm3_hu),
                unit=CALIBRATION_UNIT,
            ),
        ]
    made += [
        measurement(measure, getattr(score, measure.field)) for measure in TEMPLATE_3905_MEASURES
    ]
    comments = [] if score.interval is None else [interval_statement(score.interval)]
    return container(
        FINDINGS,
        analysis,
        *(item for one in made for item in one),
        *(text(COMMENT, comment) for comment in comments),
    )
