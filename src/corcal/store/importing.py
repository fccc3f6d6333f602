"""Take a folder, a file or an archive into the store: all of it, or nothing."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from corcal.ct.files import FileOpener
from corcal.ct.find import find_series
from corcal.ct.scan import Patient, Severity
from corcal.ct.series import Catalog, Series
from corcal.ct.suitability import KIND_WORDS, SeriesKind, assess, preferred_series
from corcal.ct.volume_formats import FORMATS, volume_suffix
from corcal.errors import InputError
from corcal.progress import Progress
from corcal.store.database import Database
from corcal.store.folder import DataFolder, Incoming, StagedFile
from corcal.store.jobs import insert_job
from corcal.store.records import ExamState, ImportReport, JobState
from corcal.store.review import append
from corcal.store.tables import (
    ExamRow,
    FileRow,
    JobRow,
    OriginalRow,
    PatientRow,
    StudyRow,
    new_key,
    now,
)
from corcal.store.words import clean, fold, iso_date

__all__ = ["import_path", "link_files"]

_PARTED = "\x1f"  # between the parts of an identity: no text of a header holds it after `clean`
_AT_ONCE = 500  # hashes in one question to the database
_MAX_REASONS = 4  # series that the reason of an unfit study describes
_NO_CT = frozenset({SeriesKind.NOT_CT, SeriesKind.DOSE_REPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Original:
    """A staged file, and where in its study it belongs."""

    staged: StagedFile
    series: str
    position: int
    suffix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Study:
    """The series of one study, with their files staged."""

    series: tuple[Series, ...]
    originals: tuple[_Original, ...]

    @property
    def identity(self) -> str:
        """What makes two imports those of one study: its UID, else the content of its files."""
        uid = clean(self.series[0].identity.study_instance_uid)
        if uid is not None:
            return uid
        hashes = sorted({original.staged.sha256 for original in self.originals})
        return "sha256:" + hashlib.sha256("".join(hashes).encode()).hexdigest()

    @property
    def patient(self) -> Patient:
        """Who was scanned, by the series that says most."""
        return max(
            (one.patient for one in self.series),
            key=lambda who: sum(map(bool, (who.patient_id, who.name, who.birth_date, who.sex))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be done with the images of a study, as far as their headers tell."""

    state: ExamState
    reason: str | None
    series: Series | None


def import_path(
    database: Database,
    folder: DataFolder,
    path: Path,
    *,
    by: str,
    job_kind: str | None,
    progress: Progress,
) -> ImportReport:
    """Import what is at `path`. See `Store.import_study`."""
    catalog = find_series(path, progress=progress)
    usable, skipped = _usable(catalog)
    with folder.incoming() as incoming, FileOpener() as opener:
        studies = _stage(usable, incoming, opener, progress)
        staged = [original.staged for study in studies for original in study.originals]
        incoming.announce(staged)
        with database.writing(files=True) as session:
            new_count = link_files(session, folder, staged)
            kept = [_keep(session, study, by=by, job_kind=job_kind) for study in studies]
    return ImportReport(
        exams=tuple(exam for exams, _ in kept for exam in exams),
        new_exams=tuple(exam for _, fresh in kept for exam in fresh),
        file_count=len({each.sha256 for each in staged}),
        new_file_count=new_count,
        skipped=skipped,
    )


def link_files(session: Session, folder: DataFolder, staged: Sequence[StagedFile]) -> int:
    """Put staged files in their places and into the database; how many were not there.

    The session holds the write lock of the files.
    """
    folder.place(staged)
    by_hash = {each.sha256: each for each in staged}
    known = _known(session, sorted(by_hash))
    new = [each for sha256, each in by_hash.items() if sha256 not in known]
    session.add_all(FileRow(sha256=each.sha256, size=each.size) for each in new)
    doomed = [row for row in known.values() if row.doomed_at is not None]
    for row in doomed:
        row.doomed_at = None
    session.flush()
    return len(new) + len(doomed)


def _known(session: Session, hashes: Sequence[str]) -> dict[str, FileRow]:
    """Give the rows of those files that the database has, some hundreds at a time."""
    found: dict[str, FileRow] = {}
    for start in range(0, len(hashes), _AT_ONCE):
        wanted = hashes[start : start + _AT_ONCE]
        rows = session.scalars(select(FileRow).where(FileRow.sha256.in_(wanted)))
        found |= {row.sha256: row for row in rows}
    return found


