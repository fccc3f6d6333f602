"""The first schema: patients, studies, exams, results, history, jobs, accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UNCHANGING = ("results", "signatures", "events", "audit", "tombstones")
# Who a row of history belongs to: it may go when this patient has a tombstone
PATIENT_OF = {
    "results": "SELECT s.patient_id FROM exams x JOIN studies s ON s.id = x.study_id"
    " WHERE x.id = OLD.exam_id",
    "events": "SELECT s.patient_id FROM exams x JOIN studies s ON s.id = x.study_id"
    " WHERE x.id = OLD.exam_id",
    "signatures": "SELECT s.patient_id FROM results r JOIN exams x ON x.id = r.exam_id"
    " JOIN studies s ON s.id = x.study_id WHERE r.id = OLD.result_id",
}
NEVER_DELETED = ("audit", "tombstones")


def upgrade() -> None:
    """Make the tables, and the triggers that keep history from being rewritten."""
    _patients()
    _studies()
    _files()
    _originals()
    _exams()
    _results()
    _signatures()
    _events()
    _jobs()
    _users()
    _audit()
    _tombstones()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _patients() -> None:
    """Make the table of people."""
    op.create_table(
        "patients",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Text(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column(
            "sort_name",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
        sa.UniqueConstraint("identity", name=op.f("uq_patients_identity")),
    )
    op.create_index(op.f("ix_patients_sort_name"), "patients", ["sort_name"], unique=False)


def _studies() -> None:
    """Make the table of studies."""
    op.create_table(
        "studies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("study_instance_uid", sa.Text(), nullable=True),
        sa.Column("accession_number", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("study_date", sa.Text(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_studies_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
        sa.UniqueConstraint("patient_id", "identity", name=op.f("uq_studies_patient_id_identity")),
    )


def _files() -> None:
    """Make the table of the files of the data folder."""
    op.create_table(
        "files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("doomed_at", _moment(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_files")),
    )
    op.create_index(op.f("ix_files_doomed_at"), "files", ["doomed_at"], unique=False)


def _originals() -> None:
    """Make the table of which file belongs to which study."""
    op.create_table(
        "originals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("suffix", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"], ["files.sha256"], name=op.f("fk_originals_sha256_files")
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name=op.f("fk_originals_study_id_studies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_originals")),
        sa.UniqueConstraint("study_id", "sha256", name=op.f("uq_originals_study_id_sha256")),
    )
    op.create_index(op.f("ix_originals_sha256"), "originals", ["sha256"], unique=False)


def _exams() -> None:
    """Make the table of exams."""
    op.create_table(
        "exams",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("is_series_fixed", sa.Boolean(), nullable=False),
        sa.Column("series_description", sa.Text(), nullable=True),
        sa.Column("scan_date", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("latest_version", sa.Integer(), nullable=False),
        sa.Column("signed_version", sa.Integer(), nullable=True),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("changed_at", _moment(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('unfit', 'failed')) = (reason IS NOT NULL)", name=op.f("ck_exams_reason")
        ),
        sa.CheckConstraint(
            "state <> 'final' OR (signed_version IS NOT NULL AND signed_version = latest_version)",
            name=op.f("ck_exams_final"),
        ),
        sa.CheckConstraint(
            "state <> 'to_review' OR latest_version > 0", name=op.f("ck_exams_to_review")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'scoring', 'to_review', 'final', 'unfit', 'failed')",
            name=op.f("ck_exams_state"),
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name=op.f("fk_exams_study_id_studies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exams")),
    )
    op.create_index(op.f("ix_exams_created_at"), "exams", ["created_at"], unique=False)
    op.create_index(op.f("ix_exams_scan_date"), "exams", ["scan_date"], unique=False)
    op.create_index("ix_exams_state_scan_date", "exams", ["state", "scan_date"], unique=False)
    op.create_index(op.f("ix_exams_study_id"), "exams", ["study_id"], unique=False)


def _results() -> None:
    """Make the table of versions of results."""
    op.create_table(
        "results",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("exam_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("voxels_sha256", sa.String(length=64), nullable=True),
        sa.Column("schema_version", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("scan_date", sa.Text(), nullable=True),
        sa.Column("total_agatston", sa.Double(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("is_review_advised", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('automatic', 'reader', 'addendum')", name=op.f("ck_results_kind")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_results_exam_id_exams")),
        sa.ForeignKeyConstraint(
            ["voxels_sha256"], ["files.sha256"], name=op.f("fk_results_voxels_sha256_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results")),
        sa.UniqueConstraint("exam_id", "version", name=op.f("uq_results_exam_id_version")),
    )
    op.create_index(op.f("ix_results_total_agatston"), "results", ["total_agatston"], unique=False)
    op.create_index(op.f("ix_results_voxels_sha256"), "results", ["voxels_sha256"], unique=False)


def _signatures() -> None:
    """Make the table of signatures."""
    op.create_table(
        "signatures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("signed_at", _moment(), nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["result_id"], ["results.id"], name=op.f("fk_signatures_result_id_results")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
        sa.UniqueConstraint("result_id", name=op.f("uq_signatures_result_id")),
    )


def _events() -> None:
    """Make the table of history."""
    op.create_table(
        "events",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("exam_id", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_events_exam_id_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("exam_id", "sequence", name=op.f("uq_events_exam_id_sequence")),
    )


def _jobs() -> None:
    """Make the table of work."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("exam_id", sa.String(length=32), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("progress_text", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("started_at", _moment(), nullable=True),
        sa.Column("finished_at", _moment(), nullable=True),
        sa.Column("lease_until", _moment(), nullable=True),
        sa.CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name=op.f("ck_jobs_error")),
        sa.CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL)", name=op.f("ck_jobs_lease")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_jobs_state")
        ),
        sa.ForeignKeyConstraint(["exam_id"], ["exams.id"], name=op.f("fk_jobs_exam_id_exams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_exam_id"), "jobs", ["exam_id"], unique=False)
    op.create_index("ix_jobs_state_created_at", "jobs", ["state", "created_at"], unique=False)


