"""The database under a mixed load: made ready, and measured."""

from __future__ import annotations

from memnet.store import FactStore, migrate, open_database
from memnet.store.database import reading, sqlite_file


def prepare(url: str) -> None:
    """Bring the schema up to date, and make sure that nothing is stored yet.

    Raises:
        SystemExit: There are memories, which are somebody's.
    """
    migrate.upgrade(url)
    store = FactStore(open_database(url))
    try:
        if found := store.list_memories(limit=1):
            raise SystemExit(f"the database holds memories ('{found[0].name}'): name an empty one")
    finally:
        store.close()


def kind_and_mib(url: str) -> tuple[str, float]:
    """What the database is, and its size."""
    engine = open_database(url)
    try:
        file = sqlite_file(engine)
        if file is not None:
            return "SQLite", file.stat().st_size / 2**20
        with reading(engine) as connection:
            version, size = connection.exec_driver_sql(
                "SELECT current_setting('server_version'), pg_database_size(current_database())"
            ).one()
        return f"PostgreSQL {version.split()[0]}", size / 2**20
    finally:
        engine.dispose()
