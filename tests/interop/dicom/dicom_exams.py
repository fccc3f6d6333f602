"""Scored exams of small DICOM series, with calcium where a test wants it."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from corcal.ct.read import read_scan
from corcal.ct.scan import CTScan, Patient
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.scanner import Scanner
from corcal.phantom.types import scan_from_volume, simulated_acquisition
from corcal.result import Result
from corcal.scoring.measure import measure
from corcal.scoring.rules import RULES
from corcal.scoring.types import Interval
from dicom_maker import make_series
from result_maker import make_automatic_result, make_result

SHAPE = (6, 40, 48)
SPACING_MM = (2.5, 0.43, 0.4765625)  # no round numbers: every digit has to travel
ORIGIN_MM = (-10.1, -20.0, 1 / 3)
PATIENT = Patient(
    patient_id="P-17", name="Müller^Åsa", birth_date="1966-05-04", sex="F", age_years=59.7
)
ALL_SITES = {
    Site.LM: (1, 2, 2),
    Site.LAD: (2, 10, 10),
    Site.LCX: (2, 20, 30),
    Site.RCA: (4, 30, 5),
    Site.ASCENDING_AORTA: (4, 2, 20),
    Site.AORTIC_VALVE: (3, 30, 30),
    Site.OTHER: (0, 33, 40),
}

Box = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class MadeExam:
    """What the writers need of an exam."""

    result: Result
    scan: CTScan
    voxels: SiteVoxels


def make_scan(pieces: Mapping[Site, Box | list[Box]], *, patient: Patient = PATIENT) -> CTScan:
    """Soft tissue with a piece of calcium (2 slices, 4 x 5 pixels) at each of the places."""
    rng = np.random.default_rng(7)
    hu = rng.integers(20, 60, SHAPE).astype(np.int16)
    for window in windows(pieces):
        hu[window] = rng.integers(135, 640, hu[window].shape)
    scan = scan_from_volume(
        hu,
        spacing_mm=SPACING_MM,
        origin_mm=ORIGIN_MM,
        patient=patient,
        acquisition=simulated_acquisition(Scanner(), date="2026-01-02"),
        uid_seed="dicom exams",
    )
    series = replace(
        scan.series,
        accession_number="A-5",
        study_id="77",
        study_date="20260102",
        study_time="093000.5",
    )
    return replace(scan, series=series)


def read_exam(folder, pieces: Mapping[Site, Box | list[Box]] | None = None, **options) -> MadeExam:
    """Score a series that was written to files and read from them, in any orientation."""
    pieces = CORONARY if pieces is None else pieces
    make_series(folder, hu=make_scan(pieces).hu, **options)
    return make_exam(pieces, scan=read_scan(folder))


def png(shape=(30, 40), *, seed=1) -> bytes:
    """Make a picture without any symmetry."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def windows(pieces):
    for places in pieces.values():
        for z, y, x in places if isinstance(places, list) else [places]:
            yield slice(z, z + 2), slice(y, y + 4), slice(x, x + 5)


def make_exam(
    pieces: Mapping[Site, Box | list[Box]] | None = None,
    *,
    rule: str = "textbook",
    automatic: bool = False,
    scan: CTScan | None = None,
    voxels: SiteVoxels | None = None,
) -> MadeExam:
    """Score a scan whose marks reach one pixel further than the calcium."""
    pieces = ALL_SITES if pieces is None else pieces
    scan = scan or make_scan(pieces)
    voxels = voxels or marks(scan.shape, pieces)
    measured = measure(scan, voxels, rule=RULES[rule])
    base = make_automatic_result() if automatic else make_result()
    score = measured.score
    if automatic:
        interval = Interval(low=0.1, high=1234.567890123, level=0.95)
        score = replace(
            score,
            total=replace(score.total, interval=interval),
            vessels={k: replace(v, interval=interval) for k, v in score.vessels.items()},
        )
    series = scan.series
    record = replace(
        base.scan,
        patient=scan.patient,
        study_instance_uid=series.study_instance_uid,
        series_instance_uid=series.series_instance_uid,
        frame_of_reference_uid=series.frame_of_reference_uid,
        shape=scan.shape,
        sop_instance_uids=tuple(one.sop_instance_uid for one in scan.slices),
    )
    result = replace(
        base,
        scan=record,
        score=score,
        lesions=measured.lesions,
        provenance=replace(base.provenance, rule=rule, threshold_hu=RULES[rule].threshold_hu),
    )
    return MadeExam(result=result, scan=scan, voxels=voxels)


def marks(shape, pieces) -> SiteVoxels:
    """Mark each piece with a margin of one pixel, which is too faint to count."""
    sites = np.zeros(shape, dtype=np.uint8)
    for site, places in pieces.items():
        for window in windows({site: places}):
            z, y, x = window
            sites[z, max(y.start - 1, 0) : y.stop + 1, max(x.start - 1, 0) : x.stop + 1] = site
    index = np.flatnonzero(sites)
    return SiteVoxels(shape=tuple(shape), index=index, site=sites.reshape(-1)[index])


def counted_labels(exam: MadeExam, *, sites=tuple(Site)):
    """Site codes of what counts, slowly: all of a piece, and nothing of its margin."""
    labels = np.zeros(exam.scan.hu.size, dtype=np.uint8)
    dense = exam.scan.hu.reshape(-1)[exam.voxels.index] >= 130
    labels[exam.voxels.index[dense]] = exam.voxels.site[dense]
    labels[~np.isin(labels, sites)] = 0
    return labels.reshape(exam.scan.shape)


CORONARY = {site: ALL_SITES[site] for site in CORONARY_SITES}
