"""The schema's history, one revision a file; Alembic runs them when a store is opened."""
