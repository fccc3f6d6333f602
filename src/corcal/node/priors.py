"""Earlier scans of a patient, fetched by the node itself, so that exams can be compared.

When a study has come in, the archive is asked for earlier CT studies of the same person: by C-FIND,
and C-MOVE to ourselves, or by QIDO-RS and WADO-RS. What comes is scored like any other study, is in
the worklist, and is never sent anywhere: nobody asked for it.
"""

import logging
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from corcal.errors import CorcalError, InputError, StateError
from corcal.node.outbox import pause_s
from corcal.node.rules import FetchBy, NodeRules, PriorRule, read_rules
from corcal.node.take import RECEIVED
from corcal.serve.doing import Beat
from corcal.serve.supervisor import PRIORS
from corcal.store.jobs import SCORE
from corcal.store.records import ExamRecord, ExamState, Job, PatientRecord, WorklistQuery
from corcal.store.store import AUTOMATIC, Store
from corcal.store.words import fold

__all__ = ["EarlierStudy", "PRIORS", "chosen", "priors_job", "wanted"]

MOST_ATTEMPTS = 6  # within a few minutes: the exam itself does not wait for it
_WILD = "*?\\"  # in a query these stand for other characters, or part values (PS3.4 C.2.2.2.4)
_MOST_EXAMS = 200
_YEAR_DAYS = 365.25
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierStudy:
    """What an archive says of a study; never shown."""

    study_instance_uid: str
    study_date: str
    modalities: tuple[str, ...] = ()
    patient_id: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)


def wanted(store: Store, exam_id: str, rules: NodeRules) -> bool:
    """Ask for earlier scans of an exam's patient, once; whether that was done now.

    Not for a study that was itself fetched, nor for one without a patient's number.
    """
    if rules.priors is None or store.exam(exam_id).patient.patient_id is None:
        return False
    received = [each.after for each in store.events(exam_id) if each.kind == RECEIVED]
    if received and all(each.get("fetched") for each in received):
        return False
    if any(job.kind == PRIORS for job in store.jobs.of(exam_id=exam_id)):
        return False
    store.jobs.enqueue(PRIORS, exam_id=exam_id, max_attempts=MOST_ATTEMPTS)
    return True


def priors_job(store: Store, job: Job, beat: Beat, *, rules_path: Path) -> None:
    """Find earlier scans, and have them come; what goes wrong is tried again a few times."""
    exam = store.exam(job.exam_id or "")
    try:
        rules = read_rules(rules_path)
        if rules.priors is None:
            store.jobs.finish(job)
            return
        found = _find(exam, rules.priors, rules)
        studies = chosen(found, exam, rules.priors, known=_known(store, exam))
        beat.step(0.3, "fetching")
        _fetch(store, studies, rules.priors, rules)
    except StateError:
        raise
    except CorcalError as exc:
        _log.warning("earlier scans could not be fetched: %s", exc, extra={"exam": exam.id})
        store.jobs.fail(job, str(exc), retry=True, delay_s=pause_s(job.attempts))
        return
    after = {"from": rules.priors.source, "found": len(found), "fetched": len(studies)}
    store.outgoing.finish(job, PRIORS, by=AUTOMATIC, after=after)


def chosen(
    found: Iterable[EarlierStudy], exam: ExamRecord, rule: PriorRule, *, known: frozenset[str]
) -> tuple[EarlierStudy, ...]:
    """Choose what is fetched: CT of the same person, earlier, not here yet; the latest ones.

    An archive may match more than it was asked for: what it answers is compared again, by number,
    name and date of birth, as far as both know them.
    """
    until = _day(exam.scan_date) or date.max
    since = until - timedelta(days=rule.years * _YEAR_DAYS)
    fit = {
        one.study_instance_uid: one
        for one in found
        if one.study_instance_uid not in known
        and since <= (_day(one.study_date) or date.max) < until
        and (not one.modalities or "CT" in one.modalities)
        and _is_same_person(one, exam.patient)
    }
    ordered = sorted(fit.values(), key=lambda one: one.study_date, reverse=True)
    return tuple(ordered[: rule.at_most])


def _is_same_person(one: EarlierStudy, patient: PatientRecord) -> bool:
    if one.patient_id != patient.patient_id:
        return False
    if one.name and patient.name and fold(one.name) != fold(patient.name):
        return False
    both = one.birth_date and patient.birth_date
    return not both or _digits(one.birth_date) == _digits(patient.birth_date)


def _digits(text: str | None) -> str:
    return "".join(char for char in text or "" if char.isdigit())


def _day(text: str | None) -> date | None:
    try:
        return datetime.strptime(_digits(text), "%Y%m%d").date()
    except ValueError:
        return None


def _known(store: Store, exam: ExamRecord) -> frozenset[str]:
    """Name the studies of the patient that are here."""
    here = store.worklist(WorklistQuery(patient=exam.patient.id, limit=_MOST_EXAMS)).exams
    return frozenset(filter(None, (one.study.study_instance_uid for one in here)))


def _find(exam: ExamRecord, rule: PriorRule, rules: NodeRules) -> tuple[EarlierStudy, ...]:
    number = exam.patient.patient_id or ""
    if not number or any(char in number for char in _WILD):
        msg = "the patient has no number, or one that no archive can be asked for"
        raise InputError(msg)
    until = _day(exam.scan_date)
    days = "" if until is None else f"-{until - timedelta(days=1):%Y%m%d}"
    if rule.by is FetchBy.DICOM:
        from corcal.node.query import find_studies  # pynetdicom takes a second to import

        return find_studies(number, days, rule, rules)
    from corcal.node.query_web import find_studies_web

    return find_studies_web(number, days, rule, rules)


def _fetch(
    store: Store, studies: tuple[EarlierStudy, ...], rule: PriorRule, rules: NodeRules
) -> None:
    if not studies:
        return
    if rule.by is FetchBy.DICOM:
        from corcal.node.query import move_study

        for one in studies:
            move_study(one.study_instance_uid, rule, rules)
        return
    from corcal.node.query_web import retrieve_study

    for one in studies:
        with tempfile.TemporaryDirectory(dir=store.folder.root) as made:
            retrieve_study(one.study_instance_uid, Path(made), rule, rules)
            _import(store, Path(made), rule)


def _import(store: Store, folder: Path, rule: PriorRule) -> None:
    """Take a fetched study in; it is known as one before it can be scored, and so is not sent."""
    report = store.import_study(folder, by=AUTOMATIC)
    after = {"batch": "dicomweb", "peer": rule.source, "aet": "", "images": report.file_count}
    after |= {"late": False, "fetched": True}
    for exam_id in report.exams:
        if not any(each.kind == RECEIVED for each in store.events(exam_id)):
            store.add_event(exam_id, RECEIVED, by=AUTOMATIC, after=after)
        waits = store.exam(exam_id).state is ExamState.WAITING
        if waits and not any(job.kind == SCORE for job in store.jobs.of(exam_id=exam_id)):
            store.jobs.enqueue(SCORE, exam_id=exam_id)