def _usable(catalog: Catalog) -> tuple[list[Series], tuple[tuple[str, str], ...]]:
    """Part the series that can be kept from what is left out, with the reason."""
    usable: list[Series] = []
    skipped = [(file.source, file.reason) for file in catalog.skipped]
    for series in catalog.series:
        reason = _why_not(series)
        if reason is not None:
            skipped.append((series.images[0].source, reason))
        elif series.images:
            usable.append(series)
    if not usable:
        first = f": {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        msg = f"nothing that can be kept was found{first}"
        raise InputError(msg)
    return usable, tuple(skipped)


def _why_not(series: Series) -> str | None:
    """Say why a series cannot be kept.

    Images of several people would be kept as one person's. Of a volume in two files the second is
    known only by the name that it had, and no such name is kept.
    """
    for found in series.findings:
        if found.code == "MIXED_PATIENTS":
            return found.message
    suffix = volume_suffix(series.images[0].source) if series.format != "dicom" else None
    if suffix is not None and FORMATS[suffix].is_detached:
        return "its voxels are in another file: one file with both (.nrrd, .mha) is needed"
    return None


def _stage(
    series: Sequence[Series], incoming: Incoming, opener: FileOpener, progress: Progress
) -> list[_Study]:
    """Copy the files of all series into the incoming folder, each file once."""
    total = len({(image.path, image.member) for one in series for image in one.images})
    staged: dict[tuple[Path, str | None], StagedFile] = {}
    studies: list[_Study] = []
    for group in _by_study(series):
        originals: dict[tuple[Path, str | None], _Original] = {}
        for one in group:
            for image in one.images:
                place = (image.path, image.member)
                if place not in staged:
                    staged[place] = _receive(place, image.source, incoming, opener)
                    progress(len(staged), total, "copying files")
                if place not in originals:
                    originals[place] = _Original(
                        staged=staged[place],
                        series=_series_name(one, group),
                        position=len(originals) + 1,
                        suffix=_suffix(one, image.source),
                    )
        studies.append(_Study(series=tuple(group), originals=tuple(originals.values())))
    return studies


def _receive(
    place: tuple[Path, str | None], source: str, incoming: Incoming, opener: FileOpener
) -> StagedFile:
    path, member = place
    try:
        stream = opener.stream(path, member)
    except OSError as exc:
        msg = f"{source} cannot be read any more: {exc.strerror}"
        raise InputError(msg) from exc
    with stream:
        return incoming.receive(stream)


def _by_study(series: Iterable[Series]) -> list[list[Series]]:
    """Group series by study and patient; a series without a study is one by itself."""
    groups: dict[tuple[str | None, ...], list[Series]] = {}
    for one in series:
        uid = one.identity.study_instance_uid
        key = (uid, one.patient.patient_id) if uid is not None else (None, new_key())
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _series_name(series: Series, group: Sequence[Series]) -> str:
    """Name a series by its UID, or by its place in the study: never by the name of a file."""
    return clean(series.identity.series_instance_uid) or f"#{list(group).index(series) + 1}"


def _suffix(series: Series, source: str) -> str:
    return (volume_suffix(source) or "") if series.format != "dicom" else ""


def _keep(
    session: Session, study: _Study, *, by: str, job_kind: str | None
) -> tuple[list[str], list[str]]:
    """Write a study and its exams; give its exams, and those that wait because of this import."""
    patient = _patient_row(session, study)
    row = _study_row(session, study, patient)
    is_changed = _link_originals(session, row, study)
    exams = list(session.scalars(select(ExamRow).where(ExamRow.study_id == row.id)))
    fresh: list[ExamRow] = []
    if not exams:
        exams = fresh = [_new_exam(session, row, study, by=by)]
    elif is_changed:
        fresh = [exam for exam in exams if _plan_again(session, exam, study, by=by)]
    if job_kind is not None:
        for exam in fresh:
            _enqueue(session, exam, job_kind)
    return [exam.id for exam in exams], [exam.id for exam in fresh]


def _patient_row(session: Session, study: _Study) -> PatientRow:
    """Find the patient, or make one.

    Two studies are of one patient if number, date of birth and name agree: numbers alone are used
    again by other hospitals and by whoever de-identifies. Without a number, every study is taken
    for a person of its own.
    """
    who = study.patient
    number, name, birth = clean(who.patient_id), clean(who.name), clean(who.birth_date)
    parts = ("id", number, birth or "", fold(name)) if number else ("study", study.identity)
    identity = _PARTED.join(parts)
    row = session.scalar(select(PatientRow).where(PatientRow.identity == identity))
    if row is None:
        row = PatientRow(
            identity=identity,
            patient_id=number,
            name=name,
            birth_date=birth,
            sex=clean(who.sex),
            sort_name=fold(name),
            search_text=fold(name, number),
        )
        session.add(row)
        session.flush()
    return row


