"""Alembic's entry: migrates the platform's own tables over the connection the caller brings.

Run by `objectry_runtime.store.migrate`, which holds the lock and the transaction; there is no
alembic.ini, because the address of the database is a setting of the platform, not of Alembic.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="revision",
    version_table_schema="objectry",
    transactional_ddl=True,
)
context.run_migrations()
