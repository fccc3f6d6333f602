"""Exams in which no two measurements are alike: scored, interpreted, compared, reviewed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from corcal.amendment import Amendment
from corcal.ct.read import read_scan
from corcal.ct.suitability import SeriesKind, Verdict
from corcal.exam_numbers import exam_numbers
from corcal.followup import compare
from corcal.interpreted import interpret_result, with_interpretation
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Exam
from corcal.result import Result, ReviewRecord, SuitabilityRecord
from corcal.risk.types import Person, Race, Sex
from corcal.scoring.types import Interval, Score
from dicom_maker import make_series
from interop.dicom.dicom_exams import make_exam
from result_maker import make_automatic_result

__all__ = ["EXAMS"]

SHAPE = (6, 40, 48)
SPACING_MM = (2.5, 0.43, 0.47)  # no round numbers: every digit has to travel
PERSON = Person(
    age_years=61.0,
    sex=Sex.FEMALE,
    race=Race.WHITE,
    systolic_mmhg=143.0,
    total_cholesterol_mg_dl=221.0,
    hdl_mg_dl=47.0,
    ldl_mg_dl=139.0,
    egfr=83.0,
    bmi=28.7,
    has_diabetes=False,
    smokes=True,
    takes_bp_medication=True,
    takes_statin=False,
    family_history=False,
    has_known_ascvd=False,
    has_symptoms=False,
)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A box of calcium: its lowest corner, its size, and the HU that it begins with."""

    at: tuple[int, int, int]
    size: tuple[int, int, int]
    hu: int

    @property
    def window(self) -> tuple[slice, ...]:
        return tuple(slice(a, a + n) for a, n in zip(self.at, self.size, strict=True))


PIECES: dict[Site, list[Piece]] = {
    Site.LM: [Piece(at=(1, 2, 2), size=(2, 3, 6), hu=150)],
    Site.LAD: [
        Piece(at=(2, 10, 10), size=(2, 4, 7), hu=420),
        Piece(at=(0, 14, 22), size=(1, 3, 5), hu=260),
    ],
    Site.LCX: [Piece(at=(2, 20, 30), size=(3, 3, 4), hu=230)],
    Site.RCA: [Piece(at=(4, 30, 5), size=(2, 5, 6), hu=350)],
    Site.ASCENDING_AORTA: [Piece(at=(4, 2, 20), size=(2, 4, 5), hu=320)],
    Site.AORTIC_VALVE: [Piece(at=(3, 30, 30), size=(2, 3, 9), hu=180)],
    Site.OTHER: [Piece(at=(0, 33, 40), size=(1, 4, 7), hu=270)],
}


def automatic(folder: Path) -> Exam:
    """Four arteries and three other places, found by software, interpreted and compared."""
    exam = _scored(folder, PIECES, automatic=True)
    return _told(_compared(_chances(exam)))


def zero(folder: Path) -> Exam:
    """No calcium at all, found by software."""
    return _told(_scored(folder, {}, automatic=True))


def marked(folder: Path) -> Exam:
    """Marked by a person, not interpreted, by the rule of a vendor."""
    sites = (Site.LAD, Site.RCA, Site.AORTIC_VALVE)
    return _scored(folder, {site: PIECES[site] for site in sites}, rule="philips")


def reviewed(folder: Path) -> Exam:
    """An automatic score that a reader has changed, with calcium in two arteries."""
    exam = _scored(folder, {site: PIECES[site] for site in (Site.LAD, Site.LCX)})
    record = ReviewRecord(
        readers=("Dr. Rita Reader",),
        started="2026-01-03T09:00:00+00:00",
        finished="2026-01-03T09:05:00+00:00",
        event_count=7,
        change_count=3,
        candidates_by_reader=4,
        is_complete=True,
        proposed_by="automatic",
        proposed_rule="textbook",
        proposed_agatston=391.25,
    )
    proposed = make_automatic_result().provenance
    made = replace(proposed, method="reviewed", reviewed=record, reader="Dr. Rita Reader")
    origins = ("reader", "automatic", "automatic")
    lesions = tuple(
        replace(lesion, origin=origin)
        for lesion, origin in zip(exam.result.lesions, origins, strict=True)
    )
    return _told(replace(exam, result=replace(exam.result, provenance=made, lesions=lesions)))


