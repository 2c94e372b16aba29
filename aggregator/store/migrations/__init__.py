"""Steps from one schema to the next; Alembic finds them here."""
