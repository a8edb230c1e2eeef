"""Alembic's environment.

memnet runs it with a connection of its own (`memnet.store.migrate`).
The plain command wants the database named:

    MEMNET_DATABASE_URL=sqlite:///memnet.db alembic -c migrations/alembic.ini check
"""

import os

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection

from memnet.store.migrate import migrating
from memnet.store.schema import metadata


def run(connection: Connection) -> None:
    """Run what Alembic was asked to, inside the caller's transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        # SQLite cannot alter most of a table; Alembic rebuilds it. Its DDL is transactional all the same.
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    raise CommandError("memnet's migrations run on a database, not as an SQL script")
if given is not None:
    run(given)
else:
    url = os.environ.get("MEMNET_DATABASE_URL")
    if not url:
        raise CommandError("set MEMNET_DATABASE_URL to the database to migrate")
    with migrating(url) as connection:
        run(connection)
