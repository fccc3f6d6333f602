"""The store: the one way in, for the command line, the server and its workers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from corcal.errors import NotFoundError
from corcal.progress import Progress, no_progress
from corcal.store import backup, deletion, exporting, importing, originals, reading
from corcal.store.opened import AUTOMATIC, database_url, default_data_folder
from corcal.store.records import (
    ExamRecord,
    ExamTombstone,
    ImportReport,
    PatientRecord,
    Tombstone,
    VerifyReport,
    WorklistPage,
    WorklistQuery,
)
from corcal.store.result_store import ResultStore
from corcal.store.tables import PatientRow
from corcal.store.verify import verify

__all__ = ["AUTOMATIC", "Store", "default_data_folder"]


class Store(ResultStore):
    """Patients, studies, exams, results and their history.

    Use it as a context manager, or call `close`. One store may be open in many processes and
    threads at once. All moments are aware of their zone (UTC); all identifiers are random and tell
    nothing of a patient.

    Parameters
    ----------
    data : Path
        The data folder; made, with an empty store in it, if it does not exist.
    database : str, optional
        URL of a PostgreSQL database that holds the tables; without one they are in the data
        folder (SQLite). ``CORCAL_DATABASE`` stands in for it.

    Attributes
    ----------
    jobs : Jobs
        Work to be done, see `corcal.store.jobs`.
    users : Users
        Who may log in, see `corcal.store.people`.
    audit : Audit
        Who looked at what, see `corcal.store.people`.
    shared : Shared
        What servers share for a while, see `corcal.store.shared`.
    outgoing : Outgoing
        Where results go, see `corcal.store.outgoing`.

    Raises
    ------
    InputError
        If the folder is none of a store, belongs to another kind of database, or the URL is none.
    StoreError
        If the database cannot be used, or was made by a later release.
    """

    def import_study(
        self,
        path: Path | str,
        *,
        by: str = AUTOMATIC,
        job_kind: str | None = None,
        progress: Progress = no_progress,
    ) -> ImportReport:
        """Take in everything at `path`: all of it or, if anything goes wrong, nothing.

        Each study becomes an exam: "waiting" for the series that would be scored, or "unfit" with
        the reason if the headers show that none can be. A study that is known already gets its new
        images, and an exam of it that could not be scored waits again. A file that the store has
        is not kept twice.

        Parameters
        ----------
        path : path
            A folder searched to any depth, one file, or a zip archive; of one or more studies.
        by : str
            Who imports, for the history.
        job_kind : str, optional
            Also add a job of this kind for each exam that waits because of this import, in the same
            transaction: no exam is without one, whatever is killed when.
        progress : Progress, optional
            Told of each file that is read and copied.

        Returns
        -------
        ImportReport
            The exams, and what was kept.

        Raises
        ------
        InputError
            If nothing usable is at `path`.
        """
        try:
            return importing.import_path(
                self._database,
                self.folder,
                Path(path),
                by=by,
                job_kind=job_kind,
                progress=progress,
            )
        except BaseException:
            self._clear()
            raise

    def add_exam(self, exam_id: str, series: str, *, by: str) -> str:
        """Add an exam of another series of the same study, chosen by a person.

        Parameters
        ----------
        exam_id : str
            Any exam of the study.
        series : str
            Key of the series (`corcal.ct.series.Series.key`).

        Returns
        -------
        str
            The new exam, in state "waiting".

        Raises
        ------
        NotFoundError
            If the study has no such series.
        """
        with self._database.writing() as session:
            return originals.add_exam(session, exam_id, series, by=by)

    def exam(self, exam_id: str) -> ExamRecord:
        """Give an exam with its study, patient and latest result.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.reading() as session:
            return reading.exam_record(session, exam_id)

    def find_exam(self, beginning: str) -> str:
        """Give the one exam whose identifier begins so, as a person types it.

        Raises
        ------
        NotFoundError
            If there is none.
        InputError
            If there are several.
        """
        with self._database.reading() as session:
            return reading.find_exam(session, beginning)

    def worklist(self, query: WorklistQuery | None = None) -> WorklistPage:
        """Search, filter and sort the exams; a page of them.

        Raises
        ------
        InputError
            If the page has no or more than `corcal.store.reading.MAX_LIMIT` exams.
        """
        with self._database.reading() as session:
            return reading.worklist(session, query or WorklistQuery())

    def patient(self, patient_id: str) -> PatientRecord:
        """Give a patient by `PatientRecord.id`.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.reading() as session:
            row = session.scalar(select(PatientRow).where(PatientRow.id == patient_id))
            if row is None:
                msg = "there is no such patient in the store"
                raise NotFoundError(msg)
            return reading.patient_record(row)

    @contextmanager
    def originals_folder(self, exam_id: str) -> Iterator[Path]:
        """Give a folder with the images of an exam's study, for `corcal.pipeline.score_path`.

        The files in it are links with neutral names, one folder a series; they are gone at the end.
        With `ExamRecord.is_series_fixed`, only the images of the exam's series are in it.

        Raises
        ------
        NotFoundError
            If there is no such exam.
        """
        with self._database.reading() as session:
            links = originals.links_of(session, self.folder, exam_id)
        with self.folder.incoming() as incoming:
            yield originals.linked_folder(incoming.folder, links)

    def export(self, exam_id: str, target: Path | str) -> Path:
        """Write an exam with all that belongs to it: originals, results, history.

        Parameters
        ----------
        target : path
            A folder that does not exist yet, or a file whose name ends in ``.zip``.

        Raises
        ------
        InputError
            If something is at `target` already.
        """
        with self.folder.files_held():
            made = exporting.export_exam(self._database, self.folder, exam_id, Path(target))
        self._clear()
        return made

    def backup(self, target: Path | str, *, progress: Progress = no_progress) -> Path:
        """Write a backup of everything, as it was at one moment, while the store is in use.

        Parameters
        ----------
        target : path
            A folder that does not exist yet, or is empty.

        Raises
        ------
        InputError
            If something is at `target`.
        StoreError
            If a file is missing or damaged: a backup that is not whole is not made.
        """
        with self.folder.files_held():
            made = backup.backup(self._database, self.folder, Path(target), progress=progress)
        self._clear()
        return made

    @classmethod
    def restore(
        cls,
        source: Path | str,
        data: Path | str,
        *,
        database: str | None = None,
        progress: Progress = no_progress,
    ) -> "Store":
        """Make a store from a backup, in SQLite or PostgreSQL whatever it was before.

        Parameters
        ----------
        source : path
            What `backup` has written, also by an earlier release.
        data : path
            A folder that does not exist yet, or is empty.
        database : str, optional
            URL of an empty PostgreSQL database.

        Returns
        -------
        Store
            Open.

        Raises
        ------
        InputError
            If `source` is no backup, or is damaged, or the folder or the database is not empty.
        """
        url = database_url(database)
        backup.restore(Path(source), Path(data), url, progress=progress)
        return cls(data, database=database)

    def verify(self, *, progress: Progress = no_progress) -> VerifyReport:
        """Hash every file and every result, and compare with what was kept."""
        with self.folder.files_held():
            report = verify(self._database, self.folder, progress=progress)
        self._clear()
        return report

    def delete_patient(self, patient_id: str, *, by: str) -> Tombstone:
        """Delete everything of a patient; what remains is that, when and by whom it was done.

        Files that another patient has too stay. Files go at once, unless a backup or check is
        running: then they go at its end.

        Raises
        ------
        NotFoundError
            If there is no such patient.
        """
        stone = deletion.delete_patient(self._database, patient_id, by=by)
        self._clear()
        self._database.forget_deleted()
        return stone

    def exams_of_patient(self, patient_id: str, *, limit: int = 20) -> tuple[ExamRecord, ...]:
        """Give the exams of a patient by `PatientRecord.id`, the newest first."""
        with self._database.reading() as session:
            return reading.exams_of_patient(session, patient_id, limit=limit)

    def delete_exam(self, exam_id: str, *, by: str) -> None:
        """Delete all that belongs to an exam; what remains is that, when and by whom it was done.

        Images that another exam of the study is scored from stay. With the last exam of a patient,
        the patient goes too, as by `delete_patient`.

        Raises
        ------
        NotFoundError
            If there is no such exam.
        """
        deletion.delete_exam(self._database, exam_id, by=by)
        self._clear()
        self._database.forget_deleted()

    def tombstones(self) -> tuple[Tombstone, ...]:
        """List the patients that were deleted."""
        return deletion.tombstones(self._database)

    def exam_tombstones(self) -> tuple[ExamTombstone, ...]:
        """List the exams that were deleted while their patient stayed."""
        return deletion.exam_tombstones(self._database)
