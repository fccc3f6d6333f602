"""What servers share for a while; exams that are deleted by themselves, and leave a tombstone."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_EXAM = {
    "results": "OLD.exam_id",
    "events": "OLD.exam_id",
    "signatures": "(SELECT r.exam_id FROM results r WHERE r.id = OLD.result_id)",
    "attachments": "(SELECT r.exam_id FROM results r WHERE r.id = OLD.result_id)",
}
"""Which exam a row of history belongs to."""


def upgrade() -> None:
    """Make the tables, and let history go with an exam that has a tombstone, too."""
    op.create_table(
        "shared",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_shared")),
    )
    op.create_table(
        "exam_tombstones",
        sa.Column("exam_id", sa.String(length=32), nullable=False),
        sa.Column("patient_id", sa.String(length=32), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_exam_tombstones")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _has_tombstone(table: str) -> str:
    exam = _EXAM[table]
    patient = (
        "SELECT s.patient_id FROM exams x JOIN studies s ON s.id = x.study_id "  # noqa: S608
        f"WHERE x.id = {exam}"
    )
    return (
        f"(EXISTS (SELECT 1 FROM tombstones WHERE patient_id = ({patient})) "  # noqa: S608
        f"OR EXISTS (SELECT 1 FROM exam_tombstones WHERE exam_id = {exam}))"
    )


def _words(table: str) -> str:
    return f"{table} are deleted only with their patient or exam"


def _sqlite_triggers() -> None:
    for table in _EXAM:
        op.execute(f"DROP TRIGGER {table}_kept")
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
            f"WHEN NOT {_has_tombstone(table)} BEGIN SELECT RAISE(ABORT, '{_words(table)}'); END"
        )
    for name, when, words in (
        ("unchanging", "UPDATE", "changed"),
        ("kept", "DELETE", "deleted"),
    ):
        op.execute(
            f"CREATE TRIGGER exam_tombstones_{name} BEFORE {when} ON exam_tombstones "
            f"BEGIN SELECT RAISE(ABORT, 'exam_tombstones are never {words}'); END"
        )


def _postgresql_triggers() -> None:
    for table in _EXAM:
        op.execute(
            f"CREATE OR REPLACE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {_has_tombstone(table)} THEN RETURN OLD; END IF; "
            f"RAISE EXCEPTION '{_words(table)}'; END $$"
        )
    for name, when, words in (
        ("unchanging", "UPDATE ON exam_tombstones FOR EACH ROW", "changed"),
        ("kept", "DELETE ON exam_tombstones FOR EACH ROW", "deleted"),
        ("not_emptied", "TRUNCATE ON exam_tombstones FOR EACH STATEMENT", "emptied"),
    ):
        op.execute(
            f"CREATE FUNCTION exam_tombstones_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION 'exam_tombstones are never {words}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER exam_tombstones_{name} BEFORE {when} "
            f"EXECUTE FUNCTION exam_tombstones_{name}()"
        )
