"""What Alembic runs for every command: on the connection it is handed, inside the caller's transaction."""

from __future__ import annotations

from alembic import context

from duban.schema import metadata

_connection = context.config.attributes["connection"]

context.configure(
    connection=_connection,
    target_metadata=metadata,
    compare_type=True,
    # SQLite alters a table by copying it, which Alembic does inside a batch.
    render_as_batch=_connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
