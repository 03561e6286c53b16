"""Alembic's entry: runs on the connection, and in the transaction, that `store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from store.migrate import VERSION_TABLE
from store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
