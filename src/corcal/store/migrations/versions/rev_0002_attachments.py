"""Files that belong to a version of a result: candidates, reports, DICOM objects."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PATIENT = (
    "SELECT s.patient_id FROM results r JOIN exams x ON x.id = r.exam_id"
    " JOIN studies s ON s.id = x.study_id WHERE r.id = OLD.result_id"
)
HAS_TOMBSTONE = f"EXISTS (SELECT 1 FROM tombstones WHERE patient_id = ({PATIENT}))"  # noqa: S608
UNCHANGING = "attachments are never changed"
KEPT = "attachments are deleted only with their patient"


def upgrade() -> None:
    """Make the table, which is as unchanging as the results are."""
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("result_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["result_id"], ["results.id"], name=op.f("fk_attachments_result_id_results")
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["files.sha256"], name=op.f("fk_attachments_sha256_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("result_id", "name", name=op.f("uq_attachments_result_id_name")),
    )
    op.create_index(op.f("ix_attachments_sha256"), "attachments", ["sha256"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _sqlite_triggers() -> None:
    op.execute(
        "CREATE TRIGGER attachments_unchanging BEFORE UPDATE ON attachments "
        f"BEGIN SELECT RAISE(ABORT, '{UNCHANGING}'); END"
    )
    op.execute(
        "CREATE TRIGGER attachments_kept BEFORE DELETE ON attachments "
        f"WHEN NOT {HAS_TOMBSTONE} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
    )


def _postgresql_triggers() -> None:
    for name, when, message, unless in (
        ("attachments_unchanging", "BEFORE UPDATE", UNCHANGING, "FALSE"),
        ("attachments_kept", "BEFORE DELETE", KEPT, HAS_TOMBSTONE),
        ("attachments_not_emptied", "BEFORE TRUNCATE", "attachments are never emptied", "FALSE"),
    ):
        level = "STATEMENT" if when.endswith("TRUNCATE") else "ROW"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {unless} THEN RETURN OLD; END IF; RAISE EXCEPTION '{message}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} {when} ON attachments "
            f"FOR EACH {level} EXECUTE FUNCTION {name}()"
        )
