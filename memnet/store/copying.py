"""All rows of one database into another, of either kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, insert, select, text

from memnet.store import migrate
from memnet.store.database import open_database, writing
from memnet.store.files import file_url, single_file
from memnet.store.schema import metadata, models, store_meta

_PAGE = 1000
"""Rows of a table held in memory at a time."""


def write_rows(source: Connection, copy: Path) -> None:
    """A SQLite file with all rows of another database."""
    migrate.upgrade(file_url(copy))
    engine = open_database(file_url(copy), migrating=True)
    try:
        with writing(engine) as connection:
            connection.execute(delete(store_meta))
            copy_rows(source, connection, {})
    finally:
        engine.dispose()
    single_file(copy)


def copy_rows(source: Connection, target: Connection, numbers: Mapping[int, int]) -> None:
    """Insert every row of one database into another.

    Args:
        source: Where from.
        target: Where to; the tables are empty, `models` perhaps not.
        numbers: What to call models in the target that have another number there.
    """
    for table in metadata.sorted_tables:
        renumbered = [column.name for column in table.columns if _is_model_number(column)]
        there: set[int] = set()
        if table is models:
            there = set(target.execute(select(models.c.model_id)).scalars())
        rows = source.execute(
            select(table).order_by(*table.primary_key).execution_options(yield_per=_PAGE)
        ).mappings()
        for page in rows.partitions():
            new: list[dict[str, Any]] = [dict(row) for row in page]
            for row in new:
                for name in renumbered:
                    row[name] = numbers.get(row[name], row[name])
            new = [row for row in new if table is not models or row["model_id"] not in there]
            if new:
                target.execute(insert(table), new)
    for table in metadata.sorted_tables:
        if table.dialect_options["sqlite"]["autoincrement"]:
            count_on(target, table, last_number(source, table))


def _is_model_number(column: Column[Any]) -> bool:
    return column is models.c.model_id or any(key.column is models.c.model_id for key in column.foreign_keys)


def model_numbers(source: Connection, target: Connection) -> dict[int, int]:
    """What models of a backup are to be called in a database: what it calls them now, else as is, else anew.

    Running processes remember the numbers of models; under a known number they must never find the vectors
    of another model.
    """
    known = {digest: number for number, digest in target.execute(select(models.c.model_id, models.c.digest))}
    taken = max([last_number(target, models), last_number(source, models), *known.values()])
    numbers: dict[int, int] = {}
    for number, digest in source.execute(select(models.c.model_id, models.c.digest)).all():
        if digest in known:
            numbers[number] = known[digest]
        elif number in known.values() or number <= last_number(target, models):
            taken += 1
            numbers[number] = taken
    return numbers


def last_number(connection: Connection, table: Table) -> int:
    """The largest number that a table's counter ever gave; also of rows that are gone."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,))
        return int(found.scalar_one_or_none() or 0)
    sequence = _sequence(connection, table)
    return int(
        connection.execute(
            # The name comes from PostgreSQL, quoted where it must be.
            text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608
        ).scalar_one()
    )


def count_on(connection: Connection, table: Table, number: int) -> None:
    """Let a table's counter go on behind its rows and behind `number`: numbers are never used again."""
    key = next(iter(table.primary_key))
    largest = connection.execute(select(func.max(key))).scalar_one() or 0
    number = max(number, largest, last_number(connection, table))
    if number == 0:
        return
    if connection.dialect.name == "sqlite":
        row = {"name": table.name, "number": number}
        changed = connection.execute(
            text("UPDATE sqlite_sequence SET seq = :number WHERE name = :name"), row
        ).rowcount
        if not changed:
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), row)
    else:
        connection.execute(select(func.setval(_sequence(connection, table), number)))


def _sequence(connection: Connection, table: Table) -> str:
    key = next(iter(table.primary_key)).name
    name = connection.execute(select(func.pg_get_serial_sequence(table.name, key))).scalar_one()
    return str(name)
