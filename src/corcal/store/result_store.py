"""Results of exams and their history: the middle of the store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corcal.errors import NotFoundError
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result, result_from_json
from corcal.store import attachments as attached
from corcal.store import importing, late, reading, review
from corcal.store.jobs import finish_claim
from corcal.store.opened import AUTOMATIC, OpenedStore
from corcal.store.records import Event, ExamRecord, ExamState, Job, ResultKind, ResultVersion
from corcal.store.voxel_file import read_voxel_file, voxel_file
from corcal.store.words import clean

__all__ = ["ResultStore"]


class ResultStore(OpenedStore):
    """What a worker adds to an exam and a reader does with it. See `corcal.store.store.Store`."""

    def set_state(
        self, exam_id: str, state: ExamState, *, by: str = AUTOMATIC, reason: str | None = None
    ) -> ExamRecord:
        """Bring an exam into another state, as `corcal.store.review.TRANSITIONS` allows.

        Parameters
        ----------
        state : ExamState
            Not "final": see `sign`. The state that it has already changes nothing.
        by : str
            Who or what does so.
        reason : str, optional
            For "unfit" and "failed", and needed there: one line without patient data.

        Raises
        ------
        StateError
            If this state cannot follow.
        """
        with self._database.writing() as session:
            review.set_state(session, exam_id, ExamState(state), by=by, reason=reason)
            session.flush()
            return reading.exam_record(session, exam_id)

    def add_result(
        self,
        exam_id: str,
        result: Result,
        kind: ResultKind | str = ResultKind.AUTOMATIC,
        *,
        voxels: SiteVoxels | None = None,
        by: str = AUTOMATIC,
        note: str | None = None,
        attachments: Mapping[str, bytes] | None = None,
        expected_version: int | None = None,
        claim: Job | None = None,
        statement: str | None = None,
    ) -> ResultVersion:
        """Add a version of an exam's result; the exam is "to_review" from then on.

        Once a version is signed, a reader's next one is an addendum, and the signed one stays valid
        until the addendum is signed.

        Parameters
        ----------
        kind : {"automatic", "reader", "addendum"}
            After a signature, "reader" becomes "addendum", and "automatic" is refused.
        voxels : SiteVoxels, optional
            Where the calcium of this version is; kept as a file.
        by : str
            Who made it.
        note : str, optional
            Why it was made.
        attachments : mapping of str to bytes, optional
            Files that belong to this version, see `attach`.
        expected_version : int, optional
            The latest version that the caller has seen (0 for none).
        claim : Job, optional
            The job that this result is the outcome of: it is done in the same transaction, and the
            result is refused if the claim is lost.
        statement : str, optional
            What the signature of `by` means: the version is signed in the same transaction, so that
            nobody comes between. Without it, `sign` may follow.

        Raises
        ------
        ConflictError
            If somebody has added a version since `expected_version`.
        StateError
            If the exam is signed and the result automatic, or the claim is lost.
        InputError
            If the result is of another study, or contradicts itself.
        """
        with self._receiving() as incoming:
            kept = None if voxels is None else incoming.receive(voxel_file(voxels))
            files = attached.staged(incoming, attachments or {})
            staged = [*files.values()] + ([] if kept is None else [kept])
            incoming.announce(staged)
            with self._database.writing(files=bool(staged)) as session:
                if claim is not None:
                    finish_claim(session, claim)
                importing.link_files(session, self.folder, staged)
                made = review.insert_result(
                    session,
                    exam_id,
                    result,
                    kind=ResultKind(kind),
                    by=by,
                    note=clean(note),
                    voxels_sha256=None if kept is None else kept.sha256,
                    expected_version=expected_version,
                )
                attached.attach(session, made.id, files)
                if statement is None:
                    return made
                words = clean(statement)
                return review.sign(session, exam_id, by=by, version=made.version, statement=words)

    def attach(self, exam_id: str, version: int, files: Mapping[str, bytes]) -> None:
        """Add files to a version, also a signed one: reports and DICOM objects made of it.

        Parameters
        ----------
        files : mapping of str to bytes
            Content by name. A name is the program's own, never a client's: letters, digits, ``_``,
            ``-`` and ``.``, such as ``"candidates.npz"``. What is attached is never changed.

        Raises
        ------
        InputError
            If a name is none.
        ConflictError
            If the version has a file of this name.
        NotFoundError
            If there is no such exam or version.
        """
        with self._receiving() as incoming:
            received = attached.staged(incoming, files)
            staged = list(received.values())
            incoming.announce(staged)
            with self._database.writing(files=True) as session:
                row = review.result_row(session, exam_id, version)
                importing.link_files(session, self.folder, staged)
                attached.attach(session, row.id, received)

    def attachments(self, exam_id: str, version: int | None = None) -> tuple[str, ...]:
        """List the names of the files of a version, the latest if none is named.

        Raises
        ------
        NotFoundError
            If there is no such exam or version.
        """
        with self._database.reading() as session:
            row = review.result_row(session, exam_id, version)
            return tuple(name for name, _ in attached.attached(session, row))

    def attachment(self, exam_id: str, name: str, version: int | None = None) -> bytes:
        """Give a file of a version, the latest if none is named.

        Raises
        ------
        NotFoundError
            If there is no such exam, version or file.
        StoreError
            If the file is missing or damaged.
        """
        with self._database.reading() as session:
            row = review.result_row(session, exam_id, version)
            sha256 = dict(attached.attached(session, row)).get(name)
        if sha256 is None:
            msg = f"version {row.version} has no file of this name"
            raise NotFoundError(msg)
        return self.folder.read(sha256)

    def versions(self, exam_id: str) -> tuple[ResultVersion, ...]:
        """List the versions of an exam's result, the first one first.

        Raises
        ------
        NotFoundError
            If there is no such exam.
        """
        with self._database.reading() as session:
            return reading.versions(session, exam_id)

    def result(self, exam_id: str, version: int | None = None) -> Result:
        """Give a version of an exam's result, the latest if none is named.

        Raises
        ------
        NotFoundError
            If there is no such exam or version.
        """
        with self._database.reading() as session:
            record = review.result_row(session, exam_id, version).record
        return result_from_json(record.encode(), name="the stored result")

    def voxels(self, exam_id: str, version: int | None = None) -> SiteVoxels | None:
        """Give the voxels of a version, the latest if none is named; ``None`` if it has none.

        Raises
        ------
        NotFoundError
            If there is no such exam or version.
        StoreError
            If their file is missing or damaged.
        """
        with self._database.reading() as session:
            sha256 = review.result_row(session, exam_id, version).voxels_sha256
        return None if sha256 is None else read_voxel_file(self.folder.read(sha256))

    def sign(
        self, exam_id: str, *, by: str, version: int, statement: str | None = None
    ) -> ResultVersion:
        """Sign a version: it is final, and never changes again.

        Parameters
        ----------
        by : str
            Who signs.
        version : int
            The version that the reader has before them: the latest one.
        statement : str, optional
            What the signature means.

        Raises
        ------
        ConflictError
            If somebody has added a version meanwhile.
        StateError
            If the exam is not to be reviewed.
        """
        with self._database.writing() as session:
            return review.sign(session, exam_id, by=by, version=version, statement=clean(statement))

    def add_event(
        self,
        exam_id: str,
        kind: str,
        *,
        by: str,
        before: Any = None,
        after: Any = None,
        expected_sequence: int | None = None,
    ) -> Event:
        """Write the next step into an exam's history; it is never changed.

        Parameters
        ----------
        kind : str
            What was done, such as ``"assign"``; not one of the store's own words (``"state"``,
            ``"result"``, ``"signed"``).
        before, after : JSON value
            What was changed, from what to what.
        expected_sequence : int, optional
            The last step that the caller has seen (0 for none).

        Raises
        ------
        ConflictError
            If somebody has written a step since `expected_sequence`.
        """
        with self._database.writing() as session:
            return review.add_event(
                session,
                exam_id,
                kind,
                by=by,
                before=before,
                after=after,
                expected_sequence=expected_sequence,
            )

    def files_of_study(self, study_instance_uid: str) -> tuple[Path, ...]:
        """Say where the images of a study are; none if the store does not have it."""
        with self._database.reading() as session:
            return late.files_of_study(session, self.folder, study_instance_uid)

    def take_late_images(
        self,
        exam_id: str,
        *,
        content: str,
        reason: str,
        job_kind: str,
        expected_version: int,
        by: str = AUTOMATIC,
    ) -> bool:
        """Open an exam again whose study has images that its result does not know.

        It is scored again, as a further version; a signed one is to be reviewed again instead, and
        what was signed stays valid. Both are in its history, as a step ``"late_images"``.

        Parameters
        ----------
        content : str
            What tells these images from others: the same content opens an exam once.
        reason : str
            What a reader is told; one line without patient data.
        job_kind : str
            Of the job that scores it.
        expected_version : int
            The latest version that the caller has seen (0 for none).

        Returns
        -------
        bool
            Whether it was opened.

        Raises
        ------
        StateError
            If it is being scored, or has a further version meanwhile.
        """
        with self._database.writing() as session:
            return late.take_late_images(
                session,
                exam_id,
                content=content,
                reason=reason,
                job_kind=job_kind,
                by=by,
                expected_version=expected_version,
            )

    def events(self, exam_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """List an exam's history from the step that follows `after`.

        Raises
        ------
        NotFoundError
            If there is no such exam.
        """
        with self._database.reading() as session:
            return review.events(session, exam_id, after=after)

    def events_of_kind(self, *kinds: str) -> tuple[Event, ...]:
        """List the steps of some kinds in the histories of all exams, the first one first."""
        with self._database.reading() as session:
            return review.events_of_kind(session, *kinds)
