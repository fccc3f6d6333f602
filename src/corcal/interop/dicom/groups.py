"""Measurement groups of a report (TID 1501 and 1411): the total, each site, each lesion."""

from collections.abc import Mapping
from dataclasses import dataclass

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset

from corcal.ct.scan import CTScan
from corcal.interop.dicom.document import text
from corcal.interop.dicom.identity import Tracking, lesion_tracking, site_tracking
from corcal.interop.dicom.statements import interval_statement
from corcal.interop.dicom.terms import (
    AGATSTON_THRESHOLD,
    ARTIFICIAL_INTELLIGENCE,
    CALCIUM_MEASURES,
    COMMENT,
    CORONARY_ARTERY,
    HOUNSFIELD_UNIT,
    MANUAL_PROCESSING,
    SITE_TERMS,
    Measure,
)
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.result import Result
from corcal.scoring.types import Lesion, SiteScore

__all__ = ["LESION_COMMENT", "Segments", "measurement", "measurement_groups"]

LESION_COMMENT = "Lesion {} of the exam"
"""How a group says which lesion of the result it is."""

Group = hd.sr.MeasurementsAndQualitativeEvaluations
VolumeGroup = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations
_SITE_OF_LABEL = {site.label: site for site in Site}


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """The segmentation that a report refers to.

    Attributes
    ----------
    header : Dataset
        Its header, without pixels.
    numbers : dict
        Number of the segment by `Site.label`; sites without voxels have none.
    """

    header: Dataset
    numbers: Mapping[str, int]


def measurement_groups(
    result: Result,
    scan: CTScan,
    *,
    segments: Segments | None,
    tracking: Mapping[str, Tracking] | None,
) -> list[Group | VolumeGroup]:
    """Make the groups of a report: total, the four arteries, other sites, lesions.

    Parameters
    ----------
    result : Result
        Where every number comes from.
    scan : CTScan
        Frame of reference and series.
    segments : Segments or None
        The group of a site refers to its segment.
    tracking : mapping or None
        By `Lesion.id`: tracking of lesions that somebody has found again.
    """
    writer = _Writer(result=result, scan=scan, segments=segments)
    groups: list[Group | VolumeGroup] = [writer.total()]
    for label, score in (result.score.vessels | result.score.other_sites).items():
        if _SITE_OF_LABEL[label] in SITE_TERMS:
            groups.append(writer.site(label, score))
    for lesion in result.lesions:
        if _SITE_OF_LABEL[lesion.site] in SITE_TERMS:
            known = (tracking or {}).get(lesion.id)
            groups.append(writer.lesion(lesion, known or lesion_tracking(scan, lesion)))
    return groups


