"""Run by alembic: migrates the one connection that ``mtl_core.store.schema`` hands over, in its transaction."""

from alembic import context

from mtl_core.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