def _study_row(session: Session, study: _Study, patient: PatientRow) -> StudyRow:
    wanted = (StudyRow.patient_id == patient.id, StudyRow.identity == study.identity)
    row = session.scalar(select(StudyRow).where(*wanted))
    if row is None:
        first = study.series[0]
        number = clean(first.identity.accession_number)
        description = clean(first.acquisition.study_description)
        row = StudyRow(
            patient_id=patient.id,
            identity=study.identity,
            study_instance_uid=clean(first.identity.study_instance_uid),
            accession_number=number,
            description=description,
            study_date=iso_date(first.identity.study_date),
            search_text=fold(number, description),
        )
        session.add(row)
        session.flush()
    return row


def _link_originals(session: Session, row: StudyRow, study: _Study) -> bool:
    """Say which files the study has; whether any of them is new to it."""
    statement = select(OriginalRow.sha256).where(OriginalRow.study_id == row.id)
    known = set(session.scalars(statement))
    count = func.count()
    offset = session.scalar(select(count).where(OriginalRow.study_id == row.id)) or 0
    new: dict[str, OriginalRow] = {}
    for original in study.originals:
        sha256 = original.staged.sha256
        if sha256 not in known and sha256 not in new:
            new[sha256] = OriginalRow(
                study_id=row.id,
                sha256=sha256,
                series=original.series,
                position=offset + original.position,
                suffix=original.suffix,
            )
    session.add_all(new.values())
    return bool(new)


def _new_exam(session: Session, row: StudyRow, study: _Study, *, by: str) -> ExamRow:
    plan = _plan(study.series)
    shown = plan.series or study.series[0]
    exam = ExamRow(
        study_id=row.id,
        series=_key(plan.series),
        series_description=clean(shown.acquisition.series_description),
        scan_date=clean(shown.acquisition.date) or row.study_date,
        state=plan.state,
        reason=plan.reason,
        event_count=0,
    )
    session.add(exam)
    session.flush()
    append(session, exam, "state", by=by, after={"state": plan.state, "reason": plan.reason})
    return exam


def _plan_again(session: Session, exam: ExamRow, study: _Study, *, by: str) -> bool:
    """Let an exam that could not be scored wait again if its study has new images to score."""
    plan = _plan(study.series)
    stuck = (ExamState.WAITING, ExamState.UNFIT, ExamState.FAILED)
    if plan.state is not ExamState.WAITING or exam.latest_version or exam.state not in stuck:
        return False
    before = {"state": exam.state, "reason": exam.reason}
    exam.state, exam.reason = ExamState.WAITING, None
    if not exam.is_series_fixed:
        exam.series = _key(plan.series)
    after = {"state": exam.state, "reason": None}
    append(session, exam, "state", by=by, before=before, after=after)
    return True


def _plan(series: Sequence[Series]) -> _Plan:
    """Say by the headers whether and which series will be scored; the voxels may say otherwise."""
    judged = [(one, assess(one)) for one in series]
    preferred = preferred_series(judged)
    if preferred is not None:
        return _Plan(state=ExamState.WAITING, reason=None, series=preferred.series)
    reasons: list[str] = []
    for _, suitability in judged:
        if suitability.kind not in _NO_CT:
            errors = (f.message for f in suitability.findings if f.severity is Severity.ERROR)
            reasons.append(": ".join((KIND_WORDS[suitability.kind], *list(errors)[:1])))
    named = "; ".join(list(dict.fromkeys(reasons))[:_MAX_REASONS]) or "it holds no CT images"
    return _Plan(state=ExamState.UNFIT, reason=clean(named), series=None)


def _key(series: Series | None) -> str | None:
    """Name the series for scoring; ``None``, chosen when it is scored, where it has no UID."""
    if series is None or series.identity.series_instance_uid is None:
        return None
    return clean(series.key)


def _enqueue(session: Session, exam: ExamRow, kind: str) -> None:
    """Add the job that scores an exam, unless one is on its way."""
    if exam.state != ExamState.WAITING:
        return
    on_its_way = select(JobRow.id).where(
        JobRow.exam_id == exam.id,
        JobRow.kind == kind,
        JobRow.state.in_((JobState.QUEUED, JobState.RUNNING)),
    )
    if session.scalar(on_its_way.limit(1)) is None:
        insert_job(session, kind, exam_id=exam.id)
        exam.changed_at = now()