def _users() -> None:
    """Make the table of accounts."""
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("changed_at", _moment(), nullable=False),
        sa.CheckConstraint("role IN ('admin', 'reader', 'viewer')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_users_issuer_subject")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )


def _audit() -> None:
    """Make the table of who looked at what."""
    op.create_table(
        "audit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=True),
        sa.Column("exam_id", sa.String(length=32), nullable=True),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index("ix_audit_patient_id_at", "audit", ["patient_id", "at"], unique=False)


def _tombstones() -> None:
    """Make the table of who was deleted."""
    op.create_table(
        "tombstones",
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("deleted_at", _moment(), nullable=False),
        sa.Column("deleted_by", sa.Text(), nullable=False),
        sa.Column("exam_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_tombstones")),
    )


def _sqlite_triggers() -> None:
    for table in UNCHANGING:
        op.execute(
            f"CREATE TRIGGER {table}_unchanging BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never changed'); END"
        )
    for table, patient in PATIENT_OF.items():
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "  # noqa: S608  (names above)
            f"WHEN NOT EXISTS (SELECT 1 FROM tombstones WHERE patient_id = ({patient})) "
            f"BEGIN SELECT RAISE(ABORT, '{table} are deleted only with their patient'); END"
        )
    for table in NEVER_DELETED:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never deleted'); END"
        )
    op.execute(
        "CREATE TRIGGER exams_signed BEFORE UPDATE OF signed_version ON exams "
        "WHEN OLD.signed_version IS NOT NULL AND (NEW.signed_version IS NULL "
        "OR NEW.signed_version < OLD.signed_version) "
        "BEGIN SELECT RAISE(ABORT, 'a signature is never taken back'); END"
    )


def _postgresql_triggers() -> None:
    for table in UNCHANGING:
        _refusal(f"{table}_unchanging", f"{table} are never changed")
        _trigger(f"{table}_unchanging", f"BEFORE UPDATE ON {table} FOR EACH ROW")
        _refusal(f"{table}_not_emptied", f"{table} are never emptied")
        _trigger(f"{table}_not_emptied", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT")
    for table, patient in PATIENT_OF.items():
        _refusal(
            f"{table}_kept",
            f"{table} are deleted only with their patient",
            unless=f"EXISTS (SELECT 1 FROM tombstones WHERE patient_id = ({patient}))",  # noqa: S608
            result="OLD",
        )
        _trigger(f"{table}_kept", f"BEFORE DELETE ON {table} FOR EACH ROW")
    for table in NEVER_DELETED:
        _refusal(f"{table}_kept", f"{table} are never deleted")
        _trigger(f"{table}_kept", f"BEFORE DELETE ON {table} FOR EACH ROW")
    _refusal(
        "exams_signed",
        "a signature is never taken back",
        unless="OLD.signed_version IS NULL OR NEW.signed_version >= OLD.signed_version",
        result="NEW",
    )
    _trigger("exams_signed", "BEFORE UPDATE OF signed_version ON exams FOR EACH ROW")


def _refusal(name: str, message: str, *, unless: str = "FALSE", result: str = "NULL") -> None:
    """Make a trigger's function that refuses, unless a condition holds."""
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {unless} THEN RETURN {result}; END IF; RAISE EXCEPTION '{message}'; END $$"
    )


def _trigger(name: str, when: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()")