def measurement(measure: Measure, value: float) -> hd.sr.Measurement:
    """Make a numeric content item; its floating-point value has every digit."""
    return hd.sr.Measurement(
        name=measure.name, value=value, unit=measure.unit, method=measure.method
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    result: Result
    scan: CTScan
    segments: Segments | None

    def total(self) -> Group | VolumeGroup:
        score = self.result.score.total
        tracking = site_tracking(self.scan, "total")
        threshold = hd.sr.Measurement(
            name=AGATSTON_THRESHOLD,
            value=float(self.result.provenance.threshold_hu),
            unit=HOUNSFIELD_UNIT,
        )
        group = Group(
            tracking_identifier=_identifier(tracking),
            finding_sites=[hd.sr.FindingSite(CORONARY_ARTERY)],
            algorithm_id=self._algorithm(),
            measurements=[*_measurements(score, is_coronary=True), threshold],
        )
        return _with_comments(group, _interval(score))

    def site(self, label: str, score: SiteScore) -> Group | VolumeGroup:
        site = _SITE_OF_LABEL[label]
        number = self.segments.numbers.get(label) if self.segments is not None else None
        segment = None
        if self.segments is not None and number is not None and score.lesion_count:
            segment = hd.sr.ReferencedSegment(
                sop_class_uid=self.segments.header.SOPClassUID,
                sop_instance_uid=self.segments.header.SOPInstanceUID,
                segment_number=number,
                source_series=self._series(),
            )
        group = _group(site, score, tracking=site_tracking(self.scan, label), segment=segment)
        return _with_comments(group, (f"Site {label}", *_interval(score)))

    def lesion(self, lesion: Lesion, tracking: Tracking) -> Group | VolumeGroup:
        # A segment is a site, so that a lesion has a place of its own: its centroid.
        place = hd.sr.VolumeSurface(
            graphic_type="POINT",
            graphic_data=np.array([lesion.centroid_mm]),
            frame_of_reference_uid=str(self.scan.series.frame_of_reference_uid),
            source_series=self._series(),
        )
        group = _group(_SITE_OF_LABEL[lesion.site], lesion, tracking=tracking, place=place)
        return _with_comments(group, (f"Site {lesion.site}", LESION_COMMENT.format(lesion.id)))

    def _series(self) -> hd.sr.SourceSeriesForSegmentation:
        return hd.sr.SourceSeriesForSegmentation(str(self.scan.series.series_instance_uid))

    def _algorithm(self) -> hd.sr.AlgorithmIdentification:
        made, score = self.result.provenance, self.result.score
        is_automatic = made.is_automatic
        return hd.sr.AlgorithmIdentification(
            name=made.software,
            version=made.software_version,
            parameters=[
                f"rule={score.rule}",
                f"method={made.method}",
                f"mass_calibration={score.mass_calibration}",
                f"calibration_mg_per_cm3_hu={score.calibration_mg_per_cm3_hu!r}",
            ],
            family=ARTIFICIAL_INTELLIGENCE if is_automatic else MANUAL_PROCESSING,
        )


def _group(
    site: Site,
    score: SiteScore | Lesion,
    *,
    tracking: Tracking,
    segment: hd.sr.ReferencedSegment | None = None,
    place: hd.sr.VolumeSurface | None = None,
) -> Group | VolumeGroup:
    """Make the group of a site or a lesion: TID 1411 if it has a place, else TID 1501."""
    terms, identifier = SITE_TERMS[site], _identifier(tracking)
    # A site without calcium has no finding, and its score of 0 all the same.
    finding = terms.kind if isinstance(score, Lesion) or score.lesion_count else None
    sites = None if terms.region is None else [hd.sr.FindingSite(terms.region)]
    measurements = _measurements(score, is_coronary=site in CORONARY_SITES)
    if segment is None and place is None:
        return Group(
            tracking_identifier=identifier,
            finding_type=finding,
            finding_sites=sites,
            measurements=measurements,
        )
    return VolumeGroup(
        tracking_identifier=identifier,
        finding_type=finding,
        finding_sites=sites,
        measurements=measurements,
        referenced_segment=segment,
        referenced_volume_surface=place,
    )


def _measurements(score: SiteScore | Lesion, *, is_coronary: bool) -> list[hd.sr.Measurement]:
    """Write what is known: a quantity that was not measured is absent."""
    known = (
        (measure, getattr(score, measure.field, None))
        for measure in CALCIUM_MEASURES
        if is_coronary or not measure.coronary_only
    )
    return [measurement(measure, value) for measure, value in known if value is not None]


def _identifier(tracking: Tracking) -> hd.sr.TrackingIdentifier:
    return hd.sr.TrackingIdentifier(uid=tracking.uid, identifier=tracking.identifier)


def _interval(score: SiteScore) -> tuple[str, ...]:
    return () if score.interval is None else (interval_statement(score.interval),)


def _with_comments(group: Group | VolumeGroup, comments: tuple[str, ...]) -> Group | VolumeGroup:
    """Add texts, as row 12 of TID 1501 and row 17 of TID 1411 have them."""
    for comment in comments:
        group[0].ContentSequence.append(text(COMMENT, comment))
    return group
