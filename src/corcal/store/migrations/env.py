"""How Alembic runs the revisions: on the connection that `corcal.store.database` hands over."""

from alembic import context

from corcal.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
