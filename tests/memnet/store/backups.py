"""What backups and restored stores hold, for the tests of both."""

from __future__ import annotations

from pathlib import Path

from memnet.store import FactStore, checking, open_database


def epoch(url: str) -> str:
    """The store's epoch."""
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            statement = "SELECT value FROM store_meta WHERE key = 'store_epoch'"
            return str(connection.exec_driver_sql(statement).scalar_one())
    finally:
        engine.dispose()


def problems(url: str) -> list[checking.Problem]:
    """What a check of every memory finds."""
    engine = open_database(url)
    try:
        reports = [checking.check(engine, name, "digest") for name in checking.names(engine)]
        assert all(report.index_checked or not report.facts for report in reports)
        return [problem for report in reports for problem in report.problems]
    finally:
        engine.dispose()


def told(url: str) -> dict[str, list[tuple[int, str]]]:
    """Every memory and its live facts."""
    store = FactStore(open_database(url))
    found = {
        memory.name: [(fact.seq, fact.text) for fact in store.facts(memory.name, limit=100_000)]
        for memory in store.list_memories(limit=1000)
    }
    store.close()
    return found


def names_in(folder: Path) -> set[str]:
    """Files in a folder."""
    return {path.name for path in folder.iterdir()}