def addendum(folder: Path) -> Exam:
    """The reviewed exam, where it takes the place of another one that was signed."""
    exam = reviewed(folder)
    amendment = Amendment(
        reason="Calcium of the aortic root had been counted as left main.",
        signed_before="2026-01-03T10:07:08+00:00",
        reader_before="Dr. Rita Reader",
        agatston_before=417.0625,
        category_before=">400",
        record_before="ab" * 32,
    )
    made = replace(exam.result.provenance, amendment=amendment)
    return replace(exam, result=replace(exam.result, provenance=made))


EXAMS: dict[str, Callable[[Path], Exam]] = {
    "automatic": automatic,
    "zero": zero,
    "marked": marked,
    "reviewed": reviewed,
    "addendum": addendum,
}


def _scored(
    folder: Path,
    pieces: Mapping[Site, Sequence[Piece]],
    *,
    automatic: bool = False,
    rule: str = "textbook",
) -> Exam:
    """Score a series that is on disk, so that everything can be written of it."""
    hu, sites = np.full(SHAPE, 40, np.int16), np.zeros(SHAPE, np.uint8)
    for site, boxes in pieces.items():
        for piece in boxes:
            size = int(np.prod(piece.size))
            hu[piece.window] = np.arange(piece.hu, piece.hu + 3 * size, 3).reshape(piece.size)
            sites[piece.window] = site
    make_series(folder, hu=hu, spacing_mm=SPACING_MM)
    scan = read_scan(folder)
    index = np.flatnonzero(sites)
    voxels = SiteVoxels(shape=SHAPE, index=index, site=sites.reshape(-1)[index])
    result = make_exam(scan=scan, voxels=voxels, automatic=automatic, rule=rule).result
    if automatic:
        result = replace(result, score=_with_intervals(result.score))
    return Exam(result=_of_scan(result), scan=scan, voxels=voxels)


def _of_scan(result: Result) -> Result:
    """Describe the scan with settings that are not alike, fit for scoring, and of the person."""
    dz, dy, dx = SPACING_MM
    scan = replace(
        result.scan,
        increment_mm=dz,
        pixel_spacing_mm=(dy, dx),
        kvp=120.0,
        slice_thickness_mm=2.75,
        series_number=17,
        patient=replace(result.scan.patient, age_years=PERSON.age_years),
    )
    fit = SuitabilityRecord(kind=SeriesKind.GATED_CALCIUM, verdict=Verdict.FIT, findings=())
    return replace(result, scan=scan, suitability=fit)


def _with_intervals(score: Score) -> Score:
    """Give every artery an interval of its own."""

    def interval(agatston: float, spread: float) -> Interval:
        return Interval(low=agatston * 0.7, high=agatston * 1.4 + spread, level=0.95)

    total = replace(score.total, interval=interval(score.total.agatston, 1 / 3))
    vessels = {
        name: replace(one, interval=interval(one.agatston, 10.1 + 3.3 * k))
        for k, (name, one) in enumerate(score.vessels.items())
    }
    return replace(score, total=total, vessels=vessels)


def _chances(exam: Exam) -> Exam:
    """Say how likely every category and, for each lesion, every site is."""
    score, result = exam.result.score, exam.result
    chances = {"0": 0.015, "1-100": 0.035, "101-400": 0.3, ">400": 0.65}
    labels = [site.label for site in Site]
    lesions = tuple(
        replace(one, probabilities={label: (k + 1) / (100 + n) for n, label in enumerate(labels)})
        for k, one in enumerate(result.lesions)
    )
    score = replace(score, category_probabilities=chances)
    return replace(exam, result=replace(result, score=score, lesions=lesions))


def _told(exam: Exam) -> Exam:
    result = exam.result
    return replace(exam, result=with_interpretation(result, interpret_result(result, PERSON)))


def _compared(exam: Exam) -> Exam:
    """Compare with two earlier exams that were made alike."""
    now = replace(exam_numbers(exam.result), takes_statin=False)
    earlier = [
        replace(
            now,
            date=day,
            agatston=now.agatston * part,
            volume_mm3=now.volume_mm3 * (part + 0.01),
            mass_mg=now.mass_mg * (part + 0.02),
            vessels={name: value * part for name, value in now.vessels.items()},
            interval=None,
            vessel_intervals={},
            series_key=str(day),
            age_years=None,
        )
        for day, part in ((date(2017, 3, 4), 0.31), (date(2021, 7, 9), 0.57))
    ]
    return replace(exam, result=replace(exam.result, followup=compare([*earlier, now])))
